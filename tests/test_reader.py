"""What stands between a reader and the idea: long pages, verdicts as output, lines that a telephone cuts."""

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

BOOK = Path(__file__).resolve().parent.parent / "book"
CHAPTERS = sorted(path for path in BOOK.glob("[1-6]-*/*.ipynb"))
WORDS, ALL_WORDS = 3_000, 57_000  # of prose, on a page and in all
OUTPUT, CODE = 45, 88  # characters of a line: on a telephone, and in the column of a laptop
SECTIONS = 9  # that fit a table of contents
ADDING = BOOK / "1-memory" / "adding.md"


def name(path: Path) -> str:
    return path.relative_to(BOOK).with_suffix("").as_posix()


def prose(page: Path) -> str:
    """A page's text without its header, its code, and what is said to an answer, one reply at a time."""
    text = re.sub(r"\A---\n.*?^---\n", "", page.read_text(encoding="utf-8"), flags=re.S | re.M)
    return re.sub(r"^```\{(?:code-cell|check)\}.*?^```$", "", text, flags=re.S | re.M)


def seen_cells(notebook: Path) -> Iterator[nbformat.NotebookNode]:
    """The code cells that are not folded away, by a tag or in a solution."""
    folded = False
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type == "markdown":
            for start in re.findall(r"\{solution-(start|end)\}", cell.source):
                folded = start == "start"
        elif cell.cell_type == "code" and not folded and "hide-cell" not in cell.metadata.get("tags", ()):
            yield cell


def texts(cell: nbformat.NotebookNode) -> Iterator[str]:
    """What a cell prints or shows as plain text; a table or a figure reflows."""
    for output in cell.outputs:
        data = output.get("data", {})
        if output.output_type == "stream":
            yield output.text
        elif "text/plain" in data and not data.keys() & {"text/html", "image/png"}:
            yield data["text/plain"]


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_a_page_is_short(path):
    assert len(prose(path.with_suffix(".md")).split()) <= WORDS


def test_the_chapters_are_shorter_than_they_were():
    assert sum(len(prose(path.with_suffix(".md")).split()) for path in CHAPTERS) < ALL_WORDS


def test_a_network_learns_within_the_first_pages():
    """Before the first training stand the landing page and half a chapter."""
    before = prose(BOOK / "index.md") + prose(ADDING).partition("\n## Training\n")[0]
    assert len(before.split()) <= 1_500


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_no_output_in_sight_is_a_row_of_verdicts(path):
    for cell in seen_cells(path):
        lines = "\n".join(texts(cell)).split("\n")
        verdicts = [bool(re.search(r"\b(True|False)$", line)) for line in lines if line.strip()]
        assert not verdicts or not all(verdicts), cell.source


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_a_telephone_shows_every_printed_line_whole(path):
    for cell in seen_cells(path):
        for text in texts(cell):
            assert max(map(len, text.split("\n"))) <= OUTPUT, text


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_code_fits_the_column(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            assert max(map(len, cell.source.split("\n"))) <= CODE, cell.source


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_a_page_has_two_levels_and_few_sections(path):
    levels = re.findall(r"^(#+) ", prose(path.with_suffix(".md")), re.M)
    assert levels.count("##") <= SECTIONS
    assert set(levels) <= {"#", "##", "###"}


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_a_folded_cell_says_what_it_holds(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if "hide-cell" in cell.metadata.get("tags", ()):
            assert cell.metadata.get("mystnb", {}).get("code_prompt_show"), cell.source


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_the_sources_speak_in_margin_boxes_only(path):
    running = re.sub(r"^:::\{margin\}.*?^:::$", "", prose(path.with_suffix(".md")), flags=re.S | re.M)
    assert not re.findall(r"\b[Ss]ource [AB]\b", running)


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_words_in_figures_are_large_enough_for_a_telephone(path):
    """Figures are 5.2 inches wide: 10 points are 9 pixels where a page is 375 pixels wide."""
    code = "\n".join(
        cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"
    )
    sizes = re.findall(r"(?:fontsize|labelsize|font_size)=(\d+(?:\.\d+)?)", code)
    assert all(float(size) >= 10 for size in sizes), sizes
