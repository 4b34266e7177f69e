"""Laws of what stands around unrolling: gradients, data, Keras, decoding. Searched by hypothesis.

Oracle: the law itself, two routes to one result. How long the search goes on: conftest.py.
"""

from collections import Counter

import numpy as np
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from kinds import BOTH, shake
from strategies import TOLERANCE, assert_same, cases, for_every
from toys import normal

import rnnbook.scratch as scratch
import rnnbook.tf as rnn
from rnnbook import data
from rnnbook.scratch.bidirectional import reverse_sequence

DTYPES = st.sampled_from(list(TOLERANCE))
SEEDS, SIZES = st.integers(0, 99), st.integers(1, 5)
LENGTHS = st.lists(st.integers(0, 6), min_size=1, max_size=5)


def backward(
    case, piece=slice(None), lengths=None, state=None, d_state=None, truncate=None, time_major=False
):
    """The final state and all gradients of some steps of a case."""
    (cell,), x = case.cells(masks=True), case.inputs[:, piece]
    d_outputs = normal(case.B, case.T, cell.output_size, seed=case.seed, dtype=case.dtype)[:, piece]
    if time_major:
        x, d_outputs = x.swapaxes(0, 1), d_outputs.swapaxes(0, 1)
    _, state, tape = scratch.forward_through_time(cell, x, lengths, state, time_major=time_major)
    d_x, d_start, d_params = scratch.backward_through_time(cell, tape, d_outputs, d_state, truncate=truncate)
    return state, (d_x.swapaxes(0, 1) if time_major else d_x, d_start, tuple(d_params.values()))


def started(case):
    """A case that begins with a random state, and a gradient of its final state."""
    return case._replace(from_zeros=False), case._replace(from_zeros=False, seed=case.seed + 50).start


@for_every(BOTH)
def test_truncating_is_reading_in_pieces(kind, data):
    """backward(truncate=k) is the sum over pieces of k steps; with k >= T there is one: the full gradient."""
    case, d_state = started(data.draw(cases(kind, ["unroll"])))
    k = data.draw(st.integers(1, 8), "k")
    _, expected = backward(case, slice(None), case.lengths, case.start, d_state, truncate=k)
    state, inputs, starts, params = case.start, [], [], []
    for begin in range(0, case.T, k):
        piece = slice(begin, begin + k)
        steps = min(k, case.T - begin)
        lengths = None if case.lengths is None else np.clip(np.array(case.lengths) - begin, 0, steps)
        last = d_state if begin + k >= case.T else None
        state, (d_x, d_start, d_params) = backward(case, piece, lengths, state, last)
        inputs.append(d_x)
        starts.append(d_start)
        params.append(d_params)
    total = tuple(np.sum(parts, axis=0) for parts in zip(*params, strict=True))
    found = np.concatenate(inputs, axis=1), starts[0], total
    assert_same(found, expected, 0.0 if k >= case.T else 10 * TOLERANCE[case.dtype])


@for_every(BOTH)
def test_time_major_transposes_the_gradients(kind, data):
    """Of x^T the gradient is that of x, transposed; those of state and weights are the same."""
    case, d_state = started(data.draw(cases(kind, ["unroll"])))
    by_time = backward(case, slice(None), case.lengths, case.start, d_state, time_major=True)
    assert_same(by_time, backward(case, slice(None), case.lengths, case.start, d_state))


@given(SIZES, SIZES, SEEDS, st.sampled_from([0.0, 1e-3, 0.1, 1.0, -2.0]), st.data())
def test_gradient_check_measures_a_mistake_and_puts_all_back(n, m, seed, mistake, data):
    """With one entry off by e the error is |e| / max(|gradient|, |true gradient|); without, it is tiny."""
    p, a = normal(n, m, seed=seed), normal(n, m, seed=seed + 1)
    kept, true = p.copy(), a * p + p**2
    place = data.draw(st.tuples(st.integers(0, n - 1), st.integers(0, m - 1)), "place")
    wrong = true.copy()
    wrong[place] += mistake
    errors = scratch.gradient_check(lambda: float(np.sum(a * p**2 / 2 + p**3 / 3)), {"p": p}, {"p": wrong})
    expected = abs(mistake) / max(np.abs(wrong).max(), np.abs(true).max())
    np.testing.assert_allclose(errors["p"], expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(p, kept)


SCALES = st.sampled_from([0, 3, -3, 25, -25])  # powers of ten; float32 ends at 38


@given(st.lists(SIZES, min_size=1, max_size=3), SCALES, st.integers(-3, 3), DTYPES, SEEDS)
def test_clipping_shortens_to_the_limit_and_keeps_the_direction(sizes, scale, limit, dtype, seed):
    """norm(clip(g)) = min(norm(g), limit), clip(g) = factor g with one factor; twice is once."""
    wide = {str(n): normal(size, seed=seed + n) * 10.0**scale for n, size in enumerate(sizes)}
    gradients, limit = {name: g.astype(dtype) for name, g in wide.items()}, 10.0**limit
    length = np.sqrt(sum(np.sum(g.astype(float) ** 2) for g in gradients.values()))
    clipped, norm = scratch.clip_by_global_norm(gradients, limit)
    np.testing.assert_allclose(norm, length, rtol=1e-6)
    for name, g in gradients.items():
        assert clipped[name].dtype == g.dtype
        np.testing.assert_allclose(clipped[name], g * min(1, limit / length), rtol=1e-6)
    again, norm = scratch.clip_by_global_norm(clipped, limit)
    np.testing.assert_allclose(norm, min(length, limit), rtol=1e-6)
    for name, g in clipped.items():
        np.testing.assert_allclose(again[name], g, rtol=1e-6)


@given(st.integers(1, 6), st.integers(1, 6), SEEDS)
def test_every_window_and_its_target_are_a_piece_of_the_series(size, more, seed):
    """(X[n], y[n]) = series[n : n + size + 1] for each of the len(series) - size windows."""
    series = normal(size + more, seed=seed)
    X, y = data.sliding_windows(series, size)
    expected = [series[n : n + size + 1] for n in range(more)]
    np.testing.assert_array_equal(np.column_stack([X, y]), expected)


@given(st.integers(1, 9), SIZES, st.integers(1, 9), SEEDS, st.none() | st.integers(1, 12))
def test_batches_take_all_samples_in_turn(samples, batch_size, steps, seed, buffer):
    """Each round is a permutation; with a buffer nothing comes more than ``buffer`` places early."""
    order = data.batches(samples, batch_size, steps, seed, buffer)
    np.testing.assert_array_equal(order, data.batches(samples, batch_size, steps, seed, buffer))
    assert order.shape == (steps, batch_size)
    order = order.ravel()
    if buffer is None:
        for begin in range(0, order.size, samples):
            one_round = order[begin : begin + samples]
            assert len(set(one_round)) == len(one_round)
            assert set(one_round) <= set(range(samples))
    else:
        for n in range(order.size):
            assert Counter(order[: n + 1]) <= Counter(np.arange(n + buffer) % samples)


@given(LENGTHS.filter(any), SIZES, DTYPES, SEEDS)
def test_cutting_a_padded_batch_at_its_lengths_gives_the_sequences_back(lengths, D, dtype, seed):
    """pad, then mask, is the identity; what the mask leaves out is zero."""
    sequences = [normal(length, D, seed=seed, dtype=dtype) for length in lengths]
    batch, found = data.pad_sequences(sequences, dtype)
    mask = data.sequence_mask(found, batch.shape[1])
    assert (batch.dtype, found.tolist(), mask.sum(axis=1).tolist()) == (dtype, lengths, lengths)
    for row, valid, sequence in zip(batch, mask, sequences, strict=True):
        np.testing.assert_array_equal(row[valid], sequence)
    assert not batch[~mask].any()


@given(LENGTHS.filter(any), st.integers(0, 6), SEEDS)
def test_lengths_are_found_again_from_the_end_tokens(lengths, end, seed):
    """Sentences without the end token, padded with it and then with anything, give their lengths back."""
    rng, T = np.random.default_rng(seed), max(lengths)
    tokens = rng.integers(0, 7, (len(lengths), T))
    mask = data.sequence_mask(lengths, T)
    tokens[mask & (tokens == end)] = end + 1
    for row, length in enumerate(lengths):
        tokens[row, length : length + 1] = end
    assert data.lengths_from_eos(tokens, end).tolist() == lengths


@given(LENGTHS.filter(any), SIZES, DTYPES, SEEDS)
def test_the_last_output_is_the_first_of_the_reversed_sequence(lengths, width, dtype, seed):
    """last_output(y) = R(y)[0], and zero for a row without steps; the same in both halves."""
    outputs = normal(len(lengths), max(lengths), width, seed=seed, dtype=dtype)
    expected = reverse_sequence(outputs, lengths)[:, 0] * np.array(lengths, bool)[:, None]
    assert_same(scratch.last_output(outputs, lengths), expected.astype(dtype))
    assert_same(rnn.last_output(outputs, lengths), expected.astype(dtype))


KERAS = st.sampled_from([rnn.BasicRNNCell, rnn.BasicLSTMCell, rnn.LSTMCell, rnn.GRUCell])


@settings(max_examples=settings.default.max_examples // 2)  # Keras is slow; there are eight kinds and dtypes
@given(KERAS, SIZES, SIZES, DTYPES, LENGTHS.filter(any), SEEDS)
def test_a_cell_and_its_keras_layer_are_one_in_both_directions(make, H, D, dtype, lengths, seed):
    """to_keras(cell) and from_keras(to_keras(cell)) compute what the cell does; a layer comes back as it was."""
    cell = shake(make(H, num_inputs=D, dtype=dtype, seed=seed), seed)
    layer = rnn.to_keras(cell, return_sequences=True, zero_output_for_mask=True)
    back = rnn.from_keras(layer)
    x = normal(len(lengths), max(lengths), D, seed=seed, dtype=dtype)
    expected, _ = rnn.dynamic_rnn(cell, x, lengths)
    mask = tf.constant(data.sequence_mask(lengths, max(lengths)))
    assert_same(layer(x, mask=mask), expected, TOLERANCE[dtype])
    assert_same(rnn.dynamic_rnn(back, x, lengths)[0], expected, TOLERANCE[dtype])
    assert_same(tuple(rnn.to_keras(back).get_weights()), tuple(layer.get_weights()))


def automaton(table, module):
    """A step whose next token is table[time, token]; the time of each row is its state."""
    V = table.shape[1]
    if module is scratch:
        return lambda tokens, time: (np.eye(V)[table[time[:, 0], tokens]], time + 1)
    return lambda tokens, time: (
        tf.one_hot(tf.gather_nd(table, tf.stack([time[:, 0], tokens], axis=1)), V),
        time + 1,
    )


@given(st.lists(st.integers(0, 3), min_size=1, max_size=4), st.integers(2, 5), st.integers(1, 7), st.data())
def test_greedy_decoding_is_what_each_row_would_say_alone(starts, V, max_steps, search):
    """Each row follows its own automaton until it says ``end``; T is the length of the longest."""
    start, end = (search.draw(st.integers(0, V - 1), name) for name in ("start", "end"))
    table = np.random.default_rng(search.draw(SEEDS, "seed")).integers(0, V, (12, V)).astype(np.int32)
    said = []
    for time in starts:
        token, words = start, []
        while len(words) < max_steps and end not in words:
            token = int(table[time + len(words), token])
            words.append(token)
        said.append(words)
    T = max(map(len, said))
    expected = [words + [end] * (T - len(words)) for words in said]
    for module in (scratch, rnn):
        state = np.array(starts, np.int32)[:, None]
        tokens, lengths = module.greedy_decode(automaton(table, module), state, start, end, max_steps)
        assert np.asarray(tokens).tolist() == expected
        assert np.asarray(lengths).tolist() == data.lengths_from_eos(expected, end).tolist()
