"""The NumPy half of the package."""

import numpy as np

import rnnbook.scratch as scratch
from contestants import common
from contestants.common import Layer, Sine, Training, Work


def sine_model(sine: Sine) -> scratch.SequenceRegressor:
    """Two LSTMs and a readout with the common weights."""
    first, second, readout = common.SEEDS
    cells = [scratch.BasicLSTMCell(common.UNITS, dtype=np.float32, seed=seed) for seed in (first, second)]
    return scratch.SequenceRegressor(scratch.MultiRNNCell(cells), 1, seed=readout)


def training(way: str, sine: Sine) -> Training:
    """`rnnbook.scratch.fit`."""
    model, adagrad = sine_model(sine), scratch.Adagrad(common.RATE, common.ACCUMULATOR)
    options = {"batch_size": common.BATCH, "seed": common.ORDER_SEED}
    return Training(
        lambda steps: scratch.fit(model, sine.inputs, sine.targets, adagrad, steps=steps, **options), model
    )


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
    """The model asked for all windows, and left on its own; and one step of the cell."""
    if task == "cell":
        cell = scratch.BasicLSTMCell(common.UNITS, num_inputs=1, dtype=np.float32)
        cell.kernel[:] = sine.weights[0]
        inputs, state = np.ones((1, 1), np.float32), cell.zero_state(1)
        return Work(lambda: cell(inputs, state)[0])
    model = sine_model(sine)
    if task == "evaluate":
        return Work(lambda: model(sine.test_inputs), len(sine.test_inputs))
    return Work(lambda: model.free_run(sine.test_inputs[:1], 1000), 1000)
