"""The fast way of a basic layer with tanh: backpropagation through time, written out.

d_z = d_h * (1 - h^2),   d_h <- d_z W_h^T,   and after the loop dW = [x, h(t-1)]^T d_z
"""

from functools import partial
from typing import Any

import tensorflow as tf

from rnnbook.tf.fast.ops import sums_from_zero, through_tanh, times, transposed, weight_gradients
from rnnbook.tf.fast.scan import Loop, Tape, Tensors, differentiable, scan


def unroll_basic_rnn(
    inputs: tf.Tensor, state: tf.Tensor, weights: Tensors, *, unrolled: bool = False
) -> tf.Tensor:
    """All h [T, B, H] from inputs [T, B, D], the state h, and kernel and bias of a `BasicRNNCell`."""
    over_time = partial(scan, unrolled=unrolled)

    def fast(x: tf.Tensor, h: tf.Tensor, W: tf.Tensor, b: tf.Tensor) -> tuple[tf.Tensor, Any]:
        hs = forward(over_time, x, h, W, b)
        return hs.all, partial(backward, over_time, x, h, W, hs)

    def plain(*tensors: tf.Tensor) -> tf.Tensor:
        return forward(partial(over_time, followed=True), *tensors).all

    return differentiable(fast, plain)(inputs, state, *weights)


def forward(over_time: Any, x: tf.Tensor, h: tf.Tensor, W: tf.Tensor, b: tf.Tensor) -> Tape:
    """All h; ``over_time`` is `scan`."""
    D, H = x.shape[2], b.shape[0]
    W_x, W_h = tf.split(W, [D, H])

    def step(state: Tensors, from_x: tf.Tensor) -> tuple[Tensors, Tensors]:
        h = tf.tanh(from_x + state[0] @ W_h)
        return (h,), (h,)

    (hs,), _ = over_time(Loop(step, [H], prepare=lambda x: [times(x, W_x, b)]), (h,), [x])
    return hs


def backward(over_time: Any, x: tf.Tensor, h: tf.Tensor, W: tf.Tensor, hs: Tape, d_hs: tf.Tensor) -> Tensors:
    """The gradients of x, h, W and b, given those of all h."""
    D, H = x.shape[2], W.shape[1]
    back_x, back_h = map(transposed, tf.split(W, [D, H]))  # once, not at every step

    def step(state: Tensors, d_out: tf.Tensor, h: tf.Tensor) -> tuple[Tensors, Tensors]:
        d_z = through_tanh(h, state[0] + d_out)
        return (d_z,), (d_z @ back_h,)

    (d_zs,), (d_h,) = over_time(Loop(step, [H], reverse=True), (tf.zeros_like(h),), [d_hs], [hs])
    return times(d_zs.all, back_x), d_h, *weight_gradients(x, hs.before(h), d_zs.all)


def first_basic_rnn(x: tf.Tensor, weights: Tensors) -> tf.Tensor:
    """h [B, H] after one step from the state zero."""
    (z,) = sums_from_zero(x, weights, gates=1)
    return tf.tanh(z)
