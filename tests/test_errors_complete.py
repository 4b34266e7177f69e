"""Every public function and class stands in a table of wrong calls; no row is a duplicate.

Oracle: the public names of the modules themselves.
"""

import importlib

import error_tables
import pytest
from error_tables import COVERED

from rnnbook import figures

TABLES = [
    "test_attention",
    "test_errors",
    "test_errors_figures",
    "test_errors_models",
    "test_errors_tf",
    "test_errors_unroll",
    "test_scan",
]
NOTHING_TO_GET_WRONG = {
    "Activation",  # two functions and no checks; the cell that takes it checks it
    "Cell",  # a description, not a thing to call
    "LSTMStateTuple",  # the same
    "LoadedCheckpoint",  # a result
    "source_outputs",
    "sunspots",
}
# They put strokes on paper for a page's author, who sees at once what is wrong; matplotlib says the rest.
DRAWINGS = {"arrow", "box", "canvas", "subplots"} | {
    name for name in figures.__all__ if name.startswith("draw_")
}


def public(name):
    """The callables of a module that are its own or that it lists."""
    module = importlib.import_module(f"rnnbook.{name}")
    own = [key for key, thing in vars(module).items() if getattr(thing, "__module__", "") == module.__name__]
    names = getattr(module, "__all__", None) or [key for key in own if not key.startswith("_")]
    return {key for key in names if callable(getattr(module, key))}


@pytest.mark.parametrize("name", COVERED)
def test_every_public_callable_has_a_wrong_call(name):
    for table in TABLES:
        importlib.import_module(table)
    missing = public(name) - NOTHING_TO_GET_WRONG - DRAWINGS - COVERED[name]
    assert not missing, missing


def test_the_exceptions_are_public_and_have_nothing_to_check():
    everything = set().union(*map(public, COVERED))
    assert everything >= NOTHING_TO_GET_WRONG | DRAWINGS


def test_there_is_no_doubt_that_a_missing_function_would_be_seen(monkeypatch):
    monkeypatch.setitem(error_tables.COVERED, "scratch", COVERED["scratch"] - {"unroll"})
    with pytest.raises(AssertionError, match="unroll"):
        test_every_public_callable_has_a_wrong_call("scratch")
