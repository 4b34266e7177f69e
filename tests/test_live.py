"""The interactive figures of the built book, used in a browser: from a file, under the page's own policy.

What a figure shows is compared with `rnnbook.scratch` on the data that stand in the page, which an
executed cell put there.
"""

import json
import re
import shutil
from collections.abc import Iterator

import numpy as np
import pytest
from pages import AXE, ROOT, SETTLE, axe_faults, watch
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from rnnbook import scratch

BOOK = ROOT / "_build" / "html" / "book"
FIGURES = {"adder": "1-memory/adding"}  # each figure, and a page that has it
# The colours between a figure and its page. Axe leaves words alone that have the very colour of their ground.
GROUNDS = """figure => {
  const colors = [];
  for (let box = figure; box.tagName !== 'MAIN'; box = box.parentElement) colors.push(getComputedStyle(box).backgroundColor);
  return colors.filter(color => color !== 'rgba(0, 0, 0, 0)');
}"""
LEARNED = 0.1  # a loss that a network has only when it adds


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or "chromium"
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    with browser.new_context(has_touch=True) as context:
        context.add_init_script(path=AXE)
        context.set_default_timeout(60_000)
        yield context.new_page()


def open_figure(tab: Page, name: str, width: int = 1280) -> Locator:
    """The page from its file, and the figure when it has built itself."""
    tab.set_viewport_size({"width": width, "height": 800})
    tab.goto((BOOK / FIGURES[name]).with_suffix(".html").as_uri())
    figure = tab.locator(f"rnn-{name}")
    figure.scroll_into_view_if_needed()
    figure.locator("svg").first.wait_for()
    return figure


def data_of(name: str) -> dict:
    """What the executed cell wrote into the page."""
    html = (BOOK / FIGURES[name]).with_suffix(".html").read_text(encoding="utf-8")
    return json.loads(re.search(rf"<rnn-{name} .*?<template>(.*?)</template>", html)[1])


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_right_in_every_view(tab, name):
    """Wide and narrow, light and dark: no message, nothing asked of another machine, axe finds nothing, nothing is too wide."""
    faults: list[str] = []
    watch(tab, "file:///", faults)
    for width in (375, 1280):
        figure = open_figure(tab, name, width)
        for mode in ("light", "dark"):
            tab.emulate_media(color_scheme=mode)
            tab.evaluate(SETTLE, mode)
            faults += [f"{mode}: {fault}" for fault in axe_faults(tab)]
            faults += [f"{mode}: a ground of {color}" for color in figure.evaluate(GROUNDS)]
        assert tab.evaluate("document.scrollingElement.scrollWidth") <= width
        sizes = figure.locator("svg text").evaluate_all(
            "all => all.map(text => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a)"
        )
        assert min(sizes) >= 9
    assert faults == []


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_loaded_when_it_is_near_and_says_a_sentence_where_scripts_are_off(browser, tab, name):
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto((BOOK / FIGURES[name]).with_suffix(".html").as_uri())
    tab.wait_for_timeout(200)
    if tab.locator(f"rnn-{name}").bounding_box()["y"] > 2_000:
        assert not any(url.endswith(f"rnn-{name}.js") for url in asked)
    open_figure(tab, name)
    assert any(url.endswith(f"rnn-{name}.js") for url in asked)
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto((BOOK / FIGURES[name]).with_suffix(".html").as_uri())
        assert page.locator(f"rnn-{name} p").first.is_visible()


@pytest.mark.parametrize("name", FIGURES)
def test_every_control_is_reached_and_named(tab, name):
    """By the tabulator alone; a group of radio buttons is one stop."""
    figure = open_figure(tab, name)
    figure.evaluate("figure => { figure.tabIndex = -1; figure.focus() }")
    controls = figure.locator("button, input:not([type=radio]), input[type=radio]:checked")
    reached = []
    for _ in range(controls.count()):
        tab.keyboard.press("Tab")
        reached.append(tab.evaluate("document.activeElement.closest('label, button')?.innerText"))
    assert len(reached) == controls.count()
    assert all(reached), reached


def columns(first: int, second: int) -> np.ndarray:
    """The digits of two numbers, lowest first, [1, T, 2]."""
    T = max(8, (first + second).bit_length())
    return np.array([[[n >> t & 1 for n in (first, second)] for t in range(T)]], float)


def test_the_adding_machine_shows_the_states_of_the_page(tab):
    figure, data = open_figure(tab, "adder"), data_of("adder")
    cell = scratch.BasicRNNCell(len(data["bias"]), num_inputs=2)
    cell.kernel[:], cell.bias[:] = data["kernel"], data["bias"]
    for first, second in ((183, 107), (0, 0), (2**60 - 1, 1)):
        figure.get_by_label("First number").fill(str(first))
        figure.get_by_label("Second number").fill(str(second))
        assert f"The network says {first + second}. It is right." in figure.inner_text()
        states = scratch.unroll(cell, columns(first, second))[0][0]
        for t in (0, 3, len(states) - 1):
            figure.get_by_role("slider", name="Column").fill(str(t))
            shown = figure.get_by_label(re.compile("^The 8 units")).get_attribute("aria-label")
            numbers = re.findall(r"-?\d\.\d+", shown.replace("\u2212", "-"))
            np.testing.assert_allclose(np.array(numbers, float), states[t], rtol=0, atol=0.006)


def test_the_adding_machine_answers_a_wrong_number_in_words_and_loses_nothing(tab):
    figure = open_figure(tab, "adder")
    field = figure.get_by_label("First number")
    for wrong, words in (("12x", "Only the digits"), ("", "Type a whole number"), ("9" * 61, "At most 60")):
        field.fill(wrong)
        assert words in figure.get_by_role("alert").first.inner_text()
        assert field.input_value() == wrong
        assert "says 290" in figure.inner_text()
    field.fill("1,000")
    assert "says 1107" in figure.inner_text()


def test_the_adding_machine_steps_by_mouse_by_touch_and_by_keys(tab):
    figure = open_figure(tab, "adder", 375)
    place, step = figure.get_by_role("slider", name="Column"), figure.get_by_role("button", name="Step")
    step.click()
    assert place.input_value() == "4"
    step.tap()
    assert place.input_value() == "5"
    place.press("ArrowLeft")
    assert place.input_value() == "4"
    place.press("Home")
    assert "Column 1: 1 and 1" in figure.inner_text()


def test_a_network_learns_to_add_in_the_page(tab):
    figure = open_figure(tab, "adder")
    figure.get_by_role("button", name="Train it here").press("Enter")
    tab.wait_for_selector("rnn-adder[data-rests]")
    told = figure.locator(".live-progress").inner_text()
    assert float(re.search(r"loss (\d\.\d+)", told)[1]) < LEARNED
    assert int(re.search(r"(\d+) of 200", told)[1]) > 150
    figure.get_by_label("the one trained here").check()
    assert "It is right" in figure.inner_text()
    figure.get_by_role("button", name="Begin anew").click()
    assert "8 random units" in figure.inner_text()
