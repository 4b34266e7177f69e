"""The arithmetic of the figures, `book/_static/rnn.js`. Oracle: `rnnbook.scratch`, which it mirrors.

The tests are in JavaScript, in `tests/figures/`, and run in Node, alone:
`VECTORS=vectors.json node --test tests/figures`, after `python tests/figures/vectors.py vectors.json`.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FIGURES = ROOT / "tests" / "figures"


def test_the_arithmetic_of_the_figures_is_that_of_the_package_and_node_finds_no_fault(tmp_path):
    node = shutil.which("node")
    if node is None and os.environ.get("RNNBOOK_CHROMIUM") != "required":
        pytest.skip("NOT CHECKED: there is no node on the PATH (Debian: apt install nodejs).")
    assert node, "there is no node on the PATH (Debian: apt install nodejs)"
    vectors = tmp_path / "vectors.json"
    subprocess.run([sys.executable, FIGURES / "vectors.py", vectors], check=True)
    tests = sorted(FIGURES.glob("*.test.mjs"))
    command = [node, "--test", "--test-reporter=spec", *tests]
    done = subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", env=os.environ | {"VECTORS": str(vectors)}
    )
    assert done.returncode == 0, done.stdout + done.stderr
