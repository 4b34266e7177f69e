"""Losses, clipping, optimizers and the training loops. Oracles: TensorFlow and Keras."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from kinds import copy_weights
from toys import finite_differences, normal, relative_error

import rnnbook.scratch as scratch
import rnnbook.tf as rnn
from rnnbook.data import batches

OPTIMIZERS = {
    "SGD": (lambda: scratch.SGD(0.1), lambda: keras.optimizers.SGD(0.1)),
    "Adagrad": (
        lambda: scratch.Adagrad(0.1),
        lambda: keras.optimizers.Adagrad(0.1, initial_accumulator_value=0.1, epsilon=0.0),
    ),
    "Adam": (lambda: scratch.Adam(0.01), lambda: keras.optimizers.Adam(0.01)),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_steps_as_in_keras(name):
    ours, theirs = (make() for make in OPTIMIZERS[name])
    parameters = {"a": normal(3, 2), "b": normal(4)}
    variables = {key: tf.Variable(value) for key, value in parameters.items()}
    for step in range(5):
        gradients = {key: normal(*value.shape, seed=step) for key, value in parameters.items()}
        ours.step(parameters, gradients)
        theirs.apply_gradients([(tf.constant(gradients[key]), variables[key]) for key in parameters])
    for key, value in parameters.items():
        np.testing.assert_allclose(value, variables[key], rtol=0, atol=1e-6)  # Keras keeps rates in float32


def test_clipping_is_tensorflows():
    gradients = {"a": normal(3, 2), "b": normal(4)}
    clipped, norm = scratch.clip_by_global_norm(gradients, 0.7)
    expected, expected_norm = tf.clip_by_global_norm(list(gradients.values()), 0.7)
    assert norm == pytest.approx(float(expected_norm), rel=1e-12)
    for a, b in zip(clipped.values(), expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_short_gradients_are_not_clipped():
    gradients = {"a": normal(3, 2)}
    clipped, _ = scratch.clip_by_global_norm(gradients, 1e3)
    np.testing.assert_array_equal(clipped["a"], gradients["a"])
    zero, norm = scratch.clip_by_global_norm({"a": np.zeros(3)}, 1.0)
    assert norm == 0
    assert np.all(zero["a"] == 0)


def test_clipping_keeps_the_direction_of_float32_gradients_whose_squares_do_not_fit():
    gradients = {"a": np.float32([3e25]), "b": np.float32([-4e25])}
    clipped, norm = scratch.clip_by_global_norm(gradients, 0.5)
    assert norm == pytest.approx(5e25, rel=1e-6)
    np.testing.assert_allclose([clipped["a"][0], clipped["b"][0]], [0.3, -0.4], rtol=1e-6)
    assert clipped["a"].dtype == np.float32


@pytest.mark.parametrize("max_norm", [0, -1.0, float("nan")])
def test_a_norm_that_clips_nothing_or_everything_is_refused(max_norm):
    with pytest.raises(ValueError, match="clip_by_global_norm: max_norm must be above 0"):
        scratch.clip_by_global_norm({"a": normal(3)}, max_norm)


def test_the_mean_squared_error_and_its_gradient():
    p, y = normal(4, 2), normal(4, 2, seed=1)
    loss, gradient = scratch.mean_squared_error(p, y)
    assert loss == pytest.approx(float(keras.losses.MeanSquaredError()(y, p)), rel=1e-6)
    assert loss == pytest.approx(float(rnn.mean_squared_error(tf.constant(p), tf.constant(y))), rel=1e-12)
    wanted = finite_differences(lambda: scratch.mean_squared_error(p, y)[0], p)
    assert relative_error(gradient, wanted) < 1e-7


def test_targets_that_would_broadcast_are_refused():
    with pytest.raises(ValueError, match=r"targets must be of shape \(4, 1\); got \(4,\)"):
        scratch.mean_squared_error(normal(4, 1), normal(4))
    with pytest.raises(ValueError, match="targets must be of shape"):
        rnn.mean_squared_error(tf.constant(normal(4, 1)), tf.constant(normal(4)))


def make_pair():
    """The same regressor in both halves."""
    ours = scratch.SequenceRegressor(
        scratch.MultiRNNCell([scratch.BasicLSTMCell(5, seed=1), scratch.GRUCell(4, seed=2)]), 2, seed=3
    )
    theirs = rnn.SequenceRegressor(
        rnn.MultiRNNCell([rnn.BasicLSTMCell(5, dtype="float64"), rnn.GRUCell(4, dtype="float64")]), 2, seed=3
    )
    ours.cell.build(3)
    theirs.cell.build(3)
    copy_weights(ours.cell, theirs.cell)
    return ours, theirs


def test_a_regressors_gradients_are_those_of_finite_differences():
    model, _ = make_pair()
    x, y = normal(6, 4, 3), normal(6, 2)
    _, gradients = model.loss_and_gradients(x, y)
    assert gradients.keys() == model.weights.keys()
    for key, weight in model.weights.items():
        wanted = finite_differences(lambda: model.loss_and_gradients(x, y)[0], weight)
        assert relative_error(gradients[key], wanted) < 1e-6, key


@pytest.mark.parametrize("max_norm", [None, 0.05])
def test_the_halves_learn_the_same_and_the_loss_falls(max_norm):
    ours, theirs = make_pair()
    x = normal(50, 4, 3)
    y = x.sum(axis=1)[:, :2]
    np.testing.assert_allclose(ours(x), theirs(x), rtol=0, atol=1e-12)
    options = {"steps": 130, "batch_size": 7, "seed": 4, "max_norm": max_norm}
    losses = scratch.fit(ours, x, y, scratch.Adagrad(0.1), **options)
    optimizer = keras.optimizers.Adagrad(0.1, initial_accumulator_value=0.1, epsilon=0.0)
    expected = rnn.fit(theirs, x, y, optimizer, **options)
    np.testing.assert_allclose(losses, expected, rtol=1e-4)
    np.testing.assert_allclose(ours(x), theirs(x), rtol=0, atol=1e-4)
    assert losses[-20:].mean() < (0.5 if max_norm is None else 0.9) * losses[:20].mean()


@pytest.mark.parametrize("module", [scratch, rnn], ids=["scratch", "tf"])
def test_a_loss_that_is_not_finite_stops_the_training_and_is_named(module):
    model = make_pair()[module is rnn]
    x, y = normal(20, 4, 3), normal(20, 2)
    far = batches(20, 5, 9, seed=0)[3, 2]
    y[far] = 1e200  # finite, but its square is not
    before = [np.array(w) for w in weights_of(model)]
    optimizer = scratch.SGD(0.0) if module is scratch else keras.optimizers.SGD(0.0)
    first = int(np.argmax([far in rows for rows in batches(20, 5, 9, seed=0)]))
    text = f"fit: the loss of step {first} must be finite; got inf"
    with np.errstate(over="ignore"), pytest.raises(ValueError, match=text):
        module.fit(model, x, y, optimizer, steps=9, batch_size=5, seed=0)
    if module is scratch:
        for weight, kept in zip(weights_of(model), before, strict=True):
            np.testing.assert_array_equal(weight, kept)


def weights_of(model):
    return model.trainable_variables if isinstance(model, tf.Module) else list(model.weights.values())


def test_batches_use_every_sample_equally_often():
    order = batches(samples=12, batch_size=5, steps=12, seed=1)
    assert order.shape == (12, 5)
    assert np.all(np.bincount(order.ravel()) == 5)
    assert not np.array_equal(order.ravel()[:12], order.ravel()[12:24])


def test_a_buffer_mixes_only_neighbours():
    order = batches(samples=1000, batch_size=10, steps=300, seed=1, buffer=50).ravel()
    place = np.arange(order.size)
    assert np.all(order <= place + 50)  # in the first round nothing comes before its turn
    assert np.all(np.bincount(order[:900], minlength=1000) <= 1)
    assert np.corrcoef(place[:900], order[:900])[0, 1] > 0.95
    assert not np.array_equal(order[:50], np.arange(50))


def test_the_sine_run_reaches_the_published_error():
    """Source A's setting, (N, 1, 10); its second edition prints 0.002070, readers 0.0012 to 0.0024."""
    total = np.sin(np.linspace(0, 100.1, 10010, dtype="float32"))
    later = np.sin(np.linspace(100.1, 110.2, 1010, dtype="float32"))
    windows = [np.lib.stride_tricks.sliding_window_view(s, 11) for s in (total, later)]
    (x, y), (x_test, y_test) = ((w[:, None, :10].copy(), w[:, 10:].copy()) for w in windows)
    cells = [rnn.BasicLSTMCell(30, seed=20), rnn.BasicLSTMCell(30, seed=21)]
    model = rnn.SequenceRegressor(rnn.MultiRNNCell(cells), 1, seed=22)
    optimizer = keras.optimizers.Adagrad(0.1, initial_accumulator_value=0.1)
    rnn.fit(model, x, y, optimizer, steps=10_000, seed=2, buffer=1000)
    rmse = float(np.sqrt(np.mean((model(x_test) - y_test) ** 2)))
    assert rmse == pytest.approx(0.0018, abs=0.0003)


def test_inputs_may_be_tokens():
    class Lookup(tf.Module):
        def __init__(self):
            super().__init__()
            self.table = tf.Variable(tf.zeros((5, 1)))

        def __call__(self, tokens):
            return tf.gather(self.table, tokens)

    tokens, model = np.arange(5, dtype="int32"), Lookup()
    losses = rnn.fit(
        model, tokens, tokens[:, None].astype("float32"), keras.optimizers.SGD(2.0), steps=30, batch_size=5
    )
    np.testing.assert_allclose(model.table[:, 0], tokens, atol=1e-3)
    assert losses[0] == pytest.approx(6.0)  # the mean of 0, 1, 4, 9, 16
