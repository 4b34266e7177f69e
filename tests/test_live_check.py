"""The checks of answers, used in a browser: each answer gets its reply, in any spelling; from a file, by keyboard, in every view."""

import json
from collections.abc import Iterator
from html import unescape

import exercises
import pytest
from pages import AXE, ROOT, SETTLE, watch
from playwright.sync_api import Page

BUILT = ROOT / "_build" / "html" / "book"
PAGE = BUILT / "1-memory" / "layer-and-batch.html"
SCRIPT = ROOT / "book" / "_static" / "check.js"
CHAPTERS = [page.removeprefix("book/") for part in exercises.parts().values() for page in part]
CHECKS = [
    check
    for page in CHAPTERS
    for check in exercises.checks((ROOT / "book" / f"{page}.md").read_text(encoding="utf-8"))
]

# A right answer, spellings of it, and what is not it.
SPELLINGS = [
    ("1230", ["1,230", "1 230", "1_230", "= 1230", "+1230", "1230 weights.", "about 1230!", "1.23e3", "1.23 × 10^3", "2460/2"], ["1.230", "12300", "1,23"]),
    ("-0.5", ["\u22120.5", "\u2013 0.5", "-.5", "-0,5", "-1/2", "−1 / 2", "-50%", "-0.54"], ["0.5", "-0.56", "1/2"]),
    ("93.8%", ["93.8", "93.8 %", "0.938", "93.8 percent", "93,8 per cent"], ["9.38", "938", "93.9"]),
    ("9", ["nine", "Nine.", "9.", "9 steps", "27/3", "t = 9", "after 9 steps", "9 of 500"], ["9.1", "90", "ninety", "-9"]),
    ("3.0143", ["3.0143", "3,0143", "about 3.0143"], ["3014.3", "minus 3.0143"]),
    ("0.5", ["half", "1/2", "50 %"], ["nothing", "2"]),
    ("0", ["0.0", "zero", "-0", "0/3"], ["0.1", "one"]),
    ("1", ["one", "1/1"], ["one hundred", "one or two"]),
    ("0.0006", ["6e-4", "6 * 10^-4", "6·10^−4", ".0006"], ["0.006", "6e4"]),
    ("(4, 2, 3)", ["4×2×3", "4x2x3", "4 X 2 X 3", "[4,2,3]", "4 2 3", "{4; 2; 3}", "(4,2,3,)", "4 by 2 by 3", "B=4, T = 2, H=3.", "TensorShape([4, 2, 3])"], ["(4, 3, 2)", "(4, 2)", "423", "(4, 2, 4)"]),
    ("(5,)", ["5", "[5]", "(5)"], ["(1, 5)", "(5, 1)"]),
    ("encoder and decoder", ["Encoder and decoder", "an encoder and decoder.", "It is the encoder and decoder", '"encoder  and decoder"'], ["encoder", "not encoder and decoder", "sequence"]),
    ("w_h", ["W_h", "w h", "the gradient of w_h", "`w_h`"], ["w_x", "h", "w_h is not"]),
]  # fmt: skip

# What is wrong with an answer that no line of the check foresees: right, typed, words.
HINTS = [
    ("1230", "-1230", "the sign is not"),
    ("1230", "12300", "Yours is 10 times the right one"),
    ("1230", "615", "Yours is the right one divided by 2"),
    ("-0.5", "-50", "Yours is 100 times the right one"),
    ("12.345", "12.5", "Near"),
    ("12.345", "12.3", "Right as far as it goes"),
    ("1980", "1982", "^Why?"),
    ("7", "14", "^Why?"),
    ("(4, 2, 3)", "4, 3, 2", "their order is not"),
    ("(4, 2, 3)", "(4, 2)", "Yours has 2 axes; that is too few"),
    ("(4, 2, 3)", "4", "Yours has 1 axis; that is too few"),
    ("(4, 2, 3)", "[B, T, D]", "Say it in numbers"),
    ("(4, 2, 3)", "(1, 5, 9)", "Axes 0, 1 and 2 are wrong"),
    ("(4, 2, 3)", "(4, 5, 3)", "Axis 1 is wrong"),
    ("(4, 2, 3)", "(1, 5, 3)", "Axes 0 and 1 are wrong"),
    ("(4, 2, 3)", "B and T", "Type a shape"),
    ("7", "many", "Type a number"),
    ("7", " ", "Type your answer first"),
    ("first", "somewhere", "^Why?"),
]


@pytest.fixture(scope="module")
def all_checks(browser, tmp_path_factory) -> Iterator[Page]:
    """A page with the forms of all pages, as they are built, and the script: loaded once."""
    forms = []
    for page in CHAPTERS:
        html = (BUILT / f"{page}.html").read_text(encoding="utf-8")
        forms += [
            f"<form{piece.partition('</form>')[0]}</form>" for piece in html.split('<form class="check"')[1:]
        ]
    assert len(forms) == len(CHECKS)
    path = tmp_path_factory.mktemp("checks") / "all.html"
    body = "".join(form.replace("<form ", '<form class="check" ', 1) for form in forms)
    path.write_text(
        f'<meta charset="utf-8">{body}<script src="{SCRIPT.as_uri()}"></script>', encoding="utf-8"
    )
    with browser.new_context() as context:
        tab = context.new_page()
        tab.goto(path.as_uri())
        yield tab


def judged(tab: Page, answers: list, typed: str) -> dict:
    data = {"answers": answers, "otherwise": "Why?", "within": ""}
    return tab.evaluate("([data, typed]) => check.judge(data, typed)", [data, typed])


# Types into one form after the other, and reads what is said.
ANSWER = """([place, texts]) => {
  const form = document.querySelectorAll('.check')[place], input = form.querySelector('input');
  return texts.map(text => {
    input.value = text;
    form.querySelector('button').click();
    return [form.dataset.right, form.querySelector('.check-reply').textContent];
  });
}"""


def test_every_answer_of_every_page_gets_its_own_reply(all_checks):
    """The built forms, in the order of the pages: each spelling of each answer, and something else."""
    for place, check in enumerate(CHECKS):
        texts = [one for spellings, _ in check.answers for one in spellings]
        wanted = [
            ["true", f"Right. {words}"] if number == 0 else ["false", f"Not yet. {words}"]
            for number, (spellings, words) in enumerate(check.answers)
            for _ in spellings
        ]
        plain = [[right, words.replace("`", "")] for right, words in wanted]
        assert all_checks.evaluate(ANSWER, [place, texts]) == plain, check.label
        ((right, said),) = all_checks.evaluate(ANSWER, [place, ["(987, 6)" if "(" in texts[0] else "98765"]])
        assert right == "false" and said.endswith(check.otherwise.replace("`", ""))


@pytest.mark.parametrize(("right", "spellings", "others"), SPELLINGS)
def test_an_answer_is_read_in_any_spelling(all_checks, right, spellings, others):
    for typed in [right, *spellings]:
        assert judged(all_checks, [[[right], "Yes."]], typed).get("right"), typed
    for typed in others:
        assert not judged(all_checks, [[[right], "Yes."]], typed).get("right"), typed


@pytest.mark.parametrize(("right", "typed", "words"), HINTS)
def test_what_can_be_told_of_an_answer_is_told(all_checks, right, typed, words):
    said = judged(all_checks, [[[right], "Yes."]], typed)["words"]
    assert said == "Why?" if words == "^Why?" else words in said


KEPT = "[document.cookie, ...Object.entries(localStorage), ...Object.entries(sessionStorage)].join()"
# The forms alone, with a right and a wrong answer; test_pages.py looks at all of the page before that.
CHECKED_BY_AXE = """async () => (await axe.run('.check', {preload: false, resultTypes: ['violations']})).violations
  .flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.html}`))"""


def test_a_field_answers_by_keyboard_in_every_view_and_sends_nothing(browser):
    """Of one page, loaded once from its file."""
    faults: list[str] = []
    asked: list[str] = []
    with browser.new_context(viewport={"width": 375, "height": 800}) as context:
        context.add_init_script(path=AXE)
        context.route("**/tex-svg.js", lambda route: route.abort())
        tab = context.new_page()
        tab.on("request", lambda request: asked.append(request.url))
        watch(tab, "file:///", faults)
        tab.goto(PAGE.as_uri())
        tab.wait_for_timeout(200)
        assert not any(url.endswith("check.js") for url in asked)  # the exercises are far below
        with tab.expect_request("**/check.js"):
            tab.locator(".check").first.scroll_into_view_if_needed()
        tab.locator(".check[data-right]").first.wait_for()
        kept = tab.evaluate(KEPT)
        tab.get_by_label("How many parameters does the layer").press("Tab")
        assert tab.evaluate("document.activeElement.textContent") == "Check"
        tab.keyboard.press("Shift+Tab")
        tab.keyboard.type("1,200")
        tab.keyboard.press("Enter")
        reply = tab.locator(".check").first.locator("[aria-live=polite]")
        assert reply.inner_text() == "Not yet. The biases are missing, one for each neuron."
        assert tab.locator("input[aria-invalid=true]").input_value() == "1,200"
        tab.get_by_label("after this loop?").fill("2 × 5")
        tab.get_by_label("after this loop?").press("Enter")
        assert tab.locator(".check").nth(1).get_attribute("data-right") == "true"
        assert tab.evaluate(KEPT) == kept
        for mode in ("light", "dark"):
            tab.emulate_media(color_scheme=mode)
            tab.evaluate(SETTLE, mode)
            faults += tab.evaluate(CHECKED_BY_AXE)
        assert tab.evaluate("document.scrollingElement.scrollWidth") <= 375
        assert tab.url == PAGE.as_uri()
    assert [fault for fault in faults if "tex-svg" not in fault and "ERR_FAILED" not in fault] == []


def test_without_scripts_an_exercise_stands_as_before(browser):
    with browser.new_context(java_script_enabled=False) as context:
        tab = context.new_page()
        tab.goto(PAGE.as_uri())
        assert not tab.locator(".check").first.is_visible()
        assert tab.locator("#ex-layer-count-parameters").is_visible()


def test_a_check_stands_in_the_box_of_its_exercise_and_holds_what_the_page_says():
    html = PAGE.read_text(encoding="utf-8")
    box = html.partition('id="ex-layer-count-parameters"')[2].partition('class="solution')[0]
    data = json.loads(unescape(box.partition('data-check="')[2].partition('"')[0]))
    (check, _) = exercises.checks((ROOT / "book/1-memory/layer-and-batch.md").read_text(encoding="utf-8"))
    assert data["answers"] == [list(answer) for answer in check.answers]
    assert data["otherwise"] == check.otherwise


def test_the_script_is_small():
    assert SCRIPT.stat().st_size < 7 * 1024
