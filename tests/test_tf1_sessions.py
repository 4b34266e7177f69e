"""In a graph with a session: what draws anew, what a graph holds, what a Saver finds.

Oracles: the law of the initializer, the size of a graph, what was saved.
"""

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


def dynamic(cell):
    return rnn.dynamic_rnn(cell, tf.constant(X))[0]


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


def test_a_saver_restores_what_tf_1x_saved(session, tmp_path):
    path, values = saved(tmp_path)
    dynamic(rnn.BasicLSTMCell(H))
    v1.train.Saver().restore(session, path)
    for variable in v1.global_variables():
        np.testing.assert_allclose(session.run(variable), values[variable.op.name], rtol=1e-6)
