"""The long short-term memory in NumPy: one step forward and one step backward."""

from typing import Any, NamedTuple

import numpy as np

from rnnbook import checks
from rnnbook.initial import glorot_uniform
from rnnbook.protocol import LSTMStateTuple
from rnnbook.scratch.activations import sigmoid, tanh
from rnnbook.scratch.cell import WeightedCell


class LSTMTape(NamedTuple):
    """What a step of `BasicLSTMCell` leaves behind for its backward step."""

    inputs: np.ndarray
    state: LSTMStateTuple
    i: np.ndarray
    j: np.ndarray
    f: np.ndarray
    o: np.ndarray
    tanh_c: np.ndarray


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
    >>> output, state = cell(np.ones((4, 3)), cell.zero_state(4))
    >>> output is state.h, state.c.shape, cell.kernel.shape
    (True, (4, 5), (8, 20))

    Taught in: book/4-gates/lstm. Source: TensorFlow 1.x, BasicLSTMCell.
    """

    tape_type = LSTMTape

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        *,
        num_inputs: int | None = None,
        dtype: Any = np.float64,
        seed: int | None = None,
    ):
        self.forget_bias = checks.check_number("BasicLSTMCell", "forget_bias", forget_bias, "a finite number")
        self.state_size = LSTMStateTuple(num_units, num_units)
        self.output_size = num_units
        super().__init__(num_units, num_inputs=num_inputs, dtype=dtype, seed=seed)

    def _make_weights(self, num_inputs: int) -> None:
        shape = (num_inputs + self.num_units, 4 * self.num_units)
        self.kernel = glorot_uniform(shape, self.dtype, self._seed)
        self.bias = np.zeros(4 * self.num_units, self.dtype)

    @property
    def w_x(self) -> np.ndarray:
        """The rows of the kernel that meet the input [D, 4H]; a view, so it can be written."""
        return self.kernel[: self.num_inputs]

    @property
    def w_h(self) -> np.ndarray:
        """The rows of the kernel that meet the state [H, 4H]; a view, so it can be written."""
        return self.kernel[self.num_inputs :]

    def forward(
        self, inputs: np.ndarray, state: LSTMStateTuple
    ) -> tuple[np.ndarray, LSTMStateTuple, LSTMTape]:
        self._enter(inputs, state)
        H = self.num_units
        before = np.concatenate([inputs, state.h], axis=1) @ self.kernel + self.bias  # [B, 4H]
        j = tanh.function(before[:, H : 2 * H])  # [B, H] like all that follow
        before[:, 2 * H : 3 * H] += self.forget_bias
        gates = sigmoid.function(before)  # one call is faster than three, though j needs none
        i, f, o = gates[:, :H], gates[:, 2 * H : 3 * H], gates[:, 3 * H :]
        c = state.c * f + i * j
        tanh_c = tanh.function(c)
        h = tanh_c * o
        return h, LSTMStateTuple(c, h), LSTMTape(inputs, state, i, j, f, o, tanh_c)

    def backward(
        self, tape: LSTMTape, d_output: np.ndarray, d_new_state: LSTMStateTuple
    ) -> tuple[np.ndarray, LSTMStateTuple, dict[str, np.ndarray]]:
        """Gradients of a loss through one step, given those of output, c(t) and h(t).

        With dh = d_output + d_new_state.h and dc = d_new_state.c + dh * o * (1 - tanh(c)^2):
        d_c(t-1) = dc * f, and before the activations
        di = dc * j * i(1-i), dj = dc * i * (1-j^2), df = dc * c(t-1) * f(1-f),
        do = dh * tanh(c) * o(1-o).

        Returns:
            d_inputs [B, D], d_state (d_c, d_h), d_params {"kernel": ..., "bias": ...}

        Raises:
            ValueError, TypeError: a tape of no such cell, gradients of another shape or dtype.
        """
        self._enter_backward(tape, d_output, d_new_state)
        inputs, state, i, j, f, o, tanh_c = tape
        d_h = d_output + d_new_state.h
        d_c = d_new_state.c + d_h * o * tanh.derivative(tanh_c)
        d_before = np.concatenate(
            [
                d_c * j * sigmoid.derivative(i),
                d_c * i * tanh.derivative(j),
                d_c * state.c * sigmoid.derivative(f),
                d_h * tanh_c * sigmoid.derivative(o),
            ],
            axis=1,
        )  # [B, 4H]
        d_joined = d_before @ self.kernel.T  # [B, D+H]
        joined = np.concatenate([inputs, state.h], axis=1)
        d_params = {"kernel": joined.T @ d_before, "bias": d_before.sum(axis=0)}
        d_state = LSTMStateTuple(d_c * f, d_joined[:, self.num_inputs :])
        return d_joined[:, : self.num_inputs], d_state, d_params
