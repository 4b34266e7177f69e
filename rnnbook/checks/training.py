"""Checks of what training is given: samples, gradients by name, counts and norms."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from rnnbook.checks.arrays import LIES, check_finite, check_float, check_plain, static_shape
from rnnbook.checks.errors import fail, what
from rnnbook.checks.values import check_count, check_number, check_seed


def check_samples(where: str, inputs: Any, targets: Any, kinds: type | tuple[type, ...]) -> int:
    """Check what a model is trained on: real, finite arrays [N, ...] of equally many rows; return N."""
    rows = []
    for name, value in (("inputs", inputs), ("targets", targets)):
        check_plain(where, name, value, kinds, "[N, ...]")
        shape = static_shape(value)
        if not shape or not shape[0]:
            fail(where, name, "[N, ...] with N of at least 1", f"shape {shape}")
        check_finite(where, name, value)
        rows.append(shape[0])
    if rows[1] != rows[0]:
        fail(where, "targets", f"[N, ...] with N={rows[0]}", f"shape {static_shape(targets)}")
    return rows[0]


def check_training(where: str, steps: Any, batch_size: Any, seed: Any, buffer: Any, max_norm: Any) -> int:
    """Check the settings that a training loop shares in both halves; return the steps."""
    steps = check_count(where, "steps", steps)
    check_count(where, "batch_size", batch_size)
    check_seed(where, seed)
    if buffer is not None:
        check_count(where, "buffer", buffer)
    if max_norm is not None:
        check_positive(where, "max_norm", max_norm)
    return steps


def check_positive(where: str, name: str, value: Any) -> float:
    """Check a finite number above 0: a norm, a step, a height."""
    return check_number(where, name, value, "above 0 and finite", lambda number: 0 < number < math.inf)


def check_rate(where: str, learning_rate: Any) -> float:
    """Check a learning rate: finite, and 0 at least; a negative one would climb."""
    expected = "at least 0 and finite"
    return check_number(where, "learning_rate", learning_rate, expected, lambda rate: 0 <= rate < math.inf)


def check_gradients(where: str, parameters: Any, gradients: Any) -> None:
    """Check arrays by name, and for each a gradient of its shape; none too few, none too many."""
    for name, arrays in (("parameters", parameters), ("gradients", gradients)):
        if not isinstance(arrays, Mapping):
            fail(where, name, "a dictionary of arrays by name", what(arrays), TypeError)
    if parameters.keys() != gradients.keys():
        fail(where, "gradients", f"named {sorted(parameters)}", sorted(gradients))
    for name, array in parameters.items():
        gradient = gradients[name]
        for title, value in ((name, array), (f"the gradient of {name}", gradient)):
            if not isinstance(value, np.ndarray) or isinstance(value, LIES):
                fail(where, title, "a NumPy array", what(value), TypeError)
            if value.dtype.kind != "f":
                check_float(where, title, value)
        if gradient.shape != array.shape:
            fail(where, f"the gradient of {name}", f"of shape {array.shape}", gradient.shape)


def slides_along(where: str, shape: tuple[int, ...], output_size: int) -> int:
    """The axis of a window [B, T, D] along which it takes in its own prediction [B, O].

    1 where a prediction is a step, D = O; 2 where one step holds all values, T = 1 and O = 1.

    >>> slides_along("free_run", (4, 10, 1), 1), slides_along("free_run", (4, 1, 10), 1)
    (1, 2)
    """
    _, T, D = shape
    if output_size == D:
        return 1
    if T == output_size == 1:
        return 2
    expected = f"[B, T, D] with D={output_size}, as wide as a prediction"
    if output_size == 1:
        expected += ", or with T=1"
    fail(where, "window", expected, f"shape {tuple(shape)}")
