"""Data of the book: the source's batch and tables, series, windows, padding, lengths."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rnnbook import checks


def source_batch(dtype: Any = np.float64) -> np.ndarray:
    """The batch of source B, [B=4, T=2, D=3]: the one batch of parts 1 and 2.

    >>> source_batch()[1]
    array([[3., 4., 5.],
           [0., 0., 0.]])
    """
    dtype = checks.numeric("source_batch", "dtype", dtype)
    first = [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 0, 1]]
    second = [[9, 8, 7], [0, 0, 0], [6, 5, 4], [3, 2, 1]]
    return np.stack([first, second], axis=1).astype(dtype)


def source_outputs() -> np.ndarray:
    """The outputs source B prints for `source_batch`, [4, 2, 5] (its Y0_val and Y1_val)."""
    Y0 = [
        [-0.2964572, 0.82874775, -0.34216955, -0.75720584, 0.19011548],
        [-0.12842922, 0.99981797, 0.84704727, -0.99570125, 0.38665548],
        [0.04731077, 0.99999976, 0.99330056, -0.999933, 0.55339795],
        [0.70323634, 0.99309105, 0.99909431, -0.85363263, 0.7472108],
    ]
    Y1 = [
        [0.51955646, 1.0, 0.99999022, -0.99984968, -0.24616946],
        [-0.70553327, -0.11918639, 0.48885304, 0.08917919, -0.26579669],
        [-0.32477224, 0.99996376, 0.99933046, -0.99711186, 0.10981458],
        [-0.43738723, 0.91517633, 0.97817528, -0.91763324, 0.11047263],
    ]
    return np.stack([Y0, Y1], axis=1)


def source_weights(dtype: Any = np.float64) -> tuple[np.ndarray, np.ndarray]:
    """The weights source B drew at random and did not print: w_x [3, 5] and w_h [5, 5].

    Recovered from its printed outputs: with b = 0, arctanh(Y0) = X0 w_x is solved for
    w_x by least squares, each entry weighted by 1 - Y0^2, its number of reliable
    digits; arctanh(Y1) - X1 w_x = Y0 w_h has a least-norm solution w_h. With these a
    forward pass gives all forty printed numbers back. w_x is the author's own; w_h is
    one of many that do (four equations for five unknowns a neuron).

    >>> w_x, w_h = source_weights()
    >>> X, Y = source_batch(), source_outputs()
    >>> bool(np.abs(np.tanh(X[:, 0] @ w_x) - Y[:, 0]).max() < 2e-7)
    True

    Taught in: book/reference/recovered-weights.
    """
    dtype = checks.floating("source_weights", "dtype", dtype, "NumPy", np.dtype)
    X, Y = source_batch(), source_outputs()
    near_one = 1 - 2e-8  # a printed 1. stands for the largest float32 below one, or so
    before = np.arctanh(np.clip(Y, -near_one, near_one))  # [4, 2, 5]
    weight = 1 - np.clip(Y[:, 0], -near_one, near_one) ** 2
    columns = [
        np.linalg.lstsq(X[:, 0] * w[:, None], before[:, 0, n] * w, rcond=None)[0]
        for n, w in enumerate(weight.T)
    ]
    w_x = np.stack(columns, axis=1)
    w_h = np.linalg.pinv(Y[:, 0]) @ (before[:, 1] - X[:, 1] @ w_x)
    return w_x.astype(dtype), w_h.astype(dtype)


def sunspots() -> tuple[np.ndarray, np.ndarray]:
    """The years 1700 to 2008 and the mean sunspot number of each, two arrays [309].

    Ships with statsmodels (extra ``[book]``). Source: SILSO, Royal Observatory of Belgium.
    """
    from statsmodels.datasets import sunspots as dataset

    table = dataset.load_pandas().data
    return table["YEAR"].to_numpy().astype(int), table["SUNACTIVITY"].to_numpy()


def sliding_windows(series: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Every window of ``size`` values with the value that follows it: [N, size] and [N].

    N = len(series) - size. Windows of one series overlap: split in time before you cut.

    >>> X, y = sliding_windows(np.arange(5), 3)
    >>> X.tolist(), y.tolist()
    ([[0, 1, 2], [1, 2, 3]], [3, 4])

    Taught in: book/1-memory/sequences.
    """
    size = checks.check_count("sliding_windows", "size", size)
    checks.check_array("sliding_windows", "series", series, "N", {})
    checks.check_plain("sliding_windows", "series", series, np.ndarray, "[N]")
    if len(series) <= size:
        checks.fail("sliding_windows", "series", f"longer than size={size}", f"{len(series)} values")
    return np.lib.stride_tricks.sliding_window_view(series, size)[:-1].copy(), series[size:].copy()


def batches(
    samples: int, batch_size: int, steps: int, seed: int | None, buffer: int | None = None
) -> np.ndarray:
    """Which samples go into each training step, [steps, batch_size].

    All samples in random order, then all again in another order, and so on. With
    ``buffer`` the samples come in their own order, again and again, and each is drawn
    from the next ``buffer`` that wait: `tf.data`'s ``repeat().shuffle(buffer)``, which
    mixes only neighbours.

    >>> batches(samples=4, batch_size=2, steps=4, seed=0).ravel()[:4].tolist()
    [2, 0, 1, 3]
    >>> batches(samples=4, batch_size=2, steps=2, seed=0, buffer=1).ravel().tolist()
    [0, 1, 2, 3]

    Taught in: book/6-applications/sine-wave.
    """
    samples = checks.check_count("batches", "samples", samples)
    batch_size = checks.check_count("batches", "batch_size", batch_size)
    steps = checks.check_count("batches", "steps", steps)
    needed = batch_size * steps
    rng = np.random.default_rng(checks.check_seed("batches", seed))
    if buffer is None:
        rounds = [rng.permutation(samples) for _ in range(-(-needed // samples))]
        return np.concatenate(rounds)[:needed].reshape(steps, batch_size)
    buffer = checks.check_count("batches", "buffer", buffer)
    waiting = np.arange(buffer) % samples
    order = np.empty(needed, int)
    for n, place in enumerate(rng.integers(buffer, size=needed)):
        order[n], waiting[place] = waiting[place], (buffer + n) % samples
    return order.reshape(steps, batch_size)


def pad_sequences(sequences: Sequence[Any], dtype: Any = np.float64) -> tuple[np.ndarray, np.ndarray]:
    """Sequences [T_i, D] of unequal length as one batch [B, T, D] with zeros, and lengths [B].

    >>> batch, lengths = pad_sequences([[[1, 2], [3, 4]], [[5, 6]]])
    >>> batch.shape, lengths.tolist(), batch[1].tolist()
    ((2, 2, 2), [2, 1], [[5.0, 6.0], [0.0, 0.0]])

    Taught in: book/2-unrolling/variable-length-inputs.
    """
    where, name = "pad_sequences", "every sequence"
    if not isinstance(sequences, (list, tuple, np.ndarray)) or getattr(sequences, "shape", None) == ():
        checks.fail(where, "sequences", "a list of B arrays [T, D]", checks.what(sequences), TypeError)
    dtype = checks.numeric(where, "dtype", dtype)
    rows = [checks.to_array(where, name, sequence, "an array [T, D]") for sequence in sequences]
    sizes: dict[str, int | None] = {}
    for row in rows:
        checks.check_array(where, name, row, "T D", sizes, empty="T")
        if not np.can_cast(row.dtype, dtype, "same_kind"):
            checks.fail(where, name, f"numbers that fit {dtype}", row.dtype, TypeError)
        sizes["D"] = row.shape[1]
    lengths = np.array([len(row) for row in rows])
    if not lengths.any():
        checks.fail(
            where, "sequences", "B arrays [T, D] with a T of at least 1", f"lengths {lengths.tolist()}"
        )
    batch = np.zeros((len(rows), lengths.max(), rows[0].shape[1]), dtype)
    for place, row in zip(batch, rows, strict=True):
        place[: len(row)] = row
    return batch, lengths


def sequence_mask(lengths: Any, max_length: int) -> np.ndarray:
    """True where a step counts, [B, T]: step t of row b is valid when t < lengths[b].

    >>> sequence_mask([2, 0], 3).astype(int).tolist()
    [[1, 1, 0], [0, 0, 0]]

    Taught in: book/2-unrolling/variable-length-inputs.
    """
    max_length = checks.check_count("sequence_mask", "max_length", max_length)
    lengths = checks.check_lengths("sequence_mask", "lengths", lengths, None, max_length)
    return np.arange(max_length) < lengths[:, None]


def lengths_from_eos(tokens: Any, end_token: int) -> np.ndarray:
    """The number of tokens before the first ``end_token`` of each row [B, T]: [B].

    A row without one has length T.

    >>> lengths_from_eos([[7, 5, 0, 5], [0, 0, 0, 0], [4, 4, 4, 4]], end_token=0).tolist()
    [2, 0, 4]

    Taught in: book/2-unrolling/variable-length-outputs.
    """
    where = "lengths_from_eos"
    tokens = checks.to_array(where, "tokens", tokens, "whole numbers [B, T]")
    if tokens.dtype.kind not in "iu":
        checks.fail(where, "tokens", "whole numbers [B, T]", checks.dtype_name(tokens), TypeError)
    checks.check_array(where, "tokens", tokens, "B T", {})
    end_token = checks.check_count(where, "end_token", end_token, least=0)
    ended = np.cumsum(tokens == end_token, axis=1) > 0
    return (~ended).sum(axis=1)
