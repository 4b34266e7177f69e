"""What both halves of the package do alike, for their names are the same."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from contestants import common
from contestants.common import Sine, Training, Work


class Half(NamedTuple):
    """One half of the package."""

    library: Any  # rnnbook.scratch or rnnbook.tf
    lstm: Callable[..., Any]  # makes a cell in float32
    array: Callable[[np.ndarray], Any]  # as the library holds it


def sine_model(half: Half) -> Any:
    """Two LSTMs and a readout with the common weights, which the seeds draw."""
    first, second, readout = common.SEEDS
    cells = [half.lstm(common.UNITS, seed=seed) for seed in (first, second)]
    return half.library.SequenceRegressor(half.library.MultiRNNCell(cells), 1, seed=readout)


def training(half: Half, adagrad: Any, sine: Sine) -> Training:
    """`fit`."""
    model, data = sine_model(half), (half.array(sine.inputs), half.array(sine.targets))
    options = {"batch_size": common.BATCH, "seed": common.ORDER_SEED}
    return Training(
        lambda steps: half.library.fit(model, *data, adagrad, steps=steps, **options),
        lambda inputs: np.asarray(model(inputs)),
    )


def forecast(half: Half, sine: Sine, task: str) -> Work:
    """The model asked for all windows, and left on its own; and one step of the cell."""
    if task == "cell":
        cell = half.lstm(common.UNITS, num_inputs=1, seed=common.SEEDS[0])
        inputs, state = half.array(np.ones((1, 1), np.float32)), cell.zero_state(1)
        return Work(lambda: np.asarray(cell(inputs, state)[0]))
    model, windows = sine_model(half), sine.test_inputs
    if task == "evaluate":
        return Work(lambda: np.asarray(model.predict(windows)), len(windows))
    return Work(lambda: np.asarray(model.free_run(windows[:1], 1000)), 1000)
