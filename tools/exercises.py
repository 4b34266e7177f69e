"""A Sphinx extension: exercises that answer, and the page that lists all of them.

A check stands on a page after the solution of its exercise, so that in the notebook too nobody
meets the answer before. In the book it is shown in the exercise's own box:

    ```{check} ex-of-which-exercise
    How many weights does the layer have?
    1230 | 1,230 weights: Inputs, states and biases: all are counted.
    1200: The biases are missing.
    ?: Which arrays does the layer hold?
    seen: D = 10: ___ parameters
    ```

A question; the right answer and the reply to it, other spellings after bars; then wrong answers with
their replies; `?` is the reply to everything else. `seen` is a piece of what the solution prints or says, with a blank
for the answer, by which the tests know that it is right; `within: 0.01` is how far a number may be off.
book/_static/check.js reads what a reader types. Without scripts a check is not shown.

An exercise begins with one, two or three stars, its difficulty. On a page that holds `{exercise-list}`
there stand links to all exercises, read from the pages when the book is built.
"""

import json
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^```\{check\} (\S+)\n(.*?)^```\n?", re.M | re.S)
EXERCISE = re.compile(r"^`{3,}\{exercise\} (.+)\n:label: (\S+)\n\n*(★{1,3}) ", re.M)
LIST = "```{exercise-list}\n```"
MARKS = "★", "★★", "★★★"


class Check(NamedTuple):
    label: str  # of the exercise
    question: str
    answers: list[tuple[list[str], str]]  # spellings and reply; the first is right
    otherwise: str
    seen: str
    within: str


def parse(label: str, lines: list[str]) -> Check:
    question, *rest = [line.strip() for line in lines if line.strip()] or [""]
    pairs = [(key.strip(), words.strip()) for key, _, words in (line.partition(": ") for line in rest)]
    named = {key: words for key, words in pairs if key in ("?", "seen", "within")}
    answers = [([one.strip() for one in key.split(" | ")], words) for key, words in pairs if key not in named]
    if (
        not answers
        or not all(words for _, words in pairs)
        or "?" not in named
        or "___" not in named.get("seen", "")
    ):
        raise ValueError("a check has a question, answers with replies, `?: a guiding question` and `seen`")
    return Check(label, question, answers, named["?"], named["seen"], named.get("within", ""))


def checks(text: str) -> list[Check]:
    """All checks in the text of a page."""
    return [parse(label, body.splitlines()) for label, body in FENCE.findall(text)]


class CheckDirective(SphinxDirective):
    has_content = True
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        try:
            check = parse(self.arguments[0], list(self.content))
        except (ValueError, KeyError) as fault:
            raise self.error(str(fault)) from None
        data = {"answers": check.answers, "otherwise": check.otherwise, "within": check.within}
        serial = self.env.new_serialno("check")
        node = check_node(label=check.label, id=f"check-{serial}", data=json.dumps(data, ensure_ascii=False))
        node += self.state.inline_text(check.question, self.lineno)[0]
        return [node]


class check_node(nodes.General, nodes.Element):
    pass


def write_start(writer: Any, node: check_node) -> None:
    data = escape(node["data"])
    writer.body.append(f'<form class="check" data-check="{data}"><label for="{node["id"]}">')


def write_end(writer: Any, node: check_node) -> None:
    field = f'id="{node["id"]}" aria-describedby="{node["id"]}-reply"'
    spelling = 'autocomplete="off" autocapitalize="off" spellcheck="false"'
    writer.body.append(
        f'</label><p class="check-field"><input type="text" {field} {spelling}><button>Check</button></p>'
        f'<p class="check-reply" id="{node["id"]}-reply" aria-live="polite"></p></form>\n'
    )


def move(app: Any, doctree: nodes.document) -> None:
    """Each check into the box of its exercise."""
    every = list(doctree.findall(nodes.Element))
    boxes = {node["label"]: node for node in every if node.get("type") == "exercise"}
    for check in (node for node in every if isinstance(node, check_node)):
        if check["label"] not in boxes:
            raise ExtensionError(
                f"check: there is no exercise {check['label']} on the page {app.env.docname}"
            )
        check.parent.remove(check)
        boxes[check["label"]].append(check)


def parts() -> dict[str, list[str]]:
    """The pages of each part of the book, without the endings of their files."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return {
        part["caption"]: [page["file"].removesuffix(".ipynb") for page in part["chapters"]]
        for part in toc["parts"]
    }


def listed() -> Iterator[str]:
    """The list of all exercises: a table for each part, and the same exercises by their marks."""
    by_mark: dict[str, list[str]] = {mark: [] for mark in MARKS}
    for caption, pages in parts().items():
        rows = []
        for page in pages:
            text = (ROOT / f"{page}.md").read_text(encoding="utf-8")
            checked = {check.label for check in checks(text)}
            place = f"[](/{page}.md)"
            for title, label, mark in EXERCISE.findall(text):
                link = f"{{ref}}`{title} <{label}>`"
                rows.append(f"| {place} | {link} | {mark} | {'yes' if label in checked else ''} |")
                by_mark[mark].append(link)
                place = ""
        if rows:
            yield f"## {caption}\n\n| Page | Exercise | Difficulty | Check |\n|---|---|---|---|"
            yield "\n".join(rows) + "\n"
    yield "## By difficulty\n"
    for mark, links in by_mark.items():
        yield f"{mark}, {len(links)} exercises: " + " · ".join(links) + ".\n"


def write_list(app: Any, docname: str, source: list[str]) -> None:
    if LIST in source[0]:
        source[0] = source[0].replace(LIST, "\n".join(listed()))
        for pages in parts().values():
            for page in pages:
                app.env.note_dependency(str(ROOT / f"{page}.md"))


def setup(app: Any) -> dict[str, bool]:
    app.add_node(check_node, html=(write_start, write_end))
    app.add_directive("check", CheckDirective)
    app.connect("doctree-read", move)
    app.connect("source-read", write_list)
    return {"parallel_read_safe": True}
