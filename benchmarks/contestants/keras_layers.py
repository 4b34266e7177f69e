"""Keras: its layers with the weights of the package's cells, `Model.fit` and three ways to ask a model."""

import keras
import numpy as np
import tensorflow as tf

import rnnbook.tf as rnn
from contestants import common
from contestants.common import Layer, Sine, Training, Work
from contestants.rnnbook_tf import cell_of
from contestants.tf_function import layer_work

# With unroll=True the best of steps_per_execution 1, 20, 100 and 500 and of jit_compile, on both shapes.
TUNED = {"steps_per_execution": 100}


def sine_model(sine: Sine, **options: bool) -> keras.Model:
    """Two LSTMs and a readout with the common weights."""
    first, second = (
        rnn.BasicLSTMCell(common.UNITS, num_inputs=inputs, seed=seed)
        for inputs, seed in zip((sine.D, common.UNITS), common.SEEDS, strict=False)
    )
    layers = [rnn.to_keras(first, return_sequences=True, **options), rnn.to_keras(second, **options)]
    readout = keras.layers.Dense(1)
    model = keras.Sequential([keras.Input((sine.T, sine.D)), *layers, readout])
    readout.set_weights(sine.weights[4:])
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
    options = {"return_sequences": True, "unroll": way == "unroll"}
    built = rnn.to_keras(cell_of(problem), **options)
    if problem.kind == "GRU reset after":  # the package has no such cell
        kernel, recurrent, bias = built.get_weights()
        built = keras.layers.GRU(problem.H, **options)
        built.build(problem.inputs.shape)
        built.set_weights([kernel, recurrent, np.stack([bias, 0 * bias])])
    return layer_work(built, [weight.value for weight in built.trainable_weights], problem.inputs)


def forecast(way: str, sine: Sine, task: str) -> Work:
    """`Model.predict`, the model called, or the model in a `tf.function`."""
    if task == "cell":
        cell = rnn.to_keras(rnn.BasicLSTMCell(common.UNITS, num_inputs=1, seed=common.SEEDS[0])).cell
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
