"""Execute the pages: every stale ``book/**/<topic>.md`` becomes ``<topic>.ipynb`` beside it.

    python tools/notebooks.py                 the stale pages, two at a time
    python tools/notebooks.py PAGE.md ...     those of these pages that are stale
    python tools/notebooks.py --all ...       stale or not
    python tools/notebooks.py --check         name the stale pages, run none
    python tools/notebooks.py --text NB.ipynb an edit made in Jupyter, back to .md

A page is stale when its text, the package or the lock changed since it was executed;
the notebook's metadata holds the fingerprint. What is written is canonical: cell ids
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
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def find_pages(root: Path) -> list[Path]:
    """Every page with code cells: those whose header names a jupytext format."""
    pages = sorted((root / "book").rglob("[!.]*.md"))
    return [
        page
        for page in pages
        if ".ipynb_checkpoints" not in page.parts
        and page.read_text(encoding="utf-8").startswith("---\njupytext:")
    ]


def contents(path: Path) -> bytes:
    """The bytes of a file, whatever ends its lines: a checkout on Windows may have changed that."""
    return path.read_bytes().replace(b"\r\n", b"\n")


def fingerprint(page: Path, root: Path) -> str:
    """A hash of all that decides a page's outputs: its text, the data beside it that it names, package, lock."""
    digest = hashlib.sha256()
    package = sorted((root / "rnnbook").rglob("*.py"))
    data = [path for path in sorted(page.parent.glob("*.json")) if path.name.encode() in contents(page)]
    for path in [page, *data, *package, root / "requirements.txt"]:
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(contents(path) + b"\0")
    return digest.hexdigest()[:16]


def is_stale(page: Path, root: Path) -> bool:
    try:
        metadata = nbformat.read(page.with_suffix(".ipynb"), as_version=4).metadata
    except (OSError, nbformat.reader.NotJSONError):
        return True
    return metadata.get("rnnbook", {}).get("fingerprint") != fingerprint(page, root)


def digest_of(page: Path) -> str:
    """A hash of a page's text alone."""
    return hashlib.sha256(contents(page)).hexdigest()[:16]


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
    try:
        nb = nbformat.read(notebook, as_version=4)
    except (OSError, nbformat.reader.NotJSONError):
        return False
    return "rnnbook" in nb.metadata and [cell.id for cell in nb.cells] != ids(nb)


def canonical(nb: nbformat.NotebookNode, **made_from: str) -> nbformat.NotebookNode:
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
    nb.metadata.rnnbook = made_from
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


async def execute(page: Path, root: Path, on_start: Callable[..., None]) -> None:
    """Run one page in its own kernel, in its own folder, and write its notebook."""
    before = {"fingerprint": fingerprint(page, root), "text": digest_of(page)}
    try:
        nb = jupytext.read(page)
    except (yaml.YAMLError, MystMetadataParsingError) as error:
        raise Refused(f"its header, or the options of a cell, cannot be read: {error}") from error
    target = page.with_suffix(".ipynb")
    if is_edited(target):
        raise Refused("its notebook was edited in Jupyter: make text NB=... first, or remove the notebook")
    if not os.access(target if target.exists() else target.parent, os.W_OK) or target.is_dir():
        raise PermissionError(f"cannot write {target.name}")  # said before the minutes are spent
    client = NotebookClient(
        nb,
        timeout=CELL_SECONDS,
        kernel_name=KERNEL["name"],
        record_timing=False,
        on_notebook_start=on_start,
        coalesce_streams=True,  # or the number of pieces would depend on the moment
        extra_arguments=["--IPKernelApp.log_level=40"],
        resources={"metadata": {"path": str(page.parent)}},
    )
    # TensorFlow's greetings go past the notebook, straight to the terminal
    await client.async_execute(stderr=subprocess.DEVNULL)
    for cell in nb.cells:
        drawn = any("image/png" in out.get("data", {}) for out in cell.get("outputs", ()))
        if not drawn and ("figure" in cell.metadata.get("mystnb", {}) or "plt.show()" in cell.source):
            raise Refused(f"this cell shows no figure:\n{cell.source}")
    write_whole(target, nbformat.writes(canonical(nb, **before)) + "\n")


async def execute_all(pages: list[Path], root: Path, at_once: int) -> list[str]:
    """Run ``pages``, ``at_once`` at a time; return what went wrong, a line a page."""
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
                    await execute(page, root, listen)
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
    made_from = nb.metadata.get("rnnbook", {}).get("text")
    nb.metadata = nbformat.NotebookNode(
        jupytext={"text_representation": FORMAT},
        kernelspec={"name": KERNEL["name"], "display_name": KERNEL["display_name"]},
    )
    page = notebook.with_suffix(".md")
    if made_from and page.exists() and digest_of(page) != made_from:
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
    parser.add_argument("--at-once", type=int, default=2, metavar="N", help="kernels at a time (2)")
    arguments = parser.parse_args()
    if arguments.text:
        try:
            print(f"wrote {to_text(arguments.text)}")
        except Refused as error:
            print(f"notebooks: {error}", file=sys.stderr)
            return 1
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
        failures = asyncio.run(execute_all(pages, ROOT, arguments.at_once))
    except (KeyboardInterrupt, asyncio.CancelledError):
        print(
            "notebooks: interrupted. Every notebook is whole; the command goes on where it was.",
            file=sys.stderr,
        )
        return 130
    for failure in failures:
        print(f"\n{failure}", file=sys.stderr)
    print(f"notebooks: {len(pages) - len(failures)} of {len(pages)} pages executed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
