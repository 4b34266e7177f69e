"""The gated recurrent unit in TensorFlow 2."""

from typing import Any

import tensorflow as tf

from rnnbook.initial import glorot_uniform
from rnnbook.tf.cell import WeightedCell, as_written


class GRUCell(WeightedCell):
    """The GRU: one state, a reset gate r and an update gate u.

    r, u = sigmoid of the two column blocks of [x(t), h(t-1)] W_g + b_g
    candidate = tanh([x(t), r * h(t-1)] W_c + b_c)
    h(t) = u * h(t-1) + (1 - u) * candidate;  the output is h(t)

    The reset gate acts before the product, as in TF 1.x and in Keras with
    ``reset_after=False``.

    Args:
        num_units: H, the size of the state.
        num_inputs: D; builds the weights at once instead of at the first call.
        dtype: of weights, inputs and states alike.
        seed: of the initial kernels.

    Weights: ``gates_kernel [D+H, 2H]`` (columns r, u), ``gates_bias [2H]`` (starts at 1),
    ``candidate_kernel [D+H, H]``, ``candidate_bias [H]``.

    Raises:
        ValueError, TypeError: an input or state of another shape, structure or dtype.

    >>> cell = GRUCell(5, num_inputs=3, seed=0)
    >>> output, state = cell(tf.ones((4, 3)), cell.zero_state(4))
    >>> output is state, len(cell.trainable_variables)
    (True, 4)

    Taught in: book/4-gates/gru. Source: TensorFlow 1.x, GRUCell; Cho et al. (2014).
    """

    weight_names = ("gates_kernel", "gates_bias", "candidate_kernel", "candidate_bias")

    def __init__(
        self,
        num_units: int,
        *,
        num_inputs: int | None = None,
        dtype: Any = tf.float32,
        seed: int | None = None,
    ):
        self.state_size = self.output_size = num_units
        super().__init__(num_units, num_inputs=num_inputs, dtype=dtype, seed=seed)

    def _make_weights(self, num_inputs: int) -> None:
        H, rows = self.num_units, num_inputs + self.num_units
        gates = glorot_uniform((rows, 2 * H), self.np_dtype, self._seed)
        candidate = glorot_uniform((rows, H), self.np_dtype, self._next_seed(1))
        self.gates_kernel = self._variable("gates_kernel", gates)
        self.gates_bias = self._variable("gates_bias", tf.ones(2 * H, self.dtype))
        self.candidate_kernel = self._variable("candidate_kernel", candidate)
        self.candidate_bias = self._variable("candidate_bias", tf.zeros(H, self.dtype))

    @as_written
    def __call__(self, inputs: tf.Tensor, state: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """One step: ``output [B, H], new_state = cell(inputs [B, D], state [B, H])``."""
        state = self.enter(inputs, state)
        gates = tf.sigmoid(tf.concat([inputs, state], axis=1) @ self.gates_kernel + self.gates_bias)
        r, u = tf.split(gates, 2, axis=1)  # [B, H] each
        reset = tf.concat([inputs, r * state], axis=1)  # [B, D+H]
        candidate = tf.tanh(reset @ self.candidate_kernel + self.candidate_bias)  # [B, H]
        h = u * state + (1 - u) * candidate
        return h, h
