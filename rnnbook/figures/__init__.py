"""Every drawing and plot of the book.

`draw_*` makes a diagram and returns its Axes; `plot_*` takes data and an Axes and
returns the Axes. `subplots` and `canvas` make Axes in the house style, `box` and `arrow`
are the strokes of every diagram; `live` places a figure that answers a touch. Nothing is shown or
saved here.
"""

try:  # here, before the modules below, so that one error can name the extra
    import matplotlib  # noqa: F401
except ModuleNotFoundError as error:
    needs = "rnnbook.figures needs Matplotlib: pip install 'rnnbook[figures]'"
    raise ModuleNotFoundError(needs, name=error.name) from error

from rnnbook.figures.diagrams import (
    arrow,
    box,
    draw_batch,
    draw_cell,
    draw_layer_shapes,
    draw_loops,
    draw_topologies,
    draw_unrolled,
)
from rnnbook.figures.live import live
from rnnbook.figures.lstm import draw_lstm, draw_lstm_stages
from rnnbook.figures.plots import (
    plot_activation,
    plot_bars,
    plot_graph_growth,
    plot_lengths,
    plot_series,
)
from rnnbook.figures.style import INK, INPUT, OUTPUT, PADDING, STATE, TRUTH, WEIGHT, canvas, subplots

__all__ = [
    "INK",
    "INPUT",
    "OUTPUT",
    "PADDING",
    "STATE",
    "TRUTH",
    "WEIGHT",
    "arrow",
    "box",
    "canvas",
    "draw_batch",
    "draw_cell",
    "draw_layer_shapes",
    "draw_loops",
    "draw_lstm",
    "draw_lstm_stages",
    "draw_topologies",
    "draw_unrolled",
    "live",
    "plot_activation",
    "plot_bars",
    "plot_graph_growth",
    "plot_lengths",
    "plot_series",
    "subplots",
]
