"""The stepper, used in a browser as a reader uses it; what it shows is compared with `rnnbook.scratch`."""

import re

import numpy as np
import pytest
from figure_pages import data_of
from playwright.sync_api import Locator

from rnnbook import scratch

pytestmark = pytest.mark.xdist_group("stepper")
NEURONS, CELLS = "1-memory/recurrent-neuron", "1-memory/memory-cells"
BACK, FADES = "3-learning/backpropagation-through-time", "3-learning/long-term-dependencies"
# Keeps the steps that are written into the note, and those that a screen reader is told of.
TOLD = r"""figure => {
  window.told = {};
  for (const place of ['live-note', 'live-news']) {
    told[place] = [];
    const keep = ([{ target }]) => {
      const step = target.textContent.match(/Step (\d)/)[1];
      if (told[place].at(-1) !== step) told[place].push(step);
    };
    new MutationObserver(keep).observe(figure.querySelector('.' + place), { childList: true });
  }
}"""


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?\d+\.\d+", text.replace("\u2212", "-"))]


def shown(figure: Locator) -> np.ndarray:
    """All states [H, T], or the gradients [1, T], from the words that stand for the drawing."""
    words = figure.locator("svg").get_attribute("aria-label")
    return np.array([numbers(part) for part in re.findall(r": ([^:]*)", words)])


def settings(figure: Locator, weight: float, loud: float, activation: str) -> None:
    figure.get_by_label("Recurrent weight").fill(str(weight))
    figure.get_by_label("Inputs, times").fill(str(loud))
    figure.get_by_label("tanh" if activation == "tanh" else "none").check()


def by_scratch(page: str, weight: float, loud: float, activation: str) -> tuple[np.ndarray, np.ndarray]:
    """The states [H, T] and the lengths of the gradients [1, T], of which each has a run of its own to the end."""
    data = data_of("stepper", page)
    H, T = len(data["bias"]), len(data["inputs"])
    cell = scratch.BasicRNNCell(
        H, activation={"tanh": scratch.tanh, "linear": scratch.identity}[activation], num_inputs=1
    )
    cell.kernel[:], cell.bias[:] = data["kernel"], data["bias"]
    cell.w_h[:] = weight if H == 1 else weight * cell.w_h
    x = loud * np.array(data["inputs"])[None, :, None]
    states, _ = scratch.unroll(cell, x)
    direct = np.zeros_like(states)
    if "targets" in data:
        direct = states - np.array(data["targets"])[None, :, None]
    else:
        direct[:, -1] = 1 / np.sqrt(H)
    gradients = [direct[0, -1]]
    for t in range(T - 2, -1, -1):
        _, _, tape = scratch.forward_through_time(cell, x[:, t + 1 :], initial_state=states[:, t])
        _, d_start, _ = scratch.backward_through_time(cell, tape, direct[:, t + 1 :])
        gradients.insert(0, d_start[0] + direct[0, t])
    lengths = [d[0] if H == 1 else np.linalg.norm(d) for d in gradients]
    return states[0].T, np.array([lengths])


def test_the_two_steps_of_the_source_stand_in_the_figure_as_it_begins(figures):
    figure = figures("stepper", page=NEURONS)
    expected = (
        ("0.60000000 and 0.50000000", "0.53704957 and 0.46211716", "1.56128388"),
        ("1.29234010 and 1.39225678", "0.85973818 and 0.88366641", "2.72707101"),
    )
    for before, state, output in expected:
        assert f"The sum is {before}, the state {state}, the output {output}." in figure.inner_text()
        figure.get_by_role("button", name="Step").click()


@pytest.mark.parametrize("page", [NEURONS, CELLS, BACK, FADES])
def test_states_and_gradients_are_those_of_the_package(figures, page):
    figure = figures("stepper", page=page)
    data = data_of("stepper", page)
    begins = 1 if len(data["bias"]) > 1 else data["kernel"][1][0]
    for setting in (
        (begins, 1, data.get("activation", "tanh")),
        (-1.2, 2, "tanh"),
        (1.05, 0.5, "linear"),
        (0, 3, "tanh"),
    ):
        settings(figure, *setting)
        states, gradients = by_scratch(page, *setting)
        for direction, expected in (("forward", states), ("backward", gradients)):
            figure.get_by_label(direction).check()
            np.testing.assert_allclose(shown(figure), expected, rtol=1e-5, atol=6e-5)


def test_without_recurrent_weights_each_state_is_made_by_its_own_input(figures):
    """The invitation on the page of the recurrent neuron."""
    figure = figures("stepper", page=NEURONS)
    figure.get_by_label("Recurrent weights, times").fill("0")
    states = shown(figure)
    assert np.ptp(states[:, 1:], axis=1).max() == 0
    assert (states[:, 0] != states[:, 1]).all()


def test_a_change_grows_at_a_weight_above_one_and_turns_its_sign_at_one_below_zero(figures):
    """The invitation on the page of the memory cells."""
    figure = figures("stepper", page=CELLS)
    np.testing.assert_allclose(shown(figure)[0], 0.9 ** np.arange(8), atol=6e-5)
    weight = figure.get_by_label("Recurrent weight")
    weight.fill("1.05")
    figure.get_by_role("slider", name="Step").press("End")
    assert "the state 1.4071" in figure.inner_text()
    assert (np.diff(shown(figure)[0]) > 0).all()
    weight.fill("-0.9")
    np.testing.assert_allclose(shown(figure)[0], (-0.9) ** np.arange(8), atol=6e-5)


def test_without_a_recurrent_weight_no_state_hears_of_a_later_loss(figures):
    """The invitation on the page of backpropagation through time."""
    figure = figures("stepper", page=BACK)
    place, T = figure.get_by_role("slider", name="Step"), len(data_of("stepper", BACK)["inputs"])
    heard = {}
    for weight in ("0.9", "0"):
        figure.get_by_label("Recurrent weight").fill(weight)
        heard[weight] = []
        for step in range(T):
            place.fill(str(step))
            assert f"Step {T - 1 - step}: from its own loss" in figure.inner_text()
            heard[weight].append(
                numbers(figure.locator(".live-note").inner_text().partition("step after")[2])[0]
            )
    assert set(heard["0"]) == {0.0}
    assert 0.0 not in heard["0.9"][1:]


def test_a_message_grows_sixfold_or_hardly_arrives(figures):
    """The invitation on the page of the fading gradient."""
    figure = figures("stepper", page=FADES)
    assert round(shown(figure)[0, 0], 4) == round(0.7**7, 4)
    figure.get_by_label("Recurrent weight").fill("1.3")
    assert 6 < shown(figure)[0, 0] < 6.5
    settings(figure, 1.3, 3, "tanh")
    assert shown(figure)[0, 0] < 1e-3
    settings(figure, 1.3, 1, "tanh")
    assert shown(figure)[0, 0] > 0.1


def test_the_stepper_goes_by_mouse_by_touch_and_by_keys_and_back_to_its_start(figures):
    figure = figures("stepper", 375, page=FADES)
    place = figure.get_by_role("slider", name="Step")
    begins = figure.inner_text()
    figure.get_by_role("button", name="Step").click()
    assert place.get_attribute("aria-valuetext") == "t = 6"
    assert "Step 6: after 1 step back the gradient is 0.7000." in figure.inner_text()
    figure.get_by_role("button", name="Step").tap()
    assert place.get_attribute("aria-valuetext") == "t = 5"
    place.press("ArrowLeft")
    assert place.get_attribute("aria-valuetext") == "t = 6"
    figure.locator("svg g[opacity]").first.tap()
    assert place.get_attribute("aria-valuetext") == "t = 0"
    settings(figure, -2, 3, "tanh")
    figure.get_by_label("forward").check()
    assert place.get_attribute("aria-valuetext") == "t = 0"
    figure.get_by_role("button", name="As it was").click()
    assert figure.inner_text() == begins


def test_the_stepper_plays_to_its_end_and_says_so_once(figures):
    """Step after step; at once where motion is unwanted."""
    figure = figures("stepper", page=CELLS)
    page, news = figure.page, figure.locator(".live-news")
    page.wait_for_timeout(800)
    assert news.inner_text() == ""
    page.emulate_media(reduced_motion="reduce")
    figure.get_by_role("button", name="Play").click()
    assert "Step 7: input 0.00" in figure.inner_text()
    page.emulate_media(reduced_motion="no-preference")
    figure.get_by_role("slider", name="Step").fill("4")
    news.filter(has_text="Step 4").wait_for(state="attached")
    figure.evaluate(TOLD)
    figure.get_by_role("button", name="Play").click()
    figure.get_by_role("button", name="Play").wait_for()
    news.filter(has_text="Step 7").wait_for(state="attached")
    assert page.evaluate("told") == {"live-note": ["5", "6", "7"], "live-news": ["7"]}
