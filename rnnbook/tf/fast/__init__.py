"""Faster ways through a whole sequence, for the cells whose step is known.

`dynamic_rnn` asks `way_for` and goes the way it gets, which for a single step from the state
zero is `first_step`; with any other cell it loops over the cell's own step. Both ways give the
same numbers, but for rounding.
"""

from rnnbook.tf.fast.ways import first_step, go, way_for

__all__ = ["first_step", "go", "way_for"]
