"""Keras: its layers, `Model.fit` and three ways to ask a model."""

import keras
import numpy as np
import tensorflow as tf

from contestants import common
from contestants.common import Layer, Sine, Training, Work, forget_third
from contestants.tf_function import layer_work

# With unroll=True the best of steps_per_execution 1, 20, 100 and 500 and of jit_compile, on both shapes.
TUNED = {"steps_per_execution": 100}


def sine_model(sine: Sine, **options: bool) -> keras.Model:
    """Two LSTMs and a readout with the common weights."""
    model = keras.Sequential(
        [
            keras.Input((sine.T, sine.D)),
            keras.layers.LSTM(common.UNITS, return_sequences=True, **options),
            keras.layers.LSTM(common.UNITS, **options),
            keras.layers.Dense(1),
        ]
    )
    weights = []
    for kernel, bias in zip(sine.weights[:4:2], sine.weights[1:4:2], strict=True):
        kernel, bias = forget_third(kernel, bias)
        weights += [kernel[: -common.UNITS], kernel[-common.UNITS :], bias]
    model.set_weights(weights + sine.weights[4:])
    return model


def training(way: str, sine: Sine) -> Training:
    """`Model.fit` with its defaults, or tuned."""
    model = sine_model(sine, unroll=way == "tuned")
    adagrad = keras.optimizers.Adagrad(common.RATE, initial_accumulator_value=common.ACCUMULATOR)
    model.compile(optimizer=adagrad, loss="mse", **(TUNED if way == "tuned" else {}))
    return Training(
        lambda steps: model.fit(*sine.in_order(steps), batch_size=common.BATCH, shuffle=False, verbose=0),
        lambda inputs: model(inputs).numpy(),
    )


def layer(way: str, problem: Layer) -> Work:
    """A layer as it is, or with ``unroll=True``."""
    kernel, recurrent, bias = problem.joined
    options = {"return_sequences": True, "unroll": way == "unroll"}
    if problem.kind == "LSTM":
        (kernel, bias), (recurrent, _) = forget_third(kernel, bias), forget_third(recurrent, bias)
        built = keras.layers.LSTM(problem.H, **options)
    elif problem.kind == "SimpleRNN":
        built = keras.layers.SimpleRNN(problem.H, **options)
    else:  # columns z, r, candidate; the package has r, u = z
        order = np.arange(3 * problem.H).reshape(3, -1)[[1, 0, 2]].ravel()
        kernel, recurrent, bias = kernel[:, order], recurrent[:, order], bias[order]
        after = problem.kind == "GRU reset after"
        built = keras.layers.GRU(problem.H, reset_after=after, **options)
        bias = np.stack([bias, 0 * bias]) if after else bias
    built.build(problem.inputs.shape)
    built.set_weights([kernel, recurrent, bias])
    return layer_work(built, [weight.value for weight in built.trainable_weights], problem.inputs)


def forecast(way: str, sine: Sine, task: str) -> Work:
    """`Model.predict`, the model called, or the model in a `tf.function`."""
    if task == "cell":
        cell = keras.layers.LSTMCell(common.UNITS)
        cell.build((1, 1))
        kernel, bias = forget_third(sine.weights[0], sine.weights[1])
        cell.set_weights([kernel[: -common.UNITS], kernel[-common.UNITS :], bias])
        inputs, zeros = tf.ones((1, 1)), tf.zeros((1, common.UNITS))
        return Work(lambda: cell(inputs, [zeros, zeros])[0].numpy())
    model = sine_model(sine)
    compiled = tf.function(model)
    predict = {
        "predict": lambda inputs: model.predict(inputs, verbose=0),
        "call": lambda inputs: model(inputs).numpy(),
        "function": lambda inputs: compiled(tf.constant(inputs)).numpy(),
    }[way]
    if task == "evaluate":
        return Work(lambda: predict(sine.test_inputs), len(sine.test_inputs))
    steps = 1000 if way == "function" else 100  # enough of the slow ones

    def free_run() -> np.ndarray:
        window, predictions = sine.test_inputs[:1], np.empty(steps)
        for n in range(steps):
            prediction = predict(window)  # [1, 1]
            window = np.concatenate([window[:, 1:], prediction[:, None]], axis=1)
            predictions[n] = prediction[0, 0]
        return predictions

    return Work(free_run, steps)
