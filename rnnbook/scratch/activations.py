"""Activation functions with their derivatives, both written for the eye.

A derivative is given as a function of the *output*, which the forward pass has
at hand: tanh'(a) = 1 - tanh(a)^2.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Activation(NamedTuple):
    """A function phi and its derivative phi'(a), expressed through phi(a).

    Taught in: book/1-memory/recurrent-neuron.
    """

    function: Callable[[np.ndarray], np.ndarray]
    derivative: Callable[[np.ndarray], np.ndarray]


def _sigmoid(a: np.ndarray) -> np.ndarray:
    return 0.5 + 0.5 * np.tanh(0.5 * a)  # the form that cannot overflow


tanh = Activation(np.tanh, lambda y: 1 - y * y)
sigmoid = Activation(_sigmoid, lambda y: y * (1 - y))
relu = Activation(lambda a: np.maximum(a, 0), lambda y: (y > 0).astype(y.dtype))
identity = Activation(lambda a: a, np.ones_like)
