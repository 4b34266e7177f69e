"""beam_decode in both halves.

Oracles: all answers of a small vocabulary, each with its probability by a loop over single rows; a
beam search over lists of one row, written apart; greedy_decode; chances that are counted by hand.
"""

import numpy as np
import pytest
import tensorflow as tf
from answers import END, START, B, H, T, V, all_answers, log_probability, log_softmax, network, padded, table
from toys import normal

import rnnbook.scratch as scratch
import rnnbook.tf as rnn
from rnnbook.protocol import LSTMStateTuple, map_state

POWERS = [0.0, 0.6, 1.0, 2.5]


def in_a_graph(step, state, *numbers):
    """beam_decode of the TensorFlow half in a graph that knows neither B nor V."""
    signature = map_state(lambda leaf: tf.TensorSpec([None, *leaf.shape[1:]], leaf.dtype), state)
    run = tf.function(lambda state: rnn.beam_decode(step, state, *numbers), input_signature=[signature])
    return run(state)


def in_a_session(step, state, *numbers):
    """beam_decode of the TensorFlow half as TF 1.x runs it."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        return session.run(rnn.beam_decode(step, map_state(tf.constant, state), *numbers))


DECODERS = {
    "scratch": scratch.beam_decode,
    "tf": rnn.beam_decode,
    "tf, graph": in_a_graph,
    "tf, session": in_a_session,
}
both_halves = pytest.mark.parametrize("half", ["scratch", "tf"])


def decode(half, step, state, max_steps=T, width=2, length_power=0.0, start=START, end=END):
    tokens, lengths = DECODERS[half](step, state, start, end, max_steps, width, length_power)
    return np.asarray(tokens).tolist(), np.asarray(lengths).tolist()


@pytest.fixture(scope="module")
def exhausted():
    """For each of the seeds 0 and 7, the log p of every answer of every row."""
    found = {}
    for seed in (0, 7):
        step, states = network("scratch", seed), normal(B, H, seed=seed)
        found[seed] = [
            {answer: log_probability(answer, states[row : row + 1], step) for answer in all_answers(T)}
            for row in range(B)
        ]
    return found


def test_the_answers_of_a_row_have_probabilities_that_sum_to_one(exhausted):
    for row in exhausted[0]:
        np.testing.assert_allclose(np.exp(list(row.values())).sum(), 1, rtol=1e-12)


@both_halves
@pytest.mark.parametrize("length_power", POWERS)
@pytest.mark.parametrize("seed", [0, 7])
def test_a_beam_of_all_beginnings_finds_the_best_of_all_answers(half, seed, length_power, exhausted):
    best = [max(row, key=lambda answer: row[answer] / len(answer) ** length_power) for row in exhausted[seed]]
    found = decode(half, network(half, seed), normal(B, H, seed=seed), T, V**T, length_power)
    assert found == padded(best)


@pytest.mark.parametrize("mode", ["tf, graph", "tf, session"])
def test_a_graph_that_does_not_know_its_rows_and_a_session_find_the_same(mode):
    numbers = network("tf", 7), normal(B, H, seed=7), 6, 3, 0.6
    assert decode(mode, *numbers) == decode("scratch", network("scratch", 7), *numbers[1:])


def test_length_power_changes_which_answer_is_best(exhausted):
    rows = exhausted[0] + exhausted[7]
    best = {
        power: [max(row, key=lambda answer: row[answer] / len(answer) ** power) for row in rows]
        for power in POWERS
    }
    lengths = [np.mean([len(answer) for answer in best[power]]) for power in POWERS]
    assert lengths == sorted(lengths)
    assert lengths[0] < lengths[-1]
    assert min(len(answer) for answer in best[0.0]) < max(len(answer) for answer in best[0.0])


@both_halves
@pytest.mark.parametrize("length_power", [0.0, 1.0])
def test_a_beam_of_one_is_greedy(half, length_power):
    module = scratch if half == "scratch" else rnn
    for seed in range(6):
        step, states = network(half, seed), normal(B, H, seed=seed)
        tokens, lengths = module.greedy_decode(step, states, START, END, T)
        expected = np.asarray(tokens).tolist(), np.asarray(lengths).tolist()
        assert decode(half, step, states, T, 1, length_power) == expected


def by_lists(state, step, max_steps, width, length_power):
    """A beam search for one row, with a list of answers; it never stops before ``max_steps``."""

    def score(answer):
        words, total, _ = answer
        return total / len(words) ** length_power

    answers = [((), 0.0, state)]
    for _ in range(max_steps):
        longer = []
        for words, total, h in answers:
            if words[-1:] == (END,):
                longer.append((words, total, h))
                continue
            logits, new = step(np.array([words[-1] if words else START]), h)
            longer += [((*words, v), total + log_softmax(logits[0])[v], new) for v in range(V)]
        answers = sorted(longer, key=score, reverse=True)[:width]
    return answers[0][0]


@both_halves
@pytest.mark.parametrize("width", [2, 3, 5])
@pytest.mark.parametrize("length_power", [0.0, 1.0])
def test_each_row_of_a_beam_is_searched_as_one_row_is_with_lists(half, width, length_power):
    for seed in (0, 7):
        step, states = network("scratch", seed), normal(B, H, seed=seed)
        alone = [by_lists(states[row : row + 1], step, 6, width, length_power) for row in range(B)]
        assert decode(half, network(half, seed), states, 6, width, length_power) == padded(alone)


# From START = 2: token 0 at .6 and token 3 at .4. After 0 all is open, after 3 the end is sure.
CHANCES = np.array([[0.3, 0.3, 0.2, 0.2], [0, 1, 0, 0], [0.6, 0, 0, 0.4], [0, 1, 0, 0]])


@both_halves
def test_a_beam_of_two_takes_the_second_token_where_what_follows_pays(half):
    step, state = table(half, CHANCES), np.zeros((2, 1))
    assert decode(half, step, state, width=1) == ([[0, 0, 0, 0]] * 2, [4, 4])
    assert decode(half, step, state, width=2) == ([[3, END]] * 2, [1, 1])  # .4 against .6 * .3


@both_halves
def test_tokens_that_cannot_come_never_come_whatever_the_width(half):
    assert decode(half, table(half, CHANCES), np.zeros((1, 1)), max_steps=2, width=60) == ([[3, END]], [1])


@both_halves
def test_length_power_weighs_a_short_answer_against_a_long_one(half):
    # END at .4, or token 0 at .6 and then three steps at .8 and the end: .6 * .8**3 = .3072.
    chances = np.array([[0, 0, 0, 0.8, 0.2], [0, 1, 0, 0, 0], [0.6, 0.4, 0, 0, 0], [0.2, 0, 0, 0, 0.8], [0, 0.8, 0.2, 0, 0]])  # fmt: skip
    short, long = ([[END]], [0]), ([[0, 3, 4, END]], [3])
    at = np.log(np.log(0.3072) / np.log(0.4)) / np.log(4)  # where both have one score
    for power, expected in ((0.0, short), (at - 0.01, short), (at + 0.01, long), (1.0, long)):
        assert decode(half, table(half, chances), np.zeros((1, 1)), 6, 3, power) == expected


@both_halves
def test_the_search_stops_when_nothing_can_overtake_the_best(half):
    calls = []

    def step(tokens, state):
        calls.append(1)
        return table(half, CHANCES)(tokens, state)

    decode(half, step, np.zeros((1, 1)), max_steps=50, width=2)
    assert len(calls) == 2
    calls.clear()
    decode(half, step, np.zeros((1, 1)), max_steps=50, width=2, length_power=1.0)
    assert len(calls) > 2  # a long answer might have the better mean


@both_halves
def test_what_belongs_to_a_row_goes_with_it_when_it_stands_in_the_state(half):
    step, states = network(half), normal(B, H)
    where = np.arange(B)

    def with_memory(tokens, state):
        (h, c), row = state
        logits, h = step(tokens, h)
        same = np.asarray(c)[:, 0] == np.asarray(row)  # both leaves belong to one row
        assert same.all()
        return logits, (LSTMStateTuple(h, c), row)

    state = (LSTMStateTuple(states, np.repeat(where[:, None], 2, axis=1)), where)
    assert decode(half, with_memory, state, width=3) == decode(half, step, states, width=3)


@pytest.mark.parametrize("module", [scratch, rnn])
def test_a_beam_takes_numbers_of_numpy_and_leaves_the_state_as_it_was(module):
    half, states = "scratch" if module is scratch else "tf", normal(B, H)
    before, step = states.copy(), network("scratch" if module is scratch else "tf")
    numbers = np.uint8(START), np.int64(END), np.uint8(T), np.uint8(2), np.float32(1)
    tokens, lengths = module.beam_decode(step, states, *numbers)
    assert (np.asarray(tokens).tolist(), np.asarray(lengths).tolist()) == decode(
        half, step, states, T, 2, 1.0
    )
    np.testing.assert_array_equal(states, before)


def test_a_graph_that_searches_knows_how_many_rows_there_are():
    @tf.function
    def run(state):
        tokens, lengths = rnn.beam_decode(network("tf"), state, START, END, T, 3)
        assert (tokens.shape.as_list(), lengths.shape.as_list()) == ([B, None], [B])
        return tokens

    run(tf.constant(normal(B, H)))


def test_under_xla_the_search_refuses_instead_of_returning_nothing():
    run = tf.function(lambda state: rnn.beam_decode(network("tf"), state, START, END, T, 2), jit_compile=True)
    with pytest.raises(tf.errors.InvalidArgumentError):
        run(tf.constant(normal(B, H)))
