"""The padding, used in a browser as a reader uses it; what it shows is compared with `rnnbook.scratch`."""

import re

import numpy as np
import pytest
from figure_pages import data_of
from playwright.sync_api import Locator

from rnnbook import scratch

pytestmark = pytest.mark.xdist_group("padding")


def shown(figure: Locator) -> np.ndarray:
    """The outputs of neuron 0 and its state at the end, [B, T+1]."""
    words = figure.locator("svg").get_attribute("aria-label").replace("\u2212", "-")
    rows = re.findall(r"Row \d: ([-\d., ]+), at the end (-?\d\.\d+)", words)
    return np.array([[*outputs.split(", "), state] for outputs, state in rows], float)


def by_scratch(lengths: list[int], told: bool, filling: float) -> np.ndarray:
    data = data_of("padding")
    inputs, kernel = np.array(data["inputs"]), np.array(data["kernel"])
    cell = scratch.BasicRNNCell(kernel.shape[1], num_inputs=inputs.shape[2])
    cell.kernel[:] = kernel
    inputs[np.arange(inputs.shape[1]) >= np.array(lengths)[:, None]] = filling
    outputs, state = scratch.unroll(cell, inputs, np.array(lengths) if told else None)
    return np.concatenate([outputs[:, :, 0], state[:, :1]], axis=1)


def set_lengths(figure: Locator, lengths: list[int]) -> None:
    for row, length in enumerate(lengths):
        figure.get_by_label(f"Length of row {row}").fill(str(length))


@pytest.mark.parametrize("lengths", [[5, 2, 0, 3], [0, 5, 4, 1]])
def test_outputs_and_states_are_those_of_the_package(figures, lengths):
    figure = figures("padding")
    set_lengths(figure, lengths)
    for told, words in ((True, "told to the network"), (False, "not told")):
        figure.get_by_label(words).check()
        for filling, name in ((0, "zeros"), (9, "nines")):
            figure.get_by_label(name).check()
            expected = by_scratch(lengths, told, filling)
            np.testing.assert_allclose(shown(figure), expected, rtol=0, atol=6e-5)


def test_the_state_at_the_end_is_the_last_valid_output_or_wrong_where_nothing_is_told(figures):
    """The invitation: any length, and then every row but the full one."""
    figure = figures("padding")
    for length in (1, 2, 3, 4, 5):
        set_lengths(figure, [length])
        assert shown(figure)[0, length - 1] == shown(figure)[0, -1]
        assert "the same." in figure.inner_text()
    figure.get_by_label("not told").check()
    figure.get_by_label("nines").check()
    assert figure.locator("svg text", has_text="\u2717").count() == 3


def test_a_row_is_chosen_by_mouse_by_touch_and_by_keys(figures):
    figure = figures("padding", 375)
    assert "Row 1, length 2: its last valid output is that of step 1," in figure.inner_text()
    figure.get_by_label("Length of row 3").press("ArrowLeft")
    assert "Row 3, length 2:" in figure.inner_text()
    figure.locator("svg text", has_text="row 2").tap()
    assert "Row 2, length 0: it has no valid output. The state at the end is 0.0000, as it began." in (
        figure.inner_text()
    )
    figure.get_by_label("not told").check()
    assert "Untold, the network has read 5 steps of filling" in figure.inner_text()
    figure.locator("svg text", has_text="row 0").click()
    assert "Row 0, length 5:" in figure.inner_text()
