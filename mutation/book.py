"""Mutants of the book: break the package or a stored notebook, and see whether the checks notice.

    python mutation/book.py        every row of the table below, two at a time

A row is a page and one change: of the package, which the page must notice when nbval runs it, or of
what the notebook stores, which nbval or tests/test_book.py must notice. Each change is made in a
copy of the project. First every page runs as it is, for a page that fails anyway notices nothing.
Fails when a change goes unnoticed.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from lines import copy_tree
from tqdm import tqdm


class Change(NamedTuple):
    """What is changed, and the page that must notice; ``old`` is text of a file, a cell or an output."""

    page: str
    place: str  # a file of the package, or what of the notebook: see `NOTEBOOK`
    old: str
    new: str = ""


GATES, OF_LSTM = "4-gates/lstm", "scratch/lstm.py"
CHANGES = [
    # the package: order, sign, transposition
    Change(
        "1-memory/recurrent-neuron",
        "scratch/basic_rnn.py",
        "concatenate([inputs, state]",
        "concatenate([state, inputs]",
    ),
    Change(
        "1-memory/recurrent-neuron", "scratch/basic_rnn.py", "(joined @ self.kernel", "(-joined @ self.kernel"
    ),
    Change(
        "3-learning/backpropagation-through-time",
        "scratch/basic_rnn.py",
        "kernel + self.bias",
        "kernel - self.bias",
    ),
    Change(
        "1-memory/memory-cells", "scratch/unroll.py", "state = output, new_state", "state = output, state"
    ),
    Change("1-memory/memory-cells", "protocol.py", "cell must have {", "cell has to have {"),
    Change(
        "1-memory/input-output-sequences", "scratch/activations.py", "np.maximum(a, 0)", "np.minimum(a, 0)"
    ),
    Change("1-memory/sequences", "data.py", "[:-1].copy(), series[size:]", "[1:].copy(), series[size:]"),
    Change("2-unrolling/by-hand", "data.py", "[6, 7, 8]", "[6, 7, 9]"),
    Change(
        "2-unrolling/by-hand",
        "scratch/unroll.py",
        "outputs if time_major else",
        "outputs if not time_major else",
    ),
    Change(
        "2-unrolling/variable-length-inputs",
        "scratch/unroll.py",
        "new_state, state)\n",
        "state, new_state)\n",
    ),
    Change("2-unrolling/variable-length-inputs", "tf/unroll.py", "(t < lengths)", "(t <= lengths)"),
    Change(
        "2-unrolling/variable-length-inputs",
        "scratch/unroll.py",
        "maximum(lengths - 1, 0)",
        "maximum(lengths - 2, 0)",
    ),
    Change("2-unrolling/variable-length-outputs", "data.py", "axis=1) > 0", "axis=1) > 1"),
    # the package: gates, and the figures
    Change(GATES, OF_LSTM, "state.c * f + i * j", "state.c * i + f * j"),
    Change(GATES, "tf/convert.py", "(0, 2, 1, 3)", "(0, 1, 2, 3)"),
    Change("4-gates/gru", "scratch/gru.py", "u * state + (1 - u) * c", "(1 - u) * state + u * c"),
    Change("1-memory/recurrent-neuron", "figures/style.py", "STATE = ", 'STATE = "#dd2222" or '),
    # the notebook: what a cell printed
    Change("1-memory/recurrent-neuron", "output", "0.53704957", "0.53714957"),
    Change("1-memory/recurrent-neuron", "output", "True", "False"),
    Change("1-memory/memory-cells", "output", "second run: [3. 4.]", "second run: [3. 5.]"),
    Change("1-memory/memory-cells", "error", "got function without", "got method without"),
    Change("1-memory/layer-and-batch", "output", "45", "46"),
    Change("1-memory/input-output-sequences", "output", "1.0674", "1.0675"),
    Change("2-unrolling/by-hand", "output", "1.00000000", "1.00010000"),
    Change("1-memory/sequences", "removed output", ""),
    Change("1-memory/recurrent-neuron", "added output", "after 9 steps"),
    # the notebook: figures, sources, what was executed
    Change("1-memory/recurrent-neuron", "swapped figures", ""),
    Change("1-memory/input-output-sequences", "removed figure", ""),
    Change(
        "1-memory/recurrent-neuron",
        "source",
        "b_output = np.array([[1.0], [2.0]])",
        "b_output = np.array([[2.0], [1.0]])",
    ),
    Change("1-memory/memory-cells", "source", "# [B, 1]", "# [B]"),
    Change("1-memory/sequences", "never executed", ""),
]


def with_text(cells: list[Any], old: str) -> tuple[Any, Any]:
    """The first cell and output that print ``old``."""
    return next((cell, out) for cell in cells for out in cell.outputs if old in out.get("text", ""))


def pictures(cells: list[Any]) -> list[tuple[Any, Any]]:
    """All cells and outputs that hold a figure."""
    return [(cell, out) for cell in cells for out in cell.outputs if "image/png" in out.get("data", {})]


def change_output(cells: list[Any], old: str, new: str) -> None:
    _, out = with_text(cells, old)
    out.text = out.text.replace(old, new, 1)


def change_error(cells: list[Any], old: str, new: str) -> None:
    out = next(out for cell in cells for out in cell.outputs if old in out.get("evalue", ""))
    out.evalue = out.evalue.replace(old, new)
    out.traceback = [line.replace(old, new) for line in out.traceback]


def remove_output(cells: list[Any], old: str, new: str) -> None:
    cell, out = with_text(cells, old)
    cell.outputs.remove(out)


def add_output(cells: list[Any], old: str, new: str) -> None:
    cell, out = with_text(cells, old)
    cell.outputs.append(nbformat.NotebookNode(out))


def swap_figures(cells: list[Any], old: str, new: str) -> None:
    (_, first), (_, second) = pictures(cells)[:2]
    first.data["image/png"], second.data["image/png"] = second.data["image/png"], first.data["image/png"]


def remove_figure(cells: list[Any], old: str, new: str) -> None:
    cell, out = pictures(cells)[-1]
    cell.outputs.remove(out)


def change_source(cells: list[Any], old: str, new: str) -> None:
    cell = next(cell for cell in cells if old in cell.source)
    cell.source = cell.source.replace(old, new, 1)


def forget_execution(cells: list[Any], old: str, new: str) -> None:
    cells[-1].execution_count, cells[-1].outputs = None, []


NOTEBOOK: dict[str, Callable[[list[Any], str, str], None]] = {
    "output": change_output,
    "error": change_error,
    "removed output": remove_output,
    "added output": add_output,
    "swapped figures": swap_figures,
    "removed figure": remove_figure,
    "source": change_source,
    "never executed": forget_execution,
}


def apply(change: Change, tree: Path) -> None:
    """Make the change; an ``old`` that is not there is an error of the table."""
    if change.place not in NOTEBOOK:
        path = tree / "rnnbook" / change.place
        text = path.read_text(encoding="utf-8")
        assert text.count(change.old) >= 1, f"{change.place} has no {change.old!r}"
        path.write_text(text.replace(change.old, change.new, 1), encoding="utf-8")
        return
    path = tree / "book" / f"{change.page}.ipynb"
    nb = nbformat.read(path, as_version=4)
    cells = [cell for cell in nb.cells if cell.cell_type == "code"]
    NOTEBOOK[change.place](cells, change.old, change.new)
    path.write_text(nbformat.writes(nb) + "\n", encoding="utf-8")


def fails(tree: Path, *arguments: str) -> bool:
    """Whether pytest fails in a copy of the project, with the package of the copy."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", *arguments]
    environment = os.environ | {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, check=False)
    assert done.returncode in (0, 1), done.stdout.decode()
    return done.returncode == 1


def noticed_by(change: Change) -> str:
    """Which check notices the change, or nothing."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        tree = copy_tree(Path(folder) / "tree")
        if change.place:
            apply(change, tree)
        if fails(tree, "--nbval", f"book/{change.page}.ipynb"):
            return "nbval"
        return "test_book" if change.place in NOTEBOOK and fails(tree, "tests/test_book.py") else ""


def main() -> int:
    pages = sorted({change.page for change in CHANGES})
    rows = [*(Change(page, "", "") for page in pages), *CHANGES]
    with ThreadPoolExecutor(2) as pool:
        found = list(tqdm(pool.map(noticed_by, rows), total=len(rows), unit="change"))
    broken = [page for page, by in zip(pages, found, strict=False) if by]
    for change, by in zip(CHANGES, found[len(pages) :], strict=True):
        what = f"{change.old.strip()!r} -> {change.new.strip()!r}" if change.old else ""
        print(f"{by or 'UNNOTICED':10s} {change.page:36s} {change.place:22s} {what}")
    unnoticed = [change for change, by in zip(CHANGES, found[len(pages) :], strict=True) if not by]
    print(
        f"noticed: {len(CHANGES) - len(unnoticed)} of {len(CHANGES)}; pages that fail as they are: {broken}"
    )
    return int(bool(unnoticed or broken))


if __name__ == "__main__":
    sys.exit(main())
