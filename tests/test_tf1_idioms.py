"""TF 1.x code runs when its prefix changes: with sessions, without, and under its old header.

Oracle: the original ops (tf_keras brings the cells back), which idioms.py runs in a process of
its own. Each idiom is the same function for both, with the same weights; in a session the names
of the variables are the same too.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from idioms import EVERYWHERE, IN_SESSIONS, REFUSED, perform

import rnnbook.tf as rnn

BOTH = EVERYWHERE | IN_SESSIONS


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the process wrote."""
    place = tmp_path_factory.mktemp("idioms")
    command = [sys.executable, "-W", "ignore", Path(__file__).with_name("idioms.py"), place]
    environment = {**os.environ, "TF_USE_LEGACY_KERAS": "1", "CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return place


def read(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as file:
        return dict(file)


def agree(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> None:
    assert "error" not in theirs, theirs["error"]
    assert "error" not in ours, ours["error"]
    assert ours.keys() == theirs.keys()
    assert list(ours.pop("names", ())) == list(theirs.pop("names", ()))
    for name, value in theirs.items():
        atol = 1e-10 if value.dtype == "float64" else 1e-6
        assert (ours[name].shape, ours[name].dtype) == (value.shape, value.dtype)
        np.testing.assert_allclose(ours[name], value, rtol=2e-6, atol=atol, err_msg=f"result {name}")


def test_there_are_enough_idioms_to_speak_of_tf_1x_code():
    assert len(EVERYWHERE) >= 40 and len(BOTH) >= 60


@pytest.mark.parametrize("name", BOTH)
def test_in_a_session_it_comes_to_what_the_original_ops_come_to(folder, tmp_path, name):
    agree(perform(BOTH[name], rnn, tmp_path, sessions=True), read(folder / "originals" / f"{name}.npz"))


@pytest.mark.parametrize("name", BOTH)
def test_it_does_so_under_disable_v2_behavior(folder, name):
    agree(read(folder / "ours" / f"{name}.npz"), read(folder / "originals" / f"{name}.npz"))


@pytest.mark.parametrize("name", EVERYWHERE)
def test_without_a_session_too(folder, tmp_path, name):
    theirs = read(folder / "originals" / f"{name}.npz")
    del theirs["names"]
    agree(perform(EVERYWHERE[name], rnn, tmp_path, sessions=False), theirs)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_offered_is_refused_in_a_sentence_that_says_what_is(folder, tmp_path, name):
    function, words = REFUSED[name]
    for sessions in (True, False):
        with pytest.raises((TypeError, ValueError), match=re.escape(words)):
            perform(function, rnn, tmp_path, sessions)
    under_the_header = str(read(folder / "ours" / f"{name}.npz")["error"])
    assert words.partition(";")[0] in under_the_header
    assert "error" not in read(folder / "originals" / f"{name}.npz")


CELLS = ["BasicRNNCell", "BasicLSTMCell", "LSTMCell", "GRUCell"]
WRAPPERS = ["MultiRNNCell", "DropoutWrapper", "ResidualWrapper"]
UNROLLERS = ["static_rnn", "dynamic_rnn", "bidirectional_dynamic_rnn", "static_bidirectional_rnn"]


@pytest.mark.parametrize("name", CELLS + WRAPPERS + UNROLLERS)
def test_its_arguments_stand_in_the_order_of_the_original_and_under_its_names(folder, name):
    theirs = json.loads((folder / "arguments.json").read_text())[name]
    ours = getattr(rnn, name)
    assert (ours.__init__ if isinstance(ours, type) else ours).by_position == [
        argument for argument in theirs if argument != "self"
    ]


def test_the_road_of_the_dictionary_that_keeps_the_originals(folder):
    assert (folder / "dictionary.txt").read_text() == "(1, 2, 5)\n"
