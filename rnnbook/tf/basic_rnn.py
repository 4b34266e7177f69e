"""The basic recurrent layer in TensorFlow 2."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from rnnbook.tf import tf1
from rnnbook.tf.cell import WeightedCell


class BasicRNNCell(WeightedCell):
    """The basic recurrent layer; its output is its state.

    h(t) = phi([x(t), h(t-1)] W + b)

    Args:
        num_units: H, the number of neurons.
        activation: phi, a function from a tensor to a tensor, or the name of one in `tf.nn`.
        num_inputs: D; builds the weights at once instead of at the first call.
        dtype: of weights, inputs and states alike; None means that of the first inputs.
        seed: of the initial kernel.

    Weights: ``kernel [D+H, H]`` (rows: first inputs, then state), ``bias [H]``.

    Raises:
        ValueError, TypeError: an input or state of another shape, structure or dtype.

    >>> cell = BasicRNNCell(5, num_inputs=3, seed=0)
    >>> output, state = cell(tf.ones((4, 3)), cell.zero_state(4))
    >>> output.shape.as_list(), output is state
    ([4, 5], True)

    Taught in: book/1-memory/layer-and-batch. Source: TensorFlow 1.x, BasicRNNCell.
    """

    @tf1.takes("num_units activation reuse name dtype")
    def __init__(
        self,
        num_units: int,
        activation: Callable[[tf.Tensor], tf.Tensor] = tf.tanh,
        *,
        num_inputs: int | None = None,
        dtype: Any = None,
        seed: int | None = None,
    ):
        self.state_size = self.output_size = num_units
        super().__init__(num_units, activation=activation, num_inputs=num_inputs, dtype=dtype, seed=seed)

    def shapes(self, num_inputs: int) -> dict[str, tuple[int, ...]]:
        return {"kernel": (num_inputs + self.num_units, self.num_units), "bias": (self.num_units,)}

    @property
    def w_x(self) -> tf.Tensor:
        """The rows of the kernel that meet the input [D, H]."""
        return self.kernel[: self.num_inputs]

    @property
    def w_h(self) -> tf.Tensor:
        """The rows of the kernel that meet the state [H, H]."""
        return self.kernel[self.num_inputs :]

    def call(self, inputs: tf.Tensor, state: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """``output [B, H], new_state`` from ``inputs [B, D], state [B, H]``."""
        joined = tf.concat([inputs, state], axis=1)  # [B, D+H]
        output = self.phi(joined @ self.kernel + self.bias)  # [B, H]
        return output, output
