"""parallel_scan and MinGRUCell.coefficients in both halves.

Oracles: a loop over the steps, closed forms (a geometric sum, a parity), the unrollers of the
package, and finite differences for the gradients.
"""

import re
from functools import cache

import numpy as np
import pytest
import tensorflow as tf
from error_tables import HALVES, B, D, H, T, floats, raises, rows
from toys import finite_differences, normal, relative_error

import rnnbook.scratch as scratch
import rnnbook.tf as rnn

FLOAT64 = 1e-12  # absolute: the same products, joined in another order
FLOAT32 = 1e-6
STEPS = (1, 2, 3, 8, 9)  # one, and both sides of a power of two


@cache
def graph(*kinds):
    """parallel_scan of the TensorFlow half in a graph that knows no size, made once for all tests."""
    signature = [tf.TensorSpec([None] * rank, dtype) for rank, dtype in kinds]
    return tf.function(rnn.parallel_scan, input_signature=signature)


def in_a_graph(*arrays):
    return graph(*((each.ndim, each.dtype) for each in arrays))(*arrays)


SCANS = {"scratch": scratch.parallel_scan, "tf": rnn.parallel_scan}
SCANS |= {"tf, graph": in_a_graph}
every_scan = pytest.mark.parametrize("scan", SCANS.values(), ids=SCANS)
either_half = pytest.mark.parametrize("half", HALVES, ids=["scratch", "tf"])


def loop(keep, add, h):
    """h(t) = keep(t) h(t-1) + add(t), as it is written."""
    states = []
    for t in range(keep.shape[1]):
        h = keep[:, t] * h + add[:, t]
        states.append(h)
    return np.stack(states, axis=1)


@every_scan
@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize(("dtype", "room"), [("float64", FLOAT64), ("float32", FLOAT32)])
def test_the_scan_is_the_loop(scan, steps, dtype, room):
    keep, add = np.tanh(normal(2, B, steps, H, dtype=dtype))
    start = normal(B, H, dtype=dtype)
    for given, state in ((), np.zeros_like(start)), ((start,), start):
        states = np.asarray(scan(keep, add, *given))
        assert states.dtype == dtype
        assert np.abs(states - loop(keep, add, state)).max() < room


def test_xla_compiles_the_scan_and_gets_the_same():
    given = [*np.tanh(normal(2, B, 9, H)), normal(B, H)]
    states = tf.function(rnn.parallel_scan, jit_compile=True)(*given)
    assert np.abs(states - loop(*given)).max() < FLOAT64


@every_scan
def test_a_constant_share_gives_a_geometric_sum(scan):
    states = scan(np.full((1, 20, 1), 0.9), np.ones((1, 20, 1)))
    expected = (1 - 0.9 ** np.arange(1, 21)) / (1 - 0.9)
    assert np.abs(np.ravel(states) - expected).max() < FLOAT64


@every_scan
def test_a_negative_share_turns_a_sign_at_every_one(scan):
    bits = np.random.default_rng(0).integers(2, size=(B, 33, H))
    states = scan(1.0 - 2.0 * bits, np.zeros(bits.shape), np.ones((B, H)))
    assert np.array_equal(states, 1 - 2 * (np.cumsum(bits, axis=1) % 2))


@every_scan
def test_a_share_of_zero_forgets_all_that_came_before(scan):
    keep, add = np.ones((B, 8, H)), normal(B, 8, H)
    keep[:, 5] = 0
    assert np.abs(scan(keep, add)[:, 5:] - np.cumsum(add[:, 5:], axis=1)).max() < FLOAT64


@every_scan
def test_what_comes_later_never_matters(scan):
    keep, add = np.tanh(normal(2, B, 9, H))
    whole = np.asarray(scan(keep, add))
    for cut in (1, 4, 8):
        assert np.abs(np.asarray(scan(keep[:, :cut], add[:, :cut])) - whole[:, :cut]).max() < FLOAT64


def test_the_scan_leaves_its_arguments_as_they_were():
    given = [*np.tanh(normal(2, B, 6, H)), normal(B, H)]
    before = [each.copy() for each in given]
    scratch.parallel_scan(*given)
    assert all(map(np.array_equal, given, before))


@pytest.mark.parametrize("scan", [rnn.parallel_scan, in_a_graph], ids=["tf", "tf, graph"])
def test_the_gradient_of_the_scan_is_that_of_finite_differences(scan):
    given = [*np.tanh(normal(2, 2, 5, 3)), normal(2, 3)]
    wanted = normal(2, 5, 3, seed=1)
    tensors = [tf.constant(each) for each in given]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        loss = tf.reduce_sum(scan(*tensors) * wanted)
    for numbers, gradient in zip(given, tape.gradient(loss, tensors), strict=True):
        expected = finite_differences(lambda: float((loop(*given) * wanted).sum()), numbers)
        assert relative_error(gradient, expected) < 1e-6


@pytest.mark.parametrize("steps", STEPS)
def test_a_cell_unrolled_is_its_coefficients_scanned(steps):
    for half in HALVES:
        cell = half.module.MinGRUCell(H, dtype="float64", seed=3)
        x, start = normal(B, steps, D), normal(B, H)
        outputs, state = half.unroll(cell, x, initial_state=start)
        states = half.module.parallel_scan(*cell.coefficients(x), start)
        assert np.abs(np.asarray(states) - np.asarray(outputs)).max() < FLOAT64
        assert np.abs(np.asarray(states)[:, -1] - np.asarray(state)).max() < FLOAT64


@either_half
def test_a_cell_written_out_by_its_equations(half):
    cell = half.module.MinGRUCell(H, num_inputs=D, dtype="float64", seed=3)
    x, state = normal(B, D), normal(B, H)
    names = "gate_kernel", "gate_bias", "candidate_kernel", "candidate_bias"
    w_u, b_u, w_c, b_c = (np.asarray(getattr(cell, name)) for name in names)
    u = 1 / (1 + np.exp(-(x @ w_u + b_u)))
    expected = u * state + (1 - u) * (x @ w_c + b_c)
    assert np.abs(np.asarray(cell(x, state)[0]) - expected).max() < FLOAT64


def test_a_seed_gives_both_halves_the_same_kernels_and_a_cell_no_two_alike():
    one, other = (half.module.MinGRUCell(H, num_inputs=D, dtype="float64", seed=3) for half in HALVES)
    np.testing.assert_array_equal(one.gate_kernel, other.gate_kernel)
    np.testing.assert_array_equal(one.candidate_kernel, other.candidate_kernel)
    assert not np.allclose(one.gate_kernel, one.candidate_kernel)


@either_half
def test_coefficients_build_a_cell_and_take_its_dtype(half):
    cell = half.module.MinGRUCell(H, dtype="float32", seed=0)
    keep, add = map(np.asarray, cell.coefficients(floats(B, T, D)))
    assert keep.shape == add.shape == (B, T, H)
    assert keep.dtype == add.dtype == "float32"
    assert cell.num_inputs == D


def test_coefficients_take_the_dtype_of_the_first_inputs_where_none_was_given():
    cell = rnn.MinGRUCell(H, seed=0)
    assert [each.dtype for each in cell.coefficients(normal(B, T, D))] == [tf.float64, tf.float64]
    assert cell.dtype == tf.float64


def test_coefficients_in_a_graph_that_knows_no_steps_are_those_of_each_call():
    cell = rnn.MinGRUCell(H, num_inputs=D, dtype="float64", seed=0)
    spec = tf.TensorSpec([None, None, D], tf.float64)
    in_graph = tf.function(cell.coefficients, input_signature=[spec])
    for steps in (1, T):
        x = normal(B, steps, D)
        for came, expected in zip(in_graph(x), cell.coefficients(x), strict=True):
            assert np.abs(came - expected).max() < FLOAT64


def min_gru(half):
    return half.module.MinGRUCell(H, num_inputs=D, dtype="float32", seed=0)


def scan(half, keep=(B, T, H), add=(B, T, H), *state):
    """parallel_scan of arrays with these shapes, or of what is no shape."""
    given = [floats(*each) if isinstance(each, tuple) else each for each in (keep, add, *state)]
    return half.module.parallel_scan(*given)


# fmt: off
WRONG = [
    (TypeError, "parallel_scan: keep must be {array} [B, T, H]; got a list", lambda h: scan(h, [[[1.0]]])),
    (ValueError, "parallel_scan: keep must be [B, T, H]; got shape (4, 5)", lambda h: scan(h, (B, H))),
    (ValueError, "parallel_scan: keep must be [B, T, H] with T of at least 1; got shape (4, 0, 5)", lambda h: scan(h, (B, 0, H))),
    (TypeError, "parallel_scan: keep must be of a floating dtype; got int64", lambda h: scan(h, np.ones((B, T, H), int))),
    (TypeError, "parallel_scan: add must be {array} [B, T, H]; got None", lambda h: scan(h, (B, T, H), None)),
    (ValueError, "parallel_scan: add must be [B, T, H] with B=4; got shape (1, 2, 5)", lambda h: scan(h, (B, T, H), (1, T, H))),  # would be broadcast
    (ValueError, "parallel_scan: add must be [B, T, H] with T=2; got shape (4, 1, 5)", lambda h: scan(h, (B, T, H), (B, 1, H))),
    (ValueError, "parallel_scan: add must be [B, T, H] with H=5; got shape (4, 2, 3)", lambda h: scan(h, (B, T, H), (B, T, D))),
    (TypeError, "parallel_scan: add must be float32; got float64", lambda h: scan(h, (B, T, H), np.ones((B, T, H)))),
    (ValueError, "parallel_scan: initial_state must be [B, H]; got shape (5,)", lambda h: scan(h, (B, T, H), (B, T, H), (H,))),
    (ValueError, "parallel_scan: initial_state must be [B, H] with B=4; got shape (1, 5)", lambda h: scan(h, (B, T, H), (B, T, H), (1, H))),
    (TypeError, "parallel_scan: initial_state must be float32; got float64", lambda h: scan(h, (B, T, H), (B, T, H), np.zeros((B, H)))),
    (ValueError, "MinGRUCell: num_units must be a whole number of at least 1; got 0", lambda h: h.module.MinGRUCell(0)),
    (TypeError, "MinGRUCell: inputs must be float32; got float64", lambda h: min_gru(h)(np.ones((B, D)), floats(B, H))),
    (ValueError, "MinGRUCell: state must be [B, H] with H=5; got shape (4, 3)", lambda h: min_gru(h)(floats(B, D), floats(B, D))),
    (ValueError, "MinGRUCell.coefficients: inputs must be [B, T, D]; got shape (4, 3)", lambda h: min_gru(h).coefficients(floats(B, D))),
    (ValueError, "MinGRUCell.coefficients: inputs must be [B, T, D] with D=3; got shape (4, 2, 5)", lambda h: min_gru(h).coefficients(floats(B, T, H))),
    (TypeError, "MinGRUCell.coefficients: inputs must be {array} [B, T, D]; got None", lambda h: min_gru(h).coefficients(None)),
    (TypeError, "MinGRUCell.coefficients: inputs must be float32; got float64", lambda h: min_gru(h).coefficients(np.ones((B, T, D)))),
]
# fmt: on


@either_half
@rows(WRONG, "scratch", "tf")
def test_a_wrong_call_is_told_what_was_expected_and_what_came(half, kind, text, call):
    with raises(kind, text.format(array=half.array)):
        call(half)


def test_inputs_of_another_width_than_the_cell_has_are_no_surprise_in_a_graph():
    cell = rnn.MinGRUCell(H)
    run = tf.function(cell.coefficients, input_signature=[tf.TensorSpec([None, None, None])])
    text = "MinGRUCell.coefficients: inputs must be [B, T, D] with D known before it runs; got shape (None, None, None)"
    with pytest.raises(ValueError, match=re.escape(text)):
        run(floats(B, T, D))


@pytest.mark.parametrize("add", [(1, T, H), (B, 1, H), (B, T, 1)])
def test_sizes_known_only_when_a_graph_runs_are_checked_then(add):
    with pytest.raises(tf.errors.InvalidArgumentError, match="parallel_scan: add must be"):
        in_a_graph(floats(B, T, H), floats(*add))
    with pytest.raises(tf.errors.InvalidArgumentError, match="parallel_scan: initial_state must be"):
        in_a_graph(floats(B, T, H), floats(B, T, H), floats(1, H))
