"""attend in both halves.

Oracles: keras.layers.Attention, the other half, a loop over single queries, laws (weights sum to
one, padding never matters), and the tape for finite gradients.
"""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from error_tables import HALVES, raises, rows
from toys import finite_differences, normal, relative_error

import rnnbook.scratch as scratch
import rnnbook.tf as rnn

B, S, T, H = 4, 3, 6, 5
LENGTHS = [6, 1, 4, 2]
VALID = np.arange(T) < np.array(LENGTHS)[:, None]  # [B, T]
FLOAT64 = 1e-12  # absolute: both halves do the same sums, in another order
FLOAT32 = 1e-6  # absolute, for values near one


def in_a_graph(query, memory, memory_length=None):
    """attend of the TensorFlow half in a graph that knows no size but H; lengths come when it runs."""
    given = [query, memory] if memory_length is None else [query, memory, np.asarray(memory_length)]
    shapes = [[None, None, H], [None, None, H], [None]]
    signature = [tf.TensorSpec(shape, each.dtype) for shape, each in zip(shapes, given, strict=False)]
    return tf.function(rnn.attend, input_signature=signature)(*given)


def under_xla(query, memory, memory_length=None):
    """attend of the TensorFlow half, compiled."""
    return tf.function(rnn.attend, jit_compile=True)(query, memory, memory_length)


ATTEND = {"scratch": scratch.attend, "tf": rnn.attend, "tf, graph": in_a_graph, "tf, XLA": under_xla}
every_half = pytest.mark.parametrize("half", ATTEND)


def inputs(dtype=np.float64):
    """A query and a memory that holds NaN wherever the lengths say it is padding."""
    memory = normal(B, T, H, dtype=dtype)
    memory[~VALID] = np.nan
    return normal(B, S, H, dtype=dtype), memory


@every_half
def test_every_query_is_answered_as_if_it_were_alone(half):
    query, memory = inputs()
    context, weights = ATTEND[half](query, memory, LENGTHS)
    assert np.shape(context) == (B, S, H)
    assert np.shape(weights) == (B, S, T)
    for b, length in enumerate(LENGTHS):
        for s in range(S):
            likeness = np.exp([query[b, s] @ memory[b, t] for t in range(length)])
            expected = likeness / likeness.sum()
            assert np.abs(weights[b, s, :length] - expected).max() < FLOAT64
            mean = sum(expected[t] * memory[b, t] for t in range(length))
            assert np.abs(context[b, s] - mean).max() < FLOAT64


@every_half
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["all steps", "lengths"])
def test_it_equals_the_dot_product_attention_of_keras(half, lengths):
    query, memory = normal(B, S, H, dtype="float32"), normal(B, T, H, dtype="float32")
    mask = None if lengths is None else [None, tf.constant(VALID)]
    layer = keras.layers.Attention(score_mode="dot")
    expected = layer([query, memory], mask=mask, return_attention_scores=True)
    for ours, theirs in zip(ATTEND[half](query, memory, lengths), expected, strict=True):
        assert np.abs(np.asarray(ours) - np.asarray(theirs)).max() < FLOAT32


@pytest.mark.parametrize("half", [name for name in ATTEND if name != "scratch"])
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["all steps", "lengths"])
def test_both_halves_agree(half, lengths):
    query, memory = inputs() if lengths else (normal(B, S, H), normal(B, T, H))
    expected = scratch.attend(query, memory, lengths)
    for theirs, ours in zip(ATTEND[half](query, memory, lengths), expected, strict=True):
        assert np.abs(np.asarray(theirs) - ours).max() < FLOAT64


@every_half
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_weights_sum_to_one_and_are_exactly_zero_on_padding(half, dtype):
    context, weights = map(np.asarray, ATTEND[half](*inputs(dtype), LENGTHS))
    assert context.dtype == weights.dtype == dtype
    assert np.isfinite(context).all()
    assert np.abs(weights.sum(axis=2) - 1).max() < FLOAT32
    assert (weights.swapaxes(1, 2)[~VALID] == 0).all()
    assert (weights.swapaxes(1, 2)[VALID] > 0).all()


@every_half
def test_what_the_padding_holds_and_how_long_it_is_never_matters(half):
    query, memory = inputs()
    context, weights = map(np.asarray, ATTEND[half](query, memory, LENGTHS))
    longer = np.concatenate([np.where(VALID[:, :, None], memory, 1e300), np.full((B, 2, H), np.inf)], axis=1)
    again, more = map(np.asarray, ATTEND[half](query, longer, LENGTHS))
    assert np.abs(again - context).max() < FLOAT64
    assert np.abs(more[:, :, :T] - weights).max() < FLOAT64
    assert (more[:, :, T:] == 0).all()


@every_half
def test_large_scores_do_not_overflow(half):
    query, memory = 1e3 * normal(B, S, H), 1e3 * normal(B, T, H)
    context, weights = map(np.asarray, ATTEND[half](query, memory))
    best = (query @ memory.swapaxes(1, 2)).argmax(axis=2)  # [B, S]
    assert np.array_equal(weights.argmax(axis=2), best)
    assert np.isfinite(context).all()


@every_half
def test_a_row_of_one_valid_step_is_given_that_step(half):
    query, memory = inputs()
    context, weights = map(np.asarray, ATTEND[half](query, memory, LENGTHS))
    assert (weights[1, :, 0] == 1).all()
    assert np.array_equal(context[1], np.repeat(memory[1, :1], S, axis=0))


@every_half
def test_a_memory_of_equal_steps_is_looked_at_equally(half):
    query, memory = normal(B, S, H), np.repeat(normal(B, 1, H), T, axis=1)
    context, weights = map(np.asarray, ATTEND[half](query, memory))
    assert np.abs(weights - 1 / T).max() < FLOAT64
    assert np.abs(context - memory[:, :1]).max() < FLOAT64


@pytest.mark.parametrize("half", ["tf", "tf, graph"])
def test_gradients_are_finite_zero_on_nan_padding_and_those_of_finite_differences(half):
    query, memory = inputs()
    wanted = normal(B, S, H, seed=1)

    def loss():
        return float((scratch.attend(query, memory, LENGTHS)[0] * wanted).sum())

    tensors = tf.constant(query), tf.constant(memory)
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        context, _ = ATTEND[half](*tensors, LENGTHS)
        value = tf.reduce_sum(context * wanted)
    d_query, d_memory = (gradient.numpy() for gradient in tape.gradient(value, tensors))
    assert np.isfinite(d_memory).all()
    assert (d_memory[~VALID] == 0).all()
    assert relative_error(d_query, finite_differences(loss, query)) < 1e-6
    expected = finite_differences(loss, memory)
    assert relative_error(d_memory[VALID], expected[VALID]) < 1e-6


def test_attending_leaves_its_arguments_as_they_were():
    query, memory = inputs()
    before = query.copy(), memory.copy()
    scratch.attend(query, memory, LENGTHS)
    assert np.array_equal(query, before[0])
    assert np.array_equal(memory, before[1], equal_nan=True)


def x(*shape, dtype="float32"):
    return normal(*shape, dtype=dtype)


# fmt: off
WRONG = [
    (TypeError, "attend: query must be {array} [B, S, H]; got a list", lambda half: half([[[1.0]]], x(B, T, H))),
    (ValueError, "attend: query must be [B, S, H]; got shape (4, 5)", lambda half: half(x(B, H), x(B, T, H))),
    (ValueError, "attend: query must be [B, S, H] with S of at least 1; got shape (4, 0, 5)", lambda half: half(x(B, 0, H), x(B, T, H))),
    (TypeError, "attend: query must be of a floating dtype; got int64", lambda half: half(np.ones((B, S, H), int), x(B, T, H))),
    (TypeError, "attend: memory must be {array} [B, T, H]; got None", lambda half: half(x(B, S, H), None)),
    (ValueError, "attend: memory must be [B, T, H]; got shape (4, 5)", lambda half: half(x(B, S, H), x(B, H))),
    (ValueError, "attend: memory must be [B, T, H] with B=4; got shape (3, 6, 5)", lambda half: half(x(B, S, H), x(3, T, H))),
    (ValueError, "attend: memory must be [B, T, H] with H=5; got shape (4, 6, 7)", lambda half: half(x(B, S, H), x(B, T, 7))),
    (ValueError, "attend: memory must be [B, T, H] with T of at least 1; got shape (4, 0, 5)", lambda half: half(x(B, S, H), x(B, 0, H))),
    (TypeError, "attend: memory must be float32; got float64", lambda half: half(x(B, S, H), x(B, T, H, dtype="float64"))),
    (ValueError, "attend: memory_length must be from 1 to T=6; got [6, 0, 4, 2]", lambda half: half(x(B, S, H), x(B, T, H), [6, 0, 4, 2])),
    (ValueError, "attend: memory_length must be from 1 to T=6; got [6, -1, 4, 2]", lambda half: half(x(B, S, H), x(B, T, H), [6, -1, 4, 2])),
    (ValueError, "attend: memory_length must be from 1 to T=6; got [7, 1, 4, 2]", lambda half: half(x(B, S, H), x(B, T, H), [7, 1, 4, 2])),
    (ValueError, "attend: memory_length must be [B] with B=4; got shape (3,)", lambda half: half(x(B, S, H), x(B, T, H), [6, 1, 4])),
    (ValueError, "attend: memory_length must be [B]; got shape ()", lambda half: half(x(B, S, H), x(B, T, H), 6)),
    (TypeError, "attend: memory_length must be whole numbers; got float64", lambda half: half(x(B, S, H), x(B, T, H), [6.0, 1.0, 4.0, 2.0])),
    (TypeError, "attend: memory_length must be whole numbers [B]; got [6, None, 4, 2]", lambda half: half(x(B, S, H), x(B, T, H), [6, None, 4, 2])),
]
# fmt: on


@pytest.mark.parametrize("half", HALVES, ids=lambda half: half.name)
@rows(WRONG, "scratch", "tf")
def test_a_wrong_call_is_told_what_was_expected_and_what_came(half, kind, text, call):
    with raises(kind, text.format(array=half.array)):
        call(half.module.attend)


@pytest.mark.parametrize(
    ("lengths", "came"),
    [
        ([6, 0, 4, 2], "[6 0 4...]"),
        ([7, 1, 4, 2], "[7 1 4...]"),
        ([6, 1, 4], "[6 1 4]"),
        ([1], "[1]"),  # would be broadcast
        ([2**32 + 1, 1, 4, 2], "[4294967297 1 4...]"),  # would be cut to 1
    ],
)
def test_lengths_known_only_when_a_graph_runs_are_checked_then(lengths, came):
    text = f"[attend: memory_length must be [B] with values from 1 to T; got] {came} [with B =] [4] [and T =] [6]"
    with pytest.raises(tf.errors.InvalidArgumentError, match=re.escape(text)):
        in_a_graph(x(B, S, H), x(B, T, H), lengths)


@pytest.mark.parametrize(
    ("shape", "text"), [([3], "[B] with B=4; got shape (3,)"), ([B, 1], "[B]; got shape (4, 1)")]
)
def test_lengths_of_a_wrong_shape_are_told_while_a_graph_is_traced(shape, text):
    run = tf.function(lambda lengths: rnn.attend(x(B, S, H), x(B, T, H), lengths))
    with pytest.raises(ValueError, match=re.escape(f"attend: memory_length must be {text}")):
        run(tf.ones(shape, tf.int32))


def test_lengths_of_a_wrong_kind_are_told_while_a_graph_is_traced():
    with pytest.raises(TypeError, match="attend: memory_length must be whole numbers; got float64"):
        in_a_graph(x(B, S, H), x(B, T, H), [6.0, 1.0, 4.0, 2.0])


def test_a_graph_takes_as_many_lengths_of_a_memory_as_there_are_rows():
    query, memory = normal(B, 1, H), normal(B, T, H)
    context, _ = tf.function(rnn.attend)(*map(tf.constant, (query, memory, [2, 1, 1, 2])))  # knows all shapes
    np.testing.assert_allclose(context, scratch.attend(query, memory, [2, 1, 1, 2])[0], atol=1e-12)
