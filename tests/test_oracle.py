"""The genuine ops of TF 1.x as oracle: both halves compute what they computed.

oracle.py runs the original cells, wrappers and unrollers on CASES cases: every kind on every
road, and each two of kind, road, dtype, ragged lengths (0 and T among them), initial state
and order of axes together; sizes, numbers and weights are drawn. The
weights come here by the checkpoints that the originals saved. Outputs, final states and
the gradients of every weight, of the input and of the initial state agree to 1e-6
(float32) and 1e-10 (float64), relative to an array's largest number where that is
above one.
"""

import ast
import os
import subprocess
import sys
from itertools import combinations, count, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from oracle import ALWAYS_STATIC, CASES, KEEP, KINDS, ROADS, Settings, settings_of

import rnnbook.scratch as scratch
import rnnbook.tf as rnn
from rnnbook.protocol import map_state
from rnnbook.scratch import backward_through_time, forward_through_time
from rnnbook.scratch.bidirectional import reverse_sequence

ATOL = {"float32": 1e-6, "float64": 1e-10}
ONLY_TF = ("peepholes", "peephole stack", "residual")
every_case = pytest.mark.parametrize("n", range(CASES))


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the oracle wrote, in a process where `tf.compat.v1` has its cells back."""
    place = tmp_path_factory.mktemp("oracle")
    command = [sys.executable, "-W", "ignore", Path(__file__).with_name("oracle.py"), place]
    done = subprocess.run(
        command, env={**os.environ, "TF_USE_LEGACY_KERAS": "1"}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return place


class Case:
    """One case of the oracle, and our cells for it."""

    def __init__(self, folder: Path, n: int):
        with np.load(folder / f"{n}.npz") as file:
            self.arrays = dict(file)
        about = ast.literal_eval(str(self.arrays["about"]))
        self.kind, self.road, self.dtype = about["kind"], about["road"], about["dtype"]
        self.settings, self.time_major = about["settings"], about["time_major"]
        self.x, self.lengths, self.checkpoint = (
            self.arrays["x"],
            self.arrays.get("lengths"),
            folder / f"{n}.ckpt",
        )
        self.scopes = (
            ["bidirectional_rnn/fw", "bidirectional_rnn/bw"] if self.road == "bidirectional" else [""]
        )

    def all(self, name: str) -> list[np.ndarray]:
        """The arrays "name 0", "name 1" and so on."""
        return [self.arrays[key] for k in range(len(self.arrays)) if (key := f"{name} {k}") in self.arrays]

    def cells(self, module: Any) -> list[Any]:
        """One cell, or two for both directions; without weights."""
        made = []
        for words in self.settings:
            layers = [make_layer(module, dtype=self.dtype, **layer) for layer in words]
            made.append(module.MultiRNNCell(layers) if len(layers) > 1 else layers[0])
        if self.kind == "residual":
            made = [module.ResidualWrapper(cell) for cell in made]
        if self.kind in ("dropout", "variational"):
            made = [
                module.DropoutWrapper(cell, KEEP, KEEP, KEEP, self.kind == "variational") for cell in made
            ]
        return made

    def filled(self) -> tuple[list[Any], dict[str, tf.Variable]]:
        """The TensorFlow cells with their weights, and these by the names of TF 1.x."""
        cells = self.cells(rnn)
        read = [
            rnn.load_tf1_checkpoint(self.checkpoint, *pair) for pair in zip(cells, self.scopes, strict=True)
        ]
        return cells, {name: variable for one in read for name, variable in one.loaded.items()}

    def starts(self, cells: list[Any]) -> list[Any]:
        """The initial state of each cell; None for zeros."""
        if "begin 0" not in self.arrays:
            return [None] * len(cells)
        drawn = iter(self.all("begin"))
        return [map_state(lambda _: next(drawn), cell.state_size) for cell in cells]

    def mask(self, role: str, step: int) -> np.ndarray:
        """The oracle's dropout mask; the variational one serves all steps."""
        step = 0 if self.kind == "variational" else step
        return self.arrays[f"mask {role} {step}"].astype(self.dtype)

    def agrees(self, name: str, ours: Any, theirs: np.ndarray) -> None:
        scale = max(1, np.abs(theirs).max())
        np.testing.assert_allclose(
            np.asarray(ours) / scale, theirs / scale, 0, ATOL[self.dtype], err_msg=name
        )

    def agrees_in_all(self, results: list[Any], gradients: dict[str, Any]) -> None:
        """Outputs and states one by one; gradients by name, none too many and none too few."""
        for k, (ours, theirs) in enumerate(zip(results, self.all("leaves"), strict=True)):
            self.agrees(f"output or state {k}", ours, theirs)
        assert {f"gradient {name}" for name in gradients} == {
            k for k in self.arrays if k.startswith("gradient")
        }
        for name, gradient in gradients.items():
            self.agrees(f"gradient of {name}", gradient, self.arrays[f"gradient {name}"])


@pytest.fixture
def case(folder: Path, n: int) -> Case:
    return Case(folder, n)


def make_layer(module: Any, kind: str, **words: Any) -> Any:
    if (module, kind) == (scratch, "LSTMCell"):
        kind = "BasicLSTMCell"  # the same without peepholes and projection
    return getattr(module, kind)(**words)


def leaves(states: Any) -> list[Any]:
    found: list[Any] = []
    for state in states:
        if state is not None:
            map_state(found.append, state)
    return found


def test_the_cases_meet_every_pair_of_what_they_may_have():
    values = dict(zip(Settings._fields, (KINDS, ROADS, ATOL, *[(False, True)] * 3), strict=True))
    cases = [settings_of(n)._asdict() for n in range(CASES)]
    for one, other in combinations(values, 2):
        unmet = set(product(values[one], values[other])) - {(case[one], case[other]) for case in cases}
        if other == "time_major":  # of a list of steps there is none
            unmet -= {("static", True), *product(ALWAYS_STATIC, [True])}
        if other == "road":
            unmet -= set(product(ALWAYS_STATIC, ROADS[1:]))
        assert not unmet, (one, other)


@every_case
def test_the_tensorflow_half(case, monkeypatch):
    cells, variables = case.filled()
    if hasattr(cells[0], "enabled"):
        roles, steps = {0: "input 0", 1: "output 0", 3: "state 1"}, {0: count(), 1: count(), 3: count()}
        drop = lambda values, keep, stream: values * case.mask(roles[stream], next(steps[stream]))  # noqa: E731
        monkeypatch.setattr(cells[0], "_drop", drop)
    x, starts = tf.constant(case.x), case.starts(cells)
    starts = [start if start is None else map_state(tf.constant, start) for start in starts]
    begin = leaves(starts)
    with tf.GradientTape() as tape:
        tape.watch([x, *begin])
        if case.road == "static":
            steps, *states = rnn.static_rnn(cells[0], tf.unstack(x, axis=1), *starts, None, case.lengths)
            outputs = tf.stack(steps, axis=1)
        elif case.road == "dynamic":
            outputs, *states = rnn.dynamic_rnn(cells[0], x, case.lengths, *starts, time_major=case.time_major)
        else:
            both, states = rnn.bidirectional_dynamic_rnn(
                *cells, x, case.lengths, *starts, time_major=case.time_major
            )
            outputs = tf.concat(both, axis=2)
        results = [outputs, *leaves(states)]
        loss = sum(tf.reduce_sum(pull * leaf) for pull, leaf in zip(case.all("pulls"), results, strict=True))
    sources = {"x": x, **{f"start {k}": leaf for k, leaf in enumerate(begin)}, **variables}
    case.agrees_in_all(results, tape.gradient(loss, sources, unconnected_gradients="zero"))


@pytest.mark.parametrize("n", [n for n in range(CASES) if KINDS[n % len(KINDS)] not in ONLY_TF])
def test_the_numpy_half(case, monkeypatch):
    twins, variables = case.filled()
    cells = case.cells(scratch)
    names = iter(variables)  # both halves list a cell's weights in one order
    named = [
        {weight: next(names) for weight in fill(*pair).weights} for pair in zip(cells, twins, strict=True)
    ]
    if hasattr(cells[0], "enabled"):
        masks = (case.mask(role, t) for t in count() for role in ("input 0", "output 0", "state 1"))
        monkeypatch.setattr(cells[0], "_mask", lambda rng, shape, keep: np.broadcast_to(next(masks), shape))
    time = dict(time_major=case.time_major)
    turn = lambda values: reverse_sequence(values, case.lengths, **time)  # noqa: E731
    starts, pulls = case.starts(cells), case.all("pulls")
    runs = [forward_through_time(cells[0], case.x, case.lengths, starts[0], **time)]
    d_outputs = [pulls[0][..., : cells[0].output_size], pulls[0][..., cells[0].output_size :]]
    if case.road == "bidirectional":
        runs.append(forward_through_time(cells[1], turn(case.x), case.lengths, starts[1], **time))
        both, states = scratch.unroll_bidirectional(*cells, case.x, case.lengths, *starts, **time)
        results = [np.concatenate(both, axis=2), *leaves(states)]
        d_outputs[1] = turn(d_outputs[1])
    else:
        results = [runs[0][0], *leaves(runs[0][1:2])]
    gradients, begin, d_states = {"x": np.zeros_like(case.x)}, count(), iter(pulls[1:])
    for k, (cell, (_, _, tape)) in enumerate(zip(cells, runs, strict=True)):
        d_state = map_state(lambda _: next(d_states), cell.state_size)
        d_x, d_start, d_weights = backward_through_time(cell, tape, d_outputs[k], d_state)
        gradients["x"] = gradients["x"] + (turn(d_x) if k else d_x)
        gradients |= {named[k][weight]: gradient for weight, gradient in d_weights.items()}
        if starts[0] is not None:
            gradients |= {f"start {next(begin)}": leaf for leaf in leaves([d_start])}
    case.agrees_in_all(results, gradients)


def fill(cell: Any, twin: Any) -> Any:
    """Give a NumPy cell the weights of its TensorFlow twin."""
    if hasattr(cell, "cells"):
        for one, other in zip(cell.cells, twin.cells, strict=True):
            fill(one, other)
    elif hasattr(cell, "cell"):
        fill(cell.cell, twin.cell)
    else:
        cell.build(twin.num_inputs)
        for name, weight in cell.weights.items():
            weight[...] = getattr(twin, name)
    return cell
