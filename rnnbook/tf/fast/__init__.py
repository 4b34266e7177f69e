"""Faster ways through a whole sequence, for the cells whose step is known.

`dynamic_rnn` asks `way_for` and goes the way it gets; with any other cell it loops over the
cell's own step. Both ways give the same numbers, but for rounding.
"""

from rnnbook.tf.fast.ways import go, way_for

__all__ = ["go", "way_for"]
