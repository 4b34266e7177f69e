"""The minimal gated recurrent unit in TensorFlow: a GRU whose gate and candidate do not see the state."""

from typing import Any

import tensorflow as tf

from rnnbook import checks
from rnnbook.tf.arguments import as_floats
from rnnbook.tf.cell import WeightedCell


class MinGRUCell(WeightedCell):
    """The minimal GRU: one state, one gate u, and both of its parts made from the input alone.

    u = sigmoid(x(t) W_u + b_u)
    candidate = x(t) W_c + b_c
    h(t) = u * h(t-1) + (1 - u) * candidate;  the output is h(t)

    In h(t-1) this is linear, so `parallel_scan` may take all steps at once. The paper's z is 1 - u.

    Args:
        num_units: H, the size of the state.
        num_inputs: D; builds the weights at once instead of at the first call.
        dtype: of weights, inputs and states alike; None means that of the first inputs.
        seed: of the initial kernels.

    Weights: ``gate_kernel [D, H]``, ``gate_bias [H]`` (starts at 1), ``candidate_kernel [D, H]``,
    ``candidate_bias [H]``.

    Raises:
        ValueError, TypeError: an input or state of another shape, structure or dtype.

    >>> cell = MinGRUCell(5, num_inputs=3, seed=0)
    >>> output, state = cell(tf.ones((4, 3)), cell.zero_state(4))
    >>> output is state, len(cell.trainable_variables)
    (True, 4)

    Taught in: book/6-applications/what-came-after. Source: Feng et al. (2024), minGRU.
    """

    weight_names = ("gate_kernel", "gate_bias", "candidate_kernel", "candidate_bias")
    ones = ("gate_bias",)

    def __init__(
        self,
        num_units: int,
        *,
        num_inputs: int | None = None,
        dtype: Any = None,
        seed: int | None = None,
    ):
        self.state_size = self.output_size = num_units
        super().__init__(num_units, num_inputs=num_inputs, dtype=dtype, seed=seed)

    def shapes(self, num_inputs: int) -> dict[str, tuple[int, ...]]:
        kernel, bias = (num_inputs, self.num_units), (self.num_units,)
        gate = {"gate_kernel": kernel, "gate_bias": bias}
        return gate | {"candidate_kernel": kernel, "candidate_bias": bias}

    def _parts(self, inputs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        u = tf.sigmoid(inputs @ self.gate_kernel + self.gate_bias)  # [..., H]
        candidate = inputs @ self.candidate_kernel + self.candidate_bias  # [..., H]
        return u, candidate

    def coefficients(self, inputs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """What `parallel_scan` takes, of all steps [B, T, D] at once: keep = u, add = (1 - u) * candidate.

        >>> from rnnbook.tf import dynamic_rnn, parallel_scan
        >>> cell, x = MinGRUCell(5, seed=0), tf.ones((4, 7, 3))
        >>> h, (outputs, _) = parallel_scan(*cell.coefficients(x)), dynamic_rnn(cell, x)
        >>> bool(tf.reduce_max(tf.abs(h - outputs)) < 1e-6)
        True
        """
        where = f"{self.kind}.coefficients"
        inputs = as_floats(where, "inputs", inputs, "B T D")
        checks.check_array(where, "inputs", inputs, "B T D", {"D": self.num_inputs})
        if self._dtype is not None:
            checks.check_dtype(where, "inputs", inputs, self._dtype)
        if inputs.shape[2] is None:
            came = f"shape {inputs.shape}"
            checks.fail(where, "inputs", "[B, T, D] with D known before it runs", came)
        self._dtype = inputs.dtype
        self.build(inputs.shape[2])
        u, candidate = self._parts(inputs)
        return u, (1 - u) * candidate

    def call(self, inputs: tf.Tensor, state: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """``output [B, H], new_state`` from ``inputs [B, D], state [B, H]``."""
        u, candidate = self._parts(inputs)
        h = u * state + (1 - u) * candidate
        return h, h
