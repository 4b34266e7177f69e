"""The TensorFlow half of the package."""

import sys

import keras
import numpy as np
import tensorflow as tf

import rnnbook.tf as rnn
from contestants.common import (
    ACCUMULATOR,
    BATCH,
    ORDER_SEED,
    RATE,
    SEEDS,
    UNITS,
    Layer,
    Sine,
    Training,
    Work,
    forecast_result,
)
from contestants.tf_function import layer_work
from rnnbook.tf.fast import halves, ops


def sine_model(sine: Sine) -> rnn.SequenceRegressor:
    """Two LSTMs and a readout with the common weights."""
    first, second, readout = SEEDS
    cells = [rnn.BasicLSTMCell(UNITS, seed=first), rnn.BasicLSTMCell(UNITS, seed=second)]
    return rnn.SequenceRegressor(rnn.MultiRNNCell(cells), 1, seed=readout)


def training(way: str, sine: Sine) -> Training:
    """`rnnbook.tf.fit`."""
    model = sine_model(sine)
    adagrad = keras.optimizers.Adagrad(RATE, initial_accumulator_value=ACCUMULATOR)
    data = tf.constant(sine.inputs), tf.constant(sine.targets)
    options = {"batch_size": BATCH, "seed": ORDER_SEED}
    return Training(
        lambda steps: rnn.fit(model, *data, adagrad, steps=steps, **options),
        lambda inputs: model(inputs).numpy(),
    )


def layer(way: str, problem: Layer) -> Work:
    """`dynamic_rnn`, with lengths or without, by `tf.transpose` or never in halves, or `static_rnn`."""
    kinds = {"LSTM": rnn.BasicLSTMCell, "SimpleRNN": rnn.BasicRNNCell, "GRU": rnn.GRUCell}
    cell = kinds[problem.kind](problem.H, num_inputs=problem.H)
    for variable, value in zip(
        (getattr(cell, name) for name in cell.weight_names), problem.weights, strict=True
    ):
        variable.assign(value)
    inputs, lengths = problem.inputs, np.full(problem.B, problem.T, np.int32)

    def static(inputs: tf.Tensor) -> tf.Tensor:
        return tf.stack(rnn.static_rnn(cell, tf.unstack(inputs, axis=1))[0], axis=1)

    def transposed(inputs: tf.Tensor) -> tf.Tensor:
        outputs, _ = rnn.dynamic_rnn(cell, tf.transpose(inputs, [1, 0, 2]), time_major=True)
        return tf.transpose(outputs, [1, 0, 2])

    if way == "whole":
        halves.LEAST_ROWS = problem.B + 1
    if way == "transpose":
        ops.LARGE = sys.maxsize
        return layer_work(transposed, cell.trainable_variables, inputs)
    if way == "static":
        return layer_work(static, cell.trainable_variables, inputs)
    if way == "lengths":
        return layer_work(
            lambda x, n: rnn.dynamic_rnn(cell, x, n)[0], cell.trainable_variables, inputs, lengths
        )
    return layer_work(lambda x: rnn.dynamic_rnn(cell, x)[0], cell.trainable_variables, inputs)


def forecast(way: str, sine: Sine, task: str) -> Work:
    """The model asked for all windows, and left on its own."""
    if task == "cell":
        cell = rnn.BasicLSTMCell(UNITS, num_inputs=1)
        cell.kernel.assign(sine.weights[0])
        inputs, state = tf.ones((1, 1)), cell.zero_state(1)
        result = {"h": float(np.mean(cell(inputs, state)[0]))}
        return Work(lambda: cell(inputs, state)[0].numpy(), 1, result)
    model = sine_model(sine)
    if task == "evaluate":
        call = lambda: model.predict(sine.test_inputs).numpy()  # noqa: E731
        return Work(call, len(sine.test_inputs), forecast_result(call()))
    call = lambda: model.free_run(sine.test_inputs[:1], 1000).numpy()  # noqa: E731
    return Work(call, 1000, forecast_result(call()))
