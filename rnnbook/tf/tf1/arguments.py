"""The arguments of TF 1.15: its order, its names, and what has no meaning any more."""

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, signature
from typing import Any, TypeVar, cast

import tensorflow as tf

from rnnbook import checks
from rnnbook.tf.tf1.scopes import name_cell, scope

Function = TypeVar("Function", bound=Callable[..., Any])
Dimension = tf.compat.v1.Dimension

# They choose where numbers are kept or computed, and change none.
MEANINGLESS = {"input_size", "dtype", "num_unit_shards", "num_proj_shards"}
# Of these None meant what is the default here.
NONE_IS_DEFAULT = {"activation", "parallel_iterations"}


def takes(order: str = "", *, opens: str | None = None) -> Callable[[Function], Function]:
    """Let a function take the arguments of TF 1.15 beside its own.

    Args:
        order: TF 1.15's arguments by position; none means that they are the function's own.
        opens: the scope in which it makes variables in a session's graph, unless ``scope`` names one.
    """

    def decorate(function: Function) -> Function:
        where = function.__qualname__.split(".")[0]
        own = signature(function).parameters
        by_position = [name for name, one in own.items() if one.kind is Parameter.POSITIONAL_OR_KEYWORD]
        selves = by_position[:1] == ["self"]
        names = order.split() or by_position[selves:]

        @wraps(function)
        def call(*given: Any, **words: Any) -> Any:
            first, values = given[:selves], given[selves:]
            if len(values) > len(names):
                raise TypeError(f"{where} takes {len(names)} arguments by position; got {len(values)}")
            for name, value in zip(names, values, strict=False):
                if name in words:
                    raise TypeError(f"{where} got two values for {name}")
                words[name] = value
            words = _of_today(where, words, own)
            if selves:
                name_cell(first[0], words.pop("name", None), words.pop("reuse", None))
            if opens is None:
                return function(*first, **words)
            with scope(words.get("scope") or opens):
                return function(*first, **words)

        call.by_position = names  # type: ignore[attr-defined]  # for the test that compares it with TF 1.15
        return cast(Function, call)

    return decorate


def _of_today(where: str, words: dict[str, Any], own: Any) -> dict[str, Any]:
    """The arguments that mean something; one that is not offered is refused."""
    if "state_is_tuple" not in own and words.pop("state_is_tuple", True) is not True:
        expected = "True: a state is the tuple (c, h), and tf.concat(state, axis=1) makes one array of it"
        checks.fail(where, "state_is_tuple", expected, "False")
    kept = {}
    for name, value in words.items():
        if (name in MEANINGLESS and name not in own) or (value is None and name in NONE_IS_DEFAULT):
            continue
        if name == "num_inputs":
            value = num_inputs(value)
        if name.endswith("initializer") and value is not None:
            value = initializer(where, name, value)
        kept[name] = int(value) if isinstance(value, Dimension) and value.value is not None else value
    return kept


def num_inputs(value: Any) -> Any:
    """The inputs of a cell, where ``build`` was given the shape [B, D] of TF 1.x."""
    if isinstance(value, (tf.TensorShape, list, tuple)) and len(value) == 2:
        return tf.TensorShape(value).as_list()[1]
    return value


def initializer(where: str, name: str, value: Any) -> Any:
    """What draws a weight: a function as it is, or an object of the class that came."""
    value = value() if isinstance(value, type) else value
    if not callable(value):
        expected = "a function of shape and dtype such as tf.compat.v1.orthogonal_initializer()"
        checks.fail(where, name, expected, checks.shown(value), TypeError)
    return value


def as_state(state: Any, size: Any) -> Any:
    """A plain tuple (c, h) as the named one that ``size`` asks for; variables by their values."""
    if isinstance(state, tf.Variable):
        return tf.convert_to_tensor(state)
    if not isinstance(size, tuple) or not isinstance(state, tuple) or len(state) != len(size):
        return state
    kind = type(size) if type(state) is tuple else type(state)
    parts = [as_state(*pair) for pair in zip(state, size, strict=True)]
    return kind(*parts) if hasattr(kind, "_fields") else kind(parts)
