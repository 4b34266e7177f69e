"""What the fast ways leave to one operation of TensorFlow each."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from rnnbook.tf.fast import thresholds


def times(values: tf.Tensor, weights: tf.Tensor, bias: tf.Tensor | None = None) -> tf.Tensor:
    """Values [T, B, D] times weights [D, N], plus a bias [N]: all steps in one product."""
    product = _rows(values) @ weights
    if bias is not None:
        product = tf.nn.bias_add(product, bias)  # a part of the product: TensorFlow joins the two
    return tf.reshape(product, [-1, *sizes_after(values)[:1], weights.shape[1]])


def sums_from_zero(x: tf.Tensor, weights: Sequence[tf.Tensor], gates: int) -> list[tf.Tensor]:
    """The sums x W + b [B, H] of each gate where h(t-1) is zero: its rows of the kernel are left out."""
    D, (kernel, bias) = x.shape[1], weights
    blocks = zip(tf.split(kernel[:D], gates, axis=1), tf.split(bias, gates), strict=True)
    return [x @ W + b for W, b in blocks]  # one by one, so that a graph drops a gate that is not used


def weight_gradients(x: tf.Tensor, h: tf.Tensor, d_z: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Those of a kernel [D+H, N] and its bias [N] in z = [x, h] W + b, summed over all steps and rows."""
    x, h, d_z = map(_rows, (x, h, d_z))
    rows, columns = d_z.shape
    # The arrays are joined before the product or the products after it: whichever copies less.
    if rows is not None and rows <= columns:
        d_kernel = tf.matmul(tf.concat([x, h], axis=1), d_z, transpose_a=True)
    else:
        d_kernel = tf.concat([tf.matmul(a, d_z, transpose_a=True) for a in (x, h)], axis=0)
    return d_kernel, tf.raw_ops.BiasAddGrad(out_backprop=d_z)


def through_sigmoid(y: tf.Tensor, d_y: tf.Tensor) -> tf.Tensor:
    """The gradient of z, where y = sigmoid(z): d_y * y * (1 - y)."""
    return tf.raw_ops.SigmoidGrad(y=y, dy=d_y)


def through_tanh(y: tf.Tensor, d_y: tf.Tensor) -> tf.Tensor:
    """The gradient of z, where y = tanh(z): d_y * (1 - y^2)."""
    return tf.raw_ops.TanhGrad(y=y, dy=d_y)


def swapped(values: tf.Tensor) -> tf.Tensor:
    """[B, T, D] to [T, B, D], or back, without the fixed cost of `tf.transpose`."""
    return tf.raw_ops.Einsum(inputs=[values], equation="abc->bac")


def blanked(values: tf.Tensor, valid: tf.Tensor) -> tf.Tensor:
    """Values [T, B, D] with zeros where ``valid`` [T, B] is false."""
    # tf.where would broadcast the condition, forward and back, and take several times as long.
    flat = tf.reshape(values, [-1])
    everywhere = tf.repeat(tf.reshape(valid, [-1]), tf.shape(values)[2])
    kept = tf.raw_ops.Select(condition=everywhere, x=flat, y=tf.zeros_like(flat))
    return tf.reshape(kept, tf.shape(values))


def transposed(weights: tf.Tensor) -> tf.Tensor:
    """The transpose of weights [D, N], for products."""
    # Outside of loops TensorFlow undoes `tf.transpose` and has every product read the weights as
    # they lie. Small ones are faster so, large ones slower: for them Einsum, which it leaves alone.
    if weights.shape.num_elements() <= thresholds.LARGE_KERNEL:
        return tf.transpose(weights)
    return tf.raw_ops.Einsum(inputs=[weights], equation="ab->ba")


def sizes_after(array: tf.Tensor) -> list[Any]:
    """The sizes of all axes but the first, numbers where they are known."""
    known, at_run_time = array.shape.as_list(), tf.shape(array)
    return [at_run_time[n] if size is None else size for n, size in enumerate(known)][1:]


def _rows(values: tf.Tensor) -> tf.Tensor:
    """[T, B, D] as [T * B, D]."""
    return tf.reshape(values, [-1, values.shape[2]])
