"""training/language.py: what it trains is the page's, and it goes on where it was stopped.

Oracle: a training that nobody stopped, of a model of two numbers whose step is known.
"""

import base64
import json

import language as tool
import numpy as np
import pytest
from trainings import Number, Stopped


class Model:
    def __init__(self, units, seed):
        self.variables = [Number(float(seed)), Number(np.zeros(units))]

    def __call__(self, tokens, lengths):
        return np.eye(3)[tokens[:, 0] % 3][:, None]


class Trainer:
    """Its state and its weights take in all that they are given, so that nothing may differ."""

    stop_at = None

    def __init__(self, model, steps):
        self.model, self.steps, self.adam = model, steps, Model(1, 0)

    def step(self, tokens, lengths, languages, seed):
        count = self.adam.variables[0]
        if count.value == Trainer.stop_at:
            raise Stopped
        count.assign(count.value + 1)
        weights = self.model.variables[1]
        weights.assign(0.9 * weights.value + tokens.sum() + lengths @ languages + seed @ [3, 5] + self.steps)
        return Last(count.value)


class Last(float):
    def numpy(self):
        return np.float64(self)

    @staticmethod
    def last_output(outputs, lengths):
        return Number(outputs[:, 0])


def page(rows=12):
    tokens, lengths = np.arange(rows * 4).reshape(rows, 4), np.arange(rows) % 4 + 1
    return {
        "digest": "of the page",
        "train": list(range(rows)),
        "test": list(range(5)),
        "arrays": lambda pairs: (tokens[: len(pairs)], lengths[: len(pairs)], lengths[: len(pairs)] % 3),
        "batches": lambda lengths, size, rng: rng.permutation(len(lengths)).reshape(-1, size),
        "Guesser": Model,
        "Trainer": Trainer,
        "rnn": Last,
    }


@pytest.fixture
def small(monkeypatch, tmp_path):
    for name, value in {"UNITS": 2, "EPOCHS": 4, "BATCH": 2, "CHECKPOINTS": tmp_path}.items():
        monkeypatch.setattr(tool, name, value)


def test_a_training_that_was_stopped_ends_as_one_that_was_not(small, monkeypatch):
    whole = tool.train(page(), 3)
    tool.checkpoint(3).unlink()
    monkeypatch.setattr(Trainer, "stop_at", 15)  # in the third of four epochs of six steps
    with pytest.raises(Stopped):
        tool.train(page(), 3)
    monkeypatch.setattr(Trainer, "stop_at", None)
    assert tool.train(page(), 3) == whole
    assert len(whole["curve"]) == 4


def test_a_training_that_has_ended_is_not_begun_again(small, monkeypatch):
    whole = tool.train(page(), 0)
    monkeypatch.setattr(Trainer, "stop_at", 24)
    assert tool.train(page(), 0) == whole


def test_each_seed_is_a_training_of_its_own_and_only_its_shares_are_kept(small):
    whole = tool.train(page(), 0)
    assert tool.share_by_epoch(page(), 1) == [epoch["right"] for epoch in tool.train(page(), 1)["curve"]]
    assert tool.train(page(), 1)["seed"] == 1
    assert tool.train(page(), 1)["weights"] != whole["weights"] == tool.train(page(), 0)["weights"]


def test_a_checkpoint_of_another_page_is_refused(small):
    tool.train(page(), 0)
    with pytest.raises(SystemExit, match="run it with --fresh"):
        tool.train(page() | {"digest": "of another page"}, 0)


def test_what_the_page_reads_is_what_the_script_writes_and_is_small():
    text = tool.RESULT.read_text()
    kept = json.loads(text)
    assert len(text) < 1_000_000
    assert (kept["units"], kept["epochs"], kept["batch"], kept["seed"]) == (
        tool.UNITS,
        tool.EPOCHS,
        tool.BATCH,
        tool.SEED,
    )
    assert len(kept["curve"]) == tool.EPOCHS
    assert {int(seed): len(shares) for seed, shares in kept["other seeds"].items()} == dict.fromkeys(
        tool.OTHER_SEEDS, tool.EPOCHS
    )
    tried = {(row["longest"], row["alpha"]) for row in kept["search"]}
    assert tried == {(longest, alpha) for longest in tool.GRAMS for alpha in tool.ALPHAS}
    for weight in kept["weights"]:
        assert len(base64.b64decode(weight["float16"])) == 2 * np.prod(weight["shape"])
    letters, languages, H = 147, 38, 128
    expected = letters * 32 + (32 + H + 1) * 3 * H + (H + 1) * languages
    assert sum(np.prod(weight["shape"]) for weight in kept["weights"]) == expected


def test_the_page_names_the_script():
    assert "training/language.py" in tool.PAGE.read_text()
