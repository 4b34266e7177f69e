"""Checks of one value: a count, a number, a flag, a seed, a share, a dtype."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from rnnbook.checks.errors import fail, shown


def check_count(where: str, name: str, value: Any, least: int = 1) -> int:
    """Check a whole number: of units, inputs or steps; a token or a seed with ``least=0``.

    >>> check_count("BasicRNNCell", "num_units", 0)
    Traceback (most recent call last):
    ...
    ValueError: BasicRNNCell: num_units must be a whole number of at least 1; got 0
    """
    expected = f"a whole number of at least {least}"
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        fail(where, name, expected, shown(value), TypeError)
    if value < least:
        fail(where, name, expected, value)
    return int(value)


def check_number(
    where: str, name: str, value: Any, expected: str, good: Callable[[float], bool] = math.isfinite
) -> float:
    """Check one real number that is ``good``, and say so as ``expected``; a truth value is no number.

    >>> check_number("SGD", "learning_rate", -1, "finite and at least 0", lambda x: 0 <= x < math.inf)
    Traceback (most recent call last):
    ...
    ValueError: SGD: learning_rate must be finite and at least 0; got -1
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        fail(where, name, expected, shown(value), TypeError)
    if not good(float(value)):
        fail(where, name, expected, value)
    return float(value)


def check_keep_prob(where: str, name: str, value: Any) -> float:
    """Check the share that dropout keeps; it is not the rate that is dropped."""
    return check_number(where, name, value, "above 0 and at most 1, the share kept", lambda p: 0 < p <= 1)


def check_flag(where: str, name: str, value: Any) -> bool:
    """Check a truth value: Python would take the word 'no' for true."""
    if not isinstance(value, (bool, np.bool_)):
        fail(where, name, "True or False", shown(value), TypeError)
    return bool(value)


def check_seed(where: str, value: Any) -> int | None:
    """Check a seed: a whole number, or None for a fresh one."""
    return None if value is None else check_count(where, "seed", value, least=0)


def floating(where: str, name: str, dtype: Any, library: str, convert: Callable[[Any], Any]) -> Any:
    """``dtype`` as the library's own dtype, made by ``convert``; None is no dtype here.

    >>> floating("cell", "dtype", "int32", "NumPy", np.dtype)
    Traceback (most recent call last):
    ...
    TypeError: cell: dtype must be a floating dtype of NumPy; got 'int32'
    """
    found = _dtype(dtype, convert)
    # A library may teach NumPy bfloat16 and others; its arithmetic makes float32 of them, and its kind is no f.
    if found is None or "float" not in found.name or getattr(found, "kind", "f") != "f":
        fail(where, name, f"a floating dtype of {library}", shown(dtype), TypeError)
    return found


def numeric(where: str, name: str, dtype: Any) -> np.dtype:
    """``dtype`` as a NumPy dtype of whole or floating numbers."""
    found = _dtype(dtype, np.dtype)
    if found is None or found.kind not in "iuf":
        fail(where, name, "a NumPy dtype of numbers", shown(dtype), TypeError)
    return found


def _dtype(dtype: Any, convert: Callable[[Any], Any]) -> Any:
    """A name, a type or a dtype, converted; None for all else: a library would guess, True is float32."""
    if not isinstance(dtype, (str, type)) and not hasattr(dtype, "as_numpy_dtype"):  # TensorFlow's has it
        dtype = dtype if isinstance(dtype, np.dtype) else None
    try:
        return None if dtype is None else convert(dtype)
    except (SyntaxError, TypeError, ValueError):  # NumPy evaluates some words
        return None
