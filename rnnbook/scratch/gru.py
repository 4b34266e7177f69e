"""The gated recurrent unit in NumPy: one step forward and one step backward."""

from typing import Any, NamedTuple

import numpy as np

from rnnbook.initial import glorot_uniform
from rnnbook.scratch.activations import sigmoid, tanh
from rnnbook.scratch.cell import WeightedCell


class GRUTape(NamedTuple):
    """What a step of `GRUCell` leaves behind for its backward step."""

    inputs: np.ndarray
    state: np.ndarray
    r: np.ndarray
    u: np.ndarray
    candidate: np.ndarray


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
    >>> output, state = cell(np.ones((4, 3)), cell.zero_state(4))
    >>> output is state, cell.gates_bias.tolist() == [1.0] * 10
    (True, True)

    Taught in: book/4-gates/gru. Source: TensorFlow 1.x, GRUCell.
    """

    weight_names = ("gates_kernel", "gates_bias", "candidate_kernel", "candidate_bias")

    tape_type = GRUTape

    def __init__(
        self,
        num_units: int,
        *,
        num_inputs: int | None = None,
        dtype: Any = np.float64,
        seed: int | None = None,
    ):
        self.state_size = self.output_size = num_units
        super().__init__(num_units, num_inputs=num_inputs, dtype=dtype, seed=seed)

    def _make_weights(self, num_inputs: int) -> None:
        H, rows = self.num_units, num_inputs + self.num_units
        self.gates_kernel = glorot_uniform((rows, 2 * H), self.dtype, self._seed)
        self.gates_bias = np.ones(2 * H, self.dtype)
        self.candidate_kernel = glorot_uniform((rows, H), self.dtype, self._next_seed(1))
        self.candidate_bias = np.zeros(H, self.dtype)

    def forward(self, inputs: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, np.ndarray, GRUTape]:
        self._enter(inputs, state)
        joined = np.concatenate([inputs, state], axis=1)  # [B, D+H]
        gates = sigmoid.function(joined @ self.gates_kernel + self.gates_bias)  # [B, 2H]
        r, u = np.split(gates, 2, axis=1)  # [B, H] each
        reset = np.concatenate([inputs, r * state], axis=1)  # [B, D+H]
        candidate = tanh.function(reset @ self.candidate_kernel + self.candidate_bias)  # [B, H]
        h = u * state + (1 - u) * candidate
        return h, h, GRUTape(inputs, state, r, u, candidate)

    def backward(
        self, tape: GRUTape, d_output: np.ndarray, d_new_state: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
        """Gradients of a loss through one step, given those of its two results.

        With dh = d_output + d_new_state and s = r * h(t-1):
        before the activations d_candidate = dh (1-u) (1-candidate^2),
        du = dh (h(t-1) - candidate) u(1-u), dr = ds h(t-1) r(1-r);
        d_h(t-1) = dh u + ds r + what comes back through the gates.

        Returns:
            d_inputs [B, D], d_state [B, H], d_params by the names of the four weights

        Raises:
            ValueError, TypeError: a tape of no such cell, gradients of another shape or dtype.
        """
        self._enter_backward(tape, d_output, d_new_state)
        inputs, state, r, u, candidate = tape
        D = self.num_inputs
        d_h = d_output + d_new_state
        d_candidate = d_h * (1 - u) * tanh.derivative(candidate)
        d_reset = d_candidate @ self.candidate_kernel.T  # [B, D+H]
        d_s = d_reset[:, D:]
        d_gates = np.concatenate(
            [
                d_s * state * sigmoid.derivative(r),
                d_h * (state - candidate) * sigmoid.derivative(u),
            ],
            axis=1,
        )  # [B, 2H]
        d_joined = d_gates @ self.gates_kernel.T  # [B, D+H]
        joined = np.concatenate([inputs, state], axis=1)
        reset = np.concatenate([inputs, r * state], axis=1)
        d_params = {
            "gates_kernel": joined.T @ d_gates,
            "gates_bias": d_gates.sum(axis=0),
            "candidate_kernel": reset.T @ d_candidate,
            "candidate_bias": d_candidate.sum(axis=0),
        }
        return d_joined[:, :D] + d_reset[:, :D], d_h * u + d_s * r + d_joined[:, D:], d_params
