"""The two directions, used in a browser as a reader uses them; what they show is compared with `rnnbook.scratch`."""

import re

import numpy as np
import pytest
from figure_pages import data_of
from playwright.sync_api import Locator

from rnnbook import scratch

pytestmark = pytest.mark.xdist_group("directions")


def shown(figure: Locator) -> np.ndarray:
    """How far each half moves with each letter, [2, T]."""
    words = figure.locator("svg").get_attribute("aria-label")
    return np.array([numbers.split(", ") for numbers in re.findall(r"ward: ([\d., ]+\d)", words)], float)


def by_scratch(word: str, t: int) -> np.ndarray:
    data = data_of("directions")
    cells = []
    for half in ("forward", "backward"):
        cell = scratch.BasicLSTMCell(len(data[half]["bias"]) // 4, num_inputs=len(data["codes"][0]))
        cell.kernel[:], cell.bias[:] = data[half]["kernel"], data[half]["bias"]
        cells.append(cell)
    x = np.array([[data["codes"][ord(letter) - ord("a")] for letter in word]])
    usual, _ = scratch.unroll_bidirectional(*cells, x)
    moved = np.zeros((2, len(word)))
    for k in range(len(word)):
        changed = x.copy()
        changed[0, k] += 1
        outputs, _ = scratch.unroll_bidirectional(*cells, changed)
        moved[:, k] = [np.linalg.norm(outputs[n][0, t] - usual[n][0, t]) for n in (0, 1)]
    return moved


@pytest.mark.parametrize("word", ["nowhere", "a", "bidirectiona"])
def test_the_halves_move_as_those_of_the_package(figures, word):
    figure = figures("directions")
    figure.get_by_role("textbox", name="Word").fill(word)
    for t in {0, len(word) // 2, len(word) - 1}:
        figure.get_by_role("slider", name="Output at letter").fill(str(t))
        expected = by_scratch(word, t)
        np.testing.assert_allclose(shown(figure), expected, rtol=1e-4, atol=6e-5)
        assert (expected[0] > 0).tolist() == [k <= t for k in range(len(word))]
        assert (expected[1] > 0).tolist() == [k >= t for k in range(len(word))]


def test_at_the_last_letter_the_backward_half_has_read_one(figures):
    """The invitation, by touch."""
    figure = figures("directions", 375)
    figure.locator("svg text", has_text=re.compile("^e$")).last.tap()
    read = "the forward half has read n o w h e r e; the backward half, which begins at the end, has read e."
    assert read in figure.inner_text()
    forward, _ = shown(figure)
    assert 0.2 < forward[0] / forward[-1] < 0.3


def test_a_letter_is_chosen_by_mouse_and_by_keys(figures):
    figure = figures("directions")
    place = figure.get_by_role("slider", name="Output at letter")
    assert (
        "has read n o w; the backward half, which begins at the end, has read e r e h w."
        in figure.inner_text()
    )
    figure.get_by_role("button", name="Step").click()
    place.press("ArrowRight")
    assert "At the letter e the forward half has read n o w h e;" in figure.inner_text()
    figure.locator("svg text", has_text="o").last.click()
    assert "has read n o;" in figure.inner_text()


def test_a_wrong_word_is_answered_and_nothing_is_lost(figures):
    figure = figures("directions")
    field = figure.get_by_role("textbox", name="Word")
    for wrong, words in (("now here", "Only letters"), ("", "Only letters"), ("a" * 13, "At most 12")):
        field.fill(wrong)
        assert words in figure.get_by_role("alert").inner_text()
        assert field.input_value() == wrong
        assert "has read n o w;" in figure.inner_text()
    field.fill("IS")
    assert "At the letter s the forward half has read i s;" in figure.inner_text()
