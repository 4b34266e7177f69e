"""The base class `RNNCell` where there is no session: a cell keeps what `get_variable` made.

And what all cells have of TF 1.x's layers: lists of variables, and `build` by a shape.

Oracle: the closed form of a cell that scales and adds.
"""

import copy
import pickle  # noqa: TID251  # what this package makes, and nothing that came from elsewhere
import re

import numpy as np
import pytest
import tensorflow as tf
from toys import normal

import rnnbook.tf as rnn

v1 = tf.compat.v1
B, T, H = 4, 6, 3
X = normal(B, T, H)


class Sum(rnn.RNNCell):
    """h(t) = w * x(t) + h(t-1), from w = 2."""

    state_size = output_size = H

    def call(self, inputs, state):
        with v1.variable_scope("inner"):
            w = v1.get_variable("w", [H], self.dtype, tf.constant_initializer(2.0))
        return w * inputs + state, w * inputs + state


class OldSum(Sum):
    """The same as cells were written before TF 1.2."""

    def __call__(self, inputs, state, scope=None):
        with v1.variable_scope(scope or type(self).__name__):
            return self.call(inputs, state)


either = pytest.mark.parametrize("kind", [Sum, OldSum])


def cell_of(kind):
    return kind(dtype="float64")


@either
def test_every_step_and_every_call_has_the_same_weight(kind):
    cell = cell_of(kind)
    for _ in range(2):
        outputs, _ = rnn.dynamic_rnn(cell, X)
        np.testing.assert_allclose(outputs, 2 * X.cumsum(axis=1), rtol=1e-12)
    assert len(cell.trainable_variables) == 1
    cell.trainable_variables[0].assign([3.0] * H)
    np.testing.assert_allclose(rnn.dynamic_rnn(cell, X)[0], 3 * X.cumsum(axis=1), rtol=1e-12)


@either
def test_a_weight_outlives_the_function_that_made_it(kind):
    cell = cell_of(kind)
    run = tf.function(lambda x: rnn.dynamic_rnn(cell, x)[0])
    for steps in (T, 2):  # traced twice
        np.testing.assert_allclose(run(X[:, :steps]), 2 * X[:, :steps].cumsum(axis=1), rtol=1e-12)
    assert len(cell.trainable_variables) == 1
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(run(X))
    (gradient,) = tape.gradient(loss, cell.trainable_variables)
    np.testing.assert_allclose(gradient, X.cumsum(axis=1).sum(axis=(0, 1)), rtol=1e-12)


@either
def test_two_cells_have_weights_of_their_own_also_in_a_stack(kind):
    first, second = cell_of(kind), cell_of(kind)
    stack = rnn.MultiRNNCell([first, second])
    rnn.dynamic_rnn(stack, X)
    first.trainable_variables[0].assign([5.0] * H)
    outputs, _ = rnn.dynamic_rnn(stack, X)
    np.testing.assert_allclose(outputs, 10 * X.cumsum(axis=1).cumsum(axis=1), rtol=1e-12)
    assert len(stack.trainable_variables) == 2


class Around(rnn.RNNCell):
    """A wrapper of one's own, under whatever name it holds its cell."""

    state_size = output_size = H

    def __init__(self, name, cell):
        super().__init__()
        self.name_of_cell = name
        setattr(self, name, cell)

    def call(self, inputs, state):
        return getattr(self, self.name_of_cell)(inputs, state)


@pytest.mark.parametrize("name", ["cell", "_cell", "_wrapped"])
@pytest.mark.parametrize("start", [None, np.zeros((B, H))])
def test_variational_masks_inside_are_drawn_anew_for_every_sequence(name, start):
    inside = rnn.DropoutWrapper(
        cell_of(Sum), output_keep_prob=0.5, variational_recurrent=True, dtype=tf.float64, seed=0
    )
    cell = rnn.MultiRNNCell([Around(name, inside)])
    state = None if start is None else (tf.constant(start),)
    masks = [rnn.dynamic_rnn(cell, X, initial_state=state)[0].numpy() != 0 for _ in range(4)]
    assert all(np.array_equal(mask[:, 1:], mask[:, :-1]) for mask in masks)
    assert len({mask.tobytes() for mask in masks}) == 4


def test_a_scope_outside_changes_nothing():
    cell = cell_of(Sum)
    for name in ("train", "test"):
        with v1.variable_scope(name):
            rnn.dynamic_rnn(cell, X)
    assert len(cell.trainable_variables) == 1


def test_weights_are_of_the_dtype_of_the_first_inputs():
    cell = Sum()
    assert rnn.dynamic_rnn(cell, X)[0].dtype == tf.float64
    assert cell.dtype == cell.trainable_variables[0].dtype == tf.float64


@pytest.mark.parametrize("method", ["add_weight", "add_variable"])
def test_build_makes_weights_once_and_trainable_or_not(method):
    class Built(Sum):
        def build(self, inputs_shape):
            make = getattr(self, method)
            self.w = make("w", inputs_shape[1:], initializer=tf.ones_initializer())
            self.shift = make("shift", [H], initializer=tf.zeros_initializer(), trainable=False)
            super().build(inputs_shape)

        def call(self, inputs, state):
            return self.w * inputs + state + self.shift, state

    cell = Built()
    for _ in range(2):
        np.testing.assert_allclose(rnn.dynamic_rnn(cell, X)[0], X, rtol=1e-12)
    assert [v.name for v in cell.trainable_variables] == ["w:0"]
    assert len(cell.variables) == 2


def from_row(cell, rows, its_rows):
    return cell(tf.ones((rows, H), cell.dtype), tf.ones((its_rows, H), cell.dtype))


@either
def test_a_step_refuses_a_state_of_other_rows_or_width(kind):
    cell = cell_of(kind)
    for rows, its_rows, known in ((B, 1, 4), (1, B, 1)):
        with pytest.raises(ValueError, match=re.escape(f"state must be [B, H] with B={known}; got shape")):
            from_row(cell, rows, its_rows)
    with pytest.raises(ValueError, match=re.escape("state must be [B, H] with")):
        cell(tf.ones((B, H), cell.dtype), tf.ones((B, 1), cell.dtype))


@either
def test_a_graph_that_knows_no_rows_refuses_them_when_it_runs(kind):
    cell = cell_of(kind)
    step = tf.function(
        lambda x, h: cell(x, h)[0], input_signature=[tf.TensorSpec([None, None], cell.dtype)] * 2
    )
    # The weight of this toy needs no size of the inputs.
    np.testing.assert_allclose(step(X[:, 0], X[:, 1]), 2 * X[:, 0] + X[:, 1], rtol=1e-12)
    for x, h in ((X[:, 0], X[:1, 0]), (X[:1, 0], X[:, 0]), (X[:, 0], X[:, 0, :1])):
        with pytest.raises(tf.errors.InvalidArgumentError, match=re.escape("state must be [B, H] of shape")):
            step(x, h)


@either
def test_a_checkpoint_keeps_what_get_variable_made(kind, tmp_path):
    stack = rnn.MultiRNNCell([cell_of(kind), cell_of(kind)])
    expected, _ = rnn.dynamic_rnn(stack, X)
    stack.cells[1].trainable_variables[0].assign([5.0] * H)
    path = tf.train.Checkpoint(stack=stack).write(str(tmp_path / "stack"))
    twin = rnn.MultiRNNCell([cell_of(kind), cell_of(kind)])
    status = tf.train.Checkpoint(stack=twin).read(path)  # before there are weights: they are filled when made
    np.testing.assert_allclose(rnn.dynamic_rnn(twin, X)[0], 2.5 * expected, rtol=1e-12)
    status.assert_existing_objects_matched()
    assert len(tf.train.list_variables(path)) == 2 + 1  # and the graph of objects


def test_a_saved_model_keeps_what_get_variable_made(tmp_path):
    module = tf.Module()
    module.cell = cell_of(Sum)
    module.run = tf.function(
        lambda x: rnn.dynamic_rnn(module.cell, x)[0], [tf.TensorSpec([None, T, H], "float64")]
    )
    expected = 2 * module.run(X)
    module.cell.trainable_variables[0].assign([4.0] * H)
    tf.saved_model.save(module, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))  # whose functions do not hold its variables
    np.testing.assert_allclose(loaded.run(X), expected, rtol=1e-12)


@pytest.mark.parametrize("way", [copy.deepcopy, lambda cell: pickle.loads(pickle.dumps(cell))])  # noqa: S301
def test_a_copy_has_weights_of_its_own(way):
    cell = rnn.MultiRNNCell([Bare()])
    before, _ = rnn.dynamic_rnn(cell, X)
    twin = way(cell)
    cell.trainable_variables[0].assign([5.0] * H)
    np.testing.assert_allclose(rnn.dynamic_rnn(twin, X)[0], before, rtol=1e-12)


class Bare(Sum):
    def __init__(self):
        super().__init__(dtype="float64")


class Built(rnn.RNNCell):
    """h(t) = w * x(t) + h(t-1), by the sum of two weights that build makes."""

    state_size = output_size = H

    def build(self, inputs_shape):
        self.z = self.add_weight("z", [int(inputs_shape[1])], initializer=tf.ones_initializer())
        self.a = self.add_weight("a", [int(inputs_shape[1])], initializer=tf.ones_initializer())

    def call(self, inputs, state):
        new_state = (self.a + self.z) * inputs + state
        return new_state, new_state


def test_whatever_holds_a_cell_builds_it_by_the_number_of_inputs():
    cell = rnn.DropoutWrapper(rnn.MultiRNNCell([Built(dtype="float64")]))
    cell.build(H)
    made = cell.trainable_variables
    np.testing.assert_allclose(rnn.dynamic_rnn(cell, X)[0], 2 * X.cumsum(axis=1), rtol=1e-12)
    assert [v.name for v in made] == [v.name for v in cell.trainable_variables] == ["z:0", "a:0"]


ORDERS = [
    (lambda: rnn.BasicLSTMCell(5), ["kernel", "bias"]),
    (lambda: rnn.GRUCell(5), ["gates_kernel", "gates_bias", "candidate_kernel", "candidate_bias"]),
    (
        lambda: rnn.LSTMCell(5, True, num_proj=2),
        ["kernel", "bias", "w_f_diag", "w_i_diag", "w_o_diag", "projection_kernel"],
    ),
    (lambda: rnn.OutputProjectionWrapper(rnn.BasicRNNCell(5), 2), ["kernel", "bias"] * 2),
    (
        lambda: rnn.MultiRNNCell([rnn.BasicRNNCell(5), rnn.GRUCell(2)]),
        ["kernel", "bias", "gates_kernel", "gates_bias", "candidate_kernel", "candidate_bias"],
    ),
]


@pytest.mark.parametrize(("make", "names"), ORDERS)
def test_variables_stand_in_the_order_of_the_originals(make, names):
    cell = make()
    assert cell.trainable_weights == []
    cell.build(tf.TensorShape([None, H]))
    for variables in (cell.variables, cell.trainable_variables, cell.trainable_weights):
        assert [variable.name for variable in variables] == [f"{name}:0" for name in names]
    assert cell.non_trainable_weights == []


@pytest.mark.parametrize("shape", [[None, H], (B, H), tf.TensorShape([B, H])])
@pytest.mark.parametrize(
    "make",
    [
        rnn.GRUCell,
        lambda H: rnn.InputProjectionWrapper(rnn.GRUCell(H), 2),
        lambda H: rnn.DropoutWrapper(rnn.GRUCell(H)),
    ],
)
def test_build_takes_the_shape_of_the_inputs_as_in_tf_1x(make, shape):
    cell, twin = make(5), make(5)
    cell.build(shape)
    twin.build(H)
    assert [v.shape for v in cell.variables] == [v.shape for v in twin.variables]
