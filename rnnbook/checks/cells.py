"""Checks of the cells that a wrapper, a model or an unroller is given."""

from collections.abc import Sequence
from typing import Any

from rnnbook.checks.arrays import dtype_name
from rnnbook.checks.errors import fail, what
from rnnbook.protocol import assert_like_cell, parts


def check_cells(where: str, cells: Any, members: Sequence[str] = ("dtype",)) -> None:
    """Check cells to be held: real cells, at least one, no object twice, one dtype.

    ``members``: what a cell of this half has beside the four of the protocol.
    """
    if not isinstance(cells, (list, tuple)):
        fail(where, "cells", "a list of cells", what(cells), TypeError)
    if not cells:
        fail(where, "cells", "at least one cell", "an empty list")
    for cell in cells:
        assert_like_cell(where, cell, members)
    inner = [id(part) for cell in cells for part in parts(cell)]
    if len(set(inner)) < len(inner):
        fail(where, "cells", "different objects, or layers would share their weights", "the same cell twice")
    if len({dtype_name(cell) for cell in cells}) > 1:
        fail(where, "cells", "of one dtype", [dtype_name(cell) for cell in cells], TypeError)


def check_two_cells(where: str, cell_fw: Any, cell_bw: Any) -> None:
    """Check that the two readers of a bidirectional layer share no cell, not even inside wrappers."""
    if {id(part) for part in parts(cell_fw)} & {id(part) for part in parts(cell_bw)}:
        fail(where, "cell_bw", "another cell than cell_fw", "the same object")
