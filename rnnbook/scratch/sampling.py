"""Sampled decoding: the next token is drawn, with the probabilities that the model gives."""

from math import inf
from typing import Any

import numpy as np

from rnnbook import checks
from rnnbook.scratch.decode import Step, decode_by


def sample_decode(
    step: Step,
    initial_state: Any,
    start_token: int,
    end_token: int,
    max_steps: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw each row's next token, and feed it back, until the row emits ``end_token``.

    p = softmax(logits(t) / temperature), where (logits, h) = step(token(t-1), h)
    P(token(t) = v) = p[v] / (sum of p over the tokens that are kept)

    Kept are the ``top_k`` likeliest tokens, and of these the fewest, the likeliest first, that hold
    the share ``top_p`` of all probability. ``top_k=1`` is `greedy_decode`, and so is a temperature
    near 0.

    Args:
        step: from tokens [B] and a state to logits [B, V] and the next state:
            an embedding, a cell and an output layer in one function.
        initial_state: arrays of B rows, such as an encoder's final state.
        start_token: what every row is fed first.
        end_token: ends its row (EOS); nothing that follows it counts.
        max_steps: stops rows that never end.
        temperature: at 1 the draw is the model's own; below, the likely gets likelier.
        top_k: None keeps all tokens.
        top_p: from 0 to 1 (nucleus sampling); None keeps all tokens.
        seed: of the draws.

    Returns:
        tokens [B, T] with T <= max_steps, holding ``end_token`` from a row's end on,
        and lengths [B], the tokens before the end.

    Raises:
        ValueError: logits that are not [B, V], or have no softmax before a row's end; an ``end_token``
            or ``top_k`` beyond V; ``max_steps`` or ``top_k`` below one; a temperature or ``top_p``
            out of range.
        TypeError: a state that is not arrays of B rows, tokens that are not whole.

    >>> def step(tokens, state):
    ...     return np.log([[0.1, 0.6, 0.3]]).repeat(len(tokens), axis=0), state
    >>> for top_p in (None, 0.8):  # 0.6 alone is less than 0.8
    ...     tokens, _ = sample_decode(step, np.zeros((9000, 1)), 0, 0, 1, top_p=top_p, seed=0)
    ...     (np.bincount(tokens[:, 0], minlength=3) / 9000).round(1).tolist()
    [0.1, 0.6, 0.3]
    [0.0, 0.7, 0.3]

    Taught in: book/6-applications/translating-dates. Source: Fan et al. (2018), Holtzman et al. (2020).
    """
    where = "sample_decode"
    checks.check_sampling(where, temperature, top_k, top_p, seed)
    rng, share = np.random.default_rng(seed), inf if top_p is None else top_p

    def drawn(logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        checks.check_kept(where, top_k, logits.shape[1])
        B = len(logits)
        with np.errstate(invalid="ignore", over="ignore"):  # infinity minus infinity
            z = logits.astype(np.float64)
            z = (z - z.max(axis=1, keepdims=True)) / float(temperature)
        order = np.argsort(-z, axis=1, kind="stable")[:, :top_k]  # the likeliest first
        likelihood = np.exp(z)
        p = likelihood / likelihood.sum(axis=1, keepdims=True)
        reach = np.cumsum(np.take_along_axis(p, order, axis=1), axis=1)  # with all that are likelier
        last = (reach[:, :-1] < share).sum(axis=1)  # that is kept
        u = rng.random(B) * reach[np.arange(B), last]
        place = (reach <= u[:, None]).sum(axis=1)
        return order[np.arange(B), place], np.isnan(p).any(axis=1)

    given = step, initial_state, start_token, end_token, max_steps
    return decode_by(where, drawn, ("numbers with a softmax", "none"), *given)
