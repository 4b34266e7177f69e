"""The fast way of a GRU: backpropagation through time, written out.

With the sums z_g = [x, h(t-1)] W_g + b_g of both gates and z_c = [x, r * h(t-1)] W_c + b_c,

    d_z_c = d_h * (1-u) * (1 - candidate^2),   d_rh = d_z_c W_ch^T
    d_z_g = (d_rh * h(t-1) * r(1-r),  d_h * (h(t-1) - candidate) * u(1-u))
    d_h  <- d_h * u + d_rh * r + d_z_g W_gh^T

and both kernels have their gradients from one product each, after the loop.
"""

from typing import Any

import tensorflow as tf

from rnnbook.tf.fast.scan import (
    Chunks,
    Tensors,
    before,
    differentiable,
    scan,
    times,
    transposed,
    weight_gradient,
)


def unroll_gru(inputs: tf.Tensor, state: tf.Tensor, weights: Tensors) -> tf.Tensor:
    """All h [T, B, H] from inputs [T, B, D], the state h and the four weights of a `GRUCell`."""
    D, H = inputs.shape[2], weights[3].shape[0]

    def forward(h: tf.Tensor, x: tf.Tensor, W_g: tf.Tensor, b_g: tf.Tensor, *of_c: tf.Tensor) -> list[Chunks]:
        W_c, b_c = of_c

        def step(state: Tensors, gates_x: tf.Tensor, candidate_x: tf.Tensor) -> tuple[Tensors, Tensors]:
            (old,) = state
            r, u = tf.split(tf.sigmoid(gates_x + old @ W_g[D:]), 2, axis=1)
            reset = r * old
            candidate = tf.tanh(candidate_x + reset @ W_c[D:])
            h = u * old + (1 - u) * candidate
            return (r, u, candidate, old, reset, h), (h,)

        def prepare(x: tf.Tensor) -> Tensors:
            return times(x, W_g[:D]) + b_g, times(x, W_c[:D]) + b_c

        return scan(step, (h,), [x], [H] * 6, prepare=prepare)[0]

    def fast(
        h: tf.Tensor, x: tf.Tensor, W_g: tf.Tensor, b_g: tf.Tensor, *of_c: tf.Tensor
    ) -> tuple[Tensors, Any]:
        W_c, _ = of_c
        *tape, resets, hs = forward(h, x, W_g, b_g, *of_c)
        all_h = hs.joined()

        def backward(d_hs: tf.Tensor) -> Tensors:
            back_g, back_c = transposed(W_g[D:]), transposed(W_c[D:])  # once, not at every step

            def prepare(d_out: tf.Tensor, *chunks: tf.Tensor) -> Tensors:
                r, u, candidate, old = chunks
                to_candidate = (1 - u) * (1 - candidate * candidate)
                return d_out, to_candidate, old * r * (1 - r), (old - candidate) * u * (1 - u), r, u

            def step(state: Tensors, d_out: tf.Tensor, to_candidate: tf.Tensor, *slices: tf.Tensor) -> Any:
                (d_h,), (to_r, to_u, r, u) = state, slices
                d_h += d_out
                d_candidate = d_h * to_candidate
                d_reset = d_candidate @ back_c
                d_gates = tf.concat([d_reset * to_r, d_h * to_u], axis=1)
                return (d_gates, d_candidate), (d_h * u + d_reset * r + d_gates @ back_g,)

            start, sizes = [tf.zeros_like(h)], [2 * H, H]
            chunks, (d_h,) = scan(step, start, [d_hs, *tape], sizes, prepare=prepare, reverse=True)
            d_g, d_c = (array.joined() for array in chunks)
            d_x = times(d_g, transposed(W_g[:D])) + times(d_c, transposed(W_c[:D]))
            d_W_g = tf.concat([weight_gradient(x, d_g), weight_gradient(before(h, all_h), d_g)], axis=0)
            d_W_c = tf.concat([weight_gradient(x, d_c), weight_gradient(resets.joined(), d_c)], axis=0)
            return d_h, d_x, d_W_g, tf.reduce_sum(d_g, axis=[0, 1]), d_W_c, tf.reduce_sum(d_c, axis=[0, 1])

        return all_h, backward

    def plain(*tensors: tf.Tensor) -> tf.Tensor:
        return forward(*tensors)[-1].joined()

    return differentiable(fast, plain)(state, inputs, *weights)
