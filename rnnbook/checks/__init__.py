"""Argument checks with one error form: function, argument, what was expected, what came.

`dynamic_rnn: inputs must be [B, T, D]; got shape (2, 3)`

Use them as ``checks.check_array(...)``. Where to find which:

- ``errors``  the message form, and what came in words
- ``values``  one number, flag, seed or dtype
- ``arrays``  rank, sizes, dtype, lengths, numbers that are finite
- ``states``  the nested arrays a cell carries, what its step and a decoder's step return
- ``cells``   the cells that a wrapper or a model is given
- ``training`` samples, gradients by name, rates and norms

NaN: training refuses it, in its data, losses and weights, and a decoder in its logits. A
cell and an unroller compute with it by the rules of IEEE: a gap in one row stays in that
row, and padding may hold anything.
"""

from rnnbook.checks.arrays import (
    axes,
    check_array,
    check_dtype,
    check_finite,
    check_float,
    check_lengths,
    check_numpy,
    check_plain,
    check_real,
    check_same_shape,
    dtype_name,
    static_shape,
    to_array,
)
from rnnbook.checks.cells import check_cells, check_two_cells
from rnnbook.checks.errors import describe, fail, shown, what
from rnnbook.checks.states import (
    check_beam,
    check_beam_rows,
    check_decoder,
    check_kept,
    check_logits,
    check_pair,
    check_plain_state,
    check_rows,
    check_sampling,
    check_state,
    check_step,
)
from rnnbook.checks.training import (
    check_gradients,
    check_positive,
    check_rate,
    check_samples,
    check_training,
    slides_along,
)
from rnnbook.checks.values import (
    check_count,
    check_flag,
    check_keep_prob,
    check_number,
    check_seed,
    floating,
    numeric,
)

__all__ = [
    "axes",
    "check_array",
    "check_beam",
    "check_beam_rows",
    "check_cells",
    "check_count",
    "check_decoder",
    "check_dtype",
    "check_finite",
    "check_flag",
    "check_float",
    "check_gradients",
    "check_keep_prob",
    "check_kept",
    "check_lengths",
    "check_logits",
    "check_number",
    "check_numpy",
    "check_pair",
    "check_plain",
    "check_plain_state",
    "check_positive",
    "check_rate",
    "check_real",
    "check_rows",
    "check_same_shape",
    "check_samples",
    "check_sampling",
    "check_seed",
    "check_state",
    "check_step",
    "check_training",
    "check_two_cells",
    "describe",
    "dtype_name",
    "fail",
    "floating",
    "numeric",
    "shown",
    "slides_along",
    "static_shape",
    "to_array",
    "what",
]
