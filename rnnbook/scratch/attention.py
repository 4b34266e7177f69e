"""Attention in NumPy: a soft look-up, by which a decoder reads all that an encoder wrote."""

from typing import Any

import numpy as np

from rnnbook import checks


def attend(query: np.ndarray, memory: np.ndarray, memory_length: Any = None) -> tuple[np.ndarray, np.ndarray]:
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

    >>> memory = np.array([[[9.0, 0.0], [0.0, 9.0], [np.nan, np.nan]]])
    >>> context, weights = attend(np.array([[[0.0, 9.0]]]), memory, [2])
    >>> context.round(4).tolist(), weights.round(4).tolist()
    ([[[0.0, 9.0]]], [[[0.0, 1.0, 0.0]]])

    Taught in: book/6-applications/translating-dates. Source: Luong et al. (2015), "dot".
    """
    where = "attend"
    checks.check_numpy(where, "query", query, "B S H", {})
    checks.check_float(where, "query", query)
    B, _, H = query.shape
    checks.check_numpy(where, "memory", memory, "B T H", {"B": B, "H": H})
    checks.check_dtype(where, "memory", memory, query.dtype)
    T = memory.shape[1]
    lengths = np.full(B, T)
    if memory_length is not None:
        lengths = checks.check_lengths(where, "memory_length", memory_length, B, T, least=1)

    valid = np.arange(T) < lengths[:, None]  # [B, T]
    memory = np.where(valid[:, :, None], memory, 0)
    scores = query @ memory.swapaxes(1, 2)  # [B, S, T]
    scores = np.where(valid[:, None], scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=2, keepdims=True))
    weights /= weights.sum(axis=2, keepdims=True)
    return weights @ memory, weights
