"""Decoding: a loop over time whose length the model itself decides."""

from collections.abc import Callable
from math import inf
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

    def likeliest(logits: tf.Tensor, t: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        tokens = tf.argmax(logits, axis=1, output_type=tf.int32)
        if not logits.dtype.is_floating:
            return tokens, tf.zeros_like(tokens, tf.bool)
        return tokens, tf.reduce_any(tf.math.is_nan(logits), axis=1)  # argmax would choose it

    given = step, initial_state, start_token, end_token, max_steps
    return decode_by("greedy_decode", likeliest, ("numbers", "nan"), *given)


def decode_by(
    where: str,
    choose: Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]],
    words: tuple[str, str],
    step: Step,
    initial_state: Any,
    start_token: int,
    end_token: int,
    max_steps: int,
) -> tuple[tf.Tensor, tf.Tensor]:
    """The loop of `greedy_decode` and `sample_decode`, which differ in how they ``choose``.

    ``choose`` takes logits [B, V] and the step to tokens [B] and to the rows [B] from which none can
    be chosen; ``words`` say what these rows must hold, and what they hold.
    """
    B = checks.check_decoder(where, step, initial_state, start_token, end_token, max_steps)
    start_token, end_token, max_steps = int(start_token), int(end_token), int(max_steps)
    state, rows = _of_one_size(where, initial_state)
    tokens, alive = tf.fill([rows], start_token), tf.fill([rows], True)
    emitted = tf.TensorArray(tf.int32, size=max_steps, element_shape=(B,))
    message = "{}: logits must be {}; got {} at step".format(where, *words)

    def body(t, tokens, alive, state, emitted):
        result = step(tokens, state)
        checks.check_logits(where, result, state, B, end_token)
        logits = with_rows(where, "logits", tf.convert_to_tensor(result[0]), rows)
        state = map_state(lambda leaf: with_rows(where, "state after a step", leaf, rows), result[1])
        V = size(logits, 1)
        if not isinstance(V, int):
            logits = _can_end(where, logits, end_token, V)
        chosen, lost = choose(logits, t)
        lost = alive & lost
        chosen = checked(chosen, ~tf.reduce_any(lost), message, t, "in rows", tf.where(lost)[:, 0])
        tokens = tf.where(alive, chosen, end_token)
        alive = tf.not_equal(tokens, end_token)  # a row that has ended holds it, and stays ended
        return t + 1, tokens, alive, state, emitted.write(t, tokens)

    T, *_, emitted = tf.while_loop(
        lambda t, tokens, alive, *_: (t < max_steps) & tf.reduce_any(alive),
        body,
        (tf.constant(0), tokens, alive, state, emitted),
    )
    decoded = tf.transpose(emitted.gather(tf.range(T)))  # [B, T]
    return decoded, tf.reduce_sum(tf.cast(tf.not_equal(decoded, end_token), tf.int32), axis=1)


def beam_decode(
    step: Step,
    initial_state: Any,
    start_token: int,
    end_token: int,
    max_steps: int,
    width: int,
    length_power: float = 0.0,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Keep the ``width`` best beginnings of each row; return the best answer.

    log p = sum over t of log softmax(logits(t))[token(t)], where (logits, h) = step(token(t-1), h)
    score = log p / steps**length_power, the step of ``end_token`` counted

    A beginning that has ended stays as it is and competes with the others. The search of a row is
    over when none that is alive can overtake the best that has ended. Width 1 is `greedy_decode`.

    Args:
        step: from tokens [B*width] (int32) and a state to logits [B*width, V] and the next state. The
            rows change places: what belongs to a row, such as an encoder's outputs, must be
            in the state, not beside it.
        initial_state: tensors of B rows, such as an encoder's final state.
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
        ValueError: logits that are not [B*width, V], an ``end_token`` not below V;
            ``max_steps`` or ``width`` below one; a negative ``length_power``.
        TypeError: a state that is not arrays of B rows, tokens or a width that are not whole.
        tf.errors.InvalidArgumentError: logits that have no softmax; and under ``jit_compile``,
            which must know T before it runs.

    >>> chances = tf.constant([[0, 0.6, 0.4], [0.5, 0.3, 0.2], [1, 0, 0]])  # after tokens 0, 1 and 2
    >>> def step(tokens, state):
    ...     return tf.math.log(tf.gather(chances, tokens) + 1e-9), state
    >>> for width in (1, 2):  # 0.6 * 0.5 against 0.4 * 1
    ...     tokens, lengths = beam_decode(step, tf.zeros([1, 1]), 0, 0, max_steps=9, width=width)
    ...     print(tokens.numpy().tolist(), lengths.numpy().tolist())
    [[1, 0]] [1]
    [[2, 0]] [1]

    Taught in: book/6-applications/translating-dates. Source: Sutskever et al. (2014).
    """
    where = "beam_decode"
    B = checks.check_decoder(where, step, initial_state, start_token, end_token, max_steps)
    checks.check_beam(where, width, length_power)
    width, end_token, max_steps = int(width), int(end_token), int(max_steps)
    state, rows = _of_one_size(where, initial_state)
    known = None if B is None else B * width
    state = map_state(lambda leaf: tf.repeat(leaf, width, axis=0), state)  # [B*width, ...]
    first = tf.reshape(tf.range(rows) * width, [B or -1, 1])  # [B, 1]: where a row's beginnings start
    tokens = tf.fill([rows, width], int(start_token))
    never, sure = tf.unstack(tf.constant([-inf, 0.0], tf.float64))
    log_p = tf.where(tf.equal(tf.range(width), 0), sure, tf.fill([rows, width], never))
    alive = tf.equal(log_p, 0)  # all begin as one
    steps = tf.ones_like(log_p)
    said = tf.zeros([rows, width, 0], tf.int32)  # [B, width, t]

    def body(t, going, tokens, log_p, alive, steps, said, state):
        result = step(tf.reshape(tokens, [known or -1]), state)
        checks.check_logits(where, result, state, known, end_token, "B*width")
        checks.check_beam_rows(where, result[1], known)
        logits = with_rows(where, "logits", tf.convert_to_tensor(result[0]), rows * width)
        state = map_state(lambda leaf: with_rows(where, "state after a step", leaf, rows * width), result[1])
        V = size(logits, 1)
        if not isinstance(V, int):
            logits = _can_end(where, logits, end_token, V)
        log_softmax = tf.nn.log_softmax(tf.cast(logits, tf.float64))
        log_softmax = tf.reshape(log_softmax, [B or -1, width, V])
        lost = tf.reduce_any(alive & tf.reduce_any(tf.math.is_nan(log_softmax), axis=2), axis=1)
        message = f"{where}: logits must be numbers with a softmax; got none at step"
        found = tf.where(lost)[:, 0]
        log_softmax = checked(log_softmax, ~tf.reduce_any(lost), message, t - 1, "in rows", found)
        as_it_is = tf.where(tf.equal(tf.range(V), end_token), sure, never)  # adds nothing
        longer = log_p[:, :, None] + tf.where(alive[:, :, None], log_softmax, as_it_is)  # [B, width, V]
        steps = tf.where(alive, tf.cast(t, tf.float64), steps)
        scores = tf.reshape(longer / steps[:, :, None] ** length_power, [B or -1, width * V])
        best = tf.math.top_k(scores, width).indices
        parent, tokens = best // V, best % V  # [B, width]

        log_p = tf.gather(tf.reshape(longer, [B or -1, width * V]), best, batch_dims=1)
        steps = tf.gather(steps, parent, batch_dims=1)
        said = tf.concat([tf.gather(said, parent, batch_dims=1), tokens[:, :, None]], axis=2)
        alive = tf.not_equal(tokens, end_token) & (log_p > -inf)
        places = tf.reshape(first + parent, [known or -1])
        state = map_state(lambda leaf: tf.gather(leaf, places), state)
        ended = tf.reduce_max(tf.where(alive, never, log_p / steps**length_power), axis=1)
        hoped = tf.reduce_max(tf.where(alive, log_p / float(max_steps) ** length_power, never), axis=1)
        return t + 1, tf.reduce_any(hoped >= ended), tokens, log_p, alive, steps, said, state

    beam = (tf.constant(1), tf.constant(True), tokens, log_p, alive, steps, said, state)
    shapes = [*(part.shape for part in beam[:6]), tf.TensorShape([B, width, None])]
    *_, said, _ = tf.while_loop(
        lambda t, going, *_: (t <= max_steps) & going,
        body,
        beam,
        shape_invariants=(*shapes, map_state(lambda leaf: leaf.shape, state)),
    )
    decoded = said[:, 0]  # [B, t]
    lengths = tf.reduce_sum(tf.cast(tf.not_equal(decoded, end_token), tf.int32), axis=1)
    return decoded[:, : tf.reduce_max(lengths) + 1], lengths


def _of_one_size(where: str, state: Any) -> tuple[Any, Any]:
    """A state as tensors, all of the rows of the first, and that number."""
    expected = "an array, or a tuple of arrays, of B rows each"
    state = first = map_state(lambda leaf: as_tensor(where, "initial_state", leaf, expected), state)
    while isinstance(first, tuple):
        first = first[0]
    rows = size(first, 0)
    return map_state(lambda leaf: with_rows(where, "initial_state", leaf, rows), state), rows


def _can_end(where: str, logits: tf.Tensor, end_token: int, V: tf.Tensor) -> tf.Tensor:
    """The logits, among which there must be one of the end."""
    message = f"{where}: end_token must be below V, or no row could end; got"
    return checked(logits, end_token < V, message, end_token, "with V =", V)
