"""Decoding: a loop over time whose length the model itself decides."""

from collections.abc import Callable
from typing import Any

import numpy as np

from rnnbook import checks
from rnnbook.protocol import map_state

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

    def likeliest(logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return logits.argmax(axis=1), np.isnan(logits).any(axis=1)  # argmax would choose it

    given = step, initial_state, start_token, end_token, max_steps
    return decode_by("greedy_decode", likeliest, ("numbers", "nan"), *given)


def decode_by(
    where: str,
    choose: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]],
    words: tuple[str, str],
    step: Step,
    initial_state: Any,
    start_token: int,
    end_token: int,
    max_steps: int,
) -> tuple[np.ndarray, np.ndarray]:
    """The loop of `greedy_decode` and `sample_decode`, which differ in how they ``choose``.

    ``choose`` takes logits [B, V] to tokens [B] and to the rows [B] from which none can be chosen;
    ``words`` say what these rows must hold, and what they hold.
    """
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
        chosen, lost = choose(logits)
        lost = alive & lost
        if lost.any():
            expected, came = words
            row = int(lost.argmax())
            checks.fail(where, f"logits of step {len(emitted)}", expected, f"{came} in row {row}")
        tokens = np.where(alive, chosen, end_token)
        alive = tokens != end_token  # a row that has ended holds end_token, and stays ended
        emitted.append(tokens)
    decoded = np.stack(emitted, axis=1)  # [B, T]
    return decoded, (decoded != end_token).sum(axis=1)


def beam_decode(
    step: Step,
    initial_state: Any,
    start_token: int,
    end_token: int,
    max_steps: int,
    width: int,
    length_power: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Keep the ``width`` best beginnings of each row; return the best answer.

    log p = sum over t of log softmax(logits(t))[token(t)], where (logits, h) = step(token(t-1), h)
    score = log p / steps**length_power, the step of ``end_token`` counted

    A beginning that has ended stays as it is and competes with the others. The search of a row is
    over when none that is alive can overtake the best that has ended. Width 1 is `greedy_decode`.

    Args:
        step: from tokens [B*width] and a state to logits [B*width, V] and the next state. The
            rows change places: what belongs to a row, such as an encoder's outputs, must be
            in the state, not beside it.
        initial_state: arrays of B rows, such as an encoder's final state.
        start_token: what every row is fed first.
        end_token: ends its row (EOS).
        max_steps: stops rows that never end.
        width: the number of beginnings that a row keeps.
        length_power: 0 asks for the likeliest answer, which favours short ones; at 1 the score
            is the mean of log p over the steps.

    Returns:
        tokens [B, T] with T <= max_steps, holding ``end_token`` from a row's end on,
        and lengths [B], the tokens before the end.

    Raises:
        ValueError: logits that are not [B*width, V] or have no softmax; an ``end_token`` not
            below V; ``max_steps`` or ``width`` below one; a negative ``length_power``.
        TypeError: a state that is not arrays of B rows, tokens or a width that are not whole.

    >>> chances = np.array([[0, 0.6, 0.4], [0.5, 0.3, 0.2], [1, 0, 0]])  # after tokens 0, 1 and 2
    >>> def step(tokens, state):
    ...     return np.log(chances[tokens] + 1e-9), state
    >>> for width in (1, 2):  # 0.6 * 0.5 against 0.4 * 1
    ...     tokens, lengths = beam_decode(step, np.zeros((1, 1)), 0, 0, max_steps=9, width=width)
    ...     print(tokens.tolist(), lengths.tolist())
    [[1, 0]] [1]
    [[2, 0]] [1]

    Taught in: book/6-applications/translating-dates. Source: Sutskever et al. (2014).
    """
    where = "beam_decode"
    B = checks.check_decoder(where, step, initial_state, start_token, end_token, max_steps)
    checks.check_beam(where, width, length_power)
    checks.check_plain_state(where, "initial_state", initial_state)
    width, end_token, max_steps = int(width), int(end_token), int(max_steps)
    rows = np.arange(B)[:, None]  # [B, 1]
    state = map_state(lambda leaf: leaf.repeat(width, axis=0), initial_state)  # [B*width, ...]
    tokens = np.full((B, width), int(start_token))
    log_p = np.where(np.arange(width) == 0, 0.0, np.full((B, width), -np.inf))  # all begin as one
    alive = log_p == 0
    steps = np.ones((B, width))
    said = np.empty((B, width, 0), int)  # [B, width, t]
    for t in range(1, max_steps + 1):
        result = step(tokens.reshape(-1), state)
        checks.check_logits(where, result, initial_state, B * width, end_token, "B*width")
        logits, state = result
        checks.check_numpy(where, "logits", logits, "B*width V", {})
        checks.check_beam_rows(where, state, B * width)
        V = logits.shape[1]
        log_softmax = _log_softmax(logits).reshape(B, width, V)
        lost = alive & np.isnan(log_softmax).any(axis=2)
        if lost.any():
            row = int(lost.any(axis=1).argmax())
            checks.fail(where, f"logits of step {t - 1}", "numbers with a softmax", f"none in row {row}")
        as_it_is = np.where(np.arange(V) == end_token, 0.0, -np.inf)  # one that has ended adds nothing
        longer = log_p[:, :, None] + np.where(alive[:, :, None], log_softmax, as_it_is)  # [B, width, V]
        steps = np.where(alive, t, steps)
        scores = (longer / steps[:, :, None] ** length_power).reshape(B, -1)
        best = np.argsort(-scores, axis=1, kind="stable")[:, :width]
        parent, tokens = divmod(best, V)  # [B, width]

        log_p, steps = longer[rows, parent, tokens], steps[rows, parent]
        said = np.concatenate([said[rows, parent], tokens[:, :, None]], axis=2)
        alive = (tokens != end_token) & (log_p > -np.inf)
        places = (rows * width + parent).reshape(-1)
        state = map_state(lambda leaf, places=places: leaf[places], state)
        ended = np.where(alive, -np.inf, log_p / steps**length_power).max(axis=1)
        hoped = np.where(alive, log_p / float(max_steps) ** length_power, -np.inf).max(axis=1)
        if (hoped < ended).all():
            break
    decoded = said[:, 0]  # [B, t]
    lengths = (decoded != end_token).sum(axis=1)
    return decoded[:, : lengths.max() + 1], lengths


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    """log softmax over V in float64; NaN where there is none."""
    with np.errstate(invalid="ignore"):  # infinity minus infinity
        z = logits.astype(np.float64)
        z = z - z.max(axis=1, keepdims=True)
        return z - np.log(np.exp(z).sum(axis=1, keepdims=True))
