"""What TF 1.x code gives to dropout, and how masks are drawn where a session runs them."""

from typing import Any

import numpy as np
import tensorflow as tf

from rnnbook import checks
from rnnbook.protocol import LSTMStateTuple
from rnnbook.tf.run_time import checked_value
from rnnbook.tf.tf1.scopes import in_session

v1 = tf.compat.v1


def all_but_c(state: Any) -> Any:
    """What of a state is dropped where nothing else is said: never an LSTM's c."""
    return LSTMStateTuple(c=False, h=True) if isinstance(state, LSTMStateTuple) else True


def keep_prob(name: str, value: Any) -> Any:
    """A share that is kept: a number, or a scalar tensor, checked as far as it is known."""
    where = "DropoutWrapper"
    if not tf.is_tensor(value):
        return checks.check_keep_prob(where, name, value)
    checks.check_array(where, name, value, "", {})
    checks.check_float(where, name, value)
    known = None if isinstance(value, tf.Variable) else tf.get_static_value(value)
    if known is not None:
        checks.check_keep_prob(where, name, float(known))
    return value


def share_kept(value: Any, dtype: tf.DType) -> Any:
    """The keep probability as one divides by it; a tensor is checked when it is used."""
    if not tf.is_tensor(value):
        return value
    if value.shape.rank is None:  # of a placeholder that was told none
        value = tf.ensure_shape(value, [])
    message = "DropoutWrapper: a keep_prob must be above 0 and at most 1, the share kept; got"
    good = (value > 0) & (value <= 1)
    value = checked_value(value, good, message, value)
    if not tf.executing_eagerly():  # XLA drops assertions: what is kept is divided by NaN
        value = tf.where(good, value, tf.constant(float("nan"), value.dtype))
    return tf.cast(value, dtype)


def mask_seed(seed: int | None) -> int:
    """The part of a mask's seed that stays; a session's graph draws all else by its own seeds."""
    if in_session():
        return seed or 0
    return int(np.random.SeedSequence(seed).generate_state(1)[0] >> 1)


def switches(seed: int | None) -> tuple[Any, Any]:
    """Whether anything is dropped, and the number of the masks that are held.

    In a session's graph no variable that a Saver would look for: the first is a placeholder with a
    default, the second is drawn by every run.
    """
    if in_session():
        return v1.placeholder_with_default(True, []), next_draw(None, seed)[0]
    with tf.init_scope():
        return tf.Variable(True, trainable=False, name="enabled"), tf.Variable(
            0, trainable=False, name="draws"
        )


def next_draw(draws: Any, seed: int | None, state: Any = ()) -> tuple[Any, Any]:
    """The number of other masks than those of ``draws``, and the ``state`` that its step begins with.

    A session runs the steps of a loop side by side as far as it can. So that a seed gives every step
    the same masks in every run, a number waits for the state, and the state for the number.
    """
    if in_session():
        with tf.control_dependencies(tf.nest.flatten(state)):
            drawn = tf.random.uniform([], maxval=2**31 - 1, dtype=tf.int32, seed=seed)
        with tf.control_dependencies([drawn]):
            return drawn, tf.nest.map_structure(tf.identity, state)
    draws.assign_add(1)
    return draws, state
