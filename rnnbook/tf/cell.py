"""What all cells in TensorFlow have in common; the cells themselves are in the files beside.

A cell is a `tf.Module`: it runs eagerly, inside `tf.function` and under
`jit_compile=True`, and its gradients come from the tape (compare scratch/, which
writes them out).
"""

import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from rnnbook import checks
from rnnbook.initial import glorot_uniform
from rnnbook.protocol import map_state
from rnnbook.tf import tf1
from rnnbook.tf.beside_keras import Saved, check_trained_by_keras
from rnnbook.tf.run_time import as_written, size, state_of_step, with_rows

BUILDING = threading.RLock()  # of threads that meet a new cell at once, the first draws its weights
MEMBERS = ("dtype", "trainable_variables")  # beside those of the protocol
TANH = (tf.tanh, tf.nn.tanh)
PLAIN = (tf.Tensor, tf.Variable, np.ndarray)  # a ragged, sparse or Keras tensor is none of these


@as_written
def check_tensor(where: str, name: str, value: Any, letters: str, sizes: Any) -> None:
    """Check an array that TensorFlow can compute with."""
    checks.check_array(where, name, value, letters, sizes)
    if not isinstance(value, PLAIN):
        checks.fail(where, name, f"an array {checks.axes(letters)}", checks.what(value), TypeError)


class Cell(tf1.Lists, Saved):
    """A cell of the protocol whose variables TensorFlow finds by itself."""

    state_size: Any
    output_size: int
    _dtype: Any = None  # None until it is given, or the first inputs come

    def __init__(self) -> None:
        super().__init__(name=tf1.default_name(self))

    @property
    def kind(self) -> str:
        return type(self).__name__

    @property
    def dtype(self) -> tf.DType:
        """Of weights, inputs and states alike."""
        return self._dtype or tf.float32

    def build(self, num_inputs: int) -> None:
        """Draw the weights for ``num_inputs`` inputs; a built cell refuses another number."""
        raise NotImplementedError

    def __call__(self, inputs: tf.Tensor, state: Any, scope: Any = None) -> tuple[tf.Tensor, Any]:
        """One step: ``output [B, O], new_state = cell(inputs [B, D], state)``.

        ``scope`` names the scope of the weights in a graph with a session, as in TF 1.x.
        """
        with tf1.scope_of(self, scope):
            return self.call(inputs, self.enter(inputs, state))

    def enter(self, inputs: tf.Tensor, state: Any) -> Any:
        """Check what comes in, and return the state as `call` takes it."""
        raise NotImplementedError

    @as_written
    def check_dtype(self, inputs: tf.Tensor) -> None:
        """Check that inputs are of the cell's dtype, or of any floating one while it has none."""
        if self._dtype is None:
            checks.check_float(self.kind, "inputs", inputs)
        else:
            checks.check_dtype(self.kind, "inputs", inputs, self._dtype)

    def call(self, inputs: tf.Tensor, state: Any) -> tuple[tf.Tensor, Any]:
        """The step itself, on what has been checked."""
        raise NotImplementedError

    @tf1.takes()
    def zero_state(self, batch_size: Any, dtype: Any = None) -> Any:
        """Zeros [batch_size, H] in the structure of ``state_size``."""
        where = f"{self.kind}.zero_state"
        if not isinstance(batch_size, tf.Tensor) or not batch_size.dtype.is_integer:
            batch_size = checks.check_count(where, "batch_size", batch_size)
        if dtype is not None:
            dtype = checks.floating(where, "dtype", dtype, "TensorFlow", tf.as_dtype)
        return map_state(lambda size: tf.zeros((batch_size, size), dtype or self.dtype), self.state_size)


class WeightedCell(Cell):
    """A cell with weights of its own, built at the first call or when told its inputs.

    Weights start as `glorot_uniform` draws them, biases at zero but those in ``ones``. Without a dtype the
    cell takes that of its first inputs.
    """

    weight_names: tuple[str, ...] = ("kernel", "bias")
    ones: tuple[str, ...] = ()  # the biases that start at one
    kernel_initializer: Any = None
    bias_initializer: Any = None

    def __init__(
        self,
        num_units: int,
        *,
        activation: Any = tf.tanh,
        num_inputs: int | None,
        dtype: Any,
        seed: int | None,
    ):
        super().__init__()
        self.num_units = checks.check_count(self.kind, "num_units", num_units)
        self.num_inputs: int | None = None
        self.activation = check_activation(self.kind, activation)
        if dtype is not None:
            dtype = checks.floating(self.kind, "dtype", dtype, "TensorFlow", tf.as_dtype)
        self._dtype = dtype
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

    def shapes(self, num_inputs: int) -> dict[str, tuple[int, ...]]:
        """The shape of each weight, by its name, for ``num_inputs`` inputs."""
        raise NotImplementedError

    @tf1.takes()
    def build(self, num_inputs: int) -> None:
        num_inputs = checks.check_count(self.kind, "num_inputs", num_inputs)
        with BUILDING:
            if self.num_inputs is None:
                # Out of the function that calls the cell first: its weights outlive it.
                with tf.init_scope(), tf1.scope_of(self, calls=False):
                    self._make_weights(num_inputs)
                self._dtype, self.num_inputs = self.dtype, num_inputs
        if self.num_inputs != num_inputs:
            checks.fail(self.kind, "num_inputs", f"{self.num_inputs}, as built", num_inputs)

    def _make_weights(self, num_inputs: int) -> None:
        kernels = 0
        for name, shape in self.shapes(num_inputs).items():
            if name.endswith("bias"):
                draw = tf.ones_initializer() if name in self.ones else tf.zeros_initializer()
                given = self.bias_initializer or draw
            else:
                draw = partial(glorot, None if self._seed is None else self._seed + kernels)
                # A seed asks for certain numbers, whatever a scope would draw.
                given = self.kernel_initializer or (None if self._seed is None else draw)
                kernels += 1
            setattr(self, name, tf1.weight(name, shape, self.dtype, given, draw))

    @as_written
    def enter(self, inputs: tf.Tensor, state: Any) -> Any:
        """Check what comes in, build the weights if that is still to do, and return the state."""
        check_tensor(self.kind, "inputs", inputs, "B D", {"D": self.num_inputs})
        self.check_dtype(inputs)
        B, D = checks.static_shape(inputs) or (None, None)
        if D is None:
            checks.fail(self.kind, "inputs", "[B, D] with D known before it runs", f"shape {inputs.shape}")
        self._dtype = tf.as_dtype(inputs.dtype)
        self.build(D)
        state = tf1.as_state(state, self.state_size)
        checks.check_state(self.kind, "state", state, self.state_size, B, self.dtype, check_tensor)
        check_trained_by_keras(self)
        return state_of_step(self.kind, state, self.state_size, inputs)

    # AutoGraph is to translate an `if` on a tensor in a function of the user's, so neither this nor
    # the steps that call it are marked as_written.
    def phi(self, values: tf.Tensor) -> tf.Tensor:
        """The activation of ``values`` [B, H]."""
        result = self.activation(values)
        return result if self.activation in TANH else checked_result(self.kind, "activation", result, values)


class Wrapper(Cell):
    """A cell around another one, with the sizes and the dtype of that."""

    def __init__(self, cell: Cell):
        super().__init__()
        checks.check_cells(self.kind, [cell], MEMBERS)
        self.cell, self.state_size, self.output_size = cell, cell.state_size, cell.output_size

    @property
    def _dtype(self) -> Any:
        return getattr(self.cell, "_dtype", self.cell.dtype)

    def build(self, num_inputs: int) -> None:
        self.cell.build(num_inputs)

    def zero_state(self, batch_size: Any, dtype: Any = None) -> Any:
        return self.cell.zero_state(batch_size, dtype)

    def inside(self, inputs: tf.Tensor, state: Any, scope: Any = None) -> tuple[tf.Tensor, Any]:
        """One step of the cell inside, which need not know scopes."""
        return self.cell(inputs, state) if scope is None else self.cell(inputs, state, scope)


def check_activation(where: str, activation: Any) -> Callable[[tf.Tensor], tf.Tensor]:
    """A function as it is, or the one of `tf.nn` that the name means."""
    found = getattr(tf.nn, activation, None) if isinstance(activation, str) else activation
    if not callable(found):
        checks.fail(where, "activation", "a function such as tf.tanh", checks.shown(activation), TypeError)
    return found


@as_written
def checked_result(where: str, name: str, result: Any, values: tf.Tensor, letters: str = "B H") -> tf.Tensor:
    """What a function of the user's made of ``values`` [B, H], of the same rows, and the same H where asked."""
    if not tf.is_tensor(result):  # np.tanh would work, and cut the gradient in silence
        expected = "a function from tensor to tensor such as tf.tanh"
        checks.fail(where, name, expected, f"one that returns {checks.what(result)}", TypeError)
    name, (rows, columns) = f"result of {name}", checks.static_shape(values) or (None, None)
    checks.check_array(where, name, result, letters, {"B": rows, "H": columns})
    checks.check_dtype(where, name, result, values)
    return with_rows(where, name, result, size(values, 0))


def glorot(seed: int | None, shape: tuple[int, ...], dtype: tf.DType) -> np.ndarray:
    """`glorot_uniform` of a matrix, or of a vector as one row."""
    rows, columns = (1, *shape)[-2:]
    return glorot_uniform((rows, columns), tf.as_dtype(dtype).as_numpy_dtype, seed).reshape(shape)
