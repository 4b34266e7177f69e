"""Losses, clipping, optimizers and the training loops. Oracles: TensorFlow and Keras."""

import io
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from error_tables import raises
from kinds import copy_weights
from toys import finite_differences, normal, relative_error

import rnnbook.scratch as scratch
import rnnbook.tf as rnn
from rnnbook.data import batches

B, T, D, H = 4, 2, 3, 5
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


def test_the_first_step_of_adam_is_the_rate_wherever_epsilon_is_small_and_less_where_it_is_not():
    gradient, start = np.array([4.0, -2.0, 0.01]), np.zeros(3)
    for epsilon in (1e-9, 0.5):
        moved = start.copy()
        scratch.Adam(0.1, epsilon=epsilon).step({"w": moved}, {"w": gradient})
        # m = 0.1 g and v = 0.001 g^2, so that rate * m = 0.1 * sqrt(0.001) * g
        expected = -0.1 * np.sqrt(0.001) * gradient / (np.sqrt(0.001) * np.abs(gradient) + epsilon)
        np.testing.assert_allclose(moved, expected, rtol=1e-9)


def test_adam_may_forget_at_once():
    assert scratch.Adam(beta_1=0, beta_2=0.0).beta_1 == 0


class Terminal(io.StringIO):
    """A stream that says that people watch it."""

    def isatty(self):
        return True


@pytest.mark.parametrize(("half", "optimizer"), [(scratch, scratch.SGD), (rnn, keras.optimizers.SGD)])
def test_training_shows_a_bar_of_steps_to_people_and_nothing_to_a_file(monkeypatch, half, optimizer):
    def train():
        cell = half.BasicRNNCell(H, num_inputs=D, dtype="float32", seed=0)
        model = half.SequenceRegressor(cell, 1, seed=1)
        x, y = normal(B, T, D, dtype="float32"), normal(B, 1, dtype="float32")
        half.fit(model, x, y, optimizer(0.1), steps=2, batch_size=2, seed=0)

    for stream, shown in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr(sys, "stderr", stream)
        train()
        assert ("2/2" in stream.getvalue()) == ("step" in stream.getvalue()) == shown


class Line(tf.Module):
    """A model whose two variables differ in dtype; the loss has that of the first."""

    def __init__(self):
        super().__init__()
        self.a, self.b = tf.Variable(1.0), tf.Variable(0.0, dtype=tf.float64)

    def __call__(self, inputs):
        return self.a * inputs + tf.cast(self.b, tf.float32)


def test_variables_may_differ_in_dtype():
    x = normal(4, 1, dtype="float32")
    losses = rnn.fit(Line(), x, x, keras.optimizers.SGD(0.1), steps=2, batch_size=4, seed=0)
    np.testing.assert_array_equal(losses, [0.0, 0.0])


def test_a_loss_that_is_not_finite_is_shown_as_it_came():
    targets = np.zeros((4, 1), "float32")
    targets[0] = 1e30  # its square is beyond float32; sample 0 comes in step 1
    assert batches(samples=4, batch_size=1, steps=4, seed=0).ravel().tolist() == [2, 0, 1, 3]
    with raises(ValueError, "fit: the loss of step 1 must be finite; got inf"):
        rnn.fit(
            Line(),
            np.ones((4, 1), "float32"),
            targets,
            keras.optimizers.SGD(0.0),
            steps=4,
            batch_size=1,
            seed=0,
        )


def test_of_several_losses_that_are_not_finite_the_first_is_named():
    def loss(predictions, targets):  # of the targets alone: every step has its own
        return tf.math.log(tf.reduce_mean(targets)) + 0 * tf.reduce_mean(predictions)

    targets = np.float32([[0.0], [-1.0], [1.0], [1.0]])  # in the order 2, 0, 1, 3: 0, -inf, nan, 0
    options = {"steps": 4, "batch_size": 1, "seed": 0, "loss": loss}
    with raises(ValueError, "fit: the loss of step 1 must be finite; got -inf"):
        rnn.fit(Line(), np.ones((4, 1), "float32"), targets, keras.optimizers.SGD(0.0), **options)


def test_a_readout_adds_its_bias():
    x, cell = normal(B, T, D, dtype="float32"), rnn.BasicRNNCell(H, seed=0)
    outputs = rnn.dynamic_rnn(cell, x)[0].numpy()
    model, wrapper = rnn.SequenceRegressor(cell, 2, seed=1), rnn.OutputProjectionWrapper(cell, 2, seed=1)
    wrapper.build(D)
    for readout in (model, wrapper):
        readout.bias.assign([0.5, -2.0])
    np.testing.assert_allclose(model(x), outputs[:, -1] @ model.kernel.numpy() + [0.5, -2.0], atol=1e-6)
    projected = rnn.dynamic_rnn(wrapper, x)[0]
    np.testing.assert_allclose(projected, outputs @ wrapper.kernel.numpy() + [0.5, -2.0], atol=1e-6)


def sums():
    x = normal(16, T, D, dtype="float32")
    return x, x.sum((1, 2))[:, None] / 10


def by_factor():
    return keras.optimizers.SGD(0.1, loss_scale_factor=1024.0)


def by_optimizer():
    return keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1))


@pytest.mark.parametrize(("scaled", "max_norm", "steps"), [  # each pair of settings is met; one step compiles by XLA
    (by_factor, None, T),
    (by_factor, 0.05, 1),
    (by_optimizer, 0.05, T),
    (by_optimizer, None, 1),
])  # fmt: skip
def test_a_scaled_loss_trains_as_one_that_is_not(scaled, max_norm, steps):
    x, y = sums()
    losses = [
        rnn.fit(
            rnn.SequenceRegressor(rnn.GRUCell(H, seed=0), 1, seed=1), x[:, :steps], y, optimizer,
            steps=4, batch_size=8, seed=0, max_norm=max_norm,
        )
        for optimizer in (scaled(), keras.optimizers.SGD(0.1))
    ]  # fmt: skip
    np.testing.assert_allclose(*losses, rtol=1e-5)
    assert losses[1][-1] != losses[1][0]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_numpys_optimizers_learn_in_float16_as_in_float32(name):
    losses = []
    for dtype in ("float16", "float32"):
        x, y = (array.astype(dtype) for array in sums())
        model = scratch.SequenceRegressor(scratch.GRUCell(H, dtype=dtype, seed=0), 1, seed=1)
        losses.append(scratch.fit(model, x, y, OPTIMIZERS[name][0](), steps=60, batch_size=8, seed=0))
    np.testing.assert_allclose(losses[0][-8:].mean(), losses[1][-8:].mean(), rtol=0.1)


@pytest.mark.parametrize("gradient", [1e-4, 500.0])
def test_squares_that_float16_cannot_hold_take_the_step_of_float32(gradient):
    for make in (scratch.Adam, scratch.Adagrad):
        moved = []
        for dtype in ("float16", "float32"):
            p, optimizer = np.zeros(1, dtype), make(0.1)
            for _ in range(3):
                optimizer.step({"p": p}, {"p": np.array([gradient], dtype)})
            moved.append(p.copy())
        np.testing.assert_allclose(*moved, rtol=5e-3)


def test_an_optimizer_whose_squares_vanish_in_float16_is_refused_there():
    x, y = (array.astype("float16") for array in sums())

    def train(optimizer):
        model = rnn.SequenceRegressor(rnn.GRUCell(H, dtype="float16", seed=0), 1, seed=1)
        return rnn.fit(model, x, y, optimizer, steps=60, batch_size=8, seed=0)

    text = (
        "fit: epsilon of the optimizer must be at least 0.001 for weights of float16, in which squares vanish"
    )
    small = keras.optimizers.RMSprop(0.01)
    for optimizer in (small, keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.01))):
        with raises(ValueError, f"{text}; got 1e-07"):
            train(optimizer)
    for optimizer in (keras.optimizers.Adam(0.01, epsilon=1e-3), keras.optimizers.Adagrad(0.1)):
        losses = train(optimizer)
        assert losses[-8:].mean() < losses[:8].mean() / 2


class Plain:
    """A cell of the protocol that is no object of TensorFlow's, around one that is."""

    state_size = output_size = H

    def __init__(self):
        self.inside, self.scale = rnn.GRUCell(H, seed=0), {"of outputs": [tf.Variable(2.0)]}
        self.count = tf.Variable(0.0, trainable=False)

    def zero_state(self, batch_size, dtype=tf.float32):
        return tf.zeros((batch_size, H), dtype)

    def __call__(self, inputs, state):
        output, state = self.inside(inputs, state)
        return self.scale["of outputs"][0] * output, state

    @property
    def trained(self):
        return [*self.inside.trainable_variables, self.scale["of outputs"][0]]


class Own(rnn.RNNCell):
    """A cell as TF 1.x code has it."""

    state_size = output_size = H

    def call(self, inputs, state):
        new_state = tf.tanh(inputs @ tf.compat.v1.get_variable("w", [inputs.shape[-1], H]) + state)
        return new_state, new_state


class Both(tf.Module):
    """A cell, and Keras's layer in a list."""

    def __init__(self, cell=None):
        super().__init__()
        self.cell, self.layers = cell or rnn.GRUCell(H, seed=0), [keras.layers.Dense(1)]

    def __call__(self, x):
        return self.layers[0](rnn.dynamic_rnn(self.cell, x)[0][:, -1])


class InKeras(keras.Model):
    def __init__(self, cell=None):
        super().__init__()
        self.cell, self.dense = cell or rnn.GRUCell(H, seed=0), keras.layers.Dense(1)

    def call(self, x):
        return self.dense(rnn.dynamic_rnn(self.cell, x)[0][:, -1])


class Listed(Both):
    """Says by itself what is trained: not the layer."""

    @property
    def trainable_variables(self):
        return self.cell.trainable_variables


def all_weights(model):
    dense = model.dense if isinstance(model, keras.Model) else model.layers[0]
    of_cell = model.cell.trained if isinstance(model.cell, Plain) else model.cell.trainable_variables
    return [np.array(weight) for weight in (*of_cell, *dense.trainable_variables)]


TRAINED = [(kind, cell, 0) for kind in (Both, InKeras) for cell in (None, Own, Plain)]


@pytest.mark.parametrize(("kind", "cell", "still"), [*TRAINED, (Listed, None, 2)])
def test_a_cell_and_a_keras_layer_train_together(kind, cell, still):
    x, y = sums()
    model = kind(cell and cell())
    model(x)
    before = all_weights(model)
    rnn.fit(model, x, y, keras.optimizers.SGD(0.1), steps=2, batch_size=8, seed=0)
    changes = [np.abs(one - other).max() > 0 for one, other in zip(before, all_weights(model), strict=True)]
    assert changes == [True] * (len(changes) - still) + [False] * still


def test_a_frozen_keras_layer_stays_as_it_is():
    x, y = sums()
    model = Both()
    model(x)
    model.layers[0].trainable = False
    before = all_weights(model)
    rnn.fit(model, x, y, keras.optimizers.SGD(0.1), steps=2, batch_size=8, seed=0)
    for one, other in zip(before[4:], all_weights(model)[4:], strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("eagerly", [False, True])
@pytest.mark.parametrize("cell", [None, Own(), Plain()])
def test_keras_refuses_to_train_a_model_whose_cell_it_overlooks(eagerly, cell):
    x, y = sums()
    model = InKeras(cell)
    model.compile("sgd", "mse", run_eagerly=eagerly)
    text = f"{type(model.cell).__name__}: a cell in a Keras model must be trained by rnnbook.tf.fit without compile, or converted by to_keras"
    with pytest.raises(ValueError, match=f"{text}; got InKeras.fit, which overlooks its weights"):
        model.fit(x, y, verbose=0)
    assert model.predict(x, verbose=0).shape == (16, 1)
    assert model.evaluate(x, y, verbose=0) > 0


def test_steps_may_be_a_number_of_numpy():
    x = normal(4, 1, dtype="float32")
    assert rnn.fit(
        Line(), x, x, keras.optimizers.SGD(0.1), steps=np.uint8(3), batch_size=np.uint8(2)
    ).shape == (3,)
