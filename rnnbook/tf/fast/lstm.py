"""The fast way of an LSTM without extras: backpropagation through time, written out.

With the sums z(t) = [x(t), h(t-1)] W + b, the loop backward yields their gradients alone:

    d_c <- d_c + d_h * o * (1 - tanh(c)^2)
    d_z  = (d_c * j * i(1-i),  d_c * i * (1-j^2),  d_c * c(t-1) * f(1-f),  d_h * tanh(c) * o(1-o))
    d_c <- d_c * f,   d_h <- d_z W_h^T

and what the tape would add up step by step is one product after the loop: dW = [x, h]^T d_z.
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

# TensorFlow has one operation for a whole sequence of LSTM steps. It multiplies matrices
# more slowly than MatMul, so it wins while they are small: tools/bench.py measures it.
ONE_OP = 48  # units


def unroll_lstm(
    inputs: tf.Tensor, state: Any, weights: Tensors, forget_bias: float, *, one_op: bool, every_c: bool
) -> tuple[tf.Tensor, tf.Tensor]:
    """All h [T, B, H] and the last c [B, H], from inputs [T, B, D], a state (c, h), kernel and bias.

    Args:
        one_op: whether TensorFlow's operation may be used, which knows float32 alone and no XLA.
        every_c: return all c [T, B, H].
    """
    D, H = inputs.shape[2], weights[1].shape[0] // 4
    no_peepholes = dict.fromkeys(("wci", "wcf", "wco"), tf.zeros([H], inputs.dtype))
    options = {"seq_len_max": tf.shape(inputs, tf.int64)[0], "use_peephole": False, **no_peepholes}

    def by_products(x: tf.Tensor, c: tf.Tensor, h: tf.Tensor, W: tf.Tensor, b: tf.Tensor) -> list[Chunks]:
        W_x, W_h = W[:D], W[D:]
        b += tf.repeat(tf.constant([0, 0, forget_bias, 0], b.dtype), H)

        def step(state: Tensors, from_x: tf.Tensor) -> tuple[Tensors, Tensors]:
            old, h = state
            i, j, f, o = tf.split(from_x + h @ W_h, 4, axis=1)
            i, j, f, o = tf.sigmoid(i), tf.tanh(j), tf.sigmoid(f), tf.sigmoid(o)
            c = old * f + i * j
            tanh_c = tf.tanh(c)
            h = tanh_c * o
            return (i, j, f, o, old, tanh_c, c, h), (c, h)

        return scan(step, (c, h), [x], [H] * 8, prepare=lambda x: [times(x, W_x) + b])[0]

    def fast(x: tf.Tensor, c: tf.Tensor, h: tf.Tensor, W: tf.Tensor, b: tf.Tensor) -> tuple[Tensors, Any]:
        *tape, cs, hs = by_products(x, c, h, W, b)
        all_h = hs.joined()

        def backward(d_hs: tf.Tensor, d_c: tf.Tensor) -> Tensors:
            back_x, back_h = transposed(W[:D]), transposed(W[D:])  # once, not at every step

            def prepare(d_h_out: tf.Tensor, *chunks: tf.Tensor) -> Tensors:
                i, j, f, o, old, tanh_c, *d_c_out = chunks
                of_c = [j * i * (1 - i), i * (1 - j * j), old * f * (1 - f)]
                to_z = tf.concat([*of_c, tanh_c * o * (1 - o)], axis=2)
                return d_h_out, o * (1 - tanh_c * tanh_c), to_z, f, *d_c_out

            def step(state: Tensors, d_h_out: tf.Tensor, to_c: tf.Tensor, *slices: tf.Tensor) -> Any:
                (d_c, d_h), (to_z, f, *d_c_out) = state, slices
                d_h += d_h_out
                d_c = tf.add_n([d_c, d_h * to_c, *d_c_out])
                d_z = tf.concat([d_c, d_c, d_c, d_h], axis=1) * to_z
                return (d_z,), (d_c * f, d_z @ back_h)

            d_last, d_c_out = (tf.zeros_like(c), [d_c]) if every_c else (d_c, [])
            arrays = [d_hs, *tape, *d_c_out]
            start = d_last, tf.zeros_like(h)
            (chunks,), first = scan(step, start, arrays, [4 * H], prepare=prepare, reverse=True)
            d_z = chunks.joined()
            d_W = tf.concat([weight_gradient(x, d_z), weight_gradient(before(h, all_h), d_z)], axis=0)
            return times(d_z, back_x), *first, d_W, tf.reduce_sum(d_z, axis=[0, 1])

        all_c = cs.joined()
        return (all_h, all_c if every_c else all_c[-1]), backward

    def fast_op(x: tf.Tensor, c: tf.Tensor, h: tf.Tensor, W: tf.Tensor, b: tf.Tensor) -> tuple[Tensors, Any]:
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
        all_c, all_h = (chunks.joined() for chunks in by_products(*tensors)[-2:])
        return all_h, all_c if every_c else all_c[-1]

    way = fast_op if one_op and H <= ONE_OP else fast
    hs, c = differentiable(way, plain)(inputs, *state, *weights)
    return hs, c
