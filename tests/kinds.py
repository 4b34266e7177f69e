"""One table of every cell and wrapper of both halves, under the names of TF 1.x.

Each entry makes the same thing in either half: ``KINDS[name](module, dtype)``. Weights are
drawn from seeds, biases included, so that no gradient and no output is zero by luck.
"""

from typing import Any

import numpy as np
import tensorflow as tf

import rnnbook.scratch as scratch
import rnnbook.tf as rnn
from rnnbook.protocol import map_state

D = 3  # inputs of every cell


def shake(cell: Any, seed: int = 7) -> Any:
    """Add random numbers to all weights; the bias of a new cell is zero and hides mistakes."""
    rng = np.random.default_rng(seed)
    if isinstance(cell, tf.Module):
        for variable in sorted(cell.trainable_variables, key=lambda v: (v.name, v.shape.as_list())):
            variable.assign_add(0.3 * rng.normal(size=variable.shape).astype(variable.dtype.as_numpy_dtype))
    else:
        for weight in cell.weights.values():
            weight += 0.3 * rng.normal(size=weight.shape).astype(weight.dtype)
    return cell


def basic(m: Any, dtype: str) -> Any:
    return m.BasicRNNCell(5, num_inputs=D, dtype=dtype, seed=1)


def lstm(m: Any, dtype: str) -> Any:
    return m.BasicLSTMCell(5, forget_bias=0.7, num_inputs=D, dtype=dtype, seed=2)


def gru(m: Any, dtype: str) -> Any:
    return m.GRUCell(5, num_inputs=D, dtype=dtype, seed=3)


def min_gru(m: Any, dtype: str) -> Any:
    return m.MinGRUCell(5, num_inputs=D, dtype=dtype, seed=10)


def stack(m: Any, dtype: str) -> Any:
    second = m.GRUCell(4, num_inputs=5, dtype=dtype, seed=4)
    return m.MultiRNNCell([lstm(m, dtype), second])


def dropout(m: Any, dtype: str) -> Any:
    return m.DropoutWrapper(lstm(m, dtype), 0.8, 0.7, 0.9, variational_recurrent=True, seed=5)


def peepholes(m: Any, dtype: str) -> Any:
    return m.LSTMCell(5, use_peepholes=True, num_proj=4, forget_bias=0.7, num_inputs=D, dtype=dtype, seed=6)


def plain_lstm(m: Any, dtype: str) -> Any:
    return m.LSTMCell(5, num_inputs=D, dtype=dtype, seed=6)


def residual(m: Any, dtype: str) -> Any:
    return m.ResidualWrapper(m.GRUCell(D, num_inputs=D, dtype=dtype, seed=8))


def projection(m: Any, dtype: str) -> Any:
    wrapper = m.OutputProjectionWrapper(basic(m, dtype), 2, seed=9)
    wrapper.build(D)
    return wrapper


BOTH = {"BasicRNNCell": basic, "BasicLSTMCell": lstm, "GRUCell": gru, "MinGRUCell": min_gru}
BOTH |= {"MultiRNNCell": stack, "DropoutWrapper": dropout}
ONLY_TF = {"LSTMCell": plain_lstm, "LSTMCell with peepholes": peepholes}
ONLY_TF |= {"ResidualWrapper": residual, "OutputProjectionWrapper": projection}
KINDS = {f"scratch {name}": (make, scratch) for name, make in BOTH.items()}
KINDS |= {f"tf {name}": (make, rnn) for name, make in (BOTH | ONLY_TF).items()}


def build(kind: str, dtype: str = "float64") -> Any:
    """A cell of the table with random weights; dropout is made new each time."""
    make, module = KINDS[kind]
    return shake(make(module, dtype))


def draw_again(cell: Any) -> None:
    """Let dropout begin its drawing anew: every sequence has new masks, and a law compares two runs."""
    if isinstance(cell, scratch.DropoutWrapper):
        cell._draws = 0
    elif isinstance(cell, rnn.DropoutWrapper):
        cell._draws.assign(0)


def copy_weights(source: Any, target: Any) -> None:
    """Give a TensorFlow cell the weights of its NumPy twin, name by name."""
    if hasattr(source, "cells"):
        for one, other in zip(source.cells, target.cells, strict=True):
            copy_weights(one, other)
    elif hasattr(source, "cell"):
        copy_weights(source.cell, target.cell)
    else:
        for name, value in source.weights.items():
            getattr(target, name).assign(value)


def random_state(cell: Any, batch_size: int, seed: int = 0) -> Any:
    """A state of the cell's structure with random numbers, as NumPy."""
    rng = np.random.default_rng(seed)
    dtype = cell.zero_state(1)
    while isinstance(dtype, tuple):
        dtype = dtype[0]
    name = np.asarray(dtype).dtype
    return map_state(lambda size: rng.normal(size=(batch_size, size)).astype(name), cell.state_size)


def leaves(state: Any) -> list[Any]:
    """The arrays of a state in order."""
    found: list[Any] = []
    map_state(found.append, state)
    return found
