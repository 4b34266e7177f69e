"""The long short-term memory in TensorFlow 2: the basic cell, and the one with extras."""

from typing import Any

import tensorflow as tf

from rnnbook import checks
from rnnbook.initial import glorot_uniform
from rnnbook.protocol import LSTMStateTuple
from rnnbook.tf.cell import WeightedCell, as_written


class BasicLSTMCell(WeightedCell):
    """The LSTM without peepholes: a cell state c that is added to, and three gates.

    i, j, f, o = the four column blocks of [x(t), h(t-1)] W + b
    c(t) = c(t-1) * sigmoid(f + forget_bias) + sigmoid(i) * tanh(j)
    h(t) = tanh(c(t)) * sigmoid(o);  the output is h(t)

    Args:
        num_units: H, the size of c and of h.
        forget_bias: added to f when the cell is called; not a weight.
        num_inputs: D; builds the weights at once instead of at the first call.
        dtype: of weights, inputs and states alike.
        seed: of the initial kernel.

    Weights: ``kernel [D+H, 4H]`` (columns i, j, f, o), ``bias [4H]``.

    Raises:
        ValueError, TypeError: an input or state of another shape, structure or dtype.

    >>> cell = BasicLSTMCell(5, num_inputs=3, seed=0)
    >>> output, state = cell(tf.ones((4, 3)), cell.zero_state(4))
    >>> output is state.h, state.c.shape.as_list(), cell.kernel.shape.as_list()
    (True, [4, 5], [8, 20])

    Taught in: book/4-gates/lstm. Source: TensorFlow 1.x, BasicLSTMCell.
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        *,
        num_inputs: int | None = None,
        dtype: Any = tf.float32,
        seed: int | None = None,
    ):
        self.forget_bias = checks.check_number("BasicLSTMCell", "forget_bias", forget_bias, "a finite number")
        self.state_size = LSTMStateTuple(num_units, num_units)
        self.output_size = num_units
        super().__init__(num_units, num_inputs=num_inputs, dtype=dtype, seed=seed)

    def _make_weights(self, num_inputs: int) -> None:
        shape = (num_inputs + self.num_units, 4 * self.num_units)
        self.kernel = self._variable("kernel", glorot_uniform(shape, self.np_dtype, self._seed))
        self.bias = self._variable("bias", tf.zeros(4 * self.num_units, self.dtype))

    @as_written
    def __call__(self, inputs: tf.Tensor, state: LSTMStateTuple) -> tuple[tf.Tensor, LSTMStateTuple]:
        """One step: ``output [B, H], LSTMStateTuple(c, h) = cell(inputs [B, D], state)``."""
        state = self.enter(inputs, state)
        before = tf.concat([inputs, state.h], axis=1) @ self.kernel + self.bias  # [B, 4H]
        i, j, f, o = tf.split(before, 4, axis=1)  # [B, H] each
        c = state.c * tf.sigmoid(f + self.forget_bias) + tf.sigmoid(i) * tf.tanh(j)
        h = tf.tanh(c) * tf.sigmoid(o)
        return h, LSTMStateTuple(c, h)


class LSTMCell(WeightedCell):
    """The LSTM with two extras: peepholes from c to the gates, and a projection of h.

    i, j, f, o = the four column blocks of [x(t), h(t-1)] W + b
    c(t) = c(t-1) * sigmoid(f + forget_bias + w_f * c(t-1)) + sigmoid(i + w_i * c(t-1)) * tanh(j)
    h(t) = (tanh(c(t)) * sigmoid(o + w_o * c(t))) W_p;  the output is h(t)

    Without peepholes the three w are absent, without a projection W_p is.

    Args:
        num_units: H, the size of c.
        use_peepholes: let the gates see c, through one weight a unit and gate.
        num_proj: P, the size of h and of the output; None means H and no W_p.
        forget_bias: added to f when the cell is called; not a weight.
        num_inputs: D; builds the weights at once instead of at the first call.
        dtype: of weights, inputs and states alike.
        seed: of the initial kernels.

    Weights: ``kernel [D+P, 4H]`` (columns i, j, f, o), ``bias [4H]``; ``w_f_diag``,
    ``w_i_diag``, ``w_o_diag [H]``; ``projection_kernel [H, P]``.

    Raises:
        ValueError, TypeError: an input or state of another shape, structure or dtype.

    >>> cell = LSTMCell(5, use_peepholes=True, num_proj=2, num_inputs=3, seed=0)
    >>> output, state = cell(tf.ones((4, 3)), cell.zero_state(4))
    >>> output.shape.as_list(), state.c.shape.as_list(), len(cell.trainable_variables)
    ([4, 2], [4, 5], 6)

    Taught in: book/4-gates/lstm. Source: TensorFlow 1.x, LSTMCell; Gers and Schmidhuber
    (2000); Sak et al. (2014).
    """

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        num_proj: int | None = None,
        forget_bias: float = 1.0,
        *,
        num_inputs: int | None = None,
        dtype: Any = tf.float32,
        seed: int | None = None,
    ):
        if num_proj is not None:
            num_proj = checks.check_count("LSTMCell", "num_proj", num_proj)
        self.num_proj = num_proj
        self.use_peepholes = checks.check_flag("LSTMCell", "use_peepholes", use_peepholes)
        self.forget_bias = checks.check_number("LSTMCell", "forget_bias", forget_bias, "a finite number")
        self.output_size = num_proj or num_units
        self.state_size = LSTMStateTuple(num_units, self.output_size)
        super().__init__(num_units, num_inputs=num_inputs, dtype=dtype, seed=seed)

    def _make_weights(self, num_inputs: int) -> None:
        H, P = self.num_units, self.output_size
        self.kernel = self._variable(
            "kernel", glorot_uniform((num_inputs + P, 4 * H), self.np_dtype, self._seed)
        )
        self.bias = self._variable("bias", tf.zeros(4 * H, self.dtype))
        if self.use_peepholes:
            for n, name in enumerate(("w_f_diag", "w_i_diag", "w_o_diag")):
                drawn = glorot_uniform((1, H), self.np_dtype, self._next_seed(1 + n))[0]
                setattr(self, name, self._variable(name, drawn))
        if self.num_proj is not None:
            drawn = glorot_uniform((H, P), self.np_dtype, self._next_seed(4))
            self.projection_kernel = self._variable("projection_kernel", drawn)

    @as_written
    def __call__(self, inputs: tf.Tensor, state: LSTMStateTuple) -> tuple[tf.Tensor, LSTMStateTuple]:
        """One step: ``output [B, P], LSTMStateTuple(c, h) = cell(inputs [B, D], state)``."""
        state = self.enter(inputs, state)
        c_old, h_old = state
        before = tf.concat([inputs, h_old], axis=1) @ self.kernel + self.bias  # [B, 4H]
        i, j, f, o = tf.split(before, 4, axis=1)  # [B, H] each
        f += self.forget_bias
        if self.use_peepholes:
            f += self.w_f_diag * c_old
            i += self.w_i_diag * c_old
        c = c_old * tf.sigmoid(f) + tf.sigmoid(i) * tf.tanh(j)
        if self.use_peepholes:
            o += self.w_o_diag * c  # the output gate sees the new c
        h = tf.tanh(c) * tf.sigmoid(o)
        if self.num_proj is not None:
            h = h @ self.projection_kernel  # [B, P]
        return h, LSTMStateTuple(c, h)
