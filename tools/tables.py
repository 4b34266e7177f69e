"""A Sphinx extension: pandas' tables as a screen reader wants them.

Above its row names pandas puts header cells without words, which a screen reader announces as
headers all the same. They become plain cells.
"""

from typing import Any

from docutils import nodes


def fill_corners(app: Any, doctree: nodes.document) -> None:
    for node in doctree.findall(nodes.raw):
        if "<th></th>" in node.astext():
            node.children[:] = [nodes.Text(node.astext().replace("<th></th>", "<td></td>"))]


def setup(app: Any) -> dict[str, bool]:
    app.connect("doctree-read", fill_corners)
    return {"parallel_read_safe": True}
