"""Cells that hold cells, in NumPy: stacking and dropout, forward and backward."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from rnnbook import checks
from rnnbook.protocol import LSTMStateTuple, map_state
from rnnbook.scratch.cell import MEMBERS, Cell


class MultiRNNCell(Cell):
    """A stack: the output of each cell is the input of the next.

    x(t) -> cells[0] -> cells[1] -> ... -> output;  the state is the tuple of all states.

    Args:
        cells: different objects, first the one nearest to the input.

    Raises:
        ValueError: the same cell twice (it would share its weights), or no cell.

    Weights: ``cell_0/kernel`` and so on, in `weights`.

    >>> from rnnbook.scratch import BasicRNNCell
    >>> stack = MultiRNNCell([BasicRNNCell(5, seed=0), BasicRNNCell(2, seed=1)])
    >>> output, state = stack(np.ones((4, 3)), stack.zero_state(4))
    >>> output.shape, [leaf.shape for leaf in state]
    ((4, 2), [(4, 5), (4, 2)])

    Taught in: book/5-variants/deep. Source: TensorFlow 1.x, MultiRNNCell.
    """

    def __init__(self, cells: Sequence[Cell]):
        checks.check_cells("MultiRNNCell", cells, MEMBERS)
        self.cells = tuple(cells)
        self.dtype = self.cells[0].dtype
        self.state_size = tuple(cell.state_size for cell in self.cells)
        self.output_size = self.cells[-1].output_size

    @property
    def weights(self) -> dict[str, np.ndarray]:
        return _named((f"cell_{n}", cell.weights) for n, cell in enumerate(self.cells))

    def build(self, num_inputs: int) -> None:
        for cell in self.cells:
            cell.build(num_inputs)
            num_inputs = cell.output_size

    def zero_state(self, batch_size: int, dtype: Any = None) -> Any:
        return tuple(cell.zero_state(batch_size, dtype) for cell in self.cells)  # a cell may draw masks

    def forward(self, inputs: np.ndarray, state: Any) -> tuple[np.ndarray, Any, Any]:
        checks.check_numpy("MultiRNNCell", "inputs", inputs, "B D", {})
        self._check_state("MultiRNNCell", "state", state, len(inputs))
        new_states, tapes = [], []
        for cell, its_state in zip(self.cells, state, strict=True):
            inputs, new_state, tape = cell.forward(inputs, its_state)
            new_states.append(new_state)
            tapes.append(tape)
        return inputs, tuple(new_states), tuple(tapes)

    def backward(
        self, tape: Any, d_output: np.ndarray, d_new_state: Any
    ) -> tuple[np.ndarray, Any, dict[str, np.ndarray]]:
        """Gradients through one step of every layer, from the last to the first."""
        if not isinstance(tape, tuple) or len(tape) != len(self.cells):
            checks.fail("MultiRNNCell.backward", "tape", "the tape of forward", checks.what(tape), TypeError)
        checks.check_numpy("MultiRNNCell.backward", "d_output", d_output, "B H", {})
        self._check_gradients(d_output, d_new_state, len(d_output))
        d_states, d_params = [], []
        for n in reversed(range(len(self.cells))):
            d_output, d_state, d_own = self.cells[n].backward(tape[n], d_output, d_new_state[n])
            d_states.append(d_state)
            d_params.append((f"cell_{n}", d_own))
        return d_output, tuple(reversed(d_states)), _named(reversed(d_params))


class DropoutTape(NamedTuple):
    """What a step of `DropoutWrapper` leaves behind: its masks, and the tape of the cell inside.

    A mask is None where nothing is dropped.
    """

    m_in: np.ndarray | None
    m_out: np.ndarray | None
    m_state: Any
    inner: Any
    rows: int  # B


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

    Attributes:
        enabled: False switches all dropout off, for evaluation.

    Raises:
        ValueError: a keep_prob outside (0, 1]; it is the share kept, not the rate dropped.

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
        checks.check_cells("DropoutWrapper", [cell], MEMBERS)
        self.cell, self.dtype = cell, cell.dtype
        self.state_size, self.output_size = cell.state_size, cell.output_size
        self.input_keep_prob = checks.check_keep_prob("DropoutWrapper", "input_keep_prob", input_keep_prob)
        self.output_keep_prob = checks.check_keep_prob("DropoutWrapper", "output_keep_prob", output_keep_prob)
        self.state_keep_prob = checks.check_keep_prob("DropoutWrapper", "state_keep_prob", state_keep_prob)
        self.variational_recurrent = checks.check_flag(
            "DropoutWrapper", "variational_recurrent", variational_recurrent
        )
        self.enabled = True
        seed = checks.check_seed("DropoutWrapper", seed)
        self._seed = int(np.random.SeedSequence(seed).generate_state(1)[0])
        self._draws = 0

    @property
    def weights(self) -> dict[str, np.ndarray]:
        return self.cell.weights

    def build(self, num_inputs: int) -> None:
        self.cell.build(num_inputs)

    def begin(self) -> None:
        """Draw new masks: a sequence begins."""
        self._draws += 1

    def zero_state(self, batch_size: int, dtype: Any = None) -> Any:
        self.begin()
        return self.cell.zero_state(batch_size, dtype)

    def forward(self, inputs: np.ndarray, state: Any) -> tuple[np.ndarray, Any, Any]:
        checks.check_flag("DropoutWrapper", "enabled", self.enabled)
        checks.check_numpy("DropoutWrapper", "inputs", inputs, "B D", {}, self.dtype)
        if not self.variational_recurrent:
            self._draws += 1
        rows, rng = len(inputs), self._coins()
        m_in = self._mask(rng, inputs.shape, self.input_keep_prob)
        m_out = self._mask(rng, (rows, self.output_size), self.output_keep_prob)
        output, new_state, tape = self.cell.forward(_masked(m_in, inputs), state)
        m_state = self._state_masks(rng, new_state)
        if m_state is not None:
            new_state = map_state(_masked, m_state, new_state)
        return _masked(m_out, output), new_state, DropoutTape(m_in, m_out, m_state, tape, rows)

    def backward(
        self, tape: Any, d_output: np.ndarray, d_new_state: Any
    ) -> tuple[np.ndarray, Any, dict[str, np.ndarray]]:
        """Gradients through one step: what was dropped gets none."""
        if not isinstance(tape, DropoutTape):
            checks.fail(
                "DropoutWrapper.backward", "tape", "the tape of forward", checks.what(tape), TypeError
            )
        m_in, m_out, m_state, inner, rows = tape
        self._check_gradients(d_output, d_new_state, rows)
        if m_state is not None:
            d_new_state = map_state(_masked, m_state, d_new_state)
        d_inputs, d_state, d_params = self.cell.backward(inner, _masked(m_out, d_output), d_new_state)
        return _masked(m_in, d_inputs), d_state, d_params

    def _coins(self) -> np.random.Generator | None:
        """What the masks of this step are drawn from; None where nothing is dropped."""
        keeps_all = self.input_keep_prob == self.output_keep_prob == self.state_keep_prob == 1
        return None if keeps_all or not self.enabled else np.random.default_rng([self._seed, self._draws])

    def _mask(
        self, rng: np.random.Generator | None, shape: tuple[int, ...], keep_prob: float
    ) -> np.ndarray | None:
        if rng is None or keep_prob == 1:
            return None
        return ((rng.random(shape) < keep_prob) / keep_prob).astype(self.dtype)

    def _state_masks(self, rng: np.random.Generator | None, state: Any) -> Any:
        if rng is None or self.state_keep_prob == 1:
            return None
        if isinstance(state, LSTMStateTuple):
            return LSTMStateTuple(None, self._state_masks(rng, state.h))
        if isinstance(state, tuple):
            return tuple(self._state_masks(rng, leaf) for leaf in state)
        return self._mask(rng, state.shape, self.state_keep_prob)


def _masked(mask: np.ndarray | None, value: np.ndarray) -> np.ndarray:
    return value if mask is None else mask * value


def _named(parts: Any) -> dict[str, np.ndarray]:
    """One flat dictionary out of (prefix, dictionary) pairs: {"cell_0/kernel": ...}."""
    return {f"{prefix}/{name}": value for prefix, own in parts for name, value in own.items()}
