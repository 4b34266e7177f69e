"""What a model is made of besides the values of its variables: a compiled function takes it for fixed."""

from typing import Any
from weakref import WeakKeyDictionary

import tensorflow as tf

from rnnbook.protocol import HIDDEN_TOO, parts

BOOKKEEPING = {*vars(tf.Module()), "_made", "_tf1_place"}  # what changes as a model is used
_KEPT: WeakKeyDictionary[Any, dict[Any, Any]] = WeakKeyDictionary()


def settings_of(model: Any) -> tuple[Any, ...]:
    """What a compiled function takes for fixed: another cell, weight or forget_bias needs another function."""
    held = {
        (n, name): value
        for n, part in enumerate((model, *parts(model.cell, HIDDEN_TOO)))
        for name, value in vars(part).items()
        if name not in BOOKKEEPING
    }
    settings = tuple((place, _as_fixed(value)) for place, value in held.items())
    _KEPT.setdefault(model, {}).setdefault(settings, held)  # an id must not pass to another object
    return settings


def _as_fixed(value: Any) -> Any:
    """A number, a word or a structure of them as it is, all else by its id."""
    if isinstance(value, dict):
        return tuple((name, _as_fixed(one)) for name, one in value.items())
    if isinstance(value, (list, tuple)):
        return tuple(map(_as_fixed, value))
    return value if isinstance(value, (bool, int, float, str)) or value is None else id(value)
