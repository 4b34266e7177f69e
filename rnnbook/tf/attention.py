"""Attention: a soft look-up, by which a decoder reads all that an encoder wrote."""

from typing import Any

import tensorflow as tf

from rnnbook import checks
from rnnbook.tf.arguments import checked_lengths, nan_unless_lengths
from rnnbook.tf.run_time import size, sized, with_steps


def attend(query: tf.Tensor, memory: tf.Tensor, memory_length: Any = None) -> tuple[tf.Tensor, tf.Tensor]:
    """Look every query up in a memory of T steps; what is alike weighs much.

    weights(s, t) = softmax over t of query(s) . memory(t), for t below the row's length
    context(s) = sum over t of weights(s, t) memory(t)

    Past a row's length the weights are zero; what the padding holds never matters.

    Args:
        query: [B, S, H], such as the outputs of a decoder; S = 1 for one step.
        memory: [B, T, H], such as the outputs of an encoder.
        memory_length: [B] whole numbers from 1 to T; None means T for every row.

    Returns:
        context [B, S, H], and weights [B, S, T] that sum to one over T.

    Raises:
        ValueError: a wrong rank or size, a length outside 1 .. T.
        TypeError: arrays that are none, no floats or of two dtypes, lengths that are not whole.
        tf.errors.InvalidArgumentError: the same of lengths known only when a graph runs.
            (Under ``jit_compile`` nothing can be raised then: the results are NaN.)

    >>> memory = tf.constant([[[9.0, 0.0], [0.0, 9.0], [float("nan")] * 2]])
    >>> context, weights = attend(tf.constant([[[0.0, 9.0]]]), memory, [2])
    >>> context.numpy().round(4).tolist(), weights.numpy().round(4).tolist()
    ([[[0.0, 9.0]]], [[[0.0, 1.0, 0.0]]])

    Taught in: book/6-applications/translating-dates. Source: Luong et al. (2015), "dot".
    """
    where = "attend"
    checks.check_array(where, "query", query, "B S H", {})
    checks.check_float(where, "query", query)
    query = tf.convert_to_tensor(query)
    checks.check_array(where, "memory", memory, "B T H", {"B": query.shape[0], "H": query.shape[2]})
    checks.check_dtype(where, "memory", memory, query.dtype)
    sizes = {"B": size(query, 0), "H": size(query, 2)}
    memory = sized(where, "memory", tf.convert_to_tensor(memory), "B T H", sizes)
    memory = with_steps(where, "memory", memory, "B T H")
    B, T = size(memory, 0), size(memory, 1)
    lengths = tf.fill([B], T)
    if memory_length is not None:
        lengths = checked_lengths(where, memory_length, B, T, "memory_length", least=1)
        query = nan_unless_lengths(query, lengths, T, least=1)

    valid = tf.range(T) < lengths[:, None]  # [B, T]
    memory = tf.where(valid[:, :, None], memory, tf.zeros_like(memory))
    scores = tf.matmul(query, memory, transpose_b=True)  # [B, S, T]
    scores = tf.where(valid[:, None], scores, tf.constant(float("-inf"), scores.dtype))
    weights = tf.nn.softmax(scores, axis=2)
    return weights @ memory, weights
