"""In a graph with a session: what draws anew, what a graph holds, what a checkpoint fills.

Oracles: binomial statistics as in test_dropout.py, the size of a graph, what was saved. That the
numbers are those of the original ops is proved in test_tf1_idioms.py.
"""

import re

import numpy as np
import pytest
import tensorflow as tf
from toys import normal

import rnnbook.tf as rnn

v1 = tf.compat.v1
B, T, D, H = 40, 6, 3, 11
X = normal(B, T, D, dtype="float32")


@pytest.fixture
def session():
    with tf.Graph().as_default(), v1.Session() as session:
        yield session


def start(session):
    session.run(v1.global_variables_initializer())


def within_five_deviations(share, p, n):
    return abs(share - p) < 5 * np.sqrt(p * (1 - p) / n)


def static(cell):
    return tf.stack(rnn.static_rnn(cell, tf.unstack(tf.constant(X), axis=1))[0], axis=1)


def dynamic(cell):
    return rnn.dynamic_rnn(cell, tf.constant(X))[0]


def original(cell):
    return v1.nn.dynamic_rnn(cell, tf.constant(X), dtype=tf.float32)[0]


every_unroller = pytest.mark.parametrize("unroll", [static, dynamic, original])


@every_unroller
def test_masks_change_at_every_step_and_in_every_run(session, unroll):
    outputs = unroll(rnn.DropoutWrapper(rnn.GRUCell(H), output_keep_prob=0.5))
    start(session)
    masks, others = (session.run(outputs) != 0 for _ in range(2))
    for one, other in ((masks[:, 1:], masks[:, :-1]), (masks, others)):
        assert within_five_deviations(np.mean(one == other), 0.5, one.size)


@every_unroller
def test_variational_masks_hold_through_a_run_and_change_with_the_next(session, unroll):
    outputs = unroll(rnn.DropoutWrapper(rnn.GRUCell(H), 1.0, 0.5, variational_recurrent=True))
    start(session)
    masks, others = (session.run(outputs) != 0 for _ in range(2))
    assert np.all(masks == masks[:, :1])
    assert within_five_deviations(np.mean(masks[:, 0] == others[:, 0]), 0.5, B * H)


@pytest.mark.parametrize(
    "seeds", [{"wrapper": 3, "graph": None}, {"wrapper": None, "graph": 3}, {"wrapper": 3, "graph": 3}]
)
def test_a_seed_of_the_wrapper_or_of_the_graph_makes_a_program_repeatable(seeds):
    runs = []
    for _ in range(2):
        with tf.Graph().as_default(), v1.Session() as session:
            v1.set_random_seed(seeds["graph"])
            cell = rnn.GRUCell(H, kernel_initializer=tf.ones_initializer())
            outputs = dynamic(rnn.DropoutWrapper(cell, output_keep_prob=0.5, seed=seeds["wrapper"]))
            start(session)
            runs.append([session.run(outputs) for _ in range(2)])
    np.testing.assert_array_equal(*runs)


def test_dropout_is_switched_off_by_feeding(session):
    cell = rnn.GRUCell(H)
    wrapper = rnn.DropoutWrapper(cell, 0.5, 0.5, 0.5)
    outputs, bare = dynamic(wrapper), dynamic(cell)
    start(session)
    dropped, expected = session.run([outputs, bare], {wrapper.enabled: False})
    np.testing.assert_allclose(dropped, expected, atol=1e-6)


@pytest.mark.parametrize("share", [0.25, 0.9])
def test_a_keep_prob_that_is_fed_keeps_that_share(session, share):
    keep_prob = v1.placeholder(tf.float32, [])
    outputs = dynamic(rnn.DropoutWrapper(rnn.GRUCell(H), output_keep_prob=keep_prob))
    start(session)
    kept = session.run(outputs, {keep_prob: share}) != 0
    assert within_five_deviations(kept.mean(), share, kept.size)


def test_a_keep_prob_of_unknown_shape_is_one_number_for_all(session):
    keep_prob = v1.placeholder(tf.float32)
    outputs = dynamic(rnn.DropoutWrapper(rnn.GRUCell(H), output_keep_prob=keep_prob))
    assert outputs.shape == (B, T, H)
    start(session)
    kept = session.run(outputs, {keep_prob: 0.25}) != 0
    assert within_five_deviations(kept.mean(), 0.25, kept.size)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Shape of tensor .*\[11\]"):
        session.run(outputs, {keep_prob: np.full(H, 0.5, "float32")})


@pytest.mark.parametrize("share", [0.0, -0.5, 1.5, float("nan")])
def test_a_keep_prob_outside_its_range_is_refused_when_it_is_fed(session, share):
    keep_prob = v1.placeholder(tf.float32, [])
    outputs = dynamic(rnn.DropoutWrapper(rnn.GRUCell(H), input_keep_prob=keep_prob))
    start(session)
    with pytest.raises(tf.errors.InvalidArgumentError, match="must be above 0 and at most 1, the share kept"):
        session.run(outputs, {keep_prob: share})


def test_the_state_filter_chooses_what_is_dropped(session):
    cell = rnn.DropoutWrapper(
        rnn.MultiRNNCell([rnn.LSTMCell(H), rnn.GRUCell(H)]),
        state_keep_prob=0.5,
        dropout_state_filter_visitor=lambda state: (
            rnn.LSTMStateTuple(c=True, h=False) if isinstance(state, rnn.LSTMStateTuple) else True
        ),
    )
    _, state = cell(tf.constant(X[:, 0]), cell.zero_state(B))
    start(session)
    lstm, gru = session.run(state)
    assert np.all(lstm.h != 0)
    for dropped in (lstm.c, gru):
        assert within_five_deviations(np.mean(dropped != 0), 0.5, B * H)


def test_dropout_adds_no_variable_that_a_saver_would_look_for(session):
    dynamic(rnn.DropoutWrapper(rnn.GRUCell(H), 0.5, variational_recurrent=True))
    assert {v.op.name.split("/")[1] for v in v1.global_variables()} == {"gru_cell"}


KINDS = {
    "BasicRNNCell": lambda: rnn.BasicRNNCell(H),
    "LSTMCell": lambda: rnn.LSTMCell(H, use_peepholes=True, num_proj=4),
    "GRUCell": lambda: rnn.GRUCell(H),
    "OutputProjectionWrapper": lambda: rnn.OutputProjectionWrapper(rnn.GRUCell(H), 2),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_initializer_draws_anew_and_by_glorots_law(session, kind):
    v1.set_random_seed(0)
    dynamic(KINDS[kind]())
    drawn = [v for v in v1.trainable_variables() if not v.op.name.endswith("bias")]
    start(session)
    first = session.run(drawn)
    start(session)
    for one, other in zip(first, session.run(drawn), strict=True):
        assert np.all(one != other)
        limit = np.sqrt(6 / sum((*one.shape, *one.shape)[:2]))
        assert np.abs(one).max() <= limit
        assert one.std() == pytest.approx(limit / np.sqrt(3), rel=0.4)


def test_weights_are_no_constants_of_the_graph(session):
    rnn.dynamic_rnn(rnn.BasicLSTMCell(512), tf.constant(X))
    assert session.graph.as_graph_def().ByteSize() < 200_000  # the kernel alone has 4 MB


def test_a_seed_asks_for_the_numbers_it_asks_for_without_a_session():
    def make():
        return rnn.LSTMCell(H, use_peepholes=True, num_inputs=D, seed=4).trainable_variables

    expected = [weight.numpy() for weight in make()]
    with tf.Graph().as_default(), v1.Session() as session:
        weights = make()
        start(session)
        for ours, theirs in zip(session.run(weights), expected, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_a_function_traced_elsewhere_is_no_session():
    cell = rnn.GRUCell(H)
    tf.function(lambda x: rnn.dynamic_rnn(cell, x)[0])(X)
    assert cell.gates_kernel.name == "gates_kernel:0"


def test_the_scope_of_a_private_class_begins_with_a_letter(session):
    class _Mine(rnn.BasicRNNCell):
        pass

    dynamic(_Mine(H))
    assert {v.op.name for v in v1.global_variables()} == {
        "rnn/private__mine/kernel",
        "rnn/private__mine/bias",
    }


def saved(folder):
    """The prefix of a checkpoint of an LSTM in TF 1.x's format, and its values by their names."""
    values = {"rnn/basic_lstm_cell/kernel": normal(D + H, 4 * H), "rnn/basic_lstm_cell/bias": normal(4 * H)}
    with tf.Graph().as_default(), v1.Session() as session:
        for name, value in values.items():
            v1.get_variable(name, initializer=value.astype("float32"))
        start(session)
        return v1.train.Saver().save(session, str(folder / "model.ckpt")), values


@pytest.mark.parametrize("built", [True, False])
def test_a_checkpoint_is_loaded_into_the_open_session(session, tmp_path, built):
    (path, values), cell = saved(tmp_path), rnn.BasicLSTMCell(H)
    if built:
        dynamic(cell)
        start(session)
    loaded, left_over = rnn.load_tf1_checkpoint(path, cell)
    assert (list(loaded), left_over) == (list(values), [])
    for name, variable in loaded.items():
        np.testing.assert_allclose(session.run(variable), values[name], rtol=1e-6)


def test_without_an_open_session_a_checkpoint_is_refused_and_nothing_is_made(tmp_path):
    path, _ = saved(tmp_path)
    with tf.Graph().as_default():
        text = "load_tf1_checkpoint: a session must be open on this graph: call it inside `with Session():`"
        with pytest.raises(RuntimeError, match=re.escape(text)):
            rnn.load_tf1_checkpoint(path, rnn.BasicLSTMCell(H))
        assert v1.global_variables() == []


def test_a_saver_restores_what_tf_1x_saved(session, tmp_path):
    path, values = saved(tmp_path)
    dynamic(rnn.BasicLSTMCell(H))
    v1.train.Saver().restore(session, path)
    for variable in v1.global_variables():
        np.testing.assert_allclose(session.run(variable), values[variable.op.name], rtol=1e-6)
