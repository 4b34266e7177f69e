"""Drawings: networks as boxes and arrows. Every function returns the Axes it drew on.

Here stand the strokes, and the drawings that a test holds to what they are to show. Any other
drawing stands on its page, in a hidden cell.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

from rnnbook.figures.style import INK, INPUT, OUTPUT, PADDING, STATE, WEIGHT, canvas

SIDE = 0.8  # of a box


def box(ax: Axes, x: float, y: float, text: str, color: str, side: float = SIDE) -> None:
    """A rounded box around (x, y) with white words on it."""
    corner = (x - side / 2, y - side / 2)
    ax.add_patch(FancyBboxPatch(corner, side, side, "round,pad=0,rounding_size=0.14", fc=color, ec="none"))
    ax.text(x, y, text, color="white", ha="center", va="center", fontsize=11)


def arrow(
    ax: Axes, start: tuple[float, float], end: tuple[float, float], bend: float = 0, color: str = INK
) -> None:
    """An arrow from ``start`` to ``end``; ``bend`` curves it."""
    ax.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>",
            mutation_scale=11,
            lw=1.3,
            shrinkA=0,
            shrinkB=0,
            connectionstyle=f"arc3,rad={bend}",
            color=color,
        )
    )


def _step(ax: Axes, x: float, y: float, time: str, has_input: bool = True, has_output: bool = True) -> None:
    """One cell with its input below and its output above."""
    box(ax, x, y, f"$h_{{({time})}}$", STATE)
    if has_input:
        box(ax, x, y - 1.3, f"$x_{{({time})}}$", INPUT)
        arrow(ax, (x, y - 1.3 + SIDE / 2), (x, y - SIDE / 2))
    if has_output:
        box(ax, x, y + 1.3, f"$y_{{({time})}}$", OUTPUT)
        arrow(ax, (x, y + SIDE / 2), (x, y + 1.3 - SIDE / 2))


def _loop(ax: Axes, x: float, y: float) -> None:
    """The arrow by which a cell feeds itself: out on the right and back in below."""
    edge, far, rise = x + SIDE / 2, x + 1.05, 0.2
    ax.plot([edge, far, far], [y + rise, y + rise, y - rise], color=INK, lw=1.3, solid_joinstyle="round")
    arrow(ax, (far, y - rise), (edge, y - rise))


def draw_cell() -> Axes:
    """The cell with its loop, its two sets of weights named."""
    ax = canvas(2.0, 10.6, 4.0)
    x, y = 4.4, 2.0
    _loop(ax, x, y)
    _step(ax, x, y, "t")
    ax.text(x - 0.12, y - 0.66, "$w_x$", color=WEIGHT, fontsize=12, va="center", ha="right")
    ax.text(x + 0.72, y + 0.42, "$w_h$", color=WEIGHT, fontsize=12, ha="center", va="center")
    ax.text(x + 1.25, y, "one step later\nit comes back as $h_{(t-1)}$", color=INK, fontsize=10, va="center")
    return ax


def draw_unrolled(steps: int = 3) -> Axes:
    """A cell with its loop on the left; the same cell unrolled through time on the right."""
    ax = canvas(1.9, 11.4, 4.1)
    x, y, first, gap = 0.9, 2.2, 4.9, 5.7 / max(steps - 1, 1)
    _loop(ax, x, y)
    _step(ax, x, y, "t")
    ax.text(x - 0.12, y - 0.66, "$w_x$", color=WEIGHT, fontsize=11, va="center", ha="right")
    ax.text(x + 0.72, y + 0.42, "$w_h$", color=WEIGHT, fontsize=11, ha="center", va="center")
    ax.text(2.9, y, "=", fontsize=18, ha="center", va="center", color=INK)
    ax.text(3.75, y, "$0$", fontsize=12, ha="center", va="center", color=INK)
    arrow(ax, (3.9, y), (first - SIDE / 2, y))
    for t in range(steps):
        here = first + t * gap
        _step(ax, here, y, str(t))
        ax.text(here - 0.12, y - 0.66, "$w_x$", color=WEIGHT, fontsize=11, va="center", ha="right")
        if t + 1 < steps:
            arrow(ax, (here + SIDE / 2, y), (here + gap - SIDE / 2, y))
            ax.text(here + gap / 2, y + 0.26, "$w_h$", color=WEIGHT, fontsize=11, ha="center", va="center")
    arrow(ax, (first, 0.18), (first + (steps - 1) * gap, 0.18))
    ax.text(first - 0.2, 0.18, "time", fontsize=10, va="center", ha="right", color=INK)
    return ax


TOPOLOGIES = (  # title, steps with an input, steps with an output; four steps in all
    ("sequence to sequence", (0, 1, 2, 3), (0, 1, 2, 3)),
    ("sequence to vector", (0, 1, 2, 3), (3,)),
    ("vector to sequence", (0,), (0, 1, 2, 3)),
    ("encoder and decoder", (0, 1), (2, 3)),
)


def draw_topologies() -> Axes:
    """The four ways in which inputs and outputs may lie in time, on one sheet."""
    ax = canvas(3.65, 12.4, 8.6)
    for number, (title, inputs, outputs) in enumerate(TOPOLOGIES):
        left, y = 1.0 + 6.4 * (number % 2), 6.2 - 4.4 * (number // 2)
        ax.text(left - 0.5, y + 1.95, title, fontsize=11, color=INK, va="center")
        for t in range(4):
            x = left + t * 1.4
            _step(ax, x, y, str(t), t in inputs, t in outputs)
            if t < 3:
                arrow(ax, (x + SIDE / 2, y), (x + 1.4 - SIDE / 2, y))
        if title.startswith("encoder"):
            ax.plot([left + 2.1, left + 2.1], [y - 1.6, y + 1.5], color=PADDING, lw=1.2, ls=(0, (3, 3)))
            ax.text(left + 0.7, y + 0.75, "encoder", fontsize=10, color=INK, ha="center")
            ax.text(left + 3.5, y - 0.75, "decoder", fontsize=10, color=INK, ha="center")
    return ax


def draw_batch(batch: np.ndarray) -> Axes:
    """A batch [B, T, D] as one sheet of numbers for each row, every axis named."""
    B, T, D = batch.shape
    ax = canvas(1.8, 11.4, 3.8)
    cell, width, top = 0.52, 0.52 * D, 3.2
    for b in reversed(range(B)):
        left = 1.6 + b * (width + 0.75)
        ax.text(left + width / 2, top + 0.25, f"row {b}", ha="center", fontsize=10, color=STATE)
        for t in range(T):
            for d in range(D):
                corner = (left + d * cell, top - (t + 1) * cell)
                ax.add_patch(Rectangle(corner, cell, cell, fc="white", ec=INPUT, lw=1.1))
                place = (corner[0] + cell / 2, corner[1] + cell / 2)
                ax.text(*place, f"{batch[b, t, d]:g}", ha="center", va="center", fontsize=10, color=INK)
    bottom, last = top - T * cell, 1.6 + (B - 1) * (width + 0.75) + width
    arrow(ax, (1.3, top), (1.3, bottom), color=INK)
    ax.text(1.15, top - T * cell / 2, f"T = {T}\ntime steps", ha="right", va="center", fontsize=10, color=INK)
    arrow(ax, (1.6, bottom - 0.3), (1.6 + width, bottom - 0.3))
    ax.text(
        1.6 + width / 2, bottom - 0.6, f"D = {D} features", ha="center", va="center", fontsize=10, color=INK
    )
    arrow(ax, (1.6, bottom - 1.15), (last, bottom - 1.15), color=STATE)
    words = f"B = {B} rows: sequences that know nothing of each other"
    ax.text((1.6 + last) / 2, bottom - 1.5, words, ha="center", va="center", fontsize=10, color=STATE)
    return ax


def draw_layer_shapes(B: int, D: int, H: int) -> Axes:
    """The matrices of one step of a layer, to scale, every side named."""
    ax = canvas(1.2, 15.9, 3.6)
    unit, middle, x = 0.36, 2.0, 0.3
    parts = (
        ("$Y_{(t)}$", B, H, OUTPUT, "= φ("),
        ("$X_{(t)}$", B, D, INPUT, "·"),
        ("$W_x$", D, H, WEIGHT, "+"),
        ("$Y_{(t-1)}$", B, H, STATE, "·"),
        ("$W_h$", H, H, WEIGHT, "+"),
        ("$b$", 1, H, WEIGHT, ")"),
    )
    for name, rows, columns, color, sign in parts:
        width, height = columns * unit, rows * unit
        ax.add_patch(Rectangle((x, middle - height / 2), width, height, fc=color, ec="white", lw=1))
        label = name if rows > 1 else ""
        ax.text(x + width / 2, middle, label, ha="center", va="center", color="white", fontsize=11)
        if not label:
            ax.text(x + width / 2, middle + 0.6, name, ha="center", va="center", color=color, fontsize=11)
        side = f"[{rows}, {columns}]" if rows > 1 else f"[{columns}]"
        ax.text(x + width / 2, middle - 1.45, side, ha="center", va="center", color=INK, fontsize=10)
        room = 2.0 if "φ" in sign else 0.75
        ax.text(x + width + room / 2, middle, sign, ha="center", va="center", color=INK, fontsize=12)
        x += width + room
    return ax


def draw_loops(steps: Sequence[int] = (2, 4)) -> Axes:
    """Two static graphs, one copy of the cell a step, beside the one graph with a loop."""
    ax = canvas(2.4, 12.6, 4.2)
    for number, count in enumerate(steps):
        y = 2.9 - 1.9 * number
        ax.text(0.2, y + 0.78, f"static, T = {count}", fontsize=10, color=INK)
        for t in range(count):
            x = 0.7 + t * 1.35
            box(ax, x, y, "cell", STATE)
            if t + 1 < count:
                arrow(ax, (x + SIDE / 2, y), (x + 1.35 - SIDE / 2, y))
    x, y = 9.4, 1.9
    ax.text(x - 1.9, 3.68, "dynamic, any T", fontsize=10, color=INK)
    box(ax, x, y, "cell", STATE)
    _loop(ax, x, y)
    ax.text(x + 0.1, y + 0.8, "while  t < T", fontsize=10, color=INK, ha="center")
    frame = FancyBboxPatch(
        (x - 1.9, y - 1.3), 3.8, 2.85, "round,pad=0,rounding_size=0.14", fc="none", ec=PADDING
    )
    ax.add_patch(frame)
    return ax
