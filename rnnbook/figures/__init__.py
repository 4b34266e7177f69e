"""Every drawing and plot of the book.

`draw_*` makes a diagram and returns its Axes; `plot_*` takes data and an Axes and
returns the Axes; `subplots` makes Axes in the house style. Nothing is shown or saved here.
"""

from rnnbook.figures.diagrams import (
    draw_batch,
    draw_cell,
    draw_layer_shapes,
    draw_loops,
    draw_topologies,
    draw_unrolled,
)
from rnnbook.figures.plots import (
    plot_activation,
    plot_bars,
    plot_graph_growth,
    plot_lengths,
    plot_series,
    plot_states,
)
from rnnbook.figures.style import INPUT, OUTPUT, PADDING, STATE, TRUTH, WEIGHT, subplots

__all__ = [
    "INPUT",
    "OUTPUT",
    "PADDING",
    "STATE",
    "TRUTH",
    "WEIGHT",
    "draw_batch",
    "draw_cell",
    "draw_layer_shapes",
    "draw_loops",
    "draw_topologies",
    "draw_unrolled",
    "plot_activation",
    "plot_bars",
    "plot_graph_growth",
    "plot_lengths",
    "plot_series",
    "plot_states",
    "subplots",
]
