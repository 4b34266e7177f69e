"""The arithmetic of the figures, `book/_static/rnn.js`. Oracle: `rnnbook.scratch`, which it mirrors.

The tests are in JavaScript, in `tests/figures/`, and run in Node; without pytest like this:
`python tests/figures/vectors.py vectors.json; VECTORS=vectors.json node --test tests/figures`.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FIGURES = Path(__file__).resolve().parent / "figures"


def find_node() -> str:
    """Node on the PATH. Where it is missing, `make code` says what is not checked; `.ci/run` asks for it."""
    node = shutil.which("node")
    if node is None and os.environ.get("RNNBOOK_CHROMIUM") != "required":
        pytest.skip("there is no node on the PATH (Debian: apt install nodejs)")
    assert node, "there is no node on the PATH (Debian: apt install nodejs)"
    return node


def test_the_arithmetic_of_the_figures_is_that_of_the_package_and_keeps_its_own_laws(tmp_path):
    node, vectors = find_node(), tmp_path / "vectors.json"
    subprocess.run([sys.executable, FIGURES / "vectors.py", vectors], check=True)
    command = [node, "--test", "--test-reporter=spec", *sorted(FIGURES.glob("*.test.mjs"))]
    environment = os.environ | {"VECTORS": str(vectors)}
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=environment)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("required", ["", "required"])
def test_without_node_the_test_is_skipped_or_fails_where_a_browser_is_required(monkeypatch, required):
    monkeypatch.setattr(shutil, "which", lambda program: None)
    monkeypatch.setenv("RNNBOOK_CHROMIUM", required)
    with pytest.raises(AssertionError if required else pytest.skip.Exception, match="no node on the PATH"):
        find_node()
