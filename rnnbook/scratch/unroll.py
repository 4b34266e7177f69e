"""Unrolling in NumPy: the loop over time, around any cell.

NumPy builds no graph, so static and dynamic unrolling are one function here.
"""

from functools import partial
from typing import Any

import numpy as np

from rnnbook import checks
from rnnbook.protocol import Cell, assert_like_cell, begin, map_state


def unroll(
    cell: Cell,
    inputs: np.ndarray,
    sequence_length: Any = None,
    initial_state: Any = None,
    *,
    time_major: bool = False,
) -> tuple[np.ndarray, Any]:
    """Run ``cell`` over every time step and collect its outputs.

    (y(t), h(t)) = cell(x(t), h(t-1)) for t = 0 .. T-1. Past a row's length the
    output is zero and the state is copied through; what the padding holds never matters.

    Args:
        cell: any object of the cell protocol.
        inputs: [B, T, D], or [T, B, D] with ``time_major``.
        sequence_length: [B] whole numbers from 0 to T; None means T for every row.
        initial_state: structured like ``cell.state_size``; None means zeros.
        time_major: whether time is the first axis of inputs and outputs.

    Returns:
        outputs [B, T, O] (or [T, B, O]), and the state after each row's last valid step.

    Raises:
        ValueError: a wrong rank or size, T = 0, a length outside 0 .. T.
        TypeError: inputs that are no array or no floats, lengths that are not whole;
            a cell that does not return ``output [B, O], new_state``.

    >>> from rnnbook.scratch import BasicRNNCell
    >>> outputs, state = unroll(BasicRNNCell(5, seed=0), np.ones((4, 2, 3)), [2, 1, 2, 2])
    >>> outputs.shape, outputs[1, 1].tolist(), np.array_equal(state[1], outputs[1, 0])
    ((4, 2, 5), [0.0, 0.0, 0.0, 0.0, 0.0], True)

    Taught in: book/2-unrolling/by-hand. Source: TensorFlow 1.x, dynamic_rnn.
    """
    assert_like_cell("unroll", cell)
    time_major = checks.check_flag("unroll", "time_major", time_major)
    checks.check_numpy("unroll", "inputs", inputs, "T B D" if time_major else "B T D", {})
    checks.check_float("unroll", "inputs", inputs)
    if not time_major:
        inputs = inputs.swapaxes(0, 1)
    T, B, _ = inputs.shape
    name, state = "initial_state", initial_state
    if state is None:
        name, state = "zero_state of the cell", cell.zero_state(B, inputs.dtype)
    else:
        begin(cell)
    checks.check_state("unroll", name, state, cell.state_size, B, inputs.dtype, checks.check_numpy)

    lengths = _lengths("unroll", sequence_length, B, T)
    valid, whole = np.arange(T)[:, None, None] < lengths[:, None], lengths.min()  # [T, B, 1], steps
    inputs = np.where(valid, inputs, 0)

    outputs = np.zeros((T, B, cell.output_size), inputs.dtype)
    for t in range(T):
        result = cell(inputs[t], state)
        if t == 0:
            checks.check_step("unroll", cell, result, B, inputs.dtype, checks.check_numpy)
        output, new_state = result
        if t >= whole:  # some row has ended
            output = np.where(valid[t], output, 0)
            new_state = map_state(partial(np.where, valid[t]), new_state, state)
        outputs[t], state = output, new_state
    return (outputs if time_major else outputs.swapaxes(0, 1)), state


def last_output(outputs: np.ndarray, sequence_length: Any = None) -> np.ndarray:
    """The output of each row's last valid step, from outputs [B, T, O]: [B, O].

    A row of length 0 has none; its result is zero.

    >>> last_output(np.arange(6.0).reshape(2, 3, 1), [2, 3]).tolist()
    [[1.0], [5.0]]

    Taught in: book/2-unrolling/variable-length-inputs.
    """
    checks.check_numpy("last_output", "outputs", outputs, "B T O", {})
    checks.check_float("last_output", "outputs", outputs)
    B, T, _ = outputs.shape
    lengths = _lengths("last_output", sequence_length, B, T)
    picked = outputs[np.arange(B), np.maximum(lengths - 1, 0)]  # [B, O]
    return np.where(lengths[:, None] > 0, picked, 0)


def _lengths(where: str, sequence_length: Any, B: int, T: int) -> np.ndarray:
    """The lengths, checked; T for every row when there are none."""
    if sequence_length is None:
        return np.full(B, T)
    return checks.check_lengths(where, "sequence_length", sequence_length, B, T)
