"""The data of the book.

Oracles: the source's batch and tables written out in its text; slices of the series itself;
a loop over single steps for masks and lengths.
"""

import numpy as np
import pytest
from toys import normal

from rnnbook import data

TABLES = 2e-7  # what eight printed digits and the source's own float32 leave open
EXACT = 1e-12  # float64: a few additions in another order
B, T, D = 4, 6, 3


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_source_batch_is_rows_of_two_steps_of_three_features(dtype):
    batch = data.source_batch(dtype)
    assert batch.dtype == dtype
    assert batch.tolist() == [
        [[0, 1, 2], [9, 8, 7]],
        [[3, 4, 5], [0, 0, 0]],
        [[6, 7, 8], [6, 5, 4]],
        [[9, 0, 1], [3, 2, 1]],
    ]


def test_each_call_gives_fresh_arrays():
    for make in (data.source_batch, data.source_outputs, lambda: data.source_weights()[0]):
        make()[:] = 99
        assert (make() != 99).all()


def test_the_source_outputs_are_the_printed_tables_in_batch_order():
    Y = data.source_outputs()
    assert Y.shape == (4, 2, 5)
    assert Y[3, 0].tolist() == [0.70323634, 0.99309105, 0.99909431, -0.85363263, 0.7472108]
    assert Y[0, 1].tolist() == [0.51955646, 1.0, 0.99999022, -0.99984968, -0.24616946]


def test_the_source_weights_reproduce_both_tables():
    (w_x, w_h), X, Y = data.source_weights(), data.source_batch(), data.source_outputs()
    assert (w_x.shape, w_h.shape) == ((3, 5), (5, 5))
    Y0 = np.tanh(X[:, 0] @ w_x)
    Y1 = np.tanh(X[:, 1] @ w_x + Y0 @ w_h)
    np.testing.assert_allclose(np.stack([Y0, Y1], axis=1), Y, rtol=0, atol=TABLES)


def test_the_recovered_w_h_has_the_least_norm_of_all_that_reproduce_the_table():
    # Four equations a neuron: its weights must lie in the span of the four rows of Y0.
    _, w_h = data.source_weights()
    span = data.source_outputs()[:, 0]
    inside = span.T @ np.linalg.solve(span @ span.T, span @ w_h)
    np.testing.assert_allclose(inside, w_h, rtol=0, atol=1e-9)


def test_source_weights_come_in_the_asked_dtype():
    assert {w.dtype.name for w in data.source_weights(np.float32)} == {"float32"}
    np.testing.assert_allclose(data.source_weights("float32")[0], data.source_weights()[0], rtol=0, atol=1e-7)


def test_sunspots_are_309_years_from_1700_with_their_known_values():
    years, spots = data.sunspots()
    np.testing.assert_array_equal(years, np.arange(1700, 2009))
    assert spots.shape == (309,)
    assert years.dtype.kind == "i"
    # Yearly means as SILSO published them: the first year, the deepest minimum, the highest peak.
    assert (spots[0], spots[1810 - 1700], spots[1957 - 1700]) == (5.0, 0.0, 190.2)
    assert spots.max() == spots[1957 - 1700]


@pytest.mark.parametrize(("length", "size"), [(5, 1), (5, 4), (11, 3)])
def test_sliding_windows_are_all_slices_and_the_value_after_each(length, size):
    series = normal(length)
    X, y = data.sliding_windows(series, size)
    assert X.shape == (length - size, size)
    for n in range(length - size):
        np.testing.assert_array_equal(X[n], series[n : n + size])
        assert y[n] == series[n + size]
    assert len(y) == length - size


def test_sliding_windows_returns_copies_that_can_be_written():
    series = normal(7)
    X, y = data.sliding_windows(series, 3)
    X[:], y[:] = 99, 99
    X[0, 1] = 5
    assert X[1, 0] == 99
    np.testing.assert_array_equal(series, normal(7))


def test_sliding_windows_keeps_the_dtype_of_the_series():
    for dtype in ("int64", "float32"):
        X, y = data.sliding_windows(np.arange(5, dtype=dtype), 2)
        assert X.dtype == y.dtype == dtype


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_pad_sequences_puts_each_row_first_and_zeros_after(dtype):
    rows = [normal(length, D) for length in (3, 0, T, 1)]
    batch, lengths = data.pad_sequences(rows, dtype)
    assert batch.dtype == dtype
    assert batch.shape == (B, T, D)
    assert lengths.tolist() == [3, 0, T, 1]
    for place, row in zip(batch, rows, strict=True):
        np.testing.assert_array_equal(place[: len(row)], row.astype(dtype))
        np.testing.assert_array_equal(place[len(row) :], np.zeros((T - len(row), D)))


def test_pad_sequences_takes_lists_tuples_and_an_array_and_copies():
    nested = [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]
    array = np.array(nested)
    for sequences in (nested, tuple(nested), array):
        batch, lengths = data.pad_sequences(sequences)
        assert (batch.tolist(), lengths.tolist()) == (nested, [2, 2])
        assert batch.dtype == np.float64
        batch[:] = 9
    assert array.tolist() == nested


def test_pad_sequences_keeps_whole_numbers_whole_when_asked():
    batch, _ = data.pad_sequences([[[1], [2]], [[3]]], int)
    assert batch.dtype.kind == "i"
    assert batch.tolist() == [[[1], [2]], [[3], [0]]]


@pytest.mark.parametrize("lengths", [[3, 0, T, 1], np.array([3, 0, T, 1], np.uint8)])
def test_sequence_mask_is_true_at_each_step_below_the_length(lengths):
    mask = data.sequence_mask(lengths, T)
    assert mask.dtype == bool
    assert mask.tolist() == [[t < length for t in range(T)] for length in [3, 0, T, 1]]


def test_padding_then_masking_gives_the_rows_back():
    rows = [normal(length, D) for length in (3, 2, T, 1)]
    batch, lengths = data.pad_sequences(rows)
    mask = data.sequence_mask(lengths, T)
    np.testing.assert_array_equal(batch[mask], np.concatenate(rows))
    np.testing.assert_array_equal(batch[~mask], np.zeros((B * T - lengths.sum(), D)))


@pytest.mark.parametrize("end_token", [0, 3])
def test_lengths_from_eos_count_the_tokens_before_the_first_end_token(end_token):
    tokens = np.random.default_rng(0).integers(0, 5, size=(20, T))
    tokens[0] = end_token
    expected = [[*row, end_token].index(end_token) for row in tokens.tolist()]
    assert len(set(expected)) > 3  # early, late, never
    assert data.lengths_from_eos(tokens, end_token).tolist() == expected
    assert data.lengths_from_eos(tokens.tolist(), end_token).tolist() == expected


def test_a_row_without_an_end_token_has_the_full_length():
    assert data.lengths_from_eos([[4, 4, 4, 4, 4], [1, 0, 1, 0, 1]], end_token=7).tolist() == [5, 5]
