"""Decoding: a loop over time whose length the model itself decides."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from rnnbook import checks
from rnnbook.protocol import map_state
from rnnbook.tf.arguments import as_tensor
from rnnbook.tf.run_time import checked, size, with_rows

Step = Callable[[tf.Tensor, Any], tuple[tf.Tensor, Any]]


def greedy_decode(
    step: Step, initial_state: Any, start_token: int, end_token: int, max_steps: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """Feed each row its own last token until it emits ``end_token``.

    token(t) = argmax over V of logits(t), where (logits, h) = step(token(t-1), h).

    Args:
        step: from tokens [B] (int32) and a state to logits [B, V] and the next state:
            an embedding, a cell and an output layer in one function.
        initial_state: tensors of B rows, such as an encoder's final state.
        start_token: what every row is fed first.
        end_token: ends its row (EOS); nothing that follows it counts.
        max_steps: stops rows that never end.

    Returns:
        tokens [B, T] with T <= max_steps, holding ``end_token`` from a row's end on,
        and lengths [B], the tokens before the end.

    Raises:
        ValueError: logits that are not [B, V], an ``end_token`` not below V, or
            ``max_steps`` below one.
        TypeError: a state that is not arrays of B rows, tokens that are not whole.
        tf.errors.InvalidArgumentError: NaN among the logits before a row's end; and under
            ``jit_compile``, which must know T before it runs.

    >>> def step(tokens, count):  # emits token 1 while the count is above zero
    ...     return tf.concat([0.5 - count, count - 0.5], axis=1), count - 1
    >>> tokens, lengths = greedy_decode(step, tf.constant([[2.0], [0.0]]), 1, 0, max_steps=9)
    >>> tokens.numpy().tolist(), lengths.numpy().tolist()
    ([[1, 1, 0], [0, 0, 0]], [2, 0])

    Taught in: book/2-unrolling/variable-length-outputs.
    """
    where = "greedy_decode"
    B = checks.check_decoder(where, step, initial_state, start_token, end_token, max_steps)
    start_token, end_token, max_steps = int(start_token), int(end_token), int(max_steps)
    expected = "an array, or a tuple of arrays, of B rows each"
    state = first = map_state(lambda leaf: as_tensor(where, "initial_state", leaf, expected), initial_state)
    while isinstance(first, tuple):
        first = first[0]
    rows = size(first, 0)
    state = map_state(lambda leaf: with_rows(where, "initial_state", leaf, rows), state)
    tokens, alive = tf.fill([rows], start_token), tf.fill([rows], True)
    emitted = tf.TensorArray(tf.int32, size=max_steps, element_shape=(B,))

    def body(t, tokens, alive, state, emitted):
        result = step(tokens, state)
        checks.check_logits(where, result, state, B, end_token)
        logits = with_rows(where, "logits", tf.convert_to_tensor(result[0]), rows)
        state = map_state(lambda leaf: with_rows(where, "state after a step", leaf, rows), result[1])
        V = size(logits, 1)
        if not isinstance(V, int):
            message = f"{where}: end_token must be below V, or no row could end; got"
            logits = checked(logits, end_token < V, message, end_token, "with V =", V)
        if logits.dtype.is_floating:
            lost = alive & tf.reduce_any(tf.math.is_nan(logits), axis=1)  # argmax would choose it
            message = f"{where}: logits must be numbers; got nan at step"
            lost_rows = tf.where(lost)[:, 0]
            logits = checked(logits, ~tf.reduce_any(lost), message, t, "in rows", lost_rows)
        tokens = tf.where(alive, tf.argmax(logits, axis=1, output_type=tf.int32), end_token)
        alive = tf.not_equal(tokens, end_token)  # a row that has ended holds it, and stays ended
        return t + 1, tokens, alive, state, emitted.write(t, tokens)

    T, *_, emitted = tf.while_loop(
        lambda t, tokens, alive, *_: (t < max_steps) & tf.reduce_any(alive),
        body,
        (tf.constant(0), tokens, alive, state, emitted),
    )
    decoded = tf.transpose(emitted.gather(tf.range(T)))  # [B, T]
    return decoded, tf.reduce_sum(tf.cast(tf.not_equal(decoded, end_token), tf.int32), axis=1)
