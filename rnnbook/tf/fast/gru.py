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
from rnnbook.tf.fast.scan import Loop, Tape, Tensors, differentiable, scan


def unroll_gru(inputs: tf.Tensor, state: tf.Tensor, weights: Tensors, *, unrolled: bool = False) -> tf.Tensor:
    """All h [T, B, H] from inputs [T, B, D], the state h and the four weights of a `GRUCell`."""
    over_time = partial(scan, unrolled=unrolled)

    def fast(x: tf.Tensor, h: tf.Tensor, *weights: tf.Tensor) -> tuple[tf.Tensor, Any]:
        *tapes, resets, hs = forward(over_time, x, h, *weights)
        return hs.all, partial(backward, over_time, x, h, weights, tapes, resets, hs)

    def plain(*tensors: tf.Tensor) -> tf.Tensor:
        return forward(partial(over_time, followed=True), *tensors)[-1].all

    return differentiable(fast, plain)(inputs, state, *weights)


def forward(
    over_time: Any, x: tf.Tensor, h: tf.Tensor, W_g: tf.Tensor, b_g: tf.Tensor, W_c: tf.Tensor, b_c: tf.Tensor
) -> list[Tape]:
    """r, u, candidate, h(t-1) - candidate, h(t-1), r * h(t-1) and h of all steps; ``over_time`` is `scan`."""
    D, H = x.shape[2], b_c.shape[0]
    (W_gx, W_gh), (W_cx, W_ch) = tf.split(W_g, [D, H]), tf.split(W_c, [D, H])

    def prepare(x: tf.Tensor) -> Tensors:
        return times(x, W_gx, b_g), times(x, W_cx, b_c)

    def step(state: Tensors, gates_x: tf.Tensor, candidate_x: tf.Tensor) -> tuple[Tensors, Tensors]:
        (old,) = state
        r, u = tf.split(tf.sigmoid(gates_x + old @ W_gh), 2, axis=1)
        reset = r * old
        candidate = tf.tanh(candidate_x + reset @ W_ch)
        change = old - candidate
        h = candidate + u * change
        return (r, u, candidate, change, old, reset, h), (h,)

    return over_time(Loop(step, [H] * 7, prepare), (h,), [x])[0]


def backward(
    over_time: Any,
    x: tf.Tensor,
    h: tf.Tensor,
    weights: Tensors,
    tapes: list[Tape],
    resets: Tape,
    hs: Tape,
    d_hs: tf.Tensor,
) -> Tensors:
    """The gradients of x, h and the four weights, given those of all h."""
    W_g, _, W_c, _ = weights
    D, H = x.shape[2], h.shape[1]
    # Once, not at every step.
    (back_gx, back_gh), (back_cx, back_ch) = (map(transposed, tf.split(W, [D, H])) for W in (W_g, W_c))

    def step(state: Tensors, d_out: tf.Tensor, *taped: tf.Tensor) -> tuple[Tensors, Tensors]:
        r, u, candidate, change, old = taped
        d_h = state[0] + d_out
        kept = d_h * u
        d_candidate = through_tanh(candidate, d_h - kept)
        d_reset = d_candidate @ back_ch
        d_gates = tf.concat([through_sigmoid(r, d_reset * old), through_sigmoid(u, d_h * change)], axis=1)
        return (d_gates, d_candidate), (tf.add_n([kept, d_reset * r, d_gates @ back_gh]),)

    loop = Loop(step, [2 * H, H], reverse=True)
    (d_g, d_c), (d_h,) = over_time(loop, (tf.zeros_like(h),), [d_hs], tapes)
    d_x = times(d_g.all, back_gx) + times(d_c.all, back_cx)
    of_gates = weight_gradients(x, hs.before(h), d_g.all)
    return d_x, d_h, *of_gates, *weight_gradients(x, resets.all, d_c.all)


def first_gru(x: tf.Tensor, weights: Tensors) -> tf.Tensor:
    """h [B, H] after one step from the state zero, of which there is nothing to reset or to keep."""
    _, u = sums_from_zero(x, weights[:2], gates=2)
    (candidate,) = sums_from_zero(x, weights[2:], gates=1)
    return (1 - tf.sigmoid(u)) * tf.tanh(candidate)
