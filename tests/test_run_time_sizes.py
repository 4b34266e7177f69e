"""Sizes that only a running graph knows are checked there, as those known before it runs are.

Oracle: the one form of all messages, filled in by hand. A number of rows that broadcasting would make up
for, one row above all, must not give a result. Lengths and T have their tests in `test_errors_tf`.
"""

import re

import numpy as np
import pytest
import tensorflow as tf
from kinds import KINDS, D, build, leaves
from toys import CountingCell, normal

import rnnbook.tf as rnn
from rnnbook.protocol import LSTMStateTuple, map_state

B, T, H = 4, 2, 5
CELLS = [kind for kind in KINDS if kind.startswith("tf")]
every_cell = pytest.mark.parametrize("kind", CELLS)


def floats(*shape):
    return normal(*shape, dtype=np.float32)


def knowing_nothing(function, *arguments):
    """The function traced for arrays of which nothing but the rank is known, and the last size of the first."""
    first, *others = map(tf.convert_to_tensor, arguments)
    specs = [tf.TensorSpec([*[None] * (first.shape.rank - 1), first.shape[-1]], first.dtype)]
    specs += [tf.TensorSpec([None] * other.shape.rank, other.dtype) for other in others]
    return tf.function(function, input_signature=specs)


def refused(text):
    return pytest.raises(tf.errors.InvalidArgumentError, match=re.escape(text))


def with_state(cell, run):
    """``run(inputs, state)`` with the state as arrays in a row, as a signature takes them."""

    def flat(x, *arrays):
        arrays = iter(arrays)
        return run(x, map_state(lambda _: next(arrays), cell.state_size))

    return flat


def state_arrays(cell, rows):
    return [floats(rows, size) for size in leaves(cell.state_size)]


@every_cell
@pytest.mark.parametrize("unroll", ["dynamic_rnn", "static_rnn"])
def test_an_initial_state_of_other_rows_is_refused(kind, unroll):
    cell, x = build(kind, "float32"), floats(1, T, D)

    def run(x, state):
        if unroll == "dynamic_rnn":
            return rnn.dynamic_rnn(cell, x, initial_state=state)[0]
        return rnn.static_rnn(cell, [x[:, 0], x[:, 1]], state)[0][-1]

    right, wrong = state_arrays(cell, 1), state_arrays(cell, B)
    graph = knowing_nothing(with_state(cell, run), x, *right)
    graph(x, *right)
    with refused(f"{unroll}: initial_state must be [B, H] of shape] [1 "):
        graph(x, *wrong)
    with refused(f"{unroll}: initial_state must be [B, H] of shape] [4 "):  # one row would be broadcast
        graph(floats(B, T, D), *right)


@every_cell
def test_a_step_refuses_a_state_of_other_rows(kind):
    cell, x = build(kind, "float32"), floats(1, D)
    graph = knowing_nothing(with_state(cell, lambda x, state: cell(x, state)[0]), x, *state_arrays(cell, 1))
    graph(x, *state_arrays(cell, 1))
    with refused("state must be [B, H] of shape] [1 "):
        graph(x, *state_arrays(cell, B))


def test_each_of_two_states_is_checked():
    cell = build("tf BasicLSTMCell", "float32")
    graph = knowing_nothing(
        lambda x, c, h: rnn.dynamic_rnn(cell, x, initial_state=LSTMStateTuple(c, h))[0],
        floats(B, T, D), floats(B, H), floats(B, H),
    )  # fmt: skip
    for c, h in ((floats(1, H), floats(B, H)), (floats(B, H), floats(1, H))):
        with refused("dynamic_rnn: initial_state must be [B, H] of shape] [4 5] [; got shape] [1 5]"):
            graph(floats(B, T, D), c, h)


def test_a_state_of_another_width_is_refused():
    cell = build("tf GRUCell", "float32")
    graph = knowing_nothing(
        lambda x, h: rnn.dynamic_rnn(cell, x, initial_state=h)[0], floats(B, T, D), floats(B, H)
    )
    with refused("dynamic_rnn: initial_state must be [B, H] of shape] [4 5] [; got shape] [4 1]"):
        graph(floats(B, T, D), floats(B, 1))


def test_time_first_inputs_count_their_rows_on_the_second_axis():
    cell = build("tf GRUCell", "float32")
    graph = knowing_nothing(
        lambda x, h: rnn.dynamic_rnn(cell, x, initial_state=h, time_major=True)[0],
        floats(T, B, D),
        floats(B, H),
    )
    graph(floats(T, B, D), floats(B, H))
    with refused("dynamic_rnn: initial_state must be [B, H] of shape] [4 5] [; got shape] [2 5]"):
        graph(floats(T, B, D), floats(T, H))


class Short(CountingCell):
    """Gives one row of output, or of state, whatever comes."""

    def __init__(self, what):
        super().__init__(tf.zeros)
        self.what = what

    def __call__(self, inputs, state):
        output, state = super().__call__(inputs, state)
        return (output[:1], state) if self.what == "output" else (output, state[:1])


@pytest.mark.parametrize("lengths", [None, [1, 2, 0, 2]])
@pytest.mark.parametrize("what", ["output", "new_state"])
@pytest.mark.parametrize(
    "unroll", [rnn.dynamic_rnn, lambda cell, x, n: rnn.static_rnn(cell, [x[:, 0], x[:, 1]], None, None, n)]
)
def test_a_step_of_ones_own_that_loses_rows_is_refused(unroll, what, lengths):
    x = floats(B, T, D)
    graph = knowing_nothing(lambda x: unroll(Short(what), x, lengths)[1], x)
    # Lengths that are known tell B while the graph is made.
    with pytest.raises((tf.errors.InvalidArgumentError, ValueError), match=f"{what} of the cell must be"):
        graph(x)


def one_row(*values):
    return tf.reduce_mean(values[-1], axis=0, keepdims=True)


FUNCTIONS = {
    "LSTMCell: result of activation": lambda: rnn.LSTMCell(H, activation=one_row),
    "GRUCell: result of activation": lambda: rnn.GRUCell(H, one_row),
    "OutputProjectionWrapper: result of activation": lambda: rnn.OutputProjectionWrapper(
        rnn.GRUCell(H), 2, one_row
    ),
    "ResidualWrapper: result of residual_fn": lambda: rnn.ResidualWrapper(rnn.GRUCell(H), one_row),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_in_a_cell_that_loses_rows_is_refused(name):
    """Its result would be broadcast, or be the output of all rows."""
    cell, x = FUNCTIONS[name](), floats(B, T, D)
    graph = knowing_nothing(lambda x: rnn.dynamic_rnn(cell, x)[0], x)
    assert graph(x[:1]).shape[0] == 1
    with refused(f"{name} must be of B rows, B =] [4] [; got] [1]"):
        graph(x)


def test_steps_of_unequal_rows_are_refused():
    spec = tf.TensorSpec([None, D], tf.float32)
    graph = tf.function(
        lambda one, two: rnn.static_rnn(CountingCell(tf.zeros), [one, two])[1], input_signature=[spec, spec]
    )
    graph(floats(B, D), floats(B, D))
    with refused("static_rnn: inputs must be [B, D] of shape] [4 3] [; got shape] [1 3]"):
        graph(floats(B, D), floats(1, D))


def test_the_last_output_of_no_step_is_refused():
    graph = knowing_nothing(rnn.last_output, floats(B, T, D))
    with refused("last_output: outputs must be [B, T, O] with T of at least 1; got T = 0"):
        graph(floats(B, 0, D))


@pytest.mark.parametrize(
    ("query", "memory", "came"),
    [
        ((B, 3, H), (1, T, H), "[4 2 5] [; got shape] [1 2 5]"),
        ((1, 3, H), (B, T, H), "[1 2 5] [; got shape] [4 2 5]"),
        ((B, 3, H), (B, T, 1), "[4 2 5] [; got shape] [4 2 1]"),
    ],
)
def test_attention_refuses_a_memory_of_other_rows_or_width(query, memory, came):
    graph = knowing_nothing(lambda q, m: rnn.attend(q, m)[0], floats(B, 3, H), floats(B, T, H))
    graph(floats(B, 3, H), floats(B, T, H))
    with refused(f"attend: memory must be [B, T, H] of shape] {came}"):
        graph(floats(*query), floats(*memory))


def test_attention_to_a_memory_of_no_step_is_refused():
    graph = knowing_nothing(lambda q, m: rnn.attend(q, m)[0], floats(B, 3, H), floats(B, T, H))
    with refused("attend: memory must be [B, T, H] with T of at least 1; got T = 0"):
        graph(floats(B, 3, H), floats(B, 0, H))


@pytest.mark.parametrize(
    ("predictions", "targets"),
    [((B, 1), (1, 1)), ((B, 1), (B,)), ((B, B), (B,)), ((1, 1), (1,)), ((B,), (1,))],
)
@pytest.mark.parametrize("rank", [True, False], ids=["rank known", "rank unknown"])
def test_a_loss_refuses_targets_that_would_be_broadcast(predictions, targets, rank):
    specs = [tf.TensorSpec([None] * len(shape) if rank else None) for shape in (predictions, targets)]
    graph = tf.function(rnn.mean_squared_error, input_signature=specs)
    with pytest.raises(
        (tf.errors.InvalidArgumentError, ValueError), match="mean_squared_error: targets must be of shape"
    ):
        graph(floats(*predictions), floats(*targets))
    if rank is False or len(predictions) == len(targets):
        other = tf.function(rnn.mean_squared_error, input_signature=specs[:1] * 2)
        assert other(floats(*predictions), floats(*predictions)) == 0


def test_a_loss_of_shapes_known_in_part_is_that_of_known_ones():
    p, y = floats(B, 2), floats(B, 2)[::-1]
    graph = tf.function(
        rnn.mean_squared_error, input_signature=[tf.TensorSpec([None, 2]), tf.TensorSpec([B, None])]
    )
    assert graph(p, y) == rnn.mean_squared_error(tf.constant(p), tf.constant(y))


def decode(step, *shapes, end=0):
    def run(*state):
        return rnn.greedy_decode(step, state, start_token=0, end_token=end, max_steps=3)

    return tf.function(run, input_signature=[tf.TensorSpec(shape) for shape in shapes])


def test_decoding_refuses_states_of_unequal_rows():
    graph = decode(lambda tokens, state: (state[0], state), [None, 2], [None, 3])
    graph(floats(B, 2), floats(B, 3))
    with refused("greedy_decode: initial_state must be of B rows, B =] [4] [; got] [1]"):
        graph(floats(B, 2), floats(1, 3))


def test_decoding_refuses_logits_of_other_rows():
    graph = decode(lambda tokens, state: (state[0][:1], state), [None, 2])
    graph(floats(1, 2))
    with refused("greedy_decode: logits must be of B rows, B =] [4] [; got] [1]"):
        graph(floats(B, 2))


def test_decoding_refuses_an_end_token_that_no_logit_stands_for():
    graph = decode(lambda tokens, state: (state[0], state), [None, None], end=2)
    graph(floats(B, 3))
    with refused("greedy_decode: end_token must be below V, or no row could end; got] [2] [with V =] [2]"):
        graph(floats(B, 2))


def test_sampling_refuses_to_keep_more_tokens_than_there_are():
    def run(state):
        step = lambda tokens, state: (state, state)  # noqa: E731
        return rnn.sample_decode(step, state, start_token=0, end_token=0, max_steps=3, top_k=3)

    graph = tf.function(run, input_signature=[tf.TensorSpec([None, None])])
    graph(floats(B, 3))
    with refused("sample_decode: top_k must be at most V; got] [3] [with V =] [2]"):
        graph(floats(B, 2))


@pytest.mark.parametrize(
    ("weights", "came"), [((1, T), "[4 2] [; got shape] [1 2]"), ((B, 1), "[4 2] [; got shape] [4 1]")]
)
def test_a_loss_of_sequences_refuses_weights_that_would_be_broadcast(weights, came):
    logits, targets = floats(B, T, 3), np.zeros((B, T), int)
    graph = knowing_nothing(rnn.sequence_loss, logits, targets, np.ones((B, T), "float32"))
    graph(logits, targets, np.ones((B, T), "float32"))
    with refused(f"sequence_loss: weights must be [B, T] of shape] {came}"):
        graph(logits, targets, np.ones(weights, "float32"))
    with refused("sequence_loss: targets must be [B, T] of shape] [4 2] [; got shape] [1 2]"):
        graph(logits, targets[:1], np.ones((B, T), "float32"))


def test_a_loss_of_ones_own_in_a_loss_of_sequences_must_give_one_number_a_step():
    def first(labels, logits):
        return tf.cast(labels, tf.float32)[:1]

    logits, targets, weights = floats(B, T, 3), np.ones((B, T), int), np.ones((B, T), "float32")
    graph = knowing_nothing(
        lambda *given: rnn.sequence_loss(*given, softmax_loss_function=first), logits, targets, weights
    )
    with refused("sequence_loss: result of softmax_loss_function must be of B rows, B =] [8] [; got] [1]"):
        graph(logits, targets, weights)


def compiled(function, *arguments):
    """As `knowing_nothing`, by XLA, which drops assertions and knows all sizes when it compiles."""
    return tf.function(
        function, input_signature=knowing_nothing(function, *arguments).input_signature, jit_compile=True
    )


class Leaky(rnn.RNNCell):
    state_size = output_size = H

    def call(self, inputs, state):
        new_state = state / 2 + tf.reduce_sum(inputs, axis=1, keepdims=True)
        return new_state, new_state


@pytest.mark.parametrize("make", [lambda: build("tf GRUCell", "float32"), Leaky])
def test_xla_does_not_compile_an_initial_state_of_other_rows(make):
    cell = make()
    graph = compiled(lambda x, h: rnn.dynamic_rnn(cell, x, initial_state=h)[0], floats(B, T, D), floats(B, H))
    x, h = floats(B, T, D), floats(B, H)
    np.testing.assert_allclose(graph(x, h), rnn.dynamic_rnn(cell, x, initial_state=h)[0], atol=1e-6)
    for rows, its_rows in ((1, B), (B, 1)):
        with refused("dynamic_rnn_initial_state_must_be_B_H_of_shape"):
            graph(floats(rows, T, D), floats(its_rows, H))


def test_xla_does_not_compile_a_step_or_a_loss_that_would_be_broadcast():
    cell = build("tf GRUCell", "float32")
    step = compiled(lambda x, h: cell(x, h)[0], floats(B, D), floats(B, H))
    np.testing.assert_allclose(
        step(floats(B, D), floats(B, H)), cell(floats(B, D), floats(B, H))[0], atol=1e-6
    )
    for by_xla in (compiled, traced_before):
        step = by_xla(lambda x, h: cell(x, h)[0], floats(B, D), floats(B, H))
        with refused("GRUCell_state_must_be_B_H_of_shape"):
            step(floats(1, D), floats(B, H))
    specs = [tf.TensorSpec(None)] * 2
    loss = tf.function(rnn.mean_squared_error, input_signature=specs, jit_compile=True)
    assert loss(floats(B), floats(B)) == 0
    with refused("mean_squared_error_targets_must_be_of_shape"):
        loss(floats(B), floats())


def traced_before(function, *arguments):
    """As `compiled`, of a function that was traced outside of XLA."""
    graph = knowing_nothing(function, *arguments)
    graph(*arguments)
    return compiled(lambda *given: graph(*given), *arguments)


@pytest.mark.parametrize("by_xla", [compiled, traced_before])
def test_under_xla_what_follows_from_a_wrong_length_is_nan(by_xla):
    cell, x = build("tf GRUCell", "float32"), floats(2, T, D)
    stack = rnn.MultiRNNCell([Leaky()])

    def graph(x, lengths):
        looped, state = rnn.dynamic_rnn(cell, x, lengths)
        steps, (last,) = rnn.static_rnn(stack, [x[:, 0], x[:, 1]], None, None, lengths)
        context, weights = rnn.attend(x, x, lengths)
        picked = rnn.last_output(x, lengths)
        return [tf.reduce_sum(a) for a in (looped, state, tf.stack(steps), last, context, weights, picked)]

    run = by_xla(graph, x, np.array([T, 1], np.int32))
    assert np.isfinite(run(x, tf.constant([T, 1]))).all()
    for wrong in ([T + 1, 1], [1, -1]):
        sums = np.array(run(x, tf.constant(wrong)))
        assert np.isnan(sums[[1, 3, 4, 5, 6]]).all()
        assert np.isnan(sums).all() or min(wrong) < 0  # past a length below 0 all outputs are zero


@pytest.mark.parametrize("by_xla", [compiled, traced_before])
def test_under_xla_what_a_wrong_keep_prob_keeps_is_nan(by_xla):
    share = tf.Variable(0.5)
    cell = rnn.DropoutWrapper(build("tf GRUCell", "float32"), output_keep_prob=share)
    run = by_xla(lambda x, h: cell(x, h)[0], floats(B, D), floats(B, H))
    for keep_prob in (0.0, 1.5):
        share.assign(keep_prob)
        assert np.isnan(run(floats(B, D), floats(B, H))).all()


def search(step, *shapes, end=0):
    def run(*state):
        return rnn.beam_decode(step, state, start_token=0, end_token=end, max_steps=3, width=2)

    return tf.function(run, input_signature=[tf.TensorSpec(shape) for shape in shapes])


def test_a_beam_refuses_states_and_logits_of_other_rows_and_an_end_that_no_logit_stands_for():
    graph = search(lambda tokens, state: (state[0], state), [None, 2], [None, 3])
    graph(floats(B, 2), floats(B, 3))
    with refused("beam_decode: initial_state must be of B rows, B =] [4] [; got] [1]"):
        graph(floats(B, 2), floats(1, 3))
    graph = search(lambda tokens, state: (state[0][:2], state), [None, None], end=2)
    graph(floats(1, 3))
    with refused("beam_decode: logits must be of B rows, B =] [8] [; got] [2]"):
        graph(floats(B, 3))
    with refused("beam_decode: end_token must be below V, or no row could end; got] [2] [with V =] [2]"):
        graph(floats(1, 2))
    graph = search(lambda tokens, state: (state[0], (state[0][:2],)), [None, 3])
    with refused("beam_decode: state after a step must be of B rows, B =] [8] [; got] [2]"):
        graph(floats(B, 3))
