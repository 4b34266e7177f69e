"""The package installs alone: its wheel, tried in a fresh environment that holds NumPy and nothing else.

Nothing is fetched: NumPy is lent by the environment of the tests, and `--no-index` makes
the installation fail as soon as the wheel asks for anything more.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
import take_along

ROOT = Path(__file__).resolve().parent.parent
UV = str(Path(sys.executable).with_name("uv"))

TRAIN = """
import sys
import tomllib
import numpy as np
import rnnbook.data, rnnbook.scratch as rnn

sys.stderr.isatty = lambda: True  # on a terminal, where a progress bar's library would be asked for
windows, targets = rnnbook.data.sliding_windows(np.sin(np.arange(30.0)), 5)
model = rnn.SequenceRegressor(rnn.BasicLSTMCell(4, num_inputs=1, seed=1), 1, seed=2)
losses = rnn.fit(model, windows[..., None], targets[:, None], rnn.SGD(0.1), steps=2, batch_size=8, seed=3)
print(np.isfinite(losses).all(), len(losses))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    return take_along.build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def python(wheel) -> Path:
    """A new environment with the wheel."""
    home = wheel.parent / "fresh"
    subprocess.run([UV, "venv", "-q", "--offline", "--python", sys.executable, str(home)], check=True)
    (site,) = home.glob("lib/python3.*/site-packages")
    numpy = distribution("numpy")
    for name in {file.parts[0] for file in numpy.files} - {".."}:
        lend = shutil.copytree if name.endswith(".dist-info") else os.symlink  # uv follows no link there
        lend(numpy.locate_file(name), site / name)
    python = home / "bin" / "python"
    install = [UV, "pip", "install", "-q", "--no-index", "--python", str(python), str(wheel)]
    subprocess.run(install, check=True)
    return python


def run(python: Path, code: str) -> subprocess.CompletedProcess:
    return subprocess.run([python, "-I", "-c", code], capture_output=True, text=True)


def test_the_wheel_holds_the_package_its_type_marker_and_nothing_else(wheel):
    files = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    sources = {*(ROOT / "rnnbook").rglob("*.py"), ROOT / "rnnbook" / "py.typed"}
    assert files == {path.relative_to(ROOT).as_posix() for path in sources}


def test_with_numpy_alone_the_numpy_half_trains(python):
    listed = [UV, "pip", "list", "-q", "--format", "freeze", "--python", str(python)]
    held = subprocess.run(listed, capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"^([\w-]+)", held, re.M)) == {"numpy", "rnnbook"}
    done = run(python, TRAIN)
    assert done.stdout == "True 2\n", done.stderr


@pytest.mark.parametrize("half", ["tf", "figures"])
def test_without_its_libraries_a_half_names_the_extra_that_brings_them(python, half):
    done = run(python, f"import rnnbook.{half}")
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"ModuleNotFoundError: rnnbook.{half} needs ")
    assert last.endswith(f": pip install 'rnnbook[{half}]'")


def test_the_version_is_written_in_pyproject_and_the_changelog_has_an_entry_for_it(wheel):
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert wheel.name.startswith(f"rnnbook-{version}-")
    releases = re.findall(r"^## (\d\S*), \d{4}-\d{2}-\d{2}$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert releases[0] == version
    for repeats in ("CITATION.cff", "rnnbook/__init__.py"):
        assert version not in (ROOT / repeats).read_text()
