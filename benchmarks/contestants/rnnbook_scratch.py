"""The NumPy half of the package."""

from functools import partial

import numpy as np

import rnnbook.scratch as scratch
from contestants import common, halves
from contestants.common import Layer, Sine, Training, Work

HALF = halves.Half(scratch, partial(scratch.BasicLSTMCell, dtype=np.float32), np.asarray)


def training(way: str, sine: Sine) -> Training:
    """`rnnbook.scratch.fit`."""
    return halves.training(HALF, scratch.Adagrad(common.RATE, common.ACCUMULATOR), sine)


def layer(way: str, problem: Layer) -> Work:
    """`forward_through_time` and `backward_through_time`."""
    kinds = {"LSTM": scratch.BasicLSTMCell, "SimpleRNN": scratch.BasicRNNCell, "GRU": scratch.GRUCell}
    cell = kinds[problem.kind](problem.H, num_inputs=problem.H, dtype=np.float32)
    for weight, value in zip(cell.weights.values(), problem.weights, strict=True):
        weight[:] = value

    def step() -> tuple[float, list[np.ndarray]]:
        outputs, _, tape = scratch.forward_through_time(cell, problem.inputs)
        d_outputs = outputs * np.float32(2 / outputs.size)
        d_inputs, _, d_weights = scratch.backward_through_time(cell, tape, d_outputs)
        return np.mean(np.square(outputs)), [d_inputs, *d_weights.values()]

    return Work(step)


def forecast(way: str, sine: Sine, task: str) -> Work:
    """The model, or one step of the cell."""
    return halves.forecast(HALF, sine, task)
