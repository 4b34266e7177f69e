"""Checkpoints of TF 1.x go into our cells, whole or not at all.

That the numbers land in the right places is proved in test_oracle.py, on checkpoints that
the original ops saved. Here: what is missing, left over, or ambiguous is told.
"""

import numpy as np
import pytest
import tensorflow as tf
from error_tables import raises
from toys import normal

import rnnbook.scratch as scratch
import rnnbook.tf as rnn

v1 = tf.compat.v1
LSTM = {"rnn/basic_lstm_cell/kernel": (8, 20), "rnn/basic_lstm_cell/bias": (20,)}
TRAINED = {"global_step": (), "softmax/kernel": (5, 2), "rnn/basic_lstm_cell/kernel/Adagrad": (8, 20)}
BOTH = {
    f"bidirectional_rnn/{way}/gru_cell/{part}": shape
    for way in ("fw", "bw")
    for part, shape in (
        ("gates/kernel", (8, 10)),
        ("gates/bias", (10,)),
        ("candidate/kernel", (8, 5)),
        ("candidate/bias", (5,)),
    )
}


def save(folder, shapes, dtype="float32"):
    """A checkpoint with random variables of these names, in TF 1.x's format."""
    values = {name: normal(*shape, dtype=dtype) for name, shape in shapes.items()}
    with tf.Graph().as_default(), v1.Session() as session:
        for name, value in values.items():
            v1.get_variable(name, initializer=tf.constant(value))
        session.run(v1.global_variables_initializer())
        return v1.train.Saver().save(session, str(folder / "model.ckpt")), values


def test_the_weights_arrive_and_the_rest_is_named(tmp_path):
    path, values = save(tmp_path, LSTM | TRAINED)
    cell = rnn.BasicLSTMCell(5)
    loaded, left_over = rnn.load_tf1_checkpoint(path, cell)
    assert loaded == {"rnn/basic_lstm_cell/kernel": cell.kernel, "rnn/basic_lstm_cell/bias": cell.bias}
    assert left_over == sorted(TRAINED)
    np.testing.assert_array_equal(cell.kernel, values["rnn/basic_lstm_cell/kernel"])
    np.testing.assert_array_equal(cell.bias, values["rnn/basic_lstm_cell/bias"])
    assert cell.num_inputs == 3


def test_a_folder_means_its_latest_checkpoint_and_a_path_object_will_do(tmp_path):
    save(tmp_path, LSTM)
    assert len(rnn.load_tf1_checkpoint(tmp_path, rnn.BasicLSTMCell(5)).loaded) == 2


def test_the_names_of_tf_1_0_and_1_1_are_known(tmp_path):
    old = {name.replace("kernel", "weights").replace("bias", "biases"): shape for name, shape in LSTM.items()}
    path, values = save(tmp_path, old)
    cell = rnn.BasicLSTMCell(5)
    assert rnn.load_tf1_checkpoint(path, cell).left_over == []
    np.testing.assert_array_equal(cell.kernel, values["rnn/basic_lstm_cell/weights"])


def test_a_scope_chooses_among_cells_and_may_name_the_folder_itself(tmp_path):
    path, values = save(tmp_path, BOTH)
    cell = rnn.GRUCell(5)
    left_over = rnn.load_tf1_checkpoint(path, cell, "bidirectional_rnn/bw").left_over
    assert len(left_over) == 4 and all("/fw/" in name for name in left_over)
    np.testing.assert_array_equal(cell.gates_bias, values["bidirectional_rnn/bw/gru_cell/gates/bias"])
    rnn.load_tf1_checkpoint(path, cell, "bidirectional_rnn/fw/gru_cell/")
    np.testing.assert_array_equal(cell.gates_bias, values["bidirectional_rnn/fw/gru_cell/gates/bias"])


def test_a_folder_of_another_name_needs_the_scope(tmp_path):
    path, values = save(tmp_path, {"my_lstm/kernel": (8, 20), "my_lstm/bias": (20,), "dense/kernel": (5, 1)})
    cell = rnn.BasicLSTMCell(5)
    rnn.load_tf1_checkpoint(path, cell, "my_lstm")
    np.testing.assert_array_equal(cell.bias, values["my_lstm/bias"])
    came = "only ['dense/kernel', 'my_lstm/bias', 'my_lstm/kernel']"
    with raises(
        ValueError,
        f"load_tf1_checkpoint: the checkpoint must be one with a basic_lstm_cell/kernel; got {came}",
    ):
        rnn.load_tf1_checkpoint(path, cell)


def test_a_stack_is_filled_layer_by_layer_through_its_wrappers(tmp_path):
    stack = "rnn/multi_rnn_cell"
    path, values = save(
        tmp_path,
        {
            f"{stack}/cell_0/basic_lstm_cell/kernel": (8, 20),
            f"{stack}/cell_0/basic_lstm_cell/bias": (20,),
            f"{stack}/cell_1/basic_lstm_cell/kernel": (10, 20),
            f"{stack}/cell_1/basic_lstm_cell/bias": (20,),
        },
    )
    cells = [rnn.BasicLSTMCell(5), rnn.BasicLSTMCell(5)]
    rnn.load_tf1_checkpoint(
        path, rnn.MultiRNNCell([rnn.DropoutWrapper(cells[0], 0.5), rnn.ResidualWrapper(cells[1])])
    )
    for n, cell in enumerate(cells):
        np.testing.assert_array_equal(cell.kernel, values[f"{stack}/cell_{n}/basic_lstm_cell/kernel"])


@pytest.mark.parametrize(
    ("make", "scope", "kind", "text"),
    [
        (lambda: rnn.GRUCell(5), "", ValueError, "scope must be one of ['bidirectional_rnn/bw/gru_cell', "
         "'bidirectional_rnn/fw/gru_cell'], for there are several; got ''"),
        (lambda: rnn.GRUCell(4), "bidirectional_rnn/fw", ValueError, "bidirectional_rnn/fw/gru_cell/gates/kernel "
         "must be of shape [8, 8], as in this GRUCell; got shape [8, 10]"),
        (lambda: rnn.GRUCell(5, num_inputs=2), "bidirectional_rnn/fw", ValueError,
         "bidirectional_rnn/fw/gru_cell/gates/kernel must be of shape [7, 10], as in this GRUCell; got shape [8, 10]"),
        (lambda: rnn.GRUCell(5, dtype="float64"), "bidirectional_rnn/fw", TypeError,
         "bidirectional_rnn/fw/gru_cell/gates/kernel must be float64, the cell's dtype; got float32"),
        (lambda: rnn.GRUCell(5), 3, TypeError, "scope must be a string such as 'bidirectional_rnn/fw'; got an int"),
        (lambda: scratch.GRUCell(5), "", TypeError, "cell must be of rnnbook.tf, one of BasicRNNCell, BasicLSTMCell, "
         "LSTMCell, GRUCell, or a stack of them; got a GRUCell"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_and_nothing_is_filled(tmp_path, make, scope, kind, text):
    path, _ = save(tmp_path, BOTH)
    cell = make()
    before = cell.num_inputs
    with raises(kind, f"load_tf1_checkpoint: {text}"):
        rnn.load_tf1_checkpoint(path, cell, scope)
    assert cell.num_inputs == before


def test_a_missing_weight_is_named_and_nothing_is_filled(tmp_path):
    path, _ = save(tmp_path, {"rnn/lstm_cell/kernel": (8, 20), "rnn/lstm_cell/bias": (20,)})
    cell = rnn.LSTMCell(5, use_peepholes=True, num_inputs=3, seed=0)
    before = cell.kernel.numpy()
    names = ", ".join(f"rnn/lstm_cell/w_{gate}_diag" for gate in "fio")
    came = "only ['rnn/lstm_cell/bias', 'rnn/lstm_cell/kernel']"
    with raises(
        ValueError, f"load_tf1_checkpoint: the checkpoint must be one that holds {names}; got {came}"
    ):
        rnn.load_tf1_checkpoint(path, cell)
    np.testing.assert_array_equal(cell.kernel, before)


@pytest.mark.parametrize("num_proj", [None, 2])
def test_peepholes_and_a_projection_arrive_too(tmp_path, num_proj):
    shapes = {"kernel": (3 + (num_proj or 5), 20), "bias": (20,)}
    shapes |= {"w_f_diag": (5,), "w_i_diag": (5,), "w_o_diag": (5,)}
    if num_proj:
        shapes["projection/kernel"] = (5, num_proj)
    path, values = save(tmp_path, {f"rnn/lstm_cell/{name}": shape for name, shape in shapes.items()})
    cell = rnn.LSTMCell(5, use_peepholes=True, num_proj=num_proj)
    assert rnn.load_tf1_checkpoint(path, cell).left_over == []
    for name in shapes:
        weight = getattr(cell, name.replace("/", "_"))
        np.testing.assert_array_equal(weight, values[f"rnn/lstm_cell/{name}"])


def test_a_kernel_for_one_input_is_taken_and_one_for_none_is_refused(tmp_path):
    path, _ = save(tmp_path / "one", {**LSTM, "rnn/basic_lstm_cell/kernel": (1 + 5, 20)})
    cell = rnn.BasicLSTMCell(5)
    rnn.load_tf1_checkpoint(path, cell)
    assert cell.num_inputs == 1
    path, _ = save(tmp_path / "none", {**LSTM, "rnn/basic_lstm_cell/kernel": (5, 20)})
    cell = rnn.BasicLSTMCell(5)
    name = "rnn/basic_lstm_cell/kernel"
    with raises(
        ValueError,
        f"load_tf1_checkpoint: {name} must be of shape [6, 20], as in this BasicLSTMCell; got shape [5, 20]",
    ):
        rnn.load_tf1_checkpoint(path, cell)
    assert cell.num_inputs is None


def test_a_folder_without_a_checkpoint_is_told(tmp_path):
    expected = "the prefix of a checkpoint such as 'model.ckpt-1000', or its folder"
    with raises(ValueError, f"load_tf1_checkpoint: path must be {expected}; got {str(tmp_path)!r}"):
        rnn.load_tf1_checkpoint(tmp_path, rnn.GRUCell(5))


@pytest.mark.parametrize(
    ("path", "kind", "came"), [("no/such.ckpt", ValueError, "'no/such.ckpt'"), (None, TypeError, "None")]
)
def test_a_path_without_a_checkpoint_is_told(path, kind, came):
    expected = "the prefix of a checkpoint such as 'model.ckpt-1000', or its folder"
    with raises(kind, f"load_tf1_checkpoint: path must be {expected}; got {came}"):
        rnn.load_tf1_checkpoint(path, rnn.GRUCell(5))
