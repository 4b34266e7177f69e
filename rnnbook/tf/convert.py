"""Weights to and from Keras: the same numbers in another order."""

from typing import Any

import keras
import numpy as np

from rnnbook import checks
from rnnbook.tf.basic_rnn import BasicRNNCell
from rnnbook.tf.cell import TANH, WeightedCell
from rnnbook.tf.gru import GRUCell
from rnnbook.tf.lstm import BasicLSTMCell, LSTMCell

# Column blocks of a kernel: ours on the left, where Keras keeps them on the right.
LSTM_ORDER = (0, 2, 1, 3)  # i, j, f, o  ->  i, f, j, o; its own inverse
GRU_ORDER = (1, 0)  # r, u  ->  z (our u), r; its own inverse


# What the cell has settled; the layer would compute another step, or lose digits.
STEP_OPTIONS = {"units", "activation", "recurrent_activation", "use_bias", "reset_after", "dtype"}
STEP_OPTIONS |= {"dropout", "recurrent_dropout"}


def _permute(array: np.ndarray, order: tuple[int, ...]) -> np.ndarray:
    blocks = np.split(array, len(order), axis=-1)
    return np.concatenate([blocks[n] for n in order], axis=-1)


def to_keras(cell: WeightedCell, **options: Any) -> keras.layers.Layer:
    """A built Keras layer that computes what ``cell`` unrolled computes.

    `BasicRNNCell` becomes `SimpleRNN`, the LSTM cells `LSTM` (the forget bias folded into
    its bias), `GRUCell` `GRU` with ``reset_after=False``.

    Args:
        cell: built, and without peepholes, projection and clips, which Keras does not have.
        options: handed to the layer, such as ``return_sequences=True``; none that would
            change what the step computes.

    Raises:
        ValueError: a cell that is not built, or that Keras cannot hold.
        TypeError: anything that is not one of these cells.

    >>> layer = to_keras(BasicLSTMCell(5, num_inputs=3, seed=0), return_sequences=True)
    >>> tuple(layer(np.ones((4, 2, 3), "float32")).shape)
    (4, 2, 5)

    Taught in: book/4-gates/lstm.
    """
    if not isinstance(cell, (BasicRNNCell, BasicLSTMCell, LSTMCell, GRUCell)):
        expected = "a BasicRNNCell, BasicLSTMCell, LSTMCell or GRUCell"
        checks.fail("to_keras", "cell", expected, f"a {type(cell).__name__}", TypeError)
    if cell.num_inputs is None:
        checks.fail("to_keras", "cell", "built: give it num_inputs or call it once", "a cell without weights")
    changed = sorted(options.keys() & STEP_OPTIONS)
    if changed:
        checks.fail("to_keras", "options", "options that leave the step as it is", ", ".join(changed))
    D, options = cell.num_inputs, {"dtype": cell.dtype.name, **options}
    options["activation"] = "tanh" if cell.activation in TANH else cell.activation
    if isinstance(cell, GRUCell):
        gates, candidate = cell.gates_kernel.numpy(), cell.candidate_kernel.numpy()
        kernel = np.concatenate([_permute(gates, GRU_ORDER), candidate], axis=1)
        bias = np.concatenate([_permute(cell.gates_bias.numpy(), GRU_ORDER), cell.candidate_bias.numpy()])
        layer = keras.layers.GRU(cell.num_units, reset_after=False, **options)
    elif isinstance(cell, BasicRNNCell):
        kernel, bias = cell.kernel.numpy(), cell.bias.numpy()
        layer = keras.layers.SimpleRNN(cell.num_units, **options)
    else:
        if isinstance(cell, LSTMCell) and (cell.use_peepholes or cell.num_proj or cell.cell_clip):
            checks.fail("to_keras", "cell", "without peepholes, projection and clips", "a cell with them")
        kernel, bias = _permute(cell.kernel.numpy(), LSTM_ORDER), _permute(cell.bias.numpy(), LSTM_ORDER)
        bias[cell.num_units : 2 * cell.num_units] += cell.forget_bias
        layer = keras.layers.LSTM(cell.num_units, **options)
    layer.build((None, None, D))
    layer.set_weights([kernel[:D], kernel[D:], bias])
    return layer


def from_keras(layer: keras.layers.Layer) -> WeightedCell:
    """A cell that takes the step of a built Keras `SimpleRNN`, `LSTM` or `GRU` (layer or cell).

    An LSTM's forget bias stays where Keras keeps it, in the bias, so the cell's
    ``forget_bias`` is 0.

    Raises:
        ValueError: a layer that is not built; a GRU with ``reset_after=True``, whose two
            biases a TF 1.x cell cannot hold; other activations; no bias.
        TypeError: any other layer.

    >>> layer = keras.layers.GRU(5, reset_after=False)
    >>> layer.build((None, None, 3))
    >>> from_keras(layer).gates_kernel.shape.as_list()
    [8, 10]

    Taught in: book/4-gates/lstm.
    """
    source = getattr(layer, "cell", layer)
    kinds = (keras.layers.SimpleRNNCell, keras.layers.LSTMCell, keras.layers.GRUCell)
    if not isinstance(source, kinds):
        checks.fail("from_keras", "layer", "a SimpleRNN, LSTM or GRU", f"a {type(layer).__name__}", TypeError)
    if not source.built:
        checks.fail("from_keras", "layer", "built: call it once", "a layer without weights")
    if not source.use_bias:
        checks.fail("from_keras", "layer", "with a bias", "use_bias=False")
    if source.dropout or source.recurrent_dropout:
        came = f"dropout={source.dropout}, recurrent_dropout={source.recurrent_dropout}"
        checks.fail("from_keras", "layer", "without dropout; put a DropoutWrapper around the cell", came)
    names = [keras.activations.serialize(source.activation)]
    if not isinstance(source, keras.layers.SimpleRNNCell):
        names.append(keras.activations.serialize(source.recurrent_activation))
        if names != ["tanh", "sigmoid"]:
            checks.fail("from_keras", "layer", "with activations tanh and sigmoid", names)
    kernel, recurrent, bias = (np.asarray(weight) for weight in source.get_weights())
    joined, D = np.concatenate([kernel, recurrent]), len(kernel)
    common: dict[str, Any] = {"num_inputs": D, "dtype": source.variable_dtype}
    if isinstance(source, keras.layers.GRUCell):
        if source.reset_after:
            checks.fail("from_keras", "layer", "a GRU with reset_after=False", "reset_after=True")
        H, gru = source.units, GRUCell(source.units, **common)
        gru.gates_kernel.assign(_permute(joined[:, : 2 * H], GRU_ORDER))
        gru.gates_bias.assign(_permute(bias[: 2 * H], GRU_ORDER))
        gru.candidate_kernel.assign(joined[:, 2 * H :])
        gru.candidate_bias.assign(bias[2 * H :])
        return gru
    if isinstance(source, keras.layers.LSTMCell):
        cell: WeightedCell = BasicLSTMCell(source.units, forget_bias=0.0, **common)
        joined, bias = _permute(joined, LSTM_ORDER), _permute(bias, LSTM_ORDER)
    else:
        cell = BasicRNNCell(source.units, activation=source.activation, **common)
    cell.kernel.assign(joined)
    cell.bias.assign(bias)
    return cell
