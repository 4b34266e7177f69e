"""Sequence lengths in TensorFlow: checked at once as far as they are known, else when the graph runs."""

from typing import Any

import tensorflow as tf

from rnnbook import checks
from rnnbook.tf.cell import as_written


@as_written
def as_tensor(where: str, name: str, value: Any, expected: str) -> tf.Tensor:
    """What came as a tensor; a ragged, sparse or Keras tensor has a shape and a dtype but is none."""
    try:
        return tf.convert_to_tensor(value)
    except (TypeError, ValueError):
        checks.fail(where, name, expected, checks.what(value), TypeError)


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
    rows, steps = (size if isinstance(size, int) else None for size in (B, T))
    if known is not None:
        lengths = checks.check_lengths(where, name, known, rows, steps, least)
    elif not lengths.dtype.is_integer:
        checks.fail(where, name, "whole numbers", lengths.dtype.name, TypeError)
    else:
        checks.check_array(where, name, lengths, "B", {"B": rows})
    lengths = tf.ensure_shape(tf.cast(lengths, tf.int64), [rows])
    if known is None or rows is None or steps is None:
        good = tf.reduce_all((lengths >= least) & (lengths <= tf.cast(T, tf.int64)))
        good &= tf.equal(tf.shape(lengths)[0], B)  # in a session's graph == compares objects
        message = f"{where}: {name} must be [B] with values from {least} to T; got"
        with tf.control_dependencies(at_run_time(good, message, lengths, "with B =", B, "and T =", T)):
            lengths = tf.identity(lengths)
    return tf.cast(lengths, tf.int32)


@as_written
def at_run_time(good: tf.Tensor, *words: Any) -> list[tf.Operation]:
    """The operation that fails with ``words`` unless ``good``; none where the check passed eagerly."""
    check = tf.debugging.Assert(good, list(words))
    return [] if check is None else [check]


@as_written
def blanked(values: tf.Tensor, valid: tf.Tensor) -> tf.Tensor:
    """Values [T, B, D] with zeros where ``valid`` [T, B] is false."""
    # tf.where would broadcast the condition, forward and back, and take several times as long.
    flat = tf.reshape(values, [-1])
    everywhere = tf.repeat(tf.reshape(valid, [-1]), tf.shape(values)[2])
    kept = tf.raw_ops.Select(condition=everywhere, x=flat, y=tf.zeros_like(flat))
    return tf.reshape(kept, tf.shape(values))
