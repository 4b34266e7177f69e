"""The fast way for LSTMs in NumPy, free runs, and the bar. Oracle: the plain loop, taken by a subclass."""

import copy
import io
import subprocess
import sys
from itertools import pairwise, product

import numpy as np
import pytest
from toys import normal

import rnnbook.scratch as scratch
from rnnbook.checks import slides_along
from rnnbook.scratch.fast import LastOutput
from rnnbook.scratch.fast.lstm import LSTMStack

SIZES = [
    *product((1, 2, 10), (1, 4, 32), (1, 3), [(5,), (30, 30), (5, 3, 4)]),  # T, B, D, units of each layer
    (2, 4, 3, (30,)),
    (10, 32, 1, (5, 30)),
    (2, 4, 1, (30, 30, 30)),
]
ROUNDING = {"float64": 1e-12, "float32": 1e-6}
either_dtype = pytest.mark.parametrize("dtype", ROUNDING)


class Slow(scratch.BasicLSTMCell):
    """The same step; only the type is another one, so all goes through the plain loop."""


def make(kind=scratch.BasicLSTMCell, D=3, units=(5, 4), outputs=2, dtype="float64", bias=1.0, stacked=None):
    """A regressor with weights, biases included, that depend on the sizes alone."""
    sizes = pairwise((D, *units))
    cells = [kind(H, bias, num_inputs=d, dtype=dtype, seed=n) for n, (d, H) in enumerate(sizes)]
    for n, cell in enumerate(cells):
        cell.bias[:] = normal(cell.bias.size, seed=n, dtype=dtype)
    stacked = len(units) > 1 if stacked is None else stacked
    return scratch.SequenceRegressor(scratch.MultiRNNCell(cells) if stacked else cells[0], outputs, seed=9)


def data(T=4, B=6, D=3, outputs=2, dtype="float64", seed=0):
    return normal(B, T, D, seed=seed, dtype=dtype), normal(B, outputs, seed=seed + 1, dtype=dtype)


def check_alike(fast, slow, x, y):
    """Predictions, loss and all gradients; nothing may differ by more than rounding."""
    rounding = ROUNDING[x.dtype.name]
    np.testing.assert_allclose(fast(x), slow(x), rtol=0, atol=rounding * max(1, np.abs(slow(x)).max()))
    (loss, gradients), (expected, wanted) = (model.loss_and_gradients(x, y) for model in (fast, slow))
    assert loss == pytest.approx(expected, rel=rounding)
    assert list(gradients) == list(wanted) == list(fast.weights)
    largest = max(np.abs(g).max() for g in wanted.values())
    for name, gradient in gradients.items():
        assert gradient.dtype == wanted[name].dtype
        np.testing.assert_allclose(gradient, wanted[name], rtol=0, atol=rounding * largest, err_msg=name)


@either_dtype
@pytest.mark.parametrize(("T", "B", "D", "units"), SIZES)
def test_the_fast_way_computes_what_the_plain_loop_computes(T, B, D, units, dtype):
    models = [make(kind, D, units, dtype=dtype, bias=0.3) for kind in (scratch.BasicLSTMCell, Slow)]
    check_alike(*models, *data(T, B, D, dtype=dtype))


def test_the_last_output_is_the_one_that_unroll_ends_with():
    model, (x, _) = make(), data()
    outputs, state = scratch.unroll(model.cell, x)
    last, _ = LastOutput().run(model.cell, x, backward=False)
    np.testing.assert_allclose(last, outputs[:, -1], rtol=0, atol=1e-15)
    np.testing.assert_allclose(last, state[-1].h, rtol=0, atol=1e-15)


def test_a_stack_of_one_layer_has_the_names_of_a_stack():
    models = [make(kind, units=(5,), stacked=True) for kind in (scratch.BasicLSTMCell, Slow)]
    check_alike(*models, *data())


class Louder(scratch.BasicLSTMCell):
    """A subclass with another step: the fast way would not take it."""

    def forward(self, inputs, state):
        return super().forward(3 * inputs, state)


def test_only_exactly_lstms_and_stacks_of_them_take_the_fast_way():
    class Stack(scratch.MultiRNNCell):
        pass

    x, _ = data()
    lstm, other = scratch.BasicLSTMCell(5, num_inputs=3), scratch.GRUCell(4, num_inputs=5)
    upper = scratch.BasicLSTMCell(4, num_inputs=5)
    ways = {
        True: [lstm, scratch.MultiRNNCell([lstm]), scratch.MultiRNNCell([lstm, upper])],
        False: [
            Louder(5, num_inputs=3),
            scratch.MultiRNNCell([lstm, other]),
            scratch.MultiRNNCell([lstm, scratch.DropoutWrapper(upper)]),
            scratch.MultiRNNCell([scratch.MultiRNNCell([lstm]), upper]),
            Stack([lstm]),
            scratch.DropoutWrapper(lstm),
            scratch.BasicRNNCell(5, num_inputs=3),
        ],
    }
    for fast, cells in ways.items():
        for cell in cells:
            assert (LastOutput().run(cell, x, backward=True) is not None) == fast, cell


def test_a_subclass_takes_its_own_step():
    loud, plain = make(Louder, units=(5,)), make(units=(5,))
    x, y = data()
    np.testing.assert_allclose(loud(x), plain(3 * x), rtol=0, atol=1e-15)
    assert loud.loss_and_gradients(x, y)[0] == pytest.approx(plain.loss_and_gradients(3 * x, y)[0])


@pytest.mark.parametrize(
    "x",
    [
        np.ones((6, 4)),
        np.ones((6, 0, 3)),
        np.ones((0, 4, 3)),
        np.ones((6, 4, 2)),
        np.ones((6, 4, 3), "float32"),
        np.ones((6, 4, 3), int),
        np.ma.ones((6, 4, 3)),
        [[[1.0, 2.0, 3.0]]],
        None,
    ],
)
def test_what_the_fast_way_cannot_take_gets_the_error_of_the_plain_loop(x):
    with pytest.raises((TypeError, ValueError)) as expected:
        make(Slow)(x)
    text = str(expected.value).replace("Slow", "BasicLSTMCell")
    for call in (make(), make().predict, lambda x: make().loss_and_gradients(x, np.ones((6, 2)))):
        with pytest.raises(expected.type) as came:
            call(x)
        assert str(came.value) == text


@pytest.mark.parametrize("name", ["kernel", "bias"])
@pytest.mark.parametrize("change", [lambda w: w[:-1], lambda w: w.astype("float32"), np.ndarray.tolist])
def test_weights_of_another_kind_are_left_to_the_plain_loop(name, change):
    model, (x, _) = make(units=(5,)), data()
    setattr(model.cell, name, change(getattr(model.cell, name)))
    assert LastOutput().run(model.cell, x, backward=False) is None


def test_a_first_call_builds_the_cells():
    cells = [scratch.BasicLSTMCell(H, seed=H) for H in (5, 4)]
    model = scratch.SequenceRegressor(scratch.MultiRNNCell(cells), 2, seed=9)
    x, y = data()
    loss, gradients = model.loss_and_gradients(x, y)
    assert [cell.num_inputs for cell in cells] == [3, 5]
    again, same = model.loss_and_gradients(x, y)  # the first went the plain way, this one the fast way
    assert again == pytest.approx(loss, rel=1e-12)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(same[name], gradient, rtol=0, atol=1e-14)


def test_calls_of_other_sizes_and_other_models_do_not_disturb_each_other():
    fast = [make(), make(units=(5, 4), bias=0.5)]
    slow = [make(Slow), make(Slow, units=(5, 4), bias=0.5)]
    for n, (T, B) in enumerate([(4, 6), (1, 6), (10, 1), (4, 6), (4, 7), (2, 3)]):
        for one, other in zip(fast, slow, strict=True):
            check_alike(one, other, *data(T, B, seed=n))


def test_what_was_returned_is_not_written_over_by_the_next_call():
    model, (x, y), (x_2, y_2) = make(), data(), data(seed=5)
    predictions, (_, gradients) = model(x), model.loss_and_gradients(x, y)
    kept = copy.deepcopy((predictions, gradients))
    for _ in range(2):
        model(x_2)
        model.loss_and_gradients(x_2, y_2)
    np.testing.assert_array_equal(predictions, kept[0])
    for name, gradient in gradients.items():
        np.testing.assert_array_equal(gradient, kept[1][name])
    x[:] = 0  # nor does a later change of the inputs reach what is kept
    check_alike(model, make(Slow), x_2, y_2)


def test_new_weights_and_weights_written_into_are_seen():
    fast, slow = make(), make(Slow)
    x, y = data()
    check_alike(fast, slow, x, y)
    for model in (fast, slow):
        first, second = model.cell.cells
        first.kernel = normal(8, 20, seed=3)
        first.bias = first.bias + 1
        second.w_h[:] *= 2
        second.bias[1] = -1
        second.forget_bias = -0.5
        model.kernel = 2 * model.kernel
    check_alike(fast, slow, x, y)


@pytest.mark.parametrize("place", ["inputs", "kernel", "bias", "readout"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_is_not_finite_shows_as_on_the_plain_way_and_is_gone_with_its_cause(place, bad):
    fast, slow = make(), make(Slow)
    x, y = data()
    broken = x.copy()
    for model in (fast, slow):
        if place == "inputs":
            broken[2, 1, 0] = bad
        elif place == "readout":
            model.kernel[0, 1] = bad
        else:
            getattr(model.cell.cells[1], place)[..., 3] = bad
    np.testing.assert_array_equal(np.isfinite(fast(broken)), np.isfinite(slow(broken)))
    (loss, gradients), (expected, wanted) = (m.loss_and_gradients(broken, y) for m in (fast, slow))
    np.testing.assert_equal(np.isnan(loss), np.isnan(expected))
    for name in wanted:
        np.testing.assert_array_equal(np.isnan(gradients[name]), np.isnan(wanted[name]), err_msg=name)
    fast.cell, fast.kernel = make().cell, make().kernel
    check_alike(fast, make(Slow), x, y)


def test_the_arrays_are_made_once_and_nobody_else_gets_them_meanwhile(monkeypatch):
    model, (x, y) = make(), data()
    model.loss_and_gradients(x, y)
    stack = model._fast.spare
    assert stack is not None
    model.loss_and_gradients(x + 1, y)
    assert model._fast.spare is stack
    forward = LSTMStack.forward

    def forward_with_another_call_inside(self, inputs):
        last = forward(self, inputs)
        if self is stack:
            model.loss_and_gradients(x * 2, y)  # as another thread might
        return last

    monkeypatch.setattr(LSTMStack, "forward", forward_with_another_call_inside)
    loss, gradients = model.loss_and_gradients(x, y)
    expected, wanted = make(Slow).loss_and_gradients(x, y)
    assert loss == pytest.approx(expected, rel=1e-12)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(gradient, wanted[name], rtol=0, atol=1e-13)


def test_a_copy_computes_the_same_and_learns_apart():
    model, (x, y) = make(), data()
    model.loss_and_gradients(x, y)
    other = copy.deepcopy(model)
    check_alike(other, make(Slow), x, y)
    scratch.fit(other, x, y, scratch.SGD(0.1), steps=3, seed=0)
    check_alike(model, make(Slow), x, y)
    assert other.loss_and_gradients(x, y)[0] < model.loss_and_gradients(x, y)[0]


@pytest.mark.parametrize("optimizer", [scratch.SGD, scratch.Adagrad, scratch.Adam])
def test_training_goes_the_same_way_step_by_step(optimizer):
    x, y = data(B=40)
    options = {"steps": 30, "batch_size": 7, "seed": 1, "max_norm": 0.5}
    losses = [
        scratch.fit(make(kind), x, y, optimizer(0.1), **options) for kind in (scratch.BasicLSTMCell, Slow)
    ]
    np.testing.assert_allclose(*losses, rtol=1e-10)


MODELS = {"fast": scratch.BasicLSTMCell, "plain": Slow}


@pytest.mark.parametrize("kind", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize(("T", "D", "O"), [(10, 1, 1), (4, 3, 3), (1, 2, 2), (1, 1, 1)])
def test_a_free_run_slides_along_time_where_a_prediction_is_a_step(kind, T, D, O):  # noqa: E741
    model, window = make(kind, D, outputs=O), normal(2, T, D)
    before, expected = window.copy(), []
    for _ in range(5):
        expected.append(model(window))
        window = np.concatenate([window[:, 1:], expected[-1][:, None]], axis=1)
    came = model.free_run(before, 5)
    assert came.shape == (2, 5, O)
    np.testing.assert_allclose(came, np.stack(expected, axis=1), rtol=0, atol=1e-13)
    np.testing.assert_array_equal(before, normal(2, T, D))


@pytest.mark.parametrize("kind", MODELS.values(), ids=MODELS)
def test_a_free_run_slides_along_the_values_of_one_step(kind):
    model, window = make(kind, 10, outputs=1, dtype="float32"), normal(3, 1, 10, dtype="float32")
    came, expected = model.free_run(window, 12), []
    for _ in range(12):
        expected.append(model(window))
        window = np.concatenate([window[:, :, 1:], expected[-1][:, None]], axis=2)
    assert came.shape == (3, 12, 1)
    assert came.dtype == np.float32
    np.testing.assert_allclose(came, np.stack(expected, axis=1), rtol=0, atol=1e-6)


def test_the_axis_along_which_a_window_slides():
    assert slides_along("f", (2, 10, 1), 1) == 1
    assert slides_along("f", (2, 1, 1), 1) == 1
    assert slides_along("f", (2, 1, 3), 3) == 1
    assert slides_along("f", (2, 1, 3), 1) == 2


@pytest.mark.parametrize(
    ("kind", "text", "window", "steps"),
    [
        (ValueError, "window must be [B, T, D] with D=2, as wide as a prediction; got shape (2, 4, 3)", np.ones((2, 4, 3)), 1),
        (ValueError, "window must be [B, T, D] with D=2, as wide as a prediction; got shape (2, 1, 3)", np.ones((2, 1, 3)), 1),
        (ValueError, "window must be [B, T, D]; got shape (4, 3)", np.ones((4, 3)), 1),
        (TypeError, "window must be a NumPy array [B, T, D]; got None", None, 1),
        (TypeError, "window must be float64; got float32", np.ones((2, 4, 2), "float32"), 1),
        (ValueError, "steps must be a whole number of at least 1; got 0", np.ones((2, 4, 2)), 0),
        (TypeError, "steps must be a whole number of at least 1; got 2.0", np.ones((2, 4, 2)), 2.0),
    ],
)  # fmt: skip
def test_a_wrong_free_run_says_what_was_expected_and_what_came(kind, text, window, steps):
    with pytest.raises(kind) as error:
        make(D=2).free_run(window, steps)
    assert str(error.value) == f"SequenceRegressor.free_run: {text}"


def test_a_window_of_several_wide_steps_cannot_take_in_one_number():
    text = r"with D=1, as wide as a prediction, or with T=1; got shape \(2, 4, 3\)"
    with pytest.raises(ValueError, match=text):
        make(outputs=1).free_run(np.ones((2, 4, 3)), 1)


def test_predicting_is_calling():
    model, (x, _) = make(), data()
    np.testing.assert_array_equal(model.predict(x), model(x))


class Screen(io.StringIO):
    """Where somebody looks on."""

    def isatty(self):
        return True


@pytest.mark.parametrize(("stream", "shown"), [(Screen(), True), (io.StringIO(), False), (None, False)])
def test_the_bar_is_for_those_who_look_on(stream, shown, monkeypatch):
    x, y = data()
    monkeypatch.setattr(sys, "stderr", stream)
    losses = scratch.fit(make(), x, y, scratch.SGD(0.1), steps=3, seed=0)
    assert losses.shape == (3,)
    assert ("3/3" in stream.getvalue() if stream else False) == shown


def test_importing_does_not_wait_for_the_bar():
    code = "import sys, rnnbook.scratch; sys.exit('tqdm' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
