"""The base class `RNNCell` where there is no session: a cell keeps what `get_variable` made.

Oracle: the closed form of a cell that scales and adds.
"""

import numpy as np
import pytest
import tensorflow as tf
from toys import normal

import rnnbook.tf as rnn

v1 = tf.compat.v1
B, T, H = 4, 6, 3
X = normal(B, T, H)


class Sum(rnn.RNNCell):
    """h(t) = w * x(t) + h(t-1), from w = 2."""

    state_size = output_size = H

    def call(self, inputs, state):
        with v1.variable_scope("inner"):
            w = v1.get_variable("w", [H], self.dtype, tf.constant_initializer(2.0))
        return w * inputs + state, w * inputs + state


class OldSum(Sum):
    """The same as cells were written before TF 1.2."""

    def __call__(self, inputs, state, scope=None):
        with v1.variable_scope(scope or type(self).__name__):
            return self.call(inputs, state)


either = pytest.mark.parametrize("kind", [Sum, OldSum])


def cell_of(kind):
    return kind(dtype="float64")


@either
def test_every_step_and_every_call_has_the_same_weight(kind):
    cell = cell_of(kind)
    for _ in range(2):
        outputs, _ = rnn.dynamic_rnn(cell, X)
        np.testing.assert_allclose(outputs, 2 * X.cumsum(axis=1), rtol=1e-12)
    assert len(cell.trainable_variables) == 1
    cell.trainable_variables[0].assign([3.0] * H)
    np.testing.assert_allclose(rnn.dynamic_rnn(cell, X)[0], 3 * X.cumsum(axis=1), rtol=1e-12)


@either
def test_a_weight_outlives_the_function_that_made_it(kind):
    cell = cell_of(kind)
    run = tf.function(lambda x: rnn.dynamic_rnn(cell, x)[0])
    for steps in (T, 2):  # traced twice
        np.testing.assert_allclose(run(X[:, :steps]), 2 * X[:, :steps].cumsum(axis=1), rtol=1e-12)
    assert len(cell.trainable_variables) == 1
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(run(X))
    (gradient,) = tape.gradient(loss, cell.trainable_variables)
    np.testing.assert_allclose(gradient, X.cumsum(axis=1).sum(axis=(0, 1)), rtol=1e-12)


@either
def test_two_cells_have_weights_of_their_own_also_in_a_stack(kind):
    first, second = cell_of(kind), cell_of(kind)
    stack = rnn.MultiRNNCell([first, second])
    rnn.dynamic_rnn(stack, X)
    first.trainable_variables[0].assign([5.0] * H)
    outputs, _ = rnn.dynamic_rnn(stack, X)
    np.testing.assert_allclose(outputs, 10 * X.cumsum(axis=1).cumsum(axis=1), rtol=1e-12)
    assert len(stack.trainable_variables) == 2


def test_a_scope_outside_changes_nothing():
    cell = cell_of(Sum)
    for name in ("train", "test"):
        with v1.variable_scope(name):
            rnn.dynamic_rnn(cell, X)
    assert len(cell.trainable_variables) == 1


def test_weights_are_of_the_dtype_of_the_first_inputs():
    cell = Sum()
    assert rnn.dynamic_rnn(cell, X)[0].dtype == tf.float64
    assert cell.dtype == cell.trainable_variables[0].dtype == tf.float64


@pytest.mark.parametrize("method", ["add_weight", "add_variable"])
def test_build_makes_weights_once_and_trainable_or_not(method):
    class Built(Sum):
        def build(self, inputs_shape):
            make = getattr(self, method)
            self.w = make("w", inputs_shape[1:], initializer=tf.ones_initializer())
            self.shift = make("shift", [H], initializer=tf.zeros_initializer(), trainable=False)
            super().build(inputs_shape)

        def call(self, inputs, state):
            return self.w * inputs + state + self.shift, state

    cell = Built()
    for _ in range(2):
        np.testing.assert_allclose(rnn.dynamic_rnn(cell, X)[0], X, rtol=1e-12)
    assert [v.name for v in cell.trainable_variables] == ["w:0"]
    assert len(cell.variables) == 2
