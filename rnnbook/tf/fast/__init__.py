"""Faster ways through a whole sequence, for the cells whose step is known.

`dynamic_rnn` asks `way_for` and goes the way it gets; with any other cell it loops over the
cell's own step. Both ways give the same numbers, but for rounding.
"""

from collections.abc import Callable
from typing import Any

import tensorflow as tf
from tensorflow.python.ops.control_flow_util import GraphOrParentsInXlaContext

from rnnbook.protocol import LSTMStateTuple
from rnnbook.tf.basic_rnn import BasicRNNCell
from rnnbook.tf.fast.basic_rnn import unroll_basic_rnn
from rnnbook.tf.fast.gru import unroll_gru
from rnnbook.tf.fast.halves import in_halves, worth_halving
from rnnbook.tf.fast.lstm import unroll_lstm
from rnnbook.tf.gru import GRUCell
from rnnbook.tf.lstm import BasicLSTMCell, LSTMCell
from rnnbook.tf.wrappers import MultiRNNCell

Way = Callable[[Any, tf.Tensor, Any, bool], tuple[tf.Tensor, Any]]


def way_for(cell: Any) -> Way | None:
    """A function from a cell, inputs [T, B, D], a state and ``every`` to outputs [T, B, O] and a state.

    With ``every`` it returns the states of all steps [T, B, H], else the last one. Chosen by
    the exact type, since a subclass may step otherwise; None where there is no such way.
    """
    if type(cell) is BasicLSTMCell:
        return _lstm
    if type(cell) is LSTMCell and not cell.use_peepholes and cell.num_proj is None:
        return _lstm
    if type(cell) is GRUCell:
        return _gru
    if type(cell) is BasicRNNCell and cell.activation in (tf.tanh, tf.nn.tanh):
        return _basic_rnn
    if type(cell) is MultiRNNCell and all(way_for(layer) for layer in cell.cells):
        return _stack
    return None


def go(way: Way, cell: Any, inputs: tf.Tensor, state: Any, every: bool) -> tuple[tf.Tensor, Any]:
    """Go the whole way; with two halves of the rows side by side where that is faster."""
    _enter(cell, inputs[0], state)
    # The step of a basic cell is too small to share; eagerly and in XLA one half waits for the other.
    if way is _basic_rnn or tf.executing_eagerly() or _in_xla() or not worth_halving(cell, inputs):
        return way(cell, inputs, state, every)
    return in_halves(way, cell, inputs, state, every)


def _stack(cell: Any, inputs: tf.Tensor, state: Any, every: bool) -> tuple[tf.Tensor, Any]:
    """One layer after the other: none looks ahead, so each may have all its inputs at once."""
    states = []
    for layer, its_state in zip(cell.cells, state, strict=True):
        way = way_for(layer)
        assert way is not None  # or there were none for the stack
        inputs, new_state = way(layer, inputs, its_state, every)
        states.append(new_state)
    return inputs, tuple(states)


def _lstm(cell: Any, inputs: tf.Tensor, state: Any, every: bool) -> tuple[tf.Tensor, Any]:
    weights = _weights(cell)
    one_op = inputs.dtype == tf.float32 and not _in_xla()
    h, c = unroll_lstm(inputs, state, weights, cell.forget_bias, one_op=one_op, every_c=every)
    return h, LSTMStateTuple(c, h if every else h[-1])


def _gru(cell: Any, inputs: tf.Tensor, state: tf.Tensor, every: bool) -> tuple[tf.Tensor, tf.Tensor]:
    h = unroll_gru(inputs, state, _weights(cell))
    return h, h if every else h[-1]


def _basic_rnn(cell: Any, inputs: tf.Tensor, state: tf.Tensor, every: bool) -> tuple[tf.Tensor, tf.Tensor]:
    h = unroll_basic_rnn(inputs, state, _weights(cell))
    return h, h if every else h[-1]


def _weights(cell: Any) -> list[tf.Tensor]:
    """The weights, read once for all steps."""
    return [tf.convert_to_tensor(getattr(cell, name)) for name in cell.weight_names]


def _enter(cell: Any, inputs: tf.Tensor, state: Any) -> tf.Tensor:
    """Check every layer as its own step would, and return what is shaped like its output [B, O]."""
    if type(cell) is MultiRNNCell:
        for layer, its_state in zip(cell.cells, state, strict=True):
            inputs = _enter(layer, inputs, its_state)
        return inputs
    cell.enter(inputs, state)
    return state[-1] if isinstance(state, tuple) else state


def _in_xla() -> bool:
    return bool(GraphOrParentsInXlaContext(tf.compat.v1.get_default_graph()))
