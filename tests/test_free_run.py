"""Predicting in one call, and running on one's own predictions. Oracle: the model called step by step."""

from itertools import pairwise

import keras
import numpy as np
import pytest
import tensorflow as tf
from kinds import shake
from toys import normal

import rnnbook.scratch as scratch
import rnnbook.tf as rnn
from rnnbook.tf import training


def models(D, outputs=1):
    """The same network in both halves, and a third one that goes no fast way."""
    made = []
    for m, outer in ((scratch, None), (rnn, None), (rnn, rnn.DropoutWrapper)):
        cells = [m.BasicLSTMCell(4, num_inputs=D, dtype="float32", seed=1)]
        cells += [m.GRUCell(5, num_inputs=4, dtype="float32", seed=2)]
        cell = m.MultiRNNCell(cells)
        made.append(m.SequenceRegressor(outer(cell) if outer else cell, outputs, seed=3))
    return made


def slide(model, window, steps):
    """The definition: predict, shift the window by one value, predict again."""
    predictions = []
    for _ in range(steps):
        y = np.asarray(model(window))
        predictions.append(y)
        axis = 1 if window.shape[2] == y.shape[1] else 2
        window = np.concatenate([np.delete(window, 0, axis), y[:, None]], axis)
    return np.stack(predictions, axis=1)


@pytest.mark.parametrize(
    ("shape", "outputs"), [((2, 6, 1), 1), ((3, 1, 6), 1), ((2, 4, 3), 3), ((1, 1, 1), 1)]
)
def test_a_free_run_feeds_each_prediction_back_and_leaves_the_window_as_it_is(shape, outputs):
    window = normal(*shape, dtype=np.float32)
    made = models(shape[2], outputs)
    kept, expected = window.copy(), slide(made[1], window, 8)
    assert expected.shape == (shape[0], 8, outputs)
    for model in made:
        np.testing.assert_allclose(model.free_run(window, 8), expected, rtol=0, atol=2e-6)
        np.testing.assert_array_equal(window, kept)


def test_predictions_in_one_call_are_those_of_the_model():
    inputs = normal(7, 5, 2, dtype=np.float32)
    for model in models(2):
        np.testing.assert_allclose(model.predict(inputs), model(inputs), rtol=0, atol=1e-6)


def test_new_weights_are_seen_by_functions_that_were_compiled_before():
    model = models(1)[1]
    window = normal(1, 5, 1, dtype=np.float32)
    model.predict(window), model.free_run(window, 3)
    shake(model.cell)
    np.testing.assert_allclose(model.predict(window), model(window), rtol=0, atol=1e-6)
    np.testing.assert_allclose(model.free_run(window, 3), slide(model, window, 3), rtol=0, atol=2e-6)


@pytest.mark.parametrize("bad", [
    (normal(2, 5, 2, dtype=np.float32), 3, ValueError, "window must be"),
    (normal(5, 1, dtype=np.float32), 3, ValueError, "window must be"),
    (normal(2, 5, 1), 3, TypeError, "float64"),
    ([[[1.0]]], 3, TypeError, "window must be"),
    (normal(2, 5, 1, dtype=np.float32), 0, ValueError, "steps must be"),
    (normal(2, 5, 1, dtype=np.float32), 2.5, TypeError, "steps must be"),
], ids=["wide", "rank", "dtype", "list", "no steps", "fraction"])  # fmt: skip
@pytest.mark.parametrize("half", [0, 1], ids=["scratch", "tf"])
def test_what_does_not_fit_is_told(bad, half):
    window, steps, error, words = bad
    D = window.shape[2] if getattr(window, "ndim", 0) == 3 else 1
    with pytest.raises(error, match=f"SequenceRegressor.free_run: .*{words}"):
        models(D)[half].free_run(window, steps)


def outside_of_tensorflow(a):
    """tanh by NumPy, which XLA cannot compile."""
    return tf.ensure_shape(tf.numpy_function(np.tanh, [a], a.dtype), a.shape)


def test_what_xla_cannot_compile_runs_and_trains_all_the_same():
    cell = rnn.BasicRNNCell(3, outside_of_tensorflow, num_inputs=1, seed=1)
    model = rnn.SequenceRegressor(cell, 1, seed=2)
    window = normal(2, 1, 1, dtype=np.float32)
    np.testing.assert_allclose(model.free_run(window, 3), slide(model, window, 3), rtol=0, atol=1e-6)
    model.kernel.assign(np.zeros_like(model.kernel))
    targets = np.ones((2, 1), np.float32)

    class Readout(tf.Module):
        """Trains the readout alone, since nothing flows back through NumPy."""

        def __init__(self):
            self.trained = model.kernel

        def __call__(self, inputs):
            return model(inputs)

    losses = rnn.fit(Readout(), window, targets, keras.optimizers.SGD(0.1), steps=3, batch_size=2, seed=0)
    assert losses[2] < losses[0]


def test_xla_is_asked_only_where_all_is_known_and_there_is_one_step():
    asks, mse = training._gains_from_xla, rnn.mean_squared_error
    _, known, dropped = models(1)
    one, two = tf.zeros((4, 1, 1)), tf.zeros((1, 2, 1))
    assert asks(known, one, mse) is True
    assert asks(known, tf.zeros((4, 1, 3)), mse) is True
    assert not any((asks(known, two, mse), asks(dropped, one, mse), asks(known, one, tf.reduce_mean)))
    assert not asks(type("Other", (rnn.SequenceRegressor,), {})(known.cell, 1), one, mse)


def test_training_on_single_steps_is_the_same_compiled_by_xla_or_not():
    inputs, targets = normal(40, 1, 6, dtype=np.float32), normal(40, 1, seed=1, dtype=np.float32)
    unknown = lambda p, y: tf.reduce_mean((p - y) ** 2)  # noqa: E731
    losses = []
    for loss in (rnn.mean_squared_error, unknown):
        cell = rnn.BasicLSTMCell(4, num_inputs=6, seed=1)
        model, adagrad = rnn.SequenceRegressor(cell, 1, seed=3), keras.optimizers.Adagrad(0.1)
        losses.append(rnn.fit(model, inputs, targets, adagrad, steps=130, batch_size=8, seed=0, loss=loss))
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-3)
    assert len(losses[0]) == 130


def test_predictions_and_free_runs_follow_a_model_whose_parts_are_replaced():
    model = rnn.SequenceRegressor(rnn.BasicLSTMCell(5, seed=0), 1, seed=1)
    x = normal(4, 3, 1, dtype=np.float32)

    def follow():
        now = model(x)
        np.testing.assert_allclose(model.predict(x), now, rtol=0, atol=1e-6)
        np.testing.assert_allclose(model.free_run(x, 1)[:, 0], now, rtol=0, atol=1e-6)
        return now.numpy()

    results = [follow()]
    model.cell.forget_bias = 5.0
    results.append(follow())
    model.cell.kernel = tf.Variable(2 * model.cell.kernel)
    results.append(follow())
    model.cell = rnn.GRUCell(5, seed=2)
    results.append(follow())
    model.cell = rnn.ResidualWrapper(rnn.OutputProjectionWrapper(model.cell, 1, seed=3))
    model.kernel = tf.Variable([[1.0]])
    results.append(follow())
    assert all(np.abs(a - b).max() > 1e-3 for a, b in pairwise(results))


class Scaled(rnn.RNNCell):
    """A cell of one's own as TF 1.x code has them, with what it needs in private attributes."""

    state_size = output_size = 5

    def __init__(self, cell):
        super().__init__()
        self._cell, self._gain, self._more = cell, 1.0, {"shift": [0.0]}

    def call(self, inputs, state):
        output, state = self._cell(inputs, state)
        return output * self._gain + self._more["shift"][0], state


def test_predictions_follow_what_a_cell_of_ones_own_keeps_for_itself():
    model = rnn.SequenceRegressor(Scaled(rnn.BasicLSTMCell(5, seed=0)), 1, seed=1)
    model.cell.state_size = rnn.LSTMStateTuple(5, 5)
    x, results = normal(4, 3, 1, dtype=np.float32), []

    def follow():
        np.testing.assert_allclose(model.predict(x), model(x), rtol=0, atol=1e-6)
        results.append(model(x).numpy())

    follow()
    model.cell._gain = 3.0
    follow()
    model.cell._more["shift"][0] = 1.0
    follow()
    model.cell._cell.forget_bias = 5.0
    follow()
    assert all(np.abs(a - b).max() > 1e-3 for a, b in pairwise(results))


def test_predictions_do_not_take_a_new_weight_for_one_that_is_gone():
    """Python gives the memory of an object that is gone, and with it its id, to the next one."""
    model = rnn.SequenceRegressor(rnn.BasicRNNCell(5, num_inputs=1, seed=0), 1, seed=1)
    x = normal(4, 3, 1, dtype=np.float32)
    for seed in range(20):
        model.cell.kernel = tf.Variable(normal(6, 5, seed=seed, dtype=np.float32))
        np.testing.assert_allclose(model.predict(x), model(x), rtol=0, atol=1e-6)


def test_predicting_again_makes_no_new_graph():
    model = rnn.SequenceRegressor(rnn.GRUCell(5, num_inputs=1, seed=0), 1, seed=1)
    for rows in (4, 5, 6, 7):
        model.predict(normal(rows, 3, 1, dtype=np.float32))
    assert model._predict.experimental_get_tracing_count() == 2  # of 4 rows, and of any number
