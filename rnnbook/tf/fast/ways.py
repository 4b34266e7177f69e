"""Which way a cell goes: chosen in one place, by its exact type."""

from collections.abc import Callable
from functools import partial
from typing import Any

import tensorflow as tf
from tensorflow.python.ops.control_flow_util import GraphOrParentsInXlaContext

from rnnbook.protocol import LSTMStateTuple, map_state
from rnnbook.tf.basic_rnn import BasicRNNCell
from rnnbook.tf.cell import as_written
from rnnbook.tf.fast.basic_rnn import first_basic_rnn, unroll_basic_rnn
from rnnbook.tf.fast.gru import first_gru, unroll_gru
from rnnbook.tf.fast.halves import in_halves, worth_halving
from rnnbook.tf.fast.lstm import first_lstm, unroll_lstm
from rnnbook.tf.fast.ops import swapped
from rnnbook.tf.gru import GRUCell
from rnnbook.tf.lengths import blanked
from rnnbook.tf.lstm import BasicLSTMCell, LSTMCell
from rnnbook.tf.wrappers import MultiRNNCell

Way = Callable[[Any, tf.Tensor, Any, bool, bool], tuple[tf.Tensor, Any]]


def way_for(cell: Any) -> Way | None:
    """A function from a cell, inputs [T, B, D], a state and two flags to outputs [T, B, O] and a state.

    With the flag ``every`` it returns the states of all steps [T, B, H], else the last one; with
    ``unrolled`` it writes every step into the graph, with no loop. Chosen by the exact type,
    since a subclass may step otherwise; None where there is no such way.
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


@as_written
def go(
    way: Way,
    cell: Any,
    inputs: tf.Tensor,
    state: Any,
    lengths: tf.Tensor | None,
    *,
    time_major: bool,
    unrolled: bool = False,
) -> tuple[tf.Tensor, Any]:
    """Outputs and the last state, as `dynamic_rnn` returns them; by two halves of the rows where that pays."""
    _enter(cell, inputs[0] if time_major else inputs[:, 0], state)

    if not time_major:
        inputs = swapped(inputs)
    T, B, _ = inputs.shape
    # The step of a basic cell is too small to share; eagerly and in XLA one half waits for the other.
    alone = way is _basic_rnn or tf.executing_eagerly() or _in_xla() or unrolled

    run = partial(_whole, way, cell, unrolled=unrolled)
    if not alone and worth_halving(cell, B, T):
        run = partial(in_halves, run)
    outputs, state = run(inputs, state, lengths)
    return outputs if time_major else swapped(outputs), state


@as_written
def first_step(cell: Any, inputs: tf.Tensor, state: Any) -> tuple[tf.Tensor, Any]:
    """Output and state after one step of a cell with a way, from inputs [B, D] and a state that is zero."""
    _enter(cell, inputs, state)
    return _first(cell, inputs)


def _first(cell: Any, inputs: tf.Tensor) -> tuple[tf.Tensor, Any]:
    way = way_for(cell)
    if way is _stack:
        states = []
        for layer in cell.cells:
            inputs, its_state = _first(layer, inputs)
            states.append(its_state)
        return inputs, tuple(states)
    if way is _lstm:
        h, c = first_lstm(inputs, _weights(cell))
        return h, LSTMStateTuple(c, h)
    h = (first_gru if way is _gru else first_basic_rnn)(inputs, _weights(cell))
    return h, h


def _whole(
    way: Way, cell: Any, inputs: tf.Tensor, state: Any, lengths: tf.Tensor | None, *, unrolled: bool
) -> tuple[tf.Tensor, Any]:
    """All steps of inputs [T, B, D]; past a row's length zeros, and its state as it was there."""
    if lengths is None:
        return way(cell, inputs, state, False, unrolled)
    valid = tf.range(tf.shape(inputs)[0])[:, None] < lengths  # [T, B]
    outputs, states = way(cell, blanked(inputs, valid), state, True, unrolled)
    last = tf.stack([tf.maximum(lengths - 1, 0), tf.range(tf.size(lengths))], axis=1)  # [B, 2]

    def after(values: tf.Tensor, old: tf.Tensor) -> tf.Tensor:
        return tf.where(lengths[:, None] > 0, tf.gather_nd(values, last), old)

    return blanked(outputs, valid), map_state(after, states, state)


def _stack(cell: Any, inputs: tf.Tensor, state: Any, every: bool, unrolled: bool) -> tuple[tf.Tensor, Any]:
    """One layer after the other: none looks ahead, so each may have all its inputs at once."""
    states = []
    for layer, its_state in zip(cell.cells, state, strict=True):
        way = way_for(layer)
        assert way is not None  # or there were none for the stack
        inputs, new_state = way(layer, inputs, its_state, every, unrolled)
        states.append(new_state)
    return inputs, tuple(states)


def _lstm(cell: Any, inputs: tf.Tensor, state: Any, every: bool, unrolled: bool) -> tuple[tf.Tensor, Any]:
    weights = _weights(cell)
    one_op = inputs.dtype == tf.float32 and not _in_xla() and not unrolled
    h, c = unroll_lstm(
        inputs, state, weights, cell.forget_bias, one_op=one_op, every_c=every, unrolled=unrolled
    )
    return h, LSTMStateTuple(c, h if every else h[-1])


def _gru(
    cell: Any, inputs: tf.Tensor, state: tf.Tensor, every: bool, unrolled: bool
) -> tuple[tf.Tensor, tf.Tensor]:
    h = unroll_gru(inputs, state, _weights(cell), unrolled=unrolled)
    return h, h if every else h[-1]


def _basic_rnn(
    cell: Any, inputs: tf.Tensor, state: tf.Tensor, every: bool, unrolled: bool
) -> tuple[tf.Tensor, tf.Tensor]:
    h = unroll_basic_rnn(inputs, state, _weights(cell), unrolled=unrolled)
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
