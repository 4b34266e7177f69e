"""The TensorFlow half of the package."""

import sys
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import rnnbook.tf as rnn
from contestants import common, halves
from contestants.common import Layer, Sine, Training, Work
from contestants.tf_function import layer_work
from rnnbook.tf.fast import thresholds


def plain(cell: type) -> Any:
    """The same cell, but for its type, which no fast way knows: it goes step by step in a loop."""
    return type(f"Plain{cell.__name__}", (cell,), {})


def half(way: str) -> halves.Half:
    return halves.Half(rnn, plain(rnn.BasicLSTMCell) if way == "plain" else rnn.BasicLSTMCell, tf.constant)


def training(way: str, sine: Sine) -> Training:
    """`rnnbook.tf.fit`."""
    adagrad = keras.optimizers.Adagrad(common.RATE, initial_accumulator_value=common.ACCUMULATOR)
    return halves.training(half(way), adagrad, sine)


def cell_of(problem: Layer, way: str = "") -> Any:
    """A cell with the common weights."""
    make = {"LSTM": rnn.BasicLSTMCell, "SimpleRNN": rnn.BasicRNNCell}.get(problem.kind, rnn.GRUCell)
    cell = (plain(make) if "plain" in way else make)(problem.H, num_inputs=problem.H)
    for name, value in zip(cell.weight_names, problem.weights, strict=True):
        getattr(cell, name).assign(value)
    return cell


def layer(way: str, problem: Layer) -> Work:
    """`dynamic_rnn`, with lengths or by `tf.transpose`, or `static_rnn`; by a plain cell or one with a fast way."""
    cell = cell_of(problem, way)
    data = [problem.inputs]
    if way == "lengths":
        data.append(np.full(problem.B, problem.T, np.int32))
    if way == "transpose":
        thresholds.LARGE_KERNEL = sys.maxsize

    def outputs(inputs: tf.Tensor, *lengths: tf.Tensor) -> tf.Tensor:
        if way.startswith("static"):
            return tf.stack(rnn.static_rnn(cell, tf.unstack(inputs, axis=1))[0], axis=1)
        if way == "transpose":
            found, _ = rnn.dynamic_rnn(cell, tf.transpose(inputs, [1, 0, 2]), time_major=True)
            return tf.transpose(found, [1, 0, 2])
        return rnn.dynamic_rnn(cell, inputs, *lengths)[0]

    return layer_work(outputs, cell.trainable_variables, *data)


def forecast(way: str, sine: Sine, task: str) -> Work:
    """The model, or one step of the cell."""
    return halves.forecast(half(way), sine, task)
