"""The masks of dropout, used in a browser as a reader uses them; what they show is compared with NumPy on the page's coins."""

import re

import numpy as np
import pytest
from figure_pages import data_of
from playwright.sync_api import Locator

pytestmark = pytest.mark.xdist_group("dropout")


def shown(figure: Locator) -> tuple[np.ndarray, np.ndarray]:
    """How many numbers are alive at each step, and the mean of all."""
    words = figure.locator("svg").get_attribute("aria-label")
    alive, mean = re.findall(r": ([\d., ]+)\.", words)
    return np.array(alive.split(", "), int), np.array(mean.split(", "), float)


def expected(keep: float, each: str, where: str) -> np.ndarray:
    """What is remembered or said of ones, [T, H]."""
    coins = np.array(data_of("dropout")["coins"])
    if each == "once for the sequence":
        coins = np.repeat(coins[:1], len(coins), axis=0)
    masks = (coins < keep) / keep
    return np.cumprod(masks, axis=0) if where == "what is remembered" else masks


@pytest.mark.parametrize("where", ["what is remembered", "what is said"])
@pytest.mark.parametrize("each", ["at every step", "once for the sequence"])
def test_what_is_alive_is_what_the_coins_leave(figures, each, where):
    figure = figures("dropout")
    figure.get_by_label(each).check()
    figure.get_by_label(where).check()
    for keep in (0.9, 0.5, 1):
        figure.get_by_label("Keep probability").fill(str(keep))
        values = expected(keep, each, where)
        alive, mean = shown(figure)
        np.testing.assert_array_equal(alive, (values > 0).sum(axis=1))
        np.testing.assert_allclose(mean, values.mean(axis=1), rtol=1e-5, atol=0.0051)
        drawn = figure.locator("svg g[opacity] rect[fill*=state]")
        assert drawn.count() == (values > 0).sum()


def test_one_number_is_left_or_fourteen_and_what_is_left_has_grown(figures):
    """The invitation: by keys and by touch."""
    figure = figures("dropout", 375)
    place = figure.get_by_role("slider", name="Step")
    place.press("End")
    assert "1 is alive; the largest holds 12.54" in figure.inner_text()
    figure.get_by_label("once for the sequence").tap()
    assert "14 are alive; the largest holds 12.54" in figure.inner_text()
    place.press("Home")
    assert "14 are alive; the largest holds 1.11" in figure.inner_text()
    figure.locator("svg g[opacity]").nth(3).tap()
    assert "Step 3:" in figure.inner_text()
    figure.get_by_role("button", name="Step").click()
    assert "Step 4:" in figure.inner_text()
