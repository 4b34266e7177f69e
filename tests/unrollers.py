"""Every way of unrolling a cell, under one signature: road(cell, inputs, sequence_length, initial_state).

Inputs [B, T, D] go in as NumPy; outputs [B, T, O] and the state come out as NumPy.
"""

from functools import cache
from typing import Any

import numpy as np
import tensorflow as tf

import rnnbook.scratch as scratch
import rnnbook.tf as rnn
from rnnbook.protocol import map_state


def packed_static(cell: Any, inputs: Any, sequence_length: Any = None, initial_state: Any = None) -> Any:
    """static_rnn on one array: unstack, unroll, stack."""
    steps = tf.unstack(tf.convert_to_tensor(inputs), axis=1)
    outputs, state = rnn.static_rnn(cell, steps, initial_state, None, sequence_length)
    return tf.stack(outputs, axis=1), state


def static_list(cell: Any, inputs: Any, sequence_length: Any = None, initial_state: Any = None) -> Any:
    """static_rnn on a list of NumPy arrays, one a step."""
    steps = [inputs[:, t] for t in range(inputs.shape[1])]
    outputs, state = rnn.static_rnn(cell, steps, initial_state=initial_state, sequence_length=sequence_length)
    return np.stack(outputs, axis=1), state


@cache
def in_a_graph(cell: Any) -> Any:
    """dynamic_rnn as a function of all that is given; it keeps the graphs that it traced."""

    @tf.function
    def run(given):
        return rnn.dynamic_rnn(cell, **given)

    return run


def unknown_sizes(cell: Any, inputs: Any, sequence_length: Any = None, initial_state: Any = None) -> Any:
    """dynamic_rnn in a graph that knows neither B nor T; lengths and state come when it runs."""
    given = {"inputs": tf.constant(inputs)}
    if sequence_length is not None:
        given["sequence_length"] = tf.constant(sequence_length)
    if initial_state is not None:
        given["initial_state"] = map_state(tf.constant, initial_state)
    forgotten = tf.nest.map_structure(_without_sizes, given)
    return in_a_graph(cell).get_concrete_function(forgotten)(given)


def _without_sizes(tensor: tf.Tensor) -> tf.TensorSpec:
    """What a graph may know of [B, T, D], [B] or [B, H]: the dtype, and the last size unless it is B."""
    last = tensor.shape[-1:] if tensor.shape.rank > 1 else [None]
    return tf.TensorSpec([None] * (tensor.shape.rank - 1) + [*last], tensor.dtype)


def time_first(unroll: Any) -> Any:
    """The same unroller, run with ``time_major``."""

    def run(cell: Any, inputs: Any, sequence_length: Any = None, initial_state: Any = None) -> Any:
        inputs = np.swapaxes(inputs, 0, 1)
        outputs, state = unroll(cell, inputs, sequence_length, initial_state, time_major=True)
        return np.swapaxes(outputs, 0, 1), state

    return run


def as_numpy(unroll: Any) -> Any:
    """The same unroller, with NumPy results."""

    def run(*arguments: Any, **options: Any) -> Any:
        outputs, state = unroll(*arguments, **options)
        return np.asarray(outputs), map_state(np.asarray, state)

    return run


SCRATCH = {
    "unroll": as_numpy(scratch.unroll),
    "unroll, time first": as_numpy(time_first(scratch.unroll)),
}
TENSORFLOW = {
    "static_rnn": as_numpy(static_list),
    "static_rnn, packed": as_numpy(packed_static),
    "dynamic_rnn": as_numpy(rnn.dynamic_rnn),
    "dynamic_rnn, time first": as_numpy(time_first(rnn.dynamic_rnn)),
    "dynamic_rnn, sizes unknown": as_numpy(unknown_sizes),
}
ROADS = SCRATCH | TENSORFLOW


# Cells are made once, for a graph is traced anew for another cell. No test writes to their weights.
@cache
def toy(kind: Any, road: str) -> Any:
    """A toy cell with the ``zeros`` of the half a road belongs to."""
    return kind(np.zeros if road in SCRATCH else tf.zeros)


@cache
def basic_cell(road: str, num_units: int, num_inputs: int, dtype: Any = "float64") -> Any:
    """A BasicRNNCell of the road's half with random weights, the bias included."""
    module = scratch if road in SCRATCH else rnn
    cell = module.BasicRNNCell(num_units, num_inputs=num_inputs, dtype=dtype, seed=1)
    bias = np.random.default_rng(2).normal(size=num_units).astype(dtype)
    if road in SCRATCH:
        cell.bias[:] = bias
    else:
        cell.bias.assign(bias)
    return cell
