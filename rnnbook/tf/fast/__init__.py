"""Faster ways through a whole sequence, for the cells whose step is known.

The unrollers ask `unroll` or `unroll_static` first, and loop over the cell's own step where they
get None. Both give the same numbers, but for rounding.
"""

from rnnbook.tf.fast.dispatch import has_fast_way, unroll, unroll_static

__all__ = ["has_fast_way", "unroll", "unroll_static"]
