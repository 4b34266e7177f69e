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
        ValueError: names or shapes that differ, parameters that are not float64.

    >>> w = np.array([1.0, 2.0])
    >>> errors = gradient_check(lambda: float((w**2).sum()), {"w": w}, {"w": 2 * w})
    >>> errors["w"] < 1e-8
    True

    Taught in: book/3-learning/backpropagation-through-time.
    """
    if sorted(parameters) != sorted(gradients):
        checks.fail("gradient_check", "gradients", f"named {sorted(parameters)}", sorted(gradients))
    errors = {}
    for name, array in parameters.items():
        checks.check_dtype("gradient_check", name, array, np.float64)
        if gradients[name].shape != array.shape:
            checks.fail(
                "gradient_check", f"the gradient of {name}", f"of shape {array.shape}", gradients[name].shape
            )
        numeric = np.empty_like(array)
        for place in np.ndindex(array.shape):
            before = array[place]
            array[place] = before + step
            above = loss()
            array[place] = before - step
            below = loss()
            array[place] = before
            numeric[place] = (above - below) / (2 * step)
        scale = max(np.abs(gradients[name]).max(), np.abs(numeric).max(), np.finfo(float).tiny)
        errors[name] = float(np.abs(gradients[name] - numeric).max() / scale)
    return errors
