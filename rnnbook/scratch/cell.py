"""What all cells in NumPy have in common; the cells themselves are in the files beside.

A cell stores weights only. What backward needs, forward returns as its tape.
Left out on purpose: anything that knows of time (see unroll.py).
"""

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnbook import checks
from rnnbook.protocol import map_state

BUILDING = threading.RLock()  # of threads that meet a new cell at once, the first draws its weights
MEMBERS = ("dtype", "weights", "build", "forward", "backward")  # beside those of the protocol


class Cell:
    """A cell that can also take its step backward, and tell its weights by name."""

    state_size: Any
    output_size: int
    dtype: np.dtype

    @property
    def kind(self) -> str:
        return type(self).__name__

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """The weights by name; the arrays themselves, so an optimizer may write into them."""
        raise NotImplementedError

    def build(self, num_inputs: int) -> None:
        """Draw the weights for ``num_inputs`` inputs; a built cell refuses another number."""
        raise NotImplementedError

    def forward(self, inputs: np.ndarray, state: Any) -> tuple[np.ndarray, Any, Any]:
        """One step that also returns the tape which `backward` reads."""
        raise NotImplementedError

    def backward(
        self, tape: Any, d_output: np.ndarray, d_new_state: Any
    ) -> tuple[np.ndarray, Any, dict[str, np.ndarray]]:
        """Gradients d_inputs, d_state, d_params, given those of output and new state."""
        raise NotImplementedError

    def __call__(self, inputs: np.ndarray, state: Any) -> tuple[np.ndarray, Any]:
        """One step: ``output [B, O], new_state = cell(inputs [B, D], state)``."""
        output, new_state, _ = self.forward(inputs, state)
        return output, new_state

    def zero_state(self, batch_size: int, dtype: Any = None) -> Any:
        """Zeros [batch_size, H] in the structure of ``state_size``."""
        where = f"{self.kind}.zero_state"
        batch_size = checks.check_count(where, "batch_size", batch_size)
        dtype = self.dtype if dtype is None else checks.floating(where, "dtype", dtype, "NumPy", np.dtype)
        return map_state(lambda size: np.zeros((batch_size, size), dtype), self.state_size)

    def _check_state(self, where: str, name: str, state: Any, batch_size: int) -> None:
        size, dtype = self.state_size, self.dtype
        checks.check_state(where, name, state, size, batch_size, dtype, checks.check_numpy)

    def _check_gradients(self, d_output: np.ndarray, d_new_state: Any, batch_size: int) -> None:
        where, sizes = f"{self.kind}.backward", {"B": batch_size, "H": self.output_size}
        checks.check_numpy(where, "d_output", d_output, "B H", sizes, self.dtype)
        self._check_state(where, "d_new_state", d_new_state, batch_size)


class WeightedCell(Cell):
    """A cell with weights of its own, built at the first call or when told its inputs."""

    weight_names: tuple[str, ...] = ("kernel", "bias")
    tape_type: Any

    def __init__(self, num_units: int, *, num_inputs: int | None, dtype: Any, seed: int | None):
        self.num_units = checks.check_count(self.kind, "num_units", num_units)
        self.num_inputs: int | None = None
        self.dtype = checks.floating(self.kind, "dtype", dtype, "NumPy", np.dtype)
        self._seed = checks.check_seed(self.kind, seed)
        if num_inputs is not None:
            self.build(num_inputs)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:  # runs only where an attribute is missing
            if name in (*self.weight_names, "w_x", "w_h"):
                came = "a cell without weights: call build(num_inputs)"
                checks.fail(self.kind, name, "built before it is read", came, AttributeError)
            raise AttributeError(f"{self.kind!r} object has no attribute {name!r}")

    @property
    def weights(self) -> dict[str, np.ndarray]:
        if self.num_inputs is None:
            came = "a cell without weights: call build(num_inputs)"
            checks.fail(self.kind, "weights", "built before it is read", came)
        return {name: getattr(self, name) for name in self.weight_names}

    def _next_seed(self, n: int) -> int | None:
        return None if self._seed is None else self._seed + n

    def build(self, num_inputs: int) -> None:
        num_inputs = checks.check_count(self.kind, "num_inputs", num_inputs)
        with BUILDING:
            if self.num_inputs is None:
                self._make_weights(num_inputs)
                self.num_inputs = num_inputs
        if self.num_inputs != num_inputs:
            checks.fail(self.kind, "num_inputs", f"{self.num_inputs}, as built", num_inputs)

    def _make_weights(self, num_inputs: int) -> None:
        raise NotImplementedError

    def _enter(self, inputs: np.ndarray, state: Any) -> None:
        checks.check_numpy(self.kind, "inputs", inputs, "B D", {"D": self.num_inputs}, self.dtype)
        if self.num_inputs is None:
            self.build(inputs.shape[1])
        self._check_state(self.kind, "state", state, inputs.shape[0])

    def _enter_backward(self, tape: Any, d_output: np.ndarray, d_new_state: Any) -> None:
        if not isinstance(tape, self.tape_type):
            checks.fail(f"{self.kind}.backward", "tape", "the tape of forward", checks.what(tape), TypeError)
        self._check_gradients(d_output, d_new_state, len(tape.inputs))
