"""Argument checks with one error form: function, argument, what was expected, what came.

`dynamic_rnn: inputs must be [B, T, D]; got shape (2, 3)`

Each check works on NumPy arrays and, without importing TensorFlow, on tensors:
it reads `shape` and `dtype` only, and an unknown size (None) is never an error.
"""

import reprlib
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from rnnbook.protocol import Cell, assert_like_cell, map_state, same_structure


def fail(where: str, name: str, expected: str, got: object, kind: type[Exception] = ValueError) -> NoReturn:
    """Raise ``kind`` with the one message form of this project."""
    raise kind(f"{where}: {name} must be {expected}; got {got}")


def what(value: Any) -> str:
    """What came, in words: 'None', 'a list', 'an EagerTensor'."""
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{'an' if name.startswith((*'aeioAEIO', 'nd')) else 'a'} {name}"


def describe(state: Any) -> str:
    """A state in a few words: types and shapes, never the numbers."""
    if hasattr(state, "shape"):
        return f"shape {static_shape(state)}"
    if isinstance(state, tuple) or (isinstance(state, list) and hasattr(next(iter(state), 0), "shape")):
        return f"{type(state).__name__}({', '.join(map(describe, state))})"
    return what(state)


def static_shape(value: Any) -> tuple[int | None, ...] | None:
    """The shape as a tuple with None for unknown sizes; None when the rank is unknown."""
    shape = value.shape
    if hasattr(shape, "rank"):  # tf.TensorShape
        return None if shape.rank is None else tuple(shape.as_list())
    return tuple(shape)


def dtype_name(value: Any) -> str:
    """'float32' for an array, a tensor, a variable or a dtype."""
    dtype = value if isinstance(value, type) else getattr(value, "dtype", value)
    return getattr(dtype, "name", None) or np.dtype(dtype).name


def axes(letters: str) -> str:
    """'[B, T, D]' for "B T D"."""
    return f"[{', '.join(letters.split())}]"


def to_array(where: str, name: str, value: Any, expected: str) -> np.ndarray:
    """What came as a NumPy array of numbers: no unequal rows, no words, no None among them."""
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        fail(where, name, expected, f"{what(value)} of unequal rows", TypeError)
    if array.dtype.kind in "OUS":
        fail(where, name, expected, reprlib.repr(value), TypeError)
    return array


def check_array(
    where: str, name: str, value: Any, letters: str, sizes: dict[str, int | None], *, empty: str = ""
) -> None:
    """Check rank and every size that is known; no axis but those in ``empty`` may have size 0.

    ``letters`` names the axes ("B T D"); ``sizes`` gives the sizes already settled.

    >>> check_array("cell", "inputs", np.zeros((4, 3)), "B D", {"D": 2})
    Traceback (most recent call last):
    ...
    ValueError: cell: inputs must be [B, D] with D=2; got shape (4, 3)
    """
    form = axes(letters)
    if not hasattr(value, "shape") or not hasattr(value, "dtype"):
        fail(where, name, f"an array {form}", what(value), TypeError)
    shape = static_shape(value)
    if shape is None:
        return
    if len(shape) != len(letters.split()):
        fail(where, name, form, f"shape {shape}")
    for axis, size in zip(letters.split(), shape, strict=True):
        known = sizes.get(axis)
        if size is not None and known is not None and size != known:
            fail(where, name, f"{form} with {axis}={known}", f"shape {shape}")
        if size == 0 and axis not in empty:
            fail(where, name, f"{form} with {axis} of at least 1", f"shape {shape}")


def check_numpy(where: str, name: str, value: Any, letters: str, sizes: dict[str, int | None]) -> None:
    """Check an array of the NumPy half: a tensor would lose its gradient there in silence."""
    if not isinstance(value, np.ndarray):
        fail(where, name, f"a NumPy array {axes(letters)}", what(value), TypeError)
    check_array(where, name, value, letters, sizes)


def check_dtype(where: str, name: str, value: Any, expected: Any) -> None:
    """Check that ``value`` has the floating dtype ``expected``; nothing is cast in silence."""
    want, came = dtype_name(expected), dtype_name(value)
    if want != came:
        fail(where, name, want, came, TypeError)


def check_float(where: str, name: str, value: Any) -> None:
    """Check that ``value`` is of a floating dtype; integers would be cut off by a kernel."""
    came = dtype_name(value)
    if "float" not in came:
        fail(where, name, "of a floating dtype", came, TypeError)


def floating(where: str, name: str, dtype: Any, library: str, convert: Callable[[Any], Any]) -> Any:
    """``dtype`` as the library's own dtype, made by ``convert``; None is no dtype here.

    >>> floating("cell", "dtype", "int32", "NumPy", np.dtype)
    Traceback (most recent call last):
    ...
    TypeError: cell: dtype must be a floating dtype of NumPy; got 'int32'
    """
    try:
        found = None if dtype is None else convert(dtype)
    except TypeError:
        found = None
    if found is None or "float" not in found.name:
        fail(where, name, f"a floating dtype of {library}", repr(dtype), TypeError)
    return found


def check_count(where: str, name: str, value: Any, least: int = 1) -> int:
    """Check a whole number: of units, inputs or steps; a token or a seed with ``least=0``.

    >>> check_count("BasicRNNCell", "num_units", 0)
    Traceback (most recent call last):
    ...
    ValueError: BasicRNNCell: num_units must be a whole number of at least 1; got 0
    """
    expected = f"a whole number of at least {least}"
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        fail(where, name, expected, repr(value), TypeError)
    if value < least:
        fail(where, name, expected, value)
    return int(value)


def check_lengths(
    where: str, name: str, value: Any, batch_size: int | None, time_steps: int | None
) -> np.ndarray:
    """Lengths known now as an array [B]: whole, one a row, 0 to T."""
    lengths = to_array(where, name, value, "whole numbers [B]")
    check_array(where, name, lengths, "B", {"B": batch_size})
    if lengths.dtype.kind not in "iu":
        fail(where, name, "whole numbers", dtype_name(lengths), TypeError)
    if lengths.min() < 0 or (time_steps is not None and lengths.max() > time_steps):
        fail(where, name, "from 0 to T" + f"={time_steps}" * (time_steps is not None), lengths.tolist())
    return lengths


def check_state(
    where: str, name: str, state: Any, state_size: Any, batch_size: int | None, dtype: Any
) -> None:
    """Check structure, shapes and dtype of a state against a cell's ``state_size``."""
    if isinstance(state, list) or not same_structure(state, state_size):
        fail(where, name, f"structured like state_size {state_size!r}", describe(state))

    def leaf(value: Any, size: int) -> None:
        check_array(where, name, value, "B H", {"B": batch_size, "H": size})
        check_dtype(where, name, value, dtype)

    map_state(leaf, state, state_size)


def check_pair(where: str, name: str, result: Any, form: str) -> None:
    """Check that a step returned two things; an array of two rows would unpack in silence."""
    if not isinstance(result, tuple) or len(result) != 2:
        came = f"a tuple of {len(result)}" if isinstance(result, tuple) else what(result)
        fail(where, name, form, came, TypeError)


def check_step(where: str, cell: Cell, result: Any, batch_size: int | None, dtype: Any) -> None:
    """Check what a cell that anyone may have written returned: ``(output [B, O], new_state)``."""
    check_pair(where, "what the cell returns", result, "(output, new_state)")
    output, new_state = result
    check_array(where, "output of the cell", output, "B O", {"B": batch_size, "O": cell.output_size})
    check_dtype(where, "output of the cell", output, dtype)
    check_state(where, "new_state of the cell", new_state, cell.state_size, batch_size, dtype)


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
    return check_rows(where, "initial_state", state)


def check_logits(where: str, result: Any, state: Any, batch_size: int | None, end_token: int) -> None:
    """Check what a decoder's step returned: ``(logits [B, V], state)``."""
    check_pair(where, "what step returns", result, "(logits, state)")
    logits, new_state = result
    check_array(where, "logits", logits, "B V", {"B": batch_size})
    vocabulary = (static_shape(logits) or (None, None))[1]
    if vocabulary is not None and end_token >= vocabulary:
        fail(where, "end_token", f"below V={vocabulary}, or no row could end", end_token)
    if not same_structure(new_state, state) or isinstance(new_state, list):
        fail(where, "state after a step", "structured like initial_state", describe(new_state), TypeError)


def check_cells(where: str, cells: Any) -> None:
    """Check the cells a wrapper is to hold: real cells, at least one, no object twice, one dtype."""
    if not isinstance(cells, (list, tuple)):
        fail(where, "cells", "a list of cells", what(cells), TypeError)
    if not cells:
        fail(where, "cells", "at least one cell", "an empty list")
    for cell in cells:
        assert_like_cell(where, cell)
    if len({id(cell) for cell in cells}) < len(cells):
        fail(where, "cells", "different objects, or layers would share their weights", "the same cell twice")
    if len({dtype_name(cell) for cell in cells}) > 1:
        fail(where, "cells", "of one dtype", [dtype_name(cell) for cell in cells], TypeError)


def check_keep_prob(where: str, name: str, value: Any) -> float:
    """Check the share that dropout keeps; it is not the rate that is dropped."""
    expected = "above 0 and at most 1, the share kept"
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        fail(where, name, expected, repr(value), TypeError)
    if not 0 < value <= 1:
        fail(where, name, expected, value)
    return float(value)
