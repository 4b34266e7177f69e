"""training/demand.py: it searches where it says, goes on where it was stopped, and writes what the page reads.

Oracle: a page of plain functions whose training, errors and losses are known.
"""

import base64
import json
from itertools import product
from types import SimpleNamespace

import demand as tool
import numpy as np
import pytest
from trainings import Number, Stopped


class Model:
    """It forecasts one number, by which a setting is known."""

    def __init__(self, windows, kind, units, seed, strategy="direct"):
        self.setting = windows.view, windows.clock, strategy, kind, units, seed
        self.trainable_variables = [Number(np.full((2, 3), float(seed)))]
        self.steps = 0

    def __call__(self, x):
        return Number(np.full((len(x), 1, 48), float(self.steps)))


class Trainer:
    made = 0
    stop_at = None
    latest = 0  # the last moment of any target that was learned from

    def __init__(self, model, steps):
        self.model = model
        Trainer.made += 1
        if Trainer.made == Trainer.stop_at:
            raise Stopped

    def step(self, x, y):
        self.model.steps += 0.25
        Trainer.latest = max(Trainer.latest, int(y.max()))
        return float(self.model.steps)


def reading(view, clock, until):
    return SimpleNamespace(
        view=view,
        clock=clock,
        inputs=lambda now: now[:, None],
        targets=lambda now: now[:, None] + np.arange(48.0),
        megawatts=lambda said, now: said,
    )


def page(off=lambda epochs: epochs):
    """An epoch is four steps; the error is a function of the epochs taken."""
    return {
        "digest": "of the page",
        "WEEK": 60,
        "SEEN": 10,
        "PAST": 480,
        "QUANTILES": (0.5, 0.1, 0.9),
        "demand": np.zeros(600),
        "moments": lambda start, end: np.arange(start, end - 48 + 1),
        "batches": lambda count, epochs, seed: [np.arange(count)] * 4 * epochs,
        "percent_off": lambda said, now: np.full(48, off(said[0, 0])),
        "Reading": reading,
        "network": lambda strategy, windows, kind, units, seed: Model(windows, kind, units, seed, strategy),
        "Direct": lambda windows, kind, units, seed, quantiles: Model(windows, kind, units, seed),
        "Trainer": Trainer,
    }


@pytest.fixture
def checkpoint(tmp_path, monkeypatch):
    for name, value in {"made": 0, "stop_at": None, "latest": 0}.items():
        monkeypatch.setattr(Trainer, name, value)
    return lambda made_from="all": tool.Checkpoint(tmp_path / "state" / "state.json", made_from)


def whole_run(page, done):
    tried = tool.search(page, done)
    return {"search": tried, "networks": tool.networks(page, done, tried)}


def test_a_run_that_was_stopped_ends_as_one_that_was_not(checkpoint, tmp_path, monkeypatch):
    whole = whole_run(page(), tool.Checkpoint(tmp_path / "other" / "state.json", "all"))
    trained = Trainer.made
    monkeypatch.setattr(Trainer, "stop_at", trained + 60)
    with pytest.raises(Stopped):
        whole_run(page(), checkpoint())
    monkeypatch.setattr(Trainer, "stop_at", None)
    assert whole_run(page(), checkpoint()) == whole
    assert Trainer.made == 2 * trained + 1  # nothing twice, but for the one that was broken off


def test_a_checkpoint_of_another_page_is_refused(checkpoint):
    checkpoint("one").once("work", lambda: 1)
    with pytest.raises(SystemExit, match="run it with --fresh"):
        checkpoint("another")


def test_the_search_learns_from_nothing_that_it_is_asked_about_and_never_from_the_test(checkpoint):
    tried = tool.search(page(), checkpoint())
    assert Trainer.latest == 480 - 2 * 60 - 1
    tool.networks(page(), checkpoint(), tried)
    assert Trainer.latest == 480 - 1


def test_where_the_most_epochs_were_best_more_are_tried(checkpoint):
    def longest(off, name):
        rows = tool.search(page(off), tool.Checkpoint(checkpoint().path.with_name(name), name))
        return [(row["strategy"], row["kind"], row["epochs"]) for row in rows if row["stage"] == "longer"]

    assert longest(lambda epochs: epochs, "fewer are better") == []
    pairs = product(tool.STRATEGIES, tool.KINDS, [tool.LONGER])
    assert sorted(longest(lambda epochs: 100 - epochs, "more are better")) == sorted(
        [*pairs] * len(tool.UNITS)
    )


def test_what_is_trained_in_the_end_is_the_best_of_the_search(checkpoint):
    tried = tool.search(page(lambda epochs: abs(epochs - 20)), checkpoint())
    found = tool.networks(page(), checkpoint(), tried)
    assert {one["epochs"] for one in found} == {20}
    assert [one["losses"][-1] for one in found] == [20.0] * len(found)


def kept():
    return json.loads(tool.RESULT.read_text())


def test_the_committed_networks_are_the_best_of_the_committed_search():
    tried = [row for row in kept()["search"] if row["stage"] != "view"]
    settings = "view", "clock", "units", "epochs"
    for strategy, kind in product(tool.STRATEGIES, tool.KINDS):
        rows = [row for row in tried if (row["strategy"], row["kind"]) == (strategy, kind)]
        best = min(rows, key=lambda row: row["off"])
        final = [one for one in kept()["networks"] if (one["strategy"], one["kind"]) == (strategy, kind)]
        assert {tuple(one[name] for name in settings) for one in final} == {
            tuple(best[name] for name in settings)
        }
        seeds = [one["seed"] for one in final if not one["quantiles"]]
        assert seeds == list(tool.SEEDS)


def test_the_committed_weights_have_the_sizes_of_their_networks_and_the_file_is_small():
    assert len(tool.RESULT.read_text()) < 1_000_000
    columns = {"plain": 1, "GRU": 3, "LSTM": 4}
    clock = {"none": 0, "day": 4, "day and week": 8}
    for one in kept()["networks"]:
        H, D = one["units"], 1 + clock[one["clock"]]
        outputs = 48 * (3 if one["quantiles"] else 1) if one["strategy"] == "direct" else 1
        cells = 2 if one["strategy"] == "sequence to sequence" else 1
        expected = cells * (D + H + 1) * columns[one["kind"]] * H + (H + 1) * outputs
        assert sum(np.prod(weight["shape"]) for weight in one["weights"]) == expected
        for weight in one["weights"]:
            assert len(base64.b64decode(weight["float16"])) == 2 * np.prod(weight["shape"])
        assert len(one["losses"]) == 4 * one["epochs"]


def test_the_page_names_the_script():
    assert "training/demand.py" in tool.PAGE.read_text()
