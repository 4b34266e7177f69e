"""Open the built book in a browser, served on the loopback interface only.

Every page comes with a strict Content-Security-Policy: nothing is loaded from another
machine, and no script runs but the book's own files and what the theme wrote into the page.
"""

import base64
import hashlib
import sys
import webbrowser
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HTML = Path(__file__).resolve().parent.parent / "_build" / "html"


BUTTONS = ["toggleFullScreen()", "window.print()"]  # the theme's, by `onclick`


class Inline(HTMLParser):
    """The scripts that stand in a page itself."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.inside = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.inside = tag == "script" and "src" not in dict(attributes)
        if self.inside:
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.scripts[-1] += data

    def handle_endtag(self, tag: str) -> None:
        self.inside = False


def policy(html: str) -> str:
    """The strictest policy under which a page of the book works.

    The theme writes its settings into the page as short scripts, and two buttons act by
    `onclick`: these texts run by their hashes, any other is refused. Styles are let in,
    because MathJax and the theme's icons insert theirs by script, and tables carry the
    widths of their columns. `connect-src`: the search reads pages to quote from them.
    """
    scripts = sorted({digest(text) for text in Inline(html).scripts})
    buttons = [digest(text) for text in BUTTONS]
    rules = {
        "default-src": "'none'",
        "script-src": " ".join(["'self'", *scripts, "'unsafe-hashes'", *buttons]),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


class Handler(SimpleHTTPRequestHandler):
    def end_headers(self) -> None:
        path = Path(self.translate_path(self.path))
        is_page = path.suffix == ".html" and path.is_file()
        self.send_header(
            "Content-Security-Policy", policy(path.read_text(encoding="utf-8") if is_page else "")
        )
        super().end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing: the browser shows what is missing."""


class Server(ThreadingHTTPServer):
    def __init__(self, folder: Path = HTML) -> None:
        super().__init__(("127.0.0.1", 0), partial(Handler, directory=str(folder)))  # 0: any free port
        self.url = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that leaves a page before it is read whole is no error."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


if __name__ == "__main__":
    with Server() as server:
        url = f"{server.url}/book/index.html"
        print(f"The book is at {url}  (Ctrl-C stops)")
        webbrowser.open(url)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
