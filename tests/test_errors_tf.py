"""Wrong calls that only the TensorFlow unrollers know, and what a graph finds when it runs.

Oracle: the one form of all messages, `function: argument must be EXPECTED; got CAME`, filled
in by hand; at run time as InvalidArgumentError.
"""

import re
from functools import cache

import numpy as np
import pytest
import tensorflow as tf
from error_tables import HALVES, B, D, H, T, floats, raises, rows
from unrollers import packed_static

from rnnbook.scratch import unroll
from rnnbook.tf import dynamic_rnn, last_output, static_rnn

X = floats(B, T, D)
STEP = floats(B, D)
COUNT = "a whole number of at least 1"
cell = HALVES[1].cell
BUILT = cell()  # for graphs: a variable must outlive the trace


class Elsewhere:
    """An array of another library whose numbers are on another device."""

    shape, dtype = (B, T, D), np.dtype("float32")

    def __array__(self, dtype=None, copy=None):
        raise TypeError("can't convert: copy it to this device first")


ONLY_HERE = [
    (TypeError, "static_rnn: inputs must be a list of T arrays [B, D]; got None", lambda: static_rnn(cell(), None)),
    (TypeError, "static_rnn: inputs must be a list of T arrays [B, D]; got an ndarray", lambda: static_rnn(cell(), X)),
    (TypeError, "static_rnn: inputs must be a list of T arrays [B, D]; got an EagerTensor", lambda: static_rnn(cell(), tf.constant(X))),
    (ValueError, "static_rnn: inputs must be a list of T arrays [B, D] with T of at least 1; got an empty list", lambda: static_rnn(cell(), [])),
    (TypeError, "static_rnn: inputs must be an array [B, D]; got None", lambda: static_rnn(cell(), [STEP, None])),
    (TypeError, "static_rnn: inputs must be an array [B, D]; got a list", lambda: static_rnn(cell(), [STEP.tolist()])),
    (TypeError, "static_rnn: inputs must be of a floating dtype; got int64", lambda: static_rnn(cell(), [np.ones((B, D), int)])),
    (TypeError, "static_rnn: inputs must be float32; got float64", lambda: static_rnn(cell(), [STEP, np.ones((B, D))])),
    (ValueError, "static_rnn: inputs must be [B, D]; got shape (4, 2, 3)", lambda: static_rnn(cell(), [X])),
    (ValueError, "static_rnn: inputs must be [B, D] with B of at least 1; got shape (0, 3)", lambda: static_rnn(cell(), [STEP[:0]])),
    (ValueError, "static_rnn: inputs must be [B, D] with B=4; got shape (2, 3)", lambda: static_rnn(cell(), [STEP, STEP[:2]])),
    (ValueError, "static_rnn: inputs must be [B, D] with D=3; got shape (4, 5)", lambda: static_rnn(cell(), [STEP, floats(B, H)])),
    (TypeError, "static_rnn: dtype must be float32; got float64", lambda: static_rnn(cell(), [STEP], dtype=tf.float64)),
    (TypeError, "dynamic_rnn: dtype must be float32; got float64", lambda: dynamic_rnn(cell(), X, dtype="float64")),
    (TypeError, "dynamic_rnn: dtype must be a floating dtype of TensorFlow; got 'flaot32'", lambda: dynamic_rnn(cell(), X, dtype="flaot32")),
    (TypeError, "dynamic_rnn: dtype must be a floating dtype of TensorFlow; got tf.int32", lambda: dynamic_rnn(cell(), X, dtype=tf.int32)),
    (ValueError, f"dynamic_rnn: parallel_iterations must be {COUNT}; got 0", lambda: dynamic_rnn(cell(), X, parallel_iterations=0)),
    (TypeError, f"dynamic_rnn: parallel_iterations must be {COUNT}; got True", lambda: dynamic_rnn(cell(), X, None, None, None, True)),
    (TypeError, "dynamic_rnn: inputs must be one array [B, T, D], tf.concat of several, which the cell splits again; got a tuple", lambda: dynamic_rnn(cell(), (tf.constant(X), tf.constant(X)))),
    (TypeError, "static_rnn: inputs must be one array [B, D], tf.concat of several, which the cell splits again; got a tuple", lambda: static_rnn(cell(), [(tf.constant(STEP), tf.constant(STEP))])),
    (ValueError, "dynamic_rnn: inputs must be [B, T, D], by tf.reshape, with all numbers of a step in D; got shape (4, 2, 3, 1)", lambda: dynamic_rnn(cell(), X[..., None])),
    (TypeError, "dynamic_rnn: inputs must be an array [B, T, D]; got a RaggedTensor", lambda: dynamic_rnn(cell(), tf.RaggedTensor.from_tensor(X, lengths=[1, 2, 1, 2]))),
    (TypeError, "dynamic_rnn: inputs must be an array [B, T, D]; got a SparseTensor", lambda: dynamic_rnn(cell(), tf.sparse.from_dense(X))),
    (TypeError, "dynamic_rnn: inputs must be an array [B, T, D]; got a KerasTensor", lambda: dynamic_rnn(cell(), tf.keras.Input((T, D)))),
    (TypeError, "dynamic_rnn: inputs must be an array [B, T, D]; got an Elsewhere", lambda: dynamic_rnn(cell(), Elsewhere())),
    (TypeError, "dynamic_rnn: sequence_length must be whole numbers [B]; got a RaggedTensor", lambda: dynamic_rnn(cell(), X, tf.ragged.constant([[1], [1, 2], [1], [1]]))),
    (TypeError, "dynamic_rnn: sequence_length must be whole numbers; got float32", lambda: dynamic_rnn(cell(), X, tf.ones(B))),
    (ValueError, "dynamic_rnn: sequence_length must be from 0 to T=2; got [2, 3, 1, 0]", lambda: dynamic_rnn(cell(), X, tf.Variable([2, 3, 1, 0]))),
    (TypeError, "unroll: inputs must be a NumPy array [B, T, D]; got an EagerTensor", lambda: unroll(HALVES[0].cell(), tf.constant(X))),
]  # fmt: skip


@rows(ONLY_HERE, "tf")
def test_a_wrong_call_of_tensorflow_says_what_was_expected_and_what_came(kind, text, call):
    with raises(kind, text):
        call()


@pytest.mark.parametrize("dtype", [tf.float32, "float32", np.float32, float])
def test_a_dtype_that_is_that_of_the_inputs_is_accepted_in_every_spelling(dtype):
    for one, other in zip(dynamic_rnn(cell(), X, dtype=dtype), dynamic_rnn(cell(), X), strict=True):
        np.testing.assert_array_equal(one, other)


UNROLLERS = {
    "dynamic_rnn": lambda x, lengths: dynamic_rnn(BUILT, x, lengths),
    "static_rnn": lambda x, lengths: packed_static(BUILT, x, lengths),
    "last_output": lambda x, lengths: last_output(x, lengths),
}


@cache
def in_a_graph(function, *specs):
    """The function traced, once, for inputs of which only the given sizes are known."""
    return tf.function(function, input_signature=specs)


@pytest.mark.parametrize("name", UNROLLERS)
@pytest.mark.parametrize("kind", ["int32", "int64"])
@pytest.mark.parametrize(
    ("lengths", "came"),
    [
        ([2, 3, 1, 0], "[2 3 1...]"),
        ([2, -1, 1, 0], "[2 -1 1...]"),
        ([1, 2, 1], "[1 2 1]"),
        ([1], "[1]"),  # would be broadcast
        ([1, 2, 1, 1, 1], "[1 2 1...]"),
        ([2**32 + 1, 1, 1, 0], "[4294967297 1 1...]"),  # would be cut to 1
    ],
)
def test_lengths_known_when_the_graph_runs_are_checked_then(name, kind, lengths, came):
    if max(lengths) >= 2**31 and kind == "int32":
        kind = "uint64"
    T_known = T if name == "static_rnn" else None
    specs = tf.TensorSpec([None, T_known, D], tf.float32), tf.TensorSpec([None], kind)
    run = in_a_graph(UNROLLERS[name], *specs)
    run(X, np.array([2, 0, 1, 2], kind))  # the right number of lengths in range: no error
    text = f"[{name}: sequence_length must be [B] with values from 0 to T; got] {came} [with B =] [4] [and T =] [2]"
    with pytest.raises(tf.errors.InvalidArgumentError, match=re.escape(text)):
        run(X, np.array(lengths, kind))


@pytest.mark.parametrize("specs", [([None, T, D], [None]), ([B, None, D], [None]), ([B, T, D], [None])])
def test_one_unknown_size_is_enough_to_check_when_the_graph_runs(specs):
    shape, count = specs
    run = in_a_graph(
        UNROLLERS["dynamic_rnn"], tf.TensorSpec(shape, tf.float32), tf.TensorSpec(count, tf.int32)
    )
    with pytest.raises(tf.errors.InvalidArgumentError, match="sequence_length must be"):
        run(X, [2, 3, 1, 0])


@pytest.mark.parametrize(
    ("B", "T", "lengths"),
    [(None, None, [2, 3, 1, 0]), (None, None, [2, 2, 2]), (B, None, [2, 3, 1, 0]), (None, T, [2, 2, 2])],
)
def test_lengths_known_before_the_sizes_are_checked_when_the_graph_runs(B, T, lengths):
    run = in_a_graph(lambda x: dynamic_rnn(BUILT, x, lengths), tf.TensorSpec([B, T, D], tf.float32))
    with pytest.raises(tf.errors.InvalidArgumentError, match="sequence_length must be"):
        run(X)


def test_negative_lengths_known_before_the_sizes_are_refused_at_once():
    run = in_a_graph(lambda x: dynamic_rnn(BUILT, x, [1, -1]), tf.TensorSpec([None, None, D], tf.float32))
    text = "dynamic_rnn: sequence_length must be from 0 to T; got [1, -1]"
    with pytest.raises(ValueError, match=re.escape(text)):
        run(X)


@pytest.mark.parametrize("lengths", [None, [0, 0, 0, 0]])
def test_no_time_step_when_the_graph_runs_is_an_error(lengths):
    run = in_a_graph(lambda x: dynamic_rnn(BUILT, x, lengths), tf.TensorSpec([None, None, D], tf.float32))
    text = "[dynamic_rnn: inputs must be [B, T, D] with T of at least 1; got T = 0]"
    with pytest.raises(tf.errors.InvalidArgumentError, match=re.escape(text)):
        run(X[:, :0])


@pytest.mark.parametrize(
    ("x", "lengths", "text"),
    [
        (X, [2, 3, 1, 0], "sequence_length must be [B] with values from 0 to T; got] [2 3 1...]"),
        (X, [1], "sequence_length must be [B] with values from 0 to T; got] [1]"),
        (X[:, :0], [0, 0, 0, 0], "inputs must be [B, T, D] with T of at least 1; got T = 0"),
    ],
)
def test_a_session_runs_these_checks_though_nothing_else_asks_for_them(x, lengths, text):
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        inputs, rows = v1.placeholder(tf.float32, [None, None, D]), v1.placeholder(tf.int32, [None])
        fetched = dynamic_rnn(cell(), inputs, rows if x.size else None)
        v1.global_variables_initializer().run()
        session.run(fetched, {inputs: X, rows: [2, 0, 1, 2]})
        with pytest.raises(tf.errors.InvalidArgumentError, match=re.escape(text)):
            session.run(fetched, {inputs: x, rows: lengths})


def test_no_row_when_the_graph_runs_gives_no_row():
    run = in_a_graph(lambda x: dynamic_rnn(BUILT, x), tf.TensorSpec([None, None, D], tf.float32))
    outputs, state = run(X[:0])
    assert (outputs.shape, state.shape) == ((0, T, H), (0, H))


@pytest.mark.parametrize("lengths", [5, [[1], [2], [1], [0]]])
def test_lengths_of_a_wrong_rank_that_only_the_running_graph_knows_are_an_error(lengths):
    run = in_a_graph(
        UNROLLERS["dynamic_rnn"], tf.TensorSpec([B, T, D], tf.float32), tf.TensorSpec(None, tf.int32)
    )
    with pytest.raises(tf.errors.InvalidArgumentError, match="not compatible with expected shape"):
        run(X, lengths)


@pytest.mark.parametrize("name", UNROLLERS)
@pytest.mark.parametrize(
    ("shape", "text"), [([3], "[B] with B=4; got shape (3,)"), ([B, 1], "[B]; got shape (4, 1)")]
)
def test_lengths_of_a_wrong_shape_are_told_while_the_graph_is_traced(name, shape, text):
    run = in_a_graph(UNROLLERS[name], tf.TensorSpec([B, T, D], tf.float32), tf.TensorSpec(shape, tf.int32))
    with pytest.raises(ValueError, match=re.escape(f"{name}: sequence_length must be {text}")):
        run(X, np.ones(shape, "int32"))


def test_steps_of_an_unknown_rank_are_refused_when_traced():
    run = in_a_graph(lambda x: static_rnn(BUILT, [x, x]), tf.TensorSpec(None, tf.float32))
    text = "BasicRNNCell: inputs must be [B, D] with D known before it runs; got shape (None, None)"
    with pytest.raises(ValueError, match=re.escape(text)):
        run(STEP)


@pytest.mark.parametrize("name", ["dynamic_rnn", "static_rnn"])
def test_inputs_of_an_unknown_width_are_refused_when_traced(name):
    signature = tf.TensorSpec([B, T, None], tf.float32), tf.TensorSpec([B], tf.int32)
    text = "BasicRNNCell: inputs must be [B, D] with D known before it runs; got shape (4, None)"
    with pytest.raises(ValueError, match=re.escape(text)):
        in_a_graph(UNROLLERS[name], *signature)(X, [1, 2, 1, 0])
