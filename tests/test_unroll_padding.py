"""What padding holds never matters: not its value, not a NaN, not for a gradient.

Oracles: the same rows run alone, each at its own length (outputs and gradients); a pair
of runs that differ in the padding only.
"""

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


def loss_gradients(unroll, x, lengths, start, w_outputs, w_state, **compiled):
    """Of a loss on every output and on the final state, for weights, inputs and initial state."""
    cell = basic_cell("dynamic_rnn", H, D)

    def run(x, start):
        with tf.GradientTape() as tape:
            tape.watch([x, start])
            outputs, state = unroll(cell, x, lengths, start)
            loss = tf.reduce_sum(outputs * w_outputs) + tf.reduce_sum(state * w_state)
        return tape.gradient(loss, [cell.kernel, cell.bias, x, start])

    run = tf.function(run, **compiled) if compiled else run
    return [gradient.numpy() for gradient in run(tf.constant(x), tf.constant(start))]


@pytest.mark.parametrize("compiled", [{}, {"jit_compile": False}, {"jit_compile": True}], ids=str)
@pytest.mark.parametrize("unroll", UNROLLERS.values(), ids=UNROLLERS)
@every_filling
def test_the_gradients_of_a_padded_batch_are_those_of_its_rows_alone(unroll, filling, compiled):
    x, start = padded(filling), normal(B, H)
    w_outputs, w_state = normal(B, T, H, seed=3), normal(B, H, seed=4)
    padded_gradients = loss_gradients(unroll, x, LENGTHS, start, w_outputs, w_state, **compiled)

    expected = [np.zeros_like(gradient) for gradient in padded_gradients]
    expected[3][1] = w_state[1]  # a row of length 0 hands its initial state on as it is
    for row, length in enumerate(LENGTHS):
        if length:
            this = slice(row, row + 1)
            alone = loss_gradients(
                unroll, x[this, :length], None, start[this], w_outputs[this, :length], w_state[this]
            )
            expected[0] += alone[0]
            expected[1] += alone[1]
            expected[2][this, :length], expected[3][this] = alone[2:]
    for one, other in zip(padded_gradients, expected, strict=True):
        assert relative_error(one, other) < GRADIENT
