"""Which cells have a fast way, and how a layer goes it. All that chooses stands in this file.

A cell is known by its exact type, since a subclass may take another step. `WAYS` says what is
done with each; what a cell lacks there, the unrollers of tf/unroll.py do by its own step.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from rnnbook.protocol import LSTMStateTuple, map_state
from rnnbook.tf import tf1
from rnnbook.tf.basic_rnn import BasicRNNCell
from rnnbook.tf.cell import TANH, check_tensor
from rnnbook.tf.fast.basic_rnn import first_basic_rnn, unroll_basic_rnn
from rnnbook.tf.fast.gru import first_gru, unroll_gru
from rnnbook.tf.fast.lstm import first_lstm, unroll_lstm
from rnnbook.tf.fast.ops import blanked, swapped
from rnnbook.tf.gru import GRUCell
from rnnbook.tf.lstm import BasicLSTMCell, LSTMCell
from rnnbook.tf.run_time import as_written, in_xla, trusting
from rnnbook.tf.wrappers import MultiRNNCell, ResidualWrapper


class Way(NamedTuple):
    """How a layer of one type of cell goes fast."""

    # (cell, inputs [T, B, D], state, every, unrolled) -> outputs [T, B, O] and a state: of all steps
    # [T, B, H] with ``every``, else the last one; ``unrolled`` without a loop in the graph
    sequence: Callable[..., tuple[tf.Tensor, Any]]
    # (cell, inputs [B, D]) -> output [B, O] and state after one step from the state zero
    first: Callable[..., tuple[tf.Tensor, Any]]
    known: Callable[[Any], bool] = lambda cell: True  # whether it is this cell's way, with its options


def has_fast_way(cell: Any) -> bool:
    """Whether a whole sequence of this cell's steps can be taken in a faster way."""
    way = WAYS.get(type(cell))
    return way is not None and way.known(cell) and getattr(cell, "activation", tf.tanh) in TANH


def unroll(
    cell: Any, inputs: tf.Tensor, state: Any, lengths: tf.Tensor | None, *, time_major: bool, from_zero: bool
) -> tuple[tf.Tensor, Any] | None:
    """Outputs and the last state as `dynamic_rnn` returns them, or None where there is no faster way.

    Args:
        from_zero: whether the state is known to be zero.
    """
    if not has_fast_way(cell) or not tf1.knows_sizes():
        return None
    time = 0 if time_major else 1
    if inputs.shape[time] == 1:  # a single step gains nothing, but for what a zero state spares
        if not from_zero or lengths is not None or tf.executing_eagerly():
            return None
        output, state = _first_step(cell, inputs[0] if time_major else inputs[:, 0], state)
        return tf.expand_dims(output, time), state
    outputs, state = _all_steps(cell, inputs if time_major else swapped(inputs), state, lengths)
    return outputs if time_major else swapped(outputs), state


def unroll_static(
    cell: Any, steps: list[tf.Tensor], state: Any, lengths: tf.Tensor | None
) -> tuple[list[tf.Tensor], Any] | None:
    """Outputs and the last state as `static_rnn` returns them, or None where there is no faster way."""
    if not has_fast_way(cell) or not tf1.knows_sizes() or len(steps) == 1 or tf.executing_eagerly():
        return None
    outputs, state = _all_steps(cell, tf.stack(steps), state, lengths, unrolled=True)
    return tf.unstack(outputs, num=len(steps)), state


@as_written
def _all_steps(
    cell: Any, inputs: tf.Tensor, state: Any, lengths: tf.Tensor | None, *, unrolled: bool = False
) -> tuple[tf.Tensor, Any]:
    """All steps of inputs [T, B, D]; past a row's length zeros, and its state as it was there."""
    _check_layers(cell, inputs[0], state)
    sequence = WAYS[type(cell)].sequence
    if lengths is None:
        return sequence(cell, inputs, state, every=False, unrolled=unrolled)
    valid = tf.range(tf.shape(inputs)[0])[:, None] < lengths  # [T, B]
    outputs, states = sequence(cell, blanked(inputs, valid), state, every=True, unrolled=unrolled)
    last = tf.stack([tf.maximum(lengths - 1, 0), tf.range(tf.size(lengths))], axis=1)  # [B, 2]

    def after(values: tf.Tensor, old: tf.Tensor) -> tf.Tensor:
        return tf.where(lengths[:, None] > 0, tf.gather_nd(values, last), old)

    return blanked(outputs, valid), map_state(after, states, state)


@as_written
def _first_step(cell: Any, inputs: tf.Tensor, state: Any) -> tuple[tf.Tensor, Any]:
    _check_layers(cell, inputs, state)
    return WAYS[type(cell)].first(cell, inputs)


def _check_layers(cell: Any, inputs: tf.Tensor, state: Any) -> tf.Tensor:
    """Check every layer as its own step would, and return what is shaped like its output [B, O]."""
    if type(cell) is MultiRNNCell:
        with tf1.scope_of(cell):
            for n, (layer, its_state) in enumerate(zip(cell.cells, state, strict=True)):
                with tf1.scope(f"cell_{n}"):
                    inputs = _check_layers(layer, inputs, its_state)
        return inputs
    if type(cell) is ResidualWrapper:
        check_tensor("ResidualWrapper", "inputs", inputs, "B D", {"D": cell.output_size})
        return _check_layers(cell.cell, inputs, state)
    with trusting(cell):
        cell.enter(inputs, state)
    return state.h if isinstance(state, LSTMStateTuple) else state


def _lstm(
    cell: Any, inputs: tf.Tensor, state: Any, *, every: bool, unrolled: bool
) -> tuple[tf.Tensor, LSTMStateTuple]:
    h, c = unroll_lstm(
        inputs,
        state,
        _weights(cell),
        forget_bias=cell.forget_bias,
        one_operation=inputs.dtype == tf.float32 and not unrolled and not in_xla(),  # XLA cannot compile it
        every_c=every,
        unrolled=unrolled,
    )
    return h, LSTMStateTuple(c, h if every else h[-1])


def _first_lstm(cell: Any, inputs: tf.Tensor) -> tuple[tf.Tensor, LSTMStateTuple]:
    h, c = first_lstm(inputs, _weights(cell))
    return h, LSTMStateTuple(c, h)


def _output_is_state(run: Callable[..., tf.Tensor], first: Callable[..., tf.Tensor]) -> Way:
    """The way of a cell whose output is its state."""

    def sequence(
        cell: Any, inputs: tf.Tensor, state: tf.Tensor, *, every: bool, unrolled: bool
    ) -> tuple[tf.Tensor, tf.Tensor]:
        h = run(inputs, state, _weights(cell), unrolled=unrolled)
        return h, h if every else h[-1]

    def first_step(cell: Any, inputs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        h = first(inputs, _weights(cell))
        return h, h

    return Way(sequence, first_step)


def _stack(cell: Any, inputs: tf.Tensor, state: Any, *, every: bool, unrolled: bool) -> tuple[tf.Tensor, Any]:
    """One layer after the other: none looks ahead, so each may have all its inputs at once."""
    states = []
    for layer, its_state in zip(cell.cells, state, strict=True):
        sequence = WAYS[type(layer)].sequence
        inputs, new_state = sequence(layer, inputs, its_state, every=every, unrolled=unrolled)
        states.append(new_state)
    return inputs, tuple(states)


def _first_stack(cell: Any, inputs: tf.Tensor) -> tuple[tf.Tensor, Any]:
    states = []
    for layer in cell.cells:
        inputs, its_state = WAYS[type(layer)].first(layer, inputs)
        states.append(its_state)
    return inputs, tuple(states)


def _shortcut(
    cell: Any, inputs: tf.Tensor, state: Any, *, every: bool, unrolled: bool
) -> tuple[tf.Tensor, Any]:
    """The cell inside at all steps, and its inputs added to its outputs once."""
    sequence = WAYS[type(cell.cell)].sequence
    outputs, state = sequence(cell.cell, inputs, state, every=every, unrolled=unrolled)
    return outputs + inputs, state


def _first_shortcut(cell: Any, inputs: tf.Tensor) -> tuple[tf.Tensor, Any]:
    output, state = WAYS[type(cell.cell)].first(cell.cell, inputs)
    return output + inputs, state


def _is_a_sum(cell: Any) -> bool:
    """Whether a shortcut adds, around a cell with a fast way; in a session its scopes are the loop's task."""
    return cell.residual_fn is None and has_fast_way(cell.cell) and not tf1.in_session()


def _weights(cell: Any) -> list[tf.Tensor]:
    """The weights, read once for all steps."""
    return [tf.convert_to_tensor(getattr(cell, name)) for name in cell.weight_names]


def _has_no_extras(cell: Any) -> bool:
    return not cell.use_peepholes and cell.num_proj is None and cell.cell_clip is None


WAYS: dict[type, Way] = {
    BasicLSTMCell: Way(_lstm, _first_lstm),
    LSTMCell: Way(_lstm, _first_lstm, _has_no_extras),
    GRUCell: _output_is_state(unroll_gru, first_gru),
    BasicRNNCell: _output_is_state(unroll_basic_rnn, first_basic_rnn),
    MultiRNNCell: Way(_stack, _first_stack, lambda cell: all(map(has_fast_way, cell.cells))),
    ResidualWrapper: Way(_shortcut, _first_shortcut, _is_a_sum),
}
