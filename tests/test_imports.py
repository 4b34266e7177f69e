"""What importing costs, what is public, how long files are.

Oracles: the rules of the design, read from the syntax trees and from a fresh interpreter.
"""

import ast
import importlib
import inspect
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import rnnbook

PACKAGE = Path(rnnbook.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
PUBLIC = ["rnnbook.scratch", "rnnbook.tf", "rnnbook.figures"]
PROTOCOL_NAMES = {"Cell", "LSTMStateTuple"}  # described in rnnbook.protocol, taught everywhere
every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))


def imported_modules(path):
    """The dotted names that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports by dots: write the whole name"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_each_half_imports_numpy_and_the_libraries_its_extra_declares():
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["project"]
    asks = {"": project["dependencies"]} | project["optional-dependencies"]
    declared = {extra: {re.match(r"[\w-]+", line).group() for line in lines} for extra, lines in asks.items()}
    imported = {"": set(), "tf": set(), "figures": set()}
    for path in FILES:
        folder = path.relative_to(PACKAGE).parts[0]
        libraries = {name.split(".")[0] for name in imported_modules(path)} - {"rnnbook"}
        imported[folder if folder in imported else ""] |= libraries - set(sys.stdlib_module_names)
    assert imported["tf"] == declared[""] | declared["tf"]
    assert imported["figures"] == declared[""] | declared["figures"]
    # the other files import these two inside a function alone: a progress bar, the sunspots
    assert imported[""] == declared[""] | {"tqdm", "statsmodels"}
    assert "tqdm" in declared["tf"] and "statsmodels" in declared["book"]


def loaded_by(statement):
    """The top-level modules that a fresh interpreter has loaded after a statement."""
    code = (
        f"{statement}\nimport json, sys\nprint(json.dumps(sorted({{m.split('.')[0] for m in sys.modules}})))"
    )
    # From another folder: the package must be importable as installed.
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/")
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    ("module", "stays_out"),
    [
        ("rnnbook", {"tensorflow", "keras", "matplotlib", "numpy", "statsmodels"}),
        ("rnnbook.scratch", {"tensorflow", "keras", "matplotlib", "statsmodels"}),
        ("rnnbook.data", {"tensorflow", "keras", "matplotlib", "statsmodels"}),
        ("rnnbook.figures", {"tensorflow", "keras", "statsmodels"}),
    ],
)
def test_an_import_loads_nothing_heavy_that_it_does_not_need(module, stays_out):
    loaded = loaded_by(f"import {module}")
    assert "rnnbook" in loaded
    assert not loaded & stays_out


def test_an_import_of_tensorflow_would_be_seen():
    # Otherwise the test above could not fail. A stand-in saves the seconds of the real import.
    stand_in = "import sys, types; sys.modules['tensorflow'] = types.ModuleType('tensorflow')"
    assert "tensorflow" in loaded_by(f"{stand_in}; import rnnbook")


def test_the_halves_never_import_each_other():
    for path in FILES:
        half = path.relative_to(PACKAGE).parts[0]
        names = set(imported_modules(path))
        if half != "tf":
            bad = {name for name in names if name.startswith(("rnnbook.tf", "tensorflow", "keras"))}
            assert not bad, f"{path} imports {bad}"
        if half != "scratch":
            bad = {name for name in names if name.startswith("rnnbook.scratch")}
            assert not bad, f"{path} imports {bad}"


def test_the_protocol_stands_below_the_checks_and_the_checks_below_the_halves():
    own = {path: {n for n in imported_modules(path) if n.startswith("rnnbook")} for path in FILES}
    assert own[PACKAGE / "protocol.py"] == set()
    rooms = [path for path in FILES if path.parent == PACKAGE / "checks"]
    assert len(rooms) > 1
    for room in rooms:
        assert {name.split(".")[1] for name in own[room] if "." in name} <= {"protocol", "checks"}


@every_file
def test_no_file_of_the_package_is_longer_than_250_lines(path):
    assert len(path.read_text().splitlines()) <= 250


@every_file
def test_every_file_of_the_package_opens_with_its_docstring(path):
    assert ast.get_docstring(ast.parse(path.read_text()))


def constants_classes_others(name):
    """The order in which ruff sorts `__all__` (RUF022)."""
    return (not name.isupper(), not name[0].isupper(), name)


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names_are_listed_explicitly_sorted_and_exist(name):
    module = importlib.import_module(name)
    tree = ast.parse(Path(module.__file__).read_text())
    written = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "__all__"
    ]
    assert written == [module.__all__]  # a literal, written once
    assert module.__all__ == sorted(set(module.__all__), key=constants_classes_others)
    imported = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert imported == set(module.__all__)
    for public in module.__all__:
        assert hasattr(module, public)


def test_every_public_function_and_class_says_what_it_does_and_where_it_is_taught():
    for half in ("rnnbook.scratch", "rnnbook.tf"):
        module = importlib.import_module(half)
        for name in module.__all__:
            thing = getattr(module, name)
            assert inspect.getdoc(thing), f"{half}.{name} has no docstring"
            if (inspect.isfunction(thing) or inspect.isclass(thing)) and name not in PROTOCOL_NAMES:
                assert "Taught in: book/" in thing.__doc__, f"{half}.{name} does not say where"


@every_file
def test_every_function_and_class_without_underscore_has_a_docstring(path):
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{path.name}: {node.name}"


def test_cells_unrolling_and_decoding_stand_in_files_of_the_same_name_in_both_halves():
    for half in ("scratch", "tf"):
        names = {path.name for path in (PACKAGE / half).iterdir()}
        assert {"cell.py", "basic_rnn.py", "unroll.py", "decode.py", "sampling.py"} <= names


@pytest.mark.parametrize(
    "name", ["BasicRNNCell", "beam_decode", "greedy_decode", "last_output", "sample_decode"]
)
def test_the_two_halves_take_the_same_arguments_in_the_same_order(name):
    halves = [importlib.import_module(half) for half in ("rnnbook.scratch", "rnnbook.tf")]
    signatures = [inspect.signature(getattr(half, name)).parameters for half in halves]
    assert list(signatures[0]) == list(signatures[1])
    kinds = [[parameter.kind for parameter in parameters.values()] for parameters in signatures]
    assert kinds[0] == kinds[1]
