"""Execute the pages: every stale ``book/**/<topic>.md`` becomes ``<topic>.ipynb`` beside it.

    python tools/notebooks.py                 the stale pages, two at a time
    python tools/notebooks.py PAGE.md ...     those of these pages that are stale
    python tools/notebooks.py --all ...       stale or not
    python tools/notebooks.py --check         name the stale pages, run none
    python tools/notebooks.py --text NB.ipynb an edit made in Jupyter, back to .md

A page is stale when its text, the package or the lock changed since it was executed; where
the prose alone changed, the outputs stay and nothing runs. The notebook's metadata tells of
what it was made. What is written is canonical: cell ids
from their contents, no times, no stderr. So the same input gives the same bytes. Neither
a text nor a notebook is written over where it holds an edit that the other has not.
"""

import argparse
import asyncio
import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import jupytext
import nbformat
import yaml
from environment import isolate
from jupytext.myst import MystMetadataParsingError
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from tqdm import tqdm

ROOT = Path(__file__).resolve().parent.parent
CELL_SECONDS = 120
FORMAT = {"extension": ".md", "format_name": "myst"}
UNREADABLE = yaml.YAMLError, MystMetadataParsingError  # of a page's header, or of a cell's options
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def below(folder: Path, pattern: str) -> list[Path]:
    """The files below a folder, but for what is hidden, such as the folders that Jupyter leaves behind."""
    found = sorted(path.relative_to(folder) for path in folder.rglob(pattern))
    return [folder / path for path in found if not any(part.startswith(".") for part in path.parts)]


def find_pages(root: Path) -> list[Path]:
    """Every page with code cells: those whose header names a jupytext format."""
    pages = below(root / "book", "*.md")
    return [page for page in pages if contents(page).startswith(b"---\njupytext:")]


def contents(path: Path) -> bytes:
    """The bytes of a file, whatever ends its lines: a checkout on Windows may have changed that."""
    return path.read_bytes().replace(b"\r\n", b"\n")


def fingerprint(page: Path, nb: nbformat.NotebookNode, root: Path) -> str:
    """A hash of all that decides a page's outputs: its code, the data beside it that it names, package, lock."""
    digest = hashlib.sha256()
    for cell in nb.cells:
        if cell.cell_type == "code":
            digest.update(f"{cell.source}\0{sorted(cell.metadata.get('tags', ()))}\0".encode())
    package = below(root / "rnnbook", "*.py")
    data = [path for path in sorted(page.parent.glob("*.json")) if path.name.encode() in contents(page)]
    for path in [*data, *package, root / "requirements.txt"]:
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(contents(path) + b"\0")
    return digest.hexdigest()[:16]


def digest_of(page: Path) -> str:
    """A hash of a page's text alone."""
    return hashlib.sha256(contents(page)).hexdigest()[:16]


def made_from(page: Path, nb: nbformat.NotebookNode, root: Path) -> dict[str, str]:
    """What the notebook of a page says of its making; ``nb`` is the page as it was read."""
    return {"fingerprint": fingerprint(page, nb, root), "text": digest_of(page)}


def written(notebook: Path) -> nbformat.NotebookNode | None:
    """The notebook as it was written, or None if there is none that is whole."""
    try:
        return nbformat.read(notebook, as_version=4)
    except (OSError, nbformat.reader.NotJSONError):
        return None


def is_stale(page: Path, root: Path) -> bool:
    nb = written(page.with_suffix(".ipynb"))
    try:
        return nb is None or nb.metadata.get("rnnbook") != made_from(page, jupytext.read(page), root)
    except UNREADABLE:
        return True


def keep_outputs(nb: nbformat.NotebookNode, old: nbformat.NotebookNode) -> None:
    """Give the cells of a page what the same code has put out before."""
    cells, before = ([cell for cell in one.cells if cell.cell_type == "code"] for one in (nb, old))
    for cell, done in zip(cells, before, strict=True):
        cell.outputs, cell.execution_count = done.outputs, done.execution_count


def ids(nb: nbformat.NotebookNode) -> list[str]:
    """An id for each cell, from its contents."""
    seen: dict[str, int] = {}
    names = []
    for cell in nb.cells:
        name = hashlib.sha256(f"{cell.cell_type}\0{cell.source}".encode()).hexdigest()[:12]
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return names


def is_edited(notebook: Path) -> bool:
    """Whether a notebook that was written from a text has been edited since."""
    nb = written(notebook)
    return nb is not None and "rnnbook" in nb.metadata and [cell.id for cell in nb.cells] != ids(nb)


def canonical(nb: nbformat.NotebookNode, **source: str) -> nbformat.NotebookNode:
    """The notebook without anything that may differ between two runs."""
    for cell, name in zip(nb.cells, ids(nb), strict=True):
        cell.id = name
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [out for out in cell.outputs if out.get("name") != "stderr"]
            for out in cell.outputs:
                if out.output_type == "error":  # the frames hold paths of this machine
                    out.traceback = [f"{out.ename}: {out.evalue}"]
    nb.metadata = nbformat.NotebookNode(
        kernelspec=KERNEL,
        language_info={"name": "python"},
        jupytext={"text_representation": FORMAT},
    )
    nb.metadata.rnnbook = source
    nb.nbformat, nb.nbformat_minor = 4, 5
    return nb


class Refused(Exception):
    """What would be lost by writing a file; it is left as it is."""


def write_whole(path: Path, text: str) -> None:
    """Replace ``path`` in one move, so that a reader finds the old file or the new one."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        scratch.write_text(text, encoding="utf-8", newline="\n")
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


async def run(nb: nbformat.NotebookNode, folder: Path, on_start: Callable[..., None] | None = None) -> None:
    """Run all cells in a kernel of their own."""
    client = NotebookClient(nb, timeout=CELL_SECONDS, kernel_name=KERNEL["name"], on_notebook_start=on_start)
    client.resources = {"metadata": {"path": str(folder)}}
    client.coalesce_streams = True  # or the number of pieces would depend on the moment
    client.extra_arguments = ["--IPKernelApp.log_level=40"]
    # TensorFlow's greetings go past the notebook, straight to the terminal
    await client.async_execute(stderr=subprocess.DEVNULL)


async def execute(page: Path, root: Path, on_start: Callable[..., None], anew: bool = False) -> None:
    """Run one page in its own kernel, in its own folder, and write its notebook.

    Where nothing but its prose has changed, the outputs are those that are there, unless it shall run ``anew``.
    """
    try:
        nb = jupytext.read(page)
    except UNREADABLE as error:
        raise Refused(f"its header, or the options of a cell, cannot be read: {error}") from error
    before = made_from(page, nb, root)
    target = page.with_suffix(".ipynb")
    if is_edited(target):
        raise Refused("its notebook was edited in Jupyter: make text NB=... first, or remove the notebook")
    if not os.access(target if target.exists() else target.parent, os.W_OK) or target.is_dir():
        raise PermissionError(f"cannot write {target.name}")  # said before the minutes are spent
    old = written(target)
    if old and not anew and old.metadata.get("rnnbook", {}).get("fingerprint") == before["fingerprint"]:
        keep_outputs(nb, old)
    else:
        await run(nb, page.parent, on_start)
    for cell in nb.cells:
        drawn = any("image/png" in out.get("data", {}) for out in cell.get("outputs", ()))
        if not drawn and ("figure" in cell.metadata.get("mystnb", {}) or "plt.show()" in cell.source):
            raise Refused(f"this cell shows no figure:\n{cell.source}")
    write_whole(target, nbformat.writes(canonical(nb, **before)) + "\n")


async def execute_all(pages: list[Path], root: Path, at_once: int, anew: bool = False) -> list[str]:
    """Execute ``pages``, ``at_once`` at a time; return what went wrong, a line a page."""
    gate = asyncio.Semaphore(at_once)
    failures: list[str] = []
    whole, loop = asyncio.current_task(), asyncio.get_running_loop()

    def listen(**_: object) -> None:
        """Stop everything when told to; nbclient's own handlers, set by each page, lose the kernel."""
        for told in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(told, stop)

    def stop() -> None:
        # nbclient's task that looks after a kernel does not end with it, and may complain that it is gone
        loop.set_exception_handler(lambda *_: None)
        whole.cancel()

    with tqdm(total=len(pages), unit="page", disable=None) as bar:

        async def one(page: Path) -> None:
            name = page.relative_to(root).as_posix()
            async with gate:
                try:
                    await execute(page, root, listen, anew)
                except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
                    failures.append(f"{name}: {type(error).__name__}\n{error}")
                except Refused as error:
                    failures.append(f"{name}: {error}")
                except OSError as error:
                    failures.append(f"{name}: could not write its notebook, the old one is kept: {error}")
                bar.set_postfix_str(name)
                bar.update()

        await asyncio.gather(*map(one, pages))
    return failures


def to_text(notebook: Path) -> Path:
    """Write a notebook's cells back to its .md; outputs stay behind."""
    nb = nbformat.read(notebook, as_version=4)
    text = nb.metadata.get("rnnbook", {}).get("text")
    nb.metadata = nbformat.NotebookNode(
        jupytext={"text_representation": FORMAT},
        kernelspec={"name": KERNEL["name"], "display_name": KERNEL["display_name"]},
    )
    page = notebook.with_suffix(".md")
    if text and page.exists() and digest_of(page) != text:
        raise Refused(
            f"{page.name} was edited since {notebook.name} was made from it. Nothing is written; to take "
            f"the notebook's text all the same, remove {page.name} first."
        )
    write_whole(page, jupytext.writes(nb, fmt=FORMAT))
    return page


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("pages", nargs="*", type=Path, help="pages to run (all)")
    parser.add_argument("--text", type=Path, metavar="NB", help="write this notebook back to .md")
    parser.add_argument("--all", action="store_true", help="stale or not")
    parser.add_argument("--check", action="store_true", help="name the stale pages and run none")
    arguments = parser.parse_args()
    if arguments.text:
        try:
            print(f"wrote {to_text(arguments.text)}")
        except Refused as error:
            sys.exit(f"notebooks: {error}")
        return 0
    pages = [page.resolve() for page in arguments.pages] or find_pages(ROOT)
    if not arguments.all:
        pages = [page for page in pages if is_stale(page, ROOT)]
    if not pages:
        print("notebooks: every page is up to date")
        return 0
    if arguments.check:
        print("notebooks: stale, run make notebooks:", *(page.relative_to(ROOT).as_posix() for page in pages))
        return 1
    isolate()
    try:
        failures = asyncio.run(execute_all(pages, ROOT, 2, arguments.all))
    except (KeyboardInterrupt, asyncio.CancelledError):
        told = "notebooks: interrupted. Every notebook is whole; the command goes on where it was."
        print(told, file=sys.stderr)
        return 130
    for failure in failures:
        print(f"\n{failure}", file=sys.stderr)
    print(f"notebooks: {len(pages) - len(failures)} of {len(pages)} pages executed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
