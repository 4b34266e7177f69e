"""What every contestant gets: one set of numbers to start from; and what it hands back."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from rnnbook.data import batches, sliding_windows
from rnnbook.initial import glorot_uniform

UNITS, BATCH, RATE, ACCUMULATOR = 30, 32, 0.1, 0.1  # of the sine model and its Adagrad
SEEDS = (20, 21, 22)  # of the two layers and the readout, as on the page of the sine wave
ORDER_SEED = 2  # of the batches


class Training(NamedTuple):
    """A sine model that goes on learning; every call of ``train`` begins the same order of batches."""

    train: Callable[[int], object]  # so many steps more, finished when it returns
    predict: Callable[[np.ndarray], np.ndarray]  # [N, T, D] -> [N, 1]


class Work(NamedTuple):
    """Something to time."""

    call: Callable[[], Any]  # finished when it returns predictions, or loss and gradients
    units: int = 1  # steps, windows or calls in it
    facts: dict[str, float] = {}  # noqa: RUF012  what building it cost


class Sine:
    """Ten points of a sine and the next: as ten steps of one number, or one step of ten."""

    def __init__(self, T: int, D: int):
        self.T, self.D = T, D
        train = np.sin(np.linspace(0, 100.1, 10_010, dtype=np.float32))
        test = np.sin(np.linspace(100.1, 110.2, 1_010, dtype=np.float32))
        (self.inputs, self.targets), (self.test_inputs, self.test_targets) = (
            (windows.reshape(-1, T, D), targets[:, None])
            for windows, targets in (sliding_windows(series, T * D) for series in (train, test))
        )

    def order(self, steps: int) -> np.ndarray:
        """Which samples go into each batch, [steps, B]; what `fit` of both halves draws."""
        return batches(len(self.inputs), BATCH, steps, ORDER_SEED)

    def in_order(self, steps: int) -> tuple[np.ndarray, np.ndarray]:
        """The samples themselves, batch after batch."""
        rows = self.order(steps).ravel()
        return self.inputs[rows], self.targets[rows]

    @cached_property
    def weights(self) -> list[np.ndarray]:
        """Kernel and bias of layer, layer and readout, as the cells of the package draw them."""
        shapes = [(self.D + UNITS, 4 * UNITS), (2 * UNITS, 4 * UNITS), (UNITS, 1)]
        kernels = [glorot_uniform(shape, "float32", seed) for shape, seed in zip(shapes, SEEDS, strict=True)]
        return [part for kernel in kernels for part in (kernel, np.zeros(kernel.shape[1], np.float32))]


class Layer:
    """One recurrent layer, forward and backward; the loss is the mean square of all its outputs.

    ``weights`` are those of the package's cell: kernel and bias, and for the GRU two of each.
    "GRU reset after" is another function, the default of Keras and the only one of PyTorch.
    """

    def __init__(self, kind: str, H: int, T: int, B: int):
        self.kind, self.H, self.T, self.B = kind, H, T, B
        self.inputs = np.random.default_rng(0).standard_normal((B, T, H), dtype=np.float32)
        columns = {"LSTM": [4 * H], "SimpleRNN": [H]}.get(kind, [2 * H, H])
        self.weights = []
        for n, width in enumerate(columns):
            self.weights += [glorot_uniform((2 * H, width), "float32", n), np.zeros(width, np.float32)]
        if len(columns) == 2:
            self.weights[1] += 1  # the gates of a GRU start open

    @property
    def joined(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Kernel [D, G H], recurrent kernel [H, G H] and bias [G H], gates side by side."""
        kernel, bias = (np.concatenate(parts, axis=-1) for parts in (self.weights[::2], self.weights[1::2]))
        return kernel[: self.H], kernel[self.H :], bias


def forget_third(kernel: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The package's columns i, j, f, o as i, f, j, o of Keras and PyTorch, the forget bias added."""
    order = np.arange(bias.size).reshape(4, -1)[[0, 2, 1, 3]].ravel()
    kernel, bias = kernel[:, order].copy(), bias[order].copy()
    bias[bias.size // 4 : bias.size // 2] += 1
    return kernel, bias


def agreed(answer: Any) -> dict[str, float]:
    """Of loss and gradients the loss and the norm, of predictions the hundredth and their mean square."""
    if isinstance(answer, tuple):
        loss, gradients = answer
        squares = sum(float(np.sum(np.square(np.asarray(g), dtype=float))) for g in gradients)
        return {"loss": float(loss), "gradient norm": squares**0.5}
    first = np.asarray(answer, float).ravel()[:100]
    return {"hundredth": float(first[-1]), "mean square": float(np.mean(first**2))}
