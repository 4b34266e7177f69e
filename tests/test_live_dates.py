"""The translator of dates, used in a browser as a reader uses it; what it writes and looks at is compared with `rnnbook`."""

import re

import numpy as np
import pytest
from figure_pages import assert_refused_in_words, data_of
from playwright.sync_api import Locator

from rnnbook import scratch

pytestmark = pytest.mark.xdist_group("dates")
STEPS = 11  # of an answer, with its end


def weights_of(network: str) -> dict[str, np.ndarray]:
    """The kept weights as numbers: a number of 0 to 18 steps below 9 is a digit to base 19, three of them are two signs."""
    data, weights = data_of("dates"), {}
    for name, packed in data["networks"][network].items():
        first, second = ([data["signs"].index(sign) for sign in packed["signs"][n::2]] for n in (0, 1))
        three = np.array(first) * len(data["signs"]) + second
        levels = np.column_stack(np.unravel_index(three, (19, 19, 19))).ravel() - 9
        size = int(np.prod(packed["shape"]))
        weights[name] = levels[:size].reshape(packed["shape"]) * np.array(packed["step"]) * 1e-4
    return weights


def translated(network: str, written: str) -> tuple[str, np.ndarray | None]:
    """The answer, and what each of its characters looked at."""
    data, weights = data_of("dates"), weights_of(network)
    mix, output = weights["mix"], weights["output"]
    H, looks = len(output), []

    def cell(part: str) -> scratch.GRUCell:
        made = scratch.GRUCell(H, num_inputs=len(weights[f"{part}/gates_kernel"]) - H)
        for name, weight in made.weights.items():
            weight[:] = weights[f"{part}/{name}"]
        return made

    encoder, decoder = cell("encoder"), cell("decoder")
    source = np.eye(encoder.num_inputs)[[[data["letters"].index(letter) + 1 for letter in written]]]
    memory, state = scratch.unroll(encoder, source)

    def step(tokens: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        query, state = decoder(np.eye(decoder.num_inputs)[tokens], state)
        read = query
        if len(mix) == 2 * H:
            context, weight = scratch.attend(query[:, None], memory)
            looks.append(weight[0, 0])
            read = np.concatenate([query, context[:, 0]], axis=1)
        return np.tanh(read @ mix) @ output, state

    tokens, _ = scratch.greedy_decode(step, state, 0, 0, STEPS)
    answer = "".join(data["digits"][token - 1] for token in tokens[0] if token)
    return answer, np.array(looks) if looks else None


def shown(figure: Locator) -> np.ndarray:
    """What the chosen character looks at, from the words that stand for the drawing."""
    words = figure.locator("svg").get_attribute("aria-label")
    return np.array(words.rpartition("weights ")[2].split(", "), float)


def test_the_answers_and_the_looks_are_those_of_the_package(figures):
    figure = figures("dates")
    field, place = figure.get_by_label("A date"), figure.get_by_role("slider", name="Character")
    for written in ("Sonntag, 22. November 2026", "2026年11月", "Oct 7, 1942", "7"):
        field.fill(written)
        plain, _ = translated("plain", written)
        answer, looks = translated("attentive", written)
        assert f"Without attention: {plain}. With attention: {answer}." in figure.inner_text()
        for s in (0, len(answer) - 1):
            place.fill(str(s))
            np.testing.assert_allclose(shown(figure), looks[s], rtol=0, atol=0.0051)
            assert f'With attention "{answer[s]}"' in figure.inner_text()


def test_attention_gets_right_what_one_vector_does_not(figures):
    """The date of the page's alignment."""
    figure = figures("dates")
    figure.get_by_role("button", name="German").click()
    said = figure.locator(".live-result").inner_text()
    assert "With attention: 2026-11-22. They differ." in said
    figure.get_by_role("slider", name="Character").fill("9")
    assert shown(figure).argmax() in (10, 11)  # the second 2, or the dot that ends the day
    assert "10 of 10" in figure.inner_text()


def test_a_wrong_date_is_answered_in_words_and_nothing_is_lost(figures):
    figure = figures("dates")
    wrong = {"": "Type a date", "22 ноября 2026": 'have never met "н"', 31 * "2": "At most 30"}
    assert_refused_in_words(figure, "A date", ".live-result", wrong)
    field = figure.get_by_label("A date")
    field.fill("22 nov. 2026")
    assert figure.get_by_role("alert").inner_text() == ""
    assert re.search("With attention: 2026-11-22", figure.inner_text())


def test_the_answer_is_stepped_through_by_mouse_by_touch_and_by_keys(figures):
    figure = figures("dates", 375)
    place, step = figure.get_by_role("slider", name="Character"), figure.get_by_role("button", name="Step")
    place.press("Home")
    assert "1 of 10" in figure.inner_text()
    step.click()
    step.tap()
    place.press("ArrowRight")
    assert "4 of 10" in figure.inner_text()
    figure.get_by_role("button", name="Chinese").tap()
    assert figure.get_by_label("A date").input_value() == "2026年11月22日"
