"""The data behind the plots; pixels are compared where the notebooks run.

Oracles: the numbers handed in, tanh itself, and the mask of the lengths.
"""

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle
from toys import normal

from rnnbook import data, figures


@pytest.fixture
def ax():
    fig, axes = figures.subplots()
    yield axes
    fig.canvas.draw()  # what was plotted can be rendered
    plt.close(fig)


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_plot_series_draws_the_values_against_the_times_under_their_name(ax):
    times, values = np.arange(7) + 1700, normal(7)
    assert figures.plot_series(ax, times, values, "sunspots", color=figures.OUTPUT) is ax
    (line,) = ax.lines
    np.testing.assert_array_equal(line.get_xydata(), np.column_stack([times, values]))
    assert (line.get_label(), line.get_color()) == ("sunspots", figures.OUTPUT)
    figures.plot_series(ax, times, values, "plain")
    assert ax.lines[1].get_color() == figures.TRUTH


def test_plot_bars_draws_each_score_in_order_with_its_number(ax):
    scores = {"mean": 33.25, "last value": 18.5, "LSTM": 20.125}
    assert figures.plot_bars(ax, scores, "RMSE in sunspots") is ax
    assert [bar.get_width() for bar in ax.patches] == list(scores.values())
    assert [label.get_text() for label in ax.get_yticklabels()] == list(scores)
    assert [text.get_text() for text in ax.texts] == ["33.2", "18.5", "20.1"]
    assert ax.yaxis_inverted()  # the first on top
    assert ax.get_xlabel() == "RMSE in sunspots"
    assert ax.get_xlim()[0] == 0 and ax.get_xlim()[1] > 33.25


LENGTHS, T = [3, 0, 5, 1], 5


def test_plot_lengths_draws_one_square_a_step_coloured_by_what_it_is(ax):
    assert figures.plot_lengths(ax, LENGTHS, T) is ax
    squares = {(round(p.get_x()), round(p.get_y())): p for p in ax.patches if isinstance(p, Rectangle)}
    assert len(ax.patches) == len(squares) == len(LENGTHS) * T
    valid = data.sequence_mask(LENGTHS, T)
    for (t, row), square in squares.items():
        last = t == LENGTHS[row] - 1
        color = figures.OUTPUT if last else figures.INPUT if valid[row, t] else "white"
        assert square.get_facecolor() == to_rgba(color), (row, t)
        assert bool(square.get_hatch()) == (not valid[row, t])


def test_plot_lengths_names_rows_steps_and_colours(ax):
    figures.plot_lengths(ax, LENGTHS, T)
    assert legend(ax) == ["valid", "last valid", "padding"]
    handles = ax.get_legend().legend_handles
    assert [h.get_facecolor() for h in handles] == [
        to_rgba(color) for color in (figures.INPUT, figures.OUTPUT, "white")
    ]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "1", "2", "3", "4"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["0", "1", "2", "3"]
    assert ax.yaxis_inverted()  # row 0 on top
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time step t", "row")


def test_plot_graph_growth_draws_a_named_line_for_each_way_of_unrolling(ax):
    steps, nodes = [2, 10, 100], {"static": [60, 300, 3100], "dynamic": [236, 236, 236]}
    assert figures.plot_graph_growth(ax, steps, nodes) is ax
    for line, (name, counts) in zip(ax.lines, nodes.items(), strict=True):
        np.testing.assert_array_equal(line.get_xydata(), np.column_stack([steps, counts]))
        assert line.get_label() == name
    assert legend(ax) == ["static", "dynamic"]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time steps T", "operations in the graph")
    assert len({line.get_color() for line in ax.lines}) == 2


def test_plot_activation_puts_each_set_on_the_curve_of_tanh(ax):
    before = {"narrow": normal(2, 3), "wide": 3 * normal(5)}
    assert figures.plot_activation(ax, before, limit=6) is ax
    (curve,) = ax.lines
    x, y = curve.get_xydata().T
    assert (x.min(), x.max()) == (-6, 6)
    np.testing.assert_allclose(y, np.tanh(x), rtol=0, atol=1e-12)
    for points, (name, values) in zip(ax.collections, before.items(), strict=True):
        np.testing.assert_allclose(
            points.get_offsets(), np.column_stack([values.ravel(), np.tanh(values.ravel())]), atol=1e-12
        )
        assert points.get_label() == name
    assert legend(ax) == ["narrow", "wide"]
    assert ax.get_xlim() == (-6, 6)
