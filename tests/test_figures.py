"""The drawings, box by box; pixels are compared where the notebooks run.

Oracles: what the drawn idea itself says about its boxes, arrows and words, counted by hand.
"""

import json
import re
from html import unescape
from itertools import combinations

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

from rnnbook import data, figures

DRAWINGS = {
    "cell": figures.draw_cell,
    "unrolled": figures.draw_unrolled,
    "unrolled, one step": lambda: figures.draw_unrolled(1),
    "topologies": figures.draw_topologies,
    "batch": lambda: figures.draw_batch(data.source_batch()),
    "layer shapes": lambda: figures.draw_layer_shapes(4, 3, 5),
    "loops": figures.draw_loops,
    "lstm stages": figures.draw_lstm_stages,
    "lstm": lambda: figures.draw_lstm([0.7, -0.3, 0.4], [1, 0, 1]),
}


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def words(ax):
    return [text.get_text() for text in ax.texts]


def boxes(ax, color=None):
    """The rounded boxes of a drawing, all of them or those of one colour."""
    found = [patch for patch in ax.patches if isinstance(patch, FancyBboxPatch)]
    return [b for b in found if color is None or b.get_facecolor() == to_rgba(color)]


def arrows(ax):
    return [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]


def test_every_drawing_of_the_package_is_tested_here():
    named = {f"draw_{name.split(',')[0].replace(' ', '_')}" for name in DRAWINGS}
    assert named == {name for name in figures.__all__ if name.startswith("draw_")}


def test_agg_draws_and_nothing_needs_a_screen():
    assert mpl.get_backend().lower() == "agg"


@pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)
def test_a_drawing_returns_its_axes_on_one_new_figure_as_wide_as_the_text(draw):
    ax = draw()
    assert isinstance(ax, Axes)
    assert plt.get_fignums() == [ax.figure.number]
    assert ax.figure.get_figwidth() == 5.2
    assert ax.get_aspect() == 1
    assert not ax.axison
    ax.figure.canvas.draw()  # every label must be legible to mathtext


@pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)
def test_nothing_of_a_drawing_lies_outside_its_axes(draw):
    ax = draw()
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    for patch in boxes(ax) + [p for p in ax.patches if isinstance(p, Rectangle)]:
        box = patch.get_bbox()
        assert left <= box.x0 <= box.x1 <= right
        assert bottom <= box.y0 <= box.y1 <= top
    for text in ax.texts:
        x, y = text.get_position()
        assert left <= x <= right and bottom <= y <= top, text.get_text()


@pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)
def test_a_word_of_a_drawing_touches_no_other_word_and_no_edge_of_a_box(draw):
    """Each stands within a box or, by a pixel of a telephone at least, outside of it."""
    ax = draw()
    ax.figure.canvas.draw()
    room = ax.figure.dpi * ax.figure.get_figwidth() / 335
    spots = {text: text.get_window_extent() for text in ax.texts if text.get_text()}
    for one, other in combinations(spots, 2):
        assert not spots[one].overlaps(spots[other]), (one, other)
    for patch in ax.patches:
        if isinstance(patch, FancyArrowPatch):
            continue
        edge = patch.get_window_extent()
        for text, spot in spots.items():
            within = edge.containsx(spot.x0) and edge.containsx(spot.x1) and edge.containsy(spot.y1)
            assert within or not edge.overlaps(spot.padded(room)), text


def test_the_cell_shows_one_input_one_state_one_output_and_both_weights():
    ax = figures.draw_cell()
    colors = (figures.INPUT, figures.STATE, figures.OUTPUT)
    assert [len(boxes(ax, color)) for color in colors] == [1, 1, 1]
    assert {"$x_{(t)}$", "$h_{(t)}$", "$y_{(t)}$", "$w_x$", "$w_h$"} <= set(words(ax))


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_the_unrolled_cell_repeats_every_box_and_w_x_but_not_the_last_w_h(steps):
    ax = figures.draw_unrolled(steps)
    for letter, color in (("x", figures.INPUT), ("h", figures.STATE), ("y", figures.OUTPUT)):
        assert len(boxes(ax, color)) == steps + 1
        names = [f"${letter}_{{({t})}}$" for t in [*range(steps), "t"]]
        assert all(words(ax).count(name) == 1 for name in names)
    assert words(ax).count("$w_x$") == steps + 1
    assert words(ax).count("$w_h$") == steps  # one on the loop, one between each two steps


def test_the_four_topologies_have_the_inputs_and_outputs_their_names_say():
    ax = figures.draw_topologies()
    assert {"sequence to sequence", "sequence to vector", "vector to sequence", "encoder and decoder"} <= set(
        words(ax)
    )
    assert len(boxes(ax, figures.STATE)) == 16
    assert len(boxes(ax, figures.INPUT)) == 4 + 4 + 1 + 2
    assert len(boxes(ax, figures.OUTPUT)) == 4 + 1 + 4 + 2


def test_the_batch_shows_every_number_in_its_place_and_names_every_axis():
    batch = np.random.default_rng(0).permutation(2 * 3 * 4).reshape(2, 3, 4).astype(float)
    ax = figures.draw_batch(batch)
    assert len([patch for patch in ax.patches if isinstance(patch, Rectangle)]) == batch.size
    numbers = [text for text in ax.texts if text.get_text().isdigit()]
    # By place: rows of the batch from left to right, time downwards, features to the right.
    where = {text.get_text(): text.get_position() for text in numbers}
    order = [[[where[f"{value:g}"] for value in step] for step in row] for row in batch]
    x, y = np.moveaxis(np.array(order), -1, 0)
    assert (np.diff(x, axis=0) > 0).all() and (np.diff(x, axis=2) > 0).all()
    assert (np.diff(y, axis=1) < 0).all()
    text = " ".join(words(ax))
    assert "B = 2 rows" in text and "T = 3" in text and "D = 4 features" in text


def test_the_layer_shapes_are_drawn_to_scale_and_named():
    ax = figures.draw_layer_shapes(4, 3, 5)
    sides = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    unit = sides[0].get_height() / 4
    shapes = [[round(p.get_height() / unit), round(p.get_width() / unit)] for p in sides]
    assert shapes == [[4, 5], [4, 3], [3, 5], [4, 5], [5, 5], [1, 5]]
    named = [word for word in words(ax) if word.startswith("[")]
    assert named == ["[4, 5]", "[4, 3]", "[3, 5]", "[4, 5]", "[5, 5]", "[5]"]


def test_the_loops_show_one_cell_a_step_beside_a_single_cell():
    ax = figures.draw_loops((2, 4))
    assert len(boxes(ax, figures.STATE)) == 2 + 4 + 1
    assert {"static, T = 2", "static, T = 4", "dynamic, any T"} <= set(words(ax))
    assert len(arrows(ax)) == (2 - 1) + (4 - 1) + 1


def test_a_box_stands_around_its_point_and_an_arrow_goes_from_start_to_end():
    ax = figures.canvas(1.5, 9, 4)
    figures.box(ax, 3, 2, "h", figures.STATE, side=1.5)
    figures.arrow(ax, (1, 2), (5, 3), color=figures.WEIGHT)
    (square,), (line,) = boxes(ax, figures.STATE), arrows(ax)
    assert square.get_bbox().bounds == (2.25, 1.25, 1.5, 1.5)
    assert [(text.get_text(), text.get_position()) for text in ax.texts] == [("h", (3, 2))]
    assert line._posA_posB == [(1, 2), (5, 3)]
    assert line.get_edgecolor() == to_rgba(figures.WEIGHT)
    assert (ax.get_xlim(), ax.get_ylim()) == ((0, 9), (0, 4))


def test_subplots_are_as_wide_as_the_text_and_leave_the_global_style_alone():
    before = dict(mpl.rcParams)
    fig, axes = figures.subplots(1.5, columns=3, rows=2)
    assert (fig.get_figwidth(), fig.get_figheight()) == (5.2, 1.5)
    assert axes.shape == (2, 3)
    assert fig.dpi == 220
    assert dict(mpl.rcParams) == before


def test_the_four_stages_of_an_lstm_add_forget_write_and_show():
    ax = figures.draw_lstm_stages()
    names = [text.get_text() for text in ax.texts if text.get_text() in {"$f$", "$i$", "$j$", "$o$"}]
    assert [names.count(f"${name}$") for name in "fijo"] == [3, 2, 2, 1]
    assert len(boxes(ax, figures.WEIGHT)) == 3  # f, i and o, each strong where it is new
    assert [words(ax).count(sign) for sign in "×+"] == [3 + 2 + 1, 2]
    strong = [arrow for arrow in arrows(ax) if arrow.get_edgecolor() == to_rgba(figures.INK)]
    assert len(strong) == 2 + 3 + 1  # x and from f; from i, from j and up; from the store down: no x again


def test_a_mark_opens_the_input_gate_of_an_lstm_and_shuts_its_forget_gate():
    ax = figures.draw_lstm([0.7, -0.3, 0.4, 0.1], [1, 0, 1, 0])
    assert [words(ax).count(f"${name}$") for name in "fijo"] == [4] * 4
    hollow = [box for box in boxes(ax) if box.get_facecolor() == to_rgba("white")]
    places = {
        text.get_position()[0]: text.get_text() for text in ax.texts if text.get_text() in ("$f$", "$i$")
    }
    middles = [box.get_x() + box.get_width() / 2 for box in hollow]
    assert [places[min(places, key=lambda place: abs(place - x))] for x in middles] == ["$f$", "$i$"] * 2
    held = [text.get_text() for text in ax.texts if text.get_color() == figures.STATE]
    assert held[:-1] == ["0.7", "0.7", "0.4", "0.4"]  # the last is the letter c


def test_a_figure_that_answers_holds_its_data_as_they_are_to_six_digits():
    figure = figures.live(
        "adder", "A <machine>", weights=np.array([[1 / 3, -2e-9]]), units=8, by={"a": (1, "<")}
    )
    html = figure._repr_html_()
    assert re.match('<rnn-adder class="live" aria-label="A &lt;machine&gt;"><template>', html)
    data = json.loads(unescape(re.search("<template>(.*)</template>", html)[1]))
    assert data == {"weights": [[0.333333, -2e-9]], "units": 8, "by": {"a": [1, "<"]}}
    assert "A <machine>" in repr(figure)
