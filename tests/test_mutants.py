"""Promises that no other test kept: found by changing the package in one place (`make mutants`).

Oracles: the defaults and constants of TF 1.x and Keras, closed forms, and the form of all messages.
"""

import inspect
import io
import sys
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from error_tables import raises
from toys import normal

import rnnbook.scratch as scratch
import rnnbook.tf as rnn
import rnnbook.tf.cell as rnn_cell
from rnnbook import checks
from rnnbook.data import batches
from rnnbook.protocol import assert_like_cell
from rnnbook.scratch.bidirectional import reverse_sequence
from rnnbook.scratch.cell import Cell, WeightedCell

B, T, D, H = 4, 2, 3, 5
DEFAULTS = [  # of TF 1.x where it has the thing, else of Keras
    (scratch.BasicLSTMCell, {"forget_bias": 1.0}),
    (rnn.BasicLSTMCell, {"forget_bias": 1.0}),
    (rnn.LSTMCell, {"forget_bias": 1.0, "use_peepholes": False, "num_proj": None}),
    (scratch.SGD, {"learning_rate": 0.01}),
    (scratch.Adagrad, {"learning_rate": 0.1, "initial_accumulator": 0.1}),
    (scratch.Adam, {"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}),
    (scratch.DropoutWrapper, {f"{name}_keep_prob": 1.0 for name in ("input", "output", "state")}),
    (rnn.DropoutWrapper, {f"{name}_keep_prob": 1.0 for name in ("input", "output", "state")}),
    (scratch.fit, {"batch_size": 32}),
    (rnn.fit, {"batch_size": 32}),
    (scratch.gradient_check, {"step": 1e-6}),
    (rnn.dynamic_rnn, {"parallel_iterations": 32, "swap_memory": False, "time_major": False}),
    (rnn.bidirectional_dynamic_rnn, {"parallel_iterations": 32, "swap_memory": False, "time_major": False}),
]


@pytest.mark.parametrize(
    ("function", "expected"), DEFAULTS, ids=lambda part: getattr(part, "__qualname__", "")
)
def test_the_defaults_are_those_of_tensorflow_1_and_keras(function, expected):
    parameters = inspect.signature(function).parameters
    assert {name: parameters[name].default for name in expected} == expected


@pytest.mark.parametrize(
    "make", [scratch.BasicRNNCell, scratch.BasicLSTMCell], ids=lambda make: make.__name__
)
def test_w_x_and_w_h_are_the_upper_and_the_lower_rows_of_the_kernel(make):
    cell = make(H, num_inputs=D, seed=0)
    np.testing.assert_array_equal(cell.w_x, cell.kernel[:3])
    np.testing.assert_array_equal(cell.w_h, cell.kernel[3:])


@pytest.mark.parametrize("make", [scratch.BasicLSTMCell, scratch.GRUCell], ids=lambda make: make.__name__)
def test_backward_of_a_gated_cell_refuses_another_tape(make):
    cell = make(H, num_inputs=D, seed=0)
    state = cell.zero_state(B)
    with raises(TypeError, f"{make.__name__}.backward: tape must be the tape of forward; got None"):
        cell.backward(None, normal(B, H), state)


def test_an_activation_that_changes_the_dtype_is_refused():
    half_as_long = scratch.Activation(lambda a: np.tanh(a).astype("float32"), np.ones_like)
    cell = scratch.BasicRNNCell(H, half_as_long, num_inputs=D, seed=0)
    with raises(TypeError, "BasicRNNCell: result of activation must be float64; got float32"):
        cell(normal(B, D), normal(B, H))


def test_what_a_cell_leaves_open_says_that_it_is_not_implemented():
    for step in (lambda: Cell().weights, lambda: Cell().build(3), lambda: Cell().forward(None, None)):
        with pytest.raises(NotImplementedError):
            step()
    with pytest.raises(NotImplementedError):
        Cell().backward(None, None, None)
    with pytest.raises(NotImplementedError):
        WeightedCell(H, num_inputs=D, dtype="float64", seed=0)


def test_the_first_step_of_adam_is_the_rate_wherever_epsilon_is_small_and_less_where_it_is_not():
    gradient, start = np.array([4.0, -2.0, 0.01]), np.zeros(3)
    for epsilon in (1e-9, 0.5):
        moved = start.copy()
        scratch.Adam(0.1, epsilon=epsilon).step({"w": moved}, {"w": gradient})
        # m = 0.1 g and v = 0.001 g^2, so that rate * m = 0.1 * sqrt(0.001) * g
        expected = -0.1 * np.sqrt(0.001) * gradient / (np.sqrt(0.001) * np.abs(gradient) + epsilon)
        np.testing.assert_allclose(moved, expected, rtol=1e-9)


def test_adam_may_forget_at_once():
    assert scratch.Adam(beta_1=0, beta_2=0.0).beta_1 == 0


def test_reversing_refuses_an_array_of_another_rank():
    with raises(ValueError, "reverse_sequence: values must be [B, T, D]; got shape (4, 2)"):
        reverse_sequence(normal(B, T))
    with raises(ValueError, "reverse_sequence: values must be [T, B, D]; got shape (2, 4)"):
        reverse_sequence(normal(T, B), time_major=True)


def test_a_stack_refuses_gradients_that_are_no_array():
    stack = scratch.MultiRNNCell([scratch.BasicRNNCell(H, num_inputs=D, seed=0)])
    state = stack.zero_state(B)
    _, _, tape = stack.forward(normal(B, D), state)
    with raises(TypeError, "MultiRNNCell.backward: d_output must be a NumPy array [B, H]; got None"):
        stack.backward(tape, None, state)


class Terminal(io.StringIO):
    """A stream that says that people watch it."""

    def isatty(self):
        return True


@pytest.mark.parametrize(("half", "optimizer"), [(scratch, scratch.SGD), (rnn, keras.optimizers.SGD)])
def test_training_shows_a_bar_of_steps_to_people_and_nothing_to_a_file(monkeypatch, half, optimizer):
    def train():
        cell = half.BasicRNNCell(H, num_inputs=D, dtype="float32", seed=0)
        model = half.SequenceRegressor(cell, 1, seed=1)
        x, y = normal(B, T, D, dtype="float32"), normal(B, 1, dtype="float32")
        half.fit(model, x, y, optimizer(0.1), steps=2, batch_size=2, seed=0)

    for stream, shown in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr(sys, "stderr", stream)
        train()
        assert ("2/2" in stream.getvalue()) == ("step" in stream.getvalue()) == shown


def test_a_message_shows_a_hundred_letters_of_what_came_and_not_one_more():
    # repr adds two quotation marks
    assert checks.shown("x" * 98) == f"'{'x' * 98}'"
    assert checks.shown("x" * 99) == f"'{'x' * 99}..."


def test_of_many_numbers_that_are_not_finite_the_first_is_named():
    with raises(ValueError, "f: values must be finite; got nan at [0, 1]"):
        checks.check_finite("f", "values", np.array([[0.0, np.nan], [np.inf, 1.0]]))


def test_a_shape_may_be_any_sequence():
    assert checks.static_shape(SimpleNamespace(shape=[4, 2, 3])) == (4, 2, 3)


def test_a_token_may_be_the_largest_int32():
    def step(tokens, state):
        return np.array([[1.0, 0.0]]), state

    tokens, _ = scratch.greedy_decode(step, np.zeros((1, 1)), 2**31 - 1, 0, max_steps=1)
    assert tokens.tolist() == [[0]]


def test_decoding_refuses_logits_that_are_no_numpy_array():
    logits = SimpleNamespace(shape=(1, 2), dtype=np.dtype("float32"))
    with raises(TypeError, "greedy_decode: logits must be a NumPy array [B, V]; got a SimpleNamespace"):
        scratch.greedy_decode(lambda tokens, state: (logits, state), np.zeros((1, 1)), 1, 0, max_steps=1)


def test_a_shape_of_tensorflow_becomes_a_tuple_and_an_unknown_rank_none():
    shape = checks.static_shape(tf.TensorSpec([None, 3]))
    assert type(shape) is tuple
    assert shape == (None, 3)
    assert checks.static_shape(tf.TensorSpec(None)) is None


def test_what_is_not_known_yet_passes_the_checks_of_shapes():
    unknown = tf.TensorSpec(None, tf.float32)
    checks.check_array("f", "values", unknown, "B D", {"D": 3})
    for one, other in (
        (unknown, np.ones(3)),
        (np.ones(3), unknown),
        (tf.TensorSpec([None, 3]), np.ones((4, 3))),
    ):
        checks.check_same_shape("f", "values", one, other)
        checks.check_same_shape("f", "values", other, one)


def test_a_thing_with_a_shape_but_no_dtype_is_no_array():
    with raises(TypeError, "f: values must be an array [B]; got a SimpleNamespace"):
        checks.check_array("f", "values", SimpleNamespace(shape=(4,)), "B", {})


def test_what_refuses_to_become_an_array_is_named():
    class Stubborn:
        def __array__(self, dtype=None, copy=None):
            raise TypeError("no")

    with raises(TypeError, "f: values must be numbers; got a Stubborn of unequal rows"):
        checks.to_array("f", "values", Stubborn(), "numbers")


def test_of_twenty_lengths_all_are_shown_and_of_more_the_first_wrong_one():
    twenty = [0, 3, *[1] * 17, 4]
    with raises(ValueError, f"f: lengths must be from 0 to T=3; got {twenty}"):
        checks.check_lengths("f", "lengths", twenty, 20, 3)
    # 0 and T are right; what stands before the wrong one must not be taken for it
    for wrong in (4, -1):
        with raises(ValueError, f"f: lengths must be from 0 to T=3; got {wrong} in row 20"):
            checks.check_lengths("f", "lengths", [0, 3, *[1] * 18, wrong], 21, 3)
    with raises(ValueError, "f: lengths must be from 0 to T; got -1 in row 20"):
        checks.check_lengths("f", "lengths", [0, 3, *[1] * 18, -1], 21, None)


def test_an_output_size_that_is_no_number_is_refused():
    cell = SimpleNamespace(state_size=5, output_size="5", zero_state=None, __call__=None)
    with pytest.raises(TypeError, match=r"f: cell.output_size must be a whole number; got '5'"):
        assert_like_cell("f", cell)


def test_what_a_cell_in_tensorflow_leaves_open_says_that_it_is_not_implemented():
    with pytest.raises(NotImplementedError):
        rnn_cell.Cell().build(3)
    with pytest.raises(NotImplementedError):
        rnn_cell.Cell()(None, None)
    with pytest.raises(NotImplementedError):
        rnn_cell.WeightedCell(H, num_inputs=D, dtype="float32", seed=0)


def test_keras_is_given_the_activation_of_the_cell():
    layer = rnn.to_keras(rnn.BasicRNNCell(H, tf.nn.relu, num_inputs=D, seed=0))
    x = normal(B, T, D, dtype="float32")
    outputs, _ = rnn.dynamic_rnn(rnn.BasicRNNCell(H, tf.nn.relu, num_inputs=D, seed=0), x)
    np.testing.assert_allclose(layer(x), outputs[:, -1], atol=1e-6)


def test_a_graph_that_decodes_knows_how_many_rows_there_are():
    @tf.function
    def run(state):
        tokens, _ = rnn.greedy_decode(lambda tokens, state: (state, state), state, 1, 0, max_steps=3)
        assert tokens.shape.as_list() == [B, None]
        return tokens

    assert run(tf.ones((B, 2))).shape == (B, 1)


def test_a_cell_from_keras_keeps_the_activation():
    layer = keras.layers.SimpleRNN(H, activation="relu")
    x = normal(B, T, D, dtype="float32")
    expected = layer(x)
    outputs, _ = rnn.dynamic_rnn(rnn.from_keras(layer), x)
    np.testing.assert_allclose(outputs[:, -1], expected, atol=1e-6)


def test_a_dtype_that_numpy_cannot_read_is_refused():
    with raises(TypeError, "f: dtype must be a floating dtype of NumPy; got '(-1,)f4'"):
        checks.floating("f", "dtype", "(-1,)f4", "NumPy", np.dtype)


class Line(tf.Module):
    """A model whose two variables differ in dtype; the loss has that of the first."""

    def __init__(self):
        super().__init__()
        self.a, self.b = tf.Variable(1.0), tf.Variable(0.0, dtype=tf.float64)

    def __call__(self, inputs):
        return self.a * inputs + tf.cast(self.b, tf.float32)


def test_variables_may_differ_in_dtype():
    x = normal(4, 1, dtype="float32")
    losses = rnn.fit(Line(), x, x, keras.optimizers.SGD(0.1), steps=2, batch_size=4, seed=0)
    np.testing.assert_array_equal(losses, [0.0, 0.0])


def test_a_loss_that_is_not_finite_is_shown_as_it_came():
    targets = np.zeros((4, 1), "float32")
    targets[0] = 1e30  # its square is beyond float32; sample 0 comes in step 1
    assert batches(samples=4, batch_size=1, steps=4, seed=0).ravel().tolist() == [2, 0, 1, 3]
    with raises(ValueError, "fit: the loss of step 1 must be finite; got inf"):
        rnn.fit(
            Line(),
            np.ones((4, 1), "float32"),
            targets,
            keras.optimizers.SGD(0.0),
            steps=4,
            batch_size=1,
            seed=0,
        )


def test_of_several_losses_that_are_not_finite_the_first_is_named():
    def loss(predictions, targets):  # of the targets alone: every step has its own
        return tf.math.log(tf.reduce_mean(targets)) + 0 * tf.reduce_mean(predictions)

    targets = np.float32([[0.0], [-1.0], [1.0], [1.0]])  # in the order 2, 0, 1, 3: 0, -inf, nan, 0
    options = {"steps": 4, "batch_size": 1, "seed": 0, "loss": loss}
    with raises(ValueError, "fit: the loss of step 1 must be finite; got -inf"):
        rnn.fit(Line(), np.ones((4, 1), "float32"), targets, keras.optimizers.SGD(0.0), **options)


def in_a_graph(function, *arguments):
    """Run a function in a graph that knows all shapes and no number."""
    return tf.function(function)(*map(tf.constant, arguments))


def test_a_graph_takes_lengths_whose_number_it_knows_and_refuses_those_beyond_t():
    x = normal(B, T, D, dtype="float32")
    cell = rnn.BasicRNNCell(H, num_inputs=D, seed=0)
    outputs, _ = in_a_graph(lambda x, n: rnn.dynamic_rnn(cell, x, n), x, [2, 1, 0, 2])
    np.testing.assert_allclose(outputs, rnn.dynamic_rnn(cell, x, [2, 1, 0, 2])[0], atol=1e-6)
    with pytest.raises(tf.errors.InvalidArgumentError, match="sequence_length must be"):
        in_a_graph(lambda x, n: rnn.dynamic_rnn(cell, x, n), x, [2, 1, 0, 3])
    with pytest.raises(TypeError, match="dynamic_rnn: sequence_length must be whole numbers; got float32"):
        in_a_graph(lambda x, n: rnn.dynamic_rnn(cell, x, n), x, [2.0, 1.0, 0.0, 2.0])


def test_a_graph_takes_as_many_lengths_of_a_memory_as_there_are_rows():
    query, memory = normal(B, 1, H), normal(B, T, H)
    context, _ = in_a_graph(lambda q, m, n: rnn.attend(q, m, n), query, memory, [2, 1, 1, 2])
    np.testing.assert_allclose(context, scratch.attend(query, memory, [2, 1, 1, 2])[0], atol=1e-12)


def test_no_two_weights_of_a_cell_come_from_one_seed():
    cell = rnn.LSTMCell(1, use_peepholes=True, num_proj=1, num_inputs=D, seed=0)
    drawn = [cell.w_f_diag[0], cell.w_i_diag[0], cell.w_o_diag[0], cell.projection_kernel[0, 0]]
    drawn += [2 * cell.kernel[0, 0]]  # [4, 4], and the others [1, 1]: twice as wide by Glorot's law
    assert len({round(float(number), 5) for number in drawn}) == 5


@pytest.mark.parametrize("wrap", [rnn.ResidualWrapper, lambda cell: rnn.OutputProjectionWrapper(cell, 2)])
def test_a_wrapper_has_a_name_and_builds_its_cell(wrap):
    cell = rnn.BasicRNNCell(D)
    wrapper = wrap(cell)
    wrapper.build(D)
    assert wrapper.name.endswith("_wrapper")
    assert cell.num_inputs == D


def test_a_readout_adds_its_bias():
    x, cell = normal(B, T, D, dtype="float32"), rnn.BasicRNNCell(H, seed=0)
    outputs = rnn.dynamic_rnn(cell, x)[0].numpy()
    model, wrapper = rnn.SequenceRegressor(cell, 2, seed=1), rnn.OutputProjectionWrapper(cell, 2, seed=1)
    for readout in (model, wrapper):
        readout.bias.assign([0.5, -2.0])
    np.testing.assert_allclose(model(x), outputs[:, -1] @ model.kernel.numpy() + [0.5, -2.0], atol=1e-6)
    projected = rnn.dynamic_rnn(wrapper, x)[0]
    np.testing.assert_allclose(projected, outputs @ wrapper.kernel.numpy() + [0.5, -2.0], atol=1e-6)


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


@pytest.mark.parametrize("half", [scratch, rnn])
def test_what_enters_leaves_and_goes_on_is_dropped_by_masks_of_its_own(half):
    class Double(half.BasicRNNCell):
        """Says its input and remembers it twice: zeros show the masks."""

        def zero_state(self, batch_size, dtype=None):
            return (np.zeros((batch_size, 400)),) * 2

        def forward(self, inputs, state):
            return inputs, (inputs, inputs), None

        def __call__(self, inputs, state):
            return inputs, (inputs, inputs)

    cell = Double(400, num_inputs=400, dtype="float64")
    cell.state_size = (400, 400)
    zeros, ones = (np.zeros((1, 400)),) * 2, np.ones((1, 400))
    if half is rnn:
        zeros, ones = tuple(map(tf.constant, zeros)), tf.constant(ones)
    output, state = half.DropoutWrapper(cell, 0.5, 0.5, 0.5, seed=3)(ones, zeros)
    kept = [np.asarray(values) > 0 for values in (output, *state)]
    assert all(0.15 < values.mean() < 0.35 for values in kept)  # kept twice, at the input and after
    output, state = half.DropoutWrapper(cell, 1.0, 0.5, 0.5, seed=3)(ones, zeros)
    kept = [np.asarray(values) > 0 for values in (output, *state)]
    for one, other in [(0, 1), (0, 2), (1, 2)]:
        assert 0.35 < (kept[one] == kept[other]).mean() < 0.65, (one, other)
