"""The tools are tested on themselves: each defect a notebook may have makes the checks fail."""

import ast
import base64
import importlib
import io
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import jupytext
import matplotlib.image
import nbformat
import notebooks
import numpy as np
import pytest
import take_along
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PAGE = """---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {name: python3, display_name: Python 3}
---

# A page

```{code-cell} python
import sys

import matplotlib.pyplot as plt

print("a log line", file=sys.stderr)
print("rmse 0.1234, 7 steps, least 4.0e-08")
```

```{code-cell} python
fig, ax = plt.subplots(figsize=(3, 2))
ax.plot([1, 2, 4])
plt.show()
```

```{code-cell} python
---
tags: [raises-exception]
---
raise ValueError("expected")
```
"""
CODE_CELLS = PAGE.count("{code-cell}")
DIES = "import os\nos._exit(7)"


def execute(page: Path, root: Path) -> Path:
    failures = notebooks.asyncio.run(notebooks.execute_all([page], root, 1))
    assert failures == []
    return page.with_suffix(".ipynb")


@pytest.fixture(scope="module")
def book(tmp_path_factory) -> Path:
    """A small repository with one executed page."""
    root = tmp_path_factory.mktemp("small")
    (root / "book").mkdir()
    (root / "rnnbook").mkdir()
    (root / "rnnbook" / "__init__.py").write_text("")
    (root / "requirements.txt").write_text("numpy\n")
    shutil.copy(ROOT / "book" / "conftest.py", root / "book")
    (root / "book" / "page.md").write_text(PAGE)
    execute(root / "book" / "page.md", root)
    return root


def compare(root: Path, environment: dict[str, str]) -> subprocess.CompletedProcess:
    """nbval's verdict on the small repository, as `make outputs` asks for it."""
    options = ["-q", "-p", "no:cacheprovider", "-o", f"pythonpath={ROOT / 'tools'}"]
    command = [sys.executable, "-m", "pytest", *options, "--nbval", "book"]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, env=environment)


@pytest.fixture(scope="module")
def someones(tmp_path_factory) -> dict[str, str]:
    """The environment of a person whose variables and settings change what pages show."""
    home = tmp_path_factory.mktemp("home")
    settings = {
        ".config/matplotlib/matplotlibrc": "figure.dpi: 30",
        ".ipython/profile_default/startup/0.py": "print = repr",
        ".ipython/profile_default/ipython_kernel_config.py": "c.InlineBackend.figure_formats = set()",
        ".keras/keras.json": '{"backend": "torch"}',
        ".matplotlib/matplotlibrc": "figure.dpi: 40",
        ".jupyter/jupyter_config.json": '{"KernelManager": {"shutdown_wait_time": -1}}',
        "share/kernels/python3/kernel.json": '{"argv": ["false"], "display_name": "", "language": ""}',
        "start.py": "1 / 0",
    }
    for name, text in settings.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    variables = {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "IPYTHONDIR": str(home / ".ipython"),
        "JUPYTER_PATH": str(home / "share"),
        "JUPYTER_DATA_DIR": str(home / "share"),
        "JUPYTER_CONFIG_DIR": str(home / ".jupyter"),
        "PYTEST_ADDOPTS": "--nbval-lax",
        "MPLBACKEND": "agg",
        "MATPLOTLIBRC": str(home / ".matplotlib"),
        "MPLCONFIGDIR": str(home / ".matplotlib"),
        "KERAS_BACKEND": "torch",
        "TF_USE_LEGACY_KERAS": "1",
        "PYTHONSTARTUP": str(home / "start.py"),
        "PYTHONOPTIMIZE": "2",
    }
    return os.environ | variables


def replace(old: str, new: str):
    def change(notebook):
        out = notebook.cells[1].outputs[0]
        assert old in out.text
        out.text = out.text.replace(old, new)

    return change


def give_room(old: str, new: str, **room: float):
    def change(notebook):
        replace(old, new)(notebook)
        notebook.cells[1].metadata.update(room)

    return change


def shift_a_line(notebook):
    """Draw the figure with one point moved a little."""
    out = notebook.cells[2].outputs[0]
    pixels = matplotlib.image.imread(io.BytesIO(base64.b64decode(out.data["image/png"])))
    buffer = io.BytesIO()
    matplotlib.image.imsave(buffer, np.roll(pixels, 3, axis=0))
    out.data["image/png"] = base64.b64encode(buffer.getvalue()).decode()


def forget_a_run(notebook):
    notebook.cells[1].execution_count = None
    notebook.cells[1].outputs = []


def raise_in_a_cell(notebook):
    notebook.cells[1].source += "\nundefined_name"


def stop_raising(notebook):
    notebook.cells[3].source = "print('fine')"


def raise_another_error(notebook):
    out = notebook.cells[3].outputs[0]
    out.evalue, out.traceback = "unexpected", ["ValueError: unexpected"]


def say_it_twice(notebook):
    notebook.cells[1].outputs *= 2


def lose_a_figure(notebook):
    notebook.cells[2].outputs = []


def lose_an_output(notebook):
    notebook.cells[1].outputs = []


def draw_for_nobody(notebook):
    notebook.cells[2].source = notebook.cells[2].source.replace("plt.show()", "plt.close()")


CHANGES = {
    "an honest notebook": lambda notebook: None,
    "rounding noise": replace("0.1234", "0.123401"),
    "a small number within the room of its cell": give_room("4.0e-08", "5.0e-08", room=2e-8),
    "a number within the tolerance of its cell": give_room("0.1234", "0.1235", tolerance=0.01),
    "a small number beyond the room of its cell": give_room("4.0e-08", "7.0e-08", room=2e-8),
    "a number beyond the tolerance of its cell": give_room("0.1234", "0.1334", tolerance=0.01),
    "a changed last digit of a small number": replace("4.0e-08", "4.1e-08"),
    "a small number of the other sign": replace("4.0e-08", "-4.0e-08"),
    "a changed last digit": replace("0.1234", "0.1235"),
    "a changed whole number": replace("7", "8"),
    "a changed word": replace("rmse", "mse"),
    "a changed figure": shift_a_line,
    "an unexecuted cell": forget_a_run,
    "a cell that raises": raise_in_a_cell,
    "a cell that no longer raises": stop_raising,
    "another error": raise_another_error,
    "an output that comes twice": say_it_twice,
    "a lost figure": lose_a_figure,
    "a lost output": lose_an_output,
    "a figure that does not come": draw_for_nobody,
}


@pytest.fixture(scope="module")
def told(book, someones, tmp_path_factory) -> str:
    """What nbval tells of the changed copies of the page, all after one another in one notebook, and of one whose
    kernel dies.

    A person's own settings are around it, which would change every one of them.
    """
    folder = tmp_path_factory.mktemp("changed") / "book"
    folder.mkdir()
    shutil.copy(book / "book" / "conftest.py", folder)
    copies = nbformat.v4.new_notebook()
    for name, change in CHANGES.items():
        notebook = nbformat.read(book / "book" / "page.ipynb", as_version=4)
        change(notebook)
        copies.cells += [cell for cell in notebook.cells if cell.cell_type == "code"]
        for cell in copies.cells[-CODE_CELLS:]:
            cell.id = f"{name}-{cell.id}".replace(" ", "-")
    nbformat.write(copies, folder / "copies.ipynb")
    notebook = nbformat.read(book / "book" / "page.ipynb", as_version=4)
    notebook.cells[1].source = DIES
    nbformat.write(notebook, folder / "dies.ipynb")
    done = compare(folder.parent, someones)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def failed_cells(told: str, notebook: str) -> list[int]:
    return [int(cell) for cell in re.findall(rf"^FAILED book/{notebook}\.ipynb::Cell (\d+)", told, re.M)]


@pytest.fixture(scope="module")
def verdicts(told) -> dict[str, bool]:
    """Whether nbval passes each changed copy of the page."""
    failed = {cell // CODE_CELLS for cell in failed_cells(told, "copies")}
    return {name: place not in failed for place, name in enumerate(CHANGES)}


@pytest.mark.parametrize("name", list(CHANGES)[:4])
def test_what_is_right_passes(verdicts, name):
    assert verdicts[name]


@pytest.mark.parametrize("name", list(CHANGES)[4:])
def test_a_defect_fails(verdicts, name):
    assert not verdicts[name]


def test_nothing_of_the_person_who_runs_a_page_changes_what_it_shows(book, someones, tmp_path):
    root = tmp_path / "copy"
    shutil.copytree(book, root)
    shutil.copytree(ROOT / "tools", root / "tools")
    command = [sys.executable, "tools/notebooks.py", "--all"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, env=someones)
    assert done.returncode == 0, done.stderr
    assert (root / "book" / "page.ipynb").read_bytes() == (book / "book" / "page.ipynb").read_bytes()


def test_of_the_path_of_the_person_who_runs_a_page_nothing_counts_but_this_project():
    """A mutant of the package stands in a copy of the project, whose pages must run it and not the installed one."""
    said = "import environment, os; environment.isolate(); print(os.environ['PYTHONPATH'])"
    path = os.pathsep.join(map(str, ["/elsewhere", ROOT, ROOT / "tools" / "guard", ROOT / "book"]))
    done = subprocess.run(
        [sys.executable, "-c", said],
        cwd=ROOT / "tools",
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
    )
    assert done.stdout.strip() == os.pathsep.join(map(str, [ROOT, ROOT / "tools" / "guard"]))


def test_a_page_that_draws_for_nobody_is_refused(book, tmp_path):
    root = tmp_path / "copy"
    shutil.copytree(book, root)
    page = root / "book" / "page.md"
    before = page.with_suffix(".ipynb").read_bytes()
    page.write_text(PAGE.replace("import sys\n", 'import matplotlib\nmatplotlib.use("agg")\nimport sys\n'))
    (failure,) = notebooks.asyncio.run(notebooks.execute_all([page], root, 1))
    assert failure.startswith("book/page.md: this cell shows no figure:\nfig, ax =")
    assert page.with_suffix(".ipynb").read_bytes() == before


def test_a_kernel_that_dies_is_named_within_seconds(told):
    assert "the kernel died while it ran this cell" in told
    assert failed_cells(told, "dies") == list(range(CODE_CELLS))  # the cells after it too: nothing ran them


def test_executing_twice_gives_the_same_bytes(book):
    notebook = book / "book" / "page.ipynb"
    first = notebook.read_bytes()
    assert notebooks.asyncio.run(notebooks.execute_all([book / "book" / "page.md"], book, 1, anew=True)) == []
    assert notebook.read_bytes() == first


def test_a_notebook_is_canonical(book):
    notebook = nbformat.read(book / "book" / "page.ipynb", as_version=4)
    assert all(out.get("name") != "stderr" for out in notebook.cells[1].outputs)
    assert set(notebook.metadata) == {"kernelspec", "language_info", "jupytext", "rnnbook"}
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    assert "execution" not in notebook.cells[1].metadata


@pytest.mark.parametrize("touched", ["book/page.md", "rnnbook/__init__.py", "requirements.txt"])
def test_a_page_is_stale_when_text_package_or_lock_changes(book, touched):
    page, path = book / "book" / "page.md", book / touched
    assert not notebooks.is_stale(page, book)
    before = path.read_text()
    path.write_text(before + "\n")
    assert notebooks.is_stale(page, book)
    path.write_text(before)
    assert not notebooks.is_stale(page, book)


def test_a_page_is_stale_when_data_change_that_it_names_and_no_others(tmp_path):
    (tmp_path / "requirements.txt").touch()
    page, own, others = (tmp_path / name for name in ("page.md", "own.json", "others.json"))
    page.write_text('reads "own.json"')
    nb = nbformat.v4.new_notebook()
    before = notebooks.fingerprint(page, nb, tmp_path)
    others.write_text("[2]")
    assert notebooks.fingerprint(page, nb, tmp_path) == before
    own.write_text("[1]")
    assert notebooks.fingerprint(page, nb, tmp_path) != before


@pytest.mark.parametrize(
    ("old", "new", "runs"),
    [
        ("# A page", "# A page with a longer title", False),
        ("import sys\n", "import sys  # of Python\n", True),
        ("```{code-cell} python\n", "```{code-cell} python\n---\ntags: [raises-exception]\n---\n", True),
    ],
    ids=["prose", "code", "tag"],
)
def test_outputs_are_kept_where_nothing_but_prose_has_changed(book, tmp_path, monkeypatch, old, new, runs):
    root = Path(shutil.copytree(book, tmp_path / "copy"))
    page, ran = root / "book" / "page.md", []

    async def run(nb, folder, on_start):
        ran.append(folder)
        notebooks.keep_outputs(nb, notebooks.written(page.with_suffix(".ipynb")))

    monkeypatch.setattr(notebooks, "run", run)
    assert old in PAGE
    page.write_text(PAGE.replace(old, new, 1))
    before = notebooks.written(page.with_suffix(".ipynb"))
    assert notebooks.asyncio.run(notebooks.execute_all([page], root, 1)) == []
    after = notebooks.written(page.with_suffix(".ipynb"))
    assert ran == [page.parent] * runs
    assert [cell.get("outputs") for cell in after.cells] == [cell.get("outputs") for cell in before.cells]
    assert [cell.source for cell in after.cells] != [cell.source for cell in before.cells] or "tags" in new
    assert not notebooks.is_stale(page, root)


def test_a_check_names_the_stale_pages_and_runs_none(book, monkeypatch, capsys):
    monkeypatch.setattr(notebooks, "ROOT", book)
    monkeypatch.setattr(sys, "argv", ["notebooks.py", "--check"])
    assert notebooks.main() == 0
    page = book / "book" / "page.md"
    page.write_text(PAGE + "\nmore\n")
    assert notebooks.main() == 1
    page.write_text(PAGE)
    assert capsys.readouterr().out.splitlines()[-1].endswith("run make notebooks: book/page.md")


def test_a_page_without_a_whole_notebook_is_stale(book, tmp_path):
    shutil.copytree(book, tmp_path / "copy")
    page = tmp_path / "copy" / "book" / "page.md"
    page.with_suffix(".ipynb").write_text("{")
    assert notebooks.is_stale(page, tmp_path / "copy")
    page.with_suffix(".ipynb").unlink()
    assert notebooks.is_stale(page, tmp_path / "copy")


def test_a_page_that_fails_keeps_its_old_notebook_and_is_named(book, tmp_path):
    root = tmp_path / "copy"
    shutil.copytree(book, root)
    page = root / "book" / "page.md"
    before = page.with_suffix(".ipynb").read_bytes()
    page.write_text(PAGE.replace("import sys\n", "1 / 0\nimport sys\n"))
    failures = notebooks.asyncio.run(notebooks.execute_all([page], root, 1))
    assert len(failures) == 1
    assert failures[0].startswith("book/page.md: CellExecutionError")
    assert "ZeroDivisionError" in failures[0]
    assert page.with_suffix(".ipynb").read_bytes() == before
    assert [path.name for path in (root / "book").glob(".*")] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("jupytext:\n", "jupytext:\n  broken: [1\n"),
        ("```{code-cell} python\n", "```{code-cell} python\n---\ntags: [1\n---\n"),
    ],
    ids=["header", "cell"],
)
def test_a_page_whose_yaml_cannot_be_read_is_named(book, tmp_path, old, new):
    root = Path(shutil.copytree(book, tmp_path / "copy"))
    page = root / "book" / "page.md"
    text = page.read_text()
    assert old in text
    page.write_text(text.replace(old, new, 1))
    (failure,) = notebooks.asyncio.run(notebooks.execute_all([page], root, 1))
    assert failure.startswith("book/page.md: its header, or the options of a cell, cannot be read: ")


def test_what_jupyter_leaves_behind_is_no_page(book):
    checkpoints = ".ipynb_checkpoints/page-checkpoint"
    left = f"book/{checkpoints}.md", f"book/{checkpoints}.ipynb", "book/.virtual_documents/page.ipynb"
    left += "book/.~page.md", "rnnbook/.ipynb_checkpoints/__init__-checkpoint.py"
    for name in left:
        (book / name).parent.mkdir(exist_ok=True)
        (book / name).write_text(PAGE)
    page = book / "book" / "page.md"
    assert notebooks.find_pages(book) == [page]
    assert notebooks.below(book / "book", "*.ipynb") == [page.with_suffix(".ipynb")]
    assert not notebooks.is_stale(page, book)
    for name in left:
        (book / name).unlink()


def test_a_checkout_on_windows_is_as_fresh_as_any_other(book, tmp_path):
    root = tmp_path / "copy"
    shutil.copytree(book, root)
    for path in [*root.rglob("*.md"), *root.rglob("*.py"), root / "requirements.txt"]:
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert notebooks.find_pages(root) == [root / "book" / "page.md"]
    assert not notebooks.is_stale(root / "book" / "page.md", root)


def test_a_newer_text_is_not_written_over_by_a_notebook(book, tmp_path):
    shutil.copytree(book, tmp_path / "copy")
    page = tmp_path / "copy" / "book" / "page.md"
    page.write_text(PAGE + "\nmore\n")
    with pytest.raises(notebooks.Refused, match=r"page\.md was edited since page\.ipynb was made from it"):
        notebooks.to_text(page.with_suffix(".ipynb"))
    assert page.read_text() == PAGE + "\nmore\n"
    page.unlink()
    assert notebooks.to_text(page.with_suffix(".ipynb")) == page


def test_a_notebook_with_an_edit_is_not_written_over_by_its_text(book, tmp_path):
    root = tmp_path / "copy"
    shutil.copytree(book, root)
    page = root / "book" / "page.md"
    notebook = nbformat.read(page.with_suffix(".ipynb"), as_version=4)
    notebook.cells[1].source += "\nprint(1 + 1)"
    nbformat.write(notebook, page.with_suffix(".ipynb"))
    before = page.with_suffix(".ipynb").read_bytes()
    (failure,) = notebooks.asyncio.run(notebooks.execute_all([page], root, 1))
    assert failure.startswith("book/page.md: its notebook was edited in Jupyter: make text NB=")
    assert page.with_suffix(".ipynb").read_bytes() == before


def test_an_edit_made_in_jupyter_comes_back_to_the_text(book, tmp_path):
    shutil.copytree(book, tmp_path / "copy")
    page = tmp_path / "copy" / "book" / "page.md"
    notebook = nbformat.read(page.with_suffix(".ipynb"), as_version=4)
    notebook.cells[1].source += "\nprint(1 + 1)"
    nbformat.write(notebook, page.with_suffix(".ipynb"))
    notebooks.to_text(page.with_suffix(".ipynb"))
    assert notebooks.find_pages(tmp_path / "copy") == [page]
    cells = jupytext.read(page).cells
    assert cells[1].source.endswith("print(1 + 1)")
    assert cells[3].metadata.tags == ["raises-exception"]


def test_the_lock_answers_what_pyproject_asks():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [
        asks
        for name, asks in project["optional-dependencies"].items()
        if name not in ("bench", "mutants", "nox")
    ]
    asked = [Requirement(line) for line in sum(extras, project["dependencies"])]
    pins = re.findall(r"^([\w.-]+)==([\w.]+)", (ROOT / "requirements.txt").read_text(), re.M)
    locked = {canonicalize_name(name): version for name, version in pins}
    for requirement in asked:
        if requirement.name == "rnnbook":  # the book's extra asks for two others
            continue
        assert requirement.specifier.contains(locked[canonicalize_name(requirement.name)])
    assert "://" not in (ROOT / "requirements.txt").read_text()


def test_other_versions_collect_no_test_of_the_book():
    """What they collect imports no more than they install: the package's extras, and TOOLS of noxfile.py."""
    nox = {
        target.id: ast.literal_eval(node.value)
        for node in ast.parse((ROOT / "noxfile.py").read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and isinstance(target := node.targets[0], ast.Name)
        if target.id in ("OTHERS", "TOOLS")
    }
    files = {path.stem: path for path in (ROOT / "tests").glob("*.py")}
    assert set(nox["OTHERS"]) < files.keys()
    collected = files.keys() - set(nox["OTHERS"])
    installed = {"keras", "matplotlib", "numpy", "rnnbook", "tensorflow", *nox["TOOLS"]}
    for name in collected:
        tree = ast.parse(files[name].read_text(encoding="utf-8"))
        tree.body = [line for line in tree.body if isinstance(line, ast.Import | ast.ImportFrom)]
        modules = take_along.imported(tree)
        tops = {module.split(".")[0] for module in modules} - sys.stdlib_module_names
        assert tops <= installed | collected, name


def without_make() -> dict[str, str]:
    """The environment as it is where no other make runs around."""
    return {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}


def make(*words: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess:
    environment = without_make() | environment
    return subprocess.run(["make", *words], cwd=cwd, capture_output=True, text=True, env=environment)


def test_a_surviving_mutant_is_listed_once_with_a_reason():
    groups = tomllib.loads((ROOT / "mutation" / "survivors.toml").read_text(encoding="utf-8"))["survivors"]
    assert all(group.keys() == {"reason", "places"} and group["reason"] for group in groups)
    assert len({group["reason"] for group in groups}) == len(groups)
    places = [place for group in groups for place in group["places"]]
    assert len(set(places)) == len(places)
    for file in {place.split()[0] for place in places if "…" not in place.split()[0]}:
        assert (ROOT / "rnnbook" / file).exists(), file


def test_a_mutant_is_told_by_its_function_and_by_what_changed_in_the_line(monkeypatch):
    pytest.importorskip("cosmic_ray")  # of the extra [mutants]
    monkeypatch.syspath_prepend(ROOT / "mutation")
    operators = importlib.import_module("operators")
    source = """class A:

    @property
    def a(self):
        return

def b(x: int=1, *, y):
    return not x == y
"""
    found = [(mutant.line, mutant.place) for mutant in operators.mutants_of("x.py", source)]
    assert sorted(found) == [
        (3, "x.py A.a: {@property => }"),
        (5, "x.py A.a: {return => pass}"),
        (7, "x.py b: def b(x: int={1 => 0}, *, y):"),
        (7, "x.py b: def b(x: int={1 => 2}, *, y):"),
        (8, "x.py b: return x {!= => ==} y"),
        (8, "x.py b: {return x != y => pass}"),
    ]


def test_a_listed_place_is_a_rule_where_it_leaves_something_open(monkeypatch):
    pytest.importorskip("cosmic_ray")
    monkeypatch.syspath_prepend(ROOT / "mutation")
    runner = importlib.import_module("runner")
    place = "tf/wrappers.py f: for a in zip(b, c{, strict=True => }):"
    assert runner.matches(place, place)
    assert runner.matches("…{, strict=True => }…", place)
    assert not runner.matches("tf/gru.py …{, strict=True => }…", place)
    assert not runner.matches("…{, strict=True => }", place)


def test_make_alone_prints_help():
    done = make()
    assert done.returncode == 0
    for command in [
        "book",
        "test",
        "check",
        "serve",
        "lab",
        "notebooks",
        "lint",
        "format",
        "lock",
        "clean",
        "text",
    ]:
        assert f"make {command} " in done.stdout


def test_the_check_tells_of_each_part_how_long_it_took_and_stops_at_the_first_that_fails(tmp_path):
    (tmp_path / "Makefile").write_text("good:\n\t@echo fine\nbad:\n\t@exit 1\n")
    words = ["sh", str(ROOT / "tools" / "parts.sh"), "good", "bad", "good"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, env=without_make())
    assert done.returncode != 0
    lines = [line.split() for line in done.stdout.splitlines()]
    told = [["good", "s"], ["bad", "s", "FAILED"], ["all", "s"]]
    assert lines[:3] == [["==", "good"], ["fine"], ["==", "bad"]]
    assert [[word for word in line if not word.isdigit()] for line in lines[3:]] == told


def test_parts_of_the_check_that_run_side_by_side_are_told_apart_and_both_must_pass(tmp_path):
    (tmp_path / "Makefile").write_text("good:\n\t@echo fine\nbad:\n\t@echo poor; exit 1\n")
    for parts, last in (("good+bad", "poor"), ("bad+good", "fine")):
        words = ["sh", str(ROOT / "tools" / "parts.sh"), parts, "good"]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, env=without_make())
        assert done.returncode != 0
        lines = done.stdout.splitlines()
        first, second = parts.split("+")
        assert lines.index(f"== {first}") < lines.index(f"== {second}") < lines.index(last)
        assert [line.split()[0] for line in lines if line.endswith("FAILED")] == ["bad"]


def test_make_elsewhere_says_where_to_go(tmp_path):
    done = make("-f", str(ROOT / "Makefile"), "test", cwd=tmp_path)
    assert done.returncode != 0
    assert "run make in the folder of the repository" in done.stderr


def copy_for_setup(tmp_path: Path) -> Path:
    (tmp_path / "tools").mkdir()
    (tmp_path / "rnnbook").mkdir()
    for file in ("Makefile", "tools/setup_venv.sh", "rnnbook/protocol.py"):
        shutil.copy(ROOT / file, tmp_path / file)
    (tmp_path / "requirements.txt").write_text("")
    return tmp_path


def fake_python(folder: Path, body: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "python3"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def test_setup_names_the_python_it_needs(tmp_path):
    copy = copy_for_setup(tmp_path)
    old = fake_python(tmp_path / "bin", 'case "$1" in --version) echo Python 3.8.20;; *) exit 1;; esac')
    done = make("notebooks", cwd=copy, PYTHON=str(old))
    assert done.returncode != 0
    assert "is not a Python 3.11, 3.12 or 3.13" in done.stderr
    done = subprocess.run(
        ["/bin/sh", "tools/setup_venv.sh"],
        cwd=copy,
        capture_output=True,
        text=True,
        env={"PATH": f"{old.parent}"},
    )
    assert done.returncode != 0
    assert "needs Python 3.11, 3.12 or 3.13 on the PATH; found Python 3.8.20" in done.stderr


def test_setup_says_when_the_install_fails(tmp_path):
    """With a Python that can do all but install."""
    copy = copy_for_setup(tmp_path)
    body = """case "$2" in
        venv) mkdir -p "$3/bin" && cp "$0" "$3/bin/python";;
        pip) echo no such package >&2; exit 1;;
    esac"""
    done = make("notebooks", cwd=copy, PYTHON=str(fake_python(tmp_path / "bin", body)))
    assert done.returncode != 0
    assert "no such package\n\nsetup: pip could not install requirements.txt" in done.stderr
    assert not (copy / ".venv" / "ready").exists()


def test_what_a_person_tells_pytest_is_not_told_to_the_checks(tmp_path):
    copy = copy_for_setup(tmp_path)
    (copy / ".venv" / "bin").mkdir(parents=True)
    (copy / ".venv" / "home").write_text(f"{copy}\n")
    (copy / ".venv" / "ready").touch()
    fake_python(copy / ".venv" / "bin", 'echo "$2 with <$PYTEST_ADDOPTS>"').rename(
        copy / ".venv" / "bin" / "python"
    )
    done = make("code", cwd=copy, PYTEST_ADDOPTS="-k nothing")
    assert "pytest with <>" in done.stdout, done.stderr


@pytest.mark.parametrize("required", ["", "required"])
def test_without_chromium_the_pages_are_said_to_be_unchecked_or_fail(tmp_path, required):
    """`make test` says so in a line of its own; where a browser is required, the browser tests run and fail."""
    copy = copy_for_setup(tmp_path)
    bare = tmp_path / "bare"
    bare.mkdir()
    for program in ("cat", "echo", "make", "rm", "sh"):
        (bare / program).symlink_to(shutil.which(program))
    (copy / ".venv" / "bin").mkdir(parents=True)
    (copy / ".venv" / "home").write_text(f"{copy}\n")
    (copy / ".venv" / "ready").touch()
    fake_python(copy / ".venv" / "bin", "echo ran $*; exit 1").rename(copy / ".venv" / "bin" / "python")
    done = make("pages", cwd=copy, PATH=str(bare), RNNBOOK_CHROMIUM=required)
    assert ("NOT CHECKED: there is no chromium" in done.stdout) == (not required)
    assert ("ran -m pytest -q -n 3 --dist loadgroup tests/test_pages.py" in done.stdout) == bool(required)
    assert (done.returncode == 0) == (not required)
