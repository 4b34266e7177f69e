"""The fast way of a GRU: backpropagation through time, written out.

With the sums z_g = [x, h(t-1)] W_g + b_g of both gates and z_c = [x, r * h(t-1)] W_c + b_c,

    d_z_c = d_h * (1-u) * (1 - candidate^2),   d_rh = d_z_c W_ch^T
    d_z_g = (d_rh * h(t-1) * r(1-r),  d_h * (h(t-1) - candidate) * u(1-u))
    d_h  <- d_h * u + d_rh * r + d_z_g W_gh^T

and both kernels have their gradients from one product each, after the loop.
"""

from functools import partial
from typing import Any

import tensorflow as tf

from rnnbook.tf.fast.ops import (
    sums_from_zero,
    through_sigmoid,
    through_tanh,
    times,
    transposed,
    weight_gradients,
)
from rnnbook.tf.fast.scan import Tape, Tensors, differentiable, scan


def unroll_gru(inputs: tf.Tensor, state: tf.Tensor, weights: Tensors, *, unrolled: bool) -> tf.Tensor:
    """All h [T, B, H] from inputs [T, B, D], the state h and the four weights of a `GRUCell`."""
    D, H = inputs.shape[2], weights[3].shape[0]
    over_time = partial(scan, unrolled=unrolled)

    def forward(h: tf.Tensor, x: tf.Tensor, W_g: tf.Tensor, b_g: tf.Tensor, *of_c: tf.Tensor) -> list[Tape]:
        W_c, b_c = of_c
        (W_gx, W_gh), (W_cx, W_ch) = tf.split(W_g, [D, H]), tf.split(W_c, [D, H])

        def step(state: Tensors, gates_x: tf.Tensor, candidate_x: tf.Tensor) -> tuple[Tensors, Tensors]:
            (old,) = state
            r, u = tf.split(tf.sigmoid(gates_x + old @ W_gh), 2, axis=1)
            reset = r * old
            candidate = tf.tanh(candidate_x + reset @ W_ch)
            change = old - candidate
            h = candidate + u * change
            return (r, u, candidate, change, old, reset, h), (h,)

        def prepare(x: tf.Tensor) -> Tensors:
            return times(x, W_gx, b_g), times(x, W_cx, b_c)

        return over_time(step, (h,), [x], [H] * 7, prepare=prepare)[0]

    def fast(
        h: tf.Tensor, x: tf.Tensor, W_g: tf.Tensor, b_g: tf.Tensor, *of_c: tf.Tensor
    ) -> tuple[Tensors, Any]:
        W_c, _ = of_c
        *tapes, resets, hs = forward(h, x, W_g, b_g, *of_c)

        def backward(d_hs: tf.Tensor) -> Tensors:
            # Once, not at every step.
            (back_gx, back_g), (back_cx, back_c) = (map(transposed, tf.split(W, [D, H])) for W in (W_g, W_c))

            def step(state: Tensors, d_out: tf.Tensor, *slices: tf.Tensor) -> tuple[Tensors, Tensors]:
                r, u, candidate, change, old = slices
                d_h = state[0] + d_out
                kept = d_h * u
                d_candidate = through_tanh(candidate, d_h - kept)
                d_reset = d_candidate @ back_c
                d_gates = tf.concat(
                    [through_sigmoid(r, d_reset * old), through_sigmoid(u, d_h * change)], axis=1
                )
                return (d_gates, d_candidate), (tf.add_n([kept, d_reset * r, d_gates @ back_g]),)

            start, sizes = (tf.zeros_like(h),), [2 * H, H]
            both, (d_h,) = over_time(step, start, [d_hs], sizes, tapes=tapes, reverse=True)
            d_g, d_c = (tape.all for tape in both)
            d_x = times(d_g, back_gx) + times(d_c, back_cx)
            of_gates = weight_gradients(x, hs.before(h), d_g)
            return d_h, d_x, *of_gates, *weight_gradients(x, resets.all, d_c)

        return hs.all, backward

    def plain(*tensors: tf.Tensor) -> tf.Tensor:
        return forward(*tensors)[-1].all

    return differentiable(fast, plain)(state, inputs, *weights)


def first_gru(x: tf.Tensor, weights: Tensors) -> tf.Tensor:
    """h [B, H] after one step from the state zero, of which there is nothing to reset or to keep."""
    _, u = sums_from_zero(x, weights[:2], gates=2)
    (candidate,) = sums_from_zero(x, weights[2:], gates=1)
    return (1 - tf.sigmoid(u)) * tf.tanh(candidate)
