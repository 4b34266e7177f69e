"""In a session's graph: scopes that share variables, and the weights of cells in them."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf

v1 = tf.compat.v1


@tf.autograph.experimental.do_not_convert
def in_session() -> bool:
    """Whether what is made now goes into a session's graph, perhaps from inside one of its loops."""
    if tf.executing_eagerly():
        return False
    with tf.init_scope():  # out of all functions and loops
        return not tf.executing_eagerly()


def knows_sizes() -> bool:
    """Whether the sizes of a shape are numbers; under `disable_v2_behavior` they are Dimensions."""
    return not isinstance(tf.TensorShape([1])[0], v1.Dimension)


@tf.autograph.experimental.do_not_convert
@contextmanager
def scope(name: Any) -> Iterator[None]:
    """The variable scope ``name``, where there are sessions."""
    if in_session():
        with v1.variable_scope(name):
            yield
    else:
        yield


@tf.autograph.experimental.do_not_convert
def share() -> None:
    """Let all further steps in this scope have the variables of the first."""
    if in_session():
        v1.get_variable_scope().reuse_variables()


class _Place:
    """Where a cell's variables stand: in the scope of its first call."""

    def __init__(self, name: str | None = None, reuse: Any = None):
        self.name, self.reuse = name, reuse
        self.scope: Any = None
        self.called = False


def name_cell(cell: Any, name: str | None, reuse: Any) -> None:
    """Keep the ``name`` and ``reuse`` that a cell was made with."""
    if name is not None or reuse is not None:
        cell._tf1_place = _Place(name, reuse)


def default_name(cell: Any) -> str:
    """The cell's name, else that of its class as TF 1.x wrote it: ``basic_lstm_cell``."""
    place = vars(cell).get("_tf1_place")
    if place is not None and place.name is not None:
        return place.name
    words = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", type(cell).__name__)
    words = re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()
    return f"private{words}" if words.startswith("_") else words  # a scope must begin with a letter


@tf.autograph.experimental.do_not_convert
@contextmanager
def scope_of(cell: Any, scope: Any = None, *, calls: bool = True) -> Iterator[None]:
    """The variable scope of a cell, where there are sessions; from its second call on it reuses.

    Args:
        scope: the name for the first call, or None for that of the cell.
        calls: whether the cell is called in it, rather than built.
    """
    if not in_session():
        yield
        return
    place = vars(cell).get("_tf1_place")
    if place is None:
        place = cell._tf1_place = _Place()
    if place.scope is None:
        name = default_name(cell)
        opened = v1.variable_scope(scope or name if place.reuse else scope, name, reuse=place.reuse)
    else:
        opened = v1.variable_scope(place.scope, reuse=place.called or place.reuse)
    with opened as place.scope:
        yield
    place.called |= calls


def weight(
    name: str, shape: tuple[int, ...], dtype: tf.DType, initializer: Any, draw: Callable[..., Any]
) -> tf.Variable:
    """A new weight; in a session's graph the one of that name in the scope it is in.

    Args:
        name: of the attribute; TF 1.x called ``gates_kernel`` "gates/kernel".
        initializer: what draws it; None leaves that to the scope and, where there is none, to ``draw``.
        draw: a function of shape and dtype.
    """
    if isinstance(initializer, keras.initializers.Initializer):  # one object draws the same at every call
        initializer = initializer.clone()
    if in_session():
        return v1.get_variable(re.sub("_(kernel|bias)$", r"/\1", name), shape, dtype, initializer)
    return tf.Variable((initializer or draw)(shape, dtype=dtype), name=name, shape=shape)


def open_session(where: str) -> Any:
    """The session in which values are assigned, or None where they are without one."""
    if not in_session():
        return None
    session = v1.get_default_session()
    if session is None or session.graph is not v1.get_default_graph():
        raise RuntimeError(f"{where}: a session must be open on this graph: call it inside `with Session():`")
    return session


def assign(session: Any, variables: list[tf.Variable], values: list[Any]) -> None:
    """Give every variable its value, in the session if there is one."""
    if session is None:
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        return
    # By placeholders, so that the values do not become a part of the graph.
    holders = [v1.placeholder(variable.dtype.base_dtype, variable.shape) for variable in variables]
    assignments = [v1.assign(*pair) for pair in zip(variables, holders, strict=True)]
    session.run(assignments, dict(zip(holders, values, strict=True)))
