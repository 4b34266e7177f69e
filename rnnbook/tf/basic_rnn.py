"""The basic recurrent layer in TensorFlow 2."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from rnnbook import checks
from rnnbook.initial import glorot_uniform
from rnnbook.tf.cell import WeightedCell


class BasicRNNCell(WeightedCell):
    """The basic recurrent layer; its output is its state.

    h(t) = phi([x(t), h(t-1)] W + b)

    Args:
        num_units: H, the number of neurons.
        activation: phi, a function from a tensor to a tensor.
        num_inputs: D; builds the weights at once instead of at the first call.
        dtype: of weights, inputs and states alike.
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

    def __init__(
        self,
        num_units: int,
        activation: Callable[[tf.Tensor], tf.Tensor] = tf.tanh,
        *,
        num_inputs: int | None = None,
        dtype: Any = tf.float32,
        seed: int | None = None,
    ):
        if not callable(activation):
            checks.fail(
                "BasicRNNCell",
                "activation",
                "a function such as tf.tanh",
                checks.shown(activation),
                TypeError,
            )
        self.activation = activation
        self.state_size = self.output_size = num_units
        super().__init__(num_units, num_inputs=num_inputs, dtype=dtype, seed=seed)

    def _make_weights(self, num_inputs: int) -> None:
        shape = (num_inputs + self.num_units, self.num_units)
        self.kernel = self._variable("kernel", glorot_uniform(shape, self.np_dtype, self._seed))
        self.bias = self._variable("bias", tf.zeros(self.num_units, self.dtype))

    @property
    def w_x(self) -> tf.Tensor:
        """The rows of the kernel that meet the input [D, H]."""
        return self.kernel[: self.num_inputs]

    @property
    def w_h(self) -> tf.Tensor:
        """The rows of the kernel that meet the state [H, H]."""
        return self.kernel[self.num_inputs :]

    # Unlike the other cells this one runs a function of the user's, in which AutoGraph is to
    # translate an `if` on a tensor: so its step must not be marked as_written.
    def __call__(self, inputs: tf.Tensor, state: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """One step: ``output [B, H], new_state = cell(inputs [B, D], state [B, H])``."""
        state = self.enter(inputs, state)
        joined = tf.concat([inputs, state], axis=1)  # [B, D+H]
        output = self.activation(joined @ self.kernel + self.bias)  # [B, H]
        if not tf.is_tensor(output):  # np.tanh would work, and cut the gradient in silence
            expected = "a function from tensor to tensor such as tf.tanh"
            checks.fail(
                self.kind, "activation", expected, f"one that returns {checks.what(output)}", TypeError
            )
        checks.check_array(self.kind, "result of activation", output, "B H", {"H": self.num_units})
        checks.check_dtype(self.kind, "result of activation", output, self.dtype)
        return output, output
