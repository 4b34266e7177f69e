"""A Sphinx extension: every page says what a browser may load and run in it.

A Content-Security-Policy that stands in the page holds wherever the page is read: from a
server, on a published site, from a file. Nothing is loaded from another machine, and no script
runs but the book's own files and what the theme wrote into the page.
"""

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

CHARSET = '<meta charset="utf-8" />'  # must stand at the top, so the policy comes next
WRITTEN = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)
BUTTONS = ["toggleFullScreen()", "window.print()"]  # the theme's, by `onclick`


def digest(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def policy(html: str) -> str:
    """The strictest policy under which a page of the book works.

    The theme writes its settings into the page as short scripts, and two buttons act by
    `onclick`: these texts run by their hashes, any other is refused. Styles are let in,
    because MathJax and the theme's icons insert theirs by script, and tables carry the
    widths of their columns. `file:` is what `'self'` is for a page opened from a file.
    `connect-src`: the search reads pages to quote from them. `worker-src`: a figure that
    computes starts its worker from a text, as a page opened from a file may start no other.
    """
    scripts = sorted({digest(text) for text in WRITTEN.findall(html)})
    buttons = [digest(text) for text in BUTTONS]
    rules = {
        "default-src": "'none'",
        "script-src": " ".join(["'self' file:", *scripts, "'unsafe-hashes'", *buttons]),
        "style-src": "'self' file: 'unsafe-inline'",
        "img-src": "'self' file: data:",
        "font-src": "'self' file:",
        "connect-src": "'self'",
        "worker-src": "blob:",
        "form-action": "'self' file:",
        "base-uri": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def write_policies(app: Any, error: Exception | None) -> None:
    """Into the pages of this build; those of an earlier one have theirs."""
    for path in Path(app.outdir).rglob("*.html"):
        html = path.read_text(encoding="utf-8")
        meta = f'{CHARSET}\n    <meta http-equiv="Content-Security-Policy" content="'
        if meta not in html:
            path.write_text(html.replace(CHARSET, f'{meta}{policy(html)}" />', 1), encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    app.connect("build-finished", write_policies)
    return {"parallel_read_safe": True}
