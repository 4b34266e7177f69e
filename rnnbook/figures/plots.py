"""Plots: data and an Axes in, the Axes out."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle

from rnnbook import checks
from rnnbook.figures.style import INK, INPUT, OUTPUT, PADDING, STATE, TRUTH


def _check_named(where: str, name: str, series: Any, of: str, most: int | None = None) -> None:
    """Check a dictionary that is drawn entry by entry; there are colours for ``most`` of them."""
    if not isinstance(series, Mapping):
        checks.fail(where, name, f"a dictionary of {of} by name", checks.what(series), TypeError)
    if not series or (most is not None and len(series) > most):
        some = "at least 1 entry" if most is None else f"1 to {most} entries"
        checks.fail(where, name, f"a dictionary of {some}", f"{len(series)} entries")


def plot_series(ax: Axes, times: np.ndarray, values: np.ndarray, name: str, **style: Any) -> Axes:
    """A series against time as a thin line, labelled ``name``; a NaN leaves a gap."""
    times = checks.to_array("plot_series", "times", times, "an array [N]")
    values = checks.to_array("plot_series", "values", values, "an array [N]")
    checks.check_array("plot_series", "times", times, "N", {})
    checks.check_array("plot_series", "values", values, "N", {"N": len(times)})
    ax.plot(times, values, label=name, **{"color": TRUTH, "lw": 1.1, **style})
    return ax


def plot_bars(ax: Axes, scores: Mapping[str, float], unit: str) -> Axes:
    """Named scores as horizontal bars, the first on top, each with its number."""
    where = "plot_bars"
    _check_named(where, "scores", scores, "numbers")
    for name, score in scores.items():  # a bar to the left would lie outside
        expected = "finite and at least 0"
        checks.check_number(where, f"the score of {name}", score, expected, lambda x: 0 <= x < np.inf)
    names, values = list(scores), list(scores.values())
    bars = ax.barh(names, values, color=STATE, height=0.62)
    ax.bar_label(bars, fmt="%.1f", padding=4, color=INK)
    ax.invert_yaxis()
    ax.set(xlabel=unit, xlim=(0, 1.14 * max(values)))
    ax.tick_params(axis="y", length=0)
    return ax


def plot_lengths(ax: Axes, lengths: Sequence[int], time_steps: int) -> Axes:
    """Which steps of a padded batch count: one square a step, one line a row."""
    time_steps = checks.check_count("plot_lengths", "time_steps", time_steps)
    lengths = checks.check_lengths("plot_lengths", "lengths", lengths, None, time_steps).tolist()
    for row, length in enumerate(lengths):
        for t in range(time_steps):
            last, valid = t == length - 1, t < length
            color = OUTPUT if last else INPUT if valid else "white"
            square = Rectangle((t, row), 0.92, 0.86, lw=0.8, fc=color, ec="white" if valid else PADDING)
            square.set_hatch("" if valid else "////")
            ax.add_patch(square)
    ax.set(xlim=(-0.1, time_steps), ylim=(len(lengths), -0.1), xlabel="time step t", ylabel="row")
    ax.set_xticks(np.arange(time_steps) + 0.46, [str(t) for t in range(time_steps)])
    ax.set_yticks(np.arange(len(lengths)) + 0.43, [str(row) for row in range(len(lengths))])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    keys = [
        Patch(fc=INPUT, label="valid"),
        Patch(fc=OUTPUT, label="last valid"),
        Patch(fc="white", ec=PADDING, hatch="////", label="padding"),
    ]
    ax.legend(handles=keys, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    return ax


def plot_graph_growth(ax: Axes, steps: Sequence[int], nodes: Mapping[str, Sequence[int]]) -> Axes:
    """The number of operations in a graph against T, a line for each of at most 3 ways of unrolling."""
    where = "plot_graph_growth"
    times = checks.to_array(where, "steps", steps, "an array [N]")
    checks.check_array(where, "steps", times, "N", {})
    _check_named(where, "nodes", nodes, "counts [N]", most=3)
    for (name, counts), color, marker in zip(nodes.items(), (OUTPUT, STATE, INPUT), "osD", strict=False):
        values = checks.to_array(where, name, counts, "an array [N]")
        checks.check_array(where, name, values, "N", {"N": len(times)})
        ax.plot(times, values, marker=marker, color=color, label=name, lw=1.4, ms=4.5)
    ax.set(xscale="log", yscale="log", xlabel="time steps T", ylabel="operations in the graph")
    ax.legend(loc="upper left", frameon=False)
    return ax


def plot_activation(ax: Axes, before: Mapping[str, np.ndarray], limit: float) -> Axes:
    """The curve of tanh with, on it, where each of at most 2 named sets of pre-activations lands."""
    where = "plot_activation"
    _check_named(where, "before", before, "arrays", most=2)
    checks.check_positive(where, "limit", limit)
    grid = np.linspace(-limit, limit, 400)
    ax.plot(grid, np.tanh(grid), color=PADDING, lw=1.4, zorder=1)
    for (name, values), color, marker in zip(before.items(), (OUTPUT, STATE), "os", strict=False):
        values = np.ravel(checks.to_array(where, name, values, "an array"))
        ax.scatter(
            values, np.tanh(values), s=26, color=color, marker=marker, label=name, alpha=0.85, zorder=2
        )
    ax.set(xlabel="before activation", ylabel="tanh", xlim=(-limit, limit))
    ax.legend(loc="upper left", frameon=False)
    return ax
