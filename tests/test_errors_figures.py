"""Wrong calls of the drawings and plots, and of the data functions that feed them, with the text each gets.

Oracle: the one form of all messages, `function: argument must be EXPECTED; got CAME`, filled
in by hand.
"""

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from error_tables import floats, raises, rows

from rnnbook import data, figures


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def on(function, *arguments, ax="good", **options):
    """A plot on a good Axes, or on what is given in its place."""
    return function(figures.subplots()[1] if isinstance(ax, str) else ax, *arguments, **options)


COUNT = "a whole number of at least 1"
POSITIVE = "above 0 and finite"
TIMES = np.arange(5)
FIGURES = [
    (TypeError, "plot_series: values must be an array [N]; got None", lambda: on(figures.plot_series, TIMES, None, "a")),
    (TypeError, "plot_series: values must be an array [N]; got ['1', '2']", lambda: on(figures.plot_series, TIMES, ["1", "2"], "a")),  # would be categories
    (ValueError, "plot_series: values must be [N] with N=5; got shape (4,)", lambda: on(figures.plot_series, TIMES, TIMES[:4], "a")),
    (ValueError, "plot_series: values must be [N]; got shape (5, 2)", lambda: on(figures.plot_series, TIMES, floats(5, 2), "a")),  # two lines, one name
    (ValueError, "plot_series: times must be [N] with N of at least 1; got shape (0,)", lambda: on(figures.plot_series, [], [], "a")),
    (TypeError, "plot_bars: scores must be a dictionary of numbers by name; got a list", lambda: on(figures.plot_bars, [1.0], "RMSE")),
    (ValueError, "plot_bars: scores must be a dictionary of at least 1 entry; got 0 entries", lambda: on(figures.plot_bars, {}, "RMSE")),
    (ValueError, "plot_bars: the score of a must be finite and at least 0; got nan", lambda: on(figures.plot_bars, {"a": np.nan}, "RMSE")),
    (ValueError, "plot_bars: the score of b must be finite and at least 0; got -1.5", lambda: on(figures.plot_bars, {"a": 1.0, "b": -1.5}, "RMSE")),  # would lie outside
    (TypeError, "plot_bars: the score of a must be finite and at least 0; got '1'", lambda: on(figures.plot_bars, {"a": "1"}, "RMSE")),
    (ValueError, "plot_lengths: lengths must be from 0 to T=3; got [4, 1]", lambda: on(figures.plot_lengths, [4, 1], 3)),
    (ValueError, "plot_lengths: lengths must be from 0 to T=3; got [2, -1]", lambda: on(figures.plot_lengths, [2, -1], 3)),
    (TypeError, "plot_lengths: lengths must be whole numbers; got float64", lambda: on(figures.plot_lengths, [1.5], 3)),
    (ValueError, "plot_lengths: lengths must be [B] with B of at least 1; got shape (0,)", lambda: on(figures.plot_lengths, [], 3)),
    (ValueError, f"plot_lengths: time_steps must be {COUNT}; got 0", lambda: on(figures.plot_lengths, [0], 0)),
    (TypeError, f"plot_lengths: time_steps must be {COUNT}; got None", lambda: on(figures.plot_lengths, [0], None)),
    (TypeError, "plot_graph_growth: nodes must be a dictionary of counts [N] by name; got a list", lambda: on(figures.plot_graph_growth, [1, 2], [1, 2])),
    (ValueError, "plot_graph_growth: nodes must be a dictionary of 1 to 3 entries; got 4 entries", lambda: on(figures.plot_graph_growth, [1, 2], {key: [1, 2] for key in "abcd"})),  # one would be dropped
    (ValueError, "plot_graph_growth: a must be [N] with N=2; got shape (1,)", lambda: on(figures.plot_graph_growth, [1, 2], {"a": [1]})),
    (TypeError, "plot_activation: before must be a dictionary of arrays by name; got an ndarray", lambda: on(figures.plot_activation, floats(3), 2)),
    (ValueError, "plot_activation: before must be a dictionary of 1 to 2 entries; got 3 entries", lambda: on(figures.plot_activation, dict.fromkeys("abc", floats(3)), 2)),  # one would be dropped
    (ValueError, f"plot_activation: limit must be {POSITIVE}; got 0", lambda: on(figures.plot_activation, {"a": floats(3)}, 0)),
    (TypeError, "plot_activation: a must be an array; got 'x'", lambda: on(figures.plot_activation, {"a": "x"}, 2)),
    (ValueError, "live: name must be the name of an element, such as 'adder'; got 'Adder <b>'", lambda: figures.live("Adder <b>", "a")),
    (ValueError, "live: weights[1] must be finite numbers, texts, and arrays, lists and dictionaries of them; got nan", lambda: figures.live("adder", "a", weights=[1.0, np.nan])),
    (ValueError, "live: by['b'] must be finite numbers, texts, and arrays, lists and dictionaries of them; got <object object>", lambda: figures.live("adder", "a", by={"b": object()})),
]  # fmt: skip  # one row, one line: a table


@rows(FIGURES, "figures")
def test_a_wrong_call_of_a_drawing_or_plot_says_what_was_expected_and_what_came(kind, text, call):
    with raises(kind, text):
        call()


NUMBERS = "a NumPy dtype of numbers"
DATA = [
    (TypeError, f"source_batch: dtype must be {NUMBERS}; got 'x'", lambda: data.source_batch("x")),
    (TypeError, f"source_batch: dtype must be {NUMBERS}; got <class 'bool'>", lambda: data.source_batch(bool)),  # would lose every digit
    (TypeError, f"source_batch: dtype must be {NUMBERS}; got None", lambda: data.source_batch(None)),
    (TypeError, f"pad_sequences: dtype must be {NUMBERS}; got 'flaot'", lambda: data.pad_sequences([floats(2, 3)], "flaot")),
    (TypeError, "pad_sequences: every sequence must be an array [T, D] without a mask; got a MaskedArray", lambda: data.pad_sequences([np.ma.masked_less(floats(2, 3), 0)])),
    (TypeError, "sliding_windows: series must be real numbers; got object", lambda: data.sliding_windows(np.array([1, None, 2]), 1)),
    (TypeError, "sliding_windows: series must be a plain array [N]; got a MaskedArray", lambda: data.sliding_windows(np.ma.masked_less(floats(9), 0), 3)),
    (ValueError, f"batches: samples must be {COUNT}; got 0", lambda: data.batches(0, 2, 3, seed=0)),
    (TypeError, f"batches: batch_size must be {COUNT}; got 2.0", lambda: data.batches(9, 2.0, 3, seed=0)),
    (ValueError, f"batches: steps must be {COUNT}; got 0", lambda: data.batches(9, 2, 0, seed=0)),
    (TypeError, f"batches: steps must be {COUNT}; got 2.5", lambda: data.batches(9, 2, 2.5, seed=0)),
    (TypeError, "batches: seed must be a whole number of at least 0; got 'a'", lambda: data.batches(9, 2, 3, seed="a")),
    (ValueError, f"batches: buffer must be {COUNT}; got 0", lambda: data.batches(9, 2, 3, seed=0, buffer=0)),
    (ValueError, "sequence_mask: lengths must be from 0 to T=2; got 3 in row 49", lambda: data.sequence_mask([1] * 49 + [3], 2)),  # a long list is not printed
]  # fmt: skip


@rows(DATA, "data")
def test_a_wrong_call_of_what_makes_the_data_says_so_too(kind, text, call):
    with raises(kind, text):
        call()
