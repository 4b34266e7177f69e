"""Decoding: a loop over time whose length the model itself decides."""

from collections.abc import Callable
from typing import Any

import numpy as np

from rnnbook import checks

Step = Callable[[np.ndarray, Any], tuple[np.ndarray, Any]]


def greedy_decode(
    step: Step, initial_state: Any, start_token: int, end_token: int, max_steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """Feed each row its own last token until it emits ``end_token``.

    token(t) = argmax over V of logits(t), where (logits, h) = step(token(t-1), h).

    Args:
        step: from tokens [B] and a state to logits [B, V] and the next state:
            an embedding, a cell and an output layer in one function.
        initial_state: arrays of B rows, such as an encoder's final state.
        start_token: what every row is fed first.
        end_token: ends its row (EOS); nothing that follows it counts.
        max_steps: stops rows that never end.

    Returns:
        tokens [B, T] with T <= max_steps, holding ``end_token`` from a row's end on,
        and lengths [B], the tokens before the end.

    Raises:
        ValueError: logits that are not [B, V], or NaN before a row's end; an ``end_token``
            not below V; ``max_steps`` below one.
        TypeError: a state that is not arrays of B rows, tokens that are not whole.

    >>> def step(tokens, count):  # emits token 1 while the count is above zero
    ...     return np.concatenate([0.5 - count, count - 0.5], axis=1), count - 1
    >>> tokens, lengths = greedy_decode(step, np.array([[2.0], [0.0]]), 1, 0, max_steps=9)
    >>> tokens.tolist(), lengths.tolist()
    ([[1, 1, 0], [0, 0, 0]], [2, 0])

    Taught in: book/2-unrolling/variable-length-outputs.
    """
    where = "greedy_decode"
    B = checks.check_decoder(where, step, initial_state, start_token, end_token, max_steps)
    state = initial_state
    start_token, end_token = int(start_token), int(end_token)  # a NumPy one would decide the dtype
    tokens = np.full(B, start_token)  # [B]
    alive = np.ones(B, bool)  # [B]
    emitted: list[np.ndarray] = []
    while alive.any() and len(emitted) < max_steps:
        result = step(tokens, state)
        checks.check_logits(where, result, initial_state, B, end_token)
        logits, state = result
        checks.check_numpy(where, "logits", logits, "B V", {})
        lost = alive & np.isnan(logits).any(axis=1)
        if lost.any():  # argmax would choose it
            row = int(lost.argmax())
            checks.fail(where, f"logits of step {len(emitted)}", "numbers", f"nan in row {row}")
        tokens = np.where(alive, logits.argmax(axis=1), end_token)
        alive = tokens != end_token  # a row that has ended holds end_token, and stays ended
        emitted.append(tokens)
    decoded = np.stack(emitted, axis=1)  # [B, T]
    return decoded, (decoded != end_token).sum(axis=1)
