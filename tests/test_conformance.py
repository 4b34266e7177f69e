"""Every cell and wrapper of both halves keeps the promises of the cell protocol.

Oracle: the protocol's own laws (structure, purity, row independence), one table for all.
"""

import inspect
import re

import numpy as np
import pytest
import tensorflow as tf
from kinds import BOTH, KINDS, ONLY_TF, D, build, copy_weights, leaves, random_state
from toys import normal

import rnnbook.scratch as scratch
import rnnbook.scratch.cell as scratch_cell
import rnnbook.tf as rnn
import rnnbook.tf.cell as rnn_cell
from rnnbook.protocol import Cell, assert_like_cell, map_state, same_structure

B, T, H = 4, 6, 5
every_kind = pytest.mark.parametrize("kind", KINDS)


@every_kind
def test_it_is_a_cell(kind):
    cell = build(kind)
    assert_like_cell("test", cell)
    assert isinstance(cell, Cell)


@every_kind
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_step_returns_the_declared_sizes_in_the_dtype_it_got(kind, dtype):
    cell = build(kind, dtype)
    output, state = cell(normal(B, D, dtype=dtype), cell.zero_state(B))
    assert (tuple(output.shape), np.asarray(output).dtype) == ((B, cell.output_size), dtype)
    assert same_structure(state, cell.state_size)
    for leaf, size in zip(leaves(state), leaves(cell.state_size), strict=True):
        assert (tuple(leaf.shape), np.asarray(leaf).dtype) == ((B, size), dtype)


@every_kind
def test_zero_state_is_zero_and_takes_a_dtype(kind):
    state = build(kind).zero_state(B, "float32")
    for leaf in leaves(state):
        assert np.asarray(leaf).dtype == "float32"
        assert not np.asarray(leaf).any()


@every_kind
def test_a_step_leaves_its_arguments_and_the_weights_alone(kind):
    cell = build(kind)
    x, state = normal(B, D), random_state(cell, B)
    weights = {id(w): np.array(w) for w in all_weights(cell)}
    kept = x.copy(), [leaf.copy() for leaf in leaves(state)]
    cell(x, state)
    np.testing.assert_array_equal(x, kept[0])
    for leaf, before in zip(leaves(state), kept[1], strict=True):
        np.testing.assert_array_equal(leaf, before)
    for weight in all_weights(cell):
        np.testing.assert_array_equal(weight, weights[id(weight)])


@every_kind
def test_the_same_step_twice_gives_the_same(kind):
    cell = build(kind)  # the dropout of the table holds its masks until a new sequence begins
    x, state = normal(B, D), random_state(cell, B)
    first, second = cell(x, state), cell(x, state)
    np.testing.assert_array_equal(first[0], second[0])
    for a, b in zip(leaves(first[1]), leaves(second[1]), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "Dropout" not in kind])
def test_rows_of_a_batch_are_independent(kind):
    cell, order = build(kind), [2, 0, 3, 1]
    x, state = normal(B, D), random_state(cell, B)
    output, _ = cell(x, state)
    shuffled, _ = cell(x[order], map_state(lambda leaf: leaf[order], state))
    np.testing.assert_allclose(shuffled, np.asarray(output)[order], rtol=0, atol=1e-14)


@every_kind
def test_outputs_depend_on_inputs_and_on_every_part_of_the_state(kind):
    cell = build(kind)
    x, state = normal(B, D), random_state(cell, B)
    before = np.asarray(cell(x, state)[0])
    assert np.abs(np.asarray(cell(x + 0.5, state)[0]) - before).max() > 1e-3
    for n in range(len(leaves(state))):
        moved = iter(range(len(leaves(state))))
        other = map_state(lambda leaf: leaf + 0.5 * (next(moved) == n), state)  # noqa: B023
        _, new = cell(x, other)
        old_leaves, new_leaves = leaves(cell(x, state)[1]), leaves(new)
        assert (
            max(np.abs(np.asarray(a) - b).max() for a, b in zip(old_leaves, new_leaves, strict=True)) > 1e-3
        )


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "Projection" not in kind])
def test_weights_come_to_life_at_the_first_call_or_by_build(kind):
    make, module = KINDS[kind]
    unbuilt = strip(make(module, "float64"), module)
    unbuilt.build(D)
    named = {type(unbuilt).__name__: len(all_weights(unbuilt))}
    called = strip(make(module, "float64"), module)
    if module is scratch:
        with pytest.raises(ValueError, match="weights must be built before it is read"):
            all_weights(called)
    else:
        assert all_weights(called) == []
    called(normal(B, D), called.zero_state(B))
    assert len(all_weights(called)) == named[type(called).__name__] > 0


@every_kind
def test_a_wrong_number_of_features_is_refused(kind):
    cell = build(kind)
    with pytest.raises(ValueError, match=r"inputs must be \[B, D\] with D=3; got shape \(4, 2\)"):
        cell(normal(B, D - 1), cell.zero_state(B))


@every_kind
def test_a_state_of_another_structure_is_refused(kind):
    cell = build(kind)
    with pytest.raises(ValueError, match="state must be structured like state_size"):
        cell(normal(B, D), (cell.zero_state(B), cell.zero_state(B), cell.zero_state(B)))


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("lengths", [None, [0, 3, 6, 1]])
def test_the_halves_agree(name, lengths):
    ours, theirs = build(f"scratch {name}"), build(f"tf {name}")
    copy_weights(ours, theirs)
    if name == "DropoutWrapper":  # the halves draw different masks
        ours.enabled = False
        theirs.enabled.assign(False)
    x, state = normal(B, T, D), random_state(ours, B)
    outputs, final = scratch.unroll(ours, x, lengths, state)
    expected, expected_final = rnn.dynamic_rnn(theirs, x, lengths, state)
    np.testing.assert_allclose(outputs, expected, rtol=0, atol=1e-13)
    for a, b in zip(leaves(final), leaves(expected_final), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-13)


@pytest.mark.parametrize("name", BOTH | ONLY_TF)
def test_eager_graph_and_xla_agree(name):
    cell, x = build(f"tf {name}"), normal(B, 3, D)
    if name == "DropoutWrapper":
        cell.enabled.assign(False)
    expected, _ = rnn.dynamic_rnn(cell, x)
    for options in ({}, {"jit_compile": True}):
        outputs = tf.function(lambda x: rnn.dynamic_rnn(cell, x)[0], **options)(x)
        np.testing.assert_allclose(outputs, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", BOTH | ONLY_TF)
def test_tensorflows_own_unroller_drives_every_cell(name):
    cell, x = build(f"tf {name}"), normal(B, T, D)
    lengths = tf.constant([0, 3, 6, 1])
    outputs, state = rnn.dynamic_rnn(cell, x, lengths, cell.zero_state(B))
    if name == "DropoutWrapper":
        cell._draws.assign_sub(1)  # the next sequence shall draw the masks of the last one
    expected, expected_state = tf.compat.v1.nn.dynamic_rnn(
        cell, tf.constant(x), lengths, initial_state=cell.zero_state(B)
    )
    np.testing.assert_allclose(outputs, expected, rtol=0, atol=1e-13)
    for a, b in zip(leaves(state), leaves(expected_state), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-13)


@pytest.mark.parametrize("name", BOTH | ONLY_TF)
def test_tensorflow_knows_modules_by_the_names_of_tf1_and_variables_by_those_of_their_attributes(name):
    model = rnn.SequenceRegressor(build(f"tf {name}"), 1)
    for module in (model, *model.submodules):
        words = re.sub("(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", type(module).__name__)
        assert module.name == words.lower()  # such as basic_lstm_cell
        for attribute, value in vars(module).items():
            if isinstance(value, tf.Variable):
                assert value.name == f"{attribute.strip('_')}:0"


def all_weights(cell):
    return list(cell.trainable_variables) if isinstance(cell, tf.Module) else list(cell.weights.values())


def strip(cell, module):
    """The same kind of cell, not built yet."""
    if isinstance(cell, module.MultiRNNCell):
        return module.MultiRNNCell([strip(inner, module) for inner in cell.cells])
    if isinstance(cell, module.DropoutWrapper):
        return module.DropoutWrapper(strip(cell.cell, module), 0.8)
    if hasattr(cell, "cell"):
        return type(cell)(strip(cell.cell, module))
    options = {"dtype": cell.dtype}
    if type(cell).__name__ == "LSTMCell":
        options |= {"use_peepholes": cell.use_peepholes, "num_proj": cell.num_proj}
    return type(cell)(cell.num_units, **options)


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


def test_what_a_cell_leaves_open_says_that_it_is_not_implemented():
    for step in (
        lambda: scratch_cell.Cell().weights,
        lambda: scratch_cell.Cell().build(3),
        lambda: scratch_cell.Cell().forward(None, None),
    ):
        with pytest.raises(NotImplementedError):
            step()
    with pytest.raises(NotImplementedError):
        scratch_cell.Cell().backward(None, None, None)
    with pytest.raises(NotImplementedError):
        scratch_cell.WeightedCell(H, num_inputs=D, dtype="float64", seed=0)


def test_what_a_cell_in_tensorflow_leaves_open_says_that_it_is_not_implemented():
    with pytest.raises(NotImplementedError):
        rnn_cell.Cell().build(3)
    with pytest.raises(NotImplementedError):
        rnn_cell.Cell()(None, None)
    with pytest.raises(NotImplementedError):
        rnn_cell.WeightedCell(H, num_inputs=D, dtype="float32", seed=0)


@pytest.mark.parametrize("wrap", [rnn.ResidualWrapper, lambda cell: rnn.OutputProjectionWrapper(cell, 2)])
def test_a_wrapper_has_a_name_and_builds_its_cell(wrap):
    cell = rnn.BasicRNNCell(D)
    wrapper = wrap(cell)
    wrapper.build(D)
    assert wrapper.name.endswith("_wrapper")
    assert cell.num_inputs == D
