"""Laws of unrolling, searched by hypothesis over cells, halves, roads, shapes, dtypes and lengths.

Oracle: the law itself, two routes to one result. How long the search goes on: conftest.py.
"""

import numpy as np
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from kinds import BOTH, ONLY_TF, leaves
from strategies import (
    ALL,
    ONE_WAY,
    TF_TWO_WAYS,
    TOLERANCE,
    TWO_WAYS,
    Case,
    assert_same,
    cases,
    for_every,
    goes,
    rows,
)
from toys import normal
from unrollers import packed_static

import rnnbook.scratch as scratch
import rnnbook.tf as rnn
from rnnbook.protocol import map_state
from rnnbook.scratch.bidirectional import reverse_sequence

ANY = BOTH | ONLY_TF
FILLINGS = st.sampled_from([np.nan, np.inf, -np.inf, 1e6])
TAPED = {  # the roads of TensorFlow that a tape can follow
    "static_rnn, packed": packed_static,
    "dynamic_rnn": rnn.dynamic_rnn,
    "bidirectional_dynamic_rnn": TF_TWO_WAYS,
}


def filled(case, filling):
    """The inputs with ``filling`` past each row's end."""
    return np.where(case.valid[..., None], case.inputs, np.asarray(filling, case.dtype))


@for_every(ANY)
def test_static_dynamic_and_numpy_give_the_same(kind, data):
    """static_rnn(x) = dynamic_rnn(x) = unroll(x), in either layout; likewise in two directions."""
    case = data.draw(cases(kind))
    family = TWO_WAYS if case.road in TWO_WAYS else ONE_WAY
    roads = [road for road in family if goes(kind, road) and road != case.road]
    other = case._replace(road=data.draw(st.sampled_from(roads), "other road"))
    results = other.unroller()(case.inputs, case.lengths, case.start)
    expected = case.unroller()(case.inputs, case.lengths, case.start)
    assert_same(results, expected, TOLERANCE[case.dtype])


@for_every(ANY)
def test_rows_are_independent(kind, data):
    """A row in a batch is that row alone, cut at its own length."""
    case = data.draw(cases(kind))
    run, start = case.unroller(), case.start
    outputs, state = run(case.inputs, case.lengths, start)
    for row, length in enumerate(case.lengths or [case.T] * case.B):
        this = slice(row, row + 1)
        if length > 0:
            alone = run(case.inputs[this, :length], None, rows(start, this))
            assert_same((outputs[this, :length], rows(state, this)), alone, TOLERANCE[case.dtype])


@for_every(ANY)
def test_permuting_the_batch_permutes_the_result(kind, data):
    """With P a permutation of rows, unroll(P x) = P unroll(x)."""
    case = data.draw(cases(kind))
    order = data.draw(st.permutations(range(case.B)), "order")
    run, start, lengths = case.unroller(), case.start, case.lengths and np.array(case.lengths)
    outputs, state = run(case.inputs, lengths, start)
    results = run(case.inputs[order], rows(lengths, order), rows(start, order))
    assert_same(results, (outputs[order], rows(state, order)), TOLERANCE[case.dtype])


@for_every(ANY)
def test_what_padding_holds_never_matters(kind, data):
    """Outputs past a row's end are zero, and numbers, NaN or infinity there change no bit of the rest."""
    case = data.draw(cases(kind))
    run, start, x = case.unroller(masks=True), case.start, filled(case, data.draw(FILLINGS, "filling"))
    outputs, state = run(case.inputs, case.lengths, start)
    assert_same(run(x, case.lengths, start), (outputs, state))
    assert not outputs[~case.valid].any()
    if start is not None:
        never = ~case.valid.any(axis=1)
        assert_same(rows(state, never), rows(start, never))


@for_every(ANY)
def test_how_much_padding_there_is_never_matters(kind, data):
    """A batch padded further gives the same outputs, more zeros and the same state, but for rounding:
    fast ways multiply several steps at once, and group them by the number of steps."""
    case = data.draw(cases(kind))
    more, filling = data.draw(st.integers(1, 3), "more steps"), data.draw(FILLINGS, "filling")
    run, start, lengths = case.unroller(masks=True), case.start, case.lengths or [case.T] * case.B
    outputs, state = run(case.inputs, lengths, start)
    wider = np.pad(case.inputs, ((0, 0), (0, more), (0, 0)), constant_values=filling)
    zeros = np.zeros_like(outputs[:, :1]).repeat(more, axis=1)
    expected = np.concatenate([outputs, zeros], axis=1), state
    assert_same(run(wider, lengths, start), expected, TOLERANCE[case.dtype])


@for_every(ANY)
def test_splitting_a_sequence_and_carrying_the_state_equals_one_pass(kind, data):
    """unroll(x) = unroll(x[:cut]) followed by unroll(x[cut:]) from the state of the first."""
    case = data.draw(cases(kind, ONE_WAY, least_steps=2))
    cut = data.draw(st.integers(1, case.T - 1), "cut")
    run, start, x, before, after = case.unroller(masks=True), case.start, case.inputs, None, None
    if case.lengths is not None:
        before = np.minimum(case.lengths, cut)
        after = case.lengths - before
    first, carried = run(x[:, :cut], before, start)
    second, state = run(x[:, cut:], after, carried)
    joined = np.concatenate([first, second], axis=1), state
    assert_same(joined, run(x, case.lengths, start), TOLERANCE[case.dtype])


@for_every(ANY)
def test_time_major_is_a_transpose(kind, data):
    """unroll(x^T, time_major) = unroll(x)^T, and the same state."""
    case = data.draw(cases(kind, [road for road in ALL if road + ", time first" in ALL]))
    first = case._replace(road=case.road + ", time first")
    results = first.unroller(masks=True)(case.inputs, case.lengths, case.start)
    assert_same(results, case.unroller(masks=True)(case.inputs, case.lengths, case.start))


@given(cases("BasicRNNCell"), FILLINGS)
def test_reversing_twice_is_the_identity(case, filling):
    """R(R(x)) = x with R the reversal of each row's valid steps; R is TensorFlow's, in either layout."""
    x, lengths = filled(case, filling), case.lengths or [case.T] * case.B
    turned = reverse_sequence(x, case.lengths)
    assert_same(reverse_sequence(turned, case.lengths), x)
    assert_same(turned, tf.reverse_sequence(x, lengths, seq_axis=1))
    by_time = reverse_sequence(x.swapaxes(0, 1), case.lengths, time_major=True)
    assert_same(by_time.swapaxes(0, 1), turned)


@for_every(ANY)
def test_swapping_the_directions_is_reversing_the_sequence(kind, data):
    """Of cells (b, a) the results on R(x) are those of (a, b) on x, reversed and swapped."""
    case = data.draw(cases(kind, TWO_WAYS))
    start, run, cells = case.start, ALL[case.road], case.cells(masks=True)
    outputs, states = run(cells, case.inputs, case.lengths, start)
    turned = reverse_sequence(case.inputs, case.lengths)
    swapped, (state_b, state_a) = run(cells[::-1], turned, case.lengths, start and start[::-1])
    back = reverse_sequence(np.roll(swapped, swapped.shape[2] // 2, axis=2), case.lengths)
    assert_same((back, (state_a, state_b)), (outputs, states))


def gradients(case: Case, inputs, masks=True):
    """Of a weighted sum of all results: d_inputs, then those of the start, then those of the weights."""
    cells = case.cells(masks)
    start, w_state = case.start, case._replace(seed=case.seed + 50).start
    w_outputs = normal(case.B, case.T, sum(c.output_size for c in cells), seed=case.seed, dtype=case.dtype)
    if case.module is scratch:
        _, _, tape = scratch.forward_through_time(cells[0], inputs, case.lengths, start)
        d_x, d_start, d_params = scratch.backward_through_time(cells[0], tape, w_outputs, w_state)
        return d_x, *leaves(d_start), *d_params.values()
    x, start = tf.constant(inputs), map_state(tf.constant, start)
    watched = [x, *leaves(start)]
    with tf.GradientTape() as tape:
        tape.watch(watched)
        cell = cells if case.road in TWO_WAYS else cells[0]
        results = TAPED[case.road](cell, x, case.lengths, start)
        pairs = zip(leaves(results), leaves((w_outputs, w_state)), strict=True)
        loss = tf.add_n([tf.reduce_sum(a * b) for a, b in pairs])
    variables = [variable for cell in cells for variable in cell.trainable_variables]
    return tuple(tape.gradient(loss, [*watched, *variables], unconnected_gradients="zero"))


@for_every(ANY)
def test_the_gradient_of_padding_is_exactly_zero(kind, data):
    """dL/dx = 0 past a row's end, and what is there changes no bit of any other gradient."""
    case = data.draw(cases(kind, TAPED))._replace(from_zeros=False)
    x = filled(case, data.draw(FILLINGS, "filling"))
    for one in [case, case._replace(road="unroll")][: 1 + (kind in BOTH)]:
        found = gradients(one, x)
        assert not np.asarray(found[0])[~case.valid].any()
        assert_same(found, gradients(one, case.inputs))


@for_every(BOTH)
def test_static_dynamic_and_numpy_have_the_same_gradients(kind, data):
    """What the tape finds along static_rnn and dynamic_rnn is what backward_through_time finds."""
    case = data.draw(cases(kind, ["unroll"]))._replace(from_zeros=False)
    other = case._replace(
        road=data.draw(st.sampled_from(["static_rnn, packed", "dynamic_rnn"]), "other road")
    )
    compared = slice(1 + len(leaves(case.start)))  # the weights are named differently: test_gradients.py
    found, expected = (gradients(one, case.inputs, masks=False)[compared] for one in (other, case))
    assert_same(found, expected, 10 * TOLERANCE[case.dtype])
