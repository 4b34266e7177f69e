"""How the weights of a cell come to life, in both halves.

Oracles: the three roads to the same weights against each other, one half against the
other, and the law of Glorot's uniform distribution (bounds and variance).
"""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import keras
import numpy as np
import pytest
import tensorflow as tf
from toys import normal

import rnnbook.scratch as scratch
import rnnbook.tf as rnn
from rnnbook.initial import glorot_uniform

B, D, H = 4, 3, 5
HALVES = {"scratch": scratch.BasicRNNCell, "tf": rnn.BasicRNNCell}
either_half = pytest.mark.parametrize("make", HALVES.values(), ids=HALVES)


def by_argument(make, **options):
    return make(H, num_inputs=D, **options)


def by_build(make, **options):
    cell = make(H, **options)
    cell.build(D)
    return cell


def by_first_call(make, **options):
    cell = make(H, **options)
    cell(normal(B, D, dtype=cell.zero_state(B).dtype.name), cell.zero_state(B))
    return cell


@either_half
@pytest.mark.parametrize("road", [by_argument, by_build, by_first_call])
def test_each_road_builds_a_kernel_of_inputs_then_state_and_a_zero_bias(make, road):
    cell = road(make, seed=3)
    assert tuple(cell.kernel.shape) == (D + H, H)
    np.testing.assert_array_equal(cell.bias, np.zeros(H))
    np.testing.assert_array_equal(cell.kernel[:D], cell.w_x)
    np.testing.assert_array_equal(cell.kernel[D:], cell.w_h)
    assert cell.num_inputs == D


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_same_seed_gives_the_same_weights_by_every_road_in_both_halves(dtype):
    kernels = [
        np.asarray(road(make, seed=3, dtype=dtype).kernel)
        for make in HALVES.values()
        for road in (by_argument, by_build, by_first_call)
    ]
    assert {kernel.dtype.name for kernel in kernels} == {dtype}
    for kernel in kernels[1:]:
        np.testing.assert_array_equal(kernel, kernels[0])


@either_half
def test_another_seed_gives_other_weights_and_none_gives_fresh_ones(make):
    kernels = [np.asarray(make(H, num_inputs=D, seed=seed).kernel) for seed in (0, 1, None, None)]
    for i, one in enumerate(kernels):
        for other in kernels[:i]:
            assert (one != other).all()


@either_half
def test_building_again_with_the_same_number_keeps_the_weights(make):
    cell = make(H, num_inputs=D)
    before = np.array(cell.kernel)
    cell.build(D)
    cell(normal(B, D, dtype=cell.zero_state(B).dtype.name), cell.zero_state(B))
    np.testing.assert_array_equal(cell.kernel, before)


@either_half
@pytest.mark.parametrize("name", ["kernel", "bias", "w_x", "w_h"])
def test_a_weight_read_before_it_is_built_says_how_to_build_it(make, name):
    text = (
        f"^BasicRNNCell: {name} must be built before it is read; "
        r"got a cell without weights: call build\(num_inputs\)$"
    )
    with pytest.raises(AttributeError, match=text):
        getattr(make(H), name)


@either_half
def test_a_name_that_no_cell_has_is_an_ordinary_attribute_error(make):
    with pytest.raises(AttributeError, match=r"^'BasicRNNCell' object has no attribute 'kernal'$"):
        make(H).kernal  # noqa: B018  # the access is the test


@either_half
def test_a_wrong_first_call_leaves_the_cell_unbuilt(make):
    cell = make(H)
    with pytest.raises(TypeError, match=r"inputs must be (float|of a floating dtype)"):
        cell(np.ones((B, D), int), cell.zero_state(B))
    assert cell.num_inputs is None
    cell.build(D + 1)
    assert cell.kernel.shape[0] == D + 1 + H


@either_half
def test_zero_state_is_zeros_of_the_state_size_in_the_asked_dtype(make):
    cell = make(H)
    assert cell.state_size == cell.output_size == H
    np.testing.assert_array_equal(cell.zero_state(B), np.zeros((B, H)))
    assert cell.zero_state(B).dtype == cell.dtype
    for dtype in ("float32", "float64"):
        assert cell.zero_state(B, dtype).dtype == dtype


def test_zero_state_takes_a_batch_size_that_only_the_graph_knows():
    cell = rnn.BasicRNNCell(H)

    @tf.function(input_signature=[tf.TensorSpec([None, D])])
    def zeros(inputs):
        return cell.zero_state(tf.shape(inputs)[0])

    np.testing.assert_array_equal(zeros(normal(B, D, dtype="float32")), np.zeros((B, H)))


def test_glorot_stays_within_its_limit_and_has_its_variance():
    rows, columns = 300, 200
    drawn = glorot_uniform((rows, columns), "float64", seed=0)
    limit = np.sqrt(6 / (rows + columns))
    assert np.abs(drawn).max() <= limit
    # Of 60,000 uniform numbers the mean has a standard error of limit / sqrt(3 * 60,000),
    # which is limit / 424, and the variance one of 0.4 %; the largest is next to the limit.
    assert abs(drawn.mean()) < 5 * limit / 424
    assert np.abs(drawn).max() > limit * 0.99
    assert drawn.var() == pytest.approx(limit**2 / 3, rel=0.02)


def test_glorot_takes_its_randomness_from_the_seed_alone():
    np.random.seed(0)  # noqa: NPY002  # the global generator must not matter
    one = glorot_uniform((3, 5), "float32", seed=7)
    np.random.seed(1)  # noqa: NPY002
    np.testing.assert_array_equal(one, glorot_uniform((3, 5), "float32", seed=7))


@pytest.mark.parametrize("numbers", [np.zeros(()), np.zeros((1, 1)), np.zeros((D + H + 1, 2 * H))])
@pytest.mark.parametrize("name", ["kernel_initializer", "bias_initializer"])
@pytest.mark.parametrize("session", [True, False])
def test_an_initializer_that_draws_another_shape_is_refused(name, numbers, session):
    """A single number for a whole bias would be broadcast, and learn as one."""
    cell = rnn.GRUCell(H, **{name: lambda shape, dtype=None, **_: tf.cast(numbers, dtype)})
    with (
        tf.Graph().as_default() if session else nullcontext(),
        pytest.raises(ValueError, match=r"shape.* not compatible with the explicitly supplied"),
    ):
        cell.build(D)


def test_an_initializer_of_keras_draws_each_weight_anew():
    """One object of Keras 3 gives the same numbers whenever it is called."""
    draws = keras.initializers.RandomNormal()
    kernels = [rnn.GRUCell(H, kernel_initializer=draws, num_inputs=D).candidate_kernel for _ in range(2)]
    assert np.all(kernels[0] != kernels[1])
    draws = keras.initializers.RandomNormal(seed=1)
    kernels = [rnn.GRUCell(H, kernel_initializer=draws, num_inputs=D).candidate_kernel for _ in range(2)]
    np.testing.assert_array_equal(*kernels)


@pytest.mark.parametrize(
    "make", [scratch.BasicRNNCell, scratch.BasicLSTMCell], ids=lambda make: make.__name__
)
def test_w_x_and_w_h_are_the_upper_and_the_lower_rows_of_the_kernel(make):
    cell = make(H, num_inputs=D, seed=0)
    np.testing.assert_array_equal(cell.w_x, cell.kernel[:3])
    np.testing.assert_array_equal(cell.w_h, cell.kernel[3:])


def test_no_two_weights_of_a_cell_come_from_one_seed():
    cell = rnn.LSTMCell(1, use_peepholes=True, num_proj=1, num_inputs=D, seed=0)
    drawn = [cell.w_f_diag[0], cell.w_i_diag[0], cell.w_o_diag[0], cell.projection_kernel[0, 0]]
    drawn += [2 * cell.kernel[0, 0]]  # [4, 4], and the others [1, 1]: twice as wide by Glorot's law
    assert len({round(float(number), 5) for number in drawn}) == 5


def test_the_peepholes_multiply_c():
    """A cell that knows its state and nothing else: the gates are the peepholes alone."""
    cell = rnn.LSTMCell(1, use_peepholes=True, forget_bias=0.0, num_inputs=1, dtype="float64")
    cell.kernel.assign([[0, 1, 0, 0], [0, 0, 0, 0]])  # x goes to the content j alone
    for weight, value in zip((cell.w_f_diag, cell.w_i_diag, cell.w_o_diag), (0.5, -1.0, 2.0), strict=True):
        weight.assign([value])
    c, x = 3.0, 0.7
    sigmoid = lambda a: 1 / (1 + np.exp(-a))  # noqa: E731
    new_c = c * sigmoid(0.5 * c) + sigmoid(-1.0 * c) * np.tanh(x)
    one = tf.ones((1, 1), tf.float64)
    output, state = cell(x * one, rnn.LSTMStateTuple(c * one, 0 * one))
    np.testing.assert_allclose(state.c, [[new_c]], rtol=1e-12)
    np.testing.assert_allclose(output, [[np.tanh(new_c) * sigmoid(2.0 * new_c)]], rtol=1e-12)


@either_half
def test_threads_that_meet_a_new_cell_at_once_get_the_same_weights(make, monkeypatch):
    drawn = make._make_weights

    def slowly(cell, num_inputs):
        time.sleep(0.05)  # all threads are inside by then, if they can be
        drawn(cell, num_inputs)

    monkeypatch.setattr(make, "_make_weights", slowly)
    cell = make(H)  # no seed: every drawing gives other weights
    x = normal(B, D, dtype=cell.zero_state(B).dtype.name)
    with ThreadPoolExecutor(4) as threads:
        outputs = list(threads.map(lambda _: np.asarray(cell(x, cell.zero_state(B))[0]), range(4)))
    for output in outputs:
        np.testing.assert_array_equal(output, outputs[0])
