"""Wrong calls of cells, decoders, last_output and the data functions, and the exact text each gets.

Oracle: the one form of all messages, `function: argument must be EXPECTED; got CAME`, filled
in by hand. {array} and {library} are the only words in which the halves differ.
"""

import numpy as np
import pytest
import tensorflow as tf
from error_tables import HALVES, B, D, H, T, floats, raises, rows

from rnnbook import data
from rnnbook.protocol import LSTMStateTuple
from rnnbook.scratch import BasicRNNCell, identity

either_half = pytest.mark.parametrize("half", HALVES, ids=["scratch", "tf"])
COUNT = "a whole number of at least 1"
TOKEN = "a whole number of at least 0"
ROWS = "an array, or a tuple of arrays, of B rows each"
ONES = np.ones((B, D))

CELLS = [
    (ValueError, f"BasicRNNCell: num_units must be {COUNT}; got 0", lambda h: h.make(0)),
    (ValueError, f"BasicRNNCell: num_units must be {COUNT}; got -1", lambda h: h.make(-1)),
    (TypeError, f"BasicRNNCell: num_units must be {COUNT}; got 2.5", lambda h: h.make(2.5)),
    (TypeError, f"BasicRNNCell: num_units must be {COUNT}; got True", lambda h: h.make(True)),
    (TypeError, f"BasicRNNCell: num_units must be {COUNT}; got '5'", lambda h: h.make("5")),
    (TypeError, f"BasicRNNCell: num_units must be {COUNT}; got None", lambda h: h.make(None)),
    (ValueError, f"BasicRNNCell: num_inputs must be {COUNT}; got 0", lambda h: h.make(H, num_inputs=0)),
    (TypeError, f"BasicRNNCell: num_inputs must be {COUNT}; got 3.0", lambda h: h.make(H, num_inputs=3.0)),
    (TypeError, f"BasicRNNCell: num_inputs must be {COUNT}; got None", lambda h: h.make(H).build(None)),
    (ValueError, "BasicRNNCell: num_inputs must be 3, as built; got 4", lambda h: h.cell().build(D + 1)),
    (ValueError, f"BasicRNNCell: seed must be {TOKEN}; got -1", lambda h: h.make(H, seed=-1)),
    (TypeError, f"BasicRNNCell: seed must be {TOKEN}; got 1.5", lambda h: h.make(H, seed=1.5)),
    (TypeError, "BasicRNNCell: dtype must be a floating dtype of {library}; got 'int32'", lambda h: h.make(H, dtype="int32")),
    (TypeError, "BasicRNNCell: dtype must be a floating dtype of {library}; got 'flaot'", lambda h: h.make(H, dtype="flaot")),
    (TypeError, "BasicRNNCell: dtype must be a floating dtype of {library}; got 'f4,,'", lambda h: h.make(H, dtype="f4,,")),
    (ValueError, f"BasicRNNCell.zero_state: batch_size must be {COUNT}; got 0", lambda h: h.cell().zero_state(0)),
    (TypeError, f"BasicRNNCell.zero_state: batch_size must be {COUNT}; got None", lambda h: h.cell().zero_state(None)),
    (TypeError, "BasicRNNCell.zero_state: dtype must be a floating dtype of {library}; got 'int64'", lambda h: h.cell().zero_state(B, "int64")),
    (TypeError, "BasicRNNCell: inputs must be {array} [B, D]; got None", lambda h: h.cell()(None, floats(B, H))),
    (TypeError, "BasicRNNCell: inputs must be {array} [B, D]; got a list", lambda h: h.cell()([[1.0]], floats(B, H))),
    (TypeError, "BasicRNNCell: inputs must be float32; got int64", lambda h: h.cell()(ONES.astype(int), floats(B, H))),
    (TypeError, "BasicRNNCell: inputs must be float32; got float64", lambda h: h.cell()(ONES, floats(B, H))),
    (ValueError, "BasicRNNCell: inputs must be [B, D]; got shape (3,)", lambda h: h.cell()(floats(D), floats(B, H))),
    (ValueError, "BasicRNNCell: inputs must be [B, D]; got shape (4, 2, 3)", lambda h: h.cell()(floats(B, T, D), floats(B, H))),
    (ValueError, "BasicRNNCell: inputs must be [B, D] with D=3; got shape (4, 5)", lambda h: h.cell()(floats(B, H), floats(B, D))),  # swapped
    (ValueError, "BasicRNNCell: inputs must be [B, D] with B of at least 1; got shape (0, 3)", lambda h: h.cell()(floats(0, D), floats(0, H))),
    (ValueError, "BasicRNNCell: inputs must be [B, D] with D of at least 1; got shape (4, 0)", lambda h: h.cell(built=False)(floats(B, 0), floats(B, H))),
    (TypeError, "BasicRNNCell: state must be {array} [B, H]; got None", lambda h: h.cell()(floats(B, D), None)),
    (TypeError, "BasicRNNCell: state must be {array} [B, H]; got a float", lambda h: h.cell()(floats(B, D), 0.0)),
    (ValueError, "BasicRNNCell: state must be [B, H]; got shape (5,)", lambda h: h.cell()(floats(B, D), floats(H))),
    (ValueError, "BasicRNNCell: state must be [B, H] with H=5; got shape (4, 6)", lambda h: h.cell()(floats(B, D), floats(B, H + 1))),
    (ValueError, "BasicRNNCell: state must be [B, H] with B=4; got shape (1, 5)", lambda h: h.cell()(floats(B, D), floats(1, H))),
    (TypeError, "BasicRNNCell: state must be float32; got float64", lambda h: h.cell()(floats(B, D), np.zeros((B, H)))),
    (ValueError, "BasicRNNCell: state must be structured like state_size 5; got list(shape (4, 5))", lambda h: h.cell()(floats(B, D), [floats(B, H)])),
    (ValueError, "BasicRNNCell: state must be structured like state_size 5; got a list", lambda h: h.cell()(floats(B, D), floats(B, H).tolist())),
    (ValueError, "BasicRNNCell: state must be structured like state_size 5; got LSTMStateTuple(shape (4, 5), shape (4, 5))", lambda h: h.cell()(floats(B, D), LSTMStateTuple(floats(B, H), floats(B, H)))),
]  # fmt: skip  # one row, one line: a table
LAST_OUTPUT = [
    (TypeError, "last_output: outputs must be {array} [B, T, O]; got None", lambda h: h.module.last_output(None)),
    (TypeError, "last_output: outputs must be {array} [B, T, O]; got a list", lambda h: h.module.last_output([floats(B, H)])),
    (TypeError, "last_output: outputs must be of a floating dtype; got int64", lambda h: h.module.last_output(np.ones((B, T, H), int))),
    (ValueError, "last_output: outputs must be [B, T, O]; got shape (4, 5)", lambda h: h.module.last_output(floats(B, H))),
    (ValueError, "last_output: outputs must be [B, T, O] with T of at least 1; got shape (4, 0, 5)", lambda h: h.module.last_output(floats(B, 0, H))),
    (ValueError, "last_output: sequence_length must be from 0 to T=2; got [1, 3, 2, 0]", lambda h: h.module.last_output(floats(B, T, H), [1, 3, 2, 0])),
    (ValueError, "last_output: sequence_length must be from 0 to T=2; got [1, -1, 2, 0]", lambda h: h.module.last_output(floats(B, T, H), [1, -1, 2, 0])),
    (ValueError, "last_output: sequence_length must be [B] with B=4; got shape (2,)", lambda h: h.module.last_output(floats(B, T, H), [1, 2])),
    (TypeError, "last_output: sequence_length must be whole numbers; got float64", lambda h: h.module.last_output(floats(B, T, H), [1.0, 2, 2, 0])),
]  # fmt: skip


def decode(h, returns=lambda state: (state, state), **wrong):
    """greedy_decode with one argument wrong, or with what its step returns."""
    state = (np.asarray if h.library == "NumPy" else tf.constant)(floats(B, H))
    given = {"step": lambda tokens, state: returns(state), "initial_state": state}
    given |= {"start_token": 1, "end_token": 0, "max_steps": 3} | wrong
    return h.module.greedy_decode(**given)


DECODE = [
    (TypeError, "greedy_decode: step must be a function from (tokens, state) to (logits, state); got None", lambda h: decode(h, step=None)),
    (TypeError, "greedy_decode: step must be a function from (tokens, state) to (logits, state); got an int", lambda h: decode(h, step=5)),
    (TypeError, f"greedy_decode: initial_state must be {ROWS}; got None", lambda h: decode(h, initial_state=None)),
    (TypeError, f"greedy_decode: initial_state must be {ROWS}; got list(shape (4, 5))", lambda h: decode(h, initial_state=[floats(B, H)])),
    (TypeError, f"greedy_decode: initial_state must be {ROWS}; got a list", lambda h: decode(h, initial_state=[[1.0]])),
    (TypeError, f"greedy_decode: initial_state must be {ROWS}; got tuple()", lambda h: decode(h, initial_state=())),
    (TypeError, f"greedy_decode: initial_state must be {ROWS}; got shape ()", lambda h: decode(h, initial_state=np.float32(1))),
    (TypeError, f"greedy_decode: initial_state must be {ROWS}; got shape (0, 5)", lambda h: decode(h, initial_state=floats(0, H))),
    (TypeError, f"greedy_decode: initial_state must be {ROWS}; got tuple(shape (4, 5), shape (3, 5))", lambda h: decode(h, initial_state=(floats(B, H), floats(D, H)))),
    (TypeError, f"greedy_decode: start_token must be {TOKEN}; got '<s>'", lambda h: decode(h, start_token="<s>")),
    (TypeError, f"greedy_decode: start_token must be {TOKEN}; got 1.5", lambda h: decode(h, start_token=1.5)),
    (ValueError, f"greedy_decode: start_token must be {TOKEN}; got -1", lambda h: decode(h, start_token=-1)),
    (TypeError, f"greedy_decode: end_token must be {TOKEN}; got None", lambda h: decode(h, end_token=None)),
    (ValueError, f"greedy_decode: end_token must be {TOKEN}; got -1", lambda h: decode(h, end_token=-1)),
    (ValueError, "greedy_decode: end_token must be below V=5, or no row could end; got 5", lambda h: decode(h, end_token=H)),
    (ValueError, f"greedy_decode: max_steps must be {COUNT}; got 0", lambda h: decode(h, max_steps=0)),
    (TypeError, f"greedy_decode: max_steps must be {COUNT}; got 2.5", lambda h: decode(h, max_steps=2.5)),
    (TypeError, f"greedy_decode: max_steps must be {COUNT}; got None", lambda h: decode(h, max_steps=None)),
    (TypeError, "greedy_decode: what step returns must be (logits, state); got None", lambda h: decode(h, lambda state: None)),
    (TypeError, "greedy_decode: what step returns must be (logits, state); got a list", lambda h: decode(h, lambda state: [state, state])),
    (TypeError, "greedy_decode: what step returns must be (logits, state); got a tuple of 3", lambda h: decode(h, lambda state: (state, state, state))),
    (TypeError, "greedy_decode: logits must be an array [B, V]; got a list", lambda h: decode(h, lambda state: ([[1.0]], state))),
    (ValueError, "greedy_decode: logits must be [B, V]; got shape (4,)", lambda h: decode(h, lambda state: (state[:, 0], state))),
    (ValueError, "greedy_decode: logits must be [B, V] with B=4; got shape (3, 5)", lambda h: decode(h, lambda state: (state[:3], state))),
    (TypeError, "greedy_decode: state after a step must be structured like initial_state; got tuple(shape (4, 5), shape (4, 5))", lambda h: decode(h, lambda state: (state, (state, state)))),
]  # fmt: skip


def search(h, returns=lambda state: (state, state), **wrong):
    """beam_decode with one argument wrong, or with what its step returns."""
    state = (np.asarray if h.library == "NumPy" else tf.constant)(floats(B, H))
    given = {"step": lambda tokens, state: returns(state), "initial_state": state}
    given |= {"start_token": 1, "end_token": 0, "max_steps": 3, "width": 2} | wrong
    return h.module.beam_decode(**given)


POWER = "finite and at least 0"
BEAM = [
    (TypeError, "beam_decode: step must be a function from (tokens, state) to (logits, state); got None", lambda h: search(h, step=None)),
    (TypeError, f"beam_decode: initial_state must be {ROWS}; got None", lambda h: search(h, initial_state=None)),
    (TypeError, f"beam_decode: initial_state must be {ROWS}; got a list", lambda h: search(h, initial_state=[[1.0]])),
    (ValueError, "beam_decode: end_token must be below V=5, or no row could end; got 5", lambda h: search(h, end_token=H)),
    (ValueError, f"beam_decode: max_steps must be {COUNT}; got 0", lambda h: search(h, max_steps=0)),
    (ValueError, f"beam_decode: width must be {COUNT}; got 0", lambda h: search(h, width=0)),
    (TypeError, f"beam_decode: width must be {COUNT}; got 2.0", lambda h: search(h, width=2.0)),
    (TypeError, f"beam_decode: width must be {COUNT}; got True", lambda h: search(h, width=True)),
    (ValueError, f"beam_decode: length_power must be {POWER}; got -0.5", lambda h: search(h, length_power=-0.5)),
    (ValueError, f"beam_decode: length_power must be {POWER}; got inf", lambda h: search(h, length_power=float("inf"))),
    (TypeError, f"beam_decode: length_power must be {POWER}; got '1'", lambda h: search(h, length_power="1")),
    (TypeError, "beam_decode: what step returns must be (logits, state); got None", lambda h: search(h, lambda state: None)),
    (ValueError, "beam_decode: logits must be [B*width, V] with B*width=8; got shape (4, 5)", lambda h: search(h, lambda state: (state[:4], state))),  # a step that keeps B rows beside the state
    (ValueError, "beam_decode: state after a step must be of B*width=8 rows; got 4", lambda h: search(h, lambda state: (state, state[:4]))),
    (TypeError, "beam_decode: state after a step must be structured like initial_state; got tuple(shape (8, 5), shape (8, 5))", lambda h: search(h, lambda state: (state, (state, state)))),
]  # fmt: skip


def sample(h, returns=lambda state: (state, state), **wrong):
    """sample_decode with one argument wrong, or with what its step returns."""
    state = (np.asarray if h.library == "NumPy" else tf.constant)(floats(B, H))
    given = {"step": lambda tokens, state: returns(state), "initial_state": state}
    given |= {"start_token": 1, "end_token": 0, "max_steps": 3} | wrong
    return h.module.sample_decode(**given)


WARM = "above 0 and finite"
SHARE = "above 0 and at most 1, the share kept"
SAMPLE = [
    (TypeError, "sample_decode: step must be a function from (tokens, state) to (logits, state); got None", lambda h: sample(h, step=None)),
    (TypeError, f"sample_decode: initial_state must be {ROWS}; got None", lambda h: sample(h, initial_state=None)),
    (ValueError, f"sample_decode: start_token must be {TOKEN}; got -1", lambda h: sample(h, start_token=-1)),
    (ValueError, "sample_decode: end_token must be below V=5, or no row could end; got 5", lambda h: sample(h, end_token=H)),
    (ValueError, f"sample_decode: max_steps must be {COUNT}; got 0", lambda h: sample(h, max_steps=0)),
    (ValueError, f"sample_decode: temperature must be {WARM}; got 0", lambda h: sample(h, temperature=0)),  # greedy_decode
    (ValueError, f"sample_decode: temperature must be {WARM}; got -1.0", lambda h: sample(h, temperature=-1.0)),
    (ValueError, f"sample_decode: temperature must be {WARM}; got nan", lambda h: sample(h, temperature=float("nan"))),
    (ValueError, f"sample_decode: temperature must be {WARM}; got inf", lambda h: sample(h, temperature=float("inf"))),
    (TypeError, f"sample_decode: temperature must be {WARM}; got None", lambda h: sample(h, temperature=None)),
    (ValueError, f"sample_decode: top_k must be {COUNT}; got 0", lambda h: sample(h, top_k=0)),
    (TypeError, f"sample_decode: top_k must be {COUNT}; got 2.0", lambda h: sample(h, top_k=2.0)),
    (TypeError, f"sample_decode: top_k must be {COUNT}; got True", lambda h: sample(h, top_k=True)),
    (ValueError, "sample_decode: top_k must be at most V=5; got 6", lambda h: sample(h, top_k=H + 1)),
    (ValueError, f"sample_decode: top_p must be {SHARE}; got 0", lambda h: sample(h, top_p=0)),
    (ValueError, f"sample_decode: top_p must be {SHARE}; got 1.1", lambda h: sample(h, top_p=1.1)),
    (ValueError, f"sample_decode: top_p must be {SHARE}; got nan", lambda h: sample(h, top_p=float("nan"))),
    (TypeError, f"sample_decode: top_p must be {SHARE}; got '0.9'", lambda h: sample(h, top_p="0.9")),
    (ValueError, f"sample_decode: seed must be {TOKEN}; got -1", lambda h: sample(h, seed=-1)),
    (TypeError, f"sample_decode: seed must be {TOKEN}; got 1.5", lambda h: sample(h, seed=1.5)),
    (TypeError, "sample_decode: what step returns must be (logits, state); got None", lambda h: sample(h, lambda state: None)),
    (ValueError, "sample_decode: logits must be [B, V] with B=4; got shape (3, 5)", lambda h: sample(h, lambda state: (state[:3], state))),
    (TypeError, "sample_decode: state after a step must be structured like initial_state; got tuple(shape (4, 5), shape (4, 5))", lambda h: sample(h, lambda state: (state, (state, state)))),
]  # fmt: skip


@either_half
@rows(CELLS + LAST_OUTPUT + DECODE + BEAM + SAMPLE, "scratch", "tf")
def test_a_wrong_call_of_either_half_says_what_was_expected_and_what_came(half, kind, text, call):
    with raises(kind, text.replace("{array}", half.array).replace("{library}", half.library)):
        call(half)


def backward(tape="good", d_output="good", d_new_state="good", cell=None):
    """BasicRNNCell.backward with one argument wrong."""
    cell = cell or BasicRNNCell(H, num_inputs=D)
    _, output, good = cell.forward(ONES, np.zeros((B, H)))
    given = [good if isinstance(tape, str) else tape]
    given += [output if isinstance(gradient, str) else gradient for gradient in (d_output, d_new_state)]
    return cell.backward(*given)


NUMPY_ONLY = [
    (TypeError, "BasicRNNCell: dtype must be a floating dtype of NumPy; got None", lambda: BasicRNNCell(H, dtype=None)),
    (TypeError, "BasicRNNCell: activation must be an Activation such as rnnbook.scratch.tanh; got 'tanh'", lambda: BasicRNNCell(H, "tanh")),
    (TypeError, "BasicRNNCell: activation must be an Activation such as rnnbook.scratch.tanh; got <ufunc 'tanh'>", lambda: BasicRNNCell(H, np.tanh)),
    (TypeError, "BasicRNNCell: inputs must be a NumPy array [B, D]; got an EagerTensor", lambda: BasicRNNCell(H)(tf.constant(ONES), np.zeros((B, H)))),
    (TypeError, "BasicRNNCell.zero_state: dtype must be a floating dtype of NumPy; got tf.float32", lambda: HALVES[1].unroll(BasicRNNCell(H), floats(B, T, D))),  # of the other half
    (TypeError, "BasicRNNCell: dtype must be a floating dtype of NumPy; got <class 'ml_dtypes.bfloat16'>", lambda: BasicRNNCell(H, dtype=tf.bfloat16.as_numpy_dtype)),
    (TypeError, "BasicRNNCell.backward: tape must be the tape of forward; got None", lambda: backward(tape=None)),
    (TypeError, "BasicRNNCell.backward: tape must be the tape of forward; got an ndarray", lambda: backward(tape=ONES)),
    (TypeError, "BasicRNNCell.backward: d_output must be a NumPy array [B, H]; got None", lambda: backward(d_output=None)),
    (TypeError, "BasicRNNCell.backward: d_new_state must be a NumPy array [B, H]; got a float", lambda: backward(d_new_state=0.0)),
    (ValueError, "BasicRNNCell.backward: d_output must be [B, H]; got shape (5,)", lambda: backward(d_output=np.ones(H))),
    (ValueError, "BasicRNNCell.backward: d_new_state must be [B, H] with B=4; got shape (1, 5)", lambda: backward(d_new_state=np.ones((1, H)))),
    (ValueError, "BasicRNNCell.backward: d_output must be [B, H] with H=5; got shape (4, 3)", lambda: backward(d_output=ONES)),
    (TypeError, "BasicRNNCell.backward: d_output must be float64; got float32", lambda: backward(d_output=floats(B, H))),
]  # fmt: skip
TENSORFLOW_ONLY = [
    (TypeError, "BasicRNNCell: activation must be a function such as tf.tanh; got 'tahn'", lambda: HALVES[1].make(H, "tahn")),
    (TypeError, "BasicRNNCell: activation must be a function such as tf.tanh; got Activation(function=<function _identity>, derivative=<function ones_like>)", lambda: HALVES[1].make(H, identity)),
    (TypeError, "BasicRNNCell: result of activation must be float32; got float16", lambda: HALVES[1].make(H, lambda a: tf.cast(a, "float16"))(floats(B, D), floats(B, H))),
    (TypeError, "BasicRNNCell: activation must be a function from tensor to tensor such as tf.tanh; got one that returns an ndarray", lambda: HALVES[1].make(H, np.tanh)(floats(B, D), floats(B, H))),
]  # fmt: skip
DATA = [
    (TypeError, "source_weights: dtype must be a floating dtype of NumPy; got <class 'int'>", lambda: data.source_weights(int)),
    (TypeError, "sliding_windows: series must be an array [N]; got a list", lambda: data.sliding_windows([1.0, 2.0], 1)),
    (ValueError, "sliding_windows: series must be [N]; got shape (4, 3)", lambda: data.sliding_windows(ONES, 1)),
    (ValueError, "sliding_windows: series must be longer than size=5; got 5 values", lambda: data.sliding_windows(np.arange(5), 5)),
    (ValueError, f"sliding_windows: size must be {COUNT}; got 0", lambda: data.sliding_windows(np.arange(5), 0)),
    (TypeError, f"sliding_windows: size must be {COUNT}; got 2.0", lambda: data.sliding_windows(np.arange(5), 2.0)),
    (TypeError, "pad_sequences: sequences must be a list of B arrays [T, D]; got None", lambda: data.pad_sequences(None)),
    (TypeError, "pad_sequences: sequences must be a list of B arrays [T, D]; got a generator", lambda: data.pad_sequences(x for x in [ONES])),
    (ValueError, "pad_sequences: sequences must be B arrays [T, D] with a T of at least 1; got lengths []", lambda: data.pad_sequences([])),
    (ValueError, "pad_sequences: sequences must be B arrays [T, D] with a T of at least 1; got lengths [0, 0]", lambda: data.pad_sequences([ONES[:0], ONES[:0]])),
    (ValueError, "pad_sequences: every sequence must be [T, D]; got shape (2,)", lambda: data.pad_sequences([[1, 2], [3]])),
    (ValueError, "pad_sequences: every sequence must be [T, D] with D=3; got shape (4, 2)", lambda: data.pad_sequences([ONES, ONES[:, :2]])),
    (ValueError, "pad_sequences: every sequence must be [T, D] with D of at least 1; got shape (4, 0)", lambda: data.pad_sequences([ONES[:, :0]])),
    (TypeError, "pad_sequences: every sequence must be an array [T, D]; got a list of unequal rows", lambda: data.pad_sequences([[[1, 2], [3]]])),
    (TypeError, "pad_sequences: every sequence must be an array [T, D]; got None", lambda: data.pad_sequences([None])),
    (TypeError, "pad_sequences: every sequence must be an array [T, D]; got 'word'", lambda: data.pad_sequences(["word"])),
    (TypeError, "pad_sequences: every sequence must be numbers that fit int64; got float64", lambda: data.pad_sequences([[[1.7]]], int)),
    (ValueError, f"sequence_mask: max_length must be {COUNT}; got 0", lambda: data.sequence_mask([0], 0)),
    (ValueError, "sequence_mask: lengths must be from 0 to T=2; got [3, 1]", lambda: data.sequence_mask([3, 1], 2)),
    (ValueError, "sequence_mask: lengths must be from 0 to T=2; got [2, -1]", lambda: data.sequence_mask([2, -1], 2)),
    (ValueError, "sequence_mask: lengths must be [B]; got shape ()", lambda: data.sequence_mask(1, 2)),
    (ValueError, "sequence_mask: lengths must be [B] with B of at least 1; got shape (0,)", lambda: data.sequence_mask([], 2)),
    (TypeError, "sequence_mask: lengths must be whole numbers; got float64", lambda: data.sequence_mask([1.0], 2)),
    (TypeError, "sequence_mask: lengths must be whole numbers [B]; got None", lambda: data.sequence_mask(None, 2)),
    (TypeError, "lengths_from_eos: tokens must be whole numbers [B, T]; got None", lambda: data.lengths_from_eos(None, 0)),
    (TypeError, "lengths_from_eos: tokens must be whole numbers [B, T]; got float64", lambda: data.lengths_from_eos(ONES, 0)),
    (TypeError, "lengths_from_eos: tokens must be whole numbers [B, T]; got a list of unequal rows", lambda: data.lengths_from_eos([[1], [1, 2]], 0)),
    (ValueError, "lengths_from_eos: tokens must be [B, T]; got shape (2,)", lambda: data.lengths_from_eos([1, 2], 0)),
    (TypeError, f"lengths_from_eos: end_token must be {TOKEN}; got None", lambda: data.lengths_from_eos([[1, 2]], None)),
]  # fmt: skip


@rows(NUMPY_ONLY + TENSORFLOW_ONLY)
def test_a_wrong_call_of_one_half_alone_says_so_too(kind, text, call):
    with raises(kind, text):
        call()


@rows(DATA, "data")
def test_a_wrong_call_of_a_data_function_says_so_too(kind, text, call):
    with raises(kind, text):
        call()
