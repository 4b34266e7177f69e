"""Gradients through time of every parameter, input and initial state.

Oracles: central finite differences in float64, and TensorFlow's tape on the twin cell.
Tolerance: 1e-6 relative, far above the differences' own error (near 1e-9) and far below
any mistake (near 1).
"""

import numpy as np
import pytest
import tensorflow as tf
from kinds import BOTH, ONLY_TF, D, build, copy_weights, draw_again, leaves, random_state
from toys import finite_differences, normal, relative_error

import rnnbook.scratch as scratch
import rnnbook.tf as rnn
from rnnbook.protocol import map_state

B, T = 4, 5
RELATIVE = 1e-6
LENGTHS = [0, 3, 5, 1]


def weighted_sum(outputs, state, weights):
    w_outputs, w_state = weights
    total = (outputs * w_outputs).sum()
    return total + sum((a * b).sum() for a, b in zip(leaves(state), leaves(w_state), strict=True))


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_numpy_gradients_are_those_of_finite_differences(name, lengths):
    cell = build(f"scratch {name}")
    x, start = normal(B, T, D), random_state(cell, B)
    weights = normal(B, T, cell.output_size, seed=3), random_state(cell, B, seed=4)

    def run():
        draw_again(cell)
        return scratch.forward_through_time(cell, x, lengths, start)

    tape = run()[2]
    d_x, d_start, d_params = scratch.backward_through_time(cell, tape, *weights)
    assert d_params.keys() == cell.weights.keys()

    def loss():
        return weighted_sum(*run()[:2], weights)

    for key, weight in cell.weights.items():
        assert relative_error(d_params[key], finite_differences(loss, weight)) < RELATIVE, key
    assert relative_error(d_x, finite_differences(loss, x)) < RELATIVE
    for given, leaf in zip(leaves(d_start), leaves(start), strict=True):
        assert relative_error(given, finite_differences(loss, leaf)) < RELATIVE


@pytest.mark.parametrize("name", [name for name in BOTH if name != "DropoutWrapper"])
@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_numpy_gradients_are_those_of_the_tape(name, lengths):
    ours, theirs = build(f"scratch {name}"), build(f"tf {name}")
    copy_weights(ours, theirs)
    x, start = normal(B, T, D), random_state(ours, B)
    weights = normal(B, T, ours.output_size, seed=3), random_state(ours, B, seed=4)
    _, _, tape = scratch.forward_through_time(ours, x, lengths, start)
    d_x, d_start, d_params = scratch.backward_through_time(ours, tape, *weights)

    inputs, state = tf.constant(x), map_state(tf.constant, start)
    watched = [inputs, *leaves(state)]
    with tf.GradientTape() as recorded:
        recorded.watch(watched)
        outputs, final = rnn.dynamic_rnn(theirs, inputs, lengths, state)
        loss = tf.reduce_sum(outputs * weights[0])
        loss += sum(tf.reduce_sum(a * b) for a, b in zip(leaves(final), leaves(weights[1]), strict=True))
    by_name = named_variables(theirs)
    expected = recorded.gradient(loss, [*watched, *by_name.values()])
    for given, wanted in zip([d_x, *leaves(d_start)], expected, strict=False):
        assert relative_error(given, wanted) < 1e-12
    for (key, _), wanted in zip(by_name.items(), expected[len(watched) :], strict=True):
        assert relative_error(d_params[key], wanted) < 1e-12, key


@pytest.mark.parametrize("name", ["DropoutWrapper", *ONLY_TF])  # the others: by way of the NumPy half
def test_gradients_of_the_tape_are_those_of_finite_differences(name):
    cell = build(f"tf {name}")
    x, start = tf.Variable(normal(B, 3, D)), map_state(tf.Variable, random_state(cell, B))
    if name == "DropoutWrapper":
        cell.enabled.assign(False)
    weights = normal(B, 3, cell.output_size, seed=3), random_state(cell, B, seed=4)

    @tf.function
    def loss():
        outputs, final = rnn.dynamic_rnn(cell, tf.identity(x), [0, 3, 1, 2], map_state(tf.identity, start))
        total = tf.reduce_sum(outputs * weights[0])
        return total + sum(
            tf.reduce_sum(a * b) for a, b in zip(leaves(final), leaves(weights[1]), strict=True)
        )

    everything = [*cell.trainable_variables, x, *leaves(start)]
    with tf.GradientTape() as tape:
        value = loss()
    for variable, given in zip(everything, tape.gradient(value, everything), strict=True):
        numbers = variable.numpy()

        def moved(variable=variable, numbers=numbers):
            variable.assign(numbers)
            return float(loss())

        wanted = finite_differences(moved, numbers)
        variable.assign(numbers)
        assert relative_error(given, wanted) < RELATIVE, variable.name


def test_forward_through_time_is_unroll():
    cell, x = build("scratch MultiRNNCell"), normal(B, T, D)
    outputs, state, _ = scratch.forward_through_time(cell, x, LENGTHS)
    expected, expected_state = scratch.unroll(cell, x, LENGTHS)
    np.testing.assert_array_equal(outputs, expected)
    for a, b in zip(leaves(state), leaves(expected_state), strict=True):
        np.testing.assert_array_equal(a, b)


def test_gradient_check_finds_a_wrong_gradient_and_puts_the_parameters_back():
    w = normal(3, 2)
    kept = w.copy()
    errors = scratch.gradient_check(lambda: float((w**3).sum()), {"w": w}, {"w": 3 * w**2})
    assert errors["w"] < 1e-8
    wrong = 3 * w**2
    wrong[1, 0] *= 1.01
    assert scratch.gradient_check(lambda: float((w**3).sum()), {"w": w}, {"w": wrong})["w"] > 1e-4
    np.testing.assert_array_equal(w, kept)


def named_variables(cell, prefix=""):
    """The variables of a TensorFlow cell under the names `weights` has in the NumPy half."""
    if hasattr(cell, "cells"):
        parts = [named_variables(inner, f"{prefix}cell_{n}/") for n, inner in enumerate(cell.cells)]
        return {key: value for part in parts for key, value in part.items()}
    return {f"{prefix}{name}": getattr(cell, name) for name in cell.weight_names}
