"""sample_decode in both halves.

Oracles: the probability of every answer of a small vocabulary, by a loop over single rows, with the
tokens that are kept picked by hand, one set after the other; a chi-square of thousands of draws;
greedy_decode; chances that are counted by hand.
"""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from answers import END, START, B, H, T, V, all_answers, log_probability, network, padded, table
from toys import normal

import rnnbook.scratch as scratch
import rnnbook.tf as rnn
from rnnbook.protocol import LSTMStateTuple, map_state

HALVES = {"scratch": scratch, "tf": rnn}
both_halves = pytest.mark.parametrize("half", HALVES)
OPTIONS = [
    {},
    {"temperature": 0.6},
    {"temperature": 2.5},
    {"top_k": 2},
    {"top_p": 0.75},
    {"temperature": 1.5, "top_k": 2, "top_p": 0.6},
]


def in_a_graph(step, state, *numbers, **options):
    """sample_decode of the TensorFlow half in a graph that does not know B."""
    signature = map_state(lambda leaf: tf.TensorSpec([None, *leaf.shape[1:]], leaf.dtype), state)
    run = tf.function(
        lambda state: rnn.sample_decode(step, state, *numbers, **options), input_signature=[signature]
    )
    return run(state)


def in_a_session(step, state, *numbers, **options):
    """sample_decode of the TensorFlow half as TF 1.x runs it."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        return session.run(rnn.sample_decode(step, map_state(tf.constant, state), *numbers, **options))


DECODERS = {
    "scratch": scratch.sample_decode,
    "tf": rnn.sample_decode,
    "tf, graph": in_a_graph,
    "tf, session": in_a_session,
}


def draw(half, step, state, max_steps=T, start=START, end=END, **options):
    tokens, lengths = DECODERS[half](step, state, start, end, max_steps, **options)
    return np.asarray(tokens), np.asarray(lengths)


def chances(logits, temperature=1.0, top_k=V, top_p=None):
    """The probabilities [V] that a token is drawn with."""
    p = [np.exp(z / temperature) for z in logits]
    p = [one / sum(p) for one in p]
    among = sorted(range(V), key=lambda v: p[v])[-top_k:]  # the likeliest
    sets = [s for n in range(1, len(among) + 1) for s in itertools.combinations(among, n)]
    if top_p is not None:  # of the smallest sets that hold the share, the one that holds most
        enough = [s for s in sets if sum(p[v] for v in s) >= top_p] or [tuple(among)]
        among = min(enough, key=lambda s: (len(s), -sum(p[v] for v in s)))
    return np.array([p[v] / sum(p[v] for v in among) if v in among else 0.0 for v in range(V)])


def exact(state, options):
    """The probability of every answer of one row [1, H]."""

    def log_p(logits):
        with np.errstate(divide="ignore"):
            return np.log(chances(logits, **options))

    step = network("scratch")
    return {answer: np.exp(log_probability(answer, state, step, log_p)) for answer in all_answers(T)}


def p_value(counts, chances):
    """Of a chi-square; what is expected less than five times counts as one kind."""
    rows = counts.sum()
    often = rows * chances >= 5
    pairs = ((values[often], values[~often].sum()) for values in (counts, rows * chances))
    seen, expected = (np.append(*pair) for pair in pairs)
    if (seen[expected == 0] > 0).any():
        return 0.0
    seen, expected = seen[expected > 0], expected[expected > 0]
    chi_square, freedom = np.sum((seen - expected) ** 2 / expected), len(seen) - 1
    return tf.math.igammac(max(freedom, 1) / 2, np.float64(chi_square / 2)).numpy()


EACH = 3_000  # draws of one row


@pytest.fixture(scope="module")
def drawn():
    """For a decoder and its options, how often each row gave each answer: [B, answers]."""

    def counts(mode, options, seed=0):
        half = "scratch" if mode == "scratch" else "tf"
        states = np.repeat(normal(B, H), EACH, axis=0)
        tokens, lengths = draw(mode, network(half), states, seed=seed, **options)
        tokens = np.pad(tokens, ((0, 0), (0, T - tokens.shape[1])), constant_values=END)
        every, ends = padded(list(all_answers(T)))
        same = (tokens[:, None] == every).all(axis=2)
        assert (same.sum(axis=1) == 1).all()  # END from a row's end on
        np.testing.assert_array_equal(lengths, np.array(ends)[same.argmax(axis=1)])
        return same.reshape(B, EACH, -1).sum(axis=1)

    return counts


def law(options):
    return np.array([list(exact(state[None], options).values()) for state in normal(B, H)])


@both_halves
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_draws_have_the_probabilities_of_the_answers(half, options, drawn):
    expected = law(options)
    np.testing.assert_allclose(expected.sum(axis=1), 1, rtol=1e-12)
    counts = drawn(half, options)
    for row in range(B):
        assert p_value(counts[row], expected[row]) > 0.001


@pytest.mark.parametrize("mode", ["tf, graph", "tf, session"])
@pytest.mark.parametrize("options", [OPTIONS[0], OPTIONS[-1]], ids=str)
def test_a_graph_that_does_not_know_its_rows_and_a_session_draw_by_the_same_law(mode, options, drawn):
    counts, expected = drawn(mode, options), law(options)
    for row in range(B):
        assert p_value(counts[row], expected[row]) > 0.001


@both_halves
def test_there_is_no_doubt_that_another_law_would_be_seen(half, drawn):
    counts = drawn(half, {})
    for other in ({"temperature": 1.2}, {"temperature": 0.85}, {"top_p": 0.98}):
        assert min(map(p_value, counts, law(other))) < 1e-6


@both_halves
@pytest.mark.parametrize(
    "options", [{"top_k": 1}, {"temperature": 1e-6}, {"temperature": 1e-300}, {"top_p": 1e-9}]
)
def test_what_leaves_one_token_is_greedy(half, options):
    for seed in range(4):
        step, states = network(half, seed), normal(B, H, seed=seed)
        tokens, lengths = HALVES[half].greedy_decode(step, states, START, END, T)
        found = draw(half, step, states, **options)
        np.testing.assert_array_equal(found[0], tokens)
        np.testing.assert_array_equal(found[1], lengths)


# After any token: 0 at .2, 1 at .5, 2 at .3. END is 3, which cannot come.
THREE = np.array([[0.2, 0.5, 0.3, 0.0]] * 4)


@both_halves
@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({}, {0, 1, 2}),
        ({"top_p": 0.49}, {1}),
        ({"top_p": 0.51}, {1, 2}),
        ({"top_p": 0.79}, {1, 2}),
        ({"top_p": 0.81}, {0, 1, 2}),
        ({"top_p": 1.0}, {0, 1, 2}),
        ({"top_k": 2}, {1, 2}),
        ({"top_k": 4}, {0, 1, 2}),
        ({"top_k": 2, "top_p": 0.81}, {1, 2}),
        ({"top_k": 2, "top_p": 0.6}, {1, 2}),  # of all probability, not of what is left: .5 / .8 > .6
        ({"top_k": 3, "top_p": 0.4}, {1}),
        ({"temperature": 0.5, "top_p": 0.6}, {1}),  # .25 of .38
        ({"temperature": 2.0, "top_p": 0.7}, {1, 2}),  # (.707 + .548) of 1.702
        ({"temperature": 2.0, "top_p": 0.75}, {0, 1, 2}),
    ],
    ids=str,
)  # fmt: skip
def test_a_nucleus_is_the_fewest_tokens_that_hold_the_share(half, options, kept):
    tokens, lengths = draw(half, table(half, THREE), np.zeros((200, 1)), 3, 0, 3, seed=1, **options)
    assert set(tokens.ravel().tolist()) == kept
    assert set(lengths.tolist()) == {3}


@both_halves
def test_of_equals_the_first_are_kept_and_each_is_as_likely(half):
    tokens, _ = draw(half, table(half, np.ones((4, 4))), np.zeros((3000, 1)), 1, 0, 3, seed=0, top_k=2)
    counts = np.bincount(tokens[:, 0], minlength=4)
    assert counts[2:].sum() == 0
    assert p_value(counts[:2], np.array([0.5, 0.5])) > 0.001


@both_halves
def test_tokens_that_hold_the_share_exactly_are_enough(half):
    for top_p, kept in ((0.25, {0}), (0.5, {0, 1}), (0.75, {0, 1, 2}), (1.0, {0, 1, 2, 3})):
        step = table(half, np.ones((4, 4)))  # a quarter each, which a computer adds without rounding
        tokens, _ = draw(half, step, np.zeros((200, 1)), 1, 0, 3, seed=0, top_p=top_p)
        assert set(tokens[:, 0].tolist()) == kept


@both_halves
def test_logits_of_any_size_and_whole_ones_are_drawn_by_their_differences(half):
    where = np.asarray if half == "scratch" else tf.constant
    for logits in (
        np.array([[1e300, 1e300, -1e300]]),
        np.array([[7, 7, -900]]),
        np.float32([[0, 0, -np.inf]]),
    ):
        rows = logits.repeat(3000, axis=0)
        tokens, _ = draw(half, lambda _, state, rows=rows: (where(rows), state), np.zeros((3000, 1)), 1, 0, 2)
        counts = np.bincount(tokens[:, 0], minlength=3)
        assert p_value(counts, np.array([0.5, 0.5, 0])) > 0.001


@pytest.mark.parametrize("mode", DECODERS)
def test_a_seed_repeats_the_draws_and_none_draws_anew(mode):
    half = "scratch" if mode == "scratch" else "tf"

    def found(seed):
        return draw(mode, table(half, THREE), np.zeros((100, 1)), 3, 0, 3, seed=seed)[0].tolist()

    assert found(3) == found(3)
    assert len({str(found(seed)) for seed in (3, 4, 2**70, None, None)}) == 5


def test_a_compiled_function_draws_anew_at_every_call_unless_it_has_a_seed():
    for seed, different in ((None, 3), (5, 1)):

        @tf.function
        def run(state, seed=seed):
            return rnn.sample_decode(table("tf", THREE), state, 0, 3, 3, seed=seed)[0]

        assert len({str(run(tf.zeros([100, 1])).numpy().tolist()) for _ in range(3)}) == different


@both_halves
@pytest.mark.parametrize("seed", [0, None])
def test_steps_and_rows_are_drawn_independently(half, seed):
    if seed is None:
        tf.random.set_seed(0)
    tokens, _ = draw(half, table(half, THREE), np.zeros((6000, 1)), 3, 0, 3, seed=seed)
    p = THREE[0, :3]
    for one, other in (
        (tokens[:, 0], tokens[:, 1]),
        (tokens[:, 1], tokens[:, 2]),
        (tokens[:-1, 0], tokens[1:, 0]),
    ):
        pairs = np.bincount(3 * one + other, minlength=9)
        assert p_value(pairs, np.outer(p, p).ravel()) > 0.001


@both_halves
def test_a_state_of_several_parts_goes_with_its_rows(half):
    step, states = network(half), normal(B, H)
    row = np.arange(B, dtype=np.float64)[:, None]

    def with_rows(tokens, state):
        (h, kept), row = state
        np.testing.assert_array_equal(kept, row)
        logits, h = step(tokens, h)
        return logits, (LSTMStateTuple(h, kept), row)

    found = draw(half, with_rows, (LSTMStateTuple(states, row), row), seed=2)
    for part, alone in zip(found, draw(half, step, states, seed=2), strict=True):
        np.testing.assert_array_equal(part, alone)


@both_halves
def test_sampling_takes_numbers_of_numpy_and_leaves_the_state_as_it_was(half):
    states = normal(B, H)
    before, step = states.copy(), network(half)
    given = {
        "temperature": np.float32(0.5),
        "top_k": np.uint8(2),
        "top_p": np.float32(0.75),
        "seed": np.int64(1),
    }
    found = draw(half, step, states, np.uint8(T), np.uint8(START), np.int64(END), **given)
    same = draw(half, step, states, temperature=0.5, top_k=2, top_p=0.75, seed=1)
    for part, other in zip(found, same, strict=True):
        np.testing.assert_array_equal(part, other)
    np.testing.assert_array_equal(states, before)


def test_a_graph_that_samples_knows_how_many_rows_there_are():
    @tf.function
    def run(state):
        tokens, lengths = rnn.sample_decode(network("tf"), state, START, END, T, top_k=2, seed=0)
        assert (tokens.shape.as_list(), lengths.shape.as_list()) == ([B, None], [B])
        return tokens

    run(tf.constant(normal(B, H)))


def test_under_xla_sampling_refuses_instead_of_returning_nothing():
    run = tf.function(lambda state: rnn.sample_decode(network("tf"), state, START, END, T), jit_compile=True)
    with pytest.raises(tf.errors.InvalidArgumentError):
        run(tf.constant(normal(B, H)))
