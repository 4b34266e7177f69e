"""Cells and Keras layers in one model: each side looks for variables of its own kind alone."""

from typing import Any

import keras
import tensorflow as tf

# Which Keras model calls, and whether a tape records, has no public name.
from keras.src.backend.common.global_state import get_global_attribute
from tensorflow.python.eager.record import could_possibly_record

from rnnbook import checks


def variables_to_train(model: Any) -> list[Any]:
    """The trainable variables of a model, and of all cells and Keras layers that it holds."""
    found = {id(variable): variable for variable in model.trainable_variables}
    if getattr(type(model), "trainable_variables", None) not in AS_INHERITED:
        return list(found.values())  # whoever wrote a list of their own means it
    for part in tf.train.TrackableView(model).descendants():
        if isinstance(part, (tf.Module, keras.layers.Layer)):
            found |= {id(variable): variable for variable in part.trainable_variables}
    return list(found.values())


AS_INHERITED = (tf.Module.trainable_variables, keras.Model.trainable_variables)


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
