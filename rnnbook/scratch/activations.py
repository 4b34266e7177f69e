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


# Functions with names, because a lambda cannot be pickled, nor a cell that holds one.
def _sigmoid(a: np.ndarray) -> np.ndarray:
    return 0.5 + 0.5 * np.tanh(0.5 * a)  # the form that cannot overflow


def _relu(a: np.ndarray) -> np.ndarray:
    return np.maximum(a, 0)


def _identity(a: np.ndarray) -> np.ndarray:
    return a


def _through_tanh(y: np.ndarray) -> np.ndarray:
    return 1 - y * y


def _through_sigmoid(y: np.ndarray) -> np.ndarray:
    return y * (1 - y)


def _through_relu(y: np.ndarray) -> np.ndarray:
    return (y > 0).astype(y.dtype)


tanh = Activation(np.tanh, _through_tanh)
sigmoid = Activation(_sigmoid, _through_sigmoid)
relu = Activation(_relu, _through_relu)
identity = Activation(_identity, np.ones_like)
