"""greedy_decode in both halves.

Oracles: countdowns and automata whose sentences are known beforehand; a loop over single rows
around the bare cell; lengths_from_eos on what was decoded.
"""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from error_tables import raises
from toys import normal
from unrollers import basic_cell

import rnnbook.scratch as scratch
import rnnbook.tf as rnn
from rnnbook.data import lengths_from_eos
from rnnbook.protocol import LSTMStateTuple, map_state

B, H, V = 4, 5, 7
START, END = 6, 2


def in_a_graph(step, state, *numbers):
    """greedy_decode of the TensorFlow half in a graph that does not know B."""
    signature = map_state(lambda leaf: tf.TensorSpec([None, *leaf.shape[1:]], leaf.dtype), state)
    run = tf.function(lambda state: rnn.greedy_decode(step, state, *numbers), input_signature=[signature])
    return run(state)


def in_a_session(step, state, *numbers):
    """greedy_decode of the TensorFlow half as TF 1.x runs it; there == compares objects."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        decoded = rnn.greedy_decode(step, map_state(tf.constant, state), *numbers)
        tf.compat.v1.global_variables_initializer().run()
        return session.run(decoded)


DECODERS = {
    "scratch": scratch.greedy_decode,
    "tf": rnn.greedy_decode,
    "tf, graph": in_a_graph,
    "tf, session": in_a_session,
}
ONLY_HERE = [name for name in DECODERS if "session" not in name]  # for steps that use a cell or ==
every_decoder = pytest.mark.parametrize("half", DECODERS)


def one_hot(half, tokens):
    """Logits [B, V] whose largest entry is at each row's token."""
    return np.eye(V)[np.asarray(tokens)] if half == "scratch" else tf.one_hot(tokens, V)


def decode(half, step, state, start=START, end=END, max_steps=9):
    tokens, lengths = DECODERS[half](step, state, start, end, max_steps)
    return np.asarray(tokens).tolist(), np.asarray(lengths).tolist()


def countdown(half):
    """Emits token 5 as long as the row's count is above zero, then END; counts in the state."""

    def step(tokens, count):
        going = count[:, 0] > 0
        where = np.where if half == "scratch" else tf.where
        return one_hot(half, where(going, 5, END)), count - 1

    return step


@every_decoder
def test_each_row_ends_at_its_own_end_token_and_holds_it_from_there_on(half):
    tokens, lengths = decode(half, countdown(half), np.array([[3.0], [0.0], [1.0], [2.0]]))
    assert tokens == [[5, 5, 5, END], [END] * 4, [5, END, END, END], [5, 5, END, END]]
    assert lengths == [3, 0, 1, 2]


@every_decoder
def test_decoding_stops_when_all_rows_have_ended_at_the_first_step(half):
    tokens, lengths = decode(half, countdown(half), np.zeros((B, 1)))
    assert tokens == [[END]] * B
    assert lengths == [0] * B


@every_decoder
@pytest.mark.parametrize("max_steps", [1, 2, 3, 4])
def test_max_steps_cuts_rows_that_have_not_ended(half, max_steps):
    tokens, lengths = decode(half, countdown(half), np.array([[3.0], [1.0]]), max_steps=max_steps)
    assert tokens == [[5, 5, 5, END][:max_steps], [5, END, END, END][:max_steps]]
    assert lengths == [min(3, max_steps), 1]


@every_decoder
def test_a_row_is_fed_its_own_last_token_beginning_with_the_start_token(half):
    # token(t) = token(t-1) + 1 mod V: from 6 come 0 and 1, then END = 2.
    def step(tokens, state):
        return one_hot(half, (tokens + 1) % V), state

    tokens, lengths = decode(half, step, normal(1, H))
    assert (tokens, lengths) == ([[0, 1, END]], [2])
    tokens, lengths = decode(half, step, normal(1, H), start=3, end=1)
    assert (tokens, lengths) == ([[4, 5, 6, 0, 1]], [4])


@every_decoder
def test_nothing_that_follows_an_end_token_counts(half):
    # Row 0 would go on with token 4 after its END; row 1 keeps the loop running.
    sentences = np.array([[5, END, 4, 4, 4], [3, 3, 3, 3, END]])

    def step(tokens, time):
        at = (lambda t: sentences[:, t]) if half == "scratch" else (lambda t: tf.gather(sentences, t, axis=1))
        now = int(time[0, 0]) if half == "scratch" else tf.cast(time[0, 0], tf.int32)
        return one_hot(half, at(now)), time + 1

    tokens, lengths = decode(half, step, np.zeros((2, 1)))
    assert tokens == [[5, END, END, END, END], [3, 3, 3, 3, END]]
    assert lengths == [1, 4] == lengths_from_eos(tokens, END).tolist()


@pytest.mark.parametrize("half", ONLY_HERE)
def test_a_nested_state_is_carried_leaf_by_leaf(half):
    def step(tokens, state):
        left, (c, h) = state
        going = (left[:, 0] > 0) & (c[:, 0] == 2 * h[:, 0])  # stops early if a leaf went astray
        where = np.where if half == "scratch" else tf.where
        return one_hot(half, where(going, 5, END)), (left - 1, LSTMStateTuple(c + 2, h + 1))

    state = (np.array([[2.0], [3.0]]), LSTMStateTuple(np.zeros((2, 1)), np.zeros((2, 1))))
    tokens, lengths = decode(half, step, state)
    assert tokens == [[5, 5, END, END], [5, 5, 5, END]]
    assert lengths == [2, 3]


@every_decoder
def test_a_state_may_be_a_tuple_of_one(half):
    def step(tokens, state):
        logits, count = countdown(half)(tokens, *state)
        return logits, (count,)

    tokens, lengths = decode(half, step, (np.array([[1.0], [0.0]]),))
    assert tokens == [[5, END], [END, END]]
    assert lengths == [1, 0]


@pytest.mark.parametrize("half", ONLY_HERE)
def test_a_cell_with_an_output_layer_decodes_what_each_row_decodes_alone(half):
    cell = basic_cell("unroll" if half == "scratch" else "dynamic_rnn", H, V)
    w_output = normal(H, V, seed=5)

    def step(tokens, state):
        inputs = np.eye(V)[tokens] if half == "scratch" else tf.one_hot(tokens, V, dtype=tf.float64)
        output, state = cell(inputs, state)
        return output @ w_output, state

    tokens, lengths = decode(half, step, normal(B, H), max_steps=8)

    twin, alone = basic_cell("unroll", H, V), []
    for row in range(B):
        state, token, sentence = normal(B, H)[row : row + 1], START, []
        while token != END and len(sentence) < 8:
            output, state = twin(np.eye(V)[[token]], state)
            token = int((output @ w_output).argmax())
            sentence.append(token)
        alone.append(sentence)
    longest = max(map(len, alone))
    assert tokens == [sentence + [END] * (longest - len(sentence)) for sentence in alone]
    assert lengths == [len(sentence) - (sentence[-1] == END) for sentence in alone]
    assert min(lengths) < max(lengths)  # the seeds are such that the rows differ


def test_under_xla_the_decoder_refuses_instead_of_returning_nothing():
    run = tf.function(
        lambda state: rnn.greedy_decode(countdown("tf"), state, START, END, 9), jit_compile=True
    )
    with pytest.raises(tf.errors.InvalidArgumentError, match="compile-time constant"):
        run(np.array([[3.0], [1.0]]))


@pytest.mark.parametrize("half", [scratch, rnn])
def test_tokens_may_be_numbers_of_numpy(half):
    step, state = lambda tokens, state: (state, state), half_array(half, [[0.0, 1.0, 0.0], [9.0, 0.0, 0.0]])
    tokens, lengths = half.greedy_decode(step, state, np.uint8(2), np.uint8(0), np.uint8(3))
    assert np.asarray(tokens).tolist() == [[1, 1, 1], [0, 0, 0]]
    assert np.asarray(lengths).tolist() == [3, 0]


def half_array(half, rows):
    return np.array(rows) if half is scratch else tf.constant(rows)


def test_decoding_leaves_the_initial_state_as_it_was():
    state = np.array([[3.0], [1.0]])
    scratch.greedy_decode(countdown("scratch"), state, START, END, 9)
    assert state.tolist() == [[3.0], [1.0]]


def test_a_token_may_be_the_largest_int32():
    def step(tokens, state):
        return np.array([[1.0, 0.0]]), state

    tokens, _ = scratch.greedy_decode(step, np.zeros((1, 1)), 2**31 - 1, 0, max_steps=1)
    assert tokens.tolist() == [[0]]


def test_decoding_refuses_logits_that_are_no_numpy_array():
    logits = SimpleNamespace(shape=(1, 2), dtype=np.dtype("float32"))
    with raises(TypeError, "greedy_decode: logits must be a NumPy array [B, V]; got a SimpleNamespace"):
        scratch.greedy_decode(lambda tokens, state: (logits, state), np.zeros((1, 1)), 1, 0, max_steps=1)


def test_a_graph_that_decodes_knows_how_many_rows_there_are():
    @tf.function
    def run(state):
        tokens, _ = rnn.greedy_decode(lambda tokens, state: (state, state), state, 1, 0, max_steps=3)
        assert tokens.shape.as_list() == [B, None]
        return tokens

    assert run(tf.ones((B, 2))).shape == (B, 1)
