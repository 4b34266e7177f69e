"""Wrong calls of the unrollers: eagerly, while a graph is traced, and when a graph runs.

Oracle: the one form of all messages, `function: argument must be EXPECTED; got CAME`, filled
in by hand; {name} is the unroller. What a graph learns only when it runs gives
InvalidArgumentError with the same words.
"""

import re

import numpy as np
import pytest
import tensorflow as tf
from error_tables import COVERED, HALVES, B, D, H, T, floats, raises, rows
from toys import CountingCell, NestedCell

from rnnbook.protocol import LSTMStateTuple
from rnnbook.tf import static_rnn

X = floats(B, T, D)


def eager(half, *, cell=None, inputs=X, lengths=None, start=None):
    """unroll or dynamic_rnn with one argument wrong."""
    return half.unroll(half.cell() if cell is None else cell(half), inputs, lengths, start)


def static(half, *, cell=None, inputs=X, lengths=None, start=None):
    """static_rnn on the steps of ``inputs``."""
    cell = half.cell() if cell is None else cell(half)
    return static_rnn(cell, [inputs[:, t] for t in range(T)], start, None, lengths)


def traced(run):
    """The same call inside a tf.function, with the same concrete values."""
    return lambda half, **call: tf.function(lambda: run(half, **call))()


ROADS = {
    "unroll": ("unroll", HALVES[0], eager),
    "dynamic_rnn": ("dynamic_rnn", HALVES[1], eager),
    "dynamic_rnn, traced": ("dynamic_rnn", HALVES[1], traced(eager)),
    "static_rnn": ("static_rnn", HALVES[1], static),
    "static_rnn, traced": ("static_rnn", HALVES[1], traced(static)),
}


def returning(result, zeros=True):
    """A maker of cells whose every step returns ``result(half, inputs, state)``."""

    def make(half):
        cell = type("Own", (CountingCell,), {"__call__": lambda self, *step: result(half, *step)})
        return cell(half.zeros)

    return make


def lacking(name):
    """A maker of cells without one of the four members."""
    members = {"state_size": 5, "output_size": 5, "zero_state": None, "__call__": None}
    return lambda half: type("Own", (), {key: members[key] for key in members if key != name})()


MEMBERS = "state_size, output_size, zero_state, __call__"
CELLS = [
    (TypeError, "cell must be a cell; got the class BasicRNNCell: call it first", {"cell": lambda h: h.make}),
    (TypeError, f"cell must have {MEMBERS}; got int without {MEMBERS}", {"cell": lambda h: 5}),
    (TypeError, f"cell must have {MEMBERS}; got ndarray without {MEMBERS}", {"cell": lambda h: X}),  # swapped
    (TypeError, f"cell must have {MEMBERS}; got Own without zero_state", {"cell": lacking("zero_state")}),
    (TypeError, f"cell must have {MEMBERS}; got Own without __call__", {"cell": lacking("__call__")}),
    (TypeError, "what the cell returns must be (output, new_state); got None", {"cell": returning(lambda h, x, s: None)}),
    (TypeError, "what the cell returns must be (output, new_state); got a tuple of 3", {"cell": returning(lambda h, x, s: (x, s, s))}),
    (TypeError, "what the cell returns must be (output, new_state); got a list", {"cell": returning(lambda h, x, s: [x[:, :2], s])}),
    (TypeError, "output of the cell must be {array} [B, O]; got a list", {"cell": returning(lambda h, x, s: ([x], s))}),
    (ValueError, "output of the cell must be [B, O] with O=2; got shape (4, 3)", {"cell": returning(lambda h, x, s: (x, s))}),
    (ValueError, "output of the cell must be [B, O] with B=4; got shape (1, 2)", {"cell": returning(lambda h, x, s: (x[:1, :2], s))}),
    (TypeError, "output of the cell must be float32; got float64", {"cell": returning(lambda h, x, s: (np.ones((B, 2)), s))}),
    (ValueError, "new_state of the cell must be structured like state_size 1; got list(shape (4, 1))", {"cell": returning(lambda h, x, s: (x[:, :2], [s]))}),
    (ValueError, "new_state of the cell must be structured like state_size 1; got tuple(shape (4, 1), shape (4, 1))", {"cell": returning(lambda h, x, s: (x[:, :2], (s, s)))}),
    (ValueError, "new_state of the cell must be [B, H] with H=1; got shape (4, 2)", {"cell": returning(lambda h, x, s: (x[:, :2], x[:, :2]))}),
]  # fmt: skip
LENGTHS = [
    (ValueError, "sequence_length must be from 0 to T=2; got [2, 3, 1, 0]", {"lengths": [2, 3, 1, 0]}),
    (ValueError, "sequence_length must be from 0 to T=2; got [2, -1, 1, 0]", {"lengths": [2, -1, 1, 0]}),
    (ValueError, "sequence_length must be from 0 to T=2; got [4294967297, 1, 1, 0]", {"lengths": [2**32 + 1, 1, 1, 0]}),
    (TypeError, "sequence_length must be whole numbers; got float64", {"lengths": [1.5, 1, 1, 0]}),
    (TypeError, "sequence_length must be whole numbers; got float32", {"lengths": np.ones(B, "float32")}),
    (TypeError, "sequence_length must be whole numbers; got bool", {"lengths": [True, False, True, True]}),
    (TypeError, "sequence_length must be whole numbers [B]; got [1, None, 1, 0]", {"lengths": [1, None, 1, 0]}),
    (TypeError, "sequence_length must be whole numbers [B]; got 'float32'", {"lengths": "float32"}),  # the dtype in its place
    (TypeError, "sequence_length must be whole numbers [B]; got a list of unequal rows", {"lengths": [[1], [1, 2], [1], [1]]}),
    (ValueError, "sequence_length must be [B]; got shape ()", {"lengths": 2}),
    (ValueError, "sequence_length must be [B]; got shape (4, 1)", {"lengths": [[1], [2], [1], [0]]}),
    (ValueError, "sequence_length must be [B] with B=4; got shape (3,)", {"lengths": [1, 2, 1]}),
    (ValueError, "sequence_length must be [B] with B=4; got shape (1,)", {"lengths": [1]}),
]  # fmt: skip
STATES = [
    (TypeError, "initial_state must be {array} [B, H]; got a float", {"start": 0.0}),
    (TypeError, "initial_state must be {array} [B, H]; got a str", {"start": "zeros"}),
    (ValueError, "initial_state must be [B, H]; got shape (5,)", {"start": floats(H)}),
    (ValueError, "initial_state must be [B, H] with H=5; got shape (4, 3)", {"start": floats(B, D)}),
    (ValueError, "initial_state must be [B, H] with B=4; got shape (1, 5)", {"start": floats(1, H)}),
    (TypeError, "initial_state must be float32; got float64", {"start": np.zeros((B, H))}),
    (TypeError, "initial_state must be float32; got int64", {"start": np.zeros((B, H), int)}),
    (ValueError, "initial_state must be structured like state_size 5; got list(shape (4, 5))", {"start": [floats(B, H)]}),
    (ValueError, "initial_state must be structured like state_size 5; got a list", {"start": floats(B, H).tolist()}),
    (ValueError, "initial_state must be structured like state_size 5; got tuple(shape (4, 5))", {"start": (floats(B, H),)}),
    (ValueError, "initial_state must be structured like state_size (1, LSTMStateTuple(c=2, h=3)); got tuple(shape (4, 1), tuple(shape (4, 2)))",
        {"cell": lambda h: NestedCell(h.zeros), "start": (floats(B, 1), (floats(B, 2),))}),
    (ValueError, "initial_state must be [B, H] with H=2; got shape (4, 3)",  # c and h swapped
        {"cell": lambda h: NestedCell(h.zeros), "start": (floats(B, 1), LSTMStateTuple(floats(B, 3), floats(B, 2)))}),
]  # fmt: skip


COVERED["scratch"] |= {"unroll"}  # the texts below begin with the name of the road
COVERED["tf"] |= {"dynamic_rnn", "static_rnn"}


@pytest.mark.parametrize("road", ROADS)
@rows(CELLS + LENGTHS + STATES)
def test_a_wrong_cell_length_or_state_gets_the_same_words_by_every_road(road, kind, text, call):
    name, half, run = ROADS[road]
    text = text.replace("{array}", half.array)
    if "traced" in road:  # TensorFlow puts the place in the user's code before the message
        with pytest.raises(kind, match=re.escape(f"{name}: {text}")):
            run(half, **call)
    else:
        with raises(kind, f"{name}: {text}"):
            run(half, **call)


FLAT = {  # TF 1.x took pictures; the TensorFlow half says how they are read here
    "unroll": "[B, T, D]",
    "dynamic_rnn": "[B, T, D], by tf.reshape, with all numbers of a step in D",
}
INPUTS = [
    (TypeError, "{name}: inputs must be {array} [B, T, D]; got None", None),
    (TypeError, "{name}: inputs must be {array} [B, T, D]; got a list", X.tolist()),
    (TypeError, "{name}: inputs must be of a floating dtype; got int64", np.ones((B, T, D), int)),
    (TypeError, "{name}: inputs must be of a floating dtype; got bool", np.ones((B, T, D), bool)),
    (TypeError, "BasicRNNCell: inputs must be float32; got float64", np.ones((B, T, D))),
    (ValueError, "{name}: inputs must be [B, T, D]; got shape (4, 3)", floats(B, D)),
    (ValueError, "{name}: inputs must be {flat}; got shape (4, 2, 3, 1)", X[..., None]),
    (ValueError, "{name}: inputs must be [B, T, D] with T of at least 1; got shape (4, 0, 3)", X[:, :0]),
    (ValueError, "{name}: inputs must be [B, T, D] with B of at least 1; got shape (0, 2, 3)", X[:0]),
    (ValueError, "{name}: inputs must be [B, T, D] with D of at least 1; got shape (4, 2, 0)", X[..., :0]),
    (ValueError, "BasicRNNCell: inputs must be [B, D] with D=3; got shape (4, 5)", floats(B, T, H)),
]  # fmt: skip


@pytest.mark.parametrize("half", HALVES, ids=["scratch", "tf"])
@rows(INPUTS)
def test_wrong_inputs_are_named_by_their_axes(half, kind, text, call):
    text = text.replace("{name}", half.name).replace("{array}", half.array).replace("{flat}", FLAT[half.name])
    with raises(kind, text):
        eager(half, inputs=call)


@pytest.mark.parametrize("half", HALVES, ids=["scratch", "tf"])
def test_time_first_inputs_are_caught_by_the_lengths_and_named_time_first_when_asked(half):
    with raises(ValueError, f"{half.name}: sequence_length must be [B] with B=2; got shape (4,)"):
        eager(half, inputs=X.swapaxes(0, 1), lengths=[1, 2, 1, 0])
    with raises(ValueError, f"{half.name}: inputs must be [T, B, D]; got shape (4, 3)"):
        half.unroll(half.cell(), floats(B, D), time_major=True)
