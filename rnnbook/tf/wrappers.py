"""Cells that hold cells, in TensorFlow 2: a stack, dropout, a shortcut."""

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any

import tensorflow as tf

from rnnbook import checks
from rnnbook.tf import tf1
from rnnbook.tf.cell import MEMBERS, Cell, Wrapper, check_tensor, checked_result


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

    @tf1.takes("cells state_is_tuple")
    def __init__(self, cells: Sequence[Cell]):
        super().__init__()
        checks.check_cells("MultiRNNCell", cells, MEMBERS)
        self.cells = tuple(cells)
        self.state_size = tuple(cell.state_size for cell in self.cells)
        self.output_size = self.cells[-1].output_size

    @property
    def _dtype(self) -> Any:
        return getattr(self.cells[0], "_dtype", self.cells[0].dtype)

    def build(self, num_inputs: int) -> None:
        with tf1.scope_of(self, calls=False):
            for n, cell in enumerate(self.cells):
                with tf1.scope(f"cell_{n}"):
                    cell.build(num_inputs)
                num_inputs = cell.output_size

    def zero_state(self, batch_size: Any, dtype: Any = None) -> Any:
        return tuple(cell.zero_state(batch_size, dtype) for cell in self.cells)  # a cell may draw masks

    def enter(self, inputs: tf.Tensor, state: Any) -> Any:
        check_tensor("MultiRNNCell", "inputs", inputs, "B D", {})
        state = tf1.as_state(state, self.state_size)
        checks.check_state("MultiRNNCell", "state", state, self.state_size, None, inputs.dtype, check_tensor)
        return state

    def call(self, inputs: tf.Tensor, state: Any) -> tuple[tf.Tensor, Any]:
        """One step through all layers."""
        new_states = []
        for n, (cell, its_state) in enumerate(zip(self.cells, state, strict=True)):
            with tf1.scope(f"cell_{n}"):
                inputs, new_state = cell(inputs, its_state)
            new_states.append(new_state)
        return inputs, tuple(new_states)


class DropoutWrapper(Wrapper):
    """Dropout around a cell: each number is kept with keep_prob and divided by it, or is zero.

    y(t), h(t) = cell(m_in * x(t), h(t-1));  output m_out * y(t), state m_state * h(t)

    The masks m hold 0 or 1 / keep_prob, so means are preserved. An LSTM's c is never
    dropped. New masks are drawn at every step; with ``variational_recurrent`` they are
    drawn where a sequence begins and held until it ends. Unrollers and `zero_state` begin one; a
    loop of your own that starts from another state calls `begin` before it.

    Args:
        cell: the cell inside.
        input_keep_prob, output_keep_prob, state_keep_prob: the share that is kept, in (0, 1]; a
            number, or a scalar tensor.
        variational_recurrent: the same masks at every step of a sequence.
        seed: of the masks.
        dropout_state_filter_visitor: which parts of a state are dropped, as in TF 1.x.

    Raises:
        ValueError: a keep_prob outside (0, 1]; it is the share kept, not the rate dropped.

    >>> from rnnbook.tf import BasicRNNCell
    >>> cell = DropoutWrapper(BasicRNNCell(5, seed=0), output_keep_prob=0.5, seed=0)
    >>> cell.enabled.assign(False) is not None
    True

    Taught in: book/5-variants/dropout. Source: TensorFlow 1.x, DropoutWrapper.
    """

    @tf1.takes(
        "cell input_keep_prob output_keep_prob state_keep_prob variational_recurrent "
        "input_size dtype seed dropout_state_filter_visitor"
    )
    def __init__(
        self,
        cell: Cell,
        input_keep_prob: Any = 1.0,
        output_keep_prob: Any = 1.0,
        state_keep_prob: Any = 1.0,
        variational_recurrent: bool = False,
        *,
        seed: int | None = None,
        dropout_state_filter_visitor: Callable[[Any], Any] | None = None,
    ):
        super().__init__(cell)
        where = "DropoutWrapper"
        self.input_keep_prob = tf1.keep_prob("input_keep_prob", input_keep_prob)
        self.output_keep_prob = tf1.keep_prob("output_keep_prob", output_keep_prob)
        self.state_keep_prob = tf1.keep_prob("state_keep_prob", state_keep_prob)
        self.variational_recurrent = checks.check_flag(where, "variational_recurrent", variational_recurrent)
        visitor = dropout_state_filter_visitor or tf1.all_but_c
        if not callable(visitor):
            expected = "a function from a state to a choice"
            checks.fail(where, "dropout_state_filter_visitor", expected, checks.shown(visitor), TypeError)
        self.dropped_states = visitor
        self._given_seed = checks.check_seed(where, seed)
        self._seed = tf1.mask_seed(seed)
        self._enabled, self._draws = tf1.switches(seed)

    @property
    def enabled(self) -> tf.Variable:
        """Whether anything is dropped. For evaluation ``wrapper.enabled.assign(False)`` switches
        all dropout off, also in functions that were compiled before. In a graph with a session
        nothing can be assigned: there it is a tensor, and ``{wrapper.enabled: False}`` is fed.
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

    def begin(self) -> None:
        """Draw new masks: a sequence begins."""
        self._draw()

    def zero_state(self, batch_size: Any, dtype: Any = None) -> Any:
        self.begin()
        return self.cell.zero_state(batch_size, dtype)

    def __call__(self, inputs: tf.Tensor, state: Any, scope: Any = None) -> tuple[tf.Tensor, Any]:
        """One step of the cell inside, between masks."""
        check_tensor("DropoutWrapper", "inputs", inputs, "B D", {})
        self.check_dtype(inputs)
        if not self.variational_recurrent:
            state = self._draw(state)
        inputs = self._drop(inputs, self.input_keep_prob, 0)
        output, new_state = self.inside(inputs, state, scope)
        output = self._drop(output, self.output_keep_prob, 1)
        return output, self._drop_state(new_state, count(3))  # after the streams of x and y

    def _draw(self, state: Any = ()) -> Any:
        """Let the next masks be others, in the step that begins with the state that is returned."""
        self._draws, state = tf1.next_draw(self._draws, self._given_seed, state)
        return state

    def _drop(self, values: tf.Tensor, keep_prob: Any, stream: int) -> tf.Tensor:
        """Mask ``values``; each stream of one drawing has its own mask, the same at every call."""
        if isinstance(keep_prob, float) and keep_prob == 1:
            return values
        keep_prob = tf1.share_kept(keep_prob, values.dtype)
        seed = tf.stack([self._seed + stream, self._draws])
        gone = tf.random.stateless_uniform(tf.shape(values), seed, dtype=values.dtype) >= keep_prob
        dropped = tf.where(gone, tf.zeros_like(values), values / keep_prob)
        return tf.where(self.enabled, dropped, values)

    def _drop_state(self, state: Any, streams: Iterator[int]) -> Any:
        """``state`` with a mask on each part that `dropped_states` chooses."""
        chosen = self.dropped_states(state)
        if not isinstance(state, tuple):
            return self._drop(state, self.state_keep_prob, next(streams)) if chosen else state
        choices = [chosen] * len(state) if isinstance(chosen, bool) else chosen
        parts = [
            self._drop_state(part, streams) if choice else part
            for part, choice in zip(state, choices, strict=True)
        ]
        return type(state)(*parts) if hasattr(state, "_fields") else tuple(parts)


class ResidualWrapper(Wrapper):
    """A shortcut around a cell: output y(t) + x(t), state as it is.

    Args:
        cell: whose output size is its input size.
        residual_fn: of x(t) and y(t), in the place of their sum, whose sizes it may choose.

    Raises:
        ValueError: inputs of another size than the cell's output.

    >>> from rnnbook.tf import BasicRNNCell
    >>> cell = ResidualWrapper(BasicRNNCell(3, seed=0))
    >>> output, state = cell(tf.ones((4, 3)), cell.zero_state(4))
    >>> bool(tf.reduce_all(output == state + 1))
    True

    Taught in: book/5-variants/deep. Source: TensorFlow 1.x, ResidualWrapper.
    """

    @tf1.takes()
    def __init__(self, cell: Cell, residual_fn: Callable[..., tf.Tensor] | None = None):
        super().__init__(cell)
        if residual_fn is not None and not callable(residual_fn):
            expected = "a function of inputs and output"
            checks.fail("ResidualWrapper", "residual_fn", expected, checks.shown(residual_fn), TypeError)
        self.residual_fn = residual_fn

    def __call__(self, inputs: tf.Tensor, state: Any, scope: Any = None) -> tuple[tf.Tensor, Any]:
        """One step of the cell inside, with its input added to its output."""
        sizes = {} if self.residual_fn else {"D": self.output_size}
        check_tensor("ResidualWrapper", "inputs", inputs, "B D", sizes)
        output, new_state = self.inside(inputs, state, scope)
        if self.residual_fn is None:
            return output + inputs, new_state
        result = self.residual_fn(inputs, output)
        return checked_result("ResidualWrapper", "residual_fn", result, output, "B O"), new_state
