"""Cells converted to Keras and back compute the same. Oracle: Keras 3's own layers.

Tolerance: 1e-6 absolute in float32, a few roundings of numbers below one.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf
from kinds import D, basic, gru, lstm, plain_lstm, shake
from toys import normal

import rnnbook.scratch as scratch
import rnnbook.tf as rnn

B, T, H = 4, 6, 5
CELLS = {"BasicRNNCell": basic, "BasicLSTMCell": lstm, "LSTMCell": plain_lstm, "GRUCell": gru}
every_cell = pytest.mark.parametrize("name", CELLS)


@every_cell
@pytest.mark.parametrize("lengths", [None, [0, 3, 6, 1]])
def test_a_keras_layer_computes_what_the_cell_computes(name, lengths):
    cell = shake(CELLS[name](rnn, "float32"))
    layer = rnn.to_keras(cell, return_sequences=True, return_state=True, zero_output_for_mask=True)
    x = normal(B, T, D, dtype="float32")
    mask = None if lengths is None else tf.sequence_mask(lengths, T)
    expected, *states = layer(x, mask=mask)
    outputs, state = rnn.dynamic_rnn(cell, x, lengths)
    np.testing.assert_allclose(outputs, expected, rtol=0, atol=1e-6)
    ours = (state.h, state.c) if len(states) == 2 else (state,)  # Keras returns h, then c
    for a, b in zip(ours, states, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-6)


@every_cell
def test_there_and_back_is_the_same_cell(name):
    cell = shake(CELLS[name](rnn, "float32"))
    back = rnn.from_keras(rnn.to_keras(cell))
    x = normal(B, T, D, dtype="float32")
    np.testing.assert_allclose(rnn.dynamic_rnn(back, x)[0], rnn.dynamic_rnn(cell, x)[0], rtol=0, atol=1e-6)


@pytest.mark.parametrize("layer", [keras.layers.SimpleRNN, keras.layers.LSTM, keras.layers.GRU])
@pytest.mark.parametrize("as_cell", [False, True])
def test_a_fresh_keras_layer_becomes_a_cell(layer, as_cell):
    options = {"reset_after": False} if layer is keras.layers.GRU else {}
    made = layer(5, return_sequences=True, bias_initializer="random_normal", seed=1, **options)
    x = normal(B, T, D, dtype="float32")
    expected = made(x)
    cell = rnn.from_keras(made.cell if as_cell else made)
    np.testing.assert_allclose(rnn.dynamic_rnn(cell, x)[0], expected, rtol=0, atol=1e-6)


def test_a_fresh_simple_rnn_has_orthogonal_recurrent_weights():  # as long-term-dependencies says of it
    layer = keras.layers.SimpleRNN(H)
    layer.build((None, None, D))
    w_h = layer.get_weights()[1]
    np.testing.assert_allclose(w_h @ w_h.T, np.eye(H), rtol=0, atol=1e-6)


def test_a_stack_equals_stacked_layers():
    cells = [shake(lstm(rnn, "float32")), shake(rnn.GRUCell(4, num_inputs=5, seed=4))]
    x = normal(B, T, D, dtype="float32")
    outputs, _ = rnn.dynamic_rnn(rnn.MultiRNNCell(cells), x)
    expected = x
    for cell in cells:
        expected = rnn.to_keras(cell, return_sequences=True)(expected)
    np.testing.assert_allclose(outputs, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("lengths", [None, [1, 3, 6, 2]])
def test_both_directions_equal_keras_bidirectional(lengths):
    forward, backward = shake(lstm(rnn, "float32")), shake(lstm(rnn, "float32"), seed=8)
    options = {"return_sequences": True, "return_state": True, "zero_output_for_mask": True}
    layer = keras.layers.Bidirectional(
        rnn.to_keras(forward, **options), backward_layer=rnn.to_keras(backward, go_backwards=True, **options)
    )
    x = normal(B, T, D, dtype="float32")
    layer.build(x.shape)
    for half, cell in ((layer.forward_layer, forward), (layer.backward_layer, backward)):
        half.set_weights(rnn.to_keras(cell).get_weights())  # Bidirectional copies its layers
    mask = None if lengths is None else tf.sequence_mask(lengths, T)
    expected, h_fw, c_fw, h_bw, c_bw = layer(x, mask=mask)
    outputs, (state_fw, state_bw) = rnn.bidirectional_dynamic_rnn(forward, backward, x, lengths)
    joined = tf.concat(outputs, axis=2)
    np.testing.assert_allclose(joined, expected, rtol=0, atol=1e-6)
    pairs = zip((state_fw.h, state_fw.c, state_bw.h, state_bw.c), (h_fw, c_fw, h_bw, c_bw), strict=True)
    for a, b in pairs:
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-6)


@pytest.mark.parametrize("lengths", [None, [0, 3, 6, 1]])
@pytest.mark.parametrize("time_major", [False, True])
def test_the_halves_agree_in_both_directions(lengths, time_major):
    x = normal(T, B, D) if time_major else normal(B, T, D)
    ours = lstm(scratch, "float64"), gru(scratch, "float64")
    theirs = lstm(rnn, "float64"), gru(rnn, "float64")
    a, (a_fw, a_bw) = scratch.unroll_bidirectional(*ours, x, lengths, time_major=time_major)
    b, (b_fw, b_bw) = rnn.bidirectional_dynamic_rnn(*theirs, x, lengths, time_major=time_major)
    for one, other in ((a[0], b[0]), (a[1], b[1]), (a_fw.c, b_fw.c), (a_bw, b_bw)):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-13)


def test_keras_is_given_the_activation_of_the_cell():
    layer = rnn.to_keras(rnn.BasicRNNCell(H, tf.nn.relu, num_inputs=D, seed=0))
    x = normal(B, T, D, dtype="float32")
    outputs, _ = rnn.dynamic_rnn(rnn.BasicRNNCell(H, tf.nn.relu, num_inputs=D, seed=0), x)
    np.testing.assert_allclose(layer(x), outputs[:, -1], atol=1e-6)


def test_a_cell_from_keras_keeps_the_activation():
    layer = keras.layers.SimpleRNN(H, activation="relu")
    x = normal(B, T, D, dtype="float32")
    expected = layer(x)
    outputs, _ = rnn.dynamic_rnn(rnn.from_keras(layer), x)
    np.testing.assert_allclose(outputs[:, -1], expected, atol=1e-6)


@pytest.mark.parametrize("make", [rnn.BasicRNNCell, rnn.BasicLSTMCell, rnn.GRUCell])
def test_another_activation_goes_along(make):
    cell = make(5, activation=tf.nn.softsign, num_inputs=3, dtype="float64", seed=1)
    x = normal(4, 6, 3)
    layer = rnn.to_keras(cell, return_sequences=True)
    np.testing.assert_allclose(layer(x), rnn.dynamic_rnn(cell, x)[0], rtol=0, atol=1e-6)


class Holds(keras.Model):
    """A Keras model that holds cells: as an attribute, in a list, and in a module."""

    def __init__(self, seed=None):
        super().__init__()
        stack = rnn.MultiRNNCell(
            [rnn.BasicLSTMCell(H, seed=seed), rnn.DropoutWrapper(rnn.GRUCell(H, seed=seed))]
        )
        self.cell, self.cells = stack, [rnn.OutputProjectionWrapper(rnn.GRUCell(H, seed=seed), 2, seed=seed)]
        self.regressor = rnn.SequenceRegressor(rnn.BasicRNNCell(2, seed=seed), 1, seed=seed)
        self.dense = keras.layers.Dense(D)

    def call(self, x):
        return self.regressor(rnn.dynamic_rnn(self.cells[0], rnn.dynamic_rnn(self.cell, self.dense(x))[0])[0])


def test_a_keras_model_saves_and_loads_the_cells_that_it_holds(tmp_path):
    x, path = normal(B, T, D, dtype="float32"), str(tmp_path / "model.weights.h5")
    model, twin = Holds(seed=0), Holds()
    expected = model(x)
    model.save_weights(path)
    assert np.abs(twin(x) - expected).max() > 1e-3
    twin.load_weights(path)
    np.testing.assert_array_equal(twin(x), expected)


def test_weights_of_cells_that_do_not_fit_a_file_are_refused(tmp_path):
    class Model(keras.Model):
        def __init__(self, cell):
            super().__init__()
            self.cell = cell

        def call(self, x):
            return rnn.dynamic_rnn(self.cell, x)[0]

    x, path = normal(B, T, D, dtype="float32"), str(tmp_path / "model.weights.h5")
    model, new = Model(rnn.GRUCell(H)), Model(rnn.GRUCell(H))
    model(x)
    model.save_weights(path)
    new.built = True
    names = "candidate_bias, candidate_kernel, gates_bias, gates_kernel"
    words = f"GRUCell: the weights in the file must be those of this one: none yet, call it once before; got {names}"
    with pytest.raises(ValueError, match=words):
        new.load_weights(path)
    other = Model(rnn.BasicRNNCell(H))
    other(x)
    with pytest.raises(ValueError, match=f"must be those of this one: bias, kernel; got {names}"):
        other.load_weights(path)
