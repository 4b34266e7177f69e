"""The one form of all messages, and the words for what came."""

import re
from typing import Any, NoReturn

LONGEST = 100  # letters of what came that a message shows


def fail(where: str, name: str, expected: str, got: object, kind: type[Exception] = ValueError) -> NoReturn:
    """Raise ``kind`` with the one message form of this project."""
    raise kind(f"{where}: {name} must be {expected}; got {got}")


def what(value: Any) -> str:
    """What came, in words: 'None', 'a list', 'an EagerTensor', 'the class SGD'."""
    if value is None:
        return "None"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    name = type(value).__name__
    return f"{'an' if name.startswith((*'aeioAEIO', 'nd')) else 'a'} {name}"


def shown(value: Any) -> str:
    """What came as Python writes it, on one line, without addresses, and cut when it is long."""
    text = re.sub(r" at 0x[0-9a-f]+", "", " ".join(repr(value).split()))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def describe(state: Any) -> str:
    """A state in a few words: types and shapes, never the numbers."""
    if hasattr(state, "shape"):
        shape = state.shape
        if hasattr(shape, "rank"):  # tf.TensorShape
            shape = None if shape.rank is None else tuple(shape.as_list())
        return f"shape {shape}"
    if isinstance(state, tuple) or (isinstance(state, list) and hasattr(next(iter(state), 0), "shape")):
        return f"{type(state).__name__}({', '.join(map(describe, state))})"
    return what(state)
