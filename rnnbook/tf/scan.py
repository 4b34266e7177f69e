"""All steps of a linear recurrence, in rounds whose number is the logarithm of the steps."""

from typing import Any

import tensorflow as tf

from rnnbook import checks
from rnnbook.tf.arguments import as_floats
from rnnbook.tf.run_time import size, sized, with_steps


def parallel_scan(keep: tf.Tensor, add: tf.Tensor, initial_state: Any = None) -> tf.Tensor:
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
        tf.errors.InvalidArgumentError: the same of sizes known only when a graph runs.

    >>> halves, ones = tf.fill((1, 4, 1), 0.5), tf.ones((1, 4, 1))
    >>> parallel_scan(halves, ones)[0, :, 0].numpy().tolist()
    [1.0, 1.5, 1.75, 1.875]

    Taught in: book/6-applications/what-came-after. Source: Hillis and Steele (1986).
    """
    where = "parallel_scan"
    keep = as_floats(where, "keep", keep, "B T H")
    known = dict(zip("BTH", checks.static_shape(keep) or (), strict=False))
    checks.check_array(where, "add", add, "B T H", known)
    checks.check_dtype(where, "add", add, keep.dtype)
    keep = with_steps(where, "keep", keep, "B T H")
    sizes = {"B": size(keep, 0), "T": size(keep, 1), "H": size(keep, 2)}
    h = sized(where, "add", tf.convert_to_tensor(add), "B T H", sizes)
    if initial_state is not None:
        checks.check_array(where, "initial_state", initial_state, "B H", known)
        checks.check_dtype(where, "initial_state", initial_state, keep.dtype)
        state = sized(where, "initial_state", tf.convert_to_tensor(initial_state), "B H", sizes)
        first = h[:, :1] + keep[:, :1] * state[:, None]
        h = tf.concat([first, h[:, 1:]], axis=1)

    T = sizes["T"]
    if isinstance(T, int):
        k = 1
        while k < T:
            k, keep, h = _round(k, keep, h)
        return h
    free = tf.TensorShape([keep.shape[0], None, keep.shape[2]])
    loop = tf.constant(1), keep, h
    shapes = tf.TensorShape([]), free, free
    return tf.while_loop(lambda k, keep, h: k < T, _round, loop, shapes)[2]


def _round(k: Any, keep: tf.Tensor, h: tf.Tensor) -> tuple[Any, tf.Tensor, tf.Tensor]:
    """Join every entry that spans k steps with the one before it."""
    h = tf.concat([h[:, :k], h[:, k:] + keep[:, k:] * h[:, :-k]], axis=1)
    keep = tf.concat([keep[:, :k], keep[:, k:] * keep[:, :-k]], axis=1)
    return 2 * k, keep, h
