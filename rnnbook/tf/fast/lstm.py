"""The fast way of an LSTM without extras: backpropagation through time, written out.

With the sums z(t) = [x(t), h(t-1)] W + b, the loop backward yields their gradients alone:

    d_c <- d_c + d_h * o * (1 - tanh(c)^2)
    d_z  = (d_c * j * i(1-i),  d_c * i * (1-j^2),  d_c * c(t-1) * f(1-f),  d_h * tanh(c) * o(1-o))
    d_c <- d_c * f,   d_h <- d_z W_h^T

and what the tape would add up step by step is one product after the loop: dW = [x, h]^T d_z.
"""

from functools import partial
from typing import Any

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
from rnnbook.tf.fast.scan import Tape, Tensors, differentiable, scan

# TensorFlow has one operation for a whole sequence of LSTM steps. It multiplies matrices
# more slowly than MatMul, so it wins while they are small: tools/bench.py measures it.
ONE_OP = 48  # units


def unroll_lstm(
    inputs: tf.Tensor,
    state: Any,
    weights: Tensors,
    forget_bias: float,
    *,
    one_op: bool,
    every_c: bool,
    unrolled: bool,
) -> tuple[tf.Tensor, tf.Tensor]:
    """All h [T, B, H] and the last c [B, H], from inputs [T, B, D], a state (c, h), kernel and bias.

    Args:
        one_op: whether TensorFlow's operation may be used, which knows float32 alone and no XLA.
        every_c: return all c [T, B, H].
        unrolled: without a loop in the graph.
    """
    D, H = inputs.shape[2], weights[1].shape[0] // 4
    over_time = partial(scan, unrolled=unrolled)

    def by_products(
        x: tf.Tensor, c: tf.Tensor, h: tf.Tensor, W: tf.Tensor, b: tf.Tensor
    ) -> tuple[list[Tape], Tape, tf.Tensor]:
        W_x, W_h = tf.split(W, [D, H])
        b += tf.constant(np.repeat([0, 0, forget_bias, 0], H), b.dtype)

        def step(state: Tensors, from_x: tf.Tensor) -> tuple[Tensors, Tensors]:
            old, h = state
            i, j, f, o = tf.split(from_x + h @ W_h, 4, axis=1)
            i, j, f, o = tf.sigmoid(i), tf.tanh(j), tf.sigmoid(f), tf.sigmoid(o)
            c = old * f + i * j
            tanh_c = tf.tanh(c)
            h = tanh_c * o
            return (i, j, f, o, old, tanh_c, h, *([c] if every_c else [])), (c, h)

        sizes = [H] * (8 if every_c else 7)
        tapes, (c, h) = over_time(step, (c, h), [x], sizes, prepare=lambda x: [times(x, W_x, b)])
        return tapes[:6], tapes[6], tapes[7].all if every_c else c

    def fast(x: tf.Tensor, c: tf.Tensor, h: tf.Tensor, W: tf.Tensor, b: tf.Tensor) -> tuple[Tensors, Any]:
        tapes, hs, new_c = by_products(x, c, h, W, b)

        def backward(d_hs: tf.Tensor, d_c: tf.Tensor) -> Tensors:
            back_x, back_h = map(transposed, tf.split(W, [D, H]))  # once, not at every step

            def step(state: Tensors, d_out: tf.Tensor, *slices: tf.Tensor) -> tuple[Tensors, Tensors]:
                (d_c, d_h), (*d_c_out, i, j, f, o, old, tanh_c) = state, slices
                d_h += d_out
                d_c = tf.add_n([d_c, through_tanh(tanh_c, d_h * o), *d_c_out])
                d_i, d_j = through_sigmoid(i, d_c * j), through_tanh(j, d_c * i)
                d_f, d_o = through_sigmoid(f, d_c * old), through_sigmoid(o, d_h * tanh_c)
                d_z = tf.concat([d_i, d_j, d_f, d_o], axis=1)
                return (d_z,), (d_c * f, d_z @ back_h)

            start = tf.zeros_like(c) if every_c else d_c, tf.zeros_like(h)
            arrays = [d_hs, d_c] if every_c else [d_hs]
            (d_zs,), first = over_time(step, start, arrays, [4 * H], tapes=tapes, reverse=True)
            d_z = d_zs.all
            return times(d_z, back_x), *first, *weight_gradients(x, hs.before(h), d_z)

        return (hs.all, new_c), backward

    def fast_op(x: tf.Tensor, c: tf.Tensor, h: tf.Tensor, W: tf.Tensor, b: tf.Tensor) -> tuple[Tensors, Any]:
        no_peepholes = dict.fromkeys(("wci", "wcf", "wco"), tf.zeros([H], x.dtype))
        options = {"seq_len_max": tf.shape(x, tf.int64)[0], "use_peephole": False, **no_peepholes}
        given = {"x": x, "cs_prev": c, "h_prev": h, "w": W, "b": b, **options}
        *tape, all_h = tf.raw_ops.BlockLSTM(**given, forget_bias=forget_bias, cell_clip=0.0)
        all_c = tape[1]

        def backward(d_hs: tf.Tensor, d_c: tf.Tensor) -> Tensors:
            d_cs = d_c if every_c else tf.concat([tf.zeros_like(all_c[1:]), d_c[None]], axis=0)
            names = ("i", "cs", "f", "o", "ci", "co")
            taped = dict(zip(names, tape, strict=True))
            d = tf.raw_ops.BlockLSTMGrad(**given, **taped, h=all_h, cs_grad=d_cs, h_grad=d_hs)
            return d.x_grad, d.cs_prev_grad, d.h_prev_grad, d.w_grad, d.b_grad

        return (all_h, all_c if every_c else all_c[-1]), backward

    def plain(*tensors: tf.Tensor) -> Tensors:
        _, hs, c = by_products(*tensors)
        return hs.all, c

    way = fast_op if one_op and H <= ONE_OP else fast
    hs, c = differentiable(way, plain)(inputs, *state, *weights)
    return hs, c


def first_lstm(x: tf.Tensor, weights: Tensors) -> tuple[tf.Tensor, tf.Tensor]:
    """h and c [B, H] after one step from the state zero, of which there is nothing to forget."""
    i, j, _, o = sums_from_zero(x, weights, gates=4)
    c = tf.sigmoid(i) * tf.tanh(j)
    return tf.tanh(c) * tf.sigmoid(o), c
