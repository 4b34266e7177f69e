"""A linear layer behind a cell or before it, in TensorFlow 2."""

from collections.abc import Callable
from functools import partial
from typing import Any

import tensorflow as tf

from rnnbook import checks
from rnnbook.tf import tf1
from rnnbook.tf.cell import Cell, Wrapper, check_activation, check_tensor, checked_result, glorot

Activation = Callable[[tf.Tensor], tf.Tensor]


class _Projection(Wrapper):
    """A cell inside, and a kernel [D, N] and a bias [N] beside it."""

    def __init__(self, cell: Cell, activation: Activation | None, seed: int | None):
        super().__init__(cell)
        self.activation = None if activation is None else check_activation(self.kind, activation)
        self._seed = checks.check_seed(self.kind, seed)
        self.kernel: Any = None

    def enter(self, inputs: tf.Tensor, state: Any) -> Any:
        check_tensor(self.kind, "inputs", inputs, "B D", {})
        return state

    def _make(self, rows: int, columns: int, dtype: tf.DType) -> None:
        if self.kernel is None:
            draw, zeros = partial(glorot, self._seed), tf.zeros_initializer()
            given = None if self._seed is None else draw
            with tf.init_scope(), tf1.scope_of(self, calls=False):
                self.kernel = tf1.weight("kernel", (rows, columns), dtype, given, draw)
                self.bias = tf1.weight("bias", (columns,), dtype, zeros, zeros)

    def _project(self, values: tf.Tensor) -> tf.Tensor:
        projected = values @ self.kernel + self.bias
        if self.activation is None:
            return projected
        return checked_result(self.kind, "activation", self.activation(projected), projected)


class OutputProjectionWrapper(_Projection):
    """A linear readout at every step: output y(t) W + b, state as it is.

    Args:
        cell: the cell inside, with output size P.
        output_size: O.
        activation: of the readout; None leaves it linear.
        seed: of the initial kernel.

    Weights: ``kernel [P, O]``, ``bias [O]``, made at the first call or by `build`, and those
    of the cell.

    >>> from rnnbook.tf import BasicRNNCell
    >>> cell = OutputProjectionWrapper(BasicRNNCell(5, seed=0), 2, seed=1)
    >>> cell(tf.ones((4, 3)), cell.zero_state(4))[0].shape.as_list()
    [4, 2]

    Taught in: book/5-variants/deep. Source: TensorFlow 1.x, OutputProjectionWrapper.
    """

    @tf1.takes("cell output_size activation reuse")
    def __init__(
        self,
        cell: Cell,
        output_size: int,
        activation: Activation | None = None,
        *,
        seed: int | None = None,
    ):
        super().__init__(cell, activation, seed)
        self.output_size = checks.check_count("OutputProjectionWrapper", "output_size", output_size)

    def build(self, num_inputs: int) -> None:
        with tf1.scope_of(self, calls=False):
            self.cell.build(num_inputs)
            self._make(self.cell.output_size, self.output_size, self.cell.dtype)

    def call(self, inputs: tf.Tensor, state: Any) -> tuple[tf.Tensor, Any]:
        """One step of the cell inside, its output read by a linear layer."""
        output, new_state = self.cell(inputs, state)
        self._make(self.cell.output_size, self.output_size, output.dtype)
        return self._project(output), new_state


class InputProjectionWrapper(_Projection):
    """A linear layer before a cell at every step: the cell reads x(t) W + b.

    Args:
        cell: the cell inside.
        num_proj: P, the inputs of that cell.
        activation: of the layer; None leaves it linear.
        seed: of the initial kernel.

    Weights: ``kernel [D, P]``, ``bias [P]``, made at the first call or by `build`, and those
    of the cell.

    >>> from rnnbook.tf import BasicRNNCell
    >>> cell = InputProjectionWrapper(BasicRNNCell(5, seed=0), 2, seed=1)
    >>> output, _ = cell(tf.ones((4, 3)), cell.zero_state(4))
    >>> cell.kernel.shape.as_list(), cell.cell.kernel.shape.as_list()
    ([3, 2], [7, 5])

    Taught in: book/reference/tf1-dictionary. Source: TensorFlow 1.x, InputProjectionWrapper.
    """

    @tf1.takes("cell num_proj activation input_size reuse")
    def __init__(
        self,
        cell: Cell,
        num_proj: int,
        activation: Activation | None = None,
        *,
        seed: int | None = None,
    ):
        super().__init__(cell, activation, seed)
        self.num_proj = checks.check_count("InputProjectionWrapper", "num_proj", num_proj)

    def build(self, num_inputs: int) -> None:
        with tf1.scope_of(self, calls=False):
            self._make(tf1.num_inputs(num_inputs), self.num_proj, self.cell.dtype)
            self.cell.build(self.num_proj)

    def call(self, inputs: tf.Tensor, state: Any) -> tuple[tf.Tensor, Any]:
        """One step of the cell inside, on its inputs after a linear layer."""
        _, D = checks.static_shape(inputs) or (None, None)
        if D is None:
            checks.fail(self.kind, "inputs", "[B, D] with D known before it runs", f"shape {inputs.shape}")
        self._make(D, self.num_proj, inputs.dtype)
        return self.cell(self._project(inputs), state)
