"""Backpropagation through time: the loop forward with a tape, and the loop backward."""

from typing import Any, NamedTuple

import numpy as np

from rnnbook import checks
from rnnbook.protocol import assert_like_cell, map_state
from rnnbook.scratch.cell import MEMBERS, Cell
from rnnbook.scratch.unroll import unroll


class UnrolledTape(NamedTuple):
    """What `forward_through_time` leaves behind: a tape a step, and which steps count."""

    steps: list[Any]
    valid: np.ndarray  # [T, B, 1]
    time_major: bool


def forward_through_time(
    cell: Cell,
    inputs: np.ndarray,
    sequence_length: Any = None,
    initial_state: Any = None,
    *,
    time_major: bool = False,
) -> tuple[np.ndarray, Any, UnrolledTape]:
    """`unroll` that also returns the tape which `backward_through_time` reads.

    Arguments, outputs and errors are those of `unroll`; the cell must also have a backward step.

    Taught in: book/3-learning/backpropagation-through-time.
    """
    assert_like_cell("forward_through_time", cell, MEMBERS)
    recorder = _Recorder(cell)
    outputs, state = unroll(recorder, inputs, sequence_length, initial_state, time_major=time_major)
    T, B = outputs.shape[:2] if time_major else outputs.shape[1::-1]
    lengths = np.full(B, T) if sequence_length is None else np.asarray(sequence_length)
    valid = np.arange(T)[:, None, None] < lengths[:, None]  # [T, B, 1]
    return outputs, state, UnrolledTape(recorder.tapes, valid, time_major)


class _Recorder:
    """A cell that takes the steps of another one and keeps their tapes."""

    def __init__(self, cell: Cell):
        self.state_size, self.output_size = cell.state_size, cell.output_size
        self.zero_state, self.cell = cell.zero_state, cell
        self.tapes: list[Any] = []

    def __call__(self, inputs: np.ndarray, state: Any) -> tuple[np.ndarray, Any]:
        output, new_state, tape = self.cell.forward(inputs, state)
        self.tapes.append(tape)
        return output, new_state


def backward_through_time(
    cell: Cell,
    tape: UnrolledTape,
    d_outputs: np.ndarray,
    d_state: Any = None,
    *,
    truncate: int | None = None,
) -> tuple[np.ndarray, Any, dict[str, np.ndarray]]:
    """Gradients of a loss through the whole loop, from the last step to the first.

    d_params = sum over t of the step's own; d_h(t-1) flows from step t to step t-1.

    Args:
        cell: the cell that ran forward.
        tape: from `forward_through_time`.
        d_outputs: gradient with respect to the outputs, in their shape.
        d_state: gradient with respect to the final state; None means zero.
        truncate: cuts the flow between steps at every multiple of this number, as if
            the sequence had been read in pieces with only the state's value carried.

    Returns:
        d_inputs in the inputs' shape, d_initial_state, d_params by name.

    Raises:
        ValueError: d_outputs of another shape than the outputs, truncate below one.
        TypeError: a cell without a backward step, a tape of another function.

    Taught in: book/3-learning/backpropagation-through-time. Source: Werbos (1990).
    """
    where = "backward_through_time"
    assert_like_cell(where, cell, MEMBERS)
    if not isinstance(tape, UnrolledTape):
        checks.fail(where, "tape", "the tape of forward_through_time", checks.what(tape), TypeError)
    T, B, _ = tape.valid.shape
    sizes = {"T": T, "B": B, "O": cell.output_size}
    checks.check_numpy(where, "d_outputs", d_outputs, "T B O" if tape.time_major else "B T O", sizes)
    checks.check_dtype(where, "d_outputs", d_outputs, cell.dtype)
    if truncate is not None:
        truncate = checks.check_count(where, "truncate", truncate)
    if not tape.time_major:
        d_outputs = d_outputs.swapaxes(0, 1)
    if d_state is not None:
        checks.check_state(where, "d_state", d_state, cell.state_size, B, cell.dtype, checks.check_numpy)
    zeros = cell.zero_state(B) if d_state is None else map_state(np.zeros_like, d_state)
    d_state = zeros if d_state is None else d_state

    gathered, d_params = [], {name: np.zeros_like(value) for name, value in cell.weights.items()}
    whole = tape.valid.sum(axis=(1, 2)) == B  # [T]: the step counts in every row
    for t in reversed(range(T)):
        if whole[t]:
            d_x, d_state, d_own = cell.backward(tape.steps[t], d_outputs[t], d_state)
        else:
            valid = tape.valid[t]
            # A step past a row's end copied the state through: its gradient passes it by.
            d_new = map_state(lambda d: np.where(valid, d, 0), d_state)  # noqa: B023
            passed = map_state(lambda d: np.where(valid, 0, d), d_state)  # noqa: B023
            d_x, d_old, d_own = cell.backward(tape.steps[t], np.where(valid, d_outputs[t], 0), d_new)
            d_state = map_state(np.add, d_old, passed)
        if truncate and t % truncate == 0 and t > 0:
            d_state = zeros
        gathered.append(d_x)
        for name, gradient in d_own.items():
            d_params[name] += gradient
    d_inputs = np.stack(gathered[::-1])  # [T, B, D]
    return (d_inputs if tape.time_major else d_inputs.swapaxes(0, 1)), d_state, d_params
