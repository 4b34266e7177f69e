"""The long short-term memory in TensorFlow 2: the basic cell, and the one with extras."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from rnnbook import checks
from rnnbook.protocol import LSTMStateTuple
from rnnbook.tf import tf1
from rnnbook.tf.cell import WeightedCell


class BasicLSTMCell(WeightedCell):
    """The LSTM without peepholes: a cell state c that is added to, and three gates.

    i, j, f, o = the four column blocks of [x(t), h(t-1)] W + b
    c(t) = c(t-1) * sigmoid(f + forget_bias) + sigmoid(i) * phi(j)
    h(t) = phi(c(t)) * sigmoid(o);  the output is h(t)

    Args:
        num_units: H, the size of c and of h.
        forget_bias: added to f when the cell is called; not a weight.
        activation: phi, a function from a tensor to a tensor, or the name of one in `tf.nn`.
        num_inputs: D; builds the weights at once instead of at the first call.
        dtype: of weights, inputs and states alike; None means that of the first inputs.
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

    @tf1.takes("num_units forget_bias state_is_tuple activation reuse name dtype")
    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        *,
        activation: Callable[[tf.Tensor], tf.Tensor] = tf.tanh,
        num_inputs: int | None = None,
        dtype: Any = None,
        seed: int | None = None,
    ):
        self.forget_bias = checks.check_number("BasicLSTMCell", "forget_bias", forget_bias, "a finite number")
        self.state_size = LSTMStateTuple(num_units, num_units)
        self.output_size = num_units
        super().__init__(num_units, activation=activation, num_inputs=num_inputs, dtype=dtype, seed=seed)

    def shapes(self, num_inputs: int) -> dict[str, tuple[int, ...]]:
        H = self.num_units
        return {"kernel": (num_inputs + H, 4 * H), "bias": (4 * H,)}

    def call(self, inputs: tf.Tensor, state: LSTMStateTuple) -> tuple[tf.Tensor, LSTMStateTuple]:
        """``output [B, H], LSTMStateTuple(c, h)`` from ``inputs [B, D], state``."""
        before = tf.concat([inputs, state.h], axis=1) @ self.kernel + self.bias  # [B, 4H]
        i, j, f, o = tf.split(before, 4, axis=1)  # [B, H] each
        c = state.c * tf.sigmoid(f + self.forget_bias) + tf.sigmoid(i) * self.phi(j)
        h = self.phi(c) * tf.sigmoid(o)
        return h, LSTMStateTuple(c, h)


class LSTMCell(WeightedCell):
    """The LSTM with two extras: peepholes from c to the gates, and a projection of h.

    i, j, f, o = the four column blocks of [x(t), h(t-1)] W + b
    c(t) = c(t-1) * sigmoid(f + forget_bias + w_f * c(t-1)) + sigmoid(i + w_i * c(t-1)) * phi(j)
    h(t) = (phi(c(t)) * sigmoid(o + w_o * c(t))) W_p;  the output is h(t)

    Without peepholes the three w are absent, without a projection W_p is.

    Args:
        num_units: H, the size of c.
        use_peepholes: let the gates see c, through one weight a unit and gate.
        cell_clip: how far from 0 c(t) may be; what is beyond is set to it.
        initializer: a function of shape and dtype that draws all weights but the bias.
        num_proj: P, the size of h and of the output; None means H and no W_p.
        proj_clip: how far from 0 h(t) may be after the projection.
        forget_bias: added to f when the cell is called; not a weight.
        activation: phi, a function from a tensor to a tensor, or the name of one in `tf.nn`.
        num_inputs: D; builds the weights at once instead of at the first call.
        dtype: of weights, inputs and states alike; None means that of the first inputs.
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

    @tf1.takes(
        "num_units use_peepholes cell_clip initializer num_proj proj_clip num_unit_shards num_proj_shards "
        "forget_bias state_is_tuple activation reuse name dtype"
    )
    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        *,
        cell_clip: float | None = None,
        initializer: Any = None,
        num_proj: int | None = None,
        proj_clip: float | None = None,
        forget_bias: float = 1.0,
        activation: Callable[[tf.Tensor], tf.Tensor] = tf.tanh,
        num_inputs: int | None = None,
        dtype: Any = None,
        seed: int | None = None,
    ):
        if num_proj is not None:
            num_proj = checks.check_count("LSTMCell", "num_proj", num_proj)
        self.num_proj = num_proj
        self.use_peepholes = checks.check_flag("LSTMCell", "use_peepholes", use_peepholes)
        for name, clip in (("cell_clip", cell_clip), ("proj_clip", proj_clip)):
            if clip is not None:
                checks.check_positive("LSTMCell", name, clip)
        self.cell_clip, self.proj_clip = cell_clip, proj_clip
        self.kernel_initializer = initializer
        self.forget_bias = checks.check_number("LSTMCell", "forget_bias", forget_bias, "a finite number")
        self.output_size = num_proj or num_units
        self.state_size = LSTMStateTuple(num_units, self.output_size)
        super().__init__(num_units, activation=activation, num_inputs=num_inputs, dtype=dtype, seed=seed)

    def shapes(self, num_inputs: int) -> dict[str, tuple[int, ...]]:
        H, P = self.num_units, self.output_size
        shapes: dict[str, tuple[int, ...]] = {"kernel": (num_inputs + P, 4 * H), "bias": (4 * H,)}
        if self.use_peepholes:
            shapes |= {"w_f_diag": (H,), "w_i_diag": (H,), "w_o_diag": (H,)}
        if self.num_proj is not None:
            shapes |= {"projection_kernel": (H, P)}
        return shapes

    def call(self, inputs: tf.Tensor, state: LSTMStateTuple) -> tuple[tf.Tensor, LSTMStateTuple]:
        """``output [B, P], LSTMStateTuple(c, h)`` from ``inputs [B, D], state``."""
        before = tf.concat([inputs, state.h], axis=1) @ self.kernel + self.bias  # [B, 4H]
        i, j, f, o = tf.split(before, 4, axis=1)  # [B, H] each
        f += self.forget_bias
        if self.use_peepholes:
            f += self.w_f_diag * state.c
            i += self.w_i_diag * state.c
        c = _clipped(state.c * tf.sigmoid(f) + tf.sigmoid(i) * self.phi(j), self.cell_clip)
        if self.use_peepholes:
            o += self.w_o_diag * c  # the output gate sees the new c
        h = self.phi(c) * tf.sigmoid(o)
        if self.num_proj is not None:
            h = _clipped(h @ self.projection_kernel, self.proj_clip)  # [B, P]
        return h, LSTMStateTuple(c, h)


def _clipped(values: tf.Tensor, clip: float | None) -> tf.Tensor:
    return values if clip is None else tf.clip_by_value(values, -clip, clip)
