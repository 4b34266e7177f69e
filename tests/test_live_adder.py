"""The adding machine, used in a browser as a reader uses it."""

import re

import numpy as np
import pytest
from figure_pages import data_of

from rnnbook import scratch

pytestmark = pytest.mark.xdist_group("adder")
LEARNED = 0.1  # a loss that a network has only when it adds


def columns(first: int, second: int) -> np.ndarray:
    """The digits of two numbers, lowest first, [1, T, 2]."""
    T = max(8, (first + second).bit_length())
    return np.array([[[n >> t & 1 for n in (first, second)] for t in range(T)]], float)


def test_the_adding_machine_shows_the_states_of_the_page(figures):
    figure, data = figures("adder"), data_of("adder")
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


def test_the_landing_page_has_the_network_of_the_page_about_adding():
    """Both pages train it, from the same random numbers; a reader who goes from the one to the other meets it again."""
    first, second = data_of("adder", "index"), data_of("adder")
    assert first.keys() == second.keys()
    for name in first:
        np.testing.assert_allclose(first[name], second[name], rtol=1e-3, atol=1e-4, err_msg=name)


def test_the_adding_machine_answers_a_wrong_number_in_words_and_loses_nothing(figures):
    figure = figures("adder")
    field = figure.get_by_label("First number")
    for wrong, words in (("12x", "Only the digits"), ("", "Type a whole number"), ("9" * 61, "At most 60")):
        field.fill(wrong)
        assert words in figure.get_by_role("alert").first.inner_text()
        assert field.input_value() == wrong
        assert "says 290" in figure.inner_text()
    field.fill("1,000")
    assert "says 1107" in figure.inner_text()


def test_the_adding_machine_steps_by_mouse_by_touch_and_by_keys(figures):
    figure = figures("adder", 375)
    place, step = figure.get_by_role("slider", name="Column"), figure.get_by_role("button", name="Step")
    step.click()
    assert (place.input_value(), place.get_attribute("aria-valuetext")) == ("4", "5 of 9")
    step.tap()
    assert place.input_value() == "5"
    place.press("ArrowLeft")
    assert place.input_value() == "4"
    place.press("Home")
    assert "Column 1: 1 and 1" in figure.inner_text()


def test_a_network_learns_to_add_in_the_page(figures):
    figure = figures("adder")
    figure.get_by_role("button", name="Train it here").press("Enter")
    figure.page.wait_for_selector("rnn-adder[data-rests]")
    told = figure.locator(".live-progress").inner_text()
    assert float(re.search(r"loss (\d\.\d+)", told)[1]) < LEARNED
    assert int(re.search(r"(\d+) of 200", told)[1]) > 150
    figure.get_by_label("the one trained here").check()
    assert "It is right" in figure.inner_text()
    figure.get_by_role("button", name="Begin anew").click()
    assert "8 random units" in figure.inner_text()
