"""What TF 1.x code asks for beyond the equations. Who reads a cell or an unroller can leave it shut.

- ``arguments``  the arguments of TF 1.15, in its order and under its names
- ``scopes``     in a graph with a session: the scopes that share variables, and the weights in them
- ``dropout``    keep probabilities that are tensors; masks where a session runs
- ``rnn_cell``   the base class of cells that call `get_variable`
- ``variables``  lists of variables as the originals give them
- ``functions``  names of TF 1.x that the book does not teach

A *session's graph* is a `tf.Graph` that no function is traced into. There variables have names that
are looked up, and nothing runs before a session runs it. Elsewhere, eagerly and in `tf.function`,
a cell owns its weights and all that stands here does nothing.
"""

from rnnbook.tf.tf1.arguments import as_state, num_inputs, takes
from rnnbook.tf.tf1.dropout import all_but_c, keep_prob, mask_seed, next_draw, share_kept, switches
from rnnbook.tf.tf1.scopes import (
    assign,
    default_name,
    in_session,
    knows_sizes,
    open_session,
    scope,
    scope_of,
    share,
    weight,
)
from rnnbook.tf.tf1.variables import Lists

__all__ = [
    "Lists",
    "all_but_c",
    "as_state",
    "assign",
    "default_name",
    "in_session",
    "keep_prob",
    "knows_sizes",
    "mask_seed",
    "next_draw",
    "num_inputs",
    "open_session",
    "scope",
    "scope_of",
    "share",
    "share_kept",
    "switches",
    "takes",
    "weight",
]
