"""Two loops in opposite directions over the same batch, in NumPy."""

from typing import Any

import numpy as np

from rnnbook import checks
from rnnbook.protocol import Cell
from rnnbook.scratch.unroll import unroll


def unroll_bidirectional(
    cell_fw: Cell,
    cell_bw: Cell,
    inputs: np.ndarray,
    sequence_length: Any = None,
    initial_state_fw: Any = None,
    initial_state_bw: Any = None,
    *,
    time_major: bool = False,
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[Any, Any]]:
    """Unroll one cell forward and another one backward over the same inputs.

    fw: h(t) from x(0) .. x(t);  bw: h(t) from x(T-1) .. x(t), or from a row's last valid
    step. Both outputs stand in the order of the inputs.

    Args:
        cell_fw, cell_bw: two different cells.
        inputs, sequence_length, time_major: as in `unroll`.
        initial_state_fw, initial_state_bw: structured like each cell's ``state_size``.

    Returns:
        ((outputs_fw, outputs_bw), (state_fw, state_bw)); join the outputs with
        ``np.concatenate(outputs, axis=2)``. state_bw is the one after step 0.

    Raises:
        ValueError: the same cell twice, and whatever `unroll` raises.

    >>> from rnnbook.scratch import BasicRNNCell
    >>> outputs, states = unroll_bidirectional(BasicRNNCell(5), BasicRNNCell(2), np.ones((4, 6, 3)))
    >>> np.concatenate(outputs, axis=2).shape
    (4, 6, 7)

    Taught in: book/5-variants/bidirectional. Source: Schuster and Paliwal (1997).
    """
    checks.check_two_cells("unroll_bidirectional", cell_fw, cell_bw)
    outputs_fw, state_fw = unroll(cell_fw, inputs, sequence_length, initial_state_fw, time_major=time_major)
    backwards = reverse_sequence(inputs, sequence_length, time_major=time_major)
    outputs_bw, state_bw = unroll(
        cell_bw, backwards, sequence_length, initial_state_bw, time_major=time_major
    )
    outputs_bw = reverse_sequence(outputs_bw, sequence_length, time_major=time_major)
    return (outputs_fw, outputs_bw), (state_fw, state_bw)


def reverse_sequence(
    values: np.ndarray, sequence_length: Any = None, *, time_major: bool = False
) -> np.ndarray:
    """Turn every row's valid steps round and leave its padding where it is; twice is the identity.

    >>> reverse_sequence(np.arange(6.0).reshape(2, 3, 1), [2, 3])[:, :, 0].tolist()
    [[1.0, 0.0, 2.0], [5.0, 4.0, 3.0]]

    Taught in: book/5-variants/bidirectional.
    """
    time_major = checks.check_flag("reverse_sequence", "time_major", time_major)
    checks.check_numpy("reverse_sequence", "values", values, "T B D" if time_major else "B T D", {})
    rows = values.swapaxes(0, 1) if time_major else values  # [B, T, D]
    B, T, _ = rows.shape
    lengths = np.full(B, T) if sequence_length is None else sequence_length
    lengths = checks.check_lengths("reverse_sequence", "sequence_length", lengths, B, T)
    steps = np.arange(T)
    source = np.where(steps < lengths[:, None], lengths[:, None] - 1 - steps, steps)  # [B, T]
    turned = rows[np.arange(B)[:, None], source]
    return turned.swapaxes(0, 1) if time_major else turned
