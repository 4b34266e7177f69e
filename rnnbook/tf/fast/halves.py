"""The rows of a batch know nothing of one another, so each of two cores can take half of them."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from rnnbook.protocol import map_state

# Where two halves are faster than the whole was measured by tools/bench.py. Products of many
# units keep both cores busy as they are, and little work is not worth the splitting.
LEAST_ROWS = 16
LEAST_NUMBERS = 30_000  # in the states of all rows and steps
MOST_UNITS = 128


def worth_halving(cell: Any, B: int | None, T: int | None) -> bool:
    """Whether B rows of T steps are work for two, as far as their numbers are known."""
    if T is None or B is None or B < LEAST_ROWS:
        return False
    sizes: list[int] = []
    map_state(sizes.append, cell.state_size)
    return max(sizes) <= MOST_UNITS and T * B * sum(sizes) >= LEAST_NUMBERS


def in_halves(
    run: Callable[..., tuple[tf.Tensor, Any]], inputs: tf.Tensor, state: Any, lengths: Any
) -> tuple[tf.Tensor, Any]:
    """What ``run`` returns, by two graphs that wait for each other at the end only.

    Args:
        run: from inputs [T, B, D], a state and lengths to outputs [T, B, O] and a state.
    """
    B = inputs.shape[1]
    rows = [B // 2, B - B // 2]
    inputs_of, states_of = tf.split(inputs, rows, axis=1), map_state(lambda a: tf.split(a, rows), state)
    lengths_of = [None, None] if lengths is None else tf.split(lengths, rows)

    def half(n: int) -> tuple[tf.Tensor, Any]:
        return run(inputs_of[n], map_state(lambda pair: pair[n], states_of), lengths_of[n])

    (outputs, new_state), (others, other_state) = half(0), half(1)
    joined = map_state(lambda a, b: tf.concat([a, b], axis=0), new_state, other_state)
    return tf.concat([outputs, others], axis=1), joined
