"""BasicRNNCell in NumPy.

Oracles: a closed form where phi is the identity; an independent loop over single numbers;
the two steps that source A prints; central finite differences for every gradient.
"""

import copy
import math

import numpy as np
import pytest
from toys import finite_differences, normal, relative_error

from rnnbook.scratch import Activation, BasicRNNCell, identity, relu, sigmoid, tanh

EXACT = 1e-12  # float64: a few dozen roundings of 1e-16
GRADIENT = 1e-6  # float64, relative: central differences of step 1e-5 are good to about 1e-9
DIGITS = 5e-9  # half of the last of the eight digits that the source prints
B, D, H = 4, 3, 5
ACTIVATIONS = {"tanh": tanh, "sigmoid": sigmoid, "relu": relu, "identity": identity}
SCALAR = {  # the same functions for one number, from Python's math
    "tanh": math.tanh,
    "sigmoid": lambda a: 1 / (1 + math.exp(-a)),
    "relu": lambda a: max(a, 0.0),
    "identity": lambda a: a,
}


def random_cell(activation=tanh, dtype=np.float64):
    """A cell whose bias is random too: zeros would hide it."""
    cell = BasicRNNCell(H, activation, num_inputs=D, dtype=dtype, seed=1)
    cell.bias[:] = normal(H, seed=2)
    return cell


def test_with_the_identity_t_steps_are_a_polynomial_of_the_weights():
    cell = random_cell(identity)
    x, h = normal(B, D), normal(B, H)
    state = h
    for _ in range(3):
        _, state = cell(x, state)
    w = cell.w_h
    closed = h @ w @ w @ w + (x @ cell.w_x + cell.bias) @ (w @ w + w + np.eye(H))
    np.testing.assert_allclose(state, closed, atol=EXACT)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_step_equals_a_loop_over_single_numbers(name):
    cell = random_cell(ACTIVATIONS[name])
    x, h = normal(B, D), normal(B, H)
    output, new_state = cell(x, h)
    for b in range(B):
        for n in range(H):
            before = cell.bias[n]
            for d in range(D):
                before += x[b, d] * cell.kernel[d, n]
            for m in range(H):
                before += h[b, m] * cell.kernel[D + m, n]
            assert output[b, n] == pytest.approx(SCALAR[name](before), abs=EXACT)
    assert new_state is output


def test_two_steps_give_the_numbers_source_a_prints():
    cell = BasicRNNCell(2, num_inputs=1)
    cell.w_x[:] = [[0.5, 0.6]]
    cell.w_h[:] = [[0.1, 0.2], [0.3, 0.4]]
    cell.bias[:] = [0.1, -0.1]
    _, first = cell(np.array([[1.0]]), np.zeros((1, 2)))
    _, second = cell(np.array([[2.0]]), first)
    np.testing.assert_allclose(first, [[0.53704957, 0.46211716]], atol=DIGITS)
    np.testing.assert_allclose(second, [[0.85973818, 0.88366641]], atol=DIGITS)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_gradient_equals_finite_differences(name):
    cell = random_cell(ACTIVATIONS[name])
    x, h = normal(B, D), normal(B, H)
    # A loss that weighs output and new state differently: each gradient must arrive.
    d_output, d_new_state = normal(B, H, seed=3), normal(B, H, seed=4)

    def loss():
        output, new_state = cell(x, h)
        return float((output * d_output).sum() + (new_state * d_new_state).sum())

    _, _, tape = cell.forward(x, h)
    d_inputs, d_state, d_params = cell.backward(tape, d_output, d_new_state)
    numeric = {"inputs": x, "state": h, "kernel": cell.kernel, "bias": cell.bias}
    analytic = {"inputs": d_inputs, "state": d_state, **d_params}
    assert numeric.keys() == analytic.keys()
    for part, numbers in numeric.items():
        assert relative_error(analytic[part], finite_differences(loss, numbers)) < GRADIENT, part


@pytest.mark.parametrize("only", ["output", "new_state"])
def test_a_gradient_of_one_result_alone_arrives(only):
    cell = random_cell()
    x, h, weight = normal(B, D), normal(B, H), normal(B, H, seed=5)
    nothing = np.zeros((B, H))
    _, _, tape = cell.forward(x, h)
    gradients = (weight, nothing) if only == "output" else (nothing, weight)
    d_inputs, _, _ = cell.backward(tape, *gradients)

    def loss():
        return float((cell(x, h)[only == "new_state"] * weight).sum())

    assert relative_error(d_inputs, finite_differences(loss, x)) < GRADIENT


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_derivative_written_by_the_output_equals_finite_differences(name):
    function, derivative = ACTIVATIONS[name]
    a = normal(7, 11)  # no entry lies within a step of relu's corner
    assert np.abs(a).min() > 1e-4
    numeric = finite_differences(lambda: float(function(a).sum()), a)
    assert relative_error(derivative(function(a)), numeric) < GRADIENT


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_activation_and_its_derivative_keep_the_dtype(name, dtype):
    function, derivative = ACTIVATIONS[name]
    y = function(normal(2, 3, dtype=dtype))
    assert y.dtype == derivative(y).dtype == dtype


def test_sigmoid_saturates_without_overflow():
    with np.errstate(all="raise"):
        assert sigmoid.function(np.array([-1e4, 1e4])).tolist() == [0.0, 1.0]


def test_relu_passes_nothing_back_at_its_corner():
    assert relu.derivative(np.array([0.0, 2.0])).tolist() == [0.0, 1.0]


def test_an_own_activation_takes_part_in_both_directions():
    square = Activation(lambda a: a * a, lambda y: 2 * np.sqrt(y))
    cell = BasicRNNCell(2, square, num_inputs=1)
    cell.kernel[:], cell.bias[:] = [[1.0, 2.0], [0.0, 0.0], [0.0, 0.0]], 1.0
    output, _, tape = cell.forward(np.array([[3.0]]), np.zeros((1, 2)))
    assert output.tolist() == [[16.0, 49.0]]
    d_inputs, _, _ = cell.backward(tape, np.ones((1, 2)), np.zeros((1, 2)))
    assert d_inputs.tolist() == [[2 * 4 * 1.0 + 2 * 7 * 2.0]]


def test_forward_and_backward_change_nothing_and_give_the_same_twice():
    cell = random_cell()
    x, h, d = normal(B, D), normal(B, H), normal(B, H, seed=6)
    given = {"x": x, "h": h, "d": d}
    before, attributes = copy.deepcopy(given), copy.deepcopy(vars(cell))
    results = []
    for _ in range(2):
        output, new_state, tape = cell.forward(x, h)
        d_inputs, d_state, d_params = cell.backward(tape, d, d)
        results.append([output, new_state, d_inputs, d_state, *d_params.values()])
    assert all(np.array_equal(a, b) for a, b in zip(*results, strict=True))
    assert all(np.array_equal(given[name], before[name]) for name in given)
    assert vars(cell).keys() == attributes.keys()
    for name, value in attributes.items():
        assert np.array_equal(getattr(cell, name), value), name


def test_a_tape_outlives_the_next_step():
    cell = random_cell()
    x, h, d = normal(B, D), normal(B, H), normal(B, H, seed=6)
    _, _, tape = cell.forward(x, h)
    first = cell.backward(tape, d, d)
    cell.forward(-x, 2 * h)
    for a, b in zip(first[:2], cell.backward(tape, d, d)[:2], strict=True):
        np.testing.assert_array_equal(a, b)


def test_calling_a_cell_is_forward_without_its_tape():
    cell = random_cell()
    x, h = normal(B, D), normal(B, H)
    output, new_state = cell(x, h)
    same_output, same_state, _ = cell.forward(x, h)
    np.testing.assert_array_equal(output, same_output)
    np.testing.assert_array_equal(new_state, same_state)


def test_w_x_and_w_h_are_views_that_write_through_to_the_kernel():
    cell = random_cell()
    cell.w_x[:], cell.w_h[:] = normal(D, H, seed=7), normal(H, H, seed=8)
    np.testing.assert_array_equal(cell.kernel, np.vstack([normal(D, H, seed=7), normal(H, H, seed=8)]))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_everything_a_cell_returns_has_its_dtype(dtype):
    cell = random_cell(dtype=dtype)
    state = cell.zero_state(B)
    output, new_state, tape = cell.forward(normal(B, D, dtype=dtype), state)
    d_inputs, d_state, d_params = cell.backward(tape, output, new_state)
    arrays = [cell.kernel, cell.bias, state, output, new_state, d_inputs, d_state, *d_params.values()]
    assert {array.dtype.name for array in arrays} == {dtype}
