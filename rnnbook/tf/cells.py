"""Cells in TensorFlow 2, with TF 1.x's weight names, layouts and gate orders.

A cell is a `tf.Module`: it runs eagerly, inside `tf.function` and under
`jit_compile=True`, and its gradients come from the tape (compare scratch/cells.py,
which writes them out).
"""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from rnnbook import checks
from rnnbook.initial import glorot_uniform
from rnnbook.protocol import map_state


class Cell(tf.Module):
    """Common to all cells: building on the first call, zero states, checks at the door."""

    state_size: Any
    output_size: int

    def __init__(self, num_units: int, *, num_inputs: int | None, dtype: Any, seed: int | None):
        super().__init__()
        self.num_units = checks.check_count(self.kind, "num_units", num_units)
        self.num_inputs: int | None = None
        self.dtype = tf.as_dtype(dtype)
        checks.check_float(self.kind, "dtype", self.dtype)
        self._seed = seed
        if num_inputs is not None:
            self.build(num_inputs)

    @property
    def kind(self) -> str:
        return type(self).__name__

    def build(self, num_inputs: int) -> None:
        """Draw the weights for ``num_inputs`` inputs; a built cell refuses another number."""
        num_inputs = checks.check_count(self.kind, "num_inputs", num_inputs)
        if self.num_inputs is None:
            with tf.init_scope():  # a variable outlives the function that first called the cell
                self._make_weights(num_inputs)
            self.num_inputs = num_inputs
        elif self.num_inputs != num_inputs:
            checks.fail(self.kind, "num_inputs", f"{self.num_inputs}, as built", num_inputs)

    def _make_weights(self, num_inputs: int) -> None:
        raise NotImplementedError

    def zero_state(self, batch_size: Any, dtype: Any = None) -> Any:
        """Zeros [batch_size, H] in the structure of ``state_size``."""
        if not tf.is_tensor(batch_size):
            batch_size = checks.check_count(f"{self.kind}.zero_state", "batch_size", batch_size)
        return map_state(lambda size: tf.zeros((batch_size, size), dtype or self.dtype), self.state_size)

    def _enter(self, inputs: tf.Tensor, state: Any) -> None:
        checks.check_array(self.kind, "inputs", inputs, "B D", {"D": self.num_inputs})
        checks.check_dtype(self.kind, "inputs", inputs, self.dtype)
        if inputs.shape[-1] is None:
            checks.fail(self.kind, "inputs", "[B, D] with D known before it runs", f"shape {inputs.shape}")
        self.build(inputs.shape[-1])
        checks.check_state(self.kind, "state", state, self.state_size, inputs.shape[0], self.dtype)


class BasicRNNCell(Cell):
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
                "BasicRNNCell", "activation", "a function such as tf.tanh", repr(activation), TypeError
            )
        self.activation = activation
        self.state_size = self.output_size = num_units
        super().__init__(num_units, num_inputs=num_inputs, dtype=dtype, seed=seed)

    def _make_weights(self, num_inputs: int) -> None:
        shape = (num_inputs + self.num_units, self.num_units)
        kernel = glorot_uniform(shape, self.dtype.as_numpy_dtype, self._seed)
        self.kernel = tf.Variable(kernel, name="kernel")
        self.bias = tf.Variable(tf.zeros(self.num_units, self.dtype), name="bias")

    @property
    def w_x(self) -> tf.Tensor:
        """The rows of the kernel that meet the input [D, H]."""
        return self.kernel[: self.num_inputs]

    @property
    def w_h(self) -> tf.Tensor:
        """The rows of the kernel that meet the state [H, H]."""
        return self.kernel[self.num_inputs :]

    def __call__(self, inputs: tf.Tensor, state: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """One step: ``output [B, H], new_state = cell(inputs [B, D], state [B, H])``."""
        self._enter(inputs, state)
        joined = tf.concat([inputs, state], axis=1)  # [B, D+H]
        output = self.activation(joined @ self.kernel + self.bias)  # [B, H]
        return output, output
