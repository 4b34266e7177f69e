"""Drawings: networks as boxes and arrows. Every function returns the Axes it drew on.

Here stand the strokes, and the drawings that a test holds to what they are to show. Any other
drawing stands on its page, in a hidden cell.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
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
    unit, middle, x = 0.42, 2.0, 0.3
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
            ax.text(x + width / 2, middle + 0.45, name, ha="center", va="center", color=color, fontsize=11)
        side = f"[{rows}, {columns}]" if rows > 1 else f"[{columns}]"
        ax.text(x + width / 2, middle - 1.45, side, ha="center", va="center", color=INK, fontsize=10)
        room = 1.0 if "φ" in sign else 0.5
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


def _mixed(color: str, share: float) -> tuple[float, ...]:
    """A colour with white: ``share`` of it is left."""
    return tuple(part + (1 - share) * (1 - part) for part in to_rgb(color))


def _lstm(ax: Axes, x: float, y: float, stage: int, share: float = 1, shut: str = "") -> None:
    """What one stage adds to an LSTM cell: 1 the store, 2 forget, 3 write, 4 show.

    The cell is 5 wide and (x, y) its lower left corner; gates named in ``shut`` are hollow.
    """
    ink = _mixed(INK, share)

    def line(*points: tuple[float, float], color: Any = ink, width: float = 1.2) -> None:
        across, up = np.transpose(points)
        ax.plot(x + across, y + up, color=color, lw=width, zorder=0.5, solid_joinstyle="round")

    def point(across: float, start: float, end: float, cut: bool = False) -> None:
        arrow(ax, (x + across, y + start), (x + across, y + end), color=PADDING if cut else ink)

    def layer(across: float, name: str, full: str) -> None:
        line((across, 0.6), (across, 1.3))
        color = _mixed(full, share)
        face = "white" if name in shut else color
        shape = "round,pad=0,rounding_size=0.14"
        ax.add_patch(
            FancyBboxPatch((x + across - 0.36, y + 1.3), 0.72, 0.8, shape, fc=face, ec=color, lw=1.2)
        )
        words = {"color": color if name in shut else "white", "ha": "center", "va": "center"}
        ax.text(x + across, y + 1.7, f"${name}$", fontsize=12, **words)

    def sign(across: float, up: float, text: str) -> None:
        ax.plot(x + across, y + up, "o", ms=12, mfc="white", mec=ink, mew=1.2, zorder=3)
        ax.text(x + across, y + up, text, ha="center", va="center", color=ink, fontsize=11, zorder=4)

    if stage == 1:
        for start, end, cut in ((0, 0.95, False), (0.95, 2.375, "f" in shut), (2.375, 5, False)):
            line((start, 4.3), (end, 4.3), color=_mixed(STATE, 0.2 if cut else share), width=3)
    if stage == 2:
        line((0, 0.6), (0.95, 0.6))
        layer(0.95, "f", WEIGHT)
        point(0.95, 2.1, 3.95)
        sign(0.95, 4.3, "×")
    if stage == 3:
        line((0.95, 0.6), (2.85, 0.6))
        layer(1.9, "i", WEIGHT)
        layer(2.85, "j", INPUT)
        for side in (-1, 1):
            start, end = (2.375 + 0.475 * side, 2.1), (2.375 + 0.24 * side, 2.78)
            arrow(ax, (x + start[0], y + start[1]), (x + end[0], y + end[1]), color=ink)
        point(2.375, 3.3, 3.95, "i" in shut)
        sign(2.375, 3.0, "×")
        sign(2.375, 4.3, "+")
    if stage == 4:
        line((2.85, 0.6), (3.7, 0.6))
        layer(3.7, "o", WEIGHT)
        point(4.5, 4.3, 2.05)
        ax.text(x + 4.35, y + 3.1, "tanh", color=ink, ha="right", va="center", fontsize=10)
        line((4.06, 1.7), (4.3, 1.7))
        line((4.5, 1.4), (4.5, 0.6), (5, 0.6), color=_mixed(OUTPUT, share), width=1.8)
        sign(4.5, 1.7, "×")


def draw_lstm_stages() -> Axes:
    """An LSTM cell in four stages, each with all of the one before, which is drawn pale."""
    ax = canvas(4.6, 14.2, 12.6)
    for stage, title in enumerate(("1  the store", "2  forget", "3  write", "4  show"), 1):
        x, y = 1.0 + 7.2 * ((stage - 1) % 2), (6.6, 0.2)[(stage - 1) // 2]
        words = {"ha": "center", "va": "center", "color": INK, "fontsize": 11}
        ax.text(x, y + 5.6, title, **{**words, "ha": "left"})
        for part in range(1, stage + 1):
            _lstm(ax, x, y, part, 1 if part == stage else 0.35)
        ax.text(x - 0.55, y + 4.75, "$c_{(t-1)}$", **words)
        ax.text(x + 5.3, y + 4.75, "$c_{(t)}$", **words)
        if stage > 1:
            ax.text(x - 0.5, y + 1.1, "$h_{(t-1)}$", **words)
            ax.text(x + 0.45, y - 0.15, "$x_{(t)}$", **{**words, "ha": "left"})
            arrow(ax, (x + 0.3, y - 0.2), (x + 0.3, y + 0.55))
        if stage == 4:
            ax.text(x + 5.3, y + 1.1, "$h_{(t)}$", **words)
    return ax


def draw_lstm(values: Sequence[float], marks: Sequence[int]) -> Axes:
    """A chain of LSTM cells that tracks and holds: a mark opens i and shuts f; hollow is shut."""
    ax = canvas(3.1, 6.15 * len(values) + 1.6, 11.2)
    words, held = {"ha": "center", "va": "center", "fontsize": 11}, 0.0
    for t, (value, mark) in enumerate(zip(values, marks, strict=True)):
        x, y = 1.3 + 6.15 * t, 3.6
        frame = "round,pad=0,rounding_size=0.3"
        ax.add_patch(FancyBboxPatch((x, y - 0.1), 5, 5.3, frame, fc="#f2f4f7", ec=PADDING, zorder=0))
        for stage in (1, 2, 3, 4):
            _lstm(ax, x, y, stage, shut="f" if mark else "i")
        for up, color, width in ((4.3, STATE, 3), (0.6, OUTPUT, 1.8)):
            if t == 0:
                ax.plot([x - 0.9, x], [y + up, y + up], color=color, lw=width, zorder=0.5)
            ax.plot([x + 5, x + 5.6], [y + up, y + up], color=color, lw=width, zorder=0.5)
            arrow(ax, (x + 5.5, y + up), (x + 6.15, y + up), color=color)
        held = value if mark else held
        ax.text(x + 2.5, y + 6.9, f"$t = {t}$:  " + ("write" if mark else "keep"), color=INK, **words)
        ax.text(x + 5.55, y + 5.75, f"{held:g}", color=STATE, **words)
        arrow(ax, (x + 0.4, y - 1.1), (x + 0.4, y + 0.6), color=INPUT)
        ax.text(
            x + 0.1, y - 1.75, f"value {value:g}".replace("-", "−"), color=INPUT, **{**words, "ha": "left"}
        )
        ax.text(x + 0.1, y - 2.75, f"mark {mark}", color=INPUT, **{**words, "ha": "left"})
    ax.text(0.5, 9.35, "$c$", color=STATE, **words)
    ax.text(0.5, 4.85, "$h$", color=OUTPUT, **words)
    return ax
