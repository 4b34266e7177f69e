"""Exercises that answer: what a check calls right is what the executed solution shows; each page has some; all are listed.

That what is typed gets its reply, test_live_check.py tries in a browser.
"""

import re
from pathlib import Path
from types import SimpleNamespace

import blanks
import exercises
import nbformat
import pytest
from docutils.utils import new_document
from nbclient import NotebookClient
from sphinx.errors import ExtensionError

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
PAGES = [ROOT / f"{page}.md" for part in exercises.parts().values() for page in part]
CHECKS = [(page, check) for page in PAGES for check in exercises.checks(page.read_text(encoding="utf-8"))]
SMALL = BOOK / "1-memory" / "recurrent-neuron.md"  # it runs in two seconds


def name(value: Path | exercises.Check) -> str:
    return value.stem if isinstance(value, Path) else value.label


def solution(page: Path, label: str) -> str:
    """All that the solution of an exercise says and prints, in one line."""
    said, inside = [], False
    for cell in nbformat.read(page.with_suffix(".ipynb"), as_version=4).cells:
        text = cell.source
        if cell.cell_type == "code":
            shown = [out.get("text") or out.get("data", {}).get("text/plain", "") for out in cell.outputs]
            said += shown if inside else []
            continue
        if f"{{solution-start}} {label}\n" in text:
            inside, text = True, text.partition(f"{{solution-start}} {label}\n")[2]
        if inside:
            text, end, _ = text.partition("```{solution-end}")
            said.append(text)
            inside = not end
    return " ".join(" ".join(said).split())


def shown(seen: str, text: str) -> str | None:
    """What stands in `text` in the place of the blank of `seen`."""
    before, after = (re.escape(piece) for piece in " ".join(seen.split()).split("___"))
    blank = r"([^|:;=]+?)" if before and after else r"(\([^)]*\)|\S+)"
    found = re.search(before + blank + after, text)
    return found and found[1]


def same(answer: str, seen: str) -> bool:
    """Equal as numbers, or as lists of them, or as words."""

    def value(text: str) -> list[float] | str:
        numbers = re.findall(r"-?\d+\.?\d*(?:e[-+]?\d+)?|-?\.\d+", text)
        words = re.sub(r"[-+\d.e\s()\[\],]", "", text)
        return [float(number) for number in numbers] if numbers and not words else text.strip().lower()

    return value(answer) == value(seen)


@pytest.mark.parametrize(("page", "check"), CHECKS, ids=name)
def test_what_is_right_is_what_the_solution_shows(page, check):
    seen = shown(check.seen, solution(page, check.label))
    assert seen, f"the solution does not show {check.seen}"
    spellings, _ = check.answers[0]
    assert any(same(spelling, seen) for spelling in spellings), seen


def test_a_wrong_answer_called_right_is_seen():
    text = "D = 1: 960 parameters D = 10: 1230 parameters, 73.2% in w_h d_x (4, 6, 3) - right"
    assert shown("D = 10: ___ parameters", text) == "1230"
    assert shown("d_x ___", text) == "(4, 6, 3)"
    assert shown("D = 11: ___ parameters", text) is None
    assert same("1230", "1230") and same("0.36", "0.360") and same("(0, 1)", "0 1") and same("last", "Last")
    assert not same("1200", "1230") and not same("(4, 3, 6)", "(4, 6, 3)") and not same("last", "first")


@pytest.mark.parametrize(("page", "check"), CHECKS, ids=name)
def test_each_answer_has_its_own_words(page, check):
    replies = [words for _, words in check.answers] + [check.otherwise]
    assert len(set(replies)) == len(replies) >= 4  # the right one, two wrong ones, all others
    assert "?" in check.otherwise
    assert not re.search(r"\$|\{", "".join(replies))  # they are plain words with `code`
    assert check.label in {label for _, label, _ in exercises.EXERCISE.findall(page.read_text("utf-8"))}


@pytest.mark.parametrize("page", [page for page in PAGES if re.match("[1-5]-", page.parent.name)], ids=name)
def test_each_page_of_the_first_five_parts_has_two_checks(page):
    assert len([check for at, check in CHECKS if at == page]) >= 2


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_each_exercise_says_how_hard_it_is(page):
    text = page.read_text(encoding="utf-8")
    assert text.count("{exercise} ") == len(exercises.EXERCISE.findall(text))


def test_the_list_names_each_exercise_by_page_and_by_difficulty():
    text = "\n".join(exercises.listed())
    for page in PAGES:
        for title, label, mark in exercises.EXERCISE.findall(page.read_text(encoding="utf-8")):
            assert text.count(f"{{ref}}`{title} <{label}>`") == 2
            assert re.search(rf"<{label}>` \| {mark} \| (yes)? ?\|", text)


@pytest.mark.parametrize(
    "fault",
    ["Question\n1: Yes.\nseen: ___", "Question\n1: Yes.\n?: Why?\nseen: x", "Q\n1\n?: Why?\nseen: ___"],
)
def test_a_check_that_lacks_something_is_refused(fault):
    with pytest.raises(ValueError, match="a check has"):
        exercises.parse("ex-some", fault.splitlines())


def test_a_check_without_its_exercise_is_refused():
    document = new_document("page")
    document += exercises.check_node(label="ex-some")
    with pytest.raises(ExtensionError, match="no exercise ex-some on the page a"):
        exercises.move(SimpleNamespace(env=SimpleNamespace(docname="a")), document)


def test_a_notebook_with_blanks_holds_no_answer_and_runs():
    """A small page; `make exercises` runs all."""
    notebook = blanks.emptied(SMALL)
    text = "\n".join(cell.source for cell in notebook.cells)
    assert text.count(blanks.BLANK) == len(exercises.EXERCISE.findall(SMALL.read_text(encoding="utf-8")))
    assert "★ Compute the network of two neurons for a third step" in text
    assert not re.search(r"solution|\{check\}|def last_state|It comes near to 3.1", text)
    done = NotebookClient(
        notebook, kernel_name="python3", resources={"metadata": {"path": SMALL.parent}}
    ).execute()
    assert all(cell.execution_count for cell in done.cells if cell.cell_type == "code")
