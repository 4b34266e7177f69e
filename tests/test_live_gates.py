"""The gates, used in a browser as a reader uses them; what they show is compared with `rnnbook.scratch`."""

import re

import numpy as np
import pytest
from figure_pages import data_of, path_of
from playwright.sync_api import Locator

from rnnbook import scratch

pytestmark = pytest.mark.xdist_group("gates")
LSTM, GRU = "4-gates/lstm", "4-gates/gru"
SURE = 40  # the sum before a gate that stands at 1


def shown(figure: Locator) -> dict[str, np.ndarray]:
    """What is drawn, by name, from the words that stand for the drawing."""
    words = figure.locator("svg").get_attribute("aria-label").replace("\u2212", "-")
    found = re.findall(r"(\w+): ([-\d., ]+?)\.(?= |$)", words)
    return {name: np.array(numbers.split(", "), float) for name, numbers in found}


def set_gates(figure: Locator, **gates: float) -> None:
    for name, gate in gates.items():
        figure.get_by_label(f"{name.capitalize()} gate").fill(str(gate))


def logit(gate: float) -> float:
    return float(np.clip(np.log(gate + 1e-30) - np.log(1 - gate + 1e-30), -SURE, SURE))


def unit(kind: str, weights: dict, D: int) -> scratch.BasicLSTMCell | scratch.GRUCell:
    """One unit with weights by name; those not named are 0."""
    cell = scratch.GRUCell(1, num_inputs=D)
    if kind == "lstm":
        cell = scratch.BasicLSTMCell(1, weights.get("forget_bias", 0.0), num_inputs=D)
    for name, weight in cell.weights.items():
        weight[:] = weights.get(name, 0)
    return cell


def by_scratch(cell, inputs: np.ndarray, start: float) -> dict[str, np.ndarray]:
    """The same run; the gradient along the store is the product of the gates that keep."""
    T = len(inputs)
    state = cell.zero_state(1)
    state = state._replace(c=state.c + start) if isinstance(state, tuple) else state + start
    outputs, _, tape = scratch.forward_through_time(cell, inputs[None], initial_state=state)
    names = "ifo" if isinstance(state, tuple) else "ru"
    run = {name: np.array([getattr(step, name)[0, 0] for step in tape.steps]) for name in names}
    run["h"] = outputs[0, :, 0]
    keep = run["f" if isinstance(state, tuple) else "u"]
    if isinstance(state, tuple):
        pieces = [scratch.unroll(cell, inputs[None, : t + 1], initial_state=state)[1] for t in range(T)]
        run["c"] = np.array([piece.c[0, 0] for piece in pieces])
    run["gradient"] = np.array([np.prod(keep[t + 1 :]) for t in range(T)])
    return run


def sent_back(cell: scratch.BasicLSTMCell, inputs: np.ndarray) -> np.ndarray:
    """A gradient of 1 at the last store, sent back through the whole cell to the store after each step."""
    one, zero, left = np.ones((1, 1)), np.zeros((1, 1)), [1.0]
    for t in range(len(inputs) - 1, 0, -1):
        outputs, _, tape = scratch.forward_through_time(cell, inputs[None, t:])
        d_end = scratch.LSTMStateTuple(c=one, h=zero)
        _, d_start, _ = scratch.backward_through_time(cell, tape, 0 * outputs, d_end)
        left.insert(0, d_start.c[0, 0])
    return np.array(left)


def assert_same(figure: Locator, expected: dict[str, np.ndarray]) -> None:
    seen = shown(figure)
    for name, numbers in expected.items():
        np.testing.assert_allclose(seen[name], numbers, rtol=1e-4, atol=6e-5, err_msg=name)


def inputs_of(page: str) -> np.ndarray:
    data = data_of("gates", page)
    return np.stack([data[name] for name in ("values", "marks") if name in data], axis=1)


@pytest.mark.parametrize("page", [LSTM, GRU])
def test_weights_drive_the_gates_as_in_the_package(figures, page):
    figure, data, inputs = figures("gates", page=page), data_of("gates", page), inputs_of(page)
    for kind, named in data["weights"].items():
        for name, weights in named.items():
            figure.get_by_label(name).check()
            expected = by_scratch(unit(kind, weights, inputs.shape[1]), inputs, start=0)
            if "says" in weights:
                expected["says"] = expected["h"] * weights["says"] + weights["says_bias"]
            assert_same(figure, expected)


@pytest.mark.parametrize("page", [LSTM, GRU])
def test_sliders_drive_the_gates_of_either_cell(figures, page):
    figure, data, inputs = figures("gates", page=page), data_of("gates", page), inputs_of(page)
    D = inputs.shape[1]
    figure.get_by_label("LSTM").check()
    figure.get_by_label("these sliders").check()
    for i, f, o in ((0, 1, 1), (0.3, 0.9, 0.5), (1, 0, 1)):
        set_gates(figure, input=i, forget=f, output=o)
        cell = unit("lstm", {"bias": [logit(i), 0, logit(f), logit(o)]}, D)
        cell.kernel[0, 1] = 1
        assert_same(figure, by_scratch(cell, inputs, data["start"]))
        assert_same(figure, {"gradient": sent_back(cell, inputs)})
    figure.get_by_label("GRU").check()
    for r, u in ((1, 1), (0.5, 0.9), (0, 0)):
        set_gates(figure, reset=r, update=u)
        cell = unit("gru", {"gates_bias": [logit(r), logit(u)]}, D)
        cell.candidate_kernel[[0, -1]] = 1
        assert_same(figure, by_scratch(cell, inputs, data["start"]))


def test_the_gates_by_hand_say_what_the_table_of_the_page_says(figures):
    says = shown(figures("gates"))["says"]
    html = path_of(LSTM).read_text(encoding="utf-8")
    table = re.search(r"<th>says</th>.*?</table>", html, re.DOTALL)[0]
    rows = re.findall(r"<th>\d</th>\s*" + 4 * r"<td>(-?[\d.]+)</td>\s*", table)
    assert len(rows) == 8
    np.testing.assert_allclose(says[:8], [float(row[2]) for row in rows], rtol=0, atol=0.0051)


def test_forced_gates_keep_hide_overwrite_and_add_up(figures):
    """The rows of the page's table of forced gates."""
    figure, new = figures("gates"), np.tanh(data_of("gates")["values"])
    set_gates(figure, input=0, forget=1, output=1)
    assert_same(figure, {"c": np.full(20, 0.7), "gradient": np.ones(20)})
    set_gates(figure, output=0)
    assert_same(figure, {"c": np.full(20, 0.7), "h": np.zeros(20)})
    set_gates(figure, input=1, forget=0, output=1)
    assert_same(figure, {"c": new, "h": np.tanh(new)})
    set_gates(figure, forget=1)
    assert_same(figure, {"c": 0.7 + np.cumsum(new)})


def test_the_sliders_follow_the_gates_of_a_step_until_one_is_taken(figures):
    """Weights drive: each slider shows its gate. One is moved: all gates are alike at every step, the others where they stood."""
    figure = figures("gates")
    names = {"i": "Input gate", "f": "Forget gate", "o": "Output gate"}
    figure.get_by_label("learned").check()
    seen = shown(figure)
    for t in (0, 7, 12):
        figure.get_by_role("slider", name=re.compile("^Step")).fill(str(t))
        for gate, name in names.items():
            told = figure.get_by_label(name).get_attribute("aria-valuetext")
            assert float(told) == pytest.approx(seen[gate][t], abs=0.0051)
    set_gates(figure, input=0.5)
    assert figure.get_by_label("these sliders, alike at every step").is_checked()
    held = {"i": 0.5, "f": seen["f"][12], "o": seen["o"][12]}
    assert_same(figure, {gate: np.full(20, value) for gate, value in held.items()})


def test_what_is_kept_stays_until_the_forget_gate_is_lowered(figures):
    """The invitation on the page of the LSTM."""
    figure = figures("gates")
    figure.get_by_label("these sliders").check()
    figure.get_by_label("Value at this step").fill("-1")
    assert_same(figure, {"c": np.full(20, 0.7)})
    set_gates(figure, forget=0.9)
    assert_same(figure, {"c": 0.7 * 0.9 ** np.arange(1, 21), "gradient": 0.9 ** np.arange(19, -1, -1)})
    assert "0.1351 comes back to here along the store" in figure.inner_text()


def test_a_gru_keeps_at_one_and_a_store_climbs_where_a_state_cannot(figures):
    """The invitation on the page of the GRU."""
    figure = figures("gates", page=GRU)
    set_gates(figure, update=1)
    figure.get_by_label("Value at this step").fill("-1")
    assert_same(figure, {"h": np.full(20, 0.7)})
    figure.get_by_role("button", name="As it was").click()
    figure.get_by_label("LSTM").check()
    set_gates(figure, input=1)
    c = shown(figure)["c"]
    assert (round(c.max(), 2), c.argmax()) == (6.07, 9)


def test_the_input_is_drawn_by_mouse_and_by_keys_and_a_mark_is_set(figures):
    figure = figures("gates", 375)
    page, begins = figure.page, figure.inner_text()
    box = figure.locator("svg > rect").last.bounding_box()
    column = box["width"] / 20
    page.mouse.move(box["x"] + 4.5 * column, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 6.5 * column, box["y"] - 20, steps=4)
    page.mouse.up()
    page.mouse.move(box["x"] + 9.5 * column, box["y"])
    drawn, before = shown(figure), np.array(data_of("gates")["values"])
    assert drawn["value"][4] == 0
    assert drawn["value"][6] == 1
    np.testing.assert_allclose(np.delete(drawn["value"], [4, 5, 6]), np.delete(before, [4, 5, 6]), atol=6e-5)
    figure.locator("svg > rect").last.tap(position={"x": 8.5 * column, "y": box["height"] / 2})
    assert shown(figure)["value"][8] == 0
    assert "Step 8: value 0.00, no mark" in figure.inner_text()
    place = figure.get_by_role("slider", name="Step", exact=True)
    value = figure.get_by_label("Value at this step")
    place.press("ArrowRight")
    value.fill("-0.5")
    value.press("ArrowUp")
    figure.get_by_role("button", name="Mark this step").press("Enter")
    assert "Step 9: value \u22120.49 with a mark" in figure.inner_text()
    assert round(shown(figure)["says"][9], 2) == -0.49
    figure.get_by_role("button", name="Take the mark away").tap()
    assert "Step 9: value \u22120.49, no mark" in figure.inner_text()
    figure.get_by_role("button", name="As it was").click()
    assert figure.inner_text() == begins
