"""Training in NumPy: a readout, a loss, clipping, three optimizers, one loop."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from tqdm import tqdm

from rnnbook import checks
from rnnbook.data import batches
from rnnbook.initial import glorot_uniform
from rnnbook.scratch.backprop import backward_through_time, forward_through_time
from rnnbook.scratch.cell import MEMBERS, Cell
from rnnbook.scratch.unroll import unroll

Arrays = dict[str, np.ndarray]


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
    return float(np.mean(difference**2)), 2 * difference / difference.size


def clip_by_global_norm(gradients: Mapping[str, np.ndarray], max_norm: float) -> tuple[Arrays, float]:
    """Shrink all gradients by one factor so that their joint length is at most ``max_norm``.

    norm = sqrt of the sum of all squares;  g <- g * max_norm / max(norm, max_norm)

    Returns:
        The gradients by name, and the norm before clipping.

    Raises:
        ValueError: a max_norm that is not above 0; gradients whose norm is NaN or infinite,
            which no factor can shorten.

    >>> clipped, norm = clip_by_global_norm({"a": np.array([3.0]), "b": np.array([4.0])}, 2.5)
    >>> norm, clipped["a"].tolist()
    (5.0, [1.5])

    Taught in: book/3-learning/long-term-dependencies. Source: Pascanu et al. (2013).
    """
    where = "clip_by_global_norm"
    max_norm = checks.check_positive(where, "max_norm", max_norm)
    checks.check_gradients(where, gradients, gradients)
    # In float64: the squares of float32 end at 1e19, where clipping is needed most.
    norm = float(np.sqrt(sum(float(np.sum(np.square(g, dtype=float))) for g in gradients.values())))
    checks.check_finite(where, "the norm of the gradients", norm)
    factor = max_norm / max(norm, max_norm)
    return {name: g * g.dtype.type(factor) for name, g in gradients.items()}, norm


class SGD:
    """Stochastic gradient descent: p <- p - learning_rate * g.

    Taught in: book/3-learning/long-term-dependencies.
    """

    def __init__(self, learning_rate: float = 0.01):
        self.learning_rate = checks.check_rate("SGD", learning_rate)

    def step(self, parameters: Arrays, gradients: Mapping[str, np.ndarray]) -> None:
        """Move every parameter, in place."""
        checks.check_gradients("SGD.step", parameters, gradients)
        for name, p in parameters.items():
            p -= self.learning_rate * gradients[name]


class Adagrad:
    """Adagrad: a <- a + g^2, p <- p - learning_rate * g / sqrt(a), with a starting above zero.

    The start of 0.1 is TF 1.x's; it stands where others put an epsilon.

    Taught in: book/6-applications/sine-wave. Source: Duchi et al. (2011).
    """

    def __init__(self, learning_rate: float = 0.1, initial_accumulator: float = 0.1):
        self.learning_rate = checks.check_rate("Adagrad", learning_rate)
        self.initial_accumulator = checks.check_positive(
            "Adagrad", "initial_accumulator", initial_accumulator
        )
        self._sums: Arrays = {}

    def step(self, parameters: Arrays, gradients: Mapping[str, np.ndarray]) -> None:
        """Move every parameter, in place."""
        checks.check_gradients("Adagrad.step", parameters, gradients)
        for name, p in parameters.items():
            g = gradients[name]
            a = self._sums.setdefault(name, np.full_like(p, self.initial_accumulator))
            a += g * g
            p -= self.learning_rate * g / np.sqrt(a)


class Adam:
    """Adam: running means of g and g^2, corrected for their start at zero.

    m <- beta_1 m + (1 - beta_1) g;  v <- beta_2 v + (1 - beta_2) g^2
    p <- p - learning_rate * sqrt(1 - beta_2^n) / (1 - beta_1^n) * m / (sqrt(v) + epsilon)

    Taught in: book/3-learning/long-term-dependencies. Source: Kingma and Ba (2015), as in Keras.
    """

    def __init__(
        self, learning_rate: float = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7
    ):
        self.learning_rate = checks.check_rate("Adam", learning_rate)
        self.beta_1 = _share("beta_1", beta_1)
        self.beta_2 = _share("beta_2", beta_2)
        self.epsilon = checks.check_positive("Adam", "epsilon", epsilon)
        self._m: Arrays = {}
        self._v: Arrays = {}
        self._n = 0

    def step(self, parameters: Arrays, gradients: Mapping[str, np.ndarray]) -> None:
        """Move every parameter, in place."""
        checks.check_gradients("Adam.step", parameters, gradients)
        self._n += 1
        rate = self.learning_rate * np.sqrt(1 - self.beta_2**self._n) / (1 - self.beta_1**self._n)
        for name, p in parameters.items():
            g = gradients[name]
            m = self._m.setdefault(name, np.zeros_like(p))
            v = self._v.setdefault(name, np.zeros_like(p))
            m += (1 - self.beta_1) * (g - m)
            v += (1 - self.beta_2) * (g * g - v)
            p -= p.dtype.type(rate) * m / (np.sqrt(v) + self.epsilon)


def _share(name: str, value: float) -> float:
    return checks.check_number("Adam", name, value, "at least 0 and below 1", lambda share: 0 <= share < 1)


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

    @property
    def weights(self) -> Arrays:
        own = {f"cell/{name}": value for name, value in self.cell.weights.items()}
        return own | {"readout/kernel": self.kernel, "readout/bias": self.bias}

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """Predictions [B, O] from inputs [B, T, D]."""
        outputs, _ = unroll(self.cell, inputs)
        return outputs[:, -1] @ self.kernel + self.bias

    def loss_and_gradients(self, inputs: np.ndarray, targets: np.ndarray) -> tuple[float, Arrays]:
        """The mean squared error of a batch and the gradient of every weight."""
        outputs, _, tape = forward_through_time(self.cell, inputs)
        last = outputs[:, -1]  # [B, O_cell]
        loss, d_predictions = mean_squared_error(last @ self.kernel + self.bias, targets)
        d_outputs = np.zeros_like(outputs)
        d_outputs[:, -1] = d_predictions @ self.kernel.T
        _, _, d_cell = backward_through_time(self.cell, tape, d_outputs)
        gradients = {f"cell/{name}": gradient for name, gradient in d_cell.items()}
        gradients["readout/kernel"] = last.T @ d_predictions
        gradients["readout/bias"] = d_predictions.sum(axis=0)
        return loss, gradients


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
    checks.check_training("fit", steps, batch_size, seed, buffer, max_norm)
    losses = np.empty(steps)
    order = batches(samples, batch_size, steps, seed, buffer)  # [steps, B]
    for n, rows in enumerate(tqdm(order, unit="step", disable=None)):
        losses[n], gradients = model.loss_and_gradients(inputs[rows], targets[rows])
        if not np.isfinite(losses[n]):
            checks.fail("fit", f"the loss of step {n}", "finite", losses[n])
        if max_norm is not None:
            gradients, _ = clip_by_global_norm(gradients, max_norm)
        optimizer.step(model.weights, gradients)
    for name, weight in model.weights.items():  # a last step may break what no loss has seen
        checks.check_finite("fit", f"{name} after the last step", weight)
    return losses
