"""The TensorFlow half of the package."""

import sys
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import rnnbook.tf as rnn
from contestants import common
from contestants.common import Layer, Sine, Training, Work
from contestants.tf_function import layer_work
from rnnbook.tf.fast import thresholds


def plain(cell: type) -> Any:
    """The same cell, but for its type, which no fast way knows: it goes step by step in a loop."""
    return type(f"Plain{cell.__name__}", (cell,), {})


def sine_model(sine: Sine, way: str = "") -> rnn.SequenceRegressor:
    """Two LSTMs and a readout with the common weights."""
    first, second, readout = common.SEEDS
    make = plain(rnn.BasicLSTMCell) if way == "plain" else rnn.BasicLSTMCell
    cells = [make(common.UNITS, seed=first), make(common.UNITS, seed=second)]
    return rnn.SequenceRegressor(rnn.MultiRNNCell(cells), 1, seed=readout)


def training(way: str, sine: Sine) -> Training:
    """`rnnbook.tf.fit`."""
    model = sine_model(sine)
    adagrad = keras.optimizers.Adagrad(common.RATE, initial_accumulator_value=common.ACCUMULATOR)
    data = tf.constant(sine.inputs), tf.constant(sine.targets)
    options = {"batch_size": common.BATCH, "seed": common.ORDER_SEED}
    return Training(
        lambda steps: rnn.fit(model, *data, adagrad, steps=steps, **options),
        lambda inputs: model(inputs).numpy(),
    )


def layer(way: str, problem: Layer) -> Work:
    """`dynamic_rnn`, with lengths or by `tf.transpose`, or `static_rnn`; by a plain cell or one with a fast way."""
    kinds = {"LSTM": rnn.BasicLSTMCell, "SimpleRNN": rnn.BasicRNNCell, "GRU": rnn.GRUCell}
    make = kinds[problem.kind]
    cell = (plain(make) if "plain" in way else make)(problem.H, num_inputs=problem.H)
    for name, value in zip(cell.weight_names, problem.weights, strict=True):
        getattr(cell, name).assign(value)
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
    """The model asked for all windows, and left on its own; and one step of the cell."""
    if task == "cell":
        cell = rnn.BasicLSTMCell(common.UNITS, num_inputs=1)
        cell.kernel.assign(sine.weights[0])
        inputs, state = tf.ones((1, 1)), cell.zero_state(1)
        return Work(lambda: cell(inputs, state)[0].numpy())
    model = sine_model(sine, way)
    if task == "evaluate":
        return Work(lambda: model.predict(sine.test_inputs).numpy(), len(sine.test_inputs))
    return Work(lambda: model.free_run(sine.test_inputs[:1], 1000).numpy(), 1000)
