"""Every page of the built book, in a real browser: from a file, some over loopback, under the page's own strict policy.

Needs the book (`make book`) and Debian's Chromium; `make test` builds the one and says when the
other is missing.
"""

import base64
import hashlib
import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import light_pages
import numpy as np
import pytest
from notebooks import below
from pages import AXE, PAINTED, ROOT, Html, Seen, own_bytes, seen_faults, watch, written_faults
from PIL import Image
from playwright.sync_api import Browser, Page
from pygments.token import STANDARD_TYPES

from rnnbook.figures import live

BOOK = ROOT / "_build" / "html"
START = "index.html"  # leads on to book/index.html
HTML = [path.relative_to(BOOK).as_posix() for path in BOOK.rglob("*.html") if "_static" not in path.parts]
PAGES = sorted(page for page in HTML if page != START)
NOTEBOOKS = [path.relative_to(ROOT).as_posix() for path in below(ROOT / "book", "*.ipynb")]
# The landing page, one with code and exercises, one that Sphinx writes from docstrings, its index, its search.
SERVED = [
    "book/index.html",
    "book/4-gates/lstm.html",
    "book/reference/api-tf.html",
    "genindex.html",
    "search.html",
]
# A laptop and a telephone.
LAPTOP, TELEPHONE = {1280: ("dark", "light")}, {375: ("light", "dark")}
LIGHT = 300_000  # bytes
SOON = 5_000  # milliseconds, so that a busy machine fails nothing; measured: 300 for most pages, 530 for the slowest

SEARCHES = {  # the first by the address of the page
    "循环神经网络": "book/reference/glossary.html",
    "forget gate": "book/4-gates/lstm.html",
    "dynamic_rnn": "book/reference/api-tf.html",
    "vanishing": "book/3-learning/long-term-dependencies.html",
    "sine wave": "book/6-applications/sine-wave.html",
    "长短期记忆": "book/reference/glossary.html",
    "Colab": "book/index.html",
    "PyTorch": "book/4-gates/lstm.html",
    "bfloat16": "book/6-applications/how-fast.html",
    "early stopping": "book/6-applications/sine-wave.html",
    "jit_compile": "book/2-unrolling/dynamic.html",
    "stateful": "book/2-unrolling/static.html",
    "disable_v2_behavior": "book/reference/tf1-dictionary.html",
    "state_is_tuple": "book/reference/tf1-dictionary.html",
    "mixed precision": "book/6-applications/how-fast.html",
    "argmax": "book/reference/glossary.html",
    "temperature": "book/2-unrolling/variable-length-outputs.html",
    "zzyzx": None,
}

SEARCH = (
    "words => { document.getElementById('search-results').replaceChildren(); Search.performSearch(words) }"
)
SERVED_SEARCHES = [(words, SEARCHES[words]) for words in ("长短期记忆", "forget gate", "zzyzx")]

# What is put at the end of a sound page, all at once, by the words that name the fault.
SOUND = "book/reference/glossary.html"  # has formulas, and few of them
BROKEN = {
    "console error: Failed to load resource": '<script src="missing.js"></script>',
    "console error: Executing inline script violates": "<script>1</script>",
    "console error: Executing inline event handler violates": "<a href='#' onclick='alert(1)'>x</a><script src='../_static/doctools.js'></script>",
    "console error: Loading the image 'https://example.org/x.png' violates": '<img src="https://example.org/x.png" alt="x">',
    "scrolls sideways": '<div style="width: 3000px">wide</div>',
    "cells touch": '<div class="cell_output"><table class="dataframe" style="border-collapse: collapse"><tr><td style="padding: 0 !important">1.234</td><td style="padding: 0 !important">5.678</td></tr></table></div>',
    "name broken within a word": '<table style="width: 30px; table-layout: fixed"><tr><td><code class="literal"><span class="pre">sequence</span></code></td></tr></table>',
    "sign alone on its line": r'<p>where <span class="math" style="display: block">\(x\)</span>, then</p>',
    "next page cut": '<div class="prev-next-area"><a style="position: relative; left: 2000px">next</a></div>',
    "formula with an error": r'<span class="math">\(\nosuchmacro{x}\)</span>',
    "formula not rendered": "<p>where $x_t$ is the input</p>",
    "image not shown": '<img src="missing.png" alt="x">',
    "axe image-alt": '<img src="../_static/logo.svg">',
    "dark: axe color-contrast at .black": '<p class="black" style="color: #222">black on black</p>',
    "dark: axe color-contrast at .dim": '<div style="background: #999"><p class="dim">light on grey</p></div>',
}
BROKEN_HTML = {
    "no alt text": '<img src="../_static/logo.svg">',
    "loads from elsewhere": '<script src="https://example.org/x.js"></script>',
    "dead link: nosuchpage": '<a href="nosuchpage.html">x</a>',
    "dead link: index.html#nosuch": '<a href="index.html#nosuch">x</a>',
    "dead link: ../../../": '<a href="../../../README.md">x</a>',
    "script not of the theme": '<a onclick="steal()">x</a>',
}


def assert_none(faults: list[str]) -> None:
    assert not faults, "\n".join(["", *faults])


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    """A tab of a browser that has none of the book's files; axe-core is there before the page, for the policy lets in no script later."""
    with browser.new_context() as context:
        context.add_init_script(path=AXE)
        context.set_default_timeout(60_000)
        yield context.new_page()


@pytest.fixture(scope="module")
def reader(browser: Browser) -> Iterator[Page]:
    """A tab for one page after the other; it keeps no file of those before."""
    with browser.new_context() as context:
        context.add_init_script(path=AXE)
        context.set_default_timeout(60_000)
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        yield page


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The book as `make serve` serves it."""
    command = [
        sys.executable,
        "-u",
        "-m",
        "http.server",
        "--bind",
        "127.0.0.1",
        "--directory",
        str(BOOK),
        "0",
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:  # port 0: any that is free
        yield re.search(r"http://[\d.:]+", server.stdout.readline())[0]
        server.terminate()


def test_every_page_is_built():
    written = {
        path.relative_to(ROOT).with_suffix(".html").as_posix() for path in below(ROOT / "book", "*.md")
    }
    assert written | {"genindex.html", "search.html"} == set(PAGES), "run make book"


@pytest.fixture(scope="module")
def seen() -> Seen:
    """The looks of words that were measured already, on whatever page."""
    return {}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_right_and_soon_there_from_a_file(reader, page, seen):
    """Narrow and wide, light and dark: formulas, images, width, console, requests, axe-core; and the first contentful paint."""
    views = LAPTOP | TELEPHONE if page in SERVED else TELEPHONE | LAPTOP  # all rules of axe in the last view
    assert_none(seen_faults(reader, (BOOK / page).as_uri(), views, axe=True, seen=seen))
    assert reader.evaluate(PAINTED) <= SOON


@pytest.mark.parametrize("width", [375, 601, 768, 991, 992, 1100, 1199, 1200])
def test_a_box_in_the_margin_stays_on_the_page_at_every_width(tab, width):
    tab.set_viewport_size({"width": width, "height": 800})
    tab.goto((BOOK / "book/4-gates/lstm.html").as_uri())
    box = tab.locator(".margin").first.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("page", SERVED)
def test_a_page_is_right_from_a_server(reader, site, page):
    """One page of each kind, without axe, which has seen it: the files are the same, and to a file a browser grants less."""
    assert_none(seen_faults(reader, f"{site}/{page}", {1280: ("dark",), 375: ("light",)}, axe=False))


@pytest.mark.parametrize("page", [*PAGES, START])
def test_a_page_links_and_loads_what_is_there(page):
    """Links, anchors, files, alt texts; and no script but the book's files and the theme's settings."""
    assert_none(written_faults(BOOK / page, (BOOK / page).read_text(encoding="utf-8"), BOOK))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_light(page):
    """Its HTML and its figures, beyond what the pages share, which a browser fetches once."""
    assert own_bytes(BOOK / page, [BOOK / other for other in PAGES]) <= LIGHT


def test_a_heavy_page_is_seen(tmp_path):
    """A figure counts; what all pages load, the library of styles, and links do not."""
    (tmp_path / "_static").mkdir()
    for name in ("own.png", "all.js", "_static/style.css", "linked.zip"):
        (tmp_path / name).write_bytes(bytes(LIGHT))
    shared = '<script src="all.js?v=1"></script><link href="_static/style.css"><a href="linked.zip">'
    light, heavy = tmp_path / "light.html", tmp_path / "heavy.html"
    light.write_text(shared)
    heavy.write_text(f'{shared}<img src="own.png">')
    assert own_bytes(light, [light, heavy]) == len(shared)
    assert own_bytes(heavy, [light, heavy]) == LIGHT + heavy.stat().st_size


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_a_figure_looks_as_in_its_notebook(notebook):
    """The built figure has no more bytes, and no channel of no pixel differs by what the eye sees."""
    for cell in json.loads((ROOT / notebook).read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                png = base64.b64decode(output["data"]["image/png"])
                built = BOOK / "_images" / f"{hashlib.sha256(png).hexdigest()}.png"
                assert built.stat().st_size <= len(png)
                assert largest_difference(png, built.read_bytes()) <= light_pages.NEAR


def largest_difference(one: bytes, other: bytes) -> int:
    a, b = (np.asarray(Image.open(io.BytesIO(png)).convert("RGBA")).astype(int) for png in (one, other))
    return abs(a - b).max()


def png_of(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def test_a_small_figure_is_a_palette_near_to_what_it_was():
    """Half of it white, half in shades of which some are too near to be told apart."""
    pixels = np.full((128, 128, 3), 255, np.uint8)
    pixels[64:, :, :2] = np.random.default_rng(0).integers(0, 64, (64, 128, 2))
    png = png_of(pixels)
    small = light_pages.smaller(png)
    image = Image.open(io.BytesIO(small))
    assert image.mode == "P"
    assert len(small) < len(png)
    assert (np.asarray(image.convert("RGB"))[:64] == 255).all()
    assert 0 < largest_difference(png, small) <= light_pages.NEAR
    assert light_pages.smaller(small) is small  # done once


def test_a_figure_of_many_colours_is_near_to_what_it_was():
    noise = png_of(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
    assert 0 < largest_difference(noise, light_pages.smaller(noise)) <= light_pages.NEAR


def test_a_figure_that_lets_something_through_stays_as_it_is():
    png = png_of(np.full((64, 64, 4), (200, 100, 50, 90), np.uint8))
    assert light_pages.smaller(png) is png


def test_large_data_of_a_figure_leave_the_page_and_come_back_whole(tmp_path):
    """What is small stays. The script holds the very data; a second build changes nothing. One of an older build goes."""
    (tmp_path / "_static" / "live").mkdir(parents=True)
    (tmp_path / "_static" / "live" / "name-old.js").touch()
    page = tmp_path / "page.html"
    much = {"words": "<b> & \u2028" + "x" * light_pages.MUCH}
    figures = [live("name", "A <figure>", **much), live("other", "Small", number=1)]
    page.write_text("".join(figure._repr_html_() for figure in figures), encoding="utf-8")
    for _ in range(2):
        light_pages.part_data(SimpleNamespace(outdir=tmp_path), None)
        text = page.read_text(encoding="utf-8")
        (script,) = (tmp_path / "_static" / "live").iterdir()
        assert f'<rnn-name class="live" data-given="{script.name}" aria-label="A &lt;figure&gt;"><p>' in text
        assert figures[1]._repr_html_() in text
        start, _, data = script.read_text(encoding="utf-8").partition(" = ")
        assert start == f'live.given["{script.name}"]'
        assert json.loads(data.rstrip(";\n")) == much


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_code_that_is_not_marked_would_have_the_colour_it_has(theme):
    styles = (BOOK / "_static/pygments.css").read_text(encoding="utf-8")
    colours = dict(re.findall(rf'"{theme}"\] \.highlight (?:\.(\w+) )?{{[^}}]*\bcolor: (#\w+)', styles))
    for kind in light_pages.UNMARKED:
        assert colours[STANDARD_TYPES[kind]] == colours[""]


def test_the_start_page_leads_to_the_first_page(tab, site):
    tab.goto(f"{site}/{START}")
    tab.wait_for_url(f"{site}/book/index.html")


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_the_zip_to_download_holds_the_committed_notebook(notebook):
    """Each page with code links to its zip, at its top and at its end, and to no notebook without it."""
    path = Path(notebook)
    page = BOOK / path.with_suffix(".html")
    links = Html(page.read_text(encoding="utf-8")).links
    assert [url for url in links if url.endswith((".zip", ".ipynb"))] == [f"{path.stem}.zip"] * 2
    with zipfile.ZipFile(page.with_suffix(".zip")) as archive:
        assert archive.read(f"{path.stem}/{path.name}") == (ROOT / notebook).read_bytes()


def test_a_click_downloads_the_zip(tab, site):
    downloads = []
    tab.on("download", lambda download: downloads.append(download))
    # the link opens a new tab
    tab.on("popup", lambda popup: popup.on("download", lambda download: downloads.append(download)))
    tab.goto(f"{site}/book/4-gates/lstm.html")
    tab.get_by_label("Download this page").click()
    tab.get_by_text(".zip", exact=True).click()
    for _ in range(100):
        if not downloads:
            tab.wait_for_timeout(100)
    assert Path(downloads[0].path()).read_bytes() == (BOOK / "book/4-gates/lstm.zip").read_bytes()


@pytest.mark.parametrize("where", ["loopback", "file"])
def test_the_search_finds_what_it_should(tab, site, where):
    """Words, names of the package and Chinese terms lead to their page; nonsense leads nowhere; no error."""
    faults = []
    tab.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    tab.on("pageerror", lambda error: faults.append(str(error)))
    for n, (words, wanted) in enumerate(SEARCHES.items() if where == "file" else SERVED_SEARCHES):
        if n == 0:
            tab.goto(f"{site if where == 'loopback' else BOOK.as_uri()}/search.html?q={words}")
        else:  # what the page does with the words of its address
            tab.evaluate(SEARCH, words)
        summary = tab.locator(".search-summary", has_text=re.compile("Search finished|did not match"))
        summary.wait_for()
        found = [link.get_attribute("href") for link in tab.locator("ul.search > li > a").all()]
        pages = [url.split("#")[0].split("?")[0] for url in found]
        assert wanted in pages[:10] if wanted else pages == [], (words, pages)
        if wanted and where == "loopback":
            tab.locator("ul.search p.context").first.wait_for()  # a quotation from the page
    assert_none(faults)


def test_the_buttons_of_a_page_work_under_the_policy(tab, site):
    """Print, full screen, the mode and a solution: each acts when it is clicked."""
    faults = []
    tab.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    tab.add_init_script("window.print = () => { window.printed = true }")
    tab.goto(f"{site}/book/4-gates/lstm.html")
    tab.get_by_label("Download this page").click()
    tab.get_by_text(".pdf", exact=True).click()
    assert tab.evaluate("() => window.printed")
    tab.get_by_title("Fullscreen mode").or_(tab.locator(".btn-fullscreen-button")).first.click()
    assert tab.evaluate("() => Boolean(document.fullscreenElement)")
    tab.locator(".theme-switch-button").first.click()
    assert tab.evaluate("() => document.documentElement.dataset.mode") != "auto"
    solution = tab.locator("div.solution").first
    assert "toggle-hidden" in solution.get_attribute("class")
    solution.locator(".toggle-button").click()
    assert "toggle-hidden" not in solution.get_attribute("class")
    assert_none(faults)


@pytest.mark.parametrize("where", ["file", "loopback"])
def test_a_broken_page_is_seen(tab, site, where):
    """Each kind of fault, put into a page that has none, is named; over loopback too what only the policy stops."""
    home = site if where == "loopback" else BOOK.as_uri()
    url, text = f"{home}/{SOUND}", (BOOK / SOUND).read_text(encoding="utf-8")
    put = {fault: html for fault, html in BROKEN.items() if where == "file" or "violates" in fault}
    broken = text.replace("</article>", "".join(put.values()) + "</article>")
    assert broken != text
    tab.route(url, lambda route: route.fulfill(body=broken, content_type="text/html"))
    faults = seen_faults(tab, url, TELEPHONE, axe=where == "file")
    assert [fault for fault in put if not any(fault in line for line in faults)] == [], faults


def test_a_request_off_the_machine_is_seen(tab, tmp_path):
    """A page's policy stops it before it is made; a page without one makes it, and there it is counted."""
    page = tmp_path / "page.html"
    page.write_text('<html><body><img src="https://example.org/x.png" alt="x">')
    lines: list[str] = []
    watch(tab, page.parent.as_uri(), lines)
    tab.goto(page.as_uri())
    assert "request off the machine: https://example.org/x.png" in lines


@pytest.mark.parametrize("fault", BROKEN_HTML)
def test_a_broken_link_or_script_is_seen(fault):
    text = (BOOK / SOUND).read_text(encoding="utf-8") + BROKEN_HTML[fault]
    assert [line for line in written_faults(BOOK / SOUND, text, BOOK) if line.startswith(fault)]


def test_a_page_without_a_policy_is_seen():
    text = (BOOK / SOUND).read_text(encoding="utf-8").replace("Content-Security-Policy", "refresh")
    assert written_faults(BOOK / SOUND, text, BOOK) == ["no policy before the first script"]
