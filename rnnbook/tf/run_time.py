"""Sizes that are None while a graph is made: checked when it runs.

A size is a number where it is known, else a tensor. Each function here returns the tensor it was
given, which then cannot be read before it was checked; what is known has been checked before.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import tensorflow as tf

# Whether the graph that is being made goes to XLA has no public name.
from tensorflow.python.ops.control_flow_util import GraphOrParentsInXlaContext

from rnnbook import checks
from rnnbook.protocol import map_state, parts

as_written = tf.autograph.experimental.do_not_convert  # AutoGraph would translate checks at every trace


@as_written
def size(tensor: tf.Tensor, axis: int) -> Any:
    """The size of an axis."""
    known = checks.static_shape(tensor)
    return tf.shape(tensor)[axis] if known is None or known[axis] is None else known[axis]


@as_written
def in_xla() -> bool:
    """Whether what is made now is compiled by XLA, which drops assertions."""
    return not tf.executing_eagerly() and GraphOrParentsInXlaContext(tf.compat.v1.get_default_graph())


@as_written
def checked(tensor: tf.Tensor, good: tf.Tensor, *words: Any) -> tf.Tensor:
    """``tensor``, after ``good``, which follows from sizes, has been found true; else ``words`` are the error.

    XLA drops assertions, also of a function that was traced outside of it. But it knows all sizes when it
    compiles: a shape that does not fit stops it, and of the words its error has the first, with ``_`` for
    what a name cannot hold.
    """
    tensor = checked_value(tensor, good, *words)
    if tf.executing_eagerly():
        return tensor
    count = tf.size(tensor) + tf.where(good, 0, 1)
    flat = tf.reshape(tensor, [count], name=re.sub(r"\W+", "_", words[0]))
    whole = tf.reshape(flat, tf.shape(tensor))
    whole.set_shape(tensor.shape)
    return whole


@as_written
def checked_value(tensor: tf.Tensor, good: tf.Tensor, *words: Any) -> tf.Tensor:
    """The same where ``good`` may follow from values, which XLA does not know: there nothing is checked."""
    if in_xla():
        return tensor
    # That of tf.debugging adds a branch to the graph, which costs more than the check.
    check = tf.raw_ops.Assert(condition=good, data=list(words))
    with tf.control_dependencies([] if check is None else [check]):  # None: has passed, eagerly
        return tf.identity(tensor)


def of_shape(tensor: tf.Tensor, wanted: tf.Tensor, message: str) -> tf.Tensor:
    """``tensor``, which must have the shape ``wanted``."""
    shape = tf.shape(tensor)
    # Ranks are compared too: the shapes [4] and [4, 4] would be broadcast, and equal.
    alike = tf.raw_ops.Equal(x=shape, y=wanted, incompatible_shape_error=False)
    good = tf.equal(tf.size(shape), tf.size(wanted)) & tf.reduce_all(alike)
    return checked(tensor, good, f"{message} of shape", wanted, "; got shape", shape)


@as_written
def sized(where: str, name: str, tensor: tf.Tensor, letters: str, sizes: dict[str, Any]) -> tf.Tensor:
    """``tensor`` with these ``sizes`` of some of its axes, such as ``"B D"`` with ``{"B": rows}``."""
    axes = letters.split()
    known = checks.static_shape(tensor) or [None] * len(axes)
    pairs = [(sizes[axis], came) for axis, came in zip(axes, known, strict=True) if axis in sizes]
    if all(isinstance(wanted, int) and isinstance(came, int) for wanted, came in pairs):
        return tensor
    wanted = [sizes[axis] if axis in sizes else size(tensor, n) for n, axis in enumerate(axes)]
    tensor = of_shape(tensor, tf.stack(wanted), f"{where}: {name} must be {checks.axes(letters)}")
    tensor.set_shape([number if isinstance(number, int) else None for number in wanted])
    return tensor


@as_written
def sized_state(where: str, name: str, state: Any, state_size: Any, rows: Any) -> Any:
    """A state whose arrays have these ``rows`` and the sizes of ``state_size``."""
    return map_state(lambda leaf, H: sized(where, name, leaf, "B H", {"B": rows, "H": H}), state, state_size)


@as_written
def with_rows(where: str, name: str, tensor: tf.Tensor, rows: Any) -> tf.Tensor:
    """``tensor`` of any rank, which must have these ``rows``."""
    came = size(tensor, 0)
    if isinstance(rows, int) and isinstance(came, int):
        return tensor
    message = f"{where}: {name} must be of B rows, B ="
    return checked(tensor, tf.equal(rows, came), message, rows, "; got", came)


@as_written
def with_steps(where: str, name: str, tensor: tf.Tensor, letters: str) -> tf.Tensor:
    """``tensor``, which must have a time step."""
    T = size(tensor, letters.split().index("T"))
    if isinstance(T, int):
        return tensor
    message = f"{where}: {name} must be {checks.axes(letters)} with T of at least 1; got T = 0"
    return checked(tensor, T > 0, message)


@as_written
def same_shape(where: str, name: str, tensor: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    """``tensor``, which must have the shape of ``other``."""
    if all(None not in (checks.static_shape(one) or [None]) for one in (tensor, other)):
        return tensor
    return of_shape(tensor, tf.shape(other), f"{where}: {name} must be")


class _Trust(threading.local):
    """Whether this thread is inside `trusting`."""

    rows = False


_trust = _Trust()


@contextmanager
def trusting(cell: Any) -> Iterator[None]:
    """Let the steps of ``cell`` in here trust their rows, for the unroller has seen to them once."""
    before, _trust.rows = _trust.rows, keeps_rows(cell)
    try:
        yield
    finally:
        _trust.rows = before


def keeps_rows(cell: Any) -> bool:
    """Whether all steps are sure to have the rows of the first: those of the package's own cells have."""
    package = __name__.rpartition(".")[0]
    return all(type(part).__module__.startswith(package) for part in parts(cell))


@as_written
def state_of_step(where: str, state: Any, state_size: Any, inputs: tf.Tensor) -> Any:
    """The state of a step, which must have the rows of its inputs; an unroller has seen to its own."""
    if _trust.rows or tf.executing_eagerly():  # eagerly all sizes are known
        return state
    return sized_state(where, "state", state, state_size, size(inputs, 0))
