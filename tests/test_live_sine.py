"""The forecasts of a sine, used in a browser as a reader uses them; the errors are compared with `rnnbook.scratch`."""

import re

import numpy as np
import pytest
from figure_pages import data_of
from playwright.sync_api import Locator

from rnnbook import scratch

pytestmark = pytest.mark.xdist_group("sine")
GAPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)  # of the slider
SHOWN = 6e-3  # three digits of a number are shown
NONE = 1e-6  # what is less is not


def errors(figure: Locator) -> dict[str, float]:
    """The RMSE of each, from the words that stand for the bars."""
    words = figure.get_by_label(re.compile("^Errors: ")).get_attribute("aria-label")
    found = re.findall(r"([a-zA-Z ]+?) (?:below )?(\d+(?:\.\d+)?)(?=, |\. )", words[len("Errors:") :])
    return {name.strip(): float(said) for name, said in found}


def turn(figure: Locator, gap: float, noise: float) -> None:
    figure.get_by_label("Gap between points").fill(str(GAPS.index(gap)))
    figure.get_by_label("Noise").fill(str(noise))


def network() -> scratch.SequenceRegressor:
    data = data_of("sine")
    model = scratch.SequenceRegressor(scratch.BasicLSTMCell(len(data["read"]), num_inputs=1), 1)
    model.cell.kernel[:], model.cell.bias[:] = data["kernel"], data["bias"]
    model.kernel[:], model.bias[:] = data["read"], data["read_bias"]
    return model


def to_judge(gap: float, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Windows [N, 10] from all around the circle, and the clean values that follow."""
    draws = np.array(data_of("sine")["draws"])
    N = len(draws) // 10
    start = 2 * np.pi * (0.618034 * np.arange(N) % 1)[:, None]
    return np.sin(start + gap * np.arange(10)) + noise * draws.reshape(N, 10), np.sin(start[:, 0] + 10 * gap)


def least_squares(gap: float, noise: float) -> np.ndarray:
    """The best weights for endless data, by the normal equations: cov(x, x) w = cov(x, y)."""
    t = np.arange(11)
    covariance = np.cos(gap * (t - t[:, None])) / 2
    return np.linalg.solve(covariance[:10, :10] + noise**2 * np.eye(10), covariance[:10, 10])


def rmse(forecast: np.ndarray, truth: np.ndarray) -> float:
    return float(np.sqrt(np.mean((forecast - truth) ** 2)))


def test_the_forecasts_err_as_in_the_package(figures):
    figure, model = figures("sine"), network()
    for gap, noise in ((0.5, 0.3), (0.5, 0.0), (0.01, 0.0), (0.1, 0.5), (1.0, 0.05)):
        turn(figure, gap, noise)
        (x, truth), shown = to_judge(gap, noise), errors(figure)
        expected = {"last value": x[:, -1], "straight line": 2 * x[:, -1] - x[:, -2]}
        expected["LSTM"] = model(x[:, :, None])[:, 0]
        if noise:
            expected["least squares"] = x @ least_squares(gap, noise)
        else:  # any two weights that obey the identity are exact
            assert shown["least squares"] == NONE
        for name, forecast in expected.items():
            np.testing.assert_allclose(shown[name], rmse(forecast, truth), rtol=SHOWN, err_msg=name)
        strange = "it has not met this wave" in figure.inner_text()
        assert strange == ((gap, noise) != (0.5, 0.3))


def test_the_verdict_is_that_of_the_page(figures):
    """A ruler wins on exact points that lie close, the LSTM on noisy ones, and least squares needs no luck without noise."""
    figure = figures("sine")
    seen = errors(figure)
    assert seen["LSTM"] < seen["least squares"] < seen["last value"] < seen["straight line"]
    assert "is that of the LSTM" in figure.inner_text()
    turn(figure, 0.01, 0.0)
    seen = errors(figure)
    assert seen["straight line"] < seen["last value"] < seen["LSTM"]
    assert "is that of the least squares" in figure.inner_text()


def test_the_forecasts_on_their_own_go_where_those_of_the_package_go(figures):
    figure, model, draws = figures("sine"), network(), np.array(data_of("sine")["draws"])
    figure.get_by_label("run on its own").check()
    for gap, noise, steps in ((0.5, 0.3, 60), (0.1, 0.0, 126), (0.01, 0.0, 400)):
        turn(figure, gap, noise)
        wave, shown = np.sin(gap * np.arange(10 + steps)), errors(figure)
        first, truth = wave[:10] + noise * draws[:10], wave[10:]
        ahead = np.arange(1, steps + 1)
        expected = {"last value": np.full(steps, first[-1])}
        expected["straight line"] = first[-1] + (first[-1] - first[-2]) * ahead
        expected["LSTM"] = model.free_run(first[None, :, None], steps)[0, :, 0]
        for name, series in expected.items():
            np.testing.assert_allclose(shown[name], rmse(series, truth), rtol=SHOWN, err_msg=name)
        if not noise:
            assert shown["least squares"] == NONE
        assert f"On its own for {steps} steps" in figure.inner_text()


def test_an_lstm_learns_in_the_page_to_beat_least_squares_and_the_pages_goes_on(figures):
    figure = figures("sine")
    told, bar = figure.locator(".live-progress"), errors(figure)
    figure.get_by_label("Units").fill("8")
    assert "8 random units that know nothing" in told.inner_text()
    figure.get_by_role("button", name="Train it here").press("Enter")
    figure.get_by_text(", below least squares").wait_for()
    assert figure.get_by_label("the one trained here").is_checked()
    figure.get_by_role("button", name="Stop").click()
    figure.get_by_label("Noise").fill("0")
    assert "Another wave" in told.inner_text()
    figure.get_by_role("button", name="Load the page's weights").click()
    assert "The page's 16 units" in told.inner_text()
    assert figure.get_by_label("the network of this page").is_checked()
    turn(figure, 0.5, 0.3)
    figure.get_by_role("button", name="Train it here").click()
    figure.get_by_text("steps a second").wait_for()
    figure.get_by_role("button", name="Stop").click()
    assert errors(figure)["LSTM"] < bar["last value"] / 2  # it has not begun anew
    figure.get_by_role("button", name="Begin anew").click()
    assert "16 random units that know nothing" in told.inner_text()


def test_the_wave_is_turned_by_keys_and_by_touch(figures):
    figure = figures("sine", 375)
    gap = figure.get_by_label("Gap between points")
    gap.press("Home")
    assert gap.get_attribute("aria-valuetext") == "0.01"
    gap.press("ArrowRight")
    assert gap.get_attribute("aria-valuetext") == "0.02"
    assert "A wave has 314.2 points" in figure.inner_text()
    figure.get_by_label("run on its own").tap()
    assert "On its own for 400 steps" in figure.inner_text()
