"""The writer of tunes, used in a browser as a reader uses it; its logits and tokens are those of `rnnbook` on the page's weights."""

import re
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from figure_pages import Tabs, data_of
from playwright.sync_api import Locator, expect
from shared import unpacked

from rnnbook import scratch
from rnnbook.figures import live

pytestmark = pytest.mark.xdist_group("tunes")
HARD = "D | G2 B d B G | A > B c d < e f | (3 B c d e2 z/2 z3/2 | G,// A'4 ^^c/4 |]"
CLEF = '[data-name="clefs.G"]'  # one begins each line
MOST = 300  # tokens that it writes
WRITE = """([data, head, temperature, draws]) => {
  const writer = tuneWriter(data), logits = [], tokens = [];
  let state = writer.start(), row;
  for (const token of head) [row, state] = writer.step(data.tokens.indexOf(token), state);
  for (const u of draws) {
    logits.push([...row]);
    tokens.push(writer.sample(row, temperature, u));
    [row, state] = writer.step(tokens.at(-1), state);
  }
  return {logits, tokens};
}"""
DRAWS = (
    "([seed, count]) => { const rng = rnn.generator(seed); return Array.from({length: count}, rng.random) }"
)
LISTEN = """() => {
  globalThis.heard = [];
  globalThis.contexts = 0;
  const Tone = globalThis.OscillatorNode, Context = globalThis.AudioContext;
  globalThis.AudioContext = class extends Context { constructor() { super(); contexts++; } };
  globalThis.OscillatorNode = class extends Tone {
    start(time) { heard.push([this.frequency.value, time]); super.start(time); }
  };
}"""


@cache
def data() -> dict:
    return data_of("tunes")


class Writer:
    """The network of the page, from `rnnbook.scratch`."""

    def __init__(self, data: dict):
        self.tokens = data["tokens"]
        weights = {name: unpacked(packed) for name, packed in data["weights"].items()}
        self.embedding, self.bias = weights["embedding"], weights["output_bias"]
        self.output = weights.get("output")
        if self.output is None:
            self.output = weights["projection"] @ self.embedding.T
        self.cell = scratch.BasicLSTMCell(
            len(weights["bias"]) // 4, num_inputs=self.embedding.shape[1], forget_bias=1.0
        )
        self.cell.weights["kernel"][:], self.cell.weights["bias"][:] = weights["kernel"], weights["bias"]
        self.barred = [n < 2 or token[:2] in ("M:", "K:") for n, token in enumerate(self.tokens)]

    def write(self, head: list[str], temperature: float, draws: list[float]) -> tuple[np.ndarray, list[int]]:
        """The logits before each token, and the tokens, one for each number in `draws`."""
        state, rows, tokens = self.cell.zero_state(1), [], []
        for n in [self.tokens.index(token) for token in head]:
            h, state = self.cell(self.embedding[[n]], state)
        for u in draws:
            rows.append((h @ self.output + self.bias)[0])
            open_ = np.where(self.barred, -np.inf, rows[-1])
            if temperature:
                p = np.exp((open_ - open_.max()) / temperature)
                token = int((np.cumsum(p / p.sum()) > u).argmax())
            else:
                token = int(open_.argmax())
            tokens.append(token)
            h, state = self.cell(self.embedding[[token]], state)
        return np.array(rows), tokens

    def tune(self, head: list[str], temperature: float, draws: list[float]) -> list[str]:
        tokens = [self.tokens[n] for n in self.write(head, temperature, draws)[1]]
        return tokens[: tokens.index("<end>")] if "<end>" in tokens else tokens


def written(figure: Locator) -> list[str]:
    return figure.locator(".live-tokens").inner_text().split()


def new_tune(figure: Locator, button: str = "Write a new tune") -> list[str]:
    """What it has written when it has drawn it."""
    figure.evaluate("figure => delete figure.dataset.drawn")
    figure.get_by_role("button", name=button).click()
    figure.page.wait_for_function("figure => figure.dataset.drawn", arg=figure.element_handle())
    return written(figure)


def own(figures: Tabs, tokens: str, width: int = 1280, head: tuple = ("M:6/8", "K:G")) -> Locator:
    """The figure with a tune of ours, and with the page's network."""
    figures("tunes", width)
    given = data() | {"start": {"head": head, "tokens": tokens.split(), "temperature": 1.0}, "examples": []}
    page = figures.tab("tunes").page
    page.locator("rnn-tunes").evaluate(
        "(figure, html) => (figure.outerHTML = html)", live("tunes", "A tune", **given)._repr_html_()
    )
    figure = page.locator("rnn-tunes")
    figure.locator(".live-sheet svg").wait_for()
    return figure


def test_logits_and_tokens_are_those_of_the_package(figures):
    page, writer = figures.tab("tunes").page, Writer(data())
    draws = np.random.default_rng(0).random(60).round(6).tolist()
    for head, temperature in zip((data()["heads"] * 3)[:3], (1.0, 0.5, 0.0), strict=True):
        done = page.evaluate(WRITE, [data(), head, temperature, draws])
        logits, tokens = writer.write(head, temperature, draws)
        assert done["tokens"] == tokens
        np.testing.assert_allclose(done["logits"], logits, rtol=0, atol=1e-6)


def test_a_new_tune_is_the_one_that_the_package_writes_with_the_same_numbers(figures):
    """Another each time; the same again when asked for; at temperature 0 no numbers count."""
    figure, writer = figures("tunes"), Writer(data())
    heat, head = figure.get_by_role("slider", name="Temperature"), data()["heads"][0]
    figure.get_by_label("Metre and key").select_option("0")
    seen = []
    for seed, temperature in ((1, 0.8), (2, 1.2)):
        heat.fill(str(temperature))
        draws = figure.page.evaluate(DRAWS, [seed, MOST])
        seen.append(new_tune(figure))
        assert seen[-1] == [*head, *writer.tune(head, temperature, draws)]
        assert f"Tune {seed}: " in figure.locator(".live-result").inner_text()
    assert seen[0] != seen[1]
    assert new_tune(figure, "Same random numbers again") == seen[1]
    heat.fill("0")
    expected = [*head, *writer.tune(head, 0, [0.5] * MOST)]
    assert new_tune(figure) == expected
    assert new_tune(figure) == expected


def test_the_first_tune_is_the_page_s_own(figures):
    figure, start = figures("tunes"), data()["start"]
    assert written(figure) == [*start["head"], *(token for token in start["tokens"] if token != "<end>")]
    assert "The page's own tune" in figure.locator(".live-result").inner_text()


def test_the_tunes_of_the_page_are_shown_when_they_are_chosen(figures):
    figure = figures("tunes")
    for example in data().get("examples", []):
        figure.get_by_label("Shown").select_option(label=example["name"])
        tokens = [token for token in example["tokens"] if token != "<end>"]
        assert written(figure) == [*example["head"], *tokens]
        assert figure.locator(".live-result").inner_text().startswith(example["name"])


def eighths(bar: list[str]) -> Fraction:
    """The length of a bar, by the rules of the notation abc."""
    lengths, triplet, factor = [], 0, Fraction(1)
    for token in bar:
        if token == "(3":
            triplet = 3
        elif token[0] in "<>":
            short = Fraction(1, 2 ** len(token))
            first = 2 - short if token[0] == ">" else short
            lengths[-1] *= first
            factor = 2 - first
        elif note := re.fullmatch(r"[\^_=]*[A-Ga-gz][,']*(\d*)(/*)(\d*)", token):
            length = Fraction(int(note[1] or 1)) / (int(note[3]) if note[3] else 2 ** len(note[2]))
            lengths.append(length * factor * (Fraction(2, 3) if triplet > 0 else 1))
            factor, triplet = Fraction(1), triplet - 1
    return sum(lengths, Fraction(0))


def test_bars_have_the_length_that_the_notation_gives_them(figures):
    page = figures.tab("tunes").page
    for tokens in (
        data()["start"]["tokens"],
        HARD.split(),
    ):
        bars, line = [[]], re.compile(r"[\[\]:|]+\d?")
        for token in tokens:
            bars.append([]) if line.fullmatch(token) else bars[-1].append(token)
        found = page.evaluate("tokens => barsOf(tokens, 6).map(bar => bar.length)", tokens)
        expected = [float(eighths([token for token in bar if token != "<end>"])) for bar in bars]
        np.testing.assert_allclose(found[: len(bars)], expected, atol=1e-9)


def test_bars_of_a_wrong_length_are_told_and_marked(figures):
    """A short one at the edge of a part is an upbeat; a long one is wrong everywhere."""
    figure = own(figures, "D | G2 B d B G | A2 A A B | d e f g3 | G3 G2 :| |: c | e3 d3 | e3 d4 |]")
    note = figure.locator(".live-note").inner_text()
    assert "2 of 8 bars do not hold the 6 eighths of 6/8: bar 3 holds 5, bar 8 holds 7." in note
    assert figure.locator("mark").all_inner_texts() == ["A2 A A B", "e3 d4"]
    sheet = figure.locator(".live-sheet")
    assert {"5 of 6", "7 of 6"} <= set(sheet.locator("text").all_text_contents())
    assert sheet.locator(".live-off").count() == 4 + 2
    ink = "element => getComputedStyle(element).color"
    assert sheet.locator(".live-off").first.evaluate(ink) != sheet.evaluate(ink)
    one = own(figures, "D | G2 B d B G | A2 A A B | G3 G2 |]").locator(".live-note").inner_text()
    assert one.endswith("bar 3 holds 5. It is marked.")
    right = own(figures, "D | G2 B d B G | G3 G2 |]")
    assert "3 bars holds the 6 eighths of 6/8, upbeats aside" in right.locator(".live-note").inner_text()
    assert right.locator(".live-off, mark").count() == 0


def test_a_sign_at_the_end_of_a_line_is_not_cut(figures):
    """The bar line and the dots of a repeat."""
    sheet = own(figures, "D | " + 4 * "G2 B d B G | " + "z |: G3 G2 |]").locator(".live-sheet svg")
    right = sheet.evaluate(
        "svg => { const { x, width } = svg.getBBox(); return [x + width, svg.viewBox.baseVal.width] }"
    )
    assert right[0] <= right[1]


def test_the_sheet_tells_a_screen_reader_what_it_is_and_fits_a_telephone(figures):
    tune = "D | " + "G2 B d B G | A2 A A B d | " * 4 + "G3 G2 |]"
    for width, lines in ((1280, 3), (375, 5)):
        figure = own(figures, tune, width)
        sheet = figure.locator(".live-sheet svg")
        assert sheet.get_attribute("role") == "img"
        assert "10 bars" in sheet.get_attribute("aria-label")
        assert figure.locator(CLEF).count() == lines
        assert sheet.bounding_box()["width"] <= figure.bounding_box()["width"]
    figure.page.set_viewport_size({"width": 1280, "height": 800})
    expect(figure.locator(CLEF)).to_have_count(3)


def test_a_tune_without_a_note_does_no_harm(figures):
    figure = own(figures, "|: :| <end>")
    assert "It has no notes." in figure.locator(".live-note").inner_text()
    figure.get_by_role("button", name="Play").click()
    expect(figure.get_by_role("button", name="Play")).to_be_visible()
    assert figures.tab("tunes").faults == []


def test_play_sounds_the_notes_with_repeats_and_at_their_time(figures):
    """K:G makes an F sharp. A bar of 6/8 takes 1.1 seconds. No sound, and nothing that could make one, before the click."""
    figure = own(figures, "|: G3 F3 | [1 d6 :| [2 ^c6 |]")
    page = figure.page
    page.evaluate(LISTEN)
    page.wait_for_timeout(200)
    assert page.evaluate("contexts") == 0
    figure.get_by_role("button", name="Play").click()
    expect(figure.locator(".live-sounds").first).to_be_visible()
    figure.get_by_role("button", name="Play").wait_for()  # it has come to its end
    assert page.evaluate("contexts") == 1
    tones, times = np.array(page.evaluate("heard")).T
    np.testing.assert_allclose(tones, 440 * 2 ** ((np.array([67, 66, 74, 67, 66, 73]) - 69) / 12), rtol=1e-4)
    np.testing.assert_allclose(times - times[0], 1.1 * np.array([0, 0.5, 1, 2, 2.5, 3]), atol=1e-3)
    assert figure.locator(".live-sounds").count() == 0


def test_stop_stops_and_a_new_tune_stops_too(figures):
    figure = own(figures, "G6 | " * 20)
    play = figure.get_by_role("button", name=re.compile("Play|Stop"))
    play.click()
    expect(play).to_have_text("Stop")
    play.click()
    expect(play).to_have_text("Play")
    play.press("Enter")
    expect(play).to_have_text("Stop")
    new_tune(figure)
    expect(play).to_have_text("Play")


def test_it_is_used_by_keys_and_by_touch(figures):
    figure = figures("tunes", 375)
    heat, heads = figure.get_by_role("slider", name="Temperature"), figure.get_by_label("Metre and key")
    heads.focus()
    heads.press("End")
    heat.press("Home")
    assert heat.get_attribute("aria-valuetext") == "0.0"
    heat.press("ArrowRight")
    assert "0.1" in heat.get_attribute("aria-valuetext")
    figure.evaluate("figure => delete figure.dataset.drawn")
    figure.get_by_role("button", name="Write a new tune").tap()
    figure.page.wait_for_function("figure => figure.dataset.drawn", arg=figure.element_handle())
    assert written(figure)[:2] == data()["heads"][-1]
    news = figure.locator(".live-news")
    figure.page.wait_for_function("news => news.textContent.startsWith('Tune 1')", arg=news.element_handle())
