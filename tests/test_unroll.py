"""Unrolling, by every road of both halves.

Oracles: toy cells whose results have a closed form (a state that counts valid steps);
TF 1.x's own unrollers, which still exist.
"""

from functools import cache

import numpy as np
import pytest
import tensorflow as tf
from toys import CountingCell, NestedCell, normal
from unrollers import ROADS, TENSORFLOW, basic_cell, toy

import rnnbook.scratch as scratch
import rnnbook.tf as rnn
from rnnbook.protocol import LSTMStateTuple

EXACT = 1e-12  # float64: a few additions in another order
B, T, D, H = 4, 6, 3, 5
every_road = pytest.mark.parametrize("road", ROADS)
LENGTHS = {
    "none": None,
    "all T": [T] * B,
    "all 1": [1] * B,
    "all 0": [0] * B,
    "mixed": [3, 0, T, 1],
}
every_lengths = pytest.mark.parametrize("lengths", LENGTHS.values(), ids=LENGTHS)


def valid_steps(lengths, batch=B, time_steps=T):
    """[B, T, 1] of ones and zeros, and the number of valid steps [B, 1]."""
    lengths = np.array([time_steps] * batch if lengths is None else lengths)
    return (np.arange(time_steps) < lengths[:, None])[..., None].astype(float), lengths[:, None]


@every_road
@every_lengths
def test_the_state_counts_valid_steps_and_outputs_past_the_end_are_zero(road, lengths):
    x = normal(B, T, D)
    outputs, state = ROADS[road](toy(CountingCell, road), x, lengths)
    valid, count = valid_steps(lengths)
    times = np.arange(1, T + 1)[:, None]
    np.testing.assert_array_equal(outputs, valid * times * x[:, :, :2])
    np.testing.assert_array_equal(state, count)


@every_road
@every_lengths
def test_an_initial_state_is_where_the_count_begins_even_for_a_row_of_length_0(road, lengths):
    x, start = normal(B, T, D), np.array([[10.0], [20.0], [30.0], [40.0]])
    outputs, state = ROADS[road](toy(CountingCell, road), x, lengths, start)
    valid, count = valid_steps(lengths)
    times = start[:, None] + np.arange(1, T + 1)[:, None]
    np.testing.assert_array_equal(outputs, valid * times * x[:, :, :2])
    np.testing.assert_array_equal(state, start + count)


@every_road
@every_lengths
def test_a_nested_state_is_carried_and_copied_through_leaf_by_leaf(road, lengths):
    x = normal(B, T, D)
    outputs, state = ROADS[road](toy(NestedCell, road), x, lengths)
    valid, count = valid_steps(lengths)
    sums = np.cumsum(x, axis=1)
    np.testing.assert_allclose(outputs, valid * sums, rtol=0, atol=EXACT)
    assert type(state) is tuple
    assert type(state[1]) is LSTMStateTuple
    np.testing.assert_array_equal(state[0], count)
    np.testing.assert_array_equal(state[1].c, np.repeat(2 * count, 2, axis=1))
    np.testing.assert_allclose(state[1].h, (valid * x).sum(axis=1), rtol=0, atol=EXACT)


@every_road
def test_a_nested_initial_state_keeps_its_structure(road):
    x = normal(B, T, D)
    start = (normal(B, 1), LSTMStateTuple(c=normal(B, 2), h=normal(B, 3)))
    _, state = ROADS[road](toy(NestedCell, road), x, [2] * B, start)
    np.testing.assert_allclose(state[0], start[0] + 2, rtol=0, atol=EXACT)
    np.testing.assert_allclose(state[1].c, start[1].c + 4, rtol=0, atol=EXACT)
    np.testing.assert_allclose(state[1].h, start[1].h + x[:, :2].sum(axis=1), rtol=0, atol=EXACT)


@every_road
@pytest.mark.parametrize(("batch", "time_steps"), [(B, 1), (1, T), (1, 1)])
@pytest.mark.parametrize("all_padding", [False, True])
def test_one_step_and_a_batch_of_one_need_no_special_case(road, batch, time_steps, all_padding):
    x = normal(batch, time_steps, D)
    lengths = [0 if all_padding else time_steps] * batch
    outputs, state = ROADS[road](toy(CountingCell, road), x, lengths)
    valid, count = valid_steps(lengths, batch, time_steps)
    times = np.arange(1, time_steps + 1)[:, None]
    np.testing.assert_array_equal(outputs, valid * times * x[:, :, :2])
    np.testing.assert_array_equal(state, count)


@every_road
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_outputs_and_state_have_the_dtype_of_the_inputs(road, dtype):
    x = normal(B, T, D, dtype=dtype)
    outputs, state = ROADS[road](basic_cell(road, H, D, dtype), x, [3, 0, T, 1])
    assert outputs.dtype == state.dtype == dtype
    outputs, state = ROADS[road](toy(CountingCell, road), x)  # a cell without a dtype of its own
    assert outputs.dtype == state.dtype == dtype


@cache
def old_results(lengths):
    """Outputs and state by the unrollers of TF 1.x, from random inputs and a random state."""
    cell, x, start = basic_cell("dynamic_rnn", H, D), tf.constant(normal(B, T, D)), tf.constant(normal(B, H))
    v1, steps = tf.compat.v1.nn, tf.unstack(x, axis=1)
    outputs, state = v1.static_rnn(cell, steps, start, sequence_length=lengths)
    return {
        "static, TF 1": (tf.stack(outputs, axis=1), state),
        "dynamic, TF 1": v1.dynamic_rnn(cell, x, lengths, start),
    }


@pytest.mark.parametrize("road", TENSORFLOW)
@every_lengths
def test_random_weights_give_what_tf_1_unrollers_and_the_numpy_half_give(road, lengths):
    cell, x, start = basic_cell(road, H, D), normal(B, T, D), normal(B, H)
    outputs, state = TENSORFLOW[road](cell, x, lengths, start)
    ours = {"NumPy": scratch.unroll(basic_cell("unroll", H, D), x, lengths, start)}
    others = ours | old_results(lengths and tuple(lengths))
    for name, (other_outputs, other_state) in others.items():
        np.testing.assert_allclose(outputs, other_outputs, rtol=0, atol=EXACT, err_msg=name)
        np.testing.assert_allclose(state, other_state, rtol=0, atol=EXACT, err_msg=name)


@pytest.mark.parametrize("lengths", [np.uint8([3, 0, T, 1]), np.int64([3, 0, T, 1]), (3, 0, T, 1)])
@every_road
def test_lengths_may_be_of_any_whole_kind(road, lengths):
    _, state = ROADS[road](toy(CountingCell, road), normal(B, T, D), lengths)
    assert state.tolist() == [[3], [0], [T], [1]]


@pytest.mark.parametrize("last_output", [scratch.last_output, rnn.last_output])
def test_the_last_output_takes_unsigned_lengths(last_output):
    outputs = normal(2, T, H)
    expected = [np.zeros(H), outputs[1, T - 1]]
    np.testing.assert_array_equal(last_output(outputs, np.uint8([0, T])), expected)


def test_unroll_changes_neither_its_inputs_nor_the_initial_state():
    x, start = normal(B, T, D), normal(B, H)
    scratch.unroll(basic_cell("unroll", H, D), x, [3, 0, T, 1], start)
    np.testing.assert_array_equal(x, normal(B, T, D))
    np.testing.assert_array_equal(start, normal(B, H))


@pytest.mark.parametrize("last_output", [scratch.last_output, rnn.last_output])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_last_output_is_the_one_before_the_padding_and_zero_where_there_is_none(last_output, dtype):
    outputs = normal(B, T, H, dtype=dtype)
    zero = np.zeros(H)
    expected = [outputs[0, 2], zero, outputs[2, T - 1], outputs[3, 0]]
    picked = np.asarray(last_output(outputs, [3, 0, T, 1]))
    np.testing.assert_array_equal(picked, expected)
    assert picked.dtype == dtype
    np.testing.assert_array_equal(last_output(outputs), outputs[:, T - 1])


@every_road
def test_the_last_output_of_a_basic_cell_is_its_final_state(road):
    lengths = [3, 1, T, 2]
    outputs, state = ROADS[road](basic_cell(road, H, D), normal(B, T, D), lengths)
    np.testing.assert_array_equal(scratch.last_output(outputs, lengths), state)
    np.testing.assert_array_equal(rnn.last_output(outputs, lengths), state)
