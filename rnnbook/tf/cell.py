"""What all cells in TensorFlow have in common; the cells themselves are in the files beside.

A cell is a `tf.Module`: it runs eagerly, inside `tf.function` and under
`jit_compile=True`, and its gradients come from the tape (compare scratch/, which
writes them out).
"""

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from rnnbook import checks
from rnnbook.protocol import map_state
from rnnbook.tf.beside_keras import check_trained_by_keras
from rnnbook.tf.run_time import as_written, state_of_step

BUILDING = threading.RLock()  # of threads that meet a new cell at once, the first draws its weights
MEMBERS = ("dtype", "trainable_variables")  # beside those of the protocol
PLAIN = (tf.Tensor, tf.Variable, np.ndarray)  # a ragged, sparse or Keras tensor is none of these


@as_written
def check_tensor(where: str, name: str, value: Any, letters: str, sizes: Any) -> None:
    """Check an array that TensorFlow can compute with."""
    checks.check_array(where, name, value, letters, sizes)
    if not isinstance(value, PLAIN):
        checks.fail(where, name, f"an array {checks.axes(letters)}", checks.what(value), TypeError)


class Cell(tf.Module):
    """A cell of the protocol whose variables TensorFlow finds by itself."""

    state_size: Any
    output_size: int
    dtype: tf.DType

    @property
    def kind(self) -> str:
        return type(self).__name__

    def build(self, num_inputs: int) -> None:
        """Draw the weights for ``num_inputs`` inputs; a built cell refuses another number."""
        raise NotImplementedError

    def __call__(self, inputs: tf.Tensor, state: Any) -> tuple[tf.Tensor, Any]:
        """One step: ``output [B, O], new_state = cell(inputs [B, D], state)``."""
        raise NotImplementedError

    def zero_state(self, batch_size: Any, dtype: Any = None) -> Any:
        """Zeros [batch_size, H] in the structure of ``state_size``."""
        where = f"{self.kind}.zero_state"
        if not isinstance(batch_size, tf.Tensor) or not batch_size.dtype.is_integer:
            batch_size = checks.check_count(where, "batch_size", batch_size)
        if dtype is not None:
            dtype = checks.floating(where, "dtype", dtype, "TensorFlow", tf.as_dtype)
        return map_state(lambda size: tf.zeros((batch_size, size), dtype or self.dtype), self.state_size)


class WeightedCell(Cell):
    """A cell with weights of its own, built at the first call or when told its inputs."""

    weight_names: tuple[str, ...] = ("kernel", "bias")

    def __init__(self, num_units: int, *, num_inputs: int | None, dtype: Any, seed: int | None):
        super().__init__()
        self.num_units = checks.check_count(self.kind, "num_units", num_units)
        self.num_inputs: int | None = None
        self.dtype = checks.floating(self.kind, "dtype", dtype, "TensorFlow", tf.as_dtype)
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
    def np_dtype(self) -> Any:
        """The dtype as NumPy knows it."""
        return self.dtype.as_numpy_dtype

    def build(self, num_inputs: int) -> None:
        num_inputs = checks.check_count(self.kind, "num_inputs", num_inputs)
        with BUILDING:
            if self.num_inputs is None:
                with tf.init_scope():  # a variable outlives the function that first called the cell
                    self._make_weights(num_inputs)
                self.num_inputs = num_inputs
        if self.num_inputs != num_inputs:
            checks.fail(self.kind, "num_inputs", f"{self.num_inputs}, as built", num_inputs)

    def _make_weights(self, num_inputs: int) -> None:
        raise NotImplementedError

    def _variable(self, name: str, value: Any) -> tf.Variable:
        return tf.Variable(value, name=name)

    def _next_seed(self, n: int) -> int | None:
        return None if self._seed is None else self._seed + n

    @as_written
    def enter(self, inputs: tf.Tensor, state: Any) -> Any:
        """Check what comes in, build the weights if that is still to do, and return the state."""
        check_tensor(self.kind, "inputs", inputs, "B D", {"D": self.num_inputs})
        checks.check_dtype(self.kind, "inputs", inputs, self.dtype)
        if inputs.shape[-1] is None:
            checks.fail(self.kind, "inputs", "[B, D] with D known before it runs", f"shape {inputs.shape}")
        self.build(inputs.shape[-1])
        B = inputs.shape[0]
        checks.check_state(self.kind, "state", state, self.state_size, B, self.dtype, check_tensor)
        check_trained_by_keras(self)
        return state_of_step(self.kind, state, self.state_size, inputs)
