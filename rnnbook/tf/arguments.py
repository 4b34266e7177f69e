"""What an unroller is given, as it goes on with it: tensors, lengths, sizes and a state to start from.

Everything is checked at once as far as it is known; what only a running graph knows is checked there.
"""

from typing import Any

import tensorflow as tf

from rnnbook import checks
from rnnbook.protocol import Cell, begin, map_state
from rnnbook.tf import tf1
from rnnbook.tf.beside_keras import check_trained_by_keras
from rnnbook.tf.cell import check_tensor
from rnnbook.tf.run_time import as_written, checked, checked_value, size, sized_state


@as_written
def as_tensor(where: str, name: str, value: Any, expected: str) -> tf.Tensor:
    """What came as a tensor; a ragged, sparse or Keras tensor has a shape and a dtype but is none."""
    try:
        return tf.convert_to_tensor(value)
    except (TypeError, ValueError):
        checks.fail(where, name, expected, checks.what(value), TypeError)


@as_written
def as_floats(where: str, name: str, value: Any, letters: str) -> tf.Tensor:
    """What came as a tensor of floats whose axes are ``letters``."""
    if isinstance(value, (tuple, list)) and any(map(tf.is_tensor, tf.nest.flatten(value))):
        several = f"one array {checks.axes(letters)}, tf.concat of several, which the cell splits again"
        checks.fail(where, name, several, checks.what(value), TypeError)
    shape = checks.static_shape(value) if hasattr(value, "shape") and hasattr(value, "dtype") else None
    if "T" in letters and shape is not None and len(shape) > len(letters.split()):
        flat = f"{checks.axes(letters)}, by tf.reshape, with all numbers of a step in D"
        checks.fail(where, name, flat, f"shape {shape}")
    checks.check_array(where, name, value, letters, {})
    checks.check_float(where, name, value)
    return as_tensor(where, name, value, f"an array {checks.axes(letters)}")


@as_written
def initial_state_or_zeros(where: str, cell: Cell, state: Any, inputs: tf.Tensor, dtype: Any) -> Any:
    """The given state, checked, or zeros; ``inputs`` is any one step [B, D]."""
    if dtype is not None:
        dtype = checks.floating(where, "dtype", dtype, "TensorFlow", tf.as_dtype)
        checks.check_dtype(where, "dtype", dtype, inputs.dtype)
    name = "initial_state"
    if state is None:
        name, state = "zero_state of the cell", cell.zero_state(size(inputs, 0), inputs.dtype)
    else:
        begin(cell)
    state = tf1.as_state(state, cell.state_size)
    check_trained_by_keras(cell)  # one that does not ask for itself
    B = inputs.shape[0]
    checks.check_state(where, name, state, cell.state_size, B, inputs.dtype, check_tensor)
    state = map_state(tf.convert_to_tensor, state)
    return sized_state(where, name, state, cell.state_size, size(inputs, 0))


@as_written
def checked_lengths(
    where: str, lengths: Any, B: Any, T: Any, name: str = "sequence_length", least: int = 0
) -> tf.Tensor:
    """The lengths as int32 [B], checked now as far as they, B and T are known; else when the graph runs."""
    if tf.is_tensor(lengths):
        lengths = as_tensor(where, name, lengths, "whole numbers [B]")
        known = tf.get_static_value(lengths)
    else:
        known = lengths
    rows, steps = (known_size if isinstance(known_size, int) else None for known_size in (B, T))
    if known is not None:
        lengths = checks.check_lengths(where, name, known, rows, steps, least)
    elif not lengths.dtype.is_integer:
        checks.fail(where, name, "whole numbers", lengths.dtype.name, TypeError)
    else:
        checks.check_array(where, name, lengths, "B", {"B": rows})
    lengths = tf.ensure_shape(tf.cast(lengths, tf.int64), [rows])
    if known is None or rows is None or steps is None:
        good = tf.equal(tf.shape(lengths)[0], B)  # in a session's graph == compares objects
        message = f"{where}: {name} must be [B] with values from {least} to T; got"
        words = message, lengths, "with B =", B, "and T =", T
        lengths = checked(lengths, good, *words)
        lengths = checked_value(lengths, _in_range(lengths, T, least), *words)
    return tf.cast(lengths, tf.int32)


@as_written
def nan_unless_lengths(values: Any, lengths: tf.Tensor, T: Any, least: int = 0) -> Any:
    """``values``, or NaN if a length is not from ``least`` to T, which XLA cannot make an error."""
    if tf.executing_eagerly():
        return values
    good = _in_range(lengths, T, least)
    return map_state(lambda array: tf.where(good, array, tf.constant(float("nan"), array.dtype)), values)


def _in_range(lengths: tf.Tensor, T: Any, least: int) -> tf.Tensor:
    return tf.reduce_all((lengths >= least) & (lengths <= tf.cast(T, lengths.dtype)))
