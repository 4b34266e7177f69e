"""From which size on another arrangement is the faster one, all in one place.

Each was found by `make bench`, on an idle machine and on one whose other core was busy, as it is
when two notebooks run at a time. They change how long an answer takes and never the answer.
"""

from typing import Any

STEPS = 10  # time steps in one iteration of the loop, whose own cost is that of a small step

# TensorFlow has one operation for a whole sequence of LSTM steps. It multiplies matrices in one
# thread and more slowly than MatMul, so it wins while the products are small.
ONE_OPERATION_UNITS = 48  # at most
ONE_OPERATION_ROWS = 128  # at most

LARGE_KERNEL = 100_000  # weights from which on a transpose of their own pays


def worth_one_operation(num_units: int, rows: Any) -> bool:
    """Whether products of ``rows`` (None when not known yet) times so many units are small."""
    return num_units <= ONE_OPERATION_UNITS and (rows is None or rows <= ONE_OPERATION_ROWS)
