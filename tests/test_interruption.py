"""Long runs: whatever stops `make notebooks`, every notebook is the old one or the new one, whole."""

import contextlib
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

PATIENCE = 120  # seconds, for a machine that is busy
TOOLS = Path(__file__).resolve().parent.parent / "tools"
HEADER = """---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {name: python3, display_name: Python 3}
---

# A page
"""


def cell(code: str) -> str:
    return f"\n```{{code-cell}} python\n{code}\n```\n"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A small repository with one page, executed when its text was another."""
    root = tmp_path / "small"
    for folder in ("book", "rnnbook", "tools"):
        (root / folder).mkdir(parents=True)
    for name in ("environment.py", "notebooks.py"):
        shutil.copy(TOOLS / name, root / "tools")
    (root / "requirements.txt").write_text("numpy\n")
    write_old(root / "book" / "page.ipynb")
    return root


def write(root: Path, *codes: str, name: str = "page") -> None:
    (root / "book" / f"{name}.md").write_text(HEADER + "".join(map(cell, codes)))


def write_old(notebook: Path) -> None:
    old = nbformat.v4.new_code_cell('print("old")', outputs=[nbformat.v4.new_output("stream", text="old\n")])
    nbformat.write(nbformat.v4.new_notebook(cells=[old]), notebook)


def run(root: Path, **options: Any) -> subprocess.Popen:
    """`make notebooks` of the small repository."""
    command = [sys.executable, str(root / "tools" / "notebooks.py")]
    pipes = dict(stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    return subprocess.Popen(command, cwd=root, start_new_session=True, **pipes, **options)


def finish(process: subprocess.Popen) -> tuple[int, str]:
    """Its exit code and what it said."""
    _, errors = process.communicate(timeout=PATIENCE)
    return process.returncode, errors


def wait_until(happened: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


def printed(root: Path, name: str = "page") -> list[str]:
    """What a page's notebook says, after it was found to be whole."""
    notebook = nbformat.read(root / "book" / f"{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    return [out.text.strip() for part in notebook.cells for out in part.get("outputs", [])]


def files(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


def left_behind(root: Path) -> list[str]:
    """Files that a broken write would leave beside the page."""
    return [path.name for path in (root / "book").iterdir() if path.name.startswith(".")]


def running(root: Path) -> list[Path]:
    """The processes whose folder is the small repository: the tool and its kernels."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile, or belongs to somebody else
            if (process / "cwd").readlink().is_relative_to(root):
                found.append(process)
    return found


STEPS = [  # each cell says that it runs, and lasts until the file "go" is there
    f"""import pathlib, time
pathlib.Path("{name}").touch()
while not pathlib.Path("go").exists():
    time.sleep({0.05 if name == "second" else 0})
    if "{name}" == "first":
        break
print("{name}")"""
    for name in ("first", "second")
]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda how: how.name)
def test_an_interrupted_run_leaves_all_as_it_was_and_no_kernel(book, how):
    write(book, *STEPS)
    before = files(book)
    process = run(book)
    wait_until((book / "book" / "second").exists)
    process.send_signal(how)
    code, errors = finish(process)
    assert code == (-how if how == signal.SIGKILL else 130), errors
    if how != signal.SIGKILL:
        assert (
            errors == "notebooks: interrupted. Every notebook is whole; the command goes on where it was.\n"
        )
    wait_until(lambda: not running(book))
    for step in ("first", "second"):
        (book / "book" / step).unlink()  # what the cells themselves wrote
    assert files(book) == before
    if how == signal.SIGKILL:  # the others left the same files, from which the command does the same
        (book / "book" / "go").touch()
        assert finish(run(book)) == (0, "")
        assert printed(book) == ["first", "second"]


def test_a_kill_while_the_notebook_is_written_leaves_the_old_one(book):
    """The moment between the new file and its move into place, made long."""
    write(book, 'print("new")')
    tool = book / "tools" / "notebooks.py"
    text = tool.read_text()
    assert text.count("        scratch.replace(path)\n") == 1
    tool.write_text(text.replace("        scratch.replace(path)\n", "        import time; time.sleep(60)\n"))
    process = run(book)
    wait_until(lambda: left_behind(book))
    process.kill()
    finish(process)
    assert printed(book) == ["old"]
    tool.write_text(text)
    assert finish(run(book)) == (0, "")
    assert printed(book) == ["new"]


def test_two_runs_at_once_do_not_corrupt_each_other(book):
    write(book, *STEPS)
    both = [run(book), run(book)]
    wait_until(lambda: len(running(book)) == 4)  # two tools, two kernels
    (book / "book" / "go").touch()
    assert [finish(process) for process in both] == [(0, ""), (0, "")]
    assert printed(book) == ["first", "second"]
    assert left_behind(book) == []


def test_each_page_that_goes_wrong_keeps_its_notebook_and_is_named_and_the_others_are_executed(book):
    """A cell that hangs; a disk that is full, for which a limit on the size of files stands in; a place
    that cannot be written, which is told before the page runs."""
    write(book, 'print("fine")', "# wait for ever\nimport time\nwhile True:\n    time.sleep(1)", name="hangs")
    write(book, 'print("x" * 100_000)', name="large")
    write(book, 'import pathlib; pathlib.Path("ran").touch()', name="placed")
    write(book, 'print("new")')
    for name in ("hangs", "large"):
        write_old(book / "book" / f"{name}.ipynb")
    (book / "book" / "placed.ipynb").mkdir()
    tool = book / "tools" / "notebooks.py"
    tool.write_text(tool.read_text().replace("CELL_SECONDS = 120", "CELL_SECONDS = 10"))
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))  # noqa: E731
    code, errors = finish(run(book, preexec_fn=limit))
    assert code == 1
    kept = "could not write its notebook, the old one is kept"
    *unwritable, hanging = sorted(errors.strip().split("\n\nbook/"), key=lambda told: "hangs" in told)
    assert sorted(told.removeprefix("book/") for told in unwritable) == [
        f"large.md: {kept}: [Errno 27] File too large",
        f"placed.md: {kept}: cannot write placed.ipynb",
    ]
    assert "hangs.md: CellTimeoutError" in hanging
    assert "# wait for ever" in hanging
    assert printed(book, "hangs") == printed(book, "large") == ["old"]
    assert printed(book) == ["new"]
    assert not (book / "book" / "ran").exists()
    assert left_behind(book) == []
    assert running(book) == []
