"""The basic recurrent layer in NumPy: one step forward and, beside it, one step backward."""

from typing import Any, NamedTuple

import numpy as np

from rnnbook import checks
from rnnbook.initial import glorot_uniform
from rnnbook.scratch.activations import Activation, tanh
from rnnbook.scratch.cell import WeightedCell


class BasicRNNTape(NamedTuple):
    """What a step of `BasicRNNCell` leaves behind for its backward step."""

    inputs: np.ndarray
    state: np.ndarray
    output: np.ndarray


class BasicRNNCell(WeightedCell):
    """The basic recurrent layer; its output is its state.

    h(t) = phi([x(t), h(t-1)] W + b)

    Args:
        num_units: H, the number of neurons.
        activation: phi with its derivative, one of `rnnbook.scratch.activations`.
        num_inputs: D; builds the weights at once instead of at the first call.
        dtype: of weights, inputs and states alike.
        seed: of the initial kernel.

    Weights: ``kernel [D+H, H]`` (rows: first inputs, then state), ``bias [H]``.

    Raises:
        ValueError, TypeError: an input or state of another shape, structure or dtype.

    >>> cell = BasicRNNCell(5, num_inputs=3, seed=0)
    >>> output, state = cell(np.ones((4, 3)), cell.zero_state(4))
    >>> output.shape, output is state
    ((4, 5), True)

    Taught in: book/1-memory/layer-and-batch. Source: TensorFlow 1.x, BasicRNNCell.
    """

    tape_type = BasicRNNTape

    def __init__(
        self,
        num_units: int,
        activation: Activation = tanh,
        *,
        num_inputs: int | None = None,
        dtype: Any = np.float64,
        seed: int | None = None,
    ):
        if not isinstance(activation, Activation) or not all(map(callable, activation)):
            expected = "an Activation such as rnnbook.scratch.tanh"
            checks.fail("BasicRNNCell", "activation", expected, checks.shown(activation), TypeError)
        self.activation = activation
        self.state_size = self.output_size = num_units
        super().__init__(num_units, num_inputs=num_inputs, dtype=dtype, seed=seed)

    def _make_weights(self, num_inputs: int) -> None:
        shape = (num_inputs + self.num_units, self.num_units)
        self.kernel = glorot_uniform(shape, self.dtype, self._seed)
        self.bias = np.zeros(self.num_units, self.dtype)

    @property
    def w_x(self) -> np.ndarray:
        """The rows of the kernel that meet the input [D, H]; a view, so it can be written."""
        return self.kernel[: self.num_inputs]

    @property
    def w_h(self) -> np.ndarray:
        """The rows of the kernel that meet the state [H, H]; a view, so it can be written."""
        return self.kernel[self.num_inputs :]

    def forward(self, inputs: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, np.ndarray, BasicRNNTape]:
        self._enter(inputs, state)
        joined = np.concatenate([inputs, state], axis=1)  # [B, D+H]
        output = self.activation.function(joined @ self.kernel + self.bias)  # [B, H]
        if getattr(output, "shape", None) != state.shape:
            expected = f"of shape {state.shape}"
            checks.fail(self.kind, "result of activation", expected, checks.describe(output))
        if output.dtype != self.dtype:
            checks.check_dtype(self.kind, "result of activation", output, self.dtype)
        return output, output, BasicRNNTape(inputs, state, output)

    def backward(
        self, tape: BasicRNNTape, d_output: np.ndarray, d_new_state: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
        """Gradients of a loss through one step, given those of its two results.

        With a = [x, h] W + b:  da = (d_output + d_new_state) phi'(a),
        d[x, h] = da W^T,  dW = [x, h]^T da,  db = sum of da over the batch.

        Returns:
            d_inputs [B, D], d_state [B, H], d_params {"kernel": ..., "bias": ...}

        Raises:
            ValueError, TypeError: a tape of no such cell, gradients of another shape or dtype.
        """
        self._enter_backward(tape, d_output, d_new_state)
        d_h = d_output + d_new_state  # output and state are one array: both gradients meet
        d_a = d_h * self.activation.derivative(tape.output)
        d_joined = d_a @ self.kernel.T  # [B, D+H]
        joined = np.concatenate([tape.inputs, tape.state], axis=1)
        d_params = {"kernel": joined.T @ d_a, "bias": d_a.sum(axis=0)}
        return d_joined[:, : self.num_inputs], d_joined[:, self.num_inputs :], d_params
