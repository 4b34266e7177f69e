"""Training in NumPy: a readout, a loss, one loop; the optimizers are in optimizers.py."""

import math
import sys
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from rnnbook import checks
from rnnbook.data import batches
from rnnbook.initial import glorot_uniform
from rnnbook.scratch.backprop import backward_through_time, forward_through_time
from rnnbook.scratch.cell import MEMBERS, Cell
from rnnbook.scratch.fast import LastOutput
from rnnbook.scratch.optimizers import Arrays, clip_by_global_norm
from rnnbook.scratch.unroll import unroll


def mean_squared_error(predictions: np.ndarray, targets: np.ndarray) -> tuple[float, np.ndarray]:
    """The mean over all entries of (p - y)^2, and its gradient 2 (p - y) / size.

    >>> mean_squared_error(np.array([[1.0], [3.0]]), np.array([[1.0], [1.0]]))[0]
    2.0

    Taught in: book/3-learning/backpropagation-through-time.
    """
    for name, value in (("predictions", predictions), ("targets", targets)):
        checks.check_plain("mean_squared_error", name, value, np.ndarray)
        checks.check_dtype("mean_squared_error", name, value, predictions)
    # (B, 1) minus (B,) would broadcast to (B, B).
    checks.check_same_shape("mean_squared_error", "targets", targets, predictions)
    difference = predictions - targets
    return float((difference * difference).mean()), 2 * difference / difference.size


class SequenceRegressor:
    """A cell unrolled over a sequence, and a linear readout of its last output.

    prediction = y(T-1) W_o + b_o

    Args:
        cell: any cell of this half.
        output_size: O, the numbers predicted.
        seed: of the readout's kernel.

    Weights: those of the cell as ``cell/...``, and ``readout/kernel [O_cell, O]``,
    ``readout/bias [O]``.

    Taught in: book/6-applications/sine-wave.
    """

    def __init__(self, cell: Cell, output_size: int, *, seed: int | None = None):
        checks.check_cells("SequenceRegressor", [cell], MEMBERS)
        self.cell = cell
        shape = (cell.output_size, checks.check_count("SequenceRegressor", "output_size", output_size))
        seed = checks.check_seed("SequenceRegressor", seed)
        self.kernel = glorot_uniform(shape, cell.dtype, seed)
        self.bias = np.zeros(output_size, cell.dtype)
        self._fast = LastOutput()

    @property
    def weights(self) -> Arrays:
        own = {f"cell/{name}": value for name, value in self.cell.weights.items()}
        return own | {"readout/kernel": self.kernel, "readout/bias": self.bias}

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """Predictions [B, O] from inputs [B, T, D]."""
        quickly = self._fast.run(self.cell, inputs, backward=False)
        last = quickly[0] if quickly else unroll(self.cell, inputs)[0][:, -1]  # [B, O_cell]
        return last @ self.kernel + self.bias

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Predictions [N, O] of all windows [N, T, D] in one pass; in this half the same as calling."""
        return self(inputs)

    def free_run(self, window: np.ndarray, steps: int) -> np.ndarray:
        """Predict, take the prediction for the next value, predict again: [B, steps, O].

        The window slides on by one value at a time. Its values stand along T, where D = O,
        or all in the one step of a window [B, 1, D], where O = 1.

        Args:
            window: [B, T, D], the values to start from.
            steps: how many predictions.

        Raises:
            ValueError: a window that a prediction does not fit, steps below one.
            TypeError: a window that is no array, or of another dtype than the cell.
        """
        where = "SequenceRegressor.free_run"
        checks.check_numpy(where, "window", window, "B T D", {})
        checks.check_dtype(where, "window", window, self.cell.dtype)
        steps = checks.check_count(where, "steps", steps)
        along_time = checks.slides_along(where, window.shape, self.bias.size) == 1
        values = window if along_time else window.swapaxes(1, 2)  # [B, size, O]
        size = values.shape[1]
        series = np.pad(values, [(0, 0), (0, steps), (0, 0)])
        for n in range(steps):
            window = series[:, n : n + size]
            series[:, n + size] = self.predict(window if along_time else window.swapaxes(1, 2))
        return series[:, size:]

    def loss_and_gradients(self, inputs: np.ndarray, targets: np.ndarray) -> tuple[float, Arrays]:
        """The mean squared error of a batch and the gradient of every weight."""
        last, back = self._fast.run(self.cell, inputs, backward=True) or _last_output(self.cell, inputs)
        loss, d_predictions = mean_squared_error(last @ self.kernel + self.bias, targets)
        gradients = {
            f"cell/{name}": gradient for name, gradient in back(d_predictions @ self.kernel.T).items()
        }
        gradients["readout/kernel"] = last.T @ d_predictions
        gradients["readout/bias"] = d_predictions.sum(axis=0)
        return loss, gradients


def _last_output(cell: Cell, inputs: np.ndarray) -> tuple[np.ndarray, Callable[[np.ndarray], Arrays]]:
    """The last output [B, O] by the plain loop, and a function from its gradient to those of the weights."""
    outputs, _, tape = forward_through_time(cell, inputs)

    def back(d_last: np.ndarray) -> Arrays:
        d_outputs = np.zeros_like(outputs)
        d_outputs[:, -1] = d_last
        return backward_through_time(cell, tape, d_outputs)[2]

    return outputs[:, -1], back


def fit(
    model: SequenceRegressor,
    inputs: np.ndarray,
    targets: np.ndarray,
    optimizer: Any,
    *,
    steps: int,
    batch_size: int = 32,
    seed: int | None = None,
    buffer: int | None = None,
    max_norm: float | None = None,
) -> np.ndarray:
    """Train ``model`` on batches in random order; return the loss of every step [steps].

    Args:
        model: its weights are changed in place.
        inputs, targets: [N, T, D] and [N, O].
        optimizer: `SGD`, `Adagrad` or `Adam`.
        steps: how many batches.
        batch_size: B.
        seed: of the order of the samples.
        buffer: shuffles neighbours only, see `rnnbook.data.batches`.
        max_norm: clips the gradients by their global norm when given.

    Raises:
        ValueError: data that are not finite, before any step, the first bad place named; a
            loss that is not finite; the step is named.
        TypeError: data that are no arrays of real numbers, a model or an optimizer that is none.

    Taught in: book/6-applications/sine-wave.
    """
    for name, value, member in (("model", model, "loss_and_gradients"), ("optimizer", optimizer, "step")):
        if isinstance(value, type) or not callable(getattr(value, member, None)):
            expected = f"an object with a method {member}"
            checks.fail("fit", name, expected, checks.what(value), TypeError)
    samples = checks.check_samples("fit", inputs, targets, np.ndarray)
    steps = checks.check_training("fit", steps, batch_size, seed, buffer, max_norm)
    losses = np.empty(steps)
    order = batches(samples, batch_size, steps, seed, buffer)  # [steps, B]
    for n, rows in enumerate(_progress(order)):
        losses[n], gradients = model.loss_and_gradients(inputs.take(rows, 0), targets.take(rows, 0))
        if not math.isfinite(losses[n]):
            checks.fail("fit", f"the loss of step {n}", "finite", losses[n])
        if max_norm is not None:
            gradients, _ = clip_by_global_norm(gradients, max_norm)
        optimizer.step(model.weights, gradients)
    for name, weight in model.weights.items():  # a last step may break what no loss has seen
        checks.check_finite("fit", f"{name} after the last step", weight)
    return losses


def _progress(order: np.ndarray) -> Iterable[np.ndarray]:
    """The same steps, with a bar for people who look on; others do not wait for its import."""
    if sys.stderr is None or not sys.stderr.isatty():
        return order
    try:
        from tqdm import tqdm
    except ModuleNotFoundError:  # it comes with the extra [tf]; NumPy alone trains without a bar
        return order
    return tqdm(order, unit="step")
