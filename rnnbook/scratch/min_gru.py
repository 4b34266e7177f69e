"""The minimal gated recurrent unit in NumPy: a GRU whose gate and candidate do not see the state."""

from typing import Any, NamedTuple

import numpy as np

from rnnbook import checks
from rnnbook.initial import glorot_uniform
from rnnbook.scratch.activations import sigmoid
from rnnbook.scratch.cell import WeightedCell


class MinGRUTape(NamedTuple):
    """What a step of `MinGRUCell` leaves behind for its backward step."""

    inputs: np.ndarray
    state: np.ndarray
    u: np.ndarray
    candidate: np.ndarray


class MinGRUCell(WeightedCell):
    """The minimal GRU: one state, one gate u, and both of its parts made from the input alone.

    u = sigmoid(x(t) W_u + b_u)
    candidate = x(t) W_c + b_c
    h(t) = u * h(t-1) + (1 - u) * candidate;  the output is h(t)

    In h(t-1) this is linear, so `parallel_scan` may take all steps at once. The paper's z is 1 - u.

    Args:
        num_units: H, the size of the state.
        num_inputs: D; builds the weights at once instead of at the first call.
        dtype: of weights, inputs and states alike.
        seed: of the initial kernels.

    Weights: ``gate_kernel [D, H]``, ``gate_bias [H]`` (starts at 1), ``candidate_kernel [D, H]``,
    ``candidate_bias [H]``.

    Raises:
        ValueError, TypeError: an input or state of another shape, structure or dtype.

    >>> cell = MinGRUCell(5, num_inputs=3, seed=0)
    >>> output, state = cell(np.ones((4, 3)), cell.zero_state(4))
    >>> output is state, cell.gate_bias.tolist() == [1.0] * 5
    (True, True)

    Taught in: book/6-applications/what-came-after. Source: Feng et al. (2024), minGRU.
    """

    weight_names = ("gate_kernel", "gate_bias", "candidate_kernel", "candidate_bias")

    tape_type = MinGRUTape

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
        shape = (num_inputs, self.num_units)
        self.gate_kernel = glorot_uniform(shape, self.dtype, self._seed)
        self.gate_bias = np.ones(self.num_units, self.dtype)
        self.candidate_kernel = glorot_uniform(shape, self.dtype, self._next_seed(1))
        self.candidate_bias = np.zeros(self.num_units, self.dtype)

    def _parts(self, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        u = sigmoid.function(inputs @ self.gate_kernel + self.gate_bias)  # [..., H]
        candidate = inputs @ self.candidate_kernel + self.candidate_bias  # [..., H]
        return u, candidate

    def coefficients(self, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What `parallel_scan` takes, of all steps [B, T, D] at once: keep = u, add = (1 - u) * candidate.

        >>> from rnnbook.scratch import parallel_scan, unroll
        >>> cell, x = MinGRUCell(5, seed=0), np.ones((4, 7, 3))
        >>> np.allclose(parallel_scan(*cell.coefficients(x)), unroll(cell, x)[0])
        True
        """
        where = f"{self.kind}.coefficients"
        checks.check_numpy(where, "inputs", inputs, "B T D", {"D": self.num_inputs}, self.dtype)
        self.build(inputs.shape[2])
        u, candidate = self._parts(inputs)
        return u, (1 - u) * candidate

    def forward(self, inputs: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, np.ndarray, MinGRUTape]:
        self._enter(inputs, state)
        u, candidate = self._parts(inputs)
        h = u * state + (1 - u) * candidate
        return h, h, MinGRUTape(inputs, state, u, candidate)

    def backward(
        self, tape: MinGRUTape, d_output: np.ndarray, d_new_state: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
        """Gradients of a loss through one step, given those of its two results.

        With dh = d_output + d_new_state:
        d_candidate = dh (1-u), before the sigmoid du = dh (h(t-1) - candidate) u(1-u);
        d_h(t-1) = dh u, and nothing comes back through the gate.

        Returns:
            d_inputs [B, D], d_state [B, H], d_params by the names of the four weights

        Raises:
            ValueError, TypeError: a tape of no such cell, gradients of another shape or dtype.
        """
        self._enter_backward(tape, d_output, d_new_state)
        inputs, state, u, candidate = tape
        d_h = d_output + d_new_state
        d_candidate = d_h * (1 - u)
        d_u = d_h * (state - candidate) * sigmoid.derivative(u)
        d_inputs = d_u @ self.gate_kernel.T + d_candidate @ self.candidate_kernel.T  # [B, D]
        d_params = {
            "gate_kernel": inputs.T @ d_u,
            "gate_bias": d_u.sum(axis=0),
            "candidate_kernel": inputs.T @ d_candidate,
            "candidate_bias": d_candidate.sum(axis=0),
        }
        return d_inputs, d_h * u, d_params
