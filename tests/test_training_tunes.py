"""training/tunes.py: what it trains is the page's, it goes on where it was stopped, and it measures what it says.

Oracle: a training that nobody stopped, of a model of two numbers whose step is known; bars and runs counted by hand.
"""

import base64
import json

import numpy as np
import pytest
import tunes as tool
from trainings import Number, Stopped

PLAN = tool.Plan("LSTM", 2, 1, 4, {"outputs": 0.5})


class Network:
    def __init__(self, kind, units, layers, seed):
        self.variables = [Number(float(seed)), Number(np.zeros(units))]


class Trainer:
    """Its state and its weights take in all that they are given, so that nothing may differ."""

    stop_at = None

    def __init__(self, model, steps, dropped):
        self.model, self.steps, self.dropped, self.adam = model, steps, dropped, Network("", 1, 1, 0)

    def step(self, tokens, seed):
        count = self.adam.variables[0]
        if count.value == Trainer.stop_at:
            raise Stopped
        count.assign(count.value + 1)
        weights = self.model.variables[1]
        weights.assign(
            0.9 * weights.value + tokens.sum() + seed @ [3, 5] + self.steps + self.dropped["outputs"]
        )
        return float(weights.value[0])


def page(rows=12):
    tunes = np.arange(rows * 4).reshape(rows, 4)
    return {
        "train": tunes,
        "test": tunes[:2],
        "vocabulary": ["<pad>", "<unk>"],
        "as_text": lambda some: some.tolist(),
        "numbers": lambda some: some,
        "batches": lambda table, size, rng: iter(table[rng.permutation(len(table)).reshape(-1, size)]),
        "bits": lambda model, table: float(model.variables[1].value.sum()),
        "Network": Network,
        "Trainer": Trainer,
    }


@pytest.fixture
def small(monkeypatch, tmp_path):
    for name, value in {"PLANS": {"small": PLAN}, "BATCH": 2, "CHECKPOINTS": tmp_path}.items():
        monkeypatch.setattr(tool, name, value)
    monkeypatch.setattr(tool.time, "process_time", lambda: 0.0)


def trained():
    kept = tool.train(page(), "small")
    return kept["found"], kept["model"].variables[1].value.tolist()


def test_a_training_that_was_stopped_ends_as_one_that_was_not(small, monkeypatch):
    whole = trained()
    (tool.CHECKPOINTS / "small.npz").unlink()
    monkeypatch.setattr(Trainer, "stop_at", 15)  # in the third of four epochs of six steps
    with pytest.raises(Stopped):
        trained()
    monkeypatch.setattr(Trainer, "stop_at", None)
    assert trained() == whole
    assert [one["epoch"] for one in whole[0]["curve"]] == [1, 2, 3, 4]
    assert len(whole[0]["first"]) == 24


def test_a_training_that_has_ended_is_not_begun_again(small, monkeypatch):
    whole = trained()
    monkeypatch.setattr(Trainer, "stop_at", 24)
    assert trained() == whole


def test_a_checkpoint_of_other_tunes_is_refused(small):
    trained()
    with pytest.raises(SystemExit, match="run it with --fresh"):
        tool.train(page(rows=14), "small")


@pytest.mark.parametrize("epochs", [1, 5, 40, 80])
def test_the_bits_are_looked_at_often_at_first_and_at_the_end(epochs):
    looks = [epoch for epoch in range(1, epochs + 1) if tool.looked_at(epoch, epochs)]
    assert looks[0] == 1
    assert looks[-1] == epochs
    gaps = np.diff(looks)
    assert np.all(gaps <= np.maximum(1, np.array(looks[:-1]) / 2))


def test_weights_are_packed_and_unpacked_in_the_order_of_the_writer():
    rng = np.random.default_rng(0)
    shapes = {"embedding": (7, 3), "kernel": (5, 8), "bias": (8,), "projection": (2, 3), "output_bias": (7,)}
    values = {name: Number(rng.normal(size=shape)) for name, shape in shapes.items()}

    class Of:
        embedding, projection, output_bias = (values[n] for n in ("embedding", "projection", "output_bias"))

        class cell:
            kernel, bias = values["kernel"], values["bias"]

        cells = (cell,)

    packed = tool.packed(Of)
    assert list(packed) == list(shapes)
    for back, value in zip(map(tool.unpacked, packed.values()), values.values(), strict=True):
        np.testing.assert_allclose(back, value.value, rtol=1e-3)


def signs(music):
    return music.split()


@pytest.fixture(scope="module")
def rulers():
    """The page's cells that measure, without those that read tunes and train."""
    import jupytext

    found = {"np": np}
    for cell in jupytext.read(tool.PAGE).cells:
        if any(
            f"def {name}(" in cell.source for name in ("printed", "head", "written", "bars", "right_bars")
        ):
            exec(cell.source, found)  # noqa: S102
    return found


@pytest.mark.parametrize(
    ("music", "sizes"),
    [
        ("G | A B c d e f | g3 a3 | g5 :|", [1, 6, 6, 5]),
        ("A > B c < d | e >> f g2 |", [4, 4]),
        ("(3 A B c d2 | A/2 B/2 c3/2 ^d/4 z/4 |", [4, 3]),
        ("|: A2 | B4 |]", [2, 4]),
    ],
)
def test_a_bar_is_as_long_as_its_notes(rulers, music, sizes):
    assert [size for _, size, _ in rulers["bars"](signs(music))] == sizes


def test_the_five_things_a_fiddler_looks_for(rulers):
    jig = ["M:6/8", "K:G", *signs("D | G3 B3 | c3 d3 | d2 e f3 | z5 | a6 | a6 | a6 | a6 | G5 :|"), "<end>"]
    assert rulers["right_bars"](jig) == [True, True, True, False, True, True, True, True]
    assert rulers["right_parts"](jig) == [False]  # 53 eighths
    assert rulers["paid_back"](jig) == [True]
    assert rulers["on_tonic"](jig) == [True]
    assert rulers["closed"](jig) == []
    assert rulers["closed"](signs("|: a :| |: b |: c :: d")) == [True, False, True, False]
    assert rulers["right_parts"](["M:2/4", "K:D", *signs("A4 | " * 15), "d4", "||"]) == [True]
    assert rulers["on_tonic"](["M:2/4", "K:Bb", "_B", "c", "|]"]) == [False]


def test_a_line_of_a_file_becomes_tokens(rulers):
    text = '1\nT:A tune\nM:C|\nL:1/8\nK:D mix\nuA>.B"4"c// {g}f2 (3efg|[1 [DF]2 e3/ !trill!z :|: % said\n'
    assert rulers["head"](text) == ("A tune", "M:2/2", "K:Dmix")
    assert rulers["tokens"](text) == signs("A > B c/4 f2 (3 e f g | [1 D2 e3/2 z ::")
    assert rulers["head"](text.replace("1/8", "1/16")) is None
    assert rulers["head"](text + "K:G\n") is None


def test_what_the_page_reads_is_what_the_script_writes_and_is_small():
    text = tool.RESULT.read_text(encoding="utf-8")
    kept = json.loads(text)
    assert len(text) < 1_000_000
    assert kept["largest"] == tool.LARGEST
    assert kept["networks"].keys() == tool.PLANS.keys()
    for name, plan in tool.PLANS.items():
        found = kept["networks"][name]
        assert {key: found[key] for key in plan._fields} == plan._asdict()
        looks = [epoch for epoch in range(1, plan.epochs + 1) if tool.looked_at(epoch, plan.epochs)]
        assert [one["epoch"] for one in found["curve"]] == looks
        assert len(found["first"]) == tool.STEPS_KEPT
    V, E, H = len(kept["tokens"]), 64, tool.PLANS[tool.LARGEST].units
    shapes = [[V, E], [E + H, 4 * H], [4 * H], [H, E], [V]]
    assert [one["shape"] for one in kept["weights"].values()] == shapes
    for one in kept["weights"].values():
        assert len(base64.b64decode(one["float16"])) == 2 * np.prod(one["shape"])
    assert {f"network, {name}" for name in tool.WAYS} | {"4-grams", "7-grams"} == kept["written"].keys()


def test_the_page_names_the_script():
    assert "training/tunes.py" in tool.PAGE.read_text(encoding="utf-8")
