"""Mutants behind the book: break the package, and see whether the page that tells of it notices.

    python mutation/book.py        every row of the table below, two at a time

Each change is made in a copy of the project, and nbval runs the page there. First every page runs as
it is, for a page that fails anyway notices nothing. Fails when a change goes unnoticed. That a notebook
which stores something else does not pass either, tests/test_toolchain.py shows.
"""

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lines import copy_tree
from tqdm import tqdm

# page | a file of the package | text of it | the text instead
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
"""


def notices(page: str, file: str = "", old: str = "", new: str = "") -> bool:
    """Whether the page fails when the package is so changed; without a change, whether it fails as it is."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        tree = copy_tree(Path(folder) / "tree")
        if file:
            path = tree / "rnnbook" / file
            text = path.read_text(encoding="utf-8")
            assert old in text, f"{file} has no {old!r}"
            path.write_text(text.replace(old, new, 1), encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-x", "--nbval", f"book/{page}.ipynb"]
        environment = os.environ | {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, check=False)
    assert done.returncode in (0, 1), done.stdout.decode()
    return done.returncode == 1


def main() -> int:
    changes = [[part.strip() for part in row.split("|")] for row in TABLE.strip().splitlines()]
    rows = [[page] for page in sorted({page for page, *_ in changes})] + changes
    with ThreadPoolExecutor(2) as pool:
        found = list(tqdm(pool.map(lambda row: notices(*row), rows), total=len(rows), unit="change"))
    wrong = [row for row, noticed in zip(rows, found, strict=True) if noticed != (len(row) > 1)]
    for row in wrong:
        print(f"UNNOTICED {' | '.join(row)}" if len(row) > 1 else f"{row[0]} fails as it is")
    print(f"noticed: {len(changes) - sum(len(row) > 1 for row in wrong)} of {len(changes)}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
