"""A Sphinx extension for the API page: docstrings as they are, with links to the chapters.

`Taught in: book/4-gates/lstm.` becomes a link to that page, and a paragraph that begins
with an equation is set as it stands.
"""

import re
from itertools import groupby
from typing import Any

PAGE = re.compile(r"book/([\w/-]+)")
EQUATION = re.compile(r"[\w(][\w(),. |*+-]*(=|<-) ")
BACKQUOTED = re.compile(r"(?<![`:\w])`([^`]+)`(?!`)")


def rewrite(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Turn the plain docstring of an object into reStructuredText, in place."""
    text: list[str] = []
    for blank, group in groupby(lines, lambda line: not line.strip()):
        paragraph = list(group)
        if blank:
            text += paragraph
        elif text and EQUATION.match(paragraph[0]):
            text += ["::", "", *(f"    {line}" for line in paragraph)]
        else:
            text += [BACKQUOTED.sub(r"``\1``", link_pages(line)) for line in paragraph]
    lines[:] = text


def link_pages(line: str) -> str:
    if "Taught in:" not in line:
        return line
    line = PAGE.sub(lambda found: f":doc:`/book/{found[1]}`", line)
    return line.replace("Taught in:", "*Taught in:*").replace(" Source:", " *Source:*")


def ignore_foreign(app: Any, config: Any) -> None:
    """TensorFlow's own names have no page here to link to."""
    config.nitpick_ignore.append(("py:exc", "tf.errors.InvalidArgumentError"))


def setup(app: Any) -> dict[str, bool]:
    app.setup_extension("sphinx.ext.autodoc")
    app.setup_extension("sphinx.ext.napoleon")
    app.connect("config-inited", ignore_foreign)
    app.connect("autodoc-process-docstring", rewrite, priority=400)  # before napoleon's
    return {"parallel_read_safe": True}
