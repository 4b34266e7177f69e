"""Checks of states, and of what the steps that users write return."""

from collections.abc import Callable
from itertools import repeat
from math import inf
from typing import Any

import numpy as np

from rnnbook.checks.arrays import check_array, check_dtype, check_real, static_shape
from rnnbook.checks.errors import describe, fail, what
from rnnbook.checks.values import check_count, check_number, check_seed
from rnnbook.protocol import Cell, map_state, same_structure

Check = Callable[..., None]  # check_array, or the stricter one of a half
MOST = 2**31 - 1  # of an int32, in which TensorFlow keeps tokens


def check_state(
    where: str,
    name: str,
    state: Any,
    state_size: Any,
    batch_size: int | None,
    dtype: Any,
    check: Check = check_array,
) -> None:
    """Check structure, shapes and dtype of a state against a cell's ``state_size``."""
    if _is_as_wanted(state, state_size, batch_size, dtype):
        return
    if isinstance(state, list) or not same_structure(state, state_size):
        fail(where, name, f"structured like state_size {state_size!r}", describe(state))

    def leaf(value: Any, size: int) -> None:
        check(where, name, value, "B H", {"B": batch_size, "H": size})
        check_dtype(where, name, value, dtype)

    map_state(leaf, state, state_size)


def _is_as_wanted(state: Any, size: Any, batch_size: int | None, dtype: Any) -> bool:
    """Whether nothing can be wrong with a state of NumPy arrays, told in no time; False says nothing yet."""
    if type(state) is np.ndarray:
        return state.shape == (batch_size, size) and state.dtype == dtype and state.size > 0
    if type(state) is not type(size) or not isinstance(state, tuple) or len(state) != len(size):
        return False
    return all(map(_is_as_wanted, state, size, repeat(batch_size), repeat(dtype)))


def check_pair(where: str, name: str, result: Any, form: str) -> None:
    """Check that a step returned two things; an array of two rows would unpack in silence."""
    if not isinstance(result, tuple) or len(result) != 2:
        came = f"a tuple of {len(result)}" if isinstance(result, tuple) else what(result)
        fail(where, name, form, came, TypeError)


def check_step(
    where: str, cell: Cell, result: Any, batch_size: int | None, dtype: Any, check: Check = check_array
) -> None:
    """Check what a cell that anyone may have written returned: ``(output [B, O], new_state)``."""
    check_pair(where, "what the cell returns", result, "(output, new_state)")
    output, new_state = result
    check(where, "output of the cell", output, "B O", {"B": batch_size, "O": cell.output_size})
    check_dtype(where, "output of the cell", output, dtype)
    check_state(where, "new_state of the cell", new_state, cell.state_size, batch_size, dtype, check)


def check_rows(where: str, name: str, state: Any) -> int | None:
    """The one number of rows B of all arrays of a state; None when it is not known yet."""
    shapes: list[Any] = []
    map_state(lambda leaf: shapes.append(static_shape(leaf) if hasattr(leaf, "shape") else ()), state)
    rows = {None if shape is None else next(iter(shape), 0) for shape in shapes}  # 0: no array, or no axis
    known = rows - {None}
    if not rows or 0 in known or len(known) > 1:
        fail(where, name, "an array, or a tuple of arrays, of B rows each", describe(state), TypeError)
    return known.pop() if known else None


def check_decoder(where: str, step: Any, state: Any, start: Any, end: Any, max_steps: Any) -> Any:
    """Check the arguments of a decoder; return its number of rows B (None when not known yet)."""
    if not callable(step):
        fail(where, "step", "a function from (tokens, state) to (logits, state)", what(step), TypeError)
    check_count(where, "start_token", start, least=0)
    check_count(where, "end_token", end, least=0)
    check_count(where, "max_steps", max_steps)
    for name, value in (("start_token", start), ("end_token", end), ("max_steps", max_steps)):
        if value > MOST:
            fail(where, name, f"at most {MOST}", value)
    return check_rows(where, "initial_state", state)


def check_beam(where: str, width: Any, length_power: Any) -> None:
    """Check what a beam search asks for beside what every decoder does."""
    check_count(where, "width", width)
    check_number(where, "length_power", length_power, "finite and at least 0", lambda x: 0 <= x < inf)


def check_sampling(where: str, temperature: Any, top_k: Any, top_p: Any, seed: Any) -> None:
    """Check what sampled decoding asks for beside what every decoder does."""
    check_number(where, "temperature", temperature, "above 0 and finite", lambda x: 0 < x < inf)
    if top_k is not None:
        check_count(where, "top_k", top_k)
    if top_p is not None:
        check_number(where, "top_p", top_p, "above 0 and at most 1, the share kept", lambda x: 0 < x <= 1)
    check_seed(where, seed)


def check_kept(where: str, top_k: int | None, vocabulary: int) -> None:
    """Check that there are as many tokens as are to be kept."""
    if top_k is not None and top_k > vocabulary:
        fail(where, "top_k", f"at most V={vocabulary}", top_k)


def check_plain_state(where: str, name: str, state: Any) -> None:
    """Check that all leaves of a state are arrays of the NumPy half."""
    leaves: list[Any] = []
    map_state(leaves.append, state)
    for leaf in leaves:
        if not isinstance(leaf, np.ndarray):
            fail(where, name, "a NumPy array, or a tuple of NumPy arrays", what(leaf), TypeError)


def check_beam_rows(where: str, state: Any, rows: int | None) -> None:
    """Check that a step has kept all rows of a beam; those that are chosen are looked up in it."""
    came = check_rows(where, "state after a step", state)
    if None not in (came, rows) and came != rows:
        fail(where, "state after a step", f"of B*width={rows} rows", came)


def check_logits(
    where: str, result: Any, state: Any, batch_size: int | None, end_token: int, rows: str = "B"
) -> None:
    """Check what a decoder's step returned: ``(logits [B, V], state)``; ``rows`` names the first axis."""
    check_pair(where, "what step returns", result, "(logits, state)")
    logits, new_state = result
    check_array(where, "logits", logits, f"{rows} V", {rows: batch_size})
    check_real(where, "logits", logits)
    vocabulary = (static_shape(logits) or (None, None))[1]
    if vocabulary is not None and end_token >= vocabulary:
        fail(where, "end_token", f"below V={vocabulary}, or no row could end", end_token)
    if not same_structure(new_state, state) or isinstance(new_state, list):
        fail(where, "state after a step", "structured like initial_state", describe(new_state), TypeError)
