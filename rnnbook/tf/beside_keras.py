"""Cells and Keras layers in one model: each side looks for variables of its own kind alone."""

from typing import Any

import keras
import tensorflow as tf

# Which Keras model calls, and whether a tape records, has no public name.
from keras.src.backend.common.global_state import get_global_attribute

# What a Keras model saves beside its layers has no public name either.
from keras.src.saving.keras_saveable import KerasSaveable
from tensorflow.python.eager.record import could_possibly_record

from rnnbook import checks
from rnnbook.tf.tf1 import Lists


def variables_to_train(model: Any) -> list[Any]:
    """The trainable variables of a model, and of all cells and Keras layers that it holds."""
    found = {id(variable): variable for variable in model.trainable_variables}
    if getattr(type(model), "trainable_variables", None) not in AS_INHERITED:
        return list(found.values())  # whoever wrote a list of their own means it
    for part in tf.train.TrackableView(model).descendants():
        if isinstance(part, (tf.Module, keras.layers.Layer)):
            found |= {id(variable): variable for variable in part.trainable_variables}
    return list(found.values())


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


def check_trained_by_keras(cell: tf.Module) -> None:
    """Check that a compiled Keras model, in whose training ``cell`` takes a step, trains it too."""
    call = get_global_attribute("current_call_ctx")
    if (
        call is None or not could_possibly_record()
    ):  # no Keras model calls, or no tape runs: nothing is trained
        return
    model = call.entry_layer
    compiled = isinstance(model, keras.Model) and model.compiled
    if compiled and not {id(v) for v in cell.trainable_variables} & {id(v) for v in model.trainable_weights}:
        expected = "trained by rnnbook.tf.fit without compile, or converted by to_keras"
        came = f"{type(model).__name__}.fit, which overlooks its weights"
        checks.fail(type(cell).__name__, "a cell in a Keras model", expected, came)
