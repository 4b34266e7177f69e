"""Sequences that a loop in a graph takes step by step from the top, and lays down step by step.

A `tf.TensorArray` would do the same. But the gradient of reading one of its entries is an array of
all T, so that T of them take T times T. The gradient of taking is laying, and the other way round.
"""

from typing import Any

import tensorflow as tf

raw, v1 = tf.raw_ops, tf.compat.v1


def can_be_piled() -> bool:
    """Whether what is made now is a graph whose loops can carry piles; the old loops of TF 1.x cannot."""
    return not tf.executing_eagerly() and v1.control_flow_v2_enabled()


def piled(array: tf.Tensor) -> tf.Tensor:
    """All steps of an array [T, B, D], the first on top."""
    shape = tf.shape(array)[1:]
    return raw.TensorListFromTensor(tensor=tf.reverse(array, [0]), element_shape=shape)


def empty(T: Any, rows: Any, columns: int, dtype: tf.DType) -> tf.Tensor:
    """A pile of nothing, for T steps [B, O]."""
    shape = tf.stack([rows, columns])
    return raw.EmptyTensorList(element_shape=shape, element_dtype=dtype, max_num_elements=T)


def taken(pile: tf.Tensor, array: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """What is left, and the step [B, D] that was on top; ``array`` is what was piled."""
    shape = tf.shape(array)[1:]
    pile, step = raw.TensorListPopBack(input_handle=pile, element_shape=shape, element_dtype=array.dtype)
    return pile, tf.ensure_shape(step, array.shape[1:])


def laid(pile: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
    """The pile with one step [B, O] more."""
    return raw.TensorListPushBack(input_handle=pile, tensor=step)


def unpiled(pile: tf.Tensor, T: Any, rows: Any, columns: int, dtype: tf.DType) -> tf.Tensor:
    """An array [T, B, O] of all that was laid down, the first first."""
    shape, known = tf.stack([rows, columns]), T if isinstance(T, int) else -1
    array = raw.TensorListStack(
        input_handle=pile, element_shape=shape, element_dtype=dtype, num_elements=known
    )
    array.set_shape([one if isinstance(one, int) else None for one in (T, rows, columns)])
    return array
