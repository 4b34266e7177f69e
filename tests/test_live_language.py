"""The guesser of languages, used in a browser as a reader uses it; its probabilities and states are those of `rnnbook`."""

import base64
import re
from functools import cache

import numpy as np
import pytest
from figure_pages import assert_refused_in_words, data_of
from playwright.sync_api import Locator
from shared import unpacked

from rnnbook import scratch

pytestmark = pytest.mark.xdist_group("language")
NAMES = ("slowakische krone", "marshallinsaaret", "x", "q" * 30)
READ = "([data, name]) => languageReader(data)([...name].map(letter => data.letters.indexOf(letter)))"


@cache
def data() -> dict:
    return data_of("language")


@cache
def read(name: str) -> tuple[np.ndarray, np.ndarray]:
    """The probabilities [T, 38] after every letter and after the end of a name, and the states [T, 128]."""
    weights = {place: unpacked(packed) for place, packed in data()["weights"].items()}
    cell = scratch.GRUCell(len(weights["output"]), num_inputs=weights["embedding"].shape[1])
    for place, weight in cell.weights.items():
        weight[:] = weights[place]
    tokens = [data()["letters"].index(letter) for letter in f"{name}$"]
    states = scratch.unroll(cell, weights["embedding"][tokens][None])[0][0]
    logits = states @ weights["output"] + weights["bias"]
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True), states


def three(name: str, t: int) -> str:
    p = read(name)[0][t]
    return ", ".join(f"{data()['languages'][k]} {p[k]:.2f}" for k in np.argsort(-p)[:3])


def shown(figure: Locator) -> dict[str, list[float]]:
    """The rows of the map: a language, and its probability after every letter."""
    words = figure.get_by_label(re.compile("^The probability after every letter")).get_attribute("aria-label")
    rows = [row.split(": ") for row in re.split(r"(?<=\d)\. ", words.partition("its end. ")[2])]
    return {language: [float(number) for number in numbers.split(", ")] for language, numbers in rows}


def test_probabilities_and_states_are_those_of_the_package(figures):
    page = figures.tab("language").page
    for name in NAMES:
        computed = page.evaluate(READ, [data(), f"{name}$"])
        for got, expected in zip((computed["p"], computed["states"]), read(name), strict=True):
            np.testing.assert_allclose(got, expected, rtol=0, atol=1e-6)


def test_every_16_bit_number_is_read_as_it_is(figures):
    """Normal and subnormal ones, both signs, zeros; weights are never infinite."""
    halves = np.arange(2**16, dtype="<u2").view("<f2")
    halves = halves[np.isfinite(halves)]
    packed = {"shape": [len(halves)], "float16": base64.b64encode(halves.tobytes()).decode()}
    read = figures.tab("language").page.evaluate("packed => [...live.weight(packed)]", packed)
    np.testing.assert_array_equal(read, halves.astype(float))


def test_the_figure_shows_the_guess_after_every_letter(figures):
    figure = figures("language")
    field, place = figure.get_by_label("A name"), figure.get_by_role("slider", name="Letter")
    for name in ("marshallinsaaret", "norge", "x"):
        field.fill(name)
        for t in range(len(name) + 1):
            place.fill(str(t))
            note = figure.locator(".live-note").inner_text()
            assert note.startswith("At the end of" if t == len(name) else "After")
            assert note.endswith(f": {three(name, t)}.")
        rows, (p, _) = shown(figure), read(name)
        leaders = {data()["languages"][k] for k in p.argmax(axis=1)}
        assert set(rows) <= leaders
        assert len(rows) == min(6, len(leaders))
        for language, row in rows.items():
            expected = p[:, data()["languages"].index(language)]
            np.testing.assert_allclose(row, expected, rtol=0, atol=0.0051)


def test_the_plane_shows_where_the_state_is(figures):
    """The three languages whose names end nearest to the state, told in words, as two components have it."""
    figure = figures("language")
    figure.get_by_label("A name").fill("slowakische krone")
    place = figure.get_by_role("slider", name="Letter")
    plane = figure.get_by_label(re.compile("^The state in a plane"))
    way = (read("slowakische krone")[1] - data()["centre"]) @ np.array(data()["axes"]).T
    middles = np.array(data()["middles"])
    sides = np.array([380, 242]) / np.ptp(middles, axis=0)  # the drawing stretches the axes
    for t in (0, 8, len(way) - 1):
        place.fill(str(t))
        near = np.argsort(np.linalg.norm((middles - way[t]) * sides, axis=1))[:3]
        names = ", ".join(data()["languages"][k] for k in near)
        assert plane.get_attribute("aria-label").endswith(f"the names in {names}.")
        assert f"{t + 1} steps" in plane.get_attribute("aria-label")


def test_what_the_page_tells_of_its_four_names_is_seen(figures):
    """The second is French, and it says Romanian; the third it knows."""
    figure = figures("language")
    for (name, truth), ends in zip(
        data()["examples"],
        (
            "German, and it is right",
            "Romanian. It is French",
            "Finnish, and it is right",
            "It is|it is right",
        ),
        strict=True,
    ):
        figure.get_by_role("button", name=name).click()
        assert figure.get_by_label("A name").input_value() == name
        said = figure.locator(".live-result").inner_text()
        assert re.search(ends, said), said
        assert truth in said


def test_what_the_page_says_of_other_names_comes_out(figures):
    figure = figures("language")
    for name, language in (
        ("schweiz", "German"),
        ("szwajcaria", "Polish"),
        ("švýcarsko", "Czech"),
        ("müller", "Turkish"),
        ("garcía", "Irish"),
    ):
        figure.get_by_label("A name").fill(name)
        assert f"it says {language}" in figure.locator(".live-result").inner_text()


def test_families_lie_together_in_the_plane():
    middles, codes = np.array(data()["middles"]), data()["codes"]
    place = dict(zip(codes, middles, strict=True))
    for one, other in (("cs", "sk"), ("da", "nb")):
        apart = {code: np.linalg.norm(place[code] - place[one]) for code in codes if code != one}
        assert min(apart, key=apart.get) == other
    up = np.median(middles[:, 1])
    assert all(place[code][1] > up for code in ("pt", "es", "it", "fr", "ro", "ca", "gl"))
    left = np.median(middles[:, 0])
    assert all(place[code][0] < left for code in ("cs", "sk", "pl", "hr", "sl"))


def test_letter_by_letter_the_guess_follows_the_keys(figures):
    """After each key the newest letter is shown."""
    figure = figures("language", 375)
    field = figure.get_by_label("A name")
    field.fill("")
    for typed in ("sz", "wajcaria"):
        for letter in typed:
            field.press(letter)
            written = field.input_value()
            note = figure.locator(".live-note").inner_text()
            assert note == f"After \u201c{written}\u201d: {three(written, len(written) - 1)}."


def test_a_name_is_read_as_the_network_knows_letters(figures):
    """Capitals become small, an accent that was typed apart joins its letter, blanks around do not count."""
    figure = figures("language")
    field = figure.get_by_label("A name")
    field.fill("clippertonøya")
    expected = figure.locator(".live-note").inner_text()
    field.fill("  ClippertonØYA ")
    assert figure.locator(".live-note").inner_text() == expected
    field.fill("e\u0301")
    assert "\u201c\u00e9\u201d" in figure.locator(".live-note").inner_text()


def test_a_wrong_name_is_answered_in_words_and_nothing_is_lost(figures):
    figure = figures("language")
    wrong = {"": "Type a name", "   ": "Type a name", "$": "never met \u201c$\u201d", 31 * "a": "At most 30"}
    wrong |= {
        "νορβηγία": "never met \u201cν\u201d",
        "route 66": "never met \u201c6\u201d",
        "was?": "never met \u201c?\u201d",
    }
    assert_refused_in_words(figure, "A name", ".live-note", wrong)
    field = figure.get_by_label("A name")
    field.fill("norge")
    assert figure.get_by_role("alert").inner_text() == ""
    assert field.get_attribute("aria-invalid") is None


def test_the_name_is_stepped_through_by_mouse_by_touch_and_by_keys(figures):
    figure = figures("language", 375)
    place, step = figure.get_by_role("slider", name="Letter"), figure.get_by_role("button", name="Step")
    figure.get_by_role("button", name="marshallinsaaret").tap()
    assert "17 of 17" in figure.inner_text()
    place.press("Home")
    step.click()
    step.tap()
    place.press("ArrowRight")
    assert "4 of 17" in figure.inner_text()
    figure.get_by_role("button", name="Back").tap()
    assert "3 of 17" in figure.inner_text()
    news = figure.locator(".live-news")
    figure.page.wait_for_function("news => news.textContent.startsWith('After')", arg=news.element_handle())
    assert "mar" in news.text_content()


def test_the_weights_come_once_and_only_when_the_figure_is_near(figures):
    """The page itself does not hold them."""
    tab = figures.tab("language")
    given = [url for url in tab.asked if "/_static/live/" in url]
    assert len(given) == 1
    assert "float16" not in tab.page.content()
