"""What all interactive figures of the built book must do, used in a browser: from a file, under the page's own policy.

What one figure shows stands in its own tests/test_live_NAME.py, where it is compared with `rnnbook.scratch` on the
data that stand in the page, which an executed cell put there.
"""

import re

import pytest
from figure_pages import BOOK, FIGURES, path_of
from pages import COLOURS, SETTLE, THEME_WAITS, axe_faults

# The colours between a figure and its page. Axe leaves words alone that have the very colour of their ground.
GROUNDS = """figure => {
  const colors = [];
  for (let box = figure; box.tagName !== 'MAIN'; box = box.parentElement) colors.push(getComputedStyle(box).backgroundColor);
  return colors.filter(color => color !== 'rgba(0, 0, 0, 0)');
}"""
STATIC = BOOK.parent / "_static"
LIGHT = 60_000  # bytes of script that the figures of a page need together
# Counted apart, since they come with one figure alone and are not of our making, or are no script but numbers: sheet
# music by abcjs, and the weights of a network.
BORROWED, ABCJS, DATA = "abcjs/abcjs-basic-min.js", 520_000, 2**20
each = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in FIGURES]
)


@each
def test_a_figure_is_right_in_every_view(figures, name):
    """Wide and narrow, light and dark: no message, nothing asked of another machine, axe finds nothing, nothing is too wide."""
    tab = figures.tab(name)
    page, faults = tab.page, tab.faults
    for width in (375, 1280):
        figure = figures(name, width)
        page.wait_for_timeout(THEME_WAITS)
        for mode in ("light", "dark"):
            page.emulate_media(color_scheme=mode)
            page.evaluate(SETTLE, mode)
            faults += [
                f"{mode}: {fault}" for fault in axe_faults(page, None if mode == "light" else COLOURS, figure)
            ]
            faults += [f"{mode}: a ground of {color}" for color in figure.evaluate(GROUNDS)]
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width
        sizes = figure.locator("svg text").evaluate_all(
            "all => all.map(text => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a)"
        )
        assert min(sizes, default=9) >= 9  # sheet music may have no words
    assert faults == []


@pytest.fixture(scope="module")
def without_scripts(browser):
    """A tab in which no script runs."""
    with browser.new_context(java_script_enabled=False) as context:
        yield context.new_page()


@each
def test_a_figure_is_loaded_when_it_is_near_and_says_a_sentence_where_scripts_are_off(
    without_scripts, figures, name
):
    tab = figures.tab(name)
    assert not tab.loaded_before_it_was_near
    assert any(url.endswith(f"rnn-{name}.js") for url in tab.asked)
    without_scripts.goto(path_of(FIGURES[name]).as_uri())
    assert without_scripts.locator(f"rnn-{name} p").first.is_visible()


def test_no_page_loads_heavy_scripts_for_its_figures():
    """What the figures of a page need together, beyond the page."""
    for path in BOOK.rglob("*.html"):
        named = set(re.findall(r"<(rnn-[a-z-]+) class=\"live", path.read_text(encoding="utf-8")))
        files = ["rnn.js", "live.js", *(f"{name}.js" for name in named)]
        assert sum((STATIC / file).stat().st_size for file in files) <= LIGHT, path.name
    assert (STATIC / BORROWED).stat().st_size <= ABCJS
    assert all(path.stat().st_size <= DATA for path in (STATIC / "live").iterdir())


@each
def test_no_figure_loads_what_is_of_another(figures, name):
    """Large data, and abcjs, which is larger than all else together, come with their own figure, once."""
    asked = [url.partition("/_static/")[2] for url in figures.tab(name).asked]
    large = [file for file in asked if file.startswith(("live/", "abcjs/"))]
    assert len(large) == len(set(large))
    for file in large:
        assert file.startswith(f"live/{name}-") or (name, file) == ("tunes", BORROWED)


@each
def test_a_figure_says_above_what_it_is(figures, name):
    """Who sees it reads the words that a screen reader says."""
    figure = figures(name)
    assert figure.locator("p:visible").first.inner_text() == figure.get_attribute("aria-label")


# Where a slider stands while it takes many values, one after the other, all of them twice: the first time what is said
# above it may grow.
SWEEP = """async slider => {
  const places = new Set(), frame = () => new Promise(requestAnimationFrame);
  for (let n = 0; n < 26; n++) {
    slider.value = Number(slider.min) + (n % 13) / 12 * (slider.max - slider.min);
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    await frame();
    await frame();
    const { x, y, width } = slider.getBoundingClientRect();
    if (n >= 13) places.add([x, y + scrollY, width].map(Math.round).join());
  }
  return [...places];
}"""


@each
@pytest.mark.parametrize("width", [1280, 375])
def test_a_slider_stays_in_its_place_while_it_is_dragged(figures, name, width):
    for slider in figures(name, width).locator("input[type=range]").all():
        assert len(slider.evaluate(SWEEP)) == 1


@each
def test_a_button_stays_in_its_place_while_others_change_their_words(figures, name):
    """Play, Stop, a mark that is taken away: who clicks twice hits the same button."""
    words = re.compile("^(Play|Train it here|Take the mark away)$")
    for button in figures(name).get_by_role("button", name=words).element_handles():
        places = "button => [...button.parentElement.querySelectorAll('button')].map(one => one.offsetLeft)"
        before = button.evaluate(places)
        for _ in range(2):
            button.click()
            assert button.evaluate(places) == before


@each
def test_every_control_is_reached_and_named(figures, name):
    """By the tabulator alone; a group of radio buttons is one stop."""
    figure = figures(name)
    figure.evaluate("figure => { figure.tabIndex = -1; figure.focus() }")
    controls = figure.locator("button, select, input:not([type=radio]), input[type=radio]:checked")
    reached = []
    for _ in range(controls.count()):
        figure.page.keyboard.press("Tab")
        reached.append(figure.page.evaluate("document.activeElement.closest('label, button')?.innerText"))
    assert len(reached) == controls.count()
    assert all(reached), reached
