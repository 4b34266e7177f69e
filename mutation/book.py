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
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from lines import copy_tree
from tqdm import tqdm

# page | a file of the package, or what of the notebook | text of it | the text instead
TABLE = """
1-memory/recurrent-neuron | scratch/basic_rnn.py | concatenate([inputs, state] | concatenate([state, inputs]
1-memory/recurrent-neuron | scratch/basic_rnn.py | (joined @ self.kernel | (-joined @ self.kernel
3-learning/backpropagation-through-time | scratch/basic_rnn.py | kernel + self.bias | kernel - self.bias
1-memory/memory-cells | scratch/unroll.py | state = output, new_state | state = output, state
1-memory/memory-cells | protocol.py | cell must have { | cell has to have {
1-memory/input-output-sequences | scratch/activations.py | np.maximum(a, 0) | np.minimum(a, 0)
1-memory/sequences | data.py | [:-1].copy(), series[size:] | [1:].copy(), series[size:]
2-unrolling/by-hand | data.py | [6, 7, 8] | [6, 7, 9]
2-unrolling/by-hand | scratch/unroll.py | outputs if time_major else | outputs if not time_major else
2-unrolling/variable-length-inputs | scratch/unroll.py | new_state, state) | state, new_state)
2-unrolling/variable-length-inputs | tf/unroll.py | (t < lengths) | (t <= lengths)
2-unrolling/variable-length-inputs | scratch/unroll.py | maximum(lengths - 1, 0) | maximum(lengths - 2, 0)
2-unrolling/variable-length-outputs | data.py | axis=1) > 0 | axis=1) > 1
4-gates/lstm | scratch/lstm.py | state.c * f + i * j | state.c * i + f * j
4-gates/lstm | tf/convert.py | (0, 2, 1, 3) | (0, 1, 2, 3)
4-gates/gru | scratch/gru.py | u * state + (1 - u) * c | (1 - u) * state + u * c
1-memory/recurrent-neuron | figures/style.py | STATE =  | STATE = "#dd2222" or
1-memory/recurrent-neuron | output | 0.53704957 | 0.53714957
1-memory/recurrent-neuron | output | True | False
1-memory/memory-cells | output | second run: [3. 4.] | second run: [3. 5.]
1-memory/memory-cells | error | got function without | got method without
1-memory/layer-and-batch | output | 45 | 46
1-memory/input-output-sequences | output | 0.9888 | 0.9889
2-unrolling/by-hand | output | 1.00000000 | 1.00010000
1-memory/sequences | removed output | |
1-memory/recurrent-neuron | added output | after 9 steps |
1-memory/recurrent-neuron | swapped figures | |
1-memory/input-output-sequences | removed figure | |
1-memory/recurrent-neuron | source | b_output = np.array([[1.0], [2.0]]) | b_output = np.array([[2.0], [1.0]])
1-memory/memory-cells | source | # [B, 1] | # [B]
1-memory/sequences | never executed | |
"""


class Change(NamedTuple):
    """A row of the table."""

    page: str
    place: str
    old: str
    new: str


CHANGES = [Change(*map(str.strip, line.split("|"))) for line in TABLE.strip().splitlines()]


def change_notebook(cells: list[Any], what: str, old: str, new: str) -> None:
    """Change what the code cells of a notebook store."""
    outputs = [(cell, out) for cell in cells for out in cell.outputs]
    printing = [(cell, out) for cell, out in outputs if old in out.get("text", "")]
    figures = [(cell, out) for cell, out in outputs if "image/png" in out.get("data", {})]
    if what == "output":
        out = printing[0][1]
        out.text = out.text.replace(old, new, 1)
    elif what == "error":
        out = next(out for _, out in outputs if old in out.get("evalue", ""))
        out.evalue = out.evalue.replace(old, new)
        out.traceback = [line.replace(old, new) for line in out.traceback]
    elif what in ("removed output", "removed figure"):
        cell, out = printing[0] if what == "removed output" else figures[-1]
        cell.outputs.remove(out)
    elif what == "added output":
        cell, out = printing[0]
        cell.outputs.append(nbformat.NotebookNode(out))
    elif what == "swapped figures":
        one, other = (out.data for _, out in figures[:2])
        one["image/png"], other["image/png"] = other["image/png"], one["image/png"]
    elif what == "source":
        cell = next(cell for cell in cells if old in cell.source)
        cell.source = cell.source.replace(old, new, 1)
    else:  # never executed
        cells[-1].execution_count, cells[-1].outputs = None, []


def apply(change: Change, tree: Path) -> None:
    """Make the change; a text that is not there is an error of the table."""
    if change.place.endswith(".py"):
        path = tree / "rnnbook" / change.place
        text = path.read_text(encoding="utf-8")
        assert change.old in text, f"{change.place} has no {change.old!r}"
        path.write_text(text.replace(change.old, change.new, 1), encoding="utf-8")
        return
    path = tree / "book" / f"{change.page}.ipynb"
    nb = nbformat.read(path, as_version=4)
    change_notebook([cell for cell in nb.cells if cell.cell_type == "code"], *change[1:])
    path.write_text(nbformat.writes(nb) + "\n", encoding="utf-8")


def fails(tree: Path, *arguments: str) -> bool:
    """Whether pytest fails in a copy of the project, with the package of the copy."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", *arguments]
    environment = os.environ | {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, check=False)
    assert done.returncode in (0, 1), done.stdout.decode()
    return done.returncode == 1


def noticed_by(page: str, change: Change | None) -> str:
    """Which check notices the change, or nothing."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        tree = copy_tree(Path(folder) / "tree")
        if change:
            apply(change, tree)
        if fails(tree, "--nbval", f"book/{page}.ipynb"):
            return "nbval"
        stored = change and not change.place.endswith(".py")
        return "test_book" if stored and fails(tree, "tests/test_book.py") else ""


def main() -> int:
    rows: list[tuple[str, Change | None]] = [(change.page, change) for change in CHANGES]
    rows += [(page, None) for page in sorted({change.page for change in CHANGES})]
    with ThreadPoolExecutor(2) as pool:
        found = list(tqdm(pool.map(noticed_by, *zip(*rows, strict=True)), total=len(rows), unit="change"))
    wrong = [row for row, by in zip(rows, found, strict=True) if bool(by) == (row[1] is None)]
    for page, change in wrong:
        print(f"UNNOTICED {' | '.join(change)}" if change else f"{page} fails as it is")
    unnoticed = sum(change is not None for _, change in wrong)
    print(f"noticed: {len(CHANGES) - unnoticed} of {len(CHANGES)}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
