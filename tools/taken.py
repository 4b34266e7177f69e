"""The pages as a reader takes them along: `python tools/taken.py` unpacks the zips of the built book.

They go to `_build/taken/book/`, and beside them comes an environment to run them in. In it `rnnbook`
is the wheel of the zips and not the working tree. All else is lent from the environment of the book,
so that nothing is fetched: a process that starts in the folder of a page, as its kernel does, sees
those packages alone that the page's requirements.txt brings; one that starts elsewhere, as pytest
does, sees all of them.
"""

import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
BUILT, TAKEN = ROOT / "_build" / "html", ROOT / "_build" / "taken"
LENT = ".lent"  # in the folder of a page: links to the packages that it may see
START = "import os, sys; sys.path.append(os.path.abspath({lent!r}) if os.path.isdir({lent!r}) else {all!r})"


@cache
def package(name: str) -> tuple[set[str], list[Requirement]]:
    """Where a package of this environment lies, and what it asks for; nothing of one that is not here."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return set(), []  # for another system, or left out of the lock
    places = {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}
    return places, [Requirement(line) for line in found.requires or ()]


def brought(folder: Path) -> set[str]:
    """Where the packages lie that the requirements.txt of a page brings, rnnbook's own aside."""
    (wheel,) = folder.glob("*.whl")
    (rnnbook,) = distributions(name="rnnbook", path=[str(wheel)])
    lines = (folder / "requirements.txt").read_text(encoding="utf-8").splitlines()
    asked = [re.sub(r"^\./(\w+)-[^[]*", r"\1", line) for line in lines if not line.startswith("#")]
    todo, seen, places = [Requirement(line) for line in asked], set(), set()
    while todo:
        wanted = todo.pop()
        if str(wanted) in seen:
            continue
        seen.add(str(wanted))
        if wanted.name == "rnnbook":
            its, further = set(), [Requirement(line) for line in rnnbook.requires]
        else:
            its, further = package(wanted.name)
        places |= its
        extras = wanted.extras | {""}
        todo += [r for r in further if not r.marker or any(r.marker.evaluate({"extra": e}) for e in extras)]
    return places


def lend(folder: Path) -> None:
    """Link what a page may see into its folder."""
    site = Path(sysconfig.get_path("purelib"))
    (folder / LENT).mkdir()
    for place in brought(folder):
        (folder / LENT / place).symlink_to(site / place)


def make_environment(home: Path, wheel: Path) -> Path:
    """A new environment with the wheel alone, to which the rest is lent; its python."""
    uv = str(Path(sys.executable).with_name("uv"))
    python = home / "bin" / "python"
    subprocess.run([uv, "venv", "-q", "--offline", "--python", sys.executable, home], check=True)
    install = [uv, "pip", "install", "-q", "--no-index", "--no-deps", "--python", python, wheel]
    subprocess.run(install, check=True)
    (site,) = home.glob("lib/python3.*/site-packages")
    reader = Path(sys.prefix) / "reader"  # the home folder of the pages, with Matplotlib's list of fonts
    reader.mkdir(exist_ok=True)
    (home / "reader").symlink_to(reader)
    (site / "lent.pth").write_text(START.format(lent=LENT, all=sysconfig.get_path("purelib")) + "\n")
    return python


def unpack(built: Path, taken: Path) -> list[Path]:
    """The folders of all pages, each where its notebook stands in the book."""
    folders = []
    for path in sorted(built.rglob("*.zip")):
        target = taken / path.parent.relative_to(built)
        with zipfile.ZipFile(path) as archive:
            archive.extractall(target)
        folders.append(target / path.stem)
    return folders


def main() -> None:
    shutil.rmtree(TAKEN, ignore_errors=True)
    folders = unpack(BUILT, TAKEN)
    for folder in folders:
        lend(folder)
    (wheel,) = folders[0].glob("*.whl")
    make_environment(TAKEN / "environment", wheel)
    shutil.copy(ROOT / "book" / "conftest.py", TAKEN / "book")


if __name__ == "__main__":
    main()
