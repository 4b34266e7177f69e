"""Wrong calls of what is built from cells: wrappers, bidirectional unrolling, training, conversion.

Oracle: the one form of all messages, `function: argument must be EXPECTED; got CAME`, filled
in by hand. {array} and {more} are the only words in which the halves differ.
"""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from error_tables import COVERED, HALVES, B, D, H, T, floats, other, raises, rows
from toys import CountingCell, normal

import rnnbook.scratch as scratch
import rnnbook.tf as rnn
from rnnbook.protocol import LSTMStateTuple
from rnnbook.scratch import gradient_check
from rnnbook.scratch.bidirectional import reverse_sequence

NUMPY, TENSORFLOW = HALVES
either_half = pytest.mark.parametrize("half", HALVES, ids=["scratch", "tf"])
MORE = {"NumPy": "dtype, weights, build, forward, backward", "TensorFlow": "dtype, trainable_variables"}
LACKING = {
    "NumPy": "weights, forward, backward",
    "TensorFlow": "trainable_variables",
}  # the other half's cells
MEMBERS = "state_size, output_size, zero_state, __call__"
COUNT = "a whole number of at least 1"
SEED = "a whole number of at least 0"
KEPT = "above 0 and at most 1, the share kept"
POSITIVE = "above 0 and finite"
X, STEP, STATE = floats(B, T, D), floats(B, D), floats(B, H)
TWICE = "different objects, or layers would share their weights; got the same cell twice"


def stack(h, cells):
    return h.module.MultiRNNCell(cells)


def drop(h, cell=None, *shares, **options):
    return h.module.DropoutWrapper(cell or h.cell(), *shares, **options)


def both(h, backward=None, cell=None, **options):
    """The bidirectional unroller with a cell or an option wrong."""
    run = scratch.unroll_bidirectional if h is NUMPY else rnn.bidirectional_dynamic_rnn
    return run(cell or h.cell(), backward or h.cell(), X, **options)


def lstm(h, bias=1.0, **options):
    return h.module.BasicLSTMCell(H, bias, dtype="float32", num_inputs=D, seed=0, **options)


TWO = {"NumPy": "unroll_bidirectional", "TensorFlow": "bidirectional_dynamic_rnn"}
WRAPPERS = [
    (TypeError, "MultiRNNCell: cells must be a list of cells; got None", lambda h: stack(h, None)),
    (TypeError, "MultiRNNCell: cells must be a list of cells; got a BasicRNNCell", lambda h: stack(h, h.cell())),
    (TypeError, "MultiRNNCell: cells must be a list of cells; got a generator", lambda h: stack(h, (h.cell() for _ in "ab"))),
    (ValueError, "MultiRNNCell: cells must be at least one cell; got an empty list", lambda h: stack(h, [])),
    (TypeError, f"MultiRNNCell: cell must have {MEMBERS}, {{more}}; got int without {MEMBERS}, {{more}}", lambda h: stack(h, [5])),
    (TypeError, "MultiRNNCell: cell must be a cell; got the class BasicRNNCell: call it first", lambda h: stack(h, [h.make])),
    (TypeError, f"MultiRNNCell: cell must have {MEMBERS}, {{more}}; got BasicRNNCell without {{lacking}}", lambda h: stack(h, [other(h).cell()])),
    (TypeError, f"MultiRNNCell: cell must have {MEMBERS}, {{more}}; got CountingCell without {{more}}", lambda h: stack(h, [CountingCell(h.zeros)])),
    (ValueError, f"MultiRNNCell: cells must be {TWICE}", lambda h: stack(h, [h.cell()] * 2)),
    (ValueError, f"MultiRNNCell: cells must be {TWICE}", lambda h: stack(h, [drop(h, cell) for cell in [h.cell()] * 2])),
    (TypeError, "MultiRNNCell: cells must be of one dtype; got ['float32', 'float64']", lambda h: stack(h, [h.cell(), h.make(H, dtype="float64")])),
    (TypeError, "MultiRNNCell: inputs must be {array} [B, D]; got None", lambda h: stack(h, [h.cell()])(None, (STATE,))),
    (ValueError, "MultiRNNCell: inputs must be [B, D]; got shape (4, 2, 3)", lambda h: stack(h, [h.cell()])(X, (STATE,))),
    (ValueError, "MultiRNNCell: state must be structured like state_size (5,); got shape (4, 5)", lambda h: stack(h, [h.cell()])(STEP, STATE)),
    (ValueError, "MultiRNNCell: state must be structured like state_size (5,); got list(shape (4, 5))", lambda h: stack(h, [h.cell()])(STEP, [STATE])),
    (ValueError, "BasicRNNCell: num_inputs must be 3, as built; got 4", lambda h: stack(h, [h.cell()]).build(D + 1)),
    (TypeError, f"DropoutWrapper: cell must have {MEMBERS}, {{more}}; got str without {MEMBERS}, {{more}}", lambda h: drop(h, "GRU")),
    (TypeError, f"DropoutWrapper: cell must have {MEMBERS}, {{more}}; got BasicRNNCell without {{lacking}}", lambda h: drop(h, other(h).cell())),
    (ValueError, f"DropoutWrapper: input_keep_prob must be {KEPT}; got 0", lambda h: drop(h, None, 0)),
    (ValueError, f"DropoutWrapper: input_keep_prob must be {KEPT}; got -0.5", lambda h: drop(h, None, -0.5)),
    (ValueError, f"DropoutWrapper: output_keep_prob must be {KEPT}; got 1.5", lambda h: drop(h, None, 1.0, 1.5)),
    (ValueError, f"DropoutWrapper: output_keep_prob must be {KEPT}; got 50", lambda h: drop(h, output_keep_prob=50)),
    (ValueError, f"DropoutWrapper: state_keep_prob must be {KEPT}; got nan", lambda h: drop(h, state_keep_prob=float("nan"))),
    (ValueError, f"DropoutWrapper: state_keep_prob must be {KEPT}; got inf", lambda h: drop(h, state_keep_prob=np.float32("inf"))),
    (TypeError, f"DropoutWrapper: input_keep_prob must be {KEPT}; got '0.5'", lambda h: drop(h, None, "0.5")),
    (TypeError, f"DropoutWrapper: output_keep_prob must be {KEPT}; got None", lambda h: drop(h, output_keep_prob=None)),
    (TypeError, f"DropoutWrapper: state_keep_prob must be {KEPT}; got True", lambda h: drop(h, state_keep_prob=True)),
    (TypeError, "DropoutWrapper: variational_recurrent must be True or False; got 'no'", lambda h: drop(h, variational_recurrent="no")),
    (TypeError, "DropoutWrapper: variational_recurrent must be True or False; got 1", lambda h: drop(h, variational_recurrent=1)),
    (ValueError, f"DropoutWrapper: seed must be {SEED}; got -1", lambda h: drop(h, seed=-1)),
    (TypeError, f"DropoutWrapper: seed must be {SEED}; got [1, 2]", lambda h: drop(h, seed=[1, 2])),
    (TypeError, "DropoutWrapper: inputs must be {array} [B, D]; got None", lambda h: drop(h)(None, STATE)),
    (TypeError, "DropoutWrapper: inputs must be float32; got bool", lambda h: drop(h)(STEP > 0, STATE)),  # a mask times it would be float
    (TypeError, "DropoutWrapper: inputs must be float32; got float16", lambda h: drop(h)(STEP.astype("float16"), STATE)),
    (TypeError, "BasicLSTMCell: forget_bias must be a finite number; got None", lambda h: lstm(h, None)),
    (TypeError, "BasicLSTMCell: forget_bias must be a finite number; got 'one'", lambda h: lstm(h, "one")),
    (TypeError, "BasicLSTMCell: forget_bias must be a finite number; got 1j", lambda h: lstm(h, 1j)),
    (ValueError, "BasicLSTMCell: forget_bias must be a finite number; got nan", lambda h: lstm(h, float("nan"))),
    (ValueError, "BasicLSTMCell: state must be structured like state_size LSTMStateTuple(c=5, h=5); got shape (4, 5)", lambda h: lstm(h)(STEP, STATE)),
    (ValueError, f"GRUCell: num_units must be {COUNT}; got 0", lambda h: h.module.GRUCell(0)),
    (TypeError, "GRUCell: inputs must be float64; got float32", lambda h: h.module.GRUCell(H, dtype="float64")(STEP, STATE)),
    (TypeError, "BasicRNNCell: inputs must be a plain array [B, D]; got a MaskedArray", lambda h: h.cell()(np.ma.masked_less(STEP, 0), STATE)),  # the mask would be lost
    (TypeError, "BasicRNNCell: inputs must be a plain array [B, D]; got a matrix", lambda h: h.cell()(STEP.view(np.matrix), STATE)),
    (TypeError, "BasicRNNCell: state must be a plain array [B, H]; got a MaskedArray", lambda h: h.cell()(STEP, np.ma.masked_less(STATE, 0))),
    (TypeError, "BasicRNNCell: dtype must be a floating dtype of {library}; got True", lambda h: h.make(H, dtype=True)),  # TensorFlow's number of float32
    (ValueError, "{two}: cell_bw must be another cell than cell_fw; got the same object", lambda h: (lambda cell: both(h, cell, cell))(h.cell())),
    (ValueError, "{two}: cell_bw must be another cell than cell_fw; got the same object", lambda h: (lambda cell: both(h, drop(h, cell), cell))(h.cell())),
    (TypeError, "{name}: time_major must be True or False; got 'no'", lambda h: both(h, time_major="no")),
    (TypeError, "{name}: time_major must be True or False; got None", lambda h: h.unroll(h.cell(), X, time_major=None)),
    (TypeError, "{name}: inputs must be a plain array [B, T, D]; got a MaskedArray", lambda h: h.unroll(h.cell(), np.ma.masked_less(X, 0))),
    (TypeError, "{name}: sequence_length must be whole numbers [B] without a mask; got a MaskedArray", lambda h: h.unroll(h.cell(), X, np.ma.masked_equal([1, 2, 1, 0], 0))),
]  # fmt: skip  # one row, one line: a table


def sample(*shape, at=None, value=np.nan):
    """Random float32 with one number replaced."""
    numbers = floats(*shape)
    if at is not None:
        numbers[at] = value
    return numbers


def mse(h, predictions=STEP, targets=STEP):
    return h.module.mean_squared_error(predictions, targets)


def fit(h, model=None, inputs=None, targets=None, optimizer=None, **options):
    """fit on ten samples with one argument wrong."""
    model = h.module.SequenceRegressor(h.cell(), 2, seed=0) if model is None else model
    inputs = floats(10, T, D) if inputs is None else inputs
    targets = floats(10, 2) if targets is None else targets
    if optimizer is None:
        optimizer = scratch.SGD(0.1) if h is NUMPY else keras.optimizers.SGD(0.1)
    return h.module.fit(
        model, inputs, targets, optimizer, **{"steps": 3, "batch_size": 4, "seed": 0} | options
    )


TRAINING = [
    (TypeError, f"SequenceRegressor: cell must have {MEMBERS}, {{more}}; got NoneType without {MEMBERS}, {{more}}", lambda h: h.module.SequenceRegressor(None, 1)),
    (TypeError, f"SequenceRegressor: cell must have {MEMBERS}, {{more}}; got BasicRNNCell without {{lacking}}", lambda h: h.module.SequenceRegressor(other(h).cell(), 1)),
    (ValueError, f"SequenceRegressor: output_size must be {COUNT}; got 0", lambda h: h.module.SequenceRegressor(h.cell(), 0)),
    (TypeError, f"SequenceRegressor: seed must be {SEED}; got 'one'", lambda h: h.module.SequenceRegressor(h.cell(), 1, seed="one")),
    (ValueError, "{name}: inputs must be [B, T, D]; got shape (4, 3)", lambda h: h.module.SequenceRegressor(h.cell(), 1)(STEP)),
    (TypeError, "{name}: inputs must be {array} [B, T, D]; got a list", lambda h: h.module.SequenceRegressor(h.cell(), 1)(STEP.tolist())),
    (TypeError, "mean_squared_error: predictions must be an array [B, O]; got None", lambda h: mse(h, None)),
    (TypeError, "mean_squared_error: targets must be an array [B, O]; got a list", lambda h: mse(h, targets=STEP.tolist())),
    (ValueError, "mean_squared_error: targets must be of shape (4, 3); got (4,)", lambda h: mse(h, targets=floats(B))),
    (ValueError, "mean_squared_error: targets must be of shape (4, 3); got (4, 1)", lambda h: mse(h, targets=floats(B, 1))),
    (TypeError, "mean_squared_error: targets must be float32; got float64", lambda h: mse(h, targets=np.ones((B, D)))),
    (TypeError, "mean_squared_error: targets must be real numbers; got bool", lambda h: mse(h, targets=STEP > 0)),
    (TypeError, "mean_squared_error: predictions must be an array [B, O]; got a MaskedArray", lambda h: mse(h, np.ma.masked_less(STEP, 0))),
    (TypeError, "fit: inputs must be an array [N, ...]; got a str", lambda h: fit(h, inputs="data.csv")),
    (TypeError, "fit: inputs must be an array [N, ...]; got a list", lambda h: fit(h, inputs=floats(10, T, D).tolist())),
    (TypeError, "fit: inputs must be an array [N, ...]; got a MaskedArray", lambda h: fit(h, inputs=np.ma.masked_less(floats(10, T, D), 0))),
    (TypeError, "fit: targets must be an array [N, ...]; got a generator", lambda h: fit(h, targets=(n for n in range(10)))),
    (TypeError, "fit: inputs must be real numbers; got complex64", lambda h: fit(h, inputs=floats(10, T, D).astype("complex64"))),
    (TypeError, "fit: targets must be real numbers; got object", lambda h: fit(h, targets=floats(10, 2).astype(object))),
    (ValueError, "fit: inputs must be [N, ...] with N of at least 1; got shape (0, 2, 3)", lambda h: fit(h, inputs=floats(0, T, D))),
    (ValueError, "fit: targets must be [N, ...] with N=10; got shape (9, 2)", lambda h: fit(h, targets=floats(9, 2))),
    (ValueError, "fit: targets must be [N, ...] with N=10; got shape (11, 2)", lambda h: fit(h, targets=floats(11, 2))),  # one would never be used
    (ValueError, "fit: inputs must be finite; got nan at [3, 1, 2]", lambda h: fit(h, inputs=sample(10, T, D, at=(3, 1, 2)))),
    (ValueError, "fit: inputs must be finite; got inf at [0, 0, 0]", lambda h: fit(h, inputs=sample(10, T, D, at=(0, 0, 0), value=np.inf))),
    (ValueError, "fit: targets must be finite; got nan at [9, 0]", lambda h: fit(h, targets=sample(10, 2, at=(9, 0)))),
    (ValueError, "fit: targets must be finite; got -inf at [0, 1]", lambda h: fit(h, targets=sample(10, 2, at=(0, 1), value=-np.inf))),
    (ValueError, "mean_squared_error: targets must be of shape ({n}, 2); got ({n}, 3)", lambda h: fit(h, targets=floats(10, 3))),
    (ValueError, f"fit: steps must be {COUNT}; got 0", lambda h: fit(h, steps=0)),
    (TypeError, f"fit: steps must be {COUNT}; got 2.5", lambda h: fit(h, steps=2.5)),
    (ValueError, f"fit: batch_size must be {COUNT}; got -4", lambda h: fit(h, batch_size=-4)),
    (TypeError, f"fit: batch_size must be {COUNT}; got None", lambda h: fit(h, batch_size=None)),
    (TypeError, f"fit: seed must be {SEED}; got 'a'", lambda h: fit(h, seed="a")),
    (ValueError, f"fit: buffer must be {COUNT}; got 0", lambda h: fit(h, buffer=0)),
    (ValueError, f"fit: max_norm must be {POSITIVE}; got 0", lambda h: fit(h, max_norm=0)),
    (ValueError, f"fit: max_norm must be {POSITIVE}; got -1.0", lambda h: fit(h, max_norm=-1.0)),
    (ValueError, f"fit: max_norm must be {POSITIVE}; got nan", lambda h: fit(h, max_norm=float("nan"))),
    (TypeError, f"fit: max_norm must be {POSITIVE}; got '1'", lambda h: fit(h, max_norm="1")),
]  # fmt: skip
DECODE = [
    (ValueError, "greedy_decode: start_token must be at most 2147483647; got 2147483648", lambda h: h.module.greedy_decode(lambda *step: step, STATE, 2**31, 0, 3)),
    (TypeError, "greedy_decode: logits must be real numbers; got bool", lambda h: h.module.greedy_decode(lambda _, state: (h.zeros((B, H)) > 0, state), h.zeros((B, H)), 1, 0, 3)),
    (TypeError, "beam_decode: logits must be real numbers; got bool", lambda h: h.module.beam_decode(lambda _, state: (h.zeros((B, H)) > 0, state), h.zeros((B, H)), 1, 0, 3, 1)),
]  # fmt: skip


def filled(half, text):
    words = {"array": half.array, "library": half.library, "name": half.name, "two": TWO[half.library]}
    words["n"] = "4" if half is NUMPY else "1"  # TensorFlow tries one sample before it compiles
    words |= {"more": MORE[half.library], "lacking": LACKING[half.library]}
    return re.sub(r"\{(\w+)\}", lambda word: words[word[1]], text)


COVERED["scratch"].add(TWO["NumPy"])
COVERED["tf"].add(TWO["TensorFlow"])


@either_half
@rows(WRAPPERS + TRAINING + DECODE, "scratch", "tf")
def test_a_wrong_call_of_a_wrapper_or_of_training_says_what_was_expected_and_what_came(
    half, kind, text, call
):
    with raises(kind, filled(half, text)):
        call(half)


CELL = scratch.BasicRNNCell(H, num_inputs=D, dtype="float32", seed=0)
OUTPUTS, _, TAPE = scratch.forward_through_time(CELL, X)
W = np.array([1.0, 2.0])
BACK = "state_size, output_size, zero_state, __call__, dtype, weights, build, forward, backward"


def through_time(tape=TAPE, d_outputs=OUTPUTS, d_state=None, **options):
    return scratch.backward_through_time(CELL, tape, d_outputs, d_state, **options)


def through_wrapper(wrap, *wrong):
    """The backward step of a wrapper, with the last arguments wrong."""
    cell = wrap(scratch.BasicRNNCell(H, num_inputs=D, dtype="float32", seed=0))
    output, state, tape = cell.forward(STEP, cell.zero_state(B))
    return cell.backward(*(tape, output, state)[: 3 - len(wrong)], *wrong)


def multi(cell):
    return scratch.MultiRNNCell([cell])


def check(loss=lambda: float((W**2).sum()), parameters=None, gradients=None, **options):
    parameters = {"w": W} if parameters is None else parameters
    return gradient_check(loss, parameters, {"w": 2 * W} if gradients is None else gradients, **options)


def move(optimizer, parameters=None, gradients=None):
    optimizer.step(
        {"w": np.ones(2)} if parameters is None else parameters, {"w": W} if gradients is None else gradients
    )


RATE = "at least 0 and finite"
SHARE = "at least 0 and below 1"
ONLY_NUMPY = [
    (ValueError, "BasicLSTMCell: state must be structured like state_size LSTMStateTuple(c=5, h=5); got tuple(shape (4, 5), shape (4, 5))", lambda: lstm(NUMPY)(STEP, (STATE, STATE))),
    (TypeError, f"forward_through_time: cell must have {BACK}; got NoneType without {BACK}", lambda: scratch.forward_through_time(None, X)),
    (TypeError, f"forward_through_time: cell must have {BACK}; got CountingCell without dtype, weights, build, forward, backward", lambda: scratch.forward_through_time(CountingCell(np.zeros), X)),
    (TypeError, f"forward_through_time: cell must have {BACK}; got BasicRNNCell without weights, forward, backward", lambda: scratch.forward_through_time(TENSORFLOW.cell(), X)),
    (TypeError, f"backward_through_time: cell must have {BACK}; got ndarray without {BACK.replace('dtype, ', '')}", lambda: scratch.backward_through_time(X, TAPE, OUTPUTS)),
    (TypeError, "backward_through_time: tape must be the tape of forward_through_time; got None", lambda: through_time(None)),
    (TypeError, "backward_through_time: tape must be the tape of forward_through_time; got a list", lambda: through_time(TAPE.steps)),
    (TypeError, "backward_through_time: d_outputs must be a NumPy array [B, T, O]; got None", lambda: through_time(d_outputs=None)),
    (ValueError, "backward_through_time: d_outputs must be [B, T, O] with B=4; got shape (2, 4, 5)", lambda: through_time(d_outputs=OUTPUTS.swapaxes(0, 1))),
    (TypeError, "backward_through_time: d_outputs must be float32; got float64", lambda: through_time(d_outputs=OUTPUTS.astype(float))),
    (TypeError, "backward_through_time: d_state must be a NumPy array [B, H]; got a str", lambda: through_time(d_state="zeros")),
    (ValueError, "backward_through_time: d_state must be structured like state_size 5; got list(shape (4, 5))", lambda: through_time(d_state=[STATE])),
    (ValueError, f"backward_through_time: truncate must be {COUNT}; got 0", lambda: through_time(truncate=0)),
    (TypeError, f"backward_through_time: truncate must be {COUNT}; got 2.0", lambda: through_time(truncate=2.0)),
    (TypeError, "MultiRNNCell.backward: tape must be the tape of forward; got None", lambda: through_wrapper(multi, None, STATE, (STATE,))),
    (ValueError, "MultiRNNCell.backward: d_new_state must be structured like state_size (5,); got shape (4, 5)", lambda: through_wrapper(multi, STATE)),
    (TypeError, "DropoutWrapper.backward: tape must be the tape of forward; got a tuple", lambda: through_wrapper(scratch.DropoutWrapper, (), STATE, STATE)),
    (TypeError, "DropoutWrapper.backward: d_output must be a NumPy array [B, H]; got an int", lambda: through_wrapper(scratch.DropoutWrapper, 5, STATE)),  # would broadcast
    (ValueError, "DropoutWrapper.backward: d_new_state must be [B, H] with B=4; got shape (1, 5)", lambda: through_wrapper(scratch.DropoutWrapper, STATE[:1])),
    (TypeError, "DropoutWrapper: enabled must be True or False; got 'no'", lambda: (lambda cell: (setattr(cell, "enabled", "no"), cell(STEP, STATE)))(drop(NUMPY))),
    (TypeError, "BasicRNNCell: activation must be an Activation such as rnnbook.scratch.tanh; got Activation(function=<ufunc 'tanh'>, derivative=None)", lambda: scratch.BasicRNNCell(H, scratch.Activation(np.tanh, None))),
    (ValueError, "BasicRNNCell: result of activation must be of shape (4, 5); got None", lambda: scratch.BasicRNNCell(H, scratch.Activation(lambda a: None, np.ones_like), dtype="float32")(STEP, STATE)),
    (ValueError, "BasicRNNCell: result of activation must be of shape (4, 5); got shape (5,)", lambda: scratch.BasicRNNCell(H, scratch.Activation(lambda a: a.sum(axis=0), np.ones_like), dtype="float32")(STEP, STATE)),
    (TypeError, "BasicRNNCell: state must be a NumPy array [B, H]; got an EagerTensor", lambda: NUMPY.cell()(STEP, tf.constant(STATE))),  # its gradient would be lost
    (TypeError, "unroll: initial_state must be a NumPy array [B, H]; got an EagerTensor", lambda: scratch.unroll(CELL, X, None, tf.constant(STATE))),
    (TypeError, "unroll: zero_state of the cell must be a NumPy array [B, H]; got an EagerTensor", lambda: scratch.unroll(TENSORFLOW.cell(), X)),
    (TypeError, "gradient_check: loss must be a function without arguments; got 5.0", lambda: check(5.0)),
    (TypeError, "gradient_check: the loss must be a finite number; got None", lambda: check(lambda: None)),
    (ValueError, "gradient_check: the loss must be a finite number; got nan", lambda: check(lambda: float("nan"))),
    (ValueError, f"gradient_check: step must be {POSITIVE}; got 0", lambda: check(step=0)),
    (ValueError, f"gradient_check: step must be {POSITIVE}; got nan", lambda: check(step=float("nan"))),
    (TypeError, "gradient_check: parameters must be a dictionary of arrays by name; got an ndarray", lambda: check(parameters=W)),
    (TypeError, "gradient_check: gradients must be a dictionary of arrays by name; got a list", lambda: check(gradients=[W])),
    (ValueError, "gradient_check: gradients must be named ['w']; got ['b', 'w']", lambda: check(gradients={"w": W, "b": W})),
    (TypeError, "gradient_check: w must be float64; got float32", lambda: check(parameters={"w": W.astype("float32")})),
    (TypeError, "gradient_check: w must be of a floating dtype; got int64", lambda: check(parameters={"w": np.arange(2)})),
    (TypeError, "gradient_check: w must be a NumPy array; got an EagerTensor", lambda: check(parameters={"w": tf.constant(W)})),
    (ValueError, "gradient_check: the gradient of w must be of shape (2,); got (1,)", lambda: check(gradients={"w": W[:1]})),
    (ValueError, "gradient_check: the gradient of w must be finite; got nan at [1]", lambda: check(gradients={"w": np.array([2.0, np.nan])})),
    (ValueError, f"clip_by_global_norm: max_norm must be {POSITIVE}; got 0", lambda: scratch.clip_by_global_norm({"w": W}, 0)),
    (ValueError, f"clip_by_global_norm: max_norm must be {POSITIVE}; got inf", lambda: scratch.clip_by_global_norm({"w": W}, np.inf)),
    (TypeError, f"clip_by_global_norm: max_norm must be {POSITIVE}; got None", lambda: scratch.clip_by_global_norm({"w": W}, None)),
    (TypeError, "clip_by_global_norm: parameters must be a dictionary of arrays by name; got a list", lambda: scratch.clip_by_global_norm([W], 1.0)),
    (TypeError, "clip_by_global_norm: w must be a NumPy array; got None", lambda: scratch.clip_by_global_norm({"w": None}, 1.0)),
    (ValueError, "clip_by_global_norm: the norm of the gradients must be finite; got nan", lambda: scratch.clip_by_global_norm({"w": W * np.nan}, 1.0)),
    (ValueError, "clip_by_global_norm: the norm of the gradients must be finite; got inf", lambda: scratch.clip_by_global_norm({"w": np.array([np.inf])}, 1.0)),
    (ValueError, f"SGD: learning_rate must be {RATE}; got nan", lambda: scratch.SGD(float("nan"))),
    (ValueError, f"SGD: learning_rate must be {RATE}; got -0.1", lambda: scratch.SGD(-0.1)),
    (TypeError, f"SGD: learning_rate must be {RATE}; got '0.1'", lambda: scratch.SGD("0.1")),
    (TypeError, f"SGD: learning_rate must be {RATE}; got None", lambda: scratch.SGD(None)),
    (ValueError, f"Adagrad: learning_rate must be {RATE}; got inf", lambda: scratch.Adagrad(np.inf)),
    (ValueError, f"Adagrad: initial_accumulator must be {POSITIVE}; got 0.0", lambda: scratch.Adagrad(0.1, 0.0)),  # 0 / 0 at a zero gradient
    (TypeError, f"Adagrad: initial_accumulator must be {POSITIVE}; got None", lambda: scratch.Adagrad(0.1, None)),
    (TypeError, f"Adam: learning_rate must be {RATE}; got True", lambda: scratch.Adam(True)),
    (ValueError, f"Adam: beta_1 must be {SHARE}; got 1.0", lambda: scratch.Adam(0.1, 1.0)),
    (ValueError, f"Adam: beta_2 must be {SHARE}; got -0.5", lambda: scratch.Adam(0.1, 0.9, -0.5)),
    (TypeError, f"Adam: beta_2 must be {SHARE}; got '0.9'", lambda: scratch.Adam(0.1, 0.9, "0.9")),
    (ValueError, f"Adam: epsilon must be {POSITIVE}; got 0", lambda: scratch.Adam(epsilon=0)),
    (ValueError, "SGD.step: gradients must be named ['w']; got []", lambda: move(scratch.SGD(), gradients={})),
    (ValueError, "SGD.step: the gradient of w must be of shape (2,); got (1,)", lambda: move(scratch.SGD(), gradients={"w": W[:1]})),  # would broadcast
    (TypeError, "SGD.step: the gradient of w must be a NumPy array; got a float", lambda: move(scratch.SGD(), gradients={"w": 0.1})),
    (TypeError, "SGD.step: w must be of a floating dtype; got int64", lambda: move(scratch.SGD(), {"w": np.arange(2)})),
    (TypeError, "Adagrad.step: gradients must be a dictionary of arrays by name; got an ndarray", lambda: move(scratch.Adagrad(), gradients=W)),
    (TypeError, "Adagrad.step: w must be a NumPy array; got a list", lambda: move(scratch.Adagrad(), {"w": [1.0, 2.0]})),  # += would append to a copy
    (TypeError, "Adam.step: parameters must be a dictionary of arrays by name; got a set", lambda: move(scratch.Adam(), {"w"})),
    (TypeError, "Adam.step: the gradient of w must be of a floating dtype; got complex128", lambda: move(scratch.Adam(), gradients={"w": W + 1j})),
    (TypeError, "fit: model must be an object with a method loss_and_gradients; got a BasicRNNCell", lambda: fit(NUMPY, CELL)),
    (TypeError, "fit: model must be an object with a method loss_and_gradients; got the class SequenceRegressor", lambda: fit(NUMPY, scratch.SequenceRegressor)),
    (TypeError, "fit: optimizer must be an object with a method step; got a str", lambda: fit(NUMPY, optimizer="adam")),
    (TypeError, "fit: optimizer must be an object with a method step; got the class Adam", lambda: fit(NUMPY, optimizer=scratch.Adam)),
    (TypeError, "fit: optimizer must be an object with a method step; got a SGD", lambda: fit(NUMPY, optimizer=keras.optimizers.SGD())),  # of the other half
    (TypeError, "fit: inputs must be an array [N, ...]; got an EagerTensor", lambda: fit(NUMPY, inputs=tf.zeros((10, T, D)))),
    (TypeError, "attend: query must be a NumPy array [B, S, H]; got None", lambda: scratch.attend(None, X)),
]  # fmt: skip


@rows(ONLY_NUMPY, "scratch")
def test_a_wrong_call_of_what_only_numpy_has_says_so_too(kind, text, call):
    with raises(kind, text):
        call()


class Doubles(tf.Module):
    """A model without a variable."""

    def __call__(self, inputs):
        return 2 * inputs[:, 0, :2]


def keras_layer(kind="GRU", units=H, **options):
    """A built Keras layer."""
    options = ({"reset_after": False} if kind == "GRU" else {}) | options
    layer = getattr(keras.layers, kind)(units, **options)
    layer.build((None, None, D))
    return layer


LSTM = rnn.LSTMCell(H, num_proj=2, num_inputs=D)
PEEPHOLES = rnn.LSTMCell(H, use_peepholes=True, num_inputs=D)
GRU = rnn.GRUCell(H, num_inputs=D)


def one_row(values):
    """What a function of the user's may make of all rows by mistake."""
    return tf.reduce_mean(values, axis=0, keepdims=True)


DRAWS = "a function of shape and dtype such as tf.compat.v1.orthogonal_initializer()"
TUPLE = "True: a state is the tuple (c, h), and tf.concat(state, axis=1) makes one array of it"
RNN_KINDS = "a BasicRNNCell, BasicLSTMCell, LSTMCell or GRUCell"
LAYERS = "a SimpleRNN, LSTM or GRU"
LEAVE = "options that leave the step as it is"


class Adds(rnn.RNNCell):
    """A cell of one's own, whose sum would be broadcast."""

    state_size = output_size = H

    def call(self, inputs, state):
        return state + inputs[:, :1], state + inputs[:, :1]


ONLY_TENSORFLOW = [
    (TypeError, "dynamic_rnn: inputs must be float32; got float64", lambda: rnn.SequenceRegressor(rnn.GRUCell(H), 2)(X.astype("float64"))),  # the cell would take them
    (ValueError, f"BasicLSTMCell: state_is_tuple must be {TUPLE}; got False", lambda: rnn.BasicLSTMCell(H, 1.0, False)),
    (ValueError, f"LSTMCell: state_is_tuple must be {TUPLE}; got False", lambda: rnn.LSTMCell(H, state_is_tuple=False)),
    (ValueError, f"MultiRNNCell: state_is_tuple must be {TUPLE}; got False", lambda: rnn.MultiRNNCell([GRU], state_is_tuple=False)),
    (ValueError, "BasicLSTMCell: state must be structured like state_size LSTMStateTuple(c=5, h=5); got tuple(shape (4, 5), shape (4, 5), shape (4, 5))", lambda: rnn.BasicLSTMCell(H)(STEP, (STATE, STATE, STATE))),
    (TypeError, "LSTMCell: activation must be a function such as tf.tanh; got 'tahn'", lambda: rnn.LSTMCell(H, activation="tahn")),
    (ValueError, "LSTMCell: result of activation must be [B, H] with B=4; got shape (1, 5)", lambda: rnn.LSTMCell(H, activation=one_row)(STEP, (STATE, STATE))),  # would be broadcast
    (TypeError, "OutputProjectionWrapper: activation must be a function from tensor to tensor such as tf.tanh; got one that returns an ndarray", lambda: rnn.OutputProjectionWrapper(GRU, 2, np.tanh)(STEP, STATE)),
    (ValueError, "InputProjectionWrapper: result of activation must be [B, H] with H=2; got shape (4, 1)", lambda: rnn.InputProjectionWrapper(rnn.GRUCell(H), 2, lambda a: a[:, :1])(STEP, STATE)),
    (TypeError, "ResidualWrapper: residual_fn must be a function from tensor to tensor such as tf.tanh; got one that returns an ndarray", lambda: rnn.ResidualWrapper(GRU, lambda i, o: o.numpy())(STEP, STATE)),
    (ValueError, "ResidualWrapper: result of residual_fn must be [B, O] with B=4; got shape (1, 5)", lambda: rnn.ResidualWrapper(GRU, lambda i, o: one_row(o))(STEP, STATE)),
    (TypeError, "GRUCell: activation must be a function from tensor to tensor such as tf.tanh; got one that returns an ndarray", lambda: rnn.GRUCell(H, np.tanh)(STEP, STATE)),
    (TypeError, f"GRUCell: kernel_initializer must be {DRAWS}; got 'orthogonal'", lambda: rnn.GRUCell(H, kernel_initializer="orthogonal")),
    (TypeError, f"GRUCell: bias_initializer must be {DRAWS}; got 0.1", lambda: rnn.GRUCell(H, bias_initializer=0.1)),
    (TypeError, f"LSTMCell: initializer must be {DRAWS}; got array([1.])", lambda: rnn.LSTMCell(H, initializer=np.ones(1))),
    (TypeError, "GRUCell: inputs must be of a floating dtype; got int64", lambda: rnn.GRUCell(H)(STEP.astype(int), STATE)),
    (ValueError, f"LSTMCell: cell_clip must be {POSITIVE}; got -1.0", lambda: rnn.LSTMCell(H, cell_clip=-1.0)),
    (TypeError, f"LSTMCell: proj_clip must be {POSITIVE}; got '1'", lambda: rnn.LSTMCell(H, num_proj=2, proj_clip="1")),
    (ValueError, f"DropoutWrapper: output_keep_prob must be {KEPT}; got 1.5", lambda: drop(TENSORFLOW, output_keep_prob=tf.constant(1.5))),
    (TypeError, "DropoutWrapper: input_keep_prob must be of a floating dtype; got int32", lambda: drop(TENSORFLOW, input_keep_prob=tf.constant(1))),
    (TypeError, "DropoutWrapper: dropout_state_filter_visitor must be a function from a state to a choice; got 3", lambda: drop(TENSORFLOW, dropout_state_filter_visitor=3)),
    (TypeError, "ResidualWrapper: residual_fn must be a function of inputs and output; got 'add'", lambda: rnn.ResidualWrapper(GRU, "add")),
    (TypeError, "OutputProjectionWrapper: activation must be a function such as tf.tanh; got 5", lambda: rnn.OutputProjectionWrapper(GRU, 2, 5)),
    (ValueError, f"InputProjectionWrapper: num_proj must be {COUNT}; got 0", lambda: rnn.InputProjectionWrapper(GRU, 0)),
    (ValueError, "GRUCell: inputs must be [B, D] with D=3; got shape (4, 2)", lambda: rnn.InputProjectionWrapper(GRU, 2)(STEP, STATE)),
    (TypeError, "RNNCell: call must be defined by the class that inherits; got none", lambda: rnn.RNNCell()(STEP, STATE)),
    (ValueError, "Adds: state must be [B, H] with B=4; got shape (1, 5)", lambda: Adds()(STEP, STATE[:1])),
    (ValueError, "Adds: state must be [B, H] with H=5; got shape (4, 3)", lambda: Adds()(STEP, STEP)),
    (ValueError, "to_keras: cell must be without peepholes, projection and clips; got a cell with them", lambda: rnn.to_keras(rnn.LSTMCell(H, cell_clip=1.0, num_inputs=D))),
    (ValueError, "static_bidirectional_rnn: cell_bw must be another cell than cell_fw; got the same object", lambda: rnn.static_bidirectional_rnn(GRU, GRU, [STEP])),
    (ValueError, f"stack_bidirectional_dynamic_rnn: cells must be {TWICE}", lambda: rnn.stack_bidirectional_dynamic_rnn([GRU], [GRU], X)),
    (ValueError, "stack_bidirectional_dynamic_rnn: cells_bw must be one for each of 2 layers; got 1", lambda: rnn.stack_bidirectional_dynamic_rnn([GRU, rnn.GRUCell(H)], [rnn.GRUCell(H)], X)),
    (ValueError, "stack_bidirectional_dynamic_rnn: initial_states_bw must be one for each of 1 layers; got 0", lambda: rnn.stack_bidirectional_dynamic_rnn([GRU], [rnn.GRUCell(H)], X, None, [])),
    (ValueError, "sequence_loss: logits must be [B, T, V]; got shape (4, 3)", lambda: rnn.sequence_loss(STEP, [[0]], [[1.0]])),
    (ValueError, "sequence_loss: targets must be [B, T] with T=2; got shape (4, 3)", lambda: rnn.sequence_loss(X, np.zeros((B, D), int), np.ones((B, T), "float32"))),
    (ValueError, "sequence_loss: weights must be [B, T] with B=4; got shape (2, 2)", lambda: rnn.sequence_loss(X, np.zeros((B, T), int), np.ones((2, T), "float32"))),
    (TypeError, "sequence_loss: weights must be float32; got float64", lambda: rnn.sequence_loss(X, np.zeros((B, T), int), np.ones((B, T)))),
    (ValueError, "sequence_loss: sum_over_batch must be False where average_across_batch is True; got True", lambda: rnn.sequence_loss(X, np.zeros((B, T), int), np.ones((B, T), "float32"), sum_over_batch=True)),
    (ValueError, "sequence_loss: result of softmax_loss_function must be [N]; got shape ()", lambda: rnn.sequence_loss(X, np.zeros((B, T), int), np.ones((B, T), "float32"), softmax_loss_function=lambda labels, logits: tf.reduce_sum(logits))),
    (TypeError, "LSTMCell: use_peepholes must be True or False; got 'no'", lambda: rnn.LSTMCell(H, "no")),
    (TypeError, "LSTMCell: use_peepholes must be True or False; got 2", lambda: rnn.LSTMCell(H, 2)),  # num_proj in its place
    (ValueError, f"LSTMCell: num_proj must be {COUNT}; got 0", lambda: rnn.LSTMCell(H, num_proj=0)),
    (TypeError, f"LSTMCell: num_proj must be {COUNT}; got 2.0", lambda: rnn.LSTMCell(H, num_proj=2.0)),
    (ValueError, "LSTMCell: forget_bias must be a finite number; got inf", lambda: rnn.LSTMCell(H, forget_bias=np.inf)),
    (ValueError, "LSTMCell: state must be [B, H] with H=2; got shape (4, 5)", lambda: LSTM(STEP, LSTMStateTuple(STATE, STATE))),
    (TypeError, "DropoutWrapper: enabled must be switched by enabled.assign(...); got enabled = False", lambda: setattr(drop(TENSORFLOW), "enabled", False)),  # compiled functions would not see it
    (TypeError, f"ResidualWrapper: cell must have {MEMBERS}, dtype, trainable_variables; got int without {MEMBERS}, dtype, trainable_variables", lambda: rnn.ResidualWrapper(5)),
    (TypeError, "ResidualWrapper: cell must be a cell; got the class GRUCell: call it first", lambda: rnn.ResidualWrapper(rnn.GRUCell)),
    (ValueError, "ResidualWrapper: inputs must be [B, D] with D=5; got shape (4, 3)", lambda: rnn.ResidualWrapper(GRU)(STEP, STATE)),
    (ValueError, f"OutputProjectionWrapper: output_size must be {COUNT}; got 0", lambda: rnn.OutputProjectionWrapper(GRU, 0)),
    (TypeError, f"OutputProjectionWrapper: output_size must be {COUNT}; got None", lambda: rnn.OutputProjectionWrapper(GRU, None)),
    (ValueError, f"OutputProjectionWrapper: seed must be {SEED}; got -1", lambda: rnn.OutputProjectionWrapper(GRU, 2, seed=-1)),
    (TypeError, f"OutputProjectionWrapper: cell must have {MEMBERS}, dtype, trainable_variables; got BasicRNNCell without trainable_variables", lambda: rnn.OutputProjectionWrapper(CELL, 2)),
    (TypeError, "GRUCell: inputs must be an array [B, D]; got a SparseTensor", lambda: GRU(tf.sparse.from_dense(STEP), STATE)),
    (TypeError, "GRUCell: inputs must be an array [B, D]; got a KerasTensor", lambda: GRU(keras.Input((D,), B), STATE)),
    (ValueError, "BasicRNNCell: result of activation must be [B, H]; got shape ()", lambda: TENSORFLOW.cell(activation=tf.reduce_sum)(STEP, STATE)),
    (TypeError, f"GRUCell.zero_state: batch_size must be {COUNT}; got <tf.Tensor: shape=(), dtype=float32, numpy=4.0>", lambda: GRU.zero_state(tf.constant(4.0))),
    (TypeError, "BasicRNNCell.zero_state: dtype must be a floating dtype of NumPy; got tf.float32", lambda: rnn.static_rnn(CELL, [STEP])),  # a cell of the other half
    (TypeError, "dynamic_rnn: swap_memory must be True or False; got 'no'", lambda: rnn.dynamic_rnn(TENSORFLOW.cell(), X, swap_memory="no")),
    (TypeError, "dynamic_rnn: dtype must be a floating dtype of TensorFlow; got 1", lambda: rnn.dynamic_rnn(TENSORFLOW.cell(), X, dtype=1)),
    (TypeError, "fit: model must be a tf.Module from inputs to predictions; got None", lambda: rnn.fit(None, X, X, keras.optimizers.SGD(), steps=1)),
    (TypeError, "fit: model must be a tf.Module from inputs to predictions; got a Module", lambda: fit(TENSORFLOW, tf.Module())),  # cannot be called
    (TypeError, "fit: model must be a tf.Module from inputs to predictions; got the class SequenceRegressor", lambda: fit(TENSORFLOW, rnn.SequenceRegressor)),
    (TypeError, "fit: model must be a tf.Module from inputs to predictions; got a function", lambda: fit(TENSORFLOW, lambda inputs: inputs)),
    (ValueError, "fit: model must be a tf.Module with variables to train; got one without any", lambda: fit(TENSORFLOW, Doubles())),
    (TypeError, "fit: optimizer must be an optimizer of Keras such as keras.optimizers.Adam(); got a str", lambda: fit(TENSORFLOW, optimizer="adam")),
    (TypeError, "fit: optimizer must be an optimizer of Keras such as keras.optimizers.Adam(); got the class Adam", lambda: fit(TENSORFLOW, optimizer=keras.optimizers.Adam)),
    (TypeError, "fit: optimizer must be an optimizer of Keras such as keras.optimizers.Adam(); got an Adam", lambda: fit(TENSORFLOW, optimizer=scratch.Adam())),  # of the other half
    (TypeError, "fit: loss must be a function of predictions and targets; got a str", lambda: fit(TENSORFLOW, loss="mse")),
    (ValueError, "fit: loss must be one that returns a scalar tensor; got shape (1, 2)", lambda: fit(TENSORFLOW, loss=lambda predictions, targets: predictions - targets)),
    (ValueError, "fit: loss must be one that returns a scalar tensor; got None", lambda: fit(TENSORFLOW, loss=lambda predictions, targets: None)),
    (TypeError, "fit: result of loss must be float32; got float64", lambda: fit(TENSORFLOW, loss=lambda predictions, targets: tf.constant(1.0, "float64"))),
    (TypeError, "fit: inputs must be an array [N, ...]; got a RaggedTensor", lambda: fit(TENSORFLOW, inputs=tf.ragged.constant([[1.0], [1.0, 2.0]]))),
    (TypeError, f"to_keras: cell must be {RNN_KINDS}; got a NoneType", lambda: rnn.to_keras(None)),
    (TypeError, f"to_keras: cell must be {RNN_KINDS}; got a MultiRNNCell", lambda: rnn.to_keras(stack(TENSORFLOW, [TENSORFLOW.cell()]))),
    (TypeError, f"to_keras: cell must be {RNN_KINDS}; got a BasicRNNCell", lambda: rnn.to_keras(CELL)),  # of the other half
    (ValueError, "to_keras: cell must be built: give it num_inputs or call it once; got a cell without weights", lambda: rnn.to_keras(rnn.GRUCell(H))),
    (ValueError, "to_keras: cell must be without peepholes, projection and clips; got a cell with them", lambda: rnn.to_keras(LSTM)),
    (ValueError, "to_keras: cell must be without peepholes, projection and clips; got a cell with them", lambda: rnn.to_keras(PEEPHOLES)),
    (ValueError, f"to_keras: options must be {LEAVE}; got activation", lambda: rnn.to_keras(GRU, activation="relu")),  # would compute another step
    (ValueError, f"to_keras: options must be {LEAVE}; got dtype, use_bias", lambda: rnn.to_keras(GRU, use_bias=False, dtype="float16")),
    (ValueError, f"to_keras: options must be {LEAVE}; got dropout, recurrent_dropout", lambda: rnn.to_keras(GRU, dropout=0.5, recurrent_dropout=0.5)),
    (TypeError, f"from_keras: layer must be {LAYERS}; got a NoneType", lambda: rnn.from_keras(None)),
    (TypeError, f"from_keras: layer must be {LAYERS}; got a Dense", lambda: rnn.from_keras(keras.layers.Dense(2))),
    (TypeError, f"from_keras: layer must be {LAYERS}; got a GRUCell", lambda: rnn.from_keras(GRU)),  # ours
    (ValueError, "from_keras: layer must be built: call it once; got a layer without weights", lambda: rnn.from_keras(keras.layers.LSTM(H))),
    (ValueError, "from_keras: layer must be with a bias; got use_bias=False", lambda: rnn.from_keras(keras_layer(use_bias=False))),
    (ValueError, "from_keras: layer must be with activations tanh and sigmoid; got ['relu', 'sigmoid']", lambda: rnn.from_keras(keras_layer("LSTM", activation="relu"))),
    (ValueError, "from_keras: layer must be a GRU with reset_after=False; got reset_after=True", lambda: rnn.from_keras(keras_layer(reset_after=True))),
    (ValueError, "from_keras: layer must be without dropout; put a DropoutWrapper around the cell; got dropout=0.5, recurrent_dropout=0.0", lambda: rnn.from_keras(keras_layer("LSTM", dropout=0.5))),
    (TypeError, "attend: query must be an array [B, S, H]; got None", lambda: rnn.attend(None, X)),
    (TypeError, "load_tf1_checkpoint: path must be the prefix of a checkpoint such as 'model.ckpt-1000', or its folder; got None", lambda: rnn.load_tf1_checkpoint(None, GRU)),
]  # fmt: skip


@rows(ONLY_TENSORFLOW, "tf")
def test_a_wrong_call_of_what_only_tensorflow_has_says_so_too(kind, text, call):
    with raises(kind, text):
        call()


@either_half
def test_nan_logits_end_the_decoding_with_the_step_and_the_row(half):
    logits = floats(B, H) + 9 * np.eye(H, dtype="float32")[1]  # token 1, never the end
    logits[2, 3] = np.nan

    def step(tokens, state):
        return (logits if half is NUMPY else tf.constant(logits)), state

    kind = ValueError if half is NUMPY else tf.errors.InvalidArgumentError
    with pytest.raises(kind, match=r"greedy_decode: logits.* must be numbers; got nan"):
        half.module.greedy_decode(step, half.zeros((B, 1)), 1, 0, 3)


@either_half
@pytest.mark.parametrize("bad", [[0.0, np.nan], [np.inf, 0.0], [-np.inf, -np.inf]])
def test_logits_without_a_softmax_end_a_beam_search_with_the_step_and_the_row(half, bad):
    def step(tokens, state):  # the rows of row 1 go bad at the second step
        where, good = np.array, [0.0, 9.0]
        if half is NUMPY:
            return np.where((state > 0) & (state < 9), where([bad]), where([good])), state + 1
        return tf.where((state > 0) & (state < 9), [bad], tf.constant([good])), state + 1

    state = half.zeros((3, 1)) + np.array([[20], [0], [20]], "float32")
    kind = ValueError if half is NUMPY else tf.errors.InvalidArgumentError
    words = r"beam_decode: logits.* must be numbers with a softmax; got none.* row.*1"
    with pytest.raises(kind, match=words):
        half.module.beam_decode(step, state, 1, 0, 3, width=2)


@either_half
@pytest.mark.parametrize("bad", [[0.0, np.nan], [np.inf, 0.0], [-np.inf, -np.inf]])
@pytest.mark.parametrize("options", [{}, {"top_k": 1, "top_p": 0.5}], ids=str)
def test_logits_without_a_softmax_end_sampling_with_the_step_and_the_row(half, bad, options):
    where, state = (np if half is NUMPY else tf).where, np.array([[20.0], [0.0], [-20.0]])

    def step(tokens, state):  # row 1 goes bad at the second step, row 2 has ended before it does
        good = where(state < 0, [[9000.0, 0.0]], [[0.0, 9000.0]])
        return where(abs(abs(state) - 10) == 9, [bad], good), state + 1

    kind = ValueError if half is NUMPY else tf.errors.InvalidArgumentError
    with pytest.raises(
        kind, match=r"sample_decode: logits.* must be numbers with a softmax; got none.* row.*1"
    ):
        half.module.sample_decode(step, state if half is NUMPY else tf.constant(state), 1, 0, 3, **options)


@either_half
def test_nan_logits_of_a_row_that_has_ended_do_not_count(half):
    def step(tokens, state):  # row 0 ends at once; from then on its logits are NaN
        first = [9.0, 0.0] if half is TENSORFLOW or not state[0, 0] else [np.nan, 0.0]
        logits = np.array([first, [0.0, 9.0]])
        if half is NUMPY:
            return logits, state + 1
        return tf.where(tf.constant([[True], [False]]) & (state > 0), np.nan, logits), state + 1

    tokens, lengths = half.module.greedy_decode(step, half.zeros((2, 1)), 1, 0, 3)
    np.testing.assert_array_equal(tokens, [[0, 0, 0], [1, 1, 1]])
    np.testing.assert_array_equal(lengths, [0, 3])


def test_gradient_check_puts_every_number_back_when_the_loss_fails():
    w = np.array([1.0, 2.0])
    with pytest.raises(ZeroDivisionError):
        gradient_check(lambda: 1 / 0, {"w": w}, {"w": w})
    np.testing.assert_array_equal(w, [1.0, 2.0])


@either_half
def test_weights_that_break_in_the_last_step_are_named_though_every_loss_was_finite(half):
    rate = 3e38  # a finite rate whose step is not
    optimizer = scratch.SGD(rate) if half is NUMPY else keras.optimizers.SGD(rate)
    with (
        np.errstate(over="ignore", invalid="ignore"),
        pytest.raises(ValueError, match=r"fit: .+ after the last step must be finite"),
    ):
        fit(half, optimizer=optimizer, targets=100 * floats(10, 2), steps=1)


GATED = [scratch.BasicLSTMCell, scratch.GRUCell, scratch.MinGRUCell]


@pytest.mark.parametrize("make", GATED, ids=lambda make: make.__name__)
def test_backward_of_a_gated_cell_refuses_another_tape(make):
    cell = make(H, num_inputs=D, seed=0)
    state = cell.zero_state(B)
    with raises(TypeError, f"{make.__name__}.backward: tape must be the tape of forward; got None"):
        cell.backward(None, normal(B, H), state)


def test_an_activation_that_changes_the_dtype_is_refused():
    half_as_long = scratch.Activation(lambda a: np.tanh(a).astype("float32"), np.ones_like)
    cell = scratch.BasicRNNCell(H, half_as_long, num_inputs=D, seed=0)
    with raises(TypeError, "BasicRNNCell: result of activation must be float64; got float32"):
        cell(normal(B, D), normal(B, H))


def test_reversing_refuses_an_array_of_another_rank():
    with raises(ValueError, "reverse_sequence: values must be [B, T, D]; got shape (4, 2)"):
        reverse_sequence(normal(B, T))
    with raises(ValueError, "reverse_sequence: values must be [T, B, D]; got shape (2, 4)"):
        reverse_sequence(normal(T, B), time_major=True)


def test_a_stack_refuses_gradients_that_are_no_array():
    stack = scratch.MultiRNNCell([scratch.BasicRNNCell(H, num_inputs=D, seed=0)])
    state = stack.zero_state(B)
    _, _, tape = stack.forward(normal(B, D), state)
    with raises(TypeError, "MultiRNNCell.backward: d_output must be a NumPy array [B, H]; got None"):
        stack.backward(tape, None, state)
