"""Training in TensorFlow 2: a readout, and a loop that runs many steps in one compiled call."""

from typing import Any

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from rnnbook import checks
from rnnbook.data import batches
from rnnbook.initial import glorot_uniform
from rnnbook.tf.cell import Cell
from rnnbook.tf.unroll import dynamic_rnn

STEPS_A_CALL = 100  # enough that the cost of a call does not count, few enough to watch


class SequenceRegressor(tf.Module):
    """A cell unrolled over a sequence, and a linear readout of its last output.

    prediction = y(T-1) W_o + b_o

    Args:
        cell: any cell of this half.
        output_size: O, the numbers predicted.
        seed: of the readout's kernel.

    Weights: those of the cell, and ``kernel [O_cell, O]``, ``bias [O]``.

    Taught in: book/6-applications/sine-wave.
    """

    def __init__(self, cell: Cell, output_size: int, *, seed: int | None = None):
        super().__init__()
        self.cell = cell
        shape = (cell.output_size, checks.check_count("SequenceRegressor", "output_size", output_size))
        self.kernel = tf.Variable(glorot_uniform(shape, cell.dtype.as_numpy_dtype, seed), name="kernel")
        self.bias = tf.Variable(tf.zeros(output_size, cell.dtype), name="bias")

    def __call__(self, inputs: tf.Tensor) -> tf.Tensor:
        """Predictions [B, O] from inputs [B, T, D]."""
        outputs, _ = dynamic_rnn(self.cell, inputs)
        return outputs[:, -1] @ self.kernel + self.bias


def mean_squared_error(predictions: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    """The mean over all entries of (p - y)^2.

    Taught in: book/6-applications/sine-wave.
    """
    if not predictions.shape.is_compatible_with(targets.shape):  # (B, 1) minus (B,) is (B, B)
        checks.fail("mean_squared_error", "targets", f"of shape {predictions.shape}", targets.shape)
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
        model: a `tf.Module` from inputs to predictions; its variables are changed.
        inputs, targets: [N, ...] each.
        optimizer: of Keras.
        steps: how many batches.
        batch_size: B.
        seed: of the order of the samples.
        buffer: shuffles neighbours only, see `rnnbook.data.batches`.
        max_norm: clips the gradients by their global norm when given.
        loss: from predictions and targets to a scalar.

    Raises:
        ValueError: a loss that is not finite; the step is named.

    Taught in: book/6-applications/sine-wave.
    """
    order = batches(
        len(inputs), batch_size, checks.check_count("fit", "steps", steps), seed, buffer
    )  # [steps, B]
    inputs, targets = tf.convert_to_tensor(inputs), tf.convert_to_tensor(targets)
    model(inputs[:1])  # builds the cells, so that the optimizer knows all variables
    variables = model.trainable_variables
    optimizer.build(variables)

    @tf.function
    def run(rows: tf.Tensor) -> tf.Tensor:
        losses = tf.TensorArray(variables[0].dtype, size=tf.shape(rows)[0])
        for n in tf.range(tf.shape(rows)[0]):
            with tf.GradientTape() as tape:
                value = loss(model(tf.gather(inputs, rows[n])), tf.gather(targets, rows[n]))
            gradients = tape.gradient(value, variables)
            if max_norm is not None:
                gradients, _ = tf.clip_by_global_norm(gradients, max_norm)
            optimizer.apply_gradients(zip(gradients, variables, strict=True))
            losses = losses.write(n, value)
        return losses.stack()

    losses = np.empty(steps)
    with tqdm(total=steps, unit="step", disable=None) as bar:
        for start in range(0, steps, STEPS_A_CALL):
            rows = order[start : start + STEPS_A_CALL]
            losses[start : start + len(rows)] = run(tf.constant(rows)).numpy()
            bar.update(len(rows))
            bad = np.flatnonzero(~np.isfinite(losses[start : start + len(rows)]))
            if bad.size:
                checks.fail("fit", f"the loss of step {start + bad[0]}", "finite", losses[start + bad[0]])
    return losses
