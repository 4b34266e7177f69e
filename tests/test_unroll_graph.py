"""The graphs that the unrollers build.

Oracles: the eager run; laws of the operation count (constant in T for the loop, affine in T
for the static graph); the requirement that options without meaning leave the graph as it is.
"""

from collections import Counter

import numpy as np
import pytest
import tensorflow as tf
from toys import CountingCell, NestedCell, normal, relative_error
from unrollers import basic_cell, packed_static

from rnnbook.tf import BasicLSTMCell, BasicRNNCell, GRUCell, dynamic_rnn, last_output
from rnnbook.tf.fast import thresholds


class General(BasicRNNCell):
    """A subclass may step as it likes, so `dynamic_rnn` loops over its step: no fast way."""


VALUE = 1e-12  # float64: the order of a few additions may differ
GRADIENT = 1e-6  # float64, relative: both are exact but for rounding
B, T, D, H = 4, 4, 3, 5
LENGTHS = [3, 0, T, 1]


def operations(unroll, time_steps, **options):
    """How many operations of each type the graph of an unrolled cell has, loop bodies included."""
    cell = General(H, num_inputs=D, dtype=tf.float64, seed=1)
    run = tf.function(lambda x: unroll(cell, x, **options))
    graph = run.get_concrete_function(tf.TensorSpec([B, time_steps, D], tf.float64)).graph
    counts = Counter(operation.type for operation in graph.get_operations())
    for function in graph.as_graph_def().library.function:
        counts.update(node.op for node in function.node_def)
    return counts


def whiles(counts):
    return sum(count for name, count in counts.items() if "While" in name)


@pytest.mark.parametrize("lengths", [None, [1, 0, 1, 1]])
def test_the_dynamic_graph_has_one_loop_and_the_same_operations_whatever_t_is(lengths):
    graphs = [operations(dynamic_rnn, t, sequence_length=lengths) for t in (2, 7, 40)]
    assert graphs[0] == graphs[1] == graphs[2]
    assert whiles(graphs[0]) == 1
    assert graphs[0]["MatMul"] == 1


@pytest.mark.parametrize("lengths", [None, [1, 0, 1, 1]])
def test_the_static_graph_has_no_loop_and_grows_by_one_cell_a_step(lengths):
    graphs = {t: operations(packed_static, t, sequence_length=lengths) for t in (2, 5, 9)}
    sizes = {t: sum(counts.values()) for t, counts in graphs.items()}
    slope = (sizes[5] - sizes[2]) / 3
    assert slope >= 1
    assert sizes[9] - sizes[5] == 4 * slope
    for t, counts in graphs.items():
        assert whiles(counts) == 0
        assert counts["MatMul"] == t


def long_in_loops(graph, long):
    """The operations in the bodies of loops whose results have one of these sizes, but for names of others."""
    found, library = [], graph.as_graph_def(add_shapes=True)
    nodes = [*library.node, *(node for function in library.library.function for node in function.node_def)]
    bodies = {node.attr["body"].func.name for node in nodes if node.op.endswith("While")}
    assert bodies
    for function in library.library.function:
        if function.signature.name in bodies:
            for node in function.node_def:
                sizes = {axis.size for shape in node.attr["_output_shapes"].list.shape for axis in shape.dim}
                if sizes & long and node.op != "Identity":
                    found.append(node.op)
    return found


@pytest.mark.parametrize("kind", [General, BasicRNNCell, GRUCell, BasicLSTMCell])
@pytest.mark.parametrize("times", [1, 2], ids=["first", "second"])
def test_no_step_backward_makes_anything_as_long_as_all_steps(kind, times, monkeypatch):
    """Else the gradient takes T times T: what is made T times must not have the size T."""
    monkeypatch.setattr(thresholds, "STEPS", 2)  # in a round: a small graph
    rounds = 97
    cell = kind(H, num_inputs=D, dtype=tf.float64, seed=1)

    def gradient(x, times=times):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = dynamic_rnn(cell, x)[0] if times == 1 else gradient(x, times - 1)
            loss = tf.reduce_sum(y**2)
        return tape.gradient(loss, x)

    T = rounds * thresholds.STEPS
    graph = tf.function(gradient).get_concrete_function(tf.TensorSpec([B, T, D], tf.float64)).graph
    assert long_in_loops(graph, {rounds, T}) == []


@pytest.mark.parametrize("lengths", [None, LENGTHS])
@pytest.mark.parametrize("xla", [False, True])
def test_the_plain_loop_keeps_its_steps_on_piles(lengths, xla):
    """The gradient of an entry of a list is a list of all T steps: T of them take T times T.

    Only the top of a pile is touched, in both directions. (XLA knows no lists that grow: it
    compiles each pile to one array, and reads and writes in place.)
    """
    cell = General(H, num_inputs=D, dtype=tf.float64, seed=1)

    @tf.function(jit_compile=xla)
    def gradient(x):
        outputs, state = dynamic_rnn(cell, x, lengths)
        return tf.gradients(tf.reduce_sum(outputs**2) + tf.reduce_sum(state), x)[0]

    graph = gradient.get_concrete_function(tf.TensorSpec([B, T, D], tf.float64)).graph
    library = graph.as_graph_def().library.function
    found = {node.op for function in library for node in function.node_def if "TensorList" in node.op}
    assert found & {"TensorListPopBack", "TensorListPushBack"}
    assert not found & {"TensorListGetItem", "TensorListSetItem", "TensorListReserve"}
    x = tf.constant(normal(B, T, D))
    with tf.GradientTape() as tape:  # eagerly there is no list
        tape.watch(x)
        outputs, state = dynamic_rnn(cell, x, lengths)
        loss = tf.reduce_sum(outputs**2) + tf.reduce_sum(state)
    np.testing.assert_allclose(gradient(x), tape.gradient(loss, x), rtol=0, atol=1e-12)


@pytest.mark.parametrize("options", [{"parallel_iterations": 1}, {"swap_memory": True}], ids=str)
def test_loop_options_change_neither_the_operations_nor_the_numbers(options):
    plain = operations(dynamic_rnn, T, sequence_length=LENGTHS)
    assert operations(dynamic_rnn, T, sequence_length=LENGTHS, **options) == plain
    cell, x = basic_cell("dynamic_rnn", H, D), normal(B, T, D)
    run = tf.function(lambda **given: dynamic_rnn(cell, x, LENGTHS, **given))
    for one, other in zip(run(), run(**options), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("unroll", [dynamic_rnn, packed_static])
def test_lengths_that_are_known_leave_no_check_in_the_graph(unroll):
    assert operations(unroll, T, sequence_length=LENGTHS)["Assert"] == 0


@pytest.mark.parametrize(("parallel_iterations", "swap_memory"), [(1, True), (7, False)])
def test_loop_options_are_handed_to_the_loop(monkeypatch, parallel_iterations, swap_memory):
    handed, while_loop = [], tf.while_loop
    monkeypatch.setattr(
        tf, "while_loop", lambda *given, **options: handed.append(options) or while_loop(*given, **options)
    )
    cell = General(H, num_inputs=D, dtype=tf.float64, seed=1)
    dynamic_rnn(cell, normal(B, T, D), parallel_iterations=parallel_iterations, swap_memory=swap_memory)
    (options,) = handed
    assert options["parallel_iterations"] == parallel_iterations
    assert options["swap_memory"] == swap_memory


@pytest.mark.parametrize("unroll", [dynamic_rnn, packed_static])
@pytest.mark.parametrize("lengths", [None, LENGTHS])
@pytest.mark.parametrize("options", [{}, {"jit_compile": True}], ids=["graph", "XLA"])
def test_outputs_state_and_gradients_are_the_same_eagerly_and_compiled(unroll, lengths, options):
    cell = basic_cell("dynamic_rnn", H, D)
    x, w_outputs, w_state = tf.constant(normal(B, T, D)), normal(B, T, H, seed=3), normal(B, H, seed=4)

    def run(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs, state = unroll(cell, x, lengths)
            loss = tf.reduce_sum(outputs * w_outputs) + tf.reduce_sum(state * w_state)
        return outputs, state, tape.gradient(loss, [cell.kernel, cell.bias, x])

    outputs, state, gradients = run(x)
    compiled_outputs, compiled_state, compiled_gradients = tf.function(run, **options)(x)
    np.testing.assert_allclose(compiled_outputs, outputs, rtol=0, atol=VALUE)
    np.testing.assert_allclose(compiled_state, state, rtol=0, atol=VALUE)
    for one, other in zip(compiled_gradients, gradients, strict=True):
        assert relative_error(one, other) < GRADIENT


@pytest.mark.parametrize("options", [{}, {"jit_compile": True}], ids=["graph", "XLA"])
def test_one_function_serves_batches_of_every_size_and_length(options):
    cell = basic_cell("dynamic_rnn", H, D)
    traces = []

    @tf.function(
        input_signature=[tf.TensorSpec([None, None, D], tf.float64), tf.TensorSpec([None], tf.int32)],
        **options,
    )
    def run(x, lengths):
        traces.append(1)
        outputs, state = dynamic_rnn(cell, x, lengths)
        return outputs, state, last_output(outputs, lengths)

    for batch, time_steps in ((B, T), (2, 9), (1, 1)):
        x, lengths = normal(batch, time_steps, D), np.arange(batch) % (time_steps + 1)
        outputs, state, last = run(x, lengths.astype(np.int32))
        expected_outputs, expected_state = dynamic_rnn(cell, x, lengths)
        np.testing.assert_allclose(outputs, expected_outputs, rtol=0, atol=VALUE)
        np.testing.assert_allclose(state, expected_state, rtol=0, atol=VALUE)
        np.testing.assert_array_equal(last, state)  # of a basic cell from a zero state
    assert len(traces) == 1


def test_known_sizes_stay_known_and_unknown_ones_unknown():
    cell = basic_cell("dynamic_rnn", H, D)
    shapes = []

    def run(x):
        outputs, state = dynamic_rnn(cell, x)
        shapes.append((outputs.shape.as_list(), state.shape.as_list()))

    for batch, time_steps in ((B, T), (None, T), (B, None)):
        tf.function(run).get_concrete_function(tf.TensorSpec([batch, time_steps, D], tf.float64))
    assert shapes == [
        ([B, T, H], [B, H]),
        ([None, T, H], [None, H]),
        ([B, None, H], [B, H]),
    ]


def test_the_sizes_a_cell_declares_are_known_even_where_its_graph_hides_them():
    def hide(self, inputs, state):
        output, new_state = CountingCell.__call__(self, inputs, state)
        return tf.numpy_function(lambda a: a, [output], tf.float64), new_state

    cell = type("Hiding", (CountingCell,), {"__call__": hide})(tf.zeros)
    run = tf.function(lambda x: dynamic_rnn(cell, x)[0]).get_concrete_function(
        tf.TensorSpec([B, T, D], tf.float64)
    )
    assert run.structured_outputs.shape == (B, T, 2)


def test_a_nested_state_goes_through_the_loop_of_a_graph():
    x = normal(B, T, D)
    _, state = tf.function(lambda x: dynamic_rnn(NestedCell(tf.zeros), x, LENGTHS))(x)
    np.testing.assert_array_equal(state[1].c, [[2 * n, 2 * n] for n in LENGTHS])
    np.testing.assert_allclose(state[1].h[2], x[2].sum(axis=0), rtol=0, atol=VALUE)


@pytest.mark.parametrize("unroll", [dynamic_rnn, packed_static])
def test_an_unbuilt_cell_is_built_once_inside_a_function_and_lives_on(unroll):
    cell = BasicRNNCell(H, dtype="float64", seed=3)
    run = tf.function(lambda x: unroll(cell, x)[0])
    first = run(normal(B, T, D))
    assert len(cell.trainable_variables) == 2
    np.testing.assert_allclose(unroll(cell, normal(B, T, D))[0], first, rtol=0, atol=VALUE)


def test_a_graph_takes_lengths_whose_number_it_knows_and_refuses_those_beyond_t():
    x = tf.constant(normal(B, 2, D, dtype="float32"))
    cell = BasicRNNCell(H, num_inputs=D, seed=0)
    run = tf.function(lambda lengths: dynamic_rnn(cell, x, lengths))  # knows all shapes and no number
    outputs, _ = run(tf.constant([2, 1, 0, 2]))
    np.testing.assert_allclose(outputs, dynamic_rnn(cell, x, [2, 1, 0, 2])[0], atol=1e-6)
    with pytest.raises(tf.errors.InvalidArgumentError, match="sequence_length must be"):
        run(tf.constant([2, 1, 0, 3]))
    with pytest.raises(TypeError, match="dynamic_rnn: sequence_length must be whole numbers; got float32"):
        run(tf.constant([2.0, 1.0, 0.0, 2.0]))
