"""Drawings of the LSTM: one cell in stages, and a chain of cells."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import FancyBboxPatch

from rnnbook.figures.diagrams import arrow
from rnnbook.figures.style import INK, INPUT, OUTPUT, PADDING, STATE, WEIGHT, canvas


def _mixed(color: str, share: float) -> Any:
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
        words: dict[str, Any] = {"color": color if name in shut else "white", "ha": "center", "va": "center"}
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
            away, near = 2.375 + 0.475 * side, 2.375 + 0.24 * side
            arrow(ax, (x + away, y + 2.1), (x + near, y + 2.78), color=ink)
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
    ax = canvas(4.9, 14.2, 13.4)
    for stage, title in enumerate(("1  the store", "2  forget", "3  write", "4  show"), 1):
        x, y = 1.0 + 7.2 * ((stage - 1) % 2), (7.4, 0.4)[(stage - 1) // 2]
        words: dict[str, Any] = {"ha": "center", "va": "center", "color": INK, "fontsize": 11}
        ax.text(x, y + 5.6, title, **{**words, "ha": "left"})
        for part in range(1, stage + 1):
            _lstm(ax, x, y, part, 1 if part == stage else 0.35)
        ax.text(x - 0.55, y + 4.75, "$c_{(t-1)}$", **words)
        ax.text(x + 5.3, y + 4.75, "$c_{(t)}$", **words)
        if stage > 1:
            ax.text(x - 0.5, y + 1.1, "$h_{(t-1)}$", **words)
            ax.text(x + 0.45, y - 0.15, "$x_{(t)}$", **{**words, "ha": "left"})
            arrow(ax, (x + 0.3, y - 0.2), (x + 0.3, y + 0.55), color=INK if stage == 2 else PADDING)
        arrow(ax, (x + 4.9, y + 4.3), (x + 5.3, y + 4.3), color=_mixed(STATE, 1 if stage == 1 else 0.35))
        if stage == 4:
            ax.text(x + 5.3, y + 1.1, "$h_{(t)}$", **words)
            arrow(ax, (x + 4.9, y + 0.6), (x + 5.3, y + 0.6), color=OUTPUT)
    return ax


def draw_lstm(values: Sequence[float], marks: Sequence[int]) -> Axes:
    """A chain of LSTM cells that tracks and holds: a mark opens i and shuts f; hollow is shut."""
    ax = canvas(3.1, 6.15 * len(values) + 1.6, 11.2)
    words: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 11}
    held = 0.0
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
