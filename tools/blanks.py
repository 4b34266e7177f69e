"""Write the notebooks of all pages without the solutions of their exercises, to be handed out.

    python tools/blanks.py                 into _build/exercises/, and run each
    python tools/blanks.py PAGE.md ...     these pages only

In the place of each solution there is an empty cell. What a notebook reads lies beside it. It is run
once: it holds the outputs of all its cells, and shows that no cell needs a solution that was taken out.
"""

import asyncio
import re
import shutil
import sys
from pathlib import Path

import jupytext
import nbformat
from environment import isolate
from exercises import EXERCISE, FENCE
from notebooks import ROOT, canonical, find_pages, run
from take_along import needs

TARGET = ROOT / "_build" / "exercises"
BLANK = "# Your answer"
SOLUTION = re.compile(r"^```\{solution-start\}.*?^```\{solution-end\}\n```$", re.M | re.S)


def emptied(page: Path) -> nbformat.NotebookNode:
    """The notebook of a page with a blank for each solution, and without what tells an answer."""
    text = page.read_text(encoding="utf-8")
    text = SOLUTION.sub(f"```{{code-cell}} python\n{BLANK}\n```", FENCE.sub("", text))
    return jupytext.reads(text, fmt="md:myst")


async def write(page: Path, gate: asyncio.Semaphore) -> str:
    """Empty, run and write one page; what went wrong, or nothing."""
    target = TARGET / page.relative_to(ROOT / "book").with_suffix(".ipynb")
    target.parent.mkdir(parents=True, exist_ok=True)
    for file in needs(page.with_suffix(".ipynb")).files:
        shutil.copy(file, target.parent)
    notebook = emptied(page)
    async with gate:
        try:
            await run(notebook, target.parent)
        except Exception as fault:  # whatever a cell raises, the other pages go on
            return f"{page.relative_to(ROOT)}: {fault}"
    nbformat.write(canonical(notebook), target)
    print(target.relative_to(ROOT), flush=True)
    return ""


async def write_all(pages: list[Path]) -> list[str]:
    gate = asyncio.Semaphore(2)
    return [fault for fault in await asyncio.gather(*(write(page, gate) for page in pages)) if fault]


def main() -> int:
    pages = [Path(page).resolve() for page in sys.argv[1:]] or find_pages(ROOT)
    pages = [page for page in pages if EXERCISE.search(page.read_text(encoding="utf-8"))]
    isolate()
    faults = asyncio.run(write_all(pages))
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
