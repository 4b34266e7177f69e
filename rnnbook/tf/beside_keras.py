"""Cells and Keras layers in one model: each side looks for variables of its own kind alone."""

from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf

# Which Keras model calls, and whether a tape records, has no public name.
from keras.src.backend.common.global_state import get_global_attribute

# What a Keras model saves beside its layers has no public name either.
from keras.src.saving.keras_saveable import KerasSaveable
from tensorflow.python.eager.record import could_possibly_record

from rnnbook import checks
from rnnbook.protocol import Cell as Protocol
from rnnbook.tf.tf1 import Lists


def variables_to_train(model: Any) -> list[Any]:
    """The trainable variables of a model, and of all cells and Keras layers that it holds."""
    if getattr(type(model), "trainable_variables", None) not in AS_INHERITED:
        return list(model.trainable_variables)  # whoever wrote a list of their own means it
    return weights_of(model, *tf.train.TrackableView(model).descendants())


def weights_of(*things: Any) -> list[Any]:
    """Their trainable variables, and those of all cells in them, each once.

    TensorFlow and Keras do not look into a plain object, and a cell may be one.
    """
    todo, seen = [*things], set()
    found: dict[int, Any] = {}
    while todo:
        thing = todo.pop(0)
        if id(thing) in seen or isinstance(thing, type) or not hasattr(thing, "__dict__"):
            continue
        seen.add(id(thing))
        held = list(_held(thing))
        if isinstance(thing, LISTS):
            variables = thing.trainable_variables
            todo += [one for one in held if isinstance(one, Protocol)]
        else:
            variables = [one for one in held if isinstance(one, tf.Variable) and one.trainable]
            todo += [one for one in held if isinstance(one, (Protocol, *LISTS))]
        found |= {id(variable): variable for variable in variables}
    return list(found.values())


def _held(thing: Any) -> Iterator[Any]:
    """What stands in the attributes of an object, and in the lists and dictionaries there."""
    todo = [*vars(thing).values()]
    while todo:
        one = todo.pop()
        if isinstance(one, (dict, list, tuple)):
            todo.extend(one.values() if isinstance(one, dict) else one)
        else:
            yield one


LISTS = tf.Module, keras.layers.Layer  # they list the variables of their own kind
AS_INHERITED = (tf.Module.trainable_variables, Lists.trainable_variables, keras.Model.trainable_variables)


class Saved(tf.Module, KerasSaveable):
    """A module whose variables a Keras model that holds it saves and loads with its own weights."""

    __reduce__ = object.__reduce__  # a copy or a pickle is that of any object, not Keras' archive

    def _obj_type(self) -> str:
        return "Layer"  # Keras then looks for modules inside this one, as in a layer

    def _own_variables(self) -> dict[str, tf.Variable]:
        """The variables of this module alone, by their names in a file."""

        def is_variable(value: Any) -> bool:
            return isinstance(value, tf.Variable)

        found = self._flatten(recursive=False, predicate=is_variable, with_path=True)
        return {".".join(map(str, path)).replace("/", "."): variable for path, variable in found}

    def save_own_variables(self, store: Any) -> None:
        for name, variable in self._own_variables().items():
            store[name] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        own, came = self._own_variables(), sorted(store.keys())
        if came != sorted(own):
            expected = f"those of this one: {', '.join(sorted(own)) or 'none yet, call it once before'}"
            checks.fail(type(self).__name__, "the weights in the file", expected, ", ".join(came) or "none")
        for name, variable in own.items():
            variable.assign(store[name])


def check_trained_by_keras(cell: Any) -> None:
    """Check that a compiled Keras model, in whose training ``cell`` takes a step, trains its weights too."""
    call = get_global_attribute("current_call_ctx")
    if (
        call is None or not could_possibly_record()
    ):  # no Keras model calls, or no tape runs: nothing is trained
        return
    model = call.entry_layer
    compiled = isinstance(model, keras.Model) and model.compiled
    weights = {id(variable) for variable in weights_of(cell)} if compiled else set()
    if weights and not weights & {id(variable) for variable in model.trainable_weights}:
        expected = "trained by rnnbook.tf.fit without compile, or converted by to_keras"
        came = f"{type(model).__name__}.fit, which overlooks its weights"
        checks.fail(type(cell).__name__, "a cell in a Keras model", expected, came)
