"""What padding holds never matters: not its value, not a NaN, not for a gradient.

Oracles: the same rows run alone, each at its own length (outputs and gradients); a pair
of runs that differ in the padding only.
"""

from functools import cache

import numpy as np
import pytest
import tensorflow as tf
from toys import normal, relative_error
from unrollers import ROADS, basic_cell, packed_static

from rnnbook import data
from rnnbook.tf import dynamic_rnn

EXACT = 1e-12  # float64: a few additions in another order
GRADIENT = 1e-6  # float64, relative: both are exact but for rounding
B, T, D, H = 4, 6, 3, 5
LENGTHS = [3, 0, T, 1]
FILLINGS = {"zeros": 0.0, "large": 1e6, "NaN": np.nan, "infinity": np.inf}
UNROLLERS = {"static_rnn": packed_static, "dynamic_rnn": dynamic_rnn}
every_road = pytest.mark.parametrize("road", ROADS)
every_filling = pytest.mark.parametrize("filling", FILLINGS.values(), ids=FILLINGS)


def padded(filling):
    valid = data.sequence_mask(LENGTHS, T)
    return np.where(valid[..., None], normal(B, T, D), filling)


@every_road
@every_filling
def test_each_row_of_a_padded_batch_equals_that_row_alone_at_its_length(road, filling):
    run, cell, x = ROADS[road], basic_cell(road, H, D), padded(filling)
    outputs, state = run(cell, x, LENGTHS)
    for row, length in enumerate(LENGTHS):
        if length == 0:
            np.testing.assert_array_equal(state[row], np.zeros(H))
        else:
            alone, its_state = run(cell, x[row : row + 1, :length])
            np.testing.assert_allclose(outputs[row, :length], alone[0], rtol=0, atol=EXACT)
            np.testing.assert_allclose(state[row], its_state[0], rtol=0, atol=EXACT)
        np.testing.assert_array_equal(outputs[row, length:], np.zeros((T - length, H)))


START, W_OUTPUTS, W_STATE = normal(B, H), normal(B, T, H, seed=3), normal(B, H, seed=4)


def loss_gradients(unroll, x, lengths=None, rows=slice(None)):
    """Of a loss on every output and on the final state, for weights, inputs and initial state."""
    cell, start = basic_cell("dynamic_rnn", H, D), tf.constant(START[rows])
    with tf.GradientTape() as tape:
        tape.watch([x, start])
        outputs, state = unroll(cell, x, lengths, start)
        loss = tf.reduce_sum(outputs * W_OUTPUTS[rows, : x.shape[1]]) + tf.reduce_sum(state * W_STATE[rows])
    return tape.gradient(loss, [cell.kernel, cell.bias, x, start])


@cache
def gradients_of_the_rows_alone(name):
    """The same gradients, put together from each row at its own length."""
    sums = [np.zeros((D + H, H)), np.zeros(H), np.zeros((B, T, D)), np.zeros((B, H))]
    for row, length in enumerate(LENGTHS):
        this = slice(row, row + 1)
        if length == 0:
            sums[3][this] = W_STATE[this]  # such a row hands its initial state on as it is
            continue
        alone = loss_gradients(UNROLLERS[name], tf.constant(normal(B, T, D)[this, :length]), rows=this)
        sums[0] += alone[0].numpy()
        sums[1] += alone[1].numpy()
        sums[2][this, :length], sums[3][this] = alone[2:]
    return sums


@pytest.mark.parametrize("compiled", [None, {"jit_compile": False}, {"jit_compile": True}], ids=str)
@pytest.mark.parametrize("name", UNROLLERS)
def test_the_gradients_of_a_padded_batch_are_those_of_its_rows_alone(name, compiled):
    def run(x):
        return loss_gradients(UNROLLERS[name], x, LENGTHS)

    run = run if compiled is None else tf.function(run, **compiled)
    for filling in FILLINGS.values():
        gradients = run(tf.constant(padded(filling)))
        for one, other in zip(gradients, gradients_of_the_rows_alone(name), strict=True):
            assert relative_error(one, other) < GRADIENT, filling
