"""The fast way of a basic layer with tanh: backpropagation through time, written out.

d_z = d_h * (1 - h^2),   d_h <- d_z W_h^T,   and after the loop dW = [x, h(t-1)]^T d_z
"""

from typing import Any

import tensorflow as tf

from rnnbook.tf.fast.scan import Tensors, before, differentiable, scan, times, transposed, weight_gradient


def unroll_basic_rnn(inputs: tf.Tensor, state: tf.Tensor, weights: Tensors) -> tf.Tensor:
    """All h [T, B, H] from inputs [T, B, D], the state h, and kernel and bias of a `BasicRNNCell`."""
    D, H = inputs.shape[2], weights[1].shape[0]

    def forward(x: tf.Tensor, h: tf.Tensor, W: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
        def step(state: Tensors, from_x: tf.Tensor) -> tuple[Tensors, Tensors]:
            h = tf.tanh(from_x + state[0] @ W[D:])
            return (h,), (h,)

        return scan(step, (h,), [x], [H], prepare=lambda x: [times(x, W[:D]) + b])[0][0].joined()

    def fast(x: tf.Tensor, h: tf.Tensor, W: tf.Tensor, b: tf.Tensor) -> tuple[tf.Tensor, Any]:
        all_h = forward(x, h, W, b)

        def backward(d_hs: tf.Tensor) -> Tensors:
            back_x, back_h = transposed(W[:D]), transposed(W[D:])  # once, not at every step

            def step(state: Tensors, d_out: tf.Tensor, slope: tf.Tensor) -> tuple[Tensors, Tensors]:
                d_z = (state[0] + d_out) * slope
                return (d_z,), (d_z @ back_h,)

            def prepare(d_out: tf.Tensor, h: tf.Tensor) -> Tensors:
                return d_out, 1 - h * h

            start, arrays = (tf.zeros_like(h),), [d_hs, all_h]
            (chunks,), (d_h,) = scan(step, start, arrays, [H], prepare=prepare, reverse=True)
            d_z = chunks.joined()
            d_W = tf.concat([weight_gradient(x, d_z), weight_gradient(before(h, all_h), d_z)], axis=0)
            return times(d_z, back_x), d_h, d_W, tf.reduce_sum(d_z, axis=[0, 1])

        return all_h, backward

    return differentiable(fast, forward)(inputs, state, *weights)
