"""Measure what executing the book is made of: starting kernels, importing, and the pages' own work.

    python tools/bench_book.py              all pages, one at a time, about five minutes
    python tools/bench_book.py PAGE.md ...  these pages

`make notebooks` and nbval take two pages at a time, so half of the sum is what they cannot go below.
"""

import argparse
import asyncio
import subprocess
import time
from itertools import pairwise
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from notebooks import CELL_SECONDS, KERNEL, ROOT, find_pages
from tqdm import tqdm

HEAVY = ("tensorflow", "keras", "rnnbook.tf")  # what brings TensorFlow


def first_imports(nb: nbformat.NotebookNode) -> str:
    """TensorFlow, if the page needs it, and what all pages need."""
    code = [cell.source for cell in nb.cells if cell.cell_type == "code"]
    lines = [line.split() for source in code for line in source.splitlines()]
    imported = {words[1] for words in lines if len(words) > 1 and words[0] in ("import", "from")}
    return "import tensorflow, keras, numpy" if imported & set(HEAVY) else "import numpy"


async def measure(page: Path) -> tuple[float, float, float]:
    """Seconds of starting a kernel, of importing, and of all cells after that."""
    nb = jupytext.read(page)
    nb.cells[:0] = [nbformat.v4.new_code_cell("pass"), nbformat.v4.new_code_cell(first_imports(nb))]
    client = NotebookClient(
        nb,
        timeout=CELL_SECONDS,
        kernel_name=KERNEL["name"],
        resources={"metadata": {"path": str(page.parent)}},
    )
    marks = [time.perf_counter()]
    async with client.async_setup_kernel(stderr=subprocess.DEVNULL):
        for index, cell in enumerate(nb.cells):
            if cell.cell_type == "code":
                await client.async_execute_cell(cell, index)
            if index < 2:
                marks.append(time.perf_counter())
        marks.append(time.perf_counter())
    start, imports, work = (later - earlier for earlier, later in pairwise(marks))
    return start, imports, work


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("pages", nargs="*", type=Path)
    pages = [page.resolve() for page in parser.parse_args().pages] or find_pages(ROOT)
    table = {page.stem: asyncio.run(measure(page)) for page in tqdm(pages, unit="page")}
    print(f"{'seconds':28}{'kernel':>8}{'imports':>9}{'work':>8}")
    for name, row in sorted(table.items(), key=lambda item: -sum(item[1])):
        print(f"{name:28}{row[0]:8.1f}{row[1]:9.1f}{row[2]:8.1f}")
    sums = [sum(column) for column in zip(*table.values(), strict=True)]
    print(f"{'all':28}{sums[0]:8.1f}{sums[1]:9.1f}{sums[2]:8.1f}")
    print(f"half of it, for two at a time: {sum(sums) / 2:.0f} s")


if __name__ == "__main__":
    main()
