"""All steps of a linear recurrence in NumPy, in rounds whose number is the logarithm of the steps."""

from typing import Any

import numpy as np

from rnnbook import checks


def parallel_scan(keep: np.ndarray, add: np.ndarray, initial_state: Any = None) -> np.ndarray:
    """The states of a linear recurrence, each entry of the state for itself.

    h(t) = keep(t) * h(t-1) + add(t) for t = 0 .. T-1

    Two steps in a row are one step of the same form, so pairs of steps can be joined, then pairs
    of pairs. After the round with the shift k, an entry of ``keep`` and ``add`` spans 2k steps.

    Args:
        keep: [B, T, H], of any sign.
        add: [B, T, H].
        initial_state: [B, H]; None means zeros.

    Returns:
        h [B, T, H], after ceil(log2 T) rounds over all steps.

    Raises:
        ValueError: a wrong rank or size, T = 0.
        TypeError: arrays that are none, no floats or of two dtypes.

    >>> halves, ones = np.full((1, 4, 1), 0.5), np.ones((1, 4, 1))
    >>> parallel_scan(halves, ones).ravel().tolist()
    [1.0, 1.5, 1.75, 1.875]

    Taught in: book/6-applications/what-came-after. Source: Hillis and Steele (1986).
    """
    where = "parallel_scan"
    checks.check_numpy(where, "keep", keep, "B T H", {})
    checks.check_float(where, "keep", keep)
    B, T, H = keep.shape
    checks.check_numpy(where, "add", add, "B T H", {"B": B, "T": T, "H": H}, keep.dtype)
    keep, h = keep.copy(), add.copy()
    if initial_state is not None:
        checks.check_numpy(where, "initial_state", initial_state, "B H", {"B": B, "H": H}, keep.dtype)
        h[:, 0] += keep[:, 0] * initial_state

    k = 1
    while k < T:
        h[:, k:] += keep[:, k:] * h[:, :-k]
        keep[:, k:] = keep[:, k:] * keep[:, :-k]
        k *= 2
    return h
