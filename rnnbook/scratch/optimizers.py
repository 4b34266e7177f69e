"""What turns gradients into steps: clipping and three optimizers, in NumPy."""

from collections.abc import Mapping

import numpy as np

from rnnbook import checks

Arrays = dict[str, np.ndarray]


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

    Taught in: book/3-learning/clipping-and-truncation. Source: Pascanu et al. (2013).
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

    Taught in: book/3-learning/backpropagation-through-time.
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
            if name not in self._sums:
                self._sums[name] = np.full_like(p, self.initial_accumulator, _wide(p))
            a = self._sums[name]
            a += np.square(g, dtype=a.dtype)
            step = self.learning_rate * g
            step /= np.sqrt(a).astype(p.dtype, copy=False)
            p -= step


class Adam:
    """Adam: running means of g and g^2, corrected for their start at zero.

    m <- beta_1 m + (1 - beta_1) g;  v <- beta_2 v + (1 - beta_2) g^2
    p <- p - learning_rate * sqrt(1 - beta_2^n) / (1 - beta_1^n) * m / (sqrt(v) + epsilon)

    Taught in: book/3-learning/backpropagation-through-time. Source: Kingma and Ba (2015), as in Keras.
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
            if name not in self._m:
                self._m[name], self._v[name] = np.zeros_like(p, _wide(p)), np.zeros_like(p, _wide(p))
            m, v = self._m[name], self._v[name]
            m += (1 - self.beta_1) * (g - m)
            v += (1 - self.beta_2) * (np.square(g, dtype=v.dtype) - v)
            p -= (m.dtype.type(rate) * m / (np.sqrt(v) + self.epsilon)).astype(p.dtype, copy=False)


def _wide(p: np.ndarray) -> np.dtype:
    """The dtype of what is summed up: squares of float16 vanish below 2e-4 and overflow above 256."""
    return np.result_type(p, np.float32)


def _share(name: str, value: float) -> float:
    return checks.check_number("Adam", name, value, "at least 0 and below 1", lambda share: 0 <= share < 1)
