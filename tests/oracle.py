"""The genuine cells and unrollers of TF 1.x, run on cases of drawn numbers. A process of its own.

`TF_USE_LEGACY_KERAS=1 python oracle.py FOLDER` writes, for each case n, the arrays
of `n.npz` and the checkpoint `n.ckpt`, saved by `tf.compat.v1.train.Saver`. Nothing of
rnnbook is imported here: test_oracle.py compares.

The switch gives `tf.compat.v1.nn.rnn_cell` back its classes (package tf_keras); it acts on
the whole process, hence the separate one.
"""

import hashlib
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

v1 = tf.compat.v1
KINDS = ("basic", "basic_lstm", "gru", "lstm", "stack", "dropout", "variational")
KINDS += ("peepholes", "peephole stack", "residual")  # these three TensorFlow's half alone has
ALWAYS_STATIC = ("dropout", "variational")  # their masks are drawn while the graph is made: one a step
ROADS = ("static", "dynamic", "bidirectional")
CASES = len(KINDS) * len(ROADS)
AS_WRITTEN = v1.ConfigProto()  # the ops run once: rewriting their graph first costs more than it saves
AS_WRITTEN.graph_options.rewrite_options.disable_meta_optimizer = True
KEEP = 0.625  # exact in binary, for TF 1.x holds it as a float32


def make(kind: str, rng: np.random.Generator, D: int, dtype: Any) -> Any:
    """A cell of TF 1.x; its weights are drawn later."""
    rnn, H = v1.nn.rnn_cell, int(rng.integers(1, 7))
    forget_bias = float(rng.choice([0.0, 0.7, 1.0]))
    if kind == "basic":
        return rnn.BasicRNNCell(H, dtype=dtype)
    if kind == "basic_lstm":
        return rnn.BasicLSTMCell(H, forget_bias=forget_bias, dtype=dtype)
    if kind == "gru":
        return rnn.GRUCell(H, dtype=dtype)
    if kind == "lstm":
        return rnn.LSTMCell(H, forget_bias=forget_bias, dtype=dtype)
    if kind == "peepholes":
        P = int(rng.integers(1, 7))
        return rnn.LSTMCell(H, use_peepholes=True, num_proj=P, forget_bias=forget_bias, dtype=dtype)
    if "stack" in kind:
        layers = ("peepholes", "gru") if kind == "peephole stack" else ("basic_lstm", "gru", "basic")
        return rnn.MultiRNNCell([make(name, rng, D, dtype) for name in layers])
    if kind == "residual":
        return rnn.ResidualWrapper(rnn.GRUCell(D, dtype=dtype))
    inside = make("basic_lstm", rng, D, dtype)
    shared = dict(variational_recurrent=True, input_size=D) if kind == "variational" else {}
    return rnn.DropoutWrapper(inside, KEEP, KEEP, KEEP, seed=0, dtype=dtype, **shared)


def settings(cell: Any) -> dict[str, Any]:
    """What a reader would type to make the same cell: its name, and numbers no checkpoint holds."""
    inside = getattr(cell, "cell", cell)
    words = {name: getattr(inside, f"_{name}", None) for name in ("num_units", "forget_bias", "num_proj")}
    words["use_peepholes"] = getattr(inside, "_use_peepholes", False) or None
    return {"kind": type(inside).__name__} | {
        name: value for name, value in words.items() if value is not None
    }


class Masks:
    """Stands in for the random numbers of dropout, and keeps every mask it gave out by its role."""

    def __init__(self, rng: np.random.Generator):
        self.rng, self.given = rng, {}
        self.roles = {
            seed_of(role, k): f"{role} {k}" for role in ("input", "state", "output") for k in (0, 1)
        }

    def _give(self, seed: int, mask: np.ndarray) -> np.ndarray:
        role = self.roles[seed]
        step = sum(name.startswith(f"mask {role}") for name in self.given)
        self.given[f"mask {role} {step}"] = mask
        return mask

    def dropout(self, values: Any, rate: float, seed: int) -> Any:
        """In the place of `tf.nn.dropout`: one mask a call, which is one a step."""
        mask = self._give(seed, (self.rng.random(values.shape) < 1 - rate) / (1 - rate))
        return values * tf.constant(mask, values.dtype)

    def uniform(self, shape: Any, seed: int, dtype: Any) -> Any:
        """Noise of variational dropout: TF 1.x keeps a number where keep_prob + noise >= 1."""
        noise = self.rng.random(tf.get_static_value(shape))
        self._give(seed, np.floor(KEEP + noise) / KEEP)
        return tf.constant(noise, dtype)


def seed_of(role: str, index: int) -> int:
    """The seed that `DropoutWrapper(seed=0)` derives for a role; it tells the roles apart."""
    return (
        int(hashlib.md5(f"0{role}_{index}".encode(), usedforsecurity=False).hexdigest()[:8], 16) & 0x7FFFFFFF
    )


class Settings(NamedTuple):
    """What a case has; `settings_of` all numbers below `CASES` meets each pair of two of them."""

    kind: str
    road: str
    dtype: str
    ragged: bool
    started: bool
    time_major: bool


def settings_of(n: int) -> Settings:
    k, i = n % len(KINDS), n // len(KINDS)
    road = "static" if KINDS[k] in ALWAYS_STATIC else ROADS[i]
    dtype = ("float32", "float64")[(k + i) % 2]
    by_time = road != "static" and (k // 5 + i) % 2 == 1
    return Settings(KINDS[k], road, dtype, (k + i) % 3 > 0, (k // 2 + i) % 3 > 0, by_time)


def run(n: int, folder: Path) -> None:
    """Draw the numbers of case n, run it in a graph and a session, and write what came of it."""
    rng = np.random.default_rng(n)
    kind, road, dtype, ragged, started, time_major = settings_of(n)
    B, T, D = (int(size) for size in rng.integers((2, 1, 1), (6, 6, 5)))
    lengths = rng.permutation(np.r_[0, T, rng.integers(0, T + 1, B - 2)]) if ragged else None
    shape = (T, B, D) if time_major else (B, T, D)
    x_value = rng.normal(size=shape).astype(dtype)

    with tf.Graph().as_default(), v1.Session(config=AS_WRITTEN) as session:
        masks = Masks(rng)
        library = sys.modules[
            v1.nn.rnn_cell.DropoutWrapper.__module__
        ].tf  # the wrapper's own name of TensorFlow
        original, library.random.uniform = library.random.uniform, masks.uniform
        cells = [make(kind, rng, D, dtype) for _ in range(1 + (road == "bidirectional"))]
        library.random.uniform, library.nn.dropout = original, masks.dropout
        x = tf.constant(x_value)
        starts = None
        if started:
            draw = lambda size: tf.constant(rng.normal(size=(B, size)), dtype)  # noqa: E731
            starts = [tf.nest.map_structure(draw, cell.state_size) for cell in cells]
        if road == "static":
            steps, states = v1.nn.static_rnn(
                cells[0], tf.unstack(x, axis=1), starts and starts[0], dtype, lengths
            )
            outputs = tf.stack(steps, axis=1)
        elif road == "dynamic":
            outputs, states = v1.nn.dynamic_rnn(
                cells[0], x, lengths, starts and starts[0], dtype, time_major=time_major
            )
        else:
            both = v1.nn.bidirectional_dynamic_rnn(
                *cells, x, lengths, *(starts or [None, None]), dtype, time_major=time_major
            )
            outputs, states = tf.concat(both[0], axis=2), both[1]
        leaves = [outputs, *tf.nest.flatten(states)]
        pulls = [tf.constant(rng.normal(size=leaf.shape), dtype) for leaf in leaves]
        loss = tf.add_n([tf.reduce_sum(pull * leaf) for pull, leaf in zip(pulls, leaves, strict=True)])
        variables = sorted(v1.trainable_variables(), key=lambda v: v.name)
        begin = [] if starts is None else tf.nest.flatten(starts)
        gradients = v1.gradients(loss, [x, *begin, *variables])
        drawn = [tf.constant(rng.normal(scale=0.3, size=v.shape), dtype) for v in variables]
        session.run([v1.assign(v, value) for v, value in zip(variables, drawn, strict=True)])
        v1.train.Saver().save(session, str(folder / f"{n}.ckpt"), write_meta_graph=False)
        values = session.run(dict(leaves=leaves, pulls=pulls, begin=begin, gradients=gradients))

    names = ["x", *(f"start {k}" for k in range(len(begin))), *(v.op.name for v in variables)]
    arrays = {f"gradient {name}": g for name, g in zip(names, values["gradients"], strict=True)}
    for name in ("leaves", "pulls", "begin"):
        arrays |= {f"{name} {k}": value for k, value in enumerate(values[name])}
    arrays |= masks.given
    if lengths is not None:
        arrays["lengths"] = lengths
    layers = [getattr(cell, "_cells", [cell]) for cell in cells]
    words = [[settings(layer) for layer in stack] for stack in layers]
    about = dict(kind=kind, road=road, dtype=dtype, time_major=time_major, settings=words)
    np.savez(folder / f"{n}.npz", x=x_value, about=repr(about), **arrays)


if __name__ == "__main__":
    v1.disable_control_flow_v2()  # the loops and branches of TF 1.x itself; they are also built faster
    for case in range(CASES):
        run(case, Path(sys.argv[1]))
