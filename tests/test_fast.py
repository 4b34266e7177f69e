"""The fast ways of `dynamic_rnn`. Oracle: the loop over the cell's own step, which a subclass takes.

Tracing a graph is what takes time here, and it grows with the steps that stand in a round of the
loop. So a round has three of them, in all tests but one.
"""

import re
from collections import Counter

import numpy as np
import pytest
import tensorflow as tf
from kinds import leaves, shake
from toys import normal

import rnnbook.tf as rnn
from rnnbook.protocol import map_state
from rnnbook.tf import fast
from rnnbook.tf.fast import dispatch, thresholds

STEPS, TEN = 3, thresholds.STEPS  # in a round: here, and really
SMALL, LARGE = 5, thresholds.ONE_OPERATION_UNITS + 1  # units; each takes another road
ROUNDING = {"float64": 1e-12, "float32": 2e-6}
either_dtype = pytest.mark.parametrize("dtype", ROUNDING)


@pytest.fixture(autouse=True)
def short_rounds(monkeypatch):
    monkeypatch.setattr(thresholds, "STEPS", STEPS)


def slow(kind):
    """The same step; only the type is another one."""
    return type(f"Slow{kind.__name__}", (kind,), {})


def gru(kind, H, **options):
    return kind(rnn.GRUCell)(H, seed=2, **options)


def basic(kind, H, **options):
    return kind(rnn.BasicRNNCell)(H, seed=3, **options)


def basic_lstm(kind, H, **options):
    return kind(rnn.BasicLSTMCell)(H, 0.7, seed=4, **options)


def plain_lstm(kind, H, **options):
    return kind(rnn.LSTMCell)(H, forget_bias=0.3, seed=5, **options)


def stack(kind, H, **options):
    """A GRUCell and a BasicLSTMCell: what is wrong with either is wrong with both."""
    first = gru(kind, H, **options)
    return kind(rnn.MultiRNNCell)([first, basic_lstm(kind, 4, **options | {"num_inputs": H})])


def shortcuts(kind, H, **options):
    """Two layers, with a shortcut around the upper one."""
    inner = basic_lstm(kind, H, **options | {"num_inputs": H})
    return kind(rnn.MultiRNNCell)([gru(kind, H, **options), kind(rnn.ResidualWrapper)(inner)])


every_cell = pytest.mark.parametrize("make", [basic, stack], ids=lambda make: make.__name__)
with_shortcuts = pytest.mark.parametrize("make", [basic, stack, shortcuts], ids=lambda make: make.__name__)


def both(make, H=SMALL, D=3, dtype="float64"):
    """A cell that goes the fast way and its slow twin, with the same random weights."""
    cells = [make(kind, H, num_inputs=D, dtype=dtype) for kind in (lambda kind: kind, slow)]
    if H == SMALL:  # many units with large weights would amplify rounding
        cells = [shake(cell) for cell in cells]
    assert fast.has_fast_way(cells[0])
    assert not fast.has_fast_way(cells[1])
    return cells


def static(cell, x, lengths=None, start=None):
    """static_rnn, from and to one array."""
    outputs, state = rnn.static_rnn(cell, tf.unstack(x, axis=1), start, None, lengths)
    return tf.stack(outputs, axis=1), state


def results(cell, x, lengths=None, start=None, unroll=rnn.dynamic_rnn):
    """Outputs, state and the gradients of inputs, initial state and weights of a loss that reads all."""
    x = tf.convert_to_tensor(x)
    start = cell.zero_state(x.shape[0]) if start is None else map_state(tf.convert_to_tensor, start)
    with tf.GradientTape() as tape:
        tape.watch([x, *leaves(start)])
        outputs, state = unroll(cell, x, lengths, start)
        assert outputs.shape[:2] == x.shape[:2]
        loss = sum(tf.reduce_sum(tf.sin((2 + n) * leaf)) for n, leaf in enumerate([outputs, *leaves(state)]))
    weights = sorted(cell.trainable_variables, key=lambda v: (v.name, v.shape.as_list()))
    return [outputs, *leaves(state), *tape.gradient(loss, [x, *leaves(start), *weights])]


def assert_alike(ones, others, rounding):
    for one, other in zip(ones, others, strict=True):
        scale = max(1.0, float(tf.reduce_max(tf.abs(other))))
        np.testing.assert_allclose(one, other, rtol=0, atol=rounding * scale)


def random_state(cell, B, dtype):
    return map_state(lambda zeros: normal(*zeros.shape, seed=zeros.shape[1], dtype=dtype), cell.zero_state(B))


@pytest.mark.parametrize(("make", "T", "dtype", "ragged"), [
    *((stack, T, *more) for T in (2, STEPS, STEPS + 2) for more in (("float64", False), ("float32", True))),
    *((stack, 3 * STEPS, dtype, ragged) for dtype in ROUNDING for ragged in (False, True)),
    (basic, 3 * STEPS, "float32", False),
    (basic, 3 * STEPS + 1, "float64", True),
    (plain_lstm, STEPS + 1, "float32", False),
    (plain_lstm, STEPS + 1, "float64", True),
    (shortcuts, 2 * STEPS, "float32", False),
    (shortcuts, STEPS + 1, "float64", True),
])  # fmt: skip
def test_values_and_gradients_are_those_of_the_loop(make, T, dtype, ragged):
    cell, twin = both(make, dtype=dtype)
    x, start = normal(4, T, 3, dtype=dtype), random_state(cell, 4, dtype)
    lengths = [T, 0, 1, T - 1] if ragged else None
    expected = results(twin, x, lengths, start)
    assert_alike(results(cell, x, lengths, start), expected, ROUNDING[dtype])
    graph = tf.function(lambda: results(cell, x, lengths, start))
    assert_alike(graph(), expected, ROUNDING[dtype])


def test_ten_steps_a_round_give_the_same(monkeypatch):
    monkeypatch.setattr(thresholds, "STEPS", TEN)
    cell, twin = both(stack)
    x = normal(4, 2 * TEN + 3, 3)
    assert_alike(tf.function(results)(cell, x), results(twin, x), ROUNDING["float64"])


@every_cell
@pytest.mark.parametrize(("dtype", "ragged"), [("float64", True), ("float32", False)])
def test_static_unrolling_in_a_graph_has_no_loop_and_the_same_numbers(make, dtype, ragged):
    cell, twin = both(make, dtype=dtype)
    T = 2 * STEPS + 3
    x, start = normal(4, T, 3, dtype=dtype), random_state(cell, 4, dtype)
    lengths = [T, 0, 1, T - 1] if ragged else None
    run = tf.function(lambda: results(cell, x, lengths, start, static)).get_concrete_function()
    assert_alike(run(), results(twin, x, lengths, start), ROUNDING[dtype])
    steps = Counter(operation.type for operation in run.graph.get_operations())
    assert not {"While", "StatelessWhile", "BlockLSTM"} & steps.keys()
    assert steps["Tanh"] >= T


@pytest.mark.parametrize(("T", "graph", "quickly"), [(2, True, True), (1, True, False), (2, False, False)])
def test_static_unrolling_is_quick_where_a_graph_of_many_steps_is_made(T, graph, quickly, monkeypatch):
    asked, all_steps = [], dispatch._all_steps
    monkeypatch.setattr(
        dispatch, "_all_steps", lambda *given, **named: asked.append(given) or all_steps(*given, **named)
    )
    cell, _ = both(gru)
    (tf.function(static) if graph else static)(cell, tf.constant(normal(2, T, 3)))
    assert len(asked) == quickly


@pytest.fixture
def first_steps(monkeypatch):
    """The cells that took a step from zero, one by one."""
    seen, first_step = [], dispatch._first_step
    monkeypatch.setattr(dispatch, "_first_step", lambda *given: seen.append(given[0]) or first_step(*given))
    return seen


def one_step(cell, x, time_major=False):
    """Output, state and all gradients of one step from the state zero."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs, state = rnn.dynamic_rnn(cell, x, time_major=time_major)
        loss = sum(tf.reduce_sum(tf.sin((2 + n) * leaf)) for n, leaf in enumerate([outputs, *leaves(state)]))
    weights = sorted(cell.trainable_variables, key=lambda v: (v.name, v.shape.as_list()))
    return [outputs, *leaves(state), *tape.gradient(loss, [x, *weights])]


@pytest.mark.parametrize("make", [basic, plain_lstm, stack, shortcuts], ids=lambda make: make.__name__)
@pytest.mark.parametrize(("time_major", "dtype"), [(False, "float64"), (True, "float32")])
@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "XLA"])
def test_one_step_from_zero_has_the_numbers_of_the_cell(make, jit_compile, time_major, dtype, first_steps):
    cell, twin = both(make, dtype=dtype)
    x = tf.constant(normal(*((1, 4) if time_major else (4, 1)), 3, dtype=dtype))
    found = tf.function(lambda: one_step(cell, x, time_major), jit_compile=jit_compile)()
    expected = one_step(twin, x, time_major)
    assert_alike(found, expected, ROUNDING[dtype])
    assert [one.shape for one in found] == [one.shape for one in expected]
    assert first_steps == [cell]


def test_one_step_from_zero_is_short_where_no_state_comes_and_a_graph_is_made(first_steps):
    cell, twin = both(stack)
    x, start = tf.constant(normal(4, 1, 3)), random_state(cell, 4, "float64")
    rnn.dynamic_rnn(cell, x)
    tf.function(lambda: rnn.dynamic_rnn(twin, x))()
    tf.function(lambda: rnn.dynamic_rnn(cell, x, initial_state=start))()
    tf.function(lambda: rnn.dynamic_rnn(cell, x, [1, 0, 1, 1]))()
    tf.function(lambda: rnn.dynamic_rnn(cell, tf.zeros([4, 2, 3], x.dtype)))()
    assert not first_steps
    tf.function(lambda: rnn.dynamic_rnn(cell, x))()
    assert first_steps == [cell]


def test_one_step_from_zero_does_not_read_what_zero_would_meet():
    cell = rnn.BasicLSTMCell(SMALL, num_inputs=3, seed=0)
    rows, columns = np.arange(3 + SMALL)[:, None], np.arange(4 * SMALL)
    unread = (rows >= 3) | (columns // SMALL == 2)  # those of h, and of the gate that forgets
    x = tf.constant(normal(4, 1, 3, dtype="float32"))
    expected = one_step(cell, x)
    cell.kernel.assign(tf.where(unread, np.nan, cell.kernel))
    assert_alike(tf.function(lambda: one_step(cell, x))(), expected, ROUNDING["float32"])


def test_one_step_from_zero_checks_what_comes_in():
    cell = rnn.BasicLSTMCell(SMALL, num_inputs=3)
    with pytest.raises(ValueError, match=r"BasicLSTMCell: inputs must be \[B, D\] with D=3; got"):
        tf.function(lambda: rnn.dynamic_rnn(cell, tf.zeros([4, 1, 2])))()


@either_dtype
@pytest.mark.parametrize(
    ("make", "H"), [(basic_lstm, SMALL), (basic_lstm, LARGE), (gru, LARGE), (basic, LARGE)]
)
def test_every_size_takes_its_road_to_the_same_numbers(make, H, dtype):
    cell, twin = both(make, H, D=1, dtype=dtype)
    x = normal(3, STEPS + 2, 1, dtype=dtype)
    expected = results(twin, x)
    assert_alike(tf.function(results)(cell, x), expected, 10 * ROUNDING[dtype])


@with_shortcuts
def test_sizes_that_the_graph_does_not_know(make):
    cell, twin = both(make, dtype="float32")
    run = tf.function(
        lambda x, n: results_of_outputs(cell, x, n),
        input_signature=[tf.TensorSpec([None, None, 3]), tf.TensorSpec([None], tf.int32)],
    )
    for B, T in ((2, 1), (3, STEPS), (1, 2 * STEPS + 1)):
        x, lengths = normal(B, T, 3, dtype=np.float32), np.arange(B, dtype=np.int32) % (T + 1)
        assert_alike(run(x, lengths), results_of_outputs(twin, tf.constant(x), lengths), ROUNDING["float32"])


def results_of_outputs(cell, x, lengths):
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs, state = rnn.dynamic_rnn(cell, x, lengths)
        loss = tf.reduce_sum(tf.sin(outputs))
    return [outputs, *leaves(state), tape.gradient(loss, x)]


@every_cell
@pytest.mark.parametrize("known", ["targets", "inputs"])
def test_a_gradient_may_know_more_or_less_of_the_sizes(make, known):
    cell, twin = both(make, SMALL)
    x = normal(2, T := 2 * STEPS + 1, 3)
    target = np.zeros((2, T, cell.output_size))
    shapes = [[None] * 3, target.shape] if known == "targets" else [x.shape, [None] * 3]
    shapes[0] = [*shapes[0][:2], 3]

    def gradient(cell, x, target):
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum((rnn.dynamic_rnn(cell, x)[0] - target) ** 2)
        return tape.gradient(loss, x)

    signature = [tf.TensorSpec(shape, tf.float64) for shape in shapes]
    run = tf.function(lambda x, target: gradient(cell, x, target), input_signature=signature)
    assert_alike([run(x, target)], [gradient(twin, tf.constant(x), target)], 1e-12)


@with_shortcuts
def test_under_xla(make):
    cell, twin = both(make, dtype="float32")
    x = normal(2, STEPS + 1, 3, dtype=np.float32)
    compiled = tf.function(results, jit_compile=True)
    assert_alike(compiled(cell, x), results(twin, x), ROUNDING["float32"])


def test_the_loop_has_a_gradient_under_xla_too():
    _, twin = both(basic, dtype="float32")
    x = normal(2, 5, 3, dtype=np.float32)
    compiled = tf.function(results, jit_compile=True)
    assert_alike(compiled(twin, x), results(twin, x), ROUNDING["float32"])


def of_the_gradient(cell, x, loss):
    """The gradient with respect to x, and that of its squared length for x and a weight."""
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            value = loss(*rnn.dynamic_rnn(cell, x))
        first = inner.gradient(value, x)
        length = tf.reduce_sum(first**2)
    return [first, *outer.gradient(length, [x, cell.trainable_variables[0]])]


def of_outputs(outputs, state):
    return tf.reduce_sum(tf.sin(outputs))


@with_shortcuts
def test_second_gradients_are_those_of_the_loop(make):
    cell, twin = both(make)
    x = tf.constant(normal(2, STEPS, 3))
    expected = of_the_gradient(twin, x, of_outputs)
    assert_alike(of_the_gradient(cell, x, of_outputs), expected, 1e-12)
    assert_alike(tf.function(of_the_gradient)(cell, x, of_outputs), expected, 1e-12)


def test_second_gradients_of_the_last_state():
    cell, twin = both(basic_lstm)
    x = tf.constant(normal(2, STEPS, 3))
    one, other = (
        of_the_gradient(c, x, lambda _, state: tf.reduce_sum(tf.sin(state.c))) for c in (cell, twin)
    )
    assert_alike(one, other, 1e-12)


def test_second_gradients_through_the_one_operation():
    cell, twin = both(basic_lstm, dtype="float32")
    x = tf.constant(normal(2, 4, 3, dtype=np.float32))
    one, other = (of_the_gradient(c, x, of_outputs) for c in (cell, twin))
    assert_alike(one, other, 1e-5)


def through_outputs(cell, x):
    return rnn.dynamic_rnn(cell, x)[0][:, 1:]


def jacobian(cell, x):
    with tf.GradientTape() as tape:
        outputs = through_outputs(cell, x)
    return tape.jacobian(outputs, cell.trainable_variables[0])


def batch_jacobian(cell, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs = through_outputs(cell, x)
    return tape.batch_jacobian(outputs, x)


def forward_mode(cell, x):
    tangent = tf.constant(normal(*x.shape, seed=1), x.dtype)
    with tf.autodiff.ForwardAccumulator(x, tangent) as forward:
        outputs, state = rnn.dynamic_rnn(cell, x, [x.shape[1], 1])
    return tf.concat([tf.reshape(forward.jvp(end), [-1]) for end in (outputs, *leaves(state))], axis=0)


def forward_mode_of_a_weight(cell, x):
    weight = cell.trainable_variables[0]
    with tf.autodiff.ForwardAccumulator(
        weight, tf.constant(normal(*weight.shape, seed=1), weight.dtype)
    ) as forward:
        outputs = through_outputs(cell, x)
    return forward.jvp(outputs)


def forward_mode_through_a_function(cell, x):
    run = tf.function(through_outputs)
    with tf.autodiff.ForwardAccumulator(x, tf.constant(normal(*x.shape, seed=1), x.dtype)) as forward:
        outputs = run(cell, x)
    return forward.jvp(outputs)


def forward_over_reverse(cell, x):
    with tf.autodiff.ForwardAccumulator(x, tf.constant(normal(*x.shape, seed=1), x.dtype)) as forward:
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(tf.sin(through_outputs(cell, x)))
        gradient = tape.gradient(loss, x)
    return forward.jvp(gradient)


@pytest.mark.parametrize(("way", "make"), [
    (jacobian, stack),
    (batch_jacobian, stack),
    (forward_mode, stack),
    (forward_mode_of_a_weight, stack),
    (forward_mode_through_a_function, basic),
    (forward_over_reverse, basic),
], ids=lambda function: function.__name__)  # fmt: skip
def test_every_way_to_differentiate_gives_eagerly_what_it_gives_of_the_loop(way, make):
    cell, twin = both(make)
    x = tf.constant(normal(2, STEPS + 1, 3))
    assert_alike([way(cell, x)], [way(twin, x)], 1e-12)


@pytest.mark.parametrize(
    "way", [jacobian, batch_jacobian, forward_over_reverse], ids=lambda way: way.__name__
)
def test_the_one_operation_is_differentiated_in_every_way_too(way):
    cell, twin = both(basic_lstm, dtype="float32")
    x = tf.constant(normal(2, 2 * STEPS + 1, 3, dtype=np.float32))
    assert_alike([way(cell, x)], [way(twin, x)], 1e-5)


@pytest.mark.parametrize("make", [gru, stack], ids=lambda make: make.__name__)
def test_a_tape_that_persists_is_asked_again_after_its_jacobian(make):
    (cell, _), x = both(make), tf.constant(normal(2, 3, 3))
    weight = cell.trainable_variables[0]
    with tf.GradientTape(persistent=True) as tape:
        last = rnn.dynamic_rnn(cell, x)[0][:, -1]
    before = tape.jacobian(last, weight)
    gradient = tape.gradient(last, weight)
    assert_alike([tf.reduce_sum(before, axis=[0, 1]), tape.jacobian(last, weight)], [gradient, before], 1e-12)


@pytest.mark.parametrize(("make", "dtype", "T"), [
    (basic, "float64", 2 * STEPS + 1),
    (basic, "float64", None),
    (gru, "float64", None),
    (basic_lstm, "float32", 2 * STEPS + 1),
    (basic_lstm, "float64", None),
])  # fmt: skip
def test_a_saved_function_is_loaded_with_its_numbers_and_its_gradients(make, dtype, T, tmp_path):
    cell, twin = both(make, dtype=dtype)
    module = tf.Module()
    module.cell = cell
    module.run = tf.function(
        lambda x: rnn.dynamic_rnn(cell, x)[0], input_signature=[tf.TensorSpec([None, T, 3], dtype)]
    )
    tf.saved_model.save(module, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    x = tf.constant(normal(2, 2 * STEPS + 1, 3, dtype=dtype))
    given = []
    for run in (loaded.run, lambda x: rnn.dynamic_rnn(twin, x)[0]):
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = run(x)
        given.append([outputs, tape.gradient(outputs, x, tf.sin(outputs))])
    assert_alike(*given, ROUNDING[dtype])


def test_c_may_grow_as_far_as_it_will():
    cells = [kind(5, num_inputs=1, dtype=tf.float32) for kind in (rnn.BasicLSTMCell, slow(rnn.BasicLSTMCell))]
    for cell in cells:
        cell.kernel.assign(tf.zeros_like(cell.kernel))
        cell.bias.assign(tf.fill(cell.bias.shape, 5.0))  # all gates open: c grows by nearly one a step
    x = np.zeros((2, 30, 1), np.float32)
    (_, state), (_, expected) = (rnn.dynamic_rnn(cell, x) for cell in cells)
    assert float(tf.reduce_min(expected.c)) > 20
    np.testing.assert_allclose(state.c, expected.c, rtol=1e-5)


MOST_ROWS = thresholds.ONE_OPERATION_ROWS


@pytest.mark.parametrize(("H", "B", "used"), [
    (SMALL, 2, True),
    (LARGE - 1, MOST_ROWS, True),
    (SMALL, None, True),
    (LARGE, 2, False),
    (SMALL, MOST_ROWS + 1, False),
])  # fmt: skip
def test_small_layers_on_few_rows_take_the_one_operation(H, B, used):
    cell = rnn.BasicLSTMCell(H, num_inputs=3)
    run = tf.function(lambda x: rnn.dynamic_rnn(cell, x)[0])
    graph = run.get_concrete_function(tf.TensorSpec([B, 20, 3])).graph
    assert ("BlockLSTM" in {operation.type for operation in graph.get_operations()}) == used


@pytest.mark.parametrize("cell", [
    rnn.LSTMCell(5, use_peepholes=True),
    rnn.LSTMCell(5, num_proj=2),
    rnn.BasicRNNCell(5, lambda a: tf.tanh(a)),
    rnn.BasicRNNCell(5, tf.nn.relu),
    rnn.DropoutWrapper(rnn.GRUCell(5)),
    rnn.ResidualWrapper(rnn.GRUCell(5), tf.maximum),
    rnn.ResidualWrapper(rnn.DropoutWrapper(rnn.GRUCell(5))),
    rnn.MultiRNNCell([rnn.GRUCell(5), rnn.DropoutWrapper(rnn.GRUCell(5))]),
], ids=["peepholes", "projection", "own function", "relu", "dropout", "own shortcut", "shortcut around dropout", "stack"])  # fmt: skip
def test_other_cells_take_the_loop(cell):
    assert not fast.has_fast_way(cell)


def test_a_shortcut_checks_what_comes_in_and_takes_the_loop_in_a_session():
    cell = rnn.ResidualWrapper(rnn.GRUCell(SMALL))
    for T in (1, STEPS):
        with pytest.raises(ValueError, match=r"ResidualWrapper: inputs must be \[B, D\] with D=5; got shape"):
            tf.function(rnn.dynamic_rnn)(cell, tf.zeros([4, T, 3]))
    assert fast.has_fast_way(cell)
    with tf.Graph().as_default():
        assert not fast.has_fast_way(cell)


@every_cell
def test_the_graph_of_many_steps_is_that_of_few(make):
    def operations(T):
        cell = make(lambda kind: kind, SMALL)
        run = tf.function(lambda x: results(cell, x))
        graph = run.get_concrete_function(tf.TensorSpec([2, T, 3])).graph.as_graph_def()
        nodes = [*graph.node, *(node for f in graph.library.function for node in f.node_def)]
        return Counter("Const" if node.op == "Fill" else node.op for node in nodes)

    few, many = operations(2 * STEPS), operations(50 * STEPS)
    few.pop("Const"), many.pop("Const")  # a large constant is two small ones and a Fill
    assert few == many


@every_cell
def test_nan_in_a_row_stays_in_that_row(make):
    cell, _ = both(make, dtype="float32")
    x = normal(3, 12, 3, dtype=np.float32)
    clean = rnn.dynamic_rnn(cell, x)[0].numpy()
    x[1, 5] = np.nan
    outputs = rnn.dynamic_rnn(cell, x)[0].numpy()
    assert np.isnan(outputs[1, 5:]).all()
    np.testing.assert_array_equal(outputs[[0, 2]], clean[[0, 2]])
    np.testing.assert_array_equal(outputs[1, :5], clean[1, :5])


@every_cell
def test_weights_are_read_at_every_call(make):
    cell, twin = both(make)
    x = normal(2, 5, 3)
    run = tf.function(lambda: rnn.dynamic_rnn(cell, x)[0])
    run()
    for a, b in zip(cell.trainable_variables, twin.trainable_variables, strict=True):
        a.assign(a * 0.5), b.assign(b * 0.5)
    assert_alike([run()], [rnn.dynamic_rnn(twin, x)[0]], 1e-12)


@pytest.mark.parametrize(("make", "dtype"), [(basic_lstm, "float32"), (gru, "float64"), (basic, "float64")])
def test_transposes_of_their_own_change_nothing(make, dtype, monkeypatch):
    monkeypatch.setattr(thresholds, "ONE_OPERATION_UNITS", 0)
    cell, twin = both(make, dtype=dtype)
    x = normal(3, STEPS + 1, 3, dtype=dtype)
    expected = results(twin, x)
    for large, einsums in ((10**6, 0), (0, 4 if make is gru else 2)):
        monkeypatch.setattr(thresholds, "LARGE_KERNEL", large)
        run = tf.function(results).get_concrete_function(cell, tf.constant(x))
        assert_alike(run(tf.constant(x)), expected, ROUNDING[dtype])
        equations = [op.get_attr("equation") for op in run.graph.get_operations() if op.type == "Einsum"]
        assert equations.count(b"ab->ba") == einsums


@pytest.mark.parametrize(("sizes", "came"), [((3, 5), (32, 4)), ((4, 7), (32, 5))], ids=["first", "second"])
def test_an_error_names_the_whole_batch(sizes, came):
    cell = rnn.MultiRNNCell([rnn.BasicLSTMCell(5, num_inputs=sizes[0]), rnn.GRUCell(40, num_inputs=sizes[1])])
    with pytest.raises(ValueError, match=re.escape(f"got shape {came}")):
        rnn.dynamic_rnn(cell, tf.zeros([32, 100, 4]))


@every_cell
def test_in_a_session_first_and_second_gradients_are_those_of_the_loop(make):
    found = []
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        for cell in both(make):
            inputs = tf.constant(normal(2, STEPS + 1, 3))
            those = [inputs, *cell.trainable_variables]
            first = tf.gradients(tf.reduce_sum(tf.sin(through_outputs(cell, inputs))), those)
            found.append([*first, *tf.gradients(tf.reduce_sum(tf.sin(first[0])), those)])
        session.run(tf.compat.v1.global_variables_initializer())
        found = session.run(found)
    assert_alike(*found, 1e-12)
