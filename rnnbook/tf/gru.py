"""The gated recurrent unit in TensorFlow 2."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from rnnbook.tf import tf1
from rnnbook.tf.cell import WeightedCell


class GRUCell(WeightedCell):
    """The GRU: one state, a reset gate r and an update gate u.

    r, u = sigmoid of the two column blocks of [x(t), h(t-1)] W_g + b_g
    candidate = phi([x(t), r * h(t-1)] W_c + b_c)
    h(t) = u * h(t-1) + (1 - u) * candidate;  the output is h(t)

    The reset gate acts before the product, as in TF 1.x and in Keras with
    ``reset_after=False``.

    Args:
        num_units: H, the size of the state.
        activation: phi, a function from a tensor to a tensor, or the name of one in `tf.nn`.
        kernel_initializer, bias_initializer: functions of shape and dtype that draw the weights.
        num_inputs: D; builds the weights at once instead of at the first call.
        dtype: of weights, inputs and states alike; None means that of the first inputs.
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
    ones = ("gates_bias",)

    @tf1.takes("num_units activation reuse kernel_initializer bias_initializer name dtype")
    def __init__(
        self,
        num_units: int,
        activation: Callable[[tf.Tensor], tf.Tensor] = tf.tanh,
        *,
        kernel_initializer: Any = None,
        bias_initializer: Any = None,
        num_inputs: int | None = None,
        dtype: Any = None,
        seed: int | None = None,
    ):
        self.state_size = self.output_size = num_units
        self.kernel_initializer, self.bias_initializer = kernel_initializer, bias_initializer
        super().__init__(num_units, activation=activation, num_inputs=num_inputs, dtype=dtype, seed=seed)

    def shapes(self, num_inputs: int) -> dict[str, tuple[int, ...]]:
        H, rows = self.num_units, num_inputs + self.num_units
        gates = {"gates_kernel": (rows, 2 * H), "gates_bias": (2 * H,)}
        return gates | {"candidate_kernel": (rows, H), "candidate_bias": (H,)}

    def call(self, inputs: tf.Tensor, state: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """``output [B, H], new_state`` from ``inputs [B, D], state [B, H]``."""
        gates = tf.sigmoid(tf.concat([inputs, state], axis=1) @ self.gates_kernel + self.gates_bias)
        r, u = tf.split(gates, 2, axis=1)  # [B, H] each
        reset = tf.concat([inputs, r * state], axis=1)  # [B, D+H]
        candidate = self.phi(reset @ self.candidate_kernel + self.candidate_bias)  # [B, H]
        h = u * state + (1 - u) * candidate
        return h, h
