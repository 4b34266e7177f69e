"""What may be wrong with a built page: in its HTML, and in a browser. Each fault is a line of text."""

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import axe_playwright_python
from playwright.sync_api import ConsoleMessage, Locator, Page

ROOT = Path(__file__).resolve().parent.parent
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
Views = dict[int, tuple[str, ...]]  # a width in pixels, and the modes, "light" and "dark", in their order
HEIGHT = 800

# All that may stand as a script, or as an event handler, in a page: the theme's settings and
# two buttons. Everything else is in files.
INLINE = [
    r'document\.documentElement\.dataset\.(mode|theme) = localStorage\.getItem\("(mode|theme)"\) \|\| "auto";',
    r"let toggle(HintShow|HintHide|OpenOnPrint) = '[\w ]+';",
    r"var togglebuttonSelector = '[\w., ]+';",
    r"DOCUMENTATION_OPTIONS\.(pagename = '[\w/-]+'|search_as_you_type = false);",
    r'window\.MathJax = \{"tex": \{"macros": \{[^{}()]*\{#1\}[^{}()]*\}\}, "options": \{[^{}()]*\}\}',
    r"// Activate the search field on page load\s+let searchInput = [^=]*",
    r"toggleFullScreen\(\)",
    r"window\.print\(\)",
]

# The theme's own faults: a name of an axe rule, and what the element looks like.
THEME_FAULTS = [
    ("region", 'class="logo__image'),  # the logo of the sidebar stands in no landmark
    ("aria-allowed-role", 'role="doc-biblioentry"'),  # docutils gives the sources a role that ARIA 1.3
    ("aria-deprecated-role", 'role="doc-biblioentry"'),  # has put out of use, on an element
    ("aria-required-children", 'class="citation-list"'),  # that may not bear it
]


class Html(HTMLParser):
    """The parts of a page's HTML that can be wrong without a browser."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []  # where a click leads
        self.loads: list[str] = []  # what the browser fetches by itself
        self.alts: list[str] = []
        self.inline: list[str] = []
        self.in_script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        self.ids.add(values.get("id", ""))
        if "href" in values:
            (self.links if tag == "a" else self.loads).append(values["href"])
        self.loads += [values[name] for name in ("src", "srcset", "data", "poster") if name in values]
        self.inline += [value for name, value in values.items() if name.startswith("on")]
        if tag == "img":
            self.alts.append(values.get("alt", ""))
        self.in_script = tag == "script"

    def handle_data(self, data: str) -> None:
        if self.in_script:
            self.inline.append(data)

    def handle_endtag(self, tag: str) -> None:
        self.in_script = False


@cache
def anchors(path: Path) -> set[str]:
    return Html(path.read_text(encoding="utf-8")).ids


def written_faults(path: Path, text: str, book: Path) -> list[str]:
    """What is wrong with the HTML `text` of the page at `path` in the built book."""
    html = Html(text)
    faults = [f"no alt text: image {place + 1}" for place, alt in enumerate(html.alts) if not alt.strip()]
    for url in html.loads:
        if urlsplit(url).netloc or urlsplit(url).scheme:
            faults.append(f"loads from elsewhere: {url}")
    for url in html.links + html.loads:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") and not leads_somewhere(
            path, parts.path, parts.fragment, book
        ):
            faults.append(f"dead link: {url}")
    if html.inline and 'http-equiv="Content-Security-Policy"' not in text.partition("<script")[0]:
        faults.append("no policy before the first script")
    for script in html.inline:
        if not re.fullmatch(rf"\s*(({'|'.join(INLINE)})\s*)*", script):
            faults.append(f"script not of the theme: {script.strip()[:80]}")
    return faults


def leads_somewhere(page: Path, to: str, anchor: str, book: Path) -> bool:
    target = (page.parent / unquote(to)).resolve() if to else page
    if not target.is_relative_to(book) or not target.is_file():
        return False
    return not anchor or target.suffix != ".html" or unquote(anchor) in anchors(target)


@cache
def loaded(page: Path) -> frozenset[Path]:
    """The page and every file the browser fetches with it."""
    urls = [urlsplit(url) for url in Html(page.read_text(encoding="utf-8")).loads]
    files = {url.path for url in urls if not url.scheme and not url.path.endswith(".html")}
    return frozenset({page} | {(page.parent / unquote(file)).resolve() for file in files})


def own_bytes(page: Path, pages: list[Path]) -> int:
    """The weight of a page and of what it loads, without what it shares: `_static`, and what all pages load."""
    shared = frozenset.intersection(*map(loaded, pages))
    return sum(path.stat().st_size for path in loaded(page) - shared if "_static" not in path.parts)


# The browser may tell of the first paint after the page is loaded.
PAINTED = """() => new Promise(tell => new PerformanceObserver(list => {
  for (const paint of list.getEntriesByName('first-contentful-paint')) tell(paint.startTime);
}).observe({type: 'paint', buffered: true}))"""


# Solutions and hidden cells are opened first: they are part of the page.
OPEN = """async () => {
  if (window.MathJax) await MathJax.startup.promise;
  document.querySelectorAll('details:not([open]) > summary, .toggle-button-hidden').forEach(box => box.click());
}"""
THEME_WAITS = 350  # milliseconds; the theme lets 300 pass before it follows what was opened, or a new width
SETTLE = """async mode => {
  while (document.documentElement.dataset.theme !== mode) await new Promise(requestAnimationFrame);
  await Promise.allSettled(document.getAnimations().map(animation => animation.finished));
}"""
LOOK = r"""() => {
  const faults = [];
  const all = selector => [...document.querySelectorAll(selector)];
  for (const formula of all('.math'))
    if (!formula.querySelector('mjx-container svg')) faults.push('formula not rendered: ' + formula.innerText);
  for (const wrong of all('[data-mml-node="merror"], [data-mml-node="mtext"][fill="red"]'))
    faults.push('formula with an error: ' + wrong.closest('.math').innerText);
  const code = 'pre, code, script, style, textarea, mjx-container, .math';
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode())
    if (/\\[()[\]]|\$\$|\$[^$\s]+\$/.test(texts.currentNode.data) && !texts.currentNode.parentElement.closest(code))
      faults.push('formula not rendered: ' + texts.currentNode.data.trim());
  for (const image of document.images)
    if (!image.naturalWidth) faults.push('image not shown: ' + image.src);
  const start = box => [...box.innerText].slice(0, 60).join('');
  const cut = box => box.checkVisibility() && box.scrollWidth > box.clientWidth + 1;
  if (innerWidth < 400) {  // a telephone: code alone may scroll in its box
    for (const output of all('.cell_output pre'))
      if (cut(output) && !output.closest('.traceback')) faults.push('output cut: ' + start(output));
    for (const table of all('table'))
      if (cut(table.parentElement)) faults.push('table cut: ' + start(table));
    for (const formula of all('div.math')) {
      const number = formula.querySelector('.eqno')?.getBoundingClientRect();
      const shown = formula.querySelector('mjx-container svg')?.getBoundingClientRect();
      const under = number && shown && shown.right > number.left && shown.top < number.bottom && shown.bottom > number.top;
      if (cut(formula) || under) faults.push('formula cut: ' + start(formula));
    }
  }
  const lines = (node, from, to) => {
    const range = document.createRange();
    range.setStart(node, from);
    range.setEnd(node, to);
    return range.getClientRects();
  };
  const within = cell => {
    const range = document.createRange();
    range.selectNodeContents(cell);
    return range.getBoundingClientRect();
  };
  for (const row of all('table.dataframe tr')) {
    const cells = [...row.cells].map(within).filter(cell => cell.width);
    if (cells.some((cell, n) => n && cell.left - cells[n - 1].right < 4)) faults.push('cells touch: ' + start(row));
  }
  for (const name of all('table code .pre')) {
    const parts = [...name.childNodes].filter(part => part.nodeType === Node.TEXT_NODE && part.length < 16);
    if (parts.some(part => !part.data.includes(' ') && lines(part, 0, part.length).length > 1))
      faults.push('name broken within a word: ' + start(name));
  }
  for (const formula of all('span.math')) {
    const sign = /^[.,:;?!)\]]/.test(formula.nextSibling?.data) && lines(formula.nextSibling, 0, 1)[0];
    const shown = formula.getBoundingClientRect();
    if (sign && sign.left < shown.right - 1 && sign.top > shown.top + 6)
      faults.push('sign alone on its line: ' + start(formula.parentElement));
  }
  for (const box of all('.prev-next-area a, .prev-next-area p')) {
    const { left, right, width } = box.getBoundingClientRect();
    if (width && (left < 0 || right > innerWidth)) faults.push('next page cut: ' + start(box));
  }
  const wide = document.scrollingElement.scrollWidth;
  if (wide > innerWidth) faults.push(`scrolls sideways: ${wide} in ${innerWidth} pixels`);
  return faults;
}"""
# Contrast takes axe most of its time, of words with their ground and of links with the words beside them. It depends
# on the colours of a word and of what is around it: of the words that look alike three are measured, of all pages at
# whose views the same `seen` looks. What is placed freely is measured each. Elements that no rule reads, thousands, wait
# outside of the page: the strokes of a formula, what it says to a screen reader but for the words, and the spans of code
# in which nothing is left to measure.
COLOURS = ["color-contrast", "link-in-text-block"]
RUN_AXE = """async ([root, rules, seen]) => {
  const backgrounds = new Map([[null, innerWidth]]);
  const words = element => [...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim());
  const emptied = [];
  const empty = (selector, ...left) => document.querySelectorAll(selector).forEach(box => {
    emptied.push([box, [...box.childNodes]]);
    box.replaceChildren(...left.map(name => box[name]));
  });
  empty('mjx-container > svg');
  empty('mjx-assistive-mml > math', 'textContent');
  for (const element of document.querySelectorAll('*')) {  // parents come before their children
    const style = getComputedStyle(element), around = backgrounds.get(element.parentElement);
    let own = [style.backgroundColor, style.backgroundImage, style.opacity].join();
    if (own === 'rgba(0, 0, 0, 0),none,1') own = '';
    if (['absolute', 'fixed'].includes(style.position)) own += location.pathname + backgrounds.size;
    backgrounds.set(element, around + own);
    const beside = element.matches('a') &&
      [style.textDecorationLine, getComputedStyle(element.parentElement).color, words(element.parentElement)];
    const look = [around, own, style.color, style.fontSize, style.fontWeight, style.textShadow, beside].join();
    const shown = element.checkVisibility({visibilityProperty: true}) && !element.closest('mjx-assistive-mml');
    const read = shown && words(element);
    if (read) seen[look] = (seen[look] || 0) + 1;
    element.toggleAttribute('data-look', element.matches('input') || read && seen[look] <= 3);
  }
  empty('pre:has(span):not(:has(:not(span))):not(:has([data-look]))', 'textContent');
  axe.configure({rules: [
    {id: 'color-contrast', selector: '[data-look]'},
    {id: 'link-in-text-block', selector: 'a[href][data-look]'},
  ]});
  const runOnly = rules && {type: 'rule', values: rules};
  const found = await axe.run(root ?? document, {preload: false, resultTypes: ['violations'], ...(rules && {runOnly})});
  for (const [box, parts] of emptied) box.replaceChildren(...parts);
  return [found.violations.flatMap(rule => rule.nodes.map(node => [rule.id, node.target.join(' '), node.html])), seen];
}"""
Seen = dict[str, int]  # how often a look was met


def watch(page: Page, home: str, faults: list[str]) -> None:
    """From now on write into `faults` what the page complains of, and what it asks for outside of `home`."""

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            faults.append(f"console {message.type}: {message.text}")

    def ask(url: str) -> None:
        if not url.startswith((home, "data:", "blob:")):
            faults.append(f"request off the machine: {url}")

    page.on("console", hear)
    page.on("pageerror", lambda error: faults.append(f"console error: {error}"))
    page.on("request", lambda request: ask(request.url))
    page.on("websocket", lambda socket: ask(socket.url))


def seen_faults(page: Page, url: str, views: Views, axe: bool, seen: Seen | None = None) -> list[str]:
    """What is wrong with a page, loaded in the first of `views`, then looked at in all.

    Axe runs in the last mode of each width: at the last width all of its rules, before it those about colours.
    """
    faults: list[str] = []
    seen = {} if seen is None else seen
    watch(page, url[: url.index("/", len("http://"))], faults)
    width, (mode, *_) = next(iter(views.items()))
    page.set_viewport_size({"width": width, "height": HEIGHT})
    page.emulate_media(color_scheme=mode)
    page.goto(url)
    page.evaluate(OPEN)
    for width, modes in views.items():
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.wait_for_timeout(THEME_WAITS)
        for mode in modes:
            page.emulate_media(color_scheme=mode)
            page.evaluate(SETTLE, mode)
            faults += [f"{mode}: {fault}" for fault in page.evaluate(LOOK)]
        if axe:
            rules = None if width == [*views][-1] else COLOURS
            faults += [f"{mode}: axe {fault}" for fault in axe_faults(page, rules, seen=seen)]
    return faults


def axe_faults(
    page: Page, rules: list[str] | None = None, within: Locator | None = None, seen: Seen | None = None
) -> list[str]:
    """What axe-core finds in the page or in one element, by all of its rules or by these, but for the theme's own faults."""
    root = within.element_handle() if within else None
    found, met = page.evaluate(RUN_AXE, [root, rules, seen or {}])
    if seen is not None:
        seen |= met
    return [
        f"{rule} at {element}: {html[:120]}"
        for rule, element, html in found
        if not any(rule == name and look in html for name, look in THEME_FAULTS)
    ]
