"""What the test files share: random numbers, toy cells with a closed form, finite differences."""

from collections.abc import Callable
from typing import Any

import numpy as np

from rnnbook.protocol import LSTMStateTuple


def normal(*shape: int, seed: int = 0, dtype: Any = np.float64) -> np.ndarray:
    """Random numbers of the given shape; the same seed and shape give the same numbers."""
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype(dtype)


def relative_error(a: Any, b: Any) -> float:
    """The largest difference, measured by the largest number of ``b``."""
    a, b = np.asarray(a), np.asarray(b)
    assert a.shape == b.shape, (a.shape, b.shape)
    return float(np.abs(a - b).max() / np.abs(b).max())


def finite_differences(loss: Callable[[], float], numbers: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """The gradient of ``loss()`` by central differences, changing ``numbers`` in place."""
    gradient = np.empty_like(numbers)
    for place in np.ndindex(numbers.shape):
        here = numbers[place]
        numbers[place] = here + step
        above = loss()
        numbers[place] = here - step
        gradient[place] = (above - loss()) / (2 * step)
        numbers[place] = here
    return gradient


class CountingCell:
    """h(t) = h(t-1) + 1 and y(t) = h(t) * (the first two inputs): the state counts valid steps."""

    state_size = 1
    output_size = 2

    def __init__(self, zeros: Callable[..., Any]):
        self.zeros = zeros  # np.zeros or tf.zeros

    def zero_state(self, batch_size: Any, dtype: Any = None) -> Any:
        return self.zeros((batch_size, 1), dtype)

    def __call__(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        new_state = state + 1
        return new_state * inputs[:, :2], new_state


class NestedCell:
    """A state of every kind: a count, and an LSTMStateTuple of a double count and the sum of inputs."""

    state_size = (1, LSTMStateTuple(2, 3))
    output_size = 3

    def __init__(self, zeros: Callable[..., Any]):
        self.zeros = zeros

    def zero_state(self, batch_size: Any, dtype: Any = None) -> Any:
        c, h = self.zeros((batch_size, 2), dtype), self.zeros((batch_size, 3), dtype)
        return self.zeros((batch_size, 1), dtype), LSTMStateTuple(c, h)

    def __call__(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        count, (c, h) = state
        total = h + inputs
        return total, (count + 1, LSTMStateTuple(c + 2, total))
