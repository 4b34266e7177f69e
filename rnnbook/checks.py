"""Argument checks with one error form: function, argument, what was expected, what came.

`dynamic_rnn: inputs must be [B, T, D]; got shape (2, 3)`

Each check works on NumPy arrays and, without importing TensorFlow, on tensors:
it reads `shape` and `dtype` only, and an unknown size (None) is never an error.
"""

from typing import Any, NoReturn

import numpy as np

from rnnbook.protocol import map_state, same_structure


def fail(where: str, name: str, expected: str, got: object, kind: type[Exception] = ValueError) -> NoReturn:
    """Raise ``kind`` with the one message form of this project."""
    raise kind(f"{where}: {name} must be {expected}; got {got}")


def static_shape(value: Any) -> tuple[int | None, ...] | None:
    """The shape as a tuple with None for unknown sizes; None when the rank is unknown."""
    shape = value.shape
    if hasattr(shape, "rank"):  # tf.TensorShape
        return None if shape.rank is None else tuple(shape.as_list())
    return tuple(shape)


def dtype_name(value: Any) -> str:
    """'float32' for an array, a tensor, a variable or a dtype."""
    dtype = getattr(value, "dtype", value)
    return getattr(dtype, "name", None) or np.dtype(dtype).name


def check_array(where: str, name: str, value: Any, letters: str, sizes: dict[str, int | None]) -> None:
    """Check rank and every size that is known.

    ``letters`` names the axes ("B T D"); ``sizes`` gives the sizes already settled.

    >>> check_array("cell", "inputs", np.zeros((4, 3)), "B D", {"D": 2})
    Traceback (most recent call last):
    ...
    ValueError: cell: inputs must be [B, D] with D=2; got shape (4, 3)
    """
    axes = letters.split()
    form = f"[{', '.join(axes)}]"
    if not hasattr(value, "shape") or not hasattr(value, "dtype"):
        fail(where, name, f"an array {form}", f"a {type(value).__name__}", TypeError)
    shape = static_shape(value)
    if shape is None:
        return
    if len(shape) != len(axes):
        fail(where, name, form, f"shape {shape}")
    for axis, size in zip(axes, shape, strict=True):
        known = sizes.get(axis)
        if size is not None and known is not None and size != known:
            fail(where, name, f"{form} with {axis}={known}", f"shape {shape}")


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


def check_count(where: str, name: str, value: Any) -> int:
    """Check a whole number of at least one (units, inputs, layers, steps).

    >>> check_count("BasicRNNCell", "num_units", 0)
    Traceback (most recent call last):
    ...
    ValueError: BasicRNNCell: num_units must be a whole number of at least 1; got 0
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        fail(where, name, "a whole number of at least 1", repr(value), TypeError)
    if value < 1:
        fail(where, name, "a whole number of at least 1", value)
    return int(value)


def check_steps(where: str, name: str, time_steps: int | None) -> None:
    """Refuse an empty sequence: it has no last output."""
    if time_steps == 0:
        fail(where, name, "of at least one time step", "T=0")


def check_lengths(where: str, lengths: np.ndarray, batch_size: int | None, time_steps: int | None) -> None:
    """Check the values of a sequence_length known now: whole, one a row, 0 to T."""
    if lengths.dtype.kind not in "iu":
        fail(where, "sequence_length", "whole numbers", dtype_name(lengths), TypeError)
    check_array(where, "sequence_length", lengths, "B", {"B": batch_size})
    if time_steps is not None and lengths.size and not 0 <= lengths.min() <= lengths.max() <= time_steps:
        fail(where, "sequence_length", f"from 0 to T={time_steps}", lengths.tolist())


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


def describe(state: Any) -> str:
    """A state in a few words: types and shapes, never the numbers."""
    if isinstance(state, (tuple, list)):
        return f"{type(state).__name__}({', '.join(map(describe, state))})"
    return f"shape {static_shape(state)}" if hasattr(state, "shape") else f"a {type(state).__name__}"
