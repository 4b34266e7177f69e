"""The tabs of the figures that answer: each page is opened once in a session, and each test gets a fresh copy of its figure.

A figure is an element, so its HTML, inserted anew, builds it anew; nothing has to be loaded again. Formulas are left
out, and what else the page holds is taken away when the figure is there: it costs most of the time, and
tests/test_pages.py looks at it. A test belongs to the group of its figure
(`pytest.mark.xdist_group`), so that one worker opens a page.
"""

import json
import re
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

from pages import AXE, ROOT, watch
from playwright.sync_api import Browser, BrowserContext, Locator, Page

BOOK = ROOT / "_build" / "html" / "book"
FIGURES = {  # each figure, and the page that its tests open
    "adder": "1-memory/adding",
    "directions": "5-variants/bidirectional",
    "dropout": "5-variants/dropout",
    "dates": "6-applications/translating-dates",
    "gates": "4-gates/lstm",
    "language": "6-applications/which-language",
    "padding": "2-unrolling/variable-length-inputs",
    "sine": "6-applications/sine-wave",
    "stepper": "1-memory/recurrent-neuron",
    "tunes": "6-applications/tunes",
}
HEIGHT = 800
ALONE = """figure => {
  for (let box = figure; box.tagName !== 'MAIN'; box = box.parentElement)
    for (const other of [...box.parentElement.children]) if (other !== box) other.remove();
}"""


def path_of(page: str) -> Path:
    return (BOOK / page).with_suffix(".html")


def html_of(name: str, page: str = "") -> str:
    """A figure as it stands in its page, before any script has run."""
    text = path_of(page or FIGURES[name]).read_text(encoding="utf-8")
    return re.search(rf"<rnn-{name} .*?</rnn-{name}>", text, re.DOTALL)[0]


def data_of(name: str, page: str = "") -> dict:
    """What the executed cell wrote into the page, or, where that is much, what the build has put into a script."""
    html = html_of(name, page)
    if given := re.search('data-given="(.*?)"', html):
        script = (BOOK.parent / "_static" / "live" / given[1]).read_text(encoding="utf-8")
        return json.loads(script.partition(" = ")[2].rstrip(";\n"))
    return json.loads(unescape(re.search("<template>(.*?)</template>", html)[1]))


@dataclass
class Tab:
    """A page with a figure: how it was loaded, and what it has complained of so far."""

    page: Page
    loaded_before_it_was_near: bool
    asked: list[str]
    faults: list[str] = field(default_factory=list)


class Tabs:
    """Call it for a fresh copy of a figure: `figure("adder", width=375)`, or as another page has it."""

    def __init__(self, browser: Browser):
        self.context: BrowserContext = browser.new_context(has_touch=True)
        self.context.add_init_script(path=AXE)
        self.context.set_default_timeout(60_000)
        empty = {"content_type": "text/javascript", "body": ""}
        self.context.route("**/tex-svg.js*", lambda route: route.fulfill(**empty))
        self.tabs: dict[str, Tab] = {}

    def tab(self, name: str) -> Tab:
        """The page of a figure, from its file, and the figure when it has built itself."""
        if name not in self.tabs:
            page = self.context.new_page()
            page.set_viewport_size({"width": 1280, "height": HEIGHT})
            asked: list[str] = []
            page.on("request", lambda request: asked.append(request.url))
            tab = self.tabs[name] = Tab(page, False, asked)
            watch(page, "file:///", tab.faults)
            page.goto(path_of(FIGURES[name]).as_uri())
            figure = page.locator(f"rnn-{name}").first
            if figure.bounding_box()["y"] > 2_000:
                page.wait_for_timeout(100)
                tab.loaded_before_it_was_near = any(url.endswith(f"rnn-{name}.js") for url in asked)
            figure.scroll_into_view_if_needed()
            figure.locator("svg").first.wait_for()
            figure.evaluate(ALONE)
        self.tabs[name].page.bring_to_front()
        return self.tabs[name]

    def __call__(self, name: str, width: int = 1280, page: str = "") -> Locator:
        tab = self.tab(name).page
        tab.set_viewport_size({"width": width, "height": HEIGHT})
        figure = tab.locator(f"rnn-{name}").first
        figure.evaluate("(figure, html) => (figure.outerHTML = html)", html_of(name, page))
        figure.scroll_into_view_if_needed()
        return figure


def assert_refused_in_words(figure: Locator, field: str, answer: str, wrong: dict[str, str]) -> None:
    """Each wrong text of a field is answered by these words beside it; it stays, and so does the last answer."""
    box, before = figure.get_by_label(field), figure.locator(answer).inner_text()
    for text, words in wrong.items():
        box.fill(text)
        assert words in figure.get_by_role("alert").inner_text()
        assert box.input_value() == text
        assert box.get_attribute("aria-invalid") == "true"
        assert figure.locator(answer).inner_text() == before
