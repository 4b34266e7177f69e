"""Cells that hold cells, in TensorFlow 2: a stack, dropout, a shortcut, a readout."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from rnnbook import checks
from rnnbook.initial import glorot_uniform
from rnnbook.protocol import LSTMStateTuple
from rnnbook.tf.cell import MEMBERS, Cell, check_tensor


class MultiRNNCell(Cell):
    """A stack: the output of each cell is the input of the next.

    x(t) -> cells[0] -> cells[1] -> ... -> output;  the state is the tuple of all states.

    Args:
        cells: different objects, first the one nearest to the input.

    Raises:
        ValueError: the same cell twice (it would share its weights), or no cell.

    >>> from rnnbook.tf import BasicRNNCell
    >>> stack = MultiRNNCell([BasicRNNCell(5), BasicRNNCell(2)])
    >>> output, state = stack(tf.ones((4, 3)), stack.zero_state(4))
    >>> output.shape.as_list(), [leaf.shape.as_list() for leaf in state]
    ([4, 2], [[4, 5], [4, 2]])

    Taught in: book/5-variants/deep. Source: TensorFlow 1.x, MultiRNNCell.
    """

    def __init__(self, cells: Sequence[Cell]):
        super().__init__()
        checks.check_cells("MultiRNNCell", cells, MEMBERS)
        self.cells = tuple(cells)
        self.dtype = self.cells[0].dtype
        self.state_size = tuple(cell.state_size for cell in self.cells)
        self.output_size = self.cells[-1].output_size

    def build(self, num_inputs: int) -> None:
        for cell in self.cells:
            cell.build(num_inputs)
            num_inputs = cell.output_size

    def zero_state(self, batch_size: Any, dtype: Any = None) -> Any:
        return tuple(cell.zero_state(batch_size, dtype) for cell in self.cells)  # a cell may draw masks

    def __call__(self, inputs: tf.Tensor, state: Any) -> tuple[tf.Tensor, Any]:
        """One step through all layers."""
        check_tensor("MultiRNNCell", "inputs", inputs, "B D", {})
        checks.check_state("MultiRNNCell", "state", state, self.state_size, None, self.dtype, check_tensor)
        new_states = []
        for cell, its_state in zip(self.cells, state, strict=True):
            inputs, new_state = cell(inputs, its_state)
            new_states.append(new_state)
        return inputs, tuple(new_states)


class DropoutWrapper(Cell):
    """Dropout around a cell: each number is kept with keep_prob and divided by it, or is zero.

    y(t), h(t) = cell(m_in * x(t), h(t-1));  output m_out * y(t), state m_state * h(t)

    The masks m hold 0 or 1 / keep_prob, so means are preserved. An LSTM's c is never
    dropped. New masks are drawn at every step; with ``variational_recurrent`` they are
    drawn where a sequence begins and held until it ends. Unrollers and `zero_state` begin one; a
    loop of your own that starts from another state calls `begin` before it.

    Args:
        cell: the cell inside.
        input_keep_prob, output_keep_prob, state_keep_prob: the share that is kept, in (0, 1].
        variational_recurrent: the same masks at every step of a sequence.
        seed: of the masks.

    Raises:
        ValueError: a keep_prob outside (0, 1]; it is the share kept, not the rate dropped.

    >>> from rnnbook.tf import BasicRNNCell
    >>> cell = DropoutWrapper(BasicRNNCell(5, seed=0), output_keep_prob=0.5, seed=0)
    >>> cell.enabled.assign(False) is not None
    True

    Taught in: book/5-variants/dropout. Source: TensorFlow 1.x, DropoutWrapper.
    """

    def __init__(
        self,
        cell: Cell,
        input_keep_prob: float = 1.0,
        output_keep_prob: float = 1.0,
        state_keep_prob: float = 1.0,
        variational_recurrent: bool = False,
        seed: int | None = None,
    ):
        super().__init__()
        checks.check_cells("DropoutWrapper", [cell], MEMBERS)
        self.cell, self.dtype = cell, cell.dtype
        self.state_size, self.output_size = cell.state_size, cell.output_size
        self.input_keep_prob = checks.check_keep_prob("DropoutWrapper", "input_keep_prob", input_keep_prob)
        self.output_keep_prob = checks.check_keep_prob("DropoutWrapper", "output_keep_prob", output_keep_prob)
        self.state_keep_prob = checks.check_keep_prob("DropoutWrapper", "state_keep_prob", state_keep_prob)
        self.variational_recurrent = checks.check_flag(
            "DropoutWrapper", "variational_recurrent", variational_recurrent
        )
        seed = checks.check_seed("DropoutWrapper", seed)
        self._seed = int(np.random.SeedSequence(seed).generate_state(1)[0] >> 1)
        with tf.init_scope():
            self._enabled = tf.Variable(True, trainable=False, name="enabled")
            self._draws = tf.Variable(0, trainable=False, name="draws")

    @property
    def enabled(self) -> tf.Variable:
        """Whether anything is dropped. For evaluation ``wrapper.enabled.assign(False)`` switches
        all dropout off, also in functions that were compiled before.
        """
        return self._enabled

    @enabled.setter
    def enabled(self, value: Any) -> None:  # compiled functions would go on with the old variable
        checks.fail(
            "DropoutWrapper",
            "enabled",
            "switched by enabled.assign(...)",
            f"enabled = {checks.shown(value)}",
            TypeError,
        )

    def build(self, num_inputs: int) -> None:
        self.cell.build(num_inputs)

    def begin(self) -> None:
        """Draw new masks: a sequence begins."""
        self._draws.assign_add(1)

    def zero_state(self, batch_size: Any, dtype: Any = None) -> Any:
        self.begin()
        return self.cell.zero_state(batch_size, dtype)

    def __call__(self, inputs: tf.Tensor, state: Any) -> tuple[tf.Tensor, Any]:
        """One step of the cell inside, between masks."""
        check_tensor("DropoutWrapper", "inputs", inputs, "B D", {})
        checks.check_dtype("DropoutWrapper", "inputs", inputs, self.dtype)
        if not self.variational_recurrent:
            self._draws.assign_add(1)
        inputs = self._drop(inputs, self.input_keep_prob, 0)
        output, new_state = self.cell(inputs, state)
        return self._drop(output, self.output_keep_prob, 1), self._drop_state(new_state, [2])

    def _drop(self, values: tf.Tensor, keep_prob: float, stream: int) -> tf.Tensor:
        """Mask ``values``; each stream of one drawing has its own mask, the same at every call."""
        if keep_prob == 1:
            return values
        seed = tf.stack([self._seed + stream, self._draws])
        kept = tf.random.stateless_uniform(tf.shape(values), seed, dtype=values.dtype) < keep_prob
        dropped = tf.where(kept, values / keep_prob, tf.zeros_like(values))
        return tf.where(self.enabled, dropped, values)

    def _drop_state(self, state: Any, stream: list[int]) -> Any:
        if isinstance(state, LSTMStateTuple):
            return LSTMStateTuple(state.c, self._drop_state(state.h, stream))
        if isinstance(state, tuple):
            return tuple(self._drop_state(leaf, stream) for leaf in state)
        stream[0] += 1
        return self._drop(state, self.state_keep_prob, stream[0])


class ResidualWrapper(Cell):
    """A shortcut around a cell: output y(t) + x(t), state as it is.

    Args:
        cell: whose output size is its input size.

    Raises:
        ValueError: inputs of another size than the cell's output.

    >>> from rnnbook.tf import BasicRNNCell
    >>> cell = ResidualWrapper(BasicRNNCell(3, seed=0))
    >>> output, state = cell(tf.ones((4, 3)), cell.zero_state(4))
    >>> bool(tf.reduce_all(output == state + 1))
    True

    Taught in: book/5-variants/deep. Source: TensorFlow 1.x, ResidualWrapper.
    """

    def __init__(self, cell: Cell):
        super().__init__()
        checks.check_cells("ResidualWrapper", [cell], MEMBERS)
        self.cell, self.dtype = cell, cell.dtype
        self.state_size, self.output_size = cell.state_size, cell.output_size

    def build(self, num_inputs: int) -> None:
        self.cell.build(num_inputs)

    def zero_state(self, batch_size: Any, dtype: Any = None) -> Any:
        return self.cell.zero_state(batch_size, dtype)

    def __call__(self, inputs: tf.Tensor, state: Any) -> tuple[tf.Tensor, Any]:
        """One step of the cell inside, with its input added to its output."""
        check_tensor("ResidualWrapper", "inputs", inputs, "B D", {"D": self.output_size})
        output, new_state = self.cell(inputs, state)
        return output + inputs, new_state


class OutputProjectionWrapper(Cell):
    """A linear readout at every step: output y(t) W + b, state as it is.

    Args:
        cell: the cell inside, with output size P.
        output_size: O.
        seed: of the initial kernel.

    Weights: ``kernel [P, O]``, ``bias [O]``, and those of the cell.

    >>> from rnnbook.tf import BasicRNNCell
    >>> cell = OutputProjectionWrapper(BasicRNNCell(5, seed=0), 2, seed=1)
    >>> cell(tf.ones((4, 3)), cell.zero_state(4))[0].shape.as_list()
    [4, 2]

    Taught in: book/5-variants/deep. Source: TensorFlow 1.x, OutputProjectionWrapper.
    """

    def __init__(self, cell: Cell, output_size: int, *, seed: int | None = None):
        super().__init__()
        checks.check_cells("OutputProjectionWrapper", [cell], MEMBERS)
        self.cell, self.dtype, self.state_size = cell, cell.dtype, cell.state_size
        self.output_size = checks.check_count("OutputProjectionWrapper", "output_size", output_size)
        seed = checks.check_seed("OutputProjectionWrapper", seed)
        drawn = glorot_uniform((cell.output_size, self.output_size), self.dtype.as_numpy_dtype, seed)
        with tf.init_scope():
            self.kernel = tf.Variable(drawn, name="kernel")
            self.bias = tf.Variable(tf.zeros(self.output_size, self.dtype), name="bias")

    def build(self, num_inputs: int) -> None:
        self.cell.build(num_inputs)

    def zero_state(self, batch_size: Any, dtype: Any = None) -> Any:
        return self.cell.zero_state(batch_size, dtype)

    def __call__(self, inputs: tf.Tensor, state: Any) -> tuple[tf.Tensor, Any]:
        """One step of the cell inside, its output read by a linear layer."""
        output, new_state = self.cell(inputs, state)
        return output @ self.kernel + self.bias, new_state
