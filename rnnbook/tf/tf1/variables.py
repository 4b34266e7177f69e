"""The lists of a cell's variables: in the order of the originals, and under their names."""

from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from rnnbook.protocol import parts


class Lists(tf.Module):
    """The lists of a `tf.Module`, kernel before bias, and the names that Keras' layers gave them in TF 1.x."""

    @property
    def variables(self) -> tuple[tf.Variable, ...]:
        return _as_made(self, super().variables)

    @property
    def trainable_variables(self) -> tuple[tf.Variable, ...]:
        return _as_made(self, super().trainable_variables)

    # No `weights`: in the NumPy half that is a dict.
    trainable_weights = property(lambda self: list(self.trainable_variables))
    non_trainable_weights = property(lambda self: list(self.non_trainable_variables))


def _as_made(cell: Any, variables: tuple[tf.Variable, ...]) -> tuple[tf.Variable, ...]:
    places = {id(variable): n for n, variable in enumerate(_made(cell))}
    return tuple(sorted(variables, key=lambda variable: places.get(id(variable), len(places))))


def _made(cell: Any) -> Iterator[Any]:
    """The weights of a cell and of those inside it; a `tf.Module` goes by the names of attributes."""
    for part in parts(cell):
        own = vars(part)
        yield from own.get("_made", {}).values()
        names = part.shapes(part.num_inputs or 1) if hasattr(part, "shapes") else ("kernel", "bias")
        yield from (own.get(name) for name in names)
