"""Training in TensorFlow 2: a readout, and a loop that runs many steps in one compiled call."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from rnnbook import checks
from rnnbook.data import batches
from rnnbook.initial import glorot_uniform
from rnnbook.tf.beside_keras import Saved, variables_to_train
from rnnbook.tf.cell import MEMBERS, PLAIN, Cell, check_tensor
from rnnbook.tf.fast import has_fast_way
from rnnbook.tf.run_time import same_shape
from rnnbook.tf.settings import settings_of
from rnnbook.tf.unroll import dynamic_rnn

FLOAT16_EPSILON = 1e-3  # of Adam and its kind; with the usual 1e-7 a step has no bound, see `_check_float16`
STEPS_A_CALL = 100  # enough that the cost of a call does not count, few enough to watch


class SequenceRegressor(Saved):
    """A cell unrolled over a sequence, and a linear readout of its last output.

    prediction = y(T-1) W_o + b_o

    Args:
        cell: any cell of this half.
        output_size: O, the numbers predicted.
        seed: of the readout's kernel.

    Weights: those of the cell, and ``kernel [O_cell, O]``, ``bias [O]``. A Keras model that holds it
    saves and loads them with its own.

    Taught in: book/6-applications/sine-wave.
    """

    def __init__(self, cell: Cell, output_size: int, *, seed: int | None = None):
        super().__init__()
        checks.check_cells("SequenceRegressor", [cell], MEMBERS)
        self.cell = cell
        shape = (cell.output_size, checks.check_count("SequenceRegressor", "output_size", output_size))
        seed = checks.check_seed("SequenceRegressor", seed)
        self.kernel = tf.Variable(glorot_uniform(shape, cell.dtype.as_numpy_dtype, seed), name="kernel")
        self.bias = tf.Variable(tf.zeros(output_size, cell.dtype), name="bias")

    def __call__(self, inputs: tf.Tensor) -> tf.Tensor:
        """Predictions [B, O] from inputs [B, T, D]."""
        # In dynamic_rnn's name, which would check them only after they are turned.
        check_tensor("dynamic_rnn", "inputs", inputs, "B T D", {})
        checks.check_dtype("dynamic_rnn", "inputs", inputs, self.kernel)
        # With time first, the last step is one piece and nothing has to be turned back.
        outputs, _ = dynamic_rnn(self.cell, tf.transpose(inputs, [1, 0, 2]), time_major=True)
        return outputs[-1] @ self.kernel + self.bias

    def predict(self, inputs: tf.Tensor) -> tf.Tensor:
        """Predictions [N, O] of all windows [N, T, D] in one compiled call."""
        return self._predict(inputs, settings_of(self))

    @tf.function(reduce_retracing=True)
    def _predict(self, inputs: tf.Tensor, settings: Any) -> tf.Tensor:
        return self(inputs)

    def free_run(self, window: tf.Tensor, steps: int) -> tf.Tensor:
        """Predict, take the prediction for the next value, predict again: [B, steps, O].

        The window slides on by one value at a time. Its values stand along T, where D = O,
        or all in the one step of a window [B, 1, D], where O = 1. One compiled call.

        Args:
            window: [B, T, D], the values to start from.
            steps: how many predictions.

        Raises:
            ValueError: a window that a prediction does not fit, steps below one.
            TypeError: a window that is no array, or of another dtype than the cell.
        """
        where = "SequenceRegressor.free_run"
        check_tensor(where, "window", window, "B T D", {})
        checks.check_dtype(where, "window", window, self.cell.dtype)
        steps = checks.check_count(where, "steps", steps)
        axis = checks.slides_along(where, window.shape, self.bias.shape[0])
        window = tf.convert_to_tensor(window)
        self.cell.build(window.shape[2])
        slide = _slide_in_xla if has_fast_way(self.cell) else _slide
        return slide(self, window, steps, axis, settings_of(self))


def _sliding(model: SequenceRegressor, window: tf.Tensor, steps: int, axis: int, settings: Any) -> tf.Tensor:
    predictions = tf.TensorArray(window.dtype, steps, element_shape=(window.shape[0], model.bias.shape[0]))
    for n in tf.range(steps):
        prediction = model(window)  # [B, O]
        predictions = predictions.write(n, prediction)
        older = window[:, 1:] if axis == 1 else window[:, :, 1:]
        window = tf.ensure_shape(tf.concat([older, prediction[:, None]], axis), window.shape)
    return tf.transpose(predictions.stack(), [1, 0, 2])


_slide = tf.function(_sliding)
_slide_in_xla = tf.function(_sliding, jit_compile=True)  # many small steps: what a loop costs is all


def mean_squared_error(predictions: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    """The mean over all entries of (p - y)^2.

    Taught in: book/6-applications/sine-wave.
    """
    for name, value in (("predictions", predictions), ("targets", targets)):
        checks.check_plain("mean_squared_error", name, value, PLAIN)
        checks.check_dtype("mean_squared_error", name, value, predictions)
    # (B, 1) minus (B,) would broadcast to (B, B).
    checks.check_same_shape("mean_squared_error", "targets", targets, predictions)
    targets = same_shape("mean_squared_error", "targets", targets, predictions)
    return tf.reduce_mean(tf.square(predictions - targets))


def fit(
    model: Any,
    inputs: Any,
    targets: Any,
    optimizer: Any,
    *,
    steps: int,
    batch_size: int = 32,
    seed: int | None = None,
    buffer: int | None = None,
    max_norm: float | None = None,
    loss: Any = mean_squared_error,
) -> np.ndarray:
    """Train ``model`` on batches in random order; return the loss of every step [steps].

    Many steps run in one compiled call; between calls a bar shows people the progress.

    Args:
        model: a `tf.Module` or `keras.Model` from inputs to predictions; the variables of all
            cells and Keras layers that it holds are changed.
        inputs, targets: [N, ...] each.
        optimizer: of Keras.
        steps: how many batches.
        batch_size: B.
        seed: of the order of the samples.
        buffer: shuffles neighbours only, see `rnnbook.data.batches`.
        max_norm: clips the gradients by their global norm when given.
        loss: from predictions and targets to a scalar.

    Raises:
        ValueError: data that are not finite, before any step, the first bad place named; a
            loss that is not finite; the step is named.
        TypeError: data that are no arrays of real numbers, a model, optimizer or loss that is none.

    Taught in: book/6-applications/sine-wave.
    """
    samples = checks.check_samples("fit", inputs, targets, PLAIN)
    steps = checks.check_training("fit", steps, batch_size, seed, buffer, max_norm)
    _check_parts(model, optimizer, loss)
    order = batches(samples, batch_size, steps, seed, buffer)  # [steps, B]
    inputs, targets = tf.convert_to_tensor(inputs), tf.convert_to_tensor(targets)
    # One prediction builds the cells, so that the optimizer knows all variables.
    value = loss(model(inputs[:1]), targets[:1])
    variables = variables_to_train(model)
    if not variables:
        checks.fail("fit", "model", "a tf.Module with variables to train", "one without any")
    if not tf.is_tensor(value) or value.shape.rank != 0:
        checks.fail("fit", "loss", "one that returns a scalar tensor", checks.describe(value))
    checks.check_dtype("fit", "result of loss", value, variables[0].dtype)
    _check_float16(variables, optimizer)
    optimizer.build(variables)

    @tf.function(jit_compile=_gains_from_xla(model, inputs, loss))
    def run(rows: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
        losses = tf.TensorArray(variables[0].dtype, STEPS_A_CALL, element_shape=())
        for n in tf.range(count):
            with tf.GradientTape() as tape:
                value = loss(model(tf.gather(inputs, rows[n])), tf.gather(targets, rows[n]))
                scaled = optimizer.scale_loss(value)  # the optimizer divides the gradients again
            gradients = tape.gradient(scaled, variables)
            if max_norm is not None:
                scale = tf.cast(optimizer.scale_loss(tf.ones_like(value)), value.dtype)
                gradients, _ = tf.clip_by_global_norm(gradients, max_norm * scale)
            optimizer.apply_gradients(zip(gradients, variables, strict=True))
            losses = losses.write(n, value)
        return losses.stack()

    rows = np.pad(order, [(0, -steps % STEPS_A_CALL), (0, 0)])  # calls of one shape, compiled once
    losses = np.empty(steps)
    with tqdm(total=steps, unit="step", disable=None) as bar:
        for start in range(0, steps, STEPS_A_CALL):
            count = min(STEPS_A_CALL, steps - start)
            some = run(tf.constant(rows[start : start + STEPS_A_CALL]), tf.constant(count)).numpy()[:count]
            losses[start : start + count] = some
            bar.update(count)
            bad = np.flatnonzero(~np.isfinite(some))
            if bad.size:
                checks.fail("fit", f"the loss of step {start + bad[0]}", "finite", some[bad[0]])
    for variable in variables:  # a last step may break what no loss has seen
        checks.check_finite("fit", f"{variable.name} after the last step", variable)
    return losses


def _gains_from_xla(model: Any, inputs: tf.Tensor, loss: Any) -> bool:
    """Whether all is known to compile, and there is one step: no loop over time, which gains nothing."""
    known = type(model) is SequenceRegressor and has_fast_way(model.cell)
    return known and loss is mean_squared_error and inputs.shape[1] == 1


def _check_parts(model: Any, optimizer: Any, loss: Any) -> None:
    if isinstance(model, type) or not callable(model) or not hasattr(model, "trainable_variables"):
        expected = "a tf.Module from inputs to predictions"
        checks.fail("fit", "model", expected, checks.what(model), TypeError)
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        expected = "an optimizer of Keras such as keras.optimizers.Adam()"
        checks.fail("fit", "optimizer", expected, checks.what(optimizer), TypeError)
    if not callable(loss) or isinstance(loss, type):
        expected = "a function of predictions and targets"
        checks.fail("fit", "loss", expected, checks.what(loss), TypeError)


def _check_float16(variables: list[Any], optimizer: Any) -> None:
    """Check that what an optimizer divides by can be told from zero in float16, where squares vanish."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    epsilon, start = getattr(inner, "epsilon", None), getattr(inner, "initial_accumulator_value", 0)
    small = epsilon is not None and not start and epsilon < FLOAT16_EPSILON
    if small and any(checks.dtype_name(variable) == "float16" for variable in variables):
        expected = f"at least {FLOAT16_EPSILON} for weights of float16, in which squares vanish"
        checks.fail("fit", "epsilon of the optimizer", expected, epsilon)
