"""Checks of arrays: what they are, their axes and sizes, their dtype, their numbers.

Each works on NumPy arrays and, without importing TensorFlow, on tensors: it reads
`shape` and `dtype` only, and an unknown size (None) is never an error.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from rnnbook.checks.errors import fail, shown, what

Sizes = Mapping[str, int | None]
LIES = (np.ma.MaskedArray, np.matrix)  # arrays whose mask is lost, or whose product is another


def static_shape(value: Any) -> tuple[int | None, ...] | None:
    """The shape as a tuple with None for unknown sizes; None when the rank is unknown."""
    shape = value.shape
    if type(shape) is tuple:
        return shape
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
    """What came as a NumPy array of real numbers: no unequal rows, no words, no None, no mask."""
    if isinstance(value, np.ma.MaskedArray):
        fail(where, name, f"{expected} without a mask", what(value), TypeError)
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        fail(where, name, expected, f"{what(value)} of unequal rows", TypeError)
    if array.dtype.kind in "OUSc":
        fail(where, name, expected, shown(value), TypeError)
    return array


def check_array(where: str, name: str, value: Any, letters: str, sizes: Sizes, *, empty: str = "") -> None:
    """Check rank and every size that is known; no axis but those in ``empty`` may have size 0.

    ``letters`` names the axes ("B T D"); ``sizes`` gives the sizes already settled.

    >>> check_array("cell", "inputs", np.zeros((4, 3)), "B D", {"D": 2})
    Traceback (most recent call last):
    ...
    ValueError: cell: inputs must be [B, D] with D=2; got shape (4, 3)
    """
    if not hasattr(value, "shape") or not hasattr(value, "dtype"):
        fail(where, name, f"an array {axes(letters)}", what(value), TypeError)
    if type(value) is not np.ndarray and isinstance(value, LIES):
        fail(where, name, f"a plain array {axes(letters)}", what(value), TypeError)
    shape = static_shape(value)
    if shape is None:
        return
    names = letters.split()
    if len(shape) != len(names):
        fail(where, name, axes(letters), f"shape {shape}")
    for axis, size in zip(names, shape, strict=True):
        known = sizes.get(axis)
        if size is not None and known is not None and size != known:
            fail(where, name, f"{axes(letters)} with {axis}={known}", f"shape {shape}")
        if size == 0 and axis not in empty:
            fail(where, name, f"{axes(letters)} with {axis} of at least 1", f"shape {shape}")


def check_numpy(where: str, name: str, value: Any, letters: str, sizes: Sizes, dtype: Any = None) -> None:
    """Check an array of the NumPy half: a tensor would lose its gradient there in silence."""
    if _is_as_wanted(value, letters, sizes, dtype):
        return
    if not isinstance(value, np.ndarray):
        fail(where, name, f"a NumPy array {axes(letters)}", what(value), TypeError)
    check_array(where, name, value, letters, sizes)
    if dtype is not None:
        check_dtype(where, name, value, dtype)


def _is_as_wanted(value: Any, letters: str, sizes: Sizes, dtype: Any) -> bool:
    """Whether nothing can be wrong, told in no time; a cell in NumPy asks it at every step.

    False says nothing yet: the checks look longer, and say what is wrong.
    """
    if type(value) is not np.ndarray or not value.size or (dtype is not None and value.dtype != dtype):
        return False
    names = letters.split()
    for axis, size in zip(names, value.shape, strict=False):  # a loop: all() takes twice as long
        known = sizes.get(axis)
        if known is not None and known != size:
            return False
    return len(names) == value.ndim


def check_plain(
    where: str, name: str, value: Any, kinds: type | tuple[type, ...], form: str = "[B, O]"
) -> None:
    """Check an array of one of these ``kinds``, of any rank, that holds real numbers."""
    if not isinstance(value, kinds) or isinstance(value, LIES):
        fail(where, name, f"an array {form}", what(value), TypeError)
    check_real(where, name, value)


def check_dtype(where: str, name: str, value: Any, expected: Any) -> None:
    """Check that ``value`` has the floating dtype ``expected``; nothing is cast in silence."""
    wanted, given = getattr(expected, "dtype", expected), getattr(value, "dtype", value)
    if isinstance(given, np.dtype) and given == wanted:  # told in no time; NumPy spells names slowly
        return
    want, came = dtype_name(expected), dtype_name(value)
    if want != came:
        fail(where, name, want, came, TypeError)


def check_float(where: str, name: str, value: Any) -> None:
    """Check that ``value`` is of a floating dtype; integers would be cut off by a kernel."""
    came = dtype_name(value)
    if "float" not in came:
        fail(where, name, "of a floating dtype", came, TypeError)


def check_real(where: str, name: str, value: Any) -> None:
    """Check that an array holds real numbers, whole or floating: no truth values, words or dates."""
    if type(value) is np.ndarray and value.dtype.kind in "iuf":
        return
    came = dtype_name(value)
    if not came.startswith(("int", "uint", "float", "bfloat", "longdouble")):
        fail(where, name, "real numbers", came, TypeError)


def check_same_shape(where: str, name: str, value: Any, wanted: Any) -> None:
    """Check that ``value`` has the shape of ``wanted``, as far as both are known."""
    ours, theirs = static_shape(value), static_shape(wanted)
    if ours is None or theirs is None:
        return
    alike = len(ours) == len(theirs) and all(
        a == b or a is None or b is None for a, b in zip(ours, theirs, strict=True)
    )
    if not alike:
        fail(where, name, f"of shape {theirs}", ours)


def check_finite(where: str, name: str, value: Any) -> None:
    """Check that no number is NaN or infinite, and name the first that is and its place."""
    array = np.asarray(value)
    if array.dtype.kind in "iub":
        return
    bad = ~np.isfinite(array)
    if bad.any():
        place = tuple(int(n) for n in np.argwhere(bad)[0])
        fail(where, name, "finite", f"{array[place]}" + f" at {list(place)}" * bool(place))


def check_lengths(
    where: str, name: str, value: Any, batch_size: int | None, time_steps: int | None, least: int = 0
) -> np.ndarray:
    """Lengths known now as an array [B]: whole, one a row, ``least`` to T."""
    lengths = to_array(where, name, value, "whole numbers [B]")
    check_array(where, name, lengths, "B", {"B": batch_size})
    if lengths.dtype.kind not in "iu":
        fail(where, name, "whole numbers", dtype_name(lengths), TypeError)
    if lengths.min() < least or (time_steps is not None and lengths.max() > time_steps):
        came: Any = lengths.tolist()
        if len(came) > 20:
            row = int(
                np.argmax((lengths < least) | (lengths > (lengths if time_steps is None else time_steps)))
            )
            came = f"{lengths[row]} in row {row}"
        fail(where, name, f"from {least} to T" + f"={time_steps}" * (time_steps is not None), came)
    return lengths.astype(np.int64)  # of unsigned ones 0 - 1 would be a large number
