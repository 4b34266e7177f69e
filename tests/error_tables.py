"""How the tables of wrong calls are run: a row is an exception, its whole text, and the call.

The tables: `test_errors` cells, decoder, data; `test_errors_unroll` and `test_errors_tf` unrollers;
`test_errors_models` wrappers, training, conversion; `test_errors_figures`. `test_errors_complete`
sees to it that every public function stands in one of them.
"""

import re
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from toys import normal

import rnnbook.scratch as scratch
import rnnbook.tf as rnn

Row = tuple[type[Exception], str, Callable[..., Any]]
B, T, D, H = 4, 2, 3, 5


def floats(*shape: int) -> np.ndarray:
    """Random float32: the dtype of both halves in these tables."""
    return normal(*shape, dtype="float32")


def half(module: Any, **words: Any) -> SimpleNamespace:
    """One half with its names, and with cells of H units that take and make float32."""

    def cell(*, built: bool = True, **options: Any) -> Any:
        return module.BasicRNNCell(H, dtype="float32", num_inputs=D if built else None, seed=0, **options)

    return SimpleNamespace(module=module, cell=cell, make=module.BasicRNNCell, **words)


HALVES = [
    half(
        scratch, array="a NumPy array", library="NumPy", zeros=np.zeros, unroll=scratch.unroll, name="unroll"
    ),
    half(
        rnn,
        array="an array",
        library="TensorFlow",
        zeros=tf.zeros,
        unroll=rnn.dynamic_rnn,
        name="dynamic_rnn",
    ),
]


COVERED: dict[str, set[str]] = {"scratch": set(), "tf": set(), "data": set(), "figures": set()}


def rows(table: Sequence[Row], *modules: str) -> Any:
    """Parametrise a test by the rows of a table, each named by its number and the start of its text.

    The functions that the texts name count as covered in ``modules``.
    """
    for module in modules:
        COVERED[module] |= {re.split(r"[.:]", row[1])[0] for row in table}
    ids = [f"{n}: {re.sub(r'0x[0-9a-f]+', '', row[1])[:70]}" for n, row in enumerate(table)]
    return pytest.mark.parametrize(("kind", "text", "call"), table, ids=ids)


def other(h: SimpleNamespace) -> SimpleNamespace:
    """The other half."""
    return HALVES[h is HALVES[0]]


def raises(kind: type[Exception], text: str) -> Any:
    """Expect the exception with exactly this text, in the one form that all errors have."""
    assert re.match(r"[\w.]+: .+ must (be|have) .+; got .+", text), text
    return pytest.raises(kind, match=f"^{re.escape(text)}$")
