"""Train the networks of the page "Tomorrow's demand", and write what the page reads.

    python training/demand.py            train, or go on from the checkpoint; half an hour
    python training/demand.py --fresh    forget the checkpoint

Data, models and training step are cells of the page, those tagged `shared`: this script runs them, so
it cannot differ from what a reader sees. First it searches: what is taken away before a network reads,
how many units, how many epochs, all judged on the last two of the eight weeks that may be learned from.
Then it trains the best setting of each kind and strategy on all eight weeks, with several seeds. Beside
the page it writes `tomorrows-demand.json`: the search, and of each network losses and weights as float16.
"""

import json
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from shared import (
    APPLICATIONS,
    CHECKPOINTS,
    check_made_from,
    float16,
    of_the_page,
    told_to_begin_anew,
)
from tqdm import tqdm

PAGE = APPLICATIONS / "tomorrows-demand.md"
RESULT = PAGE.with_suffix(".json")
CHECKPOINT = CHECKPOINTS / "tomorrows-demand.json"
STRATEGIES = "direct", "recursive", "sequence to sequence"
KINDS = "plain", "GRU", "LSTM"
VIEWS = "mean", "yesterday", "last week", "smoothing"
CLOCKS = "none", "day", "day and week"
UNITS, EPOCHS, LONGER = (4, 16), (5, 20), 60
SEARCH_SEEDS, SEEDS = (10, 11), (0, 1, 2, 3, 4)
HELD_WEEKS = 2  # of the eight, for the search


class Checkpoint:
    """What is done already, by name; written after each piece of work."""

    def __init__(self, path: Path, made_from: str):
        self.path, self.done = path, {"made from": made_from}
        if path.exists():
            self.done = json.loads(path.read_text(encoding="utf-8"))
            check_made_from(self.done["made from"], made_from)

    def once(self, name: str, work: Callable[[], Any]) -> Any:
        if name not in self.done:
            self.done[name] = work()
            self.path.parent.mkdir(parents=True, exist_ok=True)
            part = self.path.with_suffix(".part")
            part.write_text(json.dumps(self.done), encoding="utf-8")
            part.replace(self.path)
        return self.done[name]


def trained(
    page: dict[str, Any], model: Any, windows: Any, until: int, epochs: int, seed: int
) -> list[float]:
    """Take the model through its epochs on all that ends before `until`; the mean losses of four parts an epoch."""
    now = page["moments"](page["WEEK"] + page["SEEN"], until)
    x, y = windows.inputs(now), windows.targets(now).astype("float32")
    rows_of_batches = list(page["batches"](len(x), epochs, seed))
    trainer = page["Trainer"](model, len(rows_of_batches))
    losses = np.array([trainer.step(x[rows], y[rows]) for rows in rows_of_batches], float)
    return [round(float(part.mean()), 4) for part in np.array_split(losses, 4 * epochs)]


def judged(page: dict[str, Any], model: Any, windows: Any, start: int, end: int) -> float:
    """How far its forecasts of all days from start to end are off, in percent."""
    now = page["moments"](start, end)
    said = model(windows.inputs(now)).numpy()[:, 0]
    return round(float(page["percent_off"](windows.megawatts(said, now), now).mean()), 4)


def search(page: dict[str, Any], done: Checkpoint) -> list[dict[str, Any]]:
    """First what to take away and which clock to show, for one network; then size and epochs, for all nine."""
    until = page["PAST"] - HELD_WEEKS * page["WEEK"]

    def tried(name: str, clock: str, strategy: str, kind: str, units: int, epochs: int, seed: int) -> float:
        windows = page["Reading"](name, clock, until)
        model = page["network"](strategy, windows, kind, units, seed)
        trained(page, model, windows, until, epochs, seed)
        return judged(page, model, windows, until, page["PAST"])

    def all_of(stage: str, settings: list[tuple[Any, ...]], seeds: tuple[int, ...]) -> list[dict[str, Any]]:
        rows = []
        for setting in tqdm(settings, stage, mininterval=5):
            each = [done.once(f"search {(*setting, s)}", partial(tried, *setting, s)) for s in seeds]
            row = dict(zip(("view", "clock", "strategy", "kind", "units", "epochs"), setting, strict=True))
            rows.append({"stage": stage, **row, "off": round(sum(each) / len(each), 4)})
        return rows

    sizes = list(product(UNITS, EPOCHS))
    views = [(name, clock, "direct", "GRU", *size) for name, clock, size in product(VIEWS, CLOCKS, sizes)]
    first = all_of("view", views, SEARCH_SEEDS)
    best = min(first, key=lambda row: row["off"])
    shown = best["view"], best["clock"]
    second = [(*shown, strategy, kind, *size) for strategy, kind, size in product(STRATEGIES, KINDS, sizes)]
    rows = all_of("size", second, SEARCH_SEEDS)
    longer = []
    for pair in product(STRATEGIES, KINDS):
        best = min((r for r in rows if (r["strategy"], r["kind"]) == pair), key=lambda row: row["off"])
        if best["epochs"] == max(EPOCHS):  # the best lies at the edge, so look beyond
            longer += [(*shown, *pair, units, LONGER) for units in UNITS]
    return first + rows + all_of("longer", longer, SEARCH_SEEDS)


def networks(page: dict[str, Any], done: Checkpoint, tried: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The best setting of each strategy and kind, on all eight weeks, with several seeds; at last the quantiles."""

    def final(setting: dict[str, Any], quantiles: bool, seed: int) -> dict[str, Any]:
        windows = page["Reading"](setting["view"], setting["clock"], page["PAST"])
        if quantiles:
            model = page["Direct"](windows, setting["kind"], setting["units"], seed, page["QUANTILES"])
        else:
            model = page["network"](setting["strategy"], windows, setting["kind"], setting["units"], seed)
        losses = trained(page, model, windows, page["PAST"], setting["epochs"], seed)
        off = judged(page, model, windows, page["PAST"], len(page["demand"])) if not quantiles else None
        return (
            setting
            | {"quantiles": quantiles, "seed": seed, "losses": losses, "off": off}
            | {"weights": [float16(weight.numpy()) for weight in model.trainable_variables]}
        )

    best = {}
    sizes = [row for row in tried if row["stage"] != "view"]
    for row in sorted(sizes, key=lambda row: -row["off"]):  # the last one stays, which is the best
        setting = {name: value for name, value in row.items() if name not in ("stage", "off")}
        best[row["strategy"], row["kind"]] = setting
    wanted = [(best[pair], False, seed) for pair, seed in product(product(STRATEGIES, KINDS), SEEDS)]
    wanted += [(best["direct", "GRU"], True, seed) for seed in SEEDS]
    bar = tqdm(wanted, "networks", mininterval=5)
    return [done.once(f"network {one}", partial(final, *one)) for one in bar]


if __name__ == "__main__":
    if told_to_begin_anew(__doc__):
        CHECKPOINT.unlink(missing_ok=True)
    page = of_the_page(PAGE)
    settings = [VIEWS, CLOCKS, UNITS, EPOCHS, LONGER, SEARCH_SEEDS, SEEDS, HELD_WEEKS]
    done = Checkpoint(CHECKPOINT, json.dumps([settings, page["digest"]]))
    tried = search(page, done)
    result = {"search": tried, "networks": networks(page, done, tried)}
    RESULT.write_text(json.dumps(result) + "\n", encoding="utf-8")
