"""The fast ways of an LSTM without extras: TensorFlow's one operation, or the loop backward written out.

With the sums z(t) = [x(t), h(t-1)] W + b, the loop backward yields their gradients alone:

    d_c <- d_c + d_h * o * (1 - tanh(c)^2)
    d_z  = (d_c * j * i(1-i),  d_c * i * (1-j^2),  d_c * c(t-1) * f(1-f),  d_h * tanh(c) * o(1-o))
    d_c <- d_c * f,   d_h <- d_z W_h^T

and what the tape would add up step by step is one product after the loop: dW = [x, h]^T d_z.
"""

from functools import partial
from typing import Any, NamedTuple

import numpy as np
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
from rnnbook.tf.fast.thresholds import worth_one_operation


class Setting(NamedTuple):
    """What is no tensor."""

    forget_bias: float
    every_c: bool  # whether all c [T, B, H] are asked for, or the last one
    unrolled: bool  # without a loop in the graph
    followed: bool = False  # by the tape


class Tapes(NamedTuple):
    """What the steps forward note for the steps backward."""

    i: Tape
    j: Tape
    f: Tape
    o: Tape
    old: Tape  # c(t-1)
    tanh_c: Tape


def unroll_lstm(
    inputs: tf.Tensor,
    state: Any,
    weights: Tensors,
    *,
    forget_bias: float,
    one_operation: bool = False,
    every_c: bool = False,
    unrolled: bool = False,
) -> tuple[tf.Tensor, tf.Tensor]:
    """All h [T, B, H] and the last c [B, H], from inputs [T, B, D], a state (c, h), kernel and bias.

    Args:
        one_operation: whether TensorFlow's operation may be used, which knows float32 alone and no XLA.
        every_c: return all c [T, B, H].
        unrolled: without a loop in the graph.
    """
    setting = Setting(forget_bias, every_c, unrolled)
    H, rows = state.h.shape[1], state.h.shape[0]
    way = by_one_operation if one_operation and worth_one_operation(H, rows) else by_loop

    def plain(*tensors: tf.Tensor) -> Tensors:
        _, hs, c = forward(setting._replace(followed=True), *tensors)
        return hs.all, c

    hs, c = differentiable(partial(way, setting), plain)(inputs, *state, *weights)
    return hs, c


def by_one_operation(
    setting: Setting, x: tf.Tensor, c: tf.Tensor, h: tf.Tensor, W: tf.Tensor, b: tf.Tensor
) -> tuple[Tensors, Any]:
    """All h and c, and their way back, by TensorFlow's operation for a sequence and the one for its gradient."""
    no_peepholes = dict.fromkeys(("wci", "wcf", "wco"), tf.zeros([h.shape[1]], x.dtype))
    options = {"seq_len_max": tf.shape(x, tf.int64)[0], "use_peephole": False, **no_peepholes}
    given = {"x": x, "cs_prev": c, "h_prev": h, "w": W, "b": b, **options}
    *tape, all_h = tf.raw_ops.BlockLSTM(**given, forget_bias=setting.forget_bias, cell_clip=0.0)
    taped = dict(zip(("i", "cs", "f", "o", "ci", "co"), tape, strict=True))
    all_c = taped["cs"]

    def backward(d_hs: tf.Tensor, d_c: tf.Tensor) -> Tensors:
        d_cs = d_c if setting.every_c else tf.concat([tf.zeros_like(all_c[1:]), d_c[None]], axis=0)
        d = tf.raw_ops.BlockLSTMGrad(**given, **taped, h=all_h, cs_grad=d_cs, h_grad=d_hs)
        return d.x_grad, d.cs_prev_grad, d.h_prev_grad, d.w_grad, d.b_grad

    return (all_h, all_c if setting.every_c else all_c[-1]), backward


def by_loop(
    setting: Setting, x: tf.Tensor, c: tf.Tensor, h: tf.Tensor, W: tf.Tensor, b: tf.Tensor
) -> tuple[Tensors, Any]:
    """All h and c, and their way back, by a loop in each direction."""
    tapes, hs, new_c = forward(setting, x, c, h, W, b)
    return (hs.all, new_c), partial(backward, setting, x, c, h, W, tapes, hs)


def forward(
    setting: Setting, x: tf.Tensor, c: tf.Tensor, h: tf.Tensor, W: tf.Tensor, b: tf.Tensor
) -> tuple[Tapes, Tape, tf.Tensor]:
    """What the way back needs, all h, and the c that were asked for."""
    D, H = x.shape[2], h.shape[1]
    W_x, W_h = tf.split(W, [D, H])
    b += tf.constant(np.repeat([0, 0, setting.forget_bias, 0], H), b.dtype)

    def step(state: Tensors, from_x: tf.Tensor) -> tuple[Tensors, Tensors]:
        old, h = state
        i, j, f, o = tf.split(from_x + h @ W_h, 4, axis=1)
        i, j, f, o = tf.sigmoid(i), tf.tanh(j), tf.sigmoid(f), tf.sigmoid(o)
        c = old * f + i * j
        tanh_c = tf.tanh(c)
        h = tanh_c * o
        return (i, j, f, o, old, tanh_c, h, *([c] if setting.every_c else [])), (c, h)

    loop = Loop(step, [H] * (8 if setting.every_c else 7), prepare=lambda x: [times(x, W_x, b)])
    noted, (last_c, _) = scan(loop, (c, h), [x], unrolled=setting.unrolled, followed=setting.followed)
    return Tapes(*noted[:6]), noted[6], noted[7].all if setting.every_c else last_c


def backward(
    setting: Setting,
    x: tf.Tensor,
    c: tf.Tensor,
    h: tf.Tensor,
    W: tf.Tensor,
    tapes: Tapes,
    hs: Tape,
    d_hs: tf.Tensor,
    d_c: tf.Tensor,
) -> Tensors:
    """The gradients of x, c, h, W and b, given those of all h and of the c that were asked for."""
    back_x, back_h = map(transposed, tf.split(W, [x.shape[2], h.shape[1]]))  # once, not at every step

    def step(state: Tensors, d_out: tf.Tensor, *slices: tf.Tensor) -> tuple[Tensors, Tensors]:
        (d_c, d_h), (*d_c_out, i, j, f, o, old, tanh_c) = state, slices
        d_h += d_out
        d_c = tf.add_n([d_c, through_tanh(tanh_c, d_h * o), *d_c_out])
        d_i, d_j = through_sigmoid(i, d_c * j), through_tanh(j, d_c * i)
        d_f, d_o = through_sigmoid(f, d_c * old), through_sigmoid(o, d_h * tanh_c)
        d_z = tf.concat([d_i, d_j, d_f, d_o], axis=1)
        return (d_z,), (d_c * f, d_z @ back_h)

    loop, arrays, d_last_c = Loop(step, [W.shape[1]], reverse=True), [d_hs], d_c
    if setting.every_c:
        arrays, d_last_c = [d_hs, d_c], tf.zeros_like(c)
    start = d_last_c, tf.zeros_like(h)
    (d_zs,), (d_first_c, d_first_h) = scan(loop, start, arrays, tapes, unrolled=setting.unrolled)
    d_z = d_zs.all
    return times(d_z, back_x), d_first_c, d_first_h, *weight_gradients(x, hs.before(h), d_z)


def first_lstm(x: tf.Tensor, weights: Tensors) -> tuple[tf.Tensor, tf.Tensor]:
    """h and c [B, H] after one step from the state zero, of which there is nothing to forget."""
    i, j, _, o = sums_from_zero(x, weights, gates=4)
    c = tf.sigmoid(i) * tf.tanh(j)
    return tf.tanh(c) * tf.sigmoid(o), c
