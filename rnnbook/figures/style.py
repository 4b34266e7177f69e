"""One visual language: a colour means the same thing on every page."""

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INPUT = "#00795c"  # what comes from outside: x
STATE = "#0b5fa5"  # what is remembered: h, the cell
OUTPUT = "#c14900"  # what is said: y, a prediction
TRUTH = "#3a3a3a"  # what was observed
PADDING = "#b9b9b9"  # what does not count
WEIGHT = "#7a3e9d"  # what is learned
INK = "#222222"  # words and arrows

WIDTH = 5.2  # inches: shown as wide as a telephone, words of 10 points are 9 pixels high
RULES: dict[Any, Any] = {
    "figure.dpi": 220,  # nearly twice the pixels of a plain screen
    "figure.facecolor": "white",
    "font.size": 10,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.grid": False,
    "legend.frameon": False,
    "mathtext.fontset": "cm",
    "xtick.color": INK,
    "ytick.color": INK,
}


def subplots(height: float = 2.6, columns: int = 1, rows: int = 1, **options: Any) -> tuple[Figure, Any]:
    """A figure as wide as the text, in the house style, and its Axes.

    Args:
        height: in inches; the width is fixed.
        columns, rows: of Axes; more than one gives an array of them.
        options: handed to `matplotlib.pyplot.subplots`.
    """
    with plt.rc_context(RULES):
        return plt.subplots(rows, columns, figsize=(WIDTH, height), layout="constrained", **options)


def canvas(height: float, width_units: float, height_units: float) -> Axes:
    """Axes without frame or ticks whose units are equal in both directions: for drawings."""
    _, ax = subplots(height)
    ax.set(xlim=(0, width_units), ylim=(0, height_units), aspect="equal")
    ax.axis("off")
    return ax
