"""Sampled decoding: the next token is drawn, with the probabilities that the model gives."""

from math import inf
from typing import Any

import numpy as np
import tensorflow as tf

from rnnbook import checks
from rnnbook.tf.decode import Step, decode_by
from rnnbook.tf.run_time import checked, size


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
) -> tuple[tf.Tensor, tf.Tensor]:
    """Draw each row's next token, and feed it back, until the row emits ``end_token``.

    p = softmax(logits(t) / temperature), where (logits, h) = step(token(t-1), h)
    P(token(t) = v) = p[v] / (sum of p over the tokens that are kept)

    Kept are the ``top_k`` likeliest tokens, and of these the fewest, the likeliest first, that hold
    the share ``top_p`` of all probability. ``top_k=1`` is `greedy_decode`, and so is a temperature
    near 0.

    Args:
        step: from tokens [B] (int32) and a state to logits [B, V] and the next state:
            an embedding, a cell and an output layer in one function.
        initial_state: tensors of B rows, such as an encoder's final state.
        start_token: what every row is fed first.
        end_token: ends its row (EOS); nothing that follows it counts.
        max_steps: stops rows that never end.
        temperature: at 1 the draw is the model's own; below, the likely gets likelier.
        top_k: None keeps all tokens.
        top_p: from 0 to 1 (nucleus sampling); None keeps all tokens.
        seed: of the draws. With one, a compiled function draws the same at every call.

    Returns:
        tokens [B, T] with T <= max_steps, holding ``end_token`` from a row's end on,
        and lengths [B], the tokens before the end.

    Raises:
        ValueError: logits that are not [B, V]; an ``end_token`` or ``top_k`` beyond V; ``max_steps`` or
            ``top_k`` below one; a temperature or ``top_p`` out of range.
        TypeError: a state that is not arrays of B rows, tokens that are not whole.
        tf.errors.InvalidArgumentError: logits that have no softmax before a row's end; and under
            ``jit_compile``, which must know T before it runs.

    >>> def step(tokens, state):
    ...     return tf.repeat(tf.math.log([[0.1, 0.6, 0.3]]), len(tokens), axis=0), state
    >>> for top_p in (None, 0.8):  # 0.6 alone is less than 0.8
    ...     tokens, _ = sample_decode(step, tf.zeros([9000, 1]), 0, 0, 1, top_p=top_p, seed=0)
    ...     (np.bincount(tokens[:, 0], minlength=3) / 9000).round(1).tolist()
    [0.1, 0.6, 0.3]
    [0.0, 0.7, 0.3]

    Taught in: book/6-applications/translating-dates. Source: Fan et al. (2018), Holtzman et al. (2020).
    """
    where = "sample_decode"
    checks.check_sampling(where, temperature, top_k, top_p, seed)
    top_k, share = top_k and int(top_k), inf if top_p is None else float(top_p)
    drawn_seed = int(np.random.SeedSequence(seed).generate_state(1)[0] >> 1)

    def drawn(logits: tf.Tensor, t: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        V, B = size(logits, 1), tf.shape(logits)[:1]
        if isinstance(V, int):
            checks.check_kept(where, top_k, V)
        elif top_k is not None:
            message = f"{where}: top_k must be at most V; got"
            logits = checked(logits, top_k <= V, message, top_k, "with V =", V)
        z = tf.cast(logits, tf.float64)
        z = (z - tf.reduce_max(z, axis=1, keepdims=True)) / float(temperature)
        falling, order = tf.math.top_k(z, V if top_k is None else top_k)  # the likeliest first
        total = tf.reduce_sum(tf.exp(z), axis=1, keepdims=True)
        reach = tf.cumsum(tf.exp(falling) / total, axis=1)  # with all that are likelier
        last = tf.reduce_sum(tf.cast(reach[:, :-1] < share, tf.int32), axis=1)  # that is kept
        if seed is None:
            u = tf.random.uniform(B, dtype=tf.float64)
        else:
            u = tf.random.stateless_uniform(B, tf.stack([drawn_seed, t]), dtype=tf.float64)
        u *= tf.gather(reach, last, batch_dims=1)
        place = tf.reduce_sum(tf.cast(reach <= u[:, None], tf.int32), axis=1)
        return tf.gather(order, place, batch_dims=1), tf.reduce_any(tf.math.is_nan(z), axis=1)

    given = step, initial_state, start_token, end_token, max_steps
    return decode_by(where, drawn, ("numbers with a softmax", "none"), *given)
