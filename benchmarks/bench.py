"""Measure the package beside its peers: Keras, PyTorch and JAX, in one run.

    python benchmarks/bench.py                  everything, a quarter of an hour on two cores
    python benchmarks/bench.py --quick          a look, about three minutes
    python benchmarks/bench.py --only layer --kind LSTM --size 30 --steps 100
    python benchmarks/bench.py --only train --among "Keras fit" rnnbook.tf --output FILE.json

A part of it is printed; the whole is also written into the book, as JSON. Three tasks: `train` the
sine model, a `layer` forward and backward, and `forecast`. A peer that is not installed is reported
as missing: `pip install -e '.[bench]'` brings PyTorch and JAX.

How it measures. Each contestant runs in a process of its own. All are started, one after the
other, and compute the same thing from the same float32 weights; whose result is off is called
wrong and not timed. Then they are timed in turns, A B C A B C, so that drift hits all, and the
medians are compared. The ratio says how many times as fast as the first row of its case.
A step of training takes what a long training takes more than a short one, over the steps between.
The long one is so long that compiling, which some do at every call, each time in another time,
weighs little.
Every library has its own number of threads, but PyTorch the better of one and all; settings for
libraries in the environment, such as OPENBLAS_CORETYPE, are taken away.
"""

import argparse
import json
import statistics
import time
from pathlib import Path
from typing import Any, NamedTuple

from contestants.cases import CASES, LAYER, MEMORY, QUICK, Case, Contestant, entrants
from contestants.process import Failed, Process
from contestants.table import Company, as_text, describe_machine, rounded
from tqdm import tqdm, trange

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "book" / "6-applications" / "speed.json"
TOLERANCE = 1e-3  # between the results of contestants, relative


class Run(NamedTuple):
    """How long and how often to measure."""

    rounds: int
    seconds: float  # at least, each time
    limit: float  # no further round of a case that has taken so long
    steps: int  # of training, for the error


UNITS = {
    "seconds": "of one step, window or call: the median of the rounds",
    "ratio": "how many times as fast as the first of the case",
    "first step": "seconds from the start of the process",
    "first trace": "seconds of tracing two time steps, first of all",
    "trace": "seconds of tracing, for JAX of compiling",
    "first call": "seconds of the first call after tracing",
    "nodes": "of the graph and its functions",
    "memory": "megabytes above the start",
    "busy with others": "share of all cores' time during the run",
}
FRESH = ("first trace", "memory")
FULL, LOOK = Run(5, 0.25, 60, 3000), Run(3, 0.15, 8, 600)


def compete(
    case: Case, contestants: list[Contestant], processes: dict[Contestant, Process], run: Run
) -> list[Any]:
    """The rows of one case: build all, compare what they computed, time them in turns."""
    rows = {c: {**case._asdict(), "contestant": c.name} for c in contestants}
    built = {}
    for c in tqdm(contestants, desc=case.title, leave=False):
        try:
            if c not in processes:
                processes[c] = Process(c.module, c.way)
            built[c] = processes[c].ask("build", case, run.steps)
            rows[c] |= built[c]["result"] | built[c]["facts"]
            for name in FRESH:
                rows[c].pop(name, None)
        except Failed as failed:
            processes.pop(c, None)
            rows[c]["status"] = str(failed)
    for c in list(built):
        wrong = differences(built[c]["result"], [other["result"] for other in built.values()])
        if wrong:
            rows[c]["status"] = f"wrong: {wrong}"
            del built[c]
    times: dict[Contestant, list[float]] = {c: [] for c in built}
    start = time.perf_counter()
    for turn in trange(run.rounds, desc=case.title, unit="round", leave=False):
        if turn and time.perf_counter() - start > run.limit:
            break
        for c in list(times):
            try:
                times[c].append(processes[c].ask("time", run.seconds * (8 if case.task == "train" else 1)))
            except Failed as failed:
                del times[c], processes[c]
                rows[c]["status"] = str(failed)
    for c, measured in times.items():
        rows[c] |= {"status": "measured", "seconds": statistics.median(measured), "rounds": len(measured)}
    return list(rows.values())


def differences(result: dict[str, float], results: list[dict[str, float]]) -> str:
    """In what a contestant is off the median of all."""
    medians = {name: statistics.median(other[name] for other in results) for name in result}
    return ", ".join(
        f"{name} {result[name]:.6g}, the others {median:.6g}"
        for name, median in medians.items()
        if not abs(result[name] - median) <= TOLERANCE * abs(median)
    )


def measure_afresh(case: Case, rows: list[Any]) -> None:
    """Add what counts only in a process that has done nothing else."""
    graphs = {c.name: c for c in LAYER if c.module in ("keras_layers", "rnnbook_tf")}
    for row in tqdm(rows, desc=f"afresh: {case.title}", leave=False):
        if row["contestant"] in graphs and row["status"] == "measured":
            c = graphs[row["contestant"]]
            process = Process(c.module, c.way)
            facts = process.ask("build", case, 0)["facts"]
            row |= {name: facts[name] for name in FRESH}
            process.end()


def add_ratios(rows: list[Any]) -> None:
    """How many times as fast as the first of the case; and for training the steps in a second."""
    for row in rows:
        if "seconds" in row and row["task"] == "train":
            row["steps per second"] = 1 / row["seconds"]
        if "seconds" in rows[0] and "seconds" in row:
            row["ratio"] = rows[0]["seconds"] / row["seconds"]


def chosen(arguments: argparse.Namespace) -> dict[Case, list[Contestant]]:
    """The cases and contestants asked for; a layer may have any size."""
    asked = {"task": arguments.only, "kind": arguments.kind, "H": arguments.size, "T": arguments.steps}
    wanted = {name: value for name, value in asked.items() if value is not None}
    listed = QUICK if arguments.quick and wanted.keys() <= {"task"} else CASES
    cases = [case for case in listed if wanted.items() <= case._asdict().items()]
    if not cases and arguments.only == "layer" and arguments.size and arguments.steps:
        cases = [Case("layer", arguments.kind or "LSTM", arguments.size, arguments.steps)]
    among = arguments.among or [""]
    entered = {case: [c for c in entrants(case) if any(word in c.name for word in among)] for case in cases}
    return {case: contestants for case, contestants in entered.items() if contestants}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--output", type=Path, help="the JSON file to write; a whole run has the book's")
    parser.add_argument("--quick", action="store_true", help="few cases, few rounds")
    parser.add_argument("--only", choices=("train", "layer", "forecast"), help="one task")
    parser.add_argument("--kind", help="of layer (LSTM, GRU, ...) or of forecast (evaluate, free run, cell)")
    parser.add_argument("--size", type=int, metavar="H", help="the units")
    parser.add_argument("--steps", type=int, metavar="T", help="the time steps")
    parser.add_argument("--among", nargs="+", metavar="NAME", help="contestants, by a part of the name")
    arguments = parser.parse_args()
    plan, run = chosen(arguments), LOOK if arguments.quick else FULL
    if not plan:
        parser.error("there is no such case")
    whole = list(plan) == CASES and not (arguments.quick or arguments.among)
    output = arguments.output or (OUTPUT if whole else None)
    blocks, processes = [], {}
    start, company = time.perf_counter(), Company()
    try:
        for case, contestants in plan.items():
            if case.task == "train" or not any(case.task == done.task for done, _ in blocks):
                end(processes)
            blocks.append((case, compete(case, contestants, processes, run)))
    finally:
        end(processes)
    for case, rows in blocks:
        add_ratios(rows)
        if run is FULL and case in MEMORY:
            measure_afresh(case, rows)
    rows = [rounded(row) for _, block in blocks for row in block]
    others = company.share()
    if output:
        table = {
            "machine": describe_machine()
            | {"busy with others": others if others is None else round(others, 3)},
            "units": UNITS,
            "rows": rows,
        }
        output.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print("\n\n".join(as_text(case, rows) for case, rows in blocks))
    print(f"\n{time.perf_counter() - start:.0f} s in all")
    if others is not None and others > 0.03:
        print(f"Other programs took {others:.0%} of the processors: measure again when they rest.")


def end(processes: dict[Contestant, Process]) -> None:
    """End all."""
    while processes:
        processes.popitem()[1].end()


if __name__ == "__main__":
    main()
