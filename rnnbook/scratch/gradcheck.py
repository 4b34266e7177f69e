"""Finite differences: the referee of every derivation."""

from collections.abc import Callable, Mapping

import numpy as np

from rnnbook import checks


def gradient_check(
    loss: Callable[[], float],
    parameters: Mapping[str, np.ndarray],
    gradients: Mapping[str, np.ndarray],
    step: float = 1e-6,
) -> dict[str, float]:
    """The largest relative error of each gradient against central differences.

    numeric = (L(p + step) - L(p - step)) / (2 step), entry by entry, and
    error = max |gradient - numeric| / max(|gradient|, |numeric|) over a whole array.

    Right gradients in float64 come out near 1e-9; wrong ones near 1.

    Args:
        loss: computes the loss anew from the arrays as they are.
        parameters: float64 arrays by name; each entry is moved and put back.
        gradients: what is to be checked, by the same names.
        step: how far an entry is moved.

    Raises:
        ValueError: names or shapes that differ, a loss or a gradient that is not finite.
        TypeError: parameters that are not float64 arrays, a loss that is not a number.

    >>> w = np.array([1.0, 2.0])
    >>> errors = gradient_check(lambda: float((w**2).sum()), {"w": w}, {"w": 2 * w})
    >>> errors["w"] < 1e-8
    True

    Taught in: book/3-learning/backpropagation-through-time.
    """
    where = "gradient_check"
    if not callable(loss):
        checks.fail(where, "loss", "a function without arguments", checks.shown(loss), TypeError)
    checks.check_positive(where, "step", step)
    checks.check_gradients(where, parameters, gradients)
    errors = {}
    for name, array in parameters.items():
        checks.check_dtype(where, name, array, np.float64)
        checks.check_finite(where, f"the gradient of {name}", gradients[name])
        numeric = np.empty_like(array)
        for place in np.ndindex(array.shape):
            before = array[place]
            try:
                array[place] = before + step
                above = checks.check_number(where, "the loss", loss(), "a finite number")
                array[place] = before - step
                below = checks.check_number(where, "the loss", loss(), "a finite number")
            finally:  # also when the loss fails: the caller's numbers are not ours
                array[place] = before
            numeric[place] = (above - below) / (2 * step)
        scale = max(np.abs(gradients[name]).max(), np.abs(numeric).max(), np.finfo(float).tiny)
        errors[name] = float(np.abs(gradients[name] - numeric).max() / scale)
    return errors
