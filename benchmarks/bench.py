"""Measure the package beside its peers: Keras, PyTorch and JAX, in one run.

    python benchmarks/bench.py                  everything, a third of an hour on two cores
    python benchmarks/bench.py --quick          a look, a few minutes
    python benchmarks/bench.py --only layer --kind LSTM --size 30 --steps 100 --busy
    python benchmarks/bench.py --only train --among "Keras fit" rnnbook.tf --output FILE.json
    python benchmarks/bench.py --only unrolling what static and dynamic unrolling cost

A part of it is printed; the whole is also written into the book, as JSON. Tasks: `train` the sine
model, a `layer` forward and backward, and `forecast`; and apart from these `unrolling`, whose table
belongs to book/2-unrolling/dynamic. A peer that is not installed is reported as missing:
`pip install -e '.[bench]'` brings PyTorch and JAX.

How it measures. Each contestant runs in a process of its own. All are started, one after the
other, and compute the same thing from the same float32 weights; whose result is off is called
wrong and not timed. Then they are timed in turns, A B C A B C, so that drift hits all, and the
medians are compared. The ratio says how many times as fast as the first row of its case.
A step of training takes what a long training takes more than a short one, over the steps between.
The long one is so long that compiling, which some do at every call, each time in another time,
weighs little. A busy case is timed while another program keeps one core busy.
Every library has its own number of threads, but PyTorch the better of one and all; settings for
libraries in the environment, such as OPENBLAS_CORETYPE, are taken away.
For `unrolling` each measurement has a fresh process, and of three the smallest counts: other work
on the machine can only add.
"""

import argparse
import json
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from cases import CASES, COSTS, LAYER, MEMORY, QUICK, Case, Contestant, entrants
from process import Failed, Process, build, measure
from tqdm import tqdm, trange

BOOK = Path(__file__).resolve().parent.parent / "book"
TOLERANCE = 1e-3  # between the results of contestants, relative
LIBRARIES = ("numpy", "tensorflow", "keras", "torch", "jax")
UNITS = {
    "seconds": "of one step, window or call: the median of the rounds",
    "ratio": "how many times as fast as the first of the case",
    "first step": "seconds from the start of the process",
    "first trace": "seconds of tracing two time steps, first of all",
    "trace": "seconds of tracing, for JAX of compiling",
    "first call": "seconds of the first call after tracing",
    "nodes": "of the graph and its functions",
    "memory": "megabytes above the start",
    "busy with others": "share of all cores' time during the run, the busy cases' program not counted",
}
FRESH = ("first trace", "memory")  # what counts only in a process that has done nothing else


class Run(NamedTuple):
    """How long and how often to measure."""

    rounds: int
    seconds: float  # at least, each time
    limit: float  # no further round of a case that has taken so long
    steps: int  # of training, for the error


FULL, LOOK = Run(5, 0.25, 60, 3000), Run(3, 0.15, 8, 600)


def compete(
    case: Case, contestants: list[Contestant], processes: dict[Contestant, Process], run: Run
) -> list[Any]:
    """The rows of one case: build all, compare what they computed, time them in turns."""
    rows = {c: {**case._asdict(), "contestant": c.name} for c in contestants}
    results: dict[Contestant, dict[str, float]] = {}
    for c in tqdm(contestants, desc=case.title, leave=False):
        try:
            processes[c] = processes.get(c) or Process(c)
            built = processes[c].ask(build, case, run.steps)
            results[c] = built["result"]
            facts = {name: fact for name, fact in built["facts"].items() if name not in FRESH}
            rows[c] |= built["result"] | facts
        except Failed as failed:
            rows[c]["status"] = str(failed)
            if c in processes:
                processes.pop(c).end()
    wrong = {c: differences(result, list(results.values())) for c, result in results.items()}
    times: dict[Contestant, list[float]] = {c: [] for c in results if not wrong[c]}
    least = run.seconds * (8 if case.task == "train" else 1)
    start = time.perf_counter()
    with one_busy_core(case.busy):
        for turn in trange(run.rounds, desc=case.title, unit="round", leave=False):
            for c in list(times) if not turn or time.perf_counter() - start < run.limit else ():
                try:
                    times[c].append(processes[c].ask(measure, least))
                except Failed as failed:
                    rows[c]["status"] = str(failed)
                    processes.pop(c).end()
                    del times[c]
    for c, found in wrong.items():
        if found:
            rows[c]["status"] = f"wrong: {found}"
        elif c in times:
            median = statistics.median(times[c])
            rows[c] |= {"status": "measured", "seconds": median, "rounds": len(times[c])}
    return list(rows.values())


def differences(result: dict[str, float], results: list[dict[str, float]]) -> str:
    """In what a contestant is off the median of all."""
    medians = {name: statistics.median(other[name] for other in results) for name in result}
    return ", ".join(
        f"{name} {result[name]:.6g}, the others {median:.6g}"
        for name, median in medians.items()
        if not abs(result[name] - median) <= TOLERANCE * abs(median)
    )


@contextmanager
def one_busy_core(wanted: bool) -> Iterator[None]:
    """While another program keeps one core busy, if that is wanted."""
    process = get_context("spawn").Process(target=spin, daemon=True)
    if wanted:
        process.start()
    yield
    if wanted:
        process.kill()
        process.join()


def spin() -> None:
    while True:
        pass


def afresh(case: Case, contestant: Contestant, at_least: float = 0.0) -> dict[str, float]:
    """What building the case took in a process that has done nothing else, and a later call."""
    process = Process(contestant)
    facts = process.ask(build, case, 0)["facts"]
    call = process.ask(measure, at_least)
    process.end()
    return facts | {"call": call}


def add_ratios(rows: list[Any]) -> None:
    """How many times as fast as the first of the case; and for training the steps in a second."""
    for row in rows:
        if "seconds" in row and row["task"] == "train":
            row["steps per second"] = 1 / row["seconds"]
        if "seconds" in rows[0] and "seconds" in row:
            row["ratio"] = rows[0]["seconds"] / row["seconds"]


def race(plan: dict[Case, list[Contestant]], run: Run) -> dict[Case, list[Any]]:
    """The rows of all cases; a process serves all cases of its task, but trains one model only."""
    blocks: dict[Case, list[Any]] = {}
    processes: dict[Contestant, Process] = {}
    try:
        for case, contestants in plan.items():
            if case.task == "train" or not any(case.task == done.task for done in blocks):
                end(processes)
            blocks[case] = compete(case, contestants, processes, run)
            add_ratios(blocks[case])
    finally:
        end(processes)
    graphs = {c.name: c for c in LAYER if c.module in ("keras_layers", "rnnbook_tf")}
    for case in MEMORY if run is FULL else ():
        for row in tqdm(blocks.get(case, ()), desc=f"afresh: {case.title}", leave=False):
            if row["contestant"] in graphs and row["status"] == "measured":
                facts = afresh(case, graphs[row["contestant"]])
                row |= {name: facts[name] for name in FRESH}
    return blocks


def end(processes: dict[Contestant, Process]) -> None:
    """End all."""
    while processes:
        processes.popitem()[1].end()


def unrolling(costs: list[tuple[Contestant, Case]], repeats: int) -> list[dict[str, Any]]:
    """What tracing, calling and memory cost; each repetition visits every case, so that drift hits all."""
    runs: dict[Any, list[dict[str, float]]] = {which: [] for which in costs}
    for way, case in tqdm(costs * repeats, unit="run"):
        facts = afresh(case, way, 0.5)
        trace = facts["trace"] + facts["first call"] - facts["call"]
        runs[way, case].append({"trace": trace, "call": facts["call"], "memory": facts["memory"]})
    return [
        {"way": way.name, "B": case.B, "H": case.H, "T": case.T}
        | {name: min(found[name] for found in runs[way, case]) for name in ("trace", "call", "memory")}
        for way, case in costs
    ]


def chosen(arguments: argparse.Namespace) -> dict[Case, list[Contestant]]:
    """The cases and contestants asked for; a layer may have any size."""
    asked = {"task": arguments.only, "kind": arguments.kind, "H": arguments.size, "T": arguments.steps}
    wanted = {name: value for name, value in asked.items() if value is not None}
    listed = QUICK if arguments.quick and wanted.keys() <= {"task"} else CASES
    cases = [case for case in listed if wanted.items() <= case._asdict().items()]
    if not cases and arguments.only == "layer" and arguments.size and arguments.steps:
        cases = [Case("layer", arguments.kind or "LSTM", arguments.size, arguments.steps)]
    if arguments.busy:
        cases = list(dict.fromkeys(case._replace(busy=True) for case in cases))
    among = arguments.among or [""]
    entered = {case: [c for c in entrants(case) if any(word in c.name for word in among)] for case in cases}
    return {case: contestants for case, contestants in entered.items() if contestants}


def main() -> None:
    from report import Company, as_text, describe_machine, rounded  # not in every contestant's process

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--output", type=Path, help="the JSON file to write; a whole run has the book's")
    parser.add_argument("--quick", action="store_true", help="few cases, few rounds")
    parser.add_argument("--only", choices=("train", "layer", "forecast", "unrolling"), help="one task")
    parser.add_argument("--kind", help="of layer (LSTM, GRU, ...) or of forecast (evaluate, free run, cell)")
    parser.add_argument("--size", type=int, metavar="H", help="the units")
    parser.add_argument("--steps", type=int, metavar="T", help="the time steps")
    parser.add_argument("--busy", action="store_true", help="while one core is busy with something else")
    parser.add_argument("--among", nargs="+", metavar="NAME", help="contestants, by a part of the name")
    arguments = parser.parse_args()
    start, company = time.perf_counter(), Company()
    if arguments.only == "unrolling":
        repeats = 1 if arguments.quick else 3
        rows = [rounded(row, 3) for row in unrolling(COSTS[:1] if arguments.quick else COSTS, repeats)]
        about = describe_machine("tensorflow") | {"repeats": repeats}
        units = {"trace": "seconds", "call": "seconds", "memory": "megabytes above the start"}
        output = arguments.output or (
            None if arguments.quick else BOOK / "2-unrolling" / "unrolling-costs.json"
        )
        print(as_text("static and dynamic unrolling", rows, list(rows[0])))
    else:
        plan = chosen(arguments)
        if not plan:
            parser.error("there is no such case")
        blocks = race(plan, LOOK if arguments.quick else FULL)
        rows = [rounded(row) for block in blocks.values() for row in block]
        about, units = describe_machine(*LIBRARIES), UNITS
        whole = list(plan) == CASES and not (arguments.quick or arguments.among or arguments.busy)
        output = arguments.output or (BOOK / "6-applications" / "speed.json" if whole else None)
        print("\n\n".join(as_text(case.title, block) for case, block in blocks.items()))
    others = company.share()
    about["busy with others"] = round(others, 3)
    if output:
        table = {"machine": about, "units": units, "rows": rows}
        output.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"\n{time.perf_counter() - start:.0f} s in all")
    if others > 0.03:
        print(f"Other programs took {others:.0%} of the processors: measure again when they rest.")


if __name__ == "__main__":
    main()
