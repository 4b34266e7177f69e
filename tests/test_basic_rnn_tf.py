"""BasicRNNCell in TensorFlow.

Oracles: the NumPy half (forward, and backward against the tape's gradients), Keras'
SimpleRNNCell and SimpleRNN with the same weights, and each way of running against the others.
"""

import numpy as np
import pytest
import tensorflow as tf
from toys import normal, relative_error

import rnnbook.scratch as scratch
from rnnbook.tf import BasicRNNCell, dynamic_rnn

EXACT = 1e-12  # float64: the order of a dozen additions may differ
VALUE = 1e-6  # float32, absolute: outputs lie within one, tanh is good to four roundings of 6e-8
GRADIENT = 1e-6  # float64, relative: both are exact but for rounding
B, T, D, H = 4, 7, 3, 5
ACTIVATIONS = {  # by name: of TensorFlow, of the NumPy half
    "tanh": (tf.tanh, scratch.tanh),
    "sigmoid": (tf.sigmoid, scratch.sigmoid),
    "relu": (tf.nn.relu, scratch.relu),
    "identity": (tf.identity, scratch.identity),
}


def twins(name="tanh", dtype="float64"):
    """A cell of each half with the same random weights, the bias included."""
    activation, twin_activation = ACTIVATIONS[name]
    cell = BasicRNNCell(H, activation, num_inputs=D, dtype=dtype, seed=1)
    twin = scratch.BasicRNNCell(H, twin_activation, num_inputs=D, dtype=dtype, seed=1)
    twin.bias[:] = normal(H, seed=2)
    cell.bias.assign(twin.bias)
    return cell, twin


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", EXACT), ("float32", VALUE)])
def test_a_step_equals_the_numpy_half_for_each_activation(name, dtype, tolerance):
    cell, twin = twins(name, dtype)
    x, h = normal(B, D, dtype=dtype), normal(B, H, dtype=dtype)
    output, new_state = cell(x, h)
    assert output.dtype == dtype
    assert new_state is output
    np.testing.assert_allclose(output, twin(x, h)[0], rtol=0, atol=tolerance)


def test_tanh_is_the_activation_unless_another_is_given():
    cell, _ = twins()
    plain = BasicRNNCell(H, num_inputs=D, dtype="float64", seed=1)
    plain.bias.assign(cell.bias)
    x, h = normal(B, D), normal(B, H)
    np.testing.assert_array_equal(plain(x, h)[0], cell(x, h)[0])


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_gradients_of_the_tape_equal_backward_of_the_numpy_half(name):
    cell, twin = twins(name)
    x, h = tf.constant(normal(B, D)), tf.constant(normal(B, H))
    d_output, d_new_state = normal(B, H, seed=3), normal(B, H, seed=4)
    with tf.GradientTape() as tape:
        tape.watch([x, h])
        output, new_state = cell(x, h)
        loss = tf.reduce_sum(output * d_output) + tf.reduce_sum(new_state * d_new_state)
    from_tape = tape.gradient(loss, [x, h, cell.kernel, cell.bias])
    _, _, own_tape = twin.forward(x.numpy(), h.numpy())
    d_inputs, d_state, d_params = twin.backward(own_tape, d_output, d_new_state)
    written_out = [d_inputs, d_state, d_params["kernel"], d_params["bias"]]
    for one, other in zip(from_tape, written_out, strict=True):
        assert relative_error(one, other) < GRADIENT


def test_gradients_through_many_steps_equal_backward_called_in_reverse():
    cell, twin = twins()
    x, weight = normal(B, T, D), normal(B, T, H, seed=5)
    with tf.GradientTape() as tape:
        outputs, _ = dynamic_rnn(cell, x)
        loss = tf.reduce_sum(outputs * weight)
    from_tape = tape.gradient(loss, [cell.kernel, cell.bias])

    state, tapes = twin.zero_state(B), []
    for t in range(T):
        _, state, own_tape = twin.forward(x[:, t], state)
        tapes.append(own_tape)
    d_state, d_kernel, d_bias = np.zeros((B, H)), 0.0, 0.0
    for t in reversed(range(T)):
        _, d_state, d_params = twin.backward(tapes[t], weight[:, t], d_state)
        d_kernel, d_bias = d_kernel + d_params["kernel"], d_bias + d_params["bias"]
    assert relative_error(from_tape[0], d_kernel) < GRADIENT
    assert relative_error(from_tape[1], d_bias) < GRADIENT


def test_a_step_equals_the_cell_of_keras_with_the_same_weights():
    cell, _ = twins()
    keras_cell = tf.keras.layers.SimpleRNNCell(H, dtype="float64")
    keras_cell.build((B, D))
    keras_cell.set_weights([cell.w_x, cell.w_h, cell.bias])
    x, h = normal(B, D), normal(B, H)
    output, states = keras_cell(x, [h])
    np.testing.assert_allclose(cell(x, h)[0], output, rtol=0, atol=EXACT)
    np.testing.assert_allclose(cell(x, h)[1], states[0], rtol=0, atol=EXACT)


@pytest.mark.parametrize("name", ["tanh", "relu"])
def test_a_sequence_equals_the_layer_of_keras_with_the_same_weights(name):
    cell, _ = twins(name)
    layer = tf.keras.layers.SimpleRNN(H, name, return_sequences=True, return_state=True, dtype="float64")
    layer.build((B, T, D))
    layer.set_weights([cell.w_x, cell.w_h, cell.bias])
    outputs, state = dynamic_rnn(cell, normal(B, T, D))
    keras_outputs, keras_state = layer(normal(B, T, D))
    np.testing.assert_allclose(outputs, keras_outputs, rtol=0, atol=EXACT)
    np.testing.assert_allclose(state, keras_state, rtol=0, atol=EXACT)


@pytest.mark.parametrize("options", [{}, {"jit_compile": True}], ids=["graph", "XLA"])
def test_a_step_and_its_gradients_are_the_same_eagerly_and_compiled(options):
    cell, _ = twins()
    x, h = tf.constant(normal(B, D)), tf.constant(normal(B, H))

    def step(x, h):
        with tf.GradientTape() as tape:
            tape.watch([x, h])
            output, _ = cell(x, h)
            loss = tf.reduce_sum(output**2)
        return [output, *tape.gradient(loss, [x, h, cell.kernel, cell.bias])]

    for one, other in zip(step(x, h), tf.function(step, **options)(x, h), strict=True):
        assert relative_error(one, other) < GRADIENT


@pytest.mark.parametrize("options", [{}, {"jit_compile": True}], ids=["graph", "XLA"])
def test_weights_born_inside_a_function_live_on_outside(options):
    cell = BasicRNNCell(H, seed=3)
    run = tf.function(lambda x: cell(x, cell.zero_state(B))[0], **options)
    x = normal(B, D, dtype="float32")
    first = run(x)
    np.testing.assert_allclose(first, cell(x, cell.zero_state(B))[0], rtol=0, atol=VALUE)
    cell.bias.assign(normal(H, dtype="float32"))  # what is written outside is read inside
    assert not np.allclose(run(x), first)
    np.testing.assert_allclose(run(x), cell(x, cell.zero_state(B))[0], rtol=0, atol=VALUE)


def test_a_cell_lists_its_kernel_and_bias_as_its_trainable_variables():
    cell = BasicRNNCell(H, num_inputs=D)
    assert {id(variable) for variable in cell.trainable_variables} == {id(cell.kernel), id(cell.bias)}
    assert [variable.name for variable in cell.trainable_variables] == ["kernel:0", "bias:0"]


def test_w_x_and_w_h_follow_the_kernel_and_pass_gradients_on_to_it():
    cell = BasicRNNCell(H, num_inputs=D)
    cell.kernel.assign(normal(D + H, H, dtype="float32"))
    np.testing.assert_array_equal(np.vstack([cell.w_x, cell.w_h]), normal(D + H, H, dtype="float32"))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(cell.w_x) + 2 * tf.reduce_sum(cell.w_h)
    np.testing.assert_array_equal(tape.gradient(loss, cell.kernel), [[1] * H] * D + [[2] * H] * H)


def test_an_activation_may_ask_an_if_of_a_tensor_in_a_graph():
    def leaky(a):
        if tf.reduce_mean(a) > 0:  # AutoGraph translates it, as the step of the cell is not as_written
            return a
        return 0.1 * a

    cell = BasicRNNCell(H, leaky, num_inputs=D, seed=1)
    for inputs in (tf.ones([2, D]), -tf.ones([2, D])):
        expected, _ = cell(inputs, cell.zero_state(2))
        np.testing.assert_allclose(tf.function(cell)(inputs, cell.zero_state(2))[0], expected, rtol=1e-6)
