"""Two processes over loopback train as one does, and a death costs them nothing but time.

Each of them is a process of its own, but all are forked from one that has imported the package: an import
takes longer than the training.
"""

import json
import multiprocessing
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import two_workers

STEPS, KILL = 24, 17
TOLERANCE = 1e-5  # relative: the same sums in another order, in float32, over all steps
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["rnnbook.tf"])


def act(script: str, *options: str) -> None:
    """What `python script options` does."""
    sys.argv = [script, *options]
    sys.path.insert(0, str(Path(script).parent))
    runpy.run_path(script, run_name="__main__")


class Fork:
    """In the place of `subprocess.Popen(command)`: the command is a Python and its script."""

    def __init__(self, command: list[str]):
        self.process = FORKS.Process(target=act, args=command[1:])
        self.process.start()

        self.kill, self.wait = self.process.kill, self.process.join

    @property
    def returncode(self) -> int | None:
        return self.process.exitcode

    def poll(self) -> int | None:
        return self.returncode


@pytest.fixture(scope="module")
def one():
    """Losses and variables of one worker that reads all rows and is never stopped."""
    page = two_workers.of_the_page(two_workers.PAGE)
    model, sums = page["build"](page["H"])
    strategy = tf.distribute.get_strategy()
    step = page["training_step"](strategy, model, sums)
    x, y = page["sine"](page["T"])
    losses = []
    for n in range(STEPS):
        rows = page["rows_of"](n, len(x))
        losses.append(float(step(*page["shares"](strategy, x[rows], y[rows]))))
    return losses, [variable.numpy() for variable in (*model.trainable_variables, *sums)]


def test_two_workers_of_which_one_is_killed_reach_what_one_worker_reaches(one, tmp_path, monkeypatch):
    monkeypatch.setattr(two_workers.subprocess, "Popen", Fork)
    started = two_workers.train(tmp_path, STEPS, KILL)
    assert started == 2
    assert (tmp_path / "killed").exists()
    losses, variables = one
    with np.load(tmp_path / "checkpoint.npz", allow_pickle=False) as kept:
        np.testing.assert_allclose(json.loads(str(kept["so_far"])), losses, rtol=TOLERANCE)
        for n, variable in enumerate(variables):
            np.testing.assert_allclose(kept[f"n{n}"], variable, rtol=1e-4, atol=1e-6)
    assert losses[-1] < losses[0] / 2


def test_workers_that_do_not_come_to_an_end_are_ended(monkeypatch):
    started, begin = [], subprocess.Popen

    def sleeper(command):
        started.append(begin(["sleep", "60"]))
        return started[-1]

    monkeypatch.setattr(two_workers.subprocess, "Popen", sleeper)
    with pytest.raises(TimeoutError, match="the workers were not done"):
        two_workers.together("train", 2, patience=0.1)
    assert [process.returncode for process in started] == [-9, -9]
