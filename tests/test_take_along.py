"""A page taken along runs elsewhere: its zip holds and names all that its notebook needs.

`make outputs` runs every page so, from the built book. Here is shown that what it relies on holds:
that an unpacked page sees the wheel and not the working tree, and of other packages those alone
that its requirements.txt brings.
"""

import re
import subprocess
import sys
import zipfile
from html import unescape
from pathlib import Path

import nbformat
import pytest
import take_along
import taken
from notebooks import below
from small_book import ADDRESS, PAGE, build

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
PAGES = [path.relative_to(BOOK).with_suffix("").as_posix() for path in below(BOOK, "*.ipynb")]
CODE = """import numpy
from rnnbook import data, figures
years, spots = data.sunspots()
open("table.json")"""


def code_of(page: str) -> str:
    cells = nbformat.read(BOOK / f"{page}.ipynb", as_version=4).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "code")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    return take_along.build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def unpacked(wheel, tmp_path_factory) -> dict[str, Path]:
    """The folder of each page, as a reader finds it after unpacking."""
    built, out = tmp_path_factory.mktemp("built"), tmp_path_factory.mktemp("unpacked")
    for page in PAGES:
        (built / page).parent.mkdir(exist_ok=True)
        take_along.write_zip(built / f"{page}.zip", BOOK / f"{page}.ipynb", wheel)
    folders = {folder.relative_to(out).as_posix(): folder for folder in taken.unpack(built, out)}
    for folder in folders.values():
        taken.lend(folder)
    return folders


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory) -> Path:
    return taken.make_environment(tmp_path_factory.mktemp("fresh") / "environment", wheel)


def run(python: Path, folder: Path, code: str) -> subprocess.CompletedProcess:
    return subprocess.run([python, "-c", code], cwd=folder, capture_output=True, text=True)


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_imports_comes_with_what_its_requirements_name(unpacked, page):
    names = {name.split(".")[0] for name in re.findall(r"^\s*(?:import|from) ([\w.]+)", code_of(page), re.M)}
    names -= sys.stdlib_module_names
    lent = {path.name.removesuffix(".py") for path in (unpacked[page] / taken.LENT).iterdir()}
    assert "rnnbook" not in lent
    assert names <= lent | {"rnnbook"}


def test_a_page_names_a_package_that_is_imported_only_when_a_function_is_called(unpacked):
    """`data.sunspots` imports statsmodels; this page never does."""
    page = "5-variants/bidirectional"
    assert "statsmodels" not in code_of(page)
    assert "\nstatsmodels==" in (unpacked[page] / "requirements.txt").read_text()
    assert "statsmodels" not in (unpacked["4-gates/gru"] / "requirements.txt").read_text()


def test_a_page_names_a_package_of_which_it_reads_the_files_alone(unpacked):
    page = "6-applications/tunes"
    assert "import music21" not in code_of(page)
    assert "\nmusic21==" in (unpacked[page] / "requirements.txt").read_text()


def test_a_page_asks_for_the_extras_that_it_uses(unpacked):
    lines = {page: (unpacked[page] / "requirements.txt").read_text() for page in PAGES}
    assert ".whl[figures]\n" in lines["index"]
    assert ".whl[figures,tf]\n" in lines["4-gates/lstm"]
    for page in PAGES:
        assert ("tf]" in lines[page]) == bool(re.search(r"tensorflow|keras|rnnbook\.tf", code_of(page)))


@pytest.mark.parametrize("page", PAGES)
def test_a_zip_holds_the_committed_notebook_the_package_the_list_and_the_files_that_are_read(
    unpacked, wheel, page
):
    notebook = f"{Path(page).name}.ipynb"
    files = {path.name for path in unpacked[page].iterdir()} - {taken.LENT}
    read = set(re.findall(r'Path\("([\w-]+\.json)"\)', code_of(page)))
    assert files == {notebook, wheel.name, "requirements.txt"} | read
    for name in {notebook} | read:
        assert (unpacked[page] / name).read_bytes() == (BOOK / page).with_name(name).read_bytes()


def test_the_two_pages_that_read_measurements_take_them_along(unpacked):
    assert (unpacked["2-unrolling/dynamic"] / "unrolling-costs.json").is_file()
    assert (unpacked["6-applications/how-fast"] / "speed.json").is_file()


def test_writing_a_zip_again_gives_the_same_bytes(wheel, tmp_path):
    again = take_along.build_wheel(tmp_path)
    assert again.read_bytes() == wheel.read_bytes()
    zips = tmp_path / "one.zip", tmp_path / "other.zip"
    for path, built in zip(zips, (wheel, again), strict=True):
        take_along.write_zip(path, BOOK / "2-unrolling/dynamic.ipynb", built)
    assert zips[0].read_bytes() == zips[1].read_bytes()


def test_pip_reads_the_list(unpacked):
    """Without an index and without dependencies, which the lock of the book names in its own way."""
    options = ["--dry-run", "--no-index", "--no-deps", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "install", *options, "-r", "requirements.txt"]
    folder = unpacked["6-applications/translating-dates"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Processing ./rnnbook-" in done.stdout
    assert "does not provide the extra" not in done.stderr


def test_an_unpacked_page_runs_the_wheel_and_not_the_working_tree(unpacked, python):
    folder = unpacked["4-gates/gru"]
    code = "import rnnbook.scratch, importlib.metadata as m; print(rnnbook.scratch.__file__, m.version('rnnbook'))"
    file, version = run(python, folder, code).stdout.split()
    assert Path(file).is_relative_to(python.parent.parent / "lib")
    assert [version] == re.findall(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.M)


IMPORT = """
import importlib
for name in ("statsmodels", "sklearn", "tensorflow", "nbval", "numpy", "matplotlib", "ipykernel", "rnnbook.scratch"):
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        print(error)
"""


@pytest.mark.parametrize(
    ("page", "missing"),
    [
        ("1-memory/sequences", ["sklearn", "tensorflow", "nbval"]),
        ("1-memory/memory-cells", ["statsmodels", "sklearn", "tensorflow", "nbval"]),
    ],
)
def test_an_unpacked_page_sees_what_its_requirements_bring_and_nothing_else(unpacked, python, page, missing):
    done = run(python, unpacked[page], IMPORT)
    assert done.stdout.splitlines() == [f"No module named '{name}'" for name in missing], done.stderr
    assert done.returncode == 0


def test_elsewhere_the_environment_sees_all_packages_and_still_the_wheel(python, tmp_path):
    done = run(python, tmp_path, "import nbval, sklearn, rnnbook; print(rnnbook.__file__)")
    assert Path(done.stdout.strip()).is_relative_to(python.parent.parent / "lib"), done.stderr


def page_of(folder: Path, address: str) -> tuple[Path, str]:
    """A built page that reads a file, and its HTML."""
    (folder / "table.json").write_text("{}")
    out = build(folder, address, "take_along", CODE)
    return out, (out / f"{PAGE}.html").read_text()


def lines_of(html: str) -> list[str]:
    """The lines that the box tells to write."""
    box = html[html.index('<div class="admonition take-along">') :]
    return unescape("".join(re.findall(r"<pre>(.*?)</pre>", box, re.S))).splitlines()


def test_a_page_tells_how_to_run_it(tmp_path):
    out, html = page_of(tmp_path, "")
    assert lines_of(html) == ["pip install -r requirements.txt", "jupyter lab page.ipynb"]
    assert html.count('href="page.zip"') == 2  # in the box, and behind the theme's button
    assert "_sources/page.ipynb" not in html
    assert "colab" not in html
    names = set(zipfile.ZipFile(out / "page.zip").namelist())
    assert {"page/page.ipynb", "page/table.json", "page/requirements.txt"} < names


def test_with_an_address_a_page_tells_how_to_run_it_in_colab(tmp_path):
    _, html = page_of(tmp_path, ADDRESS)
    at = ADDRESS.removeprefix("https://github.com/")
    assert f'href="https://colab.research.google.com/github/{at}/blob/main/page.ipynb"' in html
    install, fetch = lines_of(html)[2:]
    assert re.fullmatch(rf'!pip install -q "rnnbook\[figures\] @ git\+{ADDRESS}@main" statsmodels', install)
    assert fetch == f"!wget -q {ADDRESS}/raw/main/table.json"
