"""Dropout: what is masked, how often, and what never is. Oracle: binomial statistics.

A share of n kept numbers strays from keep_prob by more than five standard deviations,
5 sqrt(p (1-p) / n), once in two million runs; and the seeds are fixed.
"""

import numpy as np
import pytest
import tensorflow as tf
from toys import normal

import rnnbook.scratch as scratch
import rnnbook.tf as rnn

B, T, D, H = 40, 30, 3, 11
both_halves = pytest.mark.parametrize("module", [scratch, rnn], ids=["scratch", "tf"])


def unroll(cell, x, start=None):
    if isinstance(cell, tf.Module):
        outputs, state = rnn.dynamic_rnn(cell, x, initial_state=start)
        return outputs.numpy(), state
    return scratch.unroll(cell, x, initial_state=start)


def make(module, **options):
    cell = module.BasicLSTMCell(H, num_inputs=D, dtype="float64", seed=1)
    return module.DropoutWrapper(cell, seed=3, **options)


def within_five_deviations(share, p, n):
    return abs(share - p) < 5 * np.sqrt(p * (1 - p) / n)


@both_halves
def test_without_a_keep_probability_nothing_is_dropped(module):
    cell = make(module)
    x = normal(B, T, D)
    np.testing.assert_allclose(unroll(cell, x)[0], unroll(cell.cell, x)[0], rtol=0, atol=1e-14)


@both_halves
@pytest.mark.parametrize("keep_prob", [0.25, 0.6, 0.9])
def test_outputs_are_kept_with_keep_prob_and_scaled(module, keep_prob):
    cell, x = make(module, output_keep_prob=keep_prob), normal(B, T, D)
    outputs, bare = unroll(cell, x)[0], unroll(cell.cell, x)[0]
    kept = outputs != 0
    np.testing.assert_allclose(outputs[kept], bare[kept] / keep_prob, rtol=1e-11)
    assert within_five_deviations(kept.mean(), keep_prob, kept.size)


@both_halves
def test_means_are_preserved(module):
    cell, x = make(module, output_keep_prob=0.5), normal(B, T, D)
    bare = unroll(cell.cell, x)[0]
    again = tf.function(rnn.dynamic_rnn) if module is rnn else scratch.unroll
    mean = np.mean([again(cell, x)[0] for _ in range(40)], axis=0)
    error = np.abs(bare) / np.sqrt(40)  # of a mean of forty that are 0 or twice the number
    assert np.mean(np.abs(mean - bare) < 2 * error) > 0.9
    assert abs(mean.mean() - bare.mean()) < 5 * np.sqrt(np.mean(bare**2) / 40 / bare.size)


@both_halves
def test_inputs_are_dropped_before_the_cell_sees_them(module):
    cell = make(module, input_keep_prob=0.5)
    x = np.zeros((B, D))
    x[:, 0] = 1.0
    output, _ = cell(x, cell.zero_state(B))
    seen = np.unique(np.round(np.asarray(output)[:, 0], 12))
    double, none = (np.asarray(cell.cell(k * x, cell.cell.zero_state(B))[0])[0, 0] for k in (2.0, 0.0))
    np.testing.assert_allclose(seen, np.sort([double, none]), rtol=0, atol=1e-11)


@both_halves
def test_the_cell_state_c_is_never_dropped(module):
    cell = make(module, state_keep_prob=0.3, output_keep_prob=0.3)
    x, state = normal(B, D), cell.zero_state(B)
    _, new = cell(x, state)
    _, bare = cell.cell(x, state)
    np.testing.assert_array_equal(new.c, bare.c)
    kept = np.asarray(new.h) != 0
    assert within_five_deviations(kept.mean(), 0.3, kept.size)
    np.testing.assert_allclose(np.asarray(new.h)[kept], np.asarray(bare.h)[kept] / 0.3, rtol=1e-12)


@both_halves
def test_state_dropout_reaches_every_plain_state_of_a_stack(module):
    inner = module.MultiRNNCell(
        [module.GRUCell(H, seed=1, dtype="float64"), module.BasicLSTMCell(7, seed=2, dtype="float64")]
    )
    cell = module.DropoutWrapper(inner, state_keep_prob=0.5, seed=3)
    _, (first, second) = cell(normal(B, D), cell.zero_state(B))
    assert within_five_deviations(np.mean(np.asarray(first) != 0), 0.5, B * H)
    assert within_five_deviations(np.mean(np.asarray(second.h) != 0), 0.5, B * 7)
    assert np.all(np.asarray(second.c) != 0)
    assert not np.array_equal(np.asarray(first)[:, :7] != 0, np.asarray(second.h) != 0)


@both_halves
def test_masks_change_at_every_step(module):
    outputs, _ = unroll(make(module, output_keep_prob=0.5), normal(B, T, D))
    masks = outputs != 0
    agree = np.mean(masks[:, 1:] == masks[:, :-1])
    assert within_five_deviations(agree, 0.5, masks[:, 1:].size)


@both_halves
def test_variational_masks_hold_over_a_sequence_and_change_with_the_next(module):
    cell = make(module, output_keep_prob=0.5, variational_recurrent=True)
    masks, others = (unroll(cell, normal(B, T, D))[0] != 0 for _ in range(2))
    assert np.all(masks == masks[:, :1])
    assert np.mean(masks[:, 0] == masks[:1, 0]) < 0.9  # rows have masks of their own
    assert within_five_deviations(np.mean(masks[:, 0] == others[:, 0]), 0.5, B * H)


def in_a_graph(cell, x, start):
    run = compiled.setdefault(cell, tf.function(lambda x, start: rnn.dynamic_rnn(cell, x, None, start)))
    outputs, state = run(x, start)
    return outputs.numpy(), state


def statically(cell, x, start):
    outputs, state = rnn.static_rnn(cell, tf.unstack(x, axis=1), start)
    return np.stack(outputs, axis=1), state


compiled = {}


@pytest.mark.parametrize("stacked", [False, True], ids=["alone", "in a stack"])
@pytest.mark.parametrize(("module", "run"), [
    (scratch, unroll), (rnn, unroll), (rnn, in_a_graph), (rnn, statically),
], ids=["scratch", "tf", "graph", "static"])  # fmt: skip
def test_variational_masks_change_with_the_next_sequence_that_goes_on_from_a_state(module, run, stacked):
    cell = make(module, output_keep_prob=0.5, variational_recurrent=True)
    if stacked:
        cell = module.MultiRNNCell([module.GRUCell(D, seed=2, dtype="float64"), cell])
    x = normal(B, T, D)
    start = unroll(cell, x)[1]
    masks, others = (run(cell, x, start)[0] != 0 for _ in range(2))
    assert np.all(masks == masks[:, :1])
    assert np.all(others == others[:, :1])
    assert within_five_deviations(np.mean(masks[:, 0] == others[:, 0]), 0.5, B * H)


@both_halves
def test_a_loop_of_ones_own_begins_a_sequence_when_it_says_so(module):
    cell = make(module, output_keep_prob=0.5, variational_recurrent=True)
    x = normal(B, D)
    _, start = cell(x, cell.zero_state(B))
    first, same = (np.asarray(cell(x, start)[0]) != 0 for _ in range(2))
    cell.begin()
    other = np.asarray(cell(x, start)[0]) != 0
    np.testing.assert_array_equal(first, same)
    assert within_five_deviations(np.mean(first == other), 0.5, B * H)


@both_halves
def test_streams_of_one_step_are_independent(module):
    cell = module.DropoutWrapper(
        module.BasicRNNCell(H, seed=1, dtype="float64"), output_keep_prob=0.5, state_keep_prob=0.5, seed=3
    )
    output, state = (np.asarray(part) != 0 for part in cell(normal(B, D), cell.zero_state(B)))
    assert within_five_deviations(np.mean(output == state), 0.5, B * H)


@both_halves
def test_the_same_seed_drops_the_same(module):
    x = normal(B, T, D)
    runs = [unroll(make(module, output_keep_prob=0.5), x)[0] for _ in range(2)]
    np.testing.assert_array_equal(*runs)
    other = module.DropoutWrapper(make(module).cell, output_keep_prob=0.5, seed=4)
    assert np.any(unroll(other, x)[0] != runs[0])


def test_switched_off_for_evaluation_in_numpy():
    cell, x = make(scratch, input_keep_prob=0.5, output_keep_prob=0.5, state_keep_prob=0.5), normal(B, T, D)
    cell.enabled = False
    np.testing.assert_array_equal(unroll(cell, x)[0], unroll(cell.cell, x)[0])


@pytest.mark.parametrize("why", ["switched off", "nothing to drop"])
def test_where_nothing_is_dropped_a_step_costs_no_coins_and_no_products(why, monkeypatch):
    cell, bare = make(scratch, **{} if why == "nothing to drop" else {"input_keep_prob": 0.5}), normal(B, D)
    cell.enabled = why == "nothing to drop"
    with monkeypatch.context() as patch:
        patch.setattr(np.random, "default_rng", None)  # nobody may ask for coins
        output, state, tape = cell.forward(bare, cell.zero_state(B))
    assert output is state.h and tape.inner.inputs is bare
    d_output, d_state = normal(B, H, seed=1), scratch.LSTMStateTuple(*normal(2, B, H, seed=2))
    ours, theirs = cell.backward(tape, d_output, d_state), cell.cell.backward(tape.inner, d_output, d_state)
    np.testing.assert_array_equal(ours[0], theirs[0])
    np.testing.assert_array_equal(ours[1], theirs[1])


@pytest.mark.parametrize("options", [{}, {"jit_compile": True}], ids=["graph", "xla"])
def test_switched_off_for_evaluation_in_a_function_compiled_before(options):
    cell, x = make(rnn, input_keep_prob=0.5, output_keep_prob=0.5, state_keep_prob=0.5), normal(B, T, D)
    run = tf.function(lambda x: rnn.dynamic_rnn(cell, x)[0], **options)
    first, second = run(x).numpy(), run(x).numpy()
    assert np.any((first == 0) != (second == 0))  # new masks at every run
    cell.enabled.assign(False)
    np.testing.assert_allclose(run(x), rnn.dynamic_rnn(cell.cell, x)[0], rtol=0, atol=1e-12)


def test_switches_are_no_weights():
    assert len(make(rnn, input_keep_prob=0.5).trainable_variables) == 2


@both_halves
def test_a_new_sequence_draws_new_masks_in_every_layer_of_a_stack(module):
    def layer(n):
        inner = module.GRUCell(H, seed=n, dtype="float64")
        return module.DropoutWrapper(inner, output_keep_prob=0.5, variational_recurrent=True, seed=n)

    x, stack = normal(B, T, D), module.MultiRNNCell([layer(1), layer(2)])
    masks, others = (unroll(stack, x)[0] != 0 for _ in range(2))
    assert np.all(masks == masks[:, :1])
    assert within_five_deviations(np.mean(masks[:, 0] == others[:, 0]), 0.5, B * H)


@pytest.mark.parametrize("half", [scratch, rnn])
def test_what_enters_leaves_and_goes_on_is_dropped_by_masks_of_its_own(half):
    class Double(half.BasicRNNCell):
        """Says its input and remembers it twice: zeros show the masks."""

        def zero_state(self, batch_size, dtype=None):
            return (np.zeros((batch_size, 400)),) * 2

        def forward(self, inputs, state):
            return inputs, (inputs, inputs), None

        def __call__(self, inputs, state):
            return inputs, (inputs, inputs)

    cell = Double(400, num_inputs=400, dtype="float64")
    cell.state_size = (400, 400)
    zeros, ones = (np.zeros((1, 400)),) * 2, np.ones((1, 400))
    if half is rnn:
        zeros, ones = tuple(map(tf.constant, zeros)), tf.constant(ones)
    output, state = half.DropoutWrapper(cell, 0.5, 0.5, 0.5, seed=3)(ones, zeros)
    kept = [np.asarray(values) > 0 for values in (output, *state)]
    assert all(0.15 < values.mean() < 0.35 for values in kept)  # kept twice, at the input and after
    output, state = half.DropoutWrapper(cell, 1.0, 0.5, 0.5, seed=3)(ones, zeros)
    kept = [np.asarray(values) > 0 for values in (output, *state)]
    for one, other in [(0, 1), (0, 2), (1, 2)]:
        assert 0.35 < (kept[one] == kept[other]).mean() < 0.65, (one, other)
