"""Weights out of a checkpoint that TensorFlow 1.x saved."""

from os import PathLike, fspath
from typing import Any, NamedTuple

import tensorflow as tf

from rnnbook import checks
from rnnbook.tf import tf1
from rnnbook.tf.basic_rnn import BasicRNNCell
from rnnbook.tf.cell import Cell, WeightedCell
from rnnbook.tf.gru import GRUCell
from rnnbook.tf.lstm import BasicLSTMCell, LSTMCell
from rnnbook.tf.wrappers import DropoutWrapper, MultiRNNCell, ResidualWrapper

WHERE = "load_tf1_checkpoint"
LAYERS: dict[type, str] = {BasicRNNCell: "basic_rnn_cell", GRUCell: "gru_cell"}
LAYERS |= {BasicLSTMCell: "basic_lstm_cell", LSTMCell: "lstm_cell"}
Place = tuple[WeightedCell, str, str]  # a cell, its attribute, the variable's name in the checkpoint


class LoadedCheckpoint(NamedTuple):
    """What `load_tf1_checkpoint` filled, by the old names, and the names it did not need.

    Taught in: book/reference/tf1-dictionary.
    """

    loaded: dict[str, tf.Variable]
    left_over: list[str]


def load_tf1_checkpoint(path: str | PathLike[str], cell: Cell, scope: str = "") -> LoadedCheckpoint:
    """Fill ``cell`` with the weights that a TF 1.x program saved for the same cell.

    TF 1.x named a variable by where it stood: ``rnn/basic_lstm_cell/kernel``, in a stack
    ``rnn/multi_rnn_cell/cell_0/basic_lstm_cell/kernel``. The layouts are the same here, so
    the numbers go in as they are; a cell that is not built is built from their shapes.
    Either all weights are filled or, with an error, none. In a graph with a session they are
    filled in the session that is open, so call it after the initializer. A ``forget_bias`` is not a
    variable and stands in no checkpoint: give it to the cell.

    Args:
        path: the prefix that ``Saver.restore`` took ("model.ckpt-1000"), or its folder,
            for the latest one.
        cell: a `BasicRNNCell`, `BasicLSTMCell`, `LSTMCell` or `GRUCell`, a `MultiRNNCell`
            of these, or any of them inside a `DropoutWrapper` or `ResidualWrapper`.
        scope: the part of the checkpoint to read, such as "bidirectional_rnn/fw"; needed
            where more than one such cell was saved. A scope that ends in the folder of the
            weights themselves may have any name.

    Returns:
        ``loaded``: the filled variables by their names in the checkpoint; ``left_over``:
        the names this cell did not need, such as an optimizer's.

    Raises:
        ValueError: no checkpoint there; none or several such cells in ``scope``; a weight
            that is missing or of another shape.
        TypeError: another cell, or weights of another dtype than the cell's.
        RuntimeError: in a graph with a session, when none is open.

    Taught in: book/reference/tf1-dictionary. Source: TensorFlow 1.x, train.Saver.
    """
    if not isinstance(scope, str):
        checks.fail(WHERE, "scope", "a string such as 'bidirectional_rnn/fw'", checks.what(scope), TypeError)
    reader = _reader(path)
    shapes = reader.get_variable_to_shape_map()
    places = _places(cell, sorted(shapes), scope.strip("/"))
    missing = [name for _, _, name in places if name not in shapes]
    if missing:
        checks.fail(WHERE, "the checkpoint", f"one that holds {', '.join(missing)}", f"only {sorted(shapes)}")
    rows = {id(part): shapes[name][0] for part, attribute, name in reversed(places) if "kernel" in attribute}
    for part, attribute, name in places:
        # Shapes are asked for before anything is built, so that an error leaves a cell as it was.
        expected = part.shapes(part.num_inputs or max(rows[id(part)] - part.output_size, 1))[attribute]
        dtype = reader.get_tensor(name).dtype
        if tuple(shapes[name]) != expected:
            came = f"shape {shapes[name]}"
            checks.fail(WHERE, name, f"of shape {list(expected)}, as in this {part.kind}", came)
        if dtype != part.np_dtype:
            checks.fail(WHERE, name, f"{part.dtype.name}, the cell's dtype", dtype, TypeError)
    session = tf1.open_session(WHERE)
    for part, _, _ in places:
        part.build(part.num_inputs or rows[id(part)] - part.output_size)
    loaded = {name: getattr(part, attribute) for part, attribute, name in places}
    tf1.assign(session, list(loaded.values()), [reader.get_tensor(name) for name in loaded])
    return LoadedCheckpoint(loaded, [name for name in sorted(shapes) if name not in loaded])


def _reader(path: Any) -> Any:
    expected = "the prefix of a checkpoint such as 'model.ckpt-1000', or its folder"
    if not isinstance(path, (str, PathLike)):
        checks.fail(WHERE, "path", expected, checks.what(path), TypeError)
    try:
        return tf.train.load_checkpoint(fspath(path))
    except (ValueError, tf.errors.OpError):
        checks.fail(WHERE, "path", expected, repr(fspath(path)))


def _places(cell: Any, names: list[str], scope: str) -> list[Place]:
    """Where each weight of ``cell`` should stand in a checkpoint that holds ``names``."""
    if isinstance(cell, (DropoutWrapper, ResidualWrapper)):  # they gave their cell no scope of its own
        return _places(cell.cell, names, scope)
    if isinstance(cell, MultiRNNCell):
        folder = _folder(cell, names, scope, "multi_rnn_cell", ["cell_0"])
        parts = [_places(part, names, f"{folder}/cell_{n}") for n, part in enumerate(cell.cells)]
        return [place for part in parts for place in part]
    if type(cell) not in LAYERS:
        expected = "of rnnbook.tf, one of BasicRNNCell, BasicLSTMCell, LSTMCell, GRUCell, or a stack of them"
        checks.fail(WHERE, "cell", expected, checks.what(cell), TypeError)
    attributes = list(cell.shapes(1))
    new = {name: name.replace("_kernel", "/kernel").replace("_bias", "/bias") for name in attributes}
    old = {name: new[name].replace("kernel", "weights").replace("bias", "biases") for name in attributes}
    folder = _folder(cell, names, scope, LAYERS[type(cell)], [new[attributes[0]], old[attributes[0]]])
    tails = old if f"{folder}/{old[attributes[0]]}" in names else new  # TF 1.0 and 1.1 said weights, biases
    return [(cell, name, f"{folder}/{tails[name]}") for name in attributes]


def _folder(cell: Cell, names: list[str], scope: str, layer: str, marks: list[str]) -> str:
    """The one folder in ``scope`` that is called ``layer`` and holds one of ``marks``."""
    holders = {name[: at - 1] for name in names for mark in marks if (at := f"{name}/".find(f"/{mark}/") + 1)}
    inside = {folder for folder in holders if not scope or f"{folder}/".startswith(f"{scope}/")}
    found = {folder for folder in inside if folder.split("/")[-1] == layer}
    if scope in holders:
        found = {scope}
    if len(found) == 1:
        return found.pop()
    if found:
        checks.fail(WHERE, "scope", f"one of {sorted(found)}, for there are several", repr(scope))
    came = f"only {names}" + f" and scope {scope!r}" * bool(scope)
    checks.fail(WHERE, "the checkpoint", f"one with a {layer}/{marks[0]}", came)
