"""Measure the package beside its peers: Keras, PyTorch and JAX, in one run.

    python benchmarks/bench.py                  everything, a third of an hour on two cores
    python benchmarks/bench.py --quick          a look, a few minutes
    python benchmarks/bench.py --only train --among "Keras fit" rnnbook.tf --output FILE.json
    python benchmarks/bench.py --layer LSTM 30 100 --busy
    python benchmarks/bench.py --only unrolling what static and dynamic unrolling cost

A part of it is printed; the whole is also written into the book, as JSON: times in seconds, memory in
megabytes above the start, and what part of all cores others kept busy. Tasks: `train` the sine
model, a `layer` forward and backward, and `forecast`; and apart from these `unrolling`, whose table
belongs to book/2-unrolling/dynamic. A peer that is not installed is reported as missing:
`pip install -e '.[bench]'` brings PyTorch and JAX.

How it measures. Each contestant runs in a process of its own, without settings for libraries from the
environment. All are started, one after the other, and compute the same thing from the same float32
weights; whose result is off is called wrong and not timed. Then they are timed in turns, A B C A B C,
so that drift hits all, and the medians are compared. The ratio says how many times as fast as the
first row of its case. A busy case is timed while another program keeps one core busy. For `unrolling`
each measurement has a fresh process, and of three the smallest counts: other work on the machine can
only add. NOTES.md says more.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from cases import CASES, COSTS, QUICK, Case, Contestant, entrants
from process import Failed, Process, build, measure
from tqdm import tqdm, trange

BOOK = Path(__file__).resolve().parent.parent / "book"
TOLERANCE = 1e-3  # between the results of contestants, relative
LIBRARIES = ("numpy", "tensorflow", "keras", "torch", "jax")
COLUMNS = ["contestant", "seconds", "ratio", "status", "RMSE", "trace", "threads"]
UNROLLING = ("trace", "call", "memory")


class Run(NamedTuple):
    """How long and how often to measure."""

    rounds: int
    seconds: float  # at least, each time
    limit: float  # no further round of a case that has taken so long
    steps: int  # of training, for the error


FULL, LOOK = Run(5, 0.25, 60, 3000), Run(3, 0.15, 8, 600)


def race(plan: dict[Case, list[Contestant]], run: Run) -> dict[Case, list[Any]]:
    """The rows of all cases; a contestant's process serves all cases of its task."""
    blocks: dict[Case, list[Any]] = {}
    for _, cases in groupby(plan, key=lambda case: case.task):
        processes: dict[Contestant, Process] = {}
        for case in cases:
            blocks[case] = compete(case, plan[case], processes, run)
        for process in processes.values():
            process.end()
    return blocks


def compete(
    case: Case, contestants: list[Contestant], processes: dict[Contestant, Process], run: Run
) -> list[Any]:
    """The rows of one case: build all, compare what they computed, time them in turns."""
    rows = {c: {**case._asdict(), "contestant": c.name} for c in contestants}

    def ask(c: Contestant, question: Callable[..., Any], *about: Any) -> Any:
        """The answer; of one that fails nothing, and its row says why."""
        try:
            processes[c] = processes.get(c) or Process(c)
            return processes[c].ask(question, *about)
        except Failed as failed:
            rows[c]["status"] = str(failed)
            if c in processes:
                processes.pop(c).end()
            return None

    built = {c: ask(c, build, case, run.steps) for c in tqdm(contestants, desc=case.title, leave=False)}
    results = {c: answer["result"] for c, answer in built.items() if answer}
    for c, result in results.items():
        rows[c] |= result | built[c]["facts"]
        rows[c].pop("memory", None)  # counts only in a process that has done nothing else
        if off := differences(result, results.values()):
            rows[c]["status"] = f"wrong: {off}"
    times: dict[Contestant, list[float]] = {c: [] for c in results if "status" not in rows[c]}
    least = run.seconds * (8 if case.task == "train" else 1)
    start = time.perf_counter()
    with one_busy_core(case.busy):
        for turn in trange(run.rounds, desc=case.title, unit="round", leave=False):
            for c, taken in times.items():
                late = turn > 0 and time.perf_counter() - start > run.limit
                if not late and "status" not in rows[c]:
                    taken.append(ask(c, measure, least))
    for c, taken in times.items():
        if "status" not in rows[c]:
            rows[c] |= {"status": "measured", "seconds": statistics.median(taken), "rounds": len(taken)}
    first = rows[contestants[0]].get("seconds")
    for row in rows.values():
        if first and "seconds" in row:
            row["ratio"] = first / row["seconds"]
    return list(rows.values())


def differences(result: dict[str, float], results: Collection[dict[str, float]]) -> str:
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
    with subprocess.Popen([sys.executable, "-c", "while True: pass" if wanted else ""]) as program:
        try:
            yield
        finally:
            program.kill()


def unrolling(costs: list[tuple[Contestant, Case]], repeats: int) -> list[dict[str, Any]]:
    """What tracing, calling and memory cost; each repetition visits every case, so that drift hits all."""
    runs: dict[Any, list[dict[str, float]]] = {which: [] for which in costs}
    for way, case in tqdm(costs * repeats, unit="run"):
        facts = afresh(way, case)
        trace = facts["trace"] + facts["first call"] - facts["call"]
        runs[way, case].append({"trace": trace, "call": facts["call"], "memory": facts["memory"]})
    return [
        {"way": way.name, "B": case.B, "H": case.H, "T": case.T}
        | {name: min(found[name] for found in runs[way, case]) for name in UNROLLING}
        for way, case in costs
    ]


def afresh(contestant: Contestant, case: Case) -> dict[str, float]:
    """What building the case took in a process that has done nothing else, and a later call."""
    process = Process(contestant)
    facts = process.ask(build, case, 0)["facts"]
    call = process.ask(measure, 0.5)
    process.end()
    return facts | {"call": call}


def chosen(arguments: argparse.Namespace) -> dict[Case, list[Contestant]]:
    """The cases and contestants asked for."""
    cases = QUICK if arguments.quick else CASES
    if arguments.layer:
        kind, H, T = arguments.layer
        cases = [Case("layer", kind, int(H), int(T))]
    if arguments.busy:
        cases = list(dict.fromkeys(case._replace(busy=True) for case in cases))
    plan = {case: entrants(case) for case in cases if arguments.only in (None, case.task)}
    wanted = {
        case: [c for c in plan[case] if any(word in c.name for word in arguments.among)] for case in plan
    }
    return {case: contestants for case, contestants in wanted.items() if contestants}


def main() -> None:
    from report import as_text, machine, rounded  # not in every contestant's process

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--output", type=Path, help="the JSON file to write; a whole run has the book's")
    parser.add_argument("--quick", action="store_true", help="few cases, few rounds")
    parser.add_argument("--only", choices=("train", "layer", "forecast", "unrolling"), help="one task")
    parser.add_argument("--layer", nargs=3, metavar=("KIND", "H", "T"), help="one layer of any size")
    parser.add_argument("--busy", action="store_true", help="while one core is busy with something else")
    parser.add_argument("--among", nargs="+", default=[""], help="contestants, by a part of the name")
    arguments = parser.parse_args()
    whole = not (arguments.quick or arguments.layer or arguments.busy or arguments.among != [""])
    with machine(*LIBRARIES) as about:
        if arguments.only == "unrolling":
            place = BOOK / "2-unrolling" / "unrolling-costs.json"
            about["repeats"] = 3 if whole else 1
            rows = [rounded(row, 3) for row in unrolling(COSTS if whole else COSTS[:1], about["repeats"])]
            print(as_text("static and dynamic unrolling", rows, list(rows[0])))
        else:
            place = BOOK / "6-applications" / "speed.json"
            whole = whole and not arguments.only
            blocks = race(chosen(arguments), LOOK if arguments.quick else FULL)
            rows = [rounded(row) for block in blocks.values() for row in block]
            print("\n\n".join(as_text(case.title, block, COLUMNS) for case, block in blocks.items()))
    if output := arguments.output or (place if whole else None):
        table = {"machine": about, "rows": rows}
        output.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if about["busy with others"] > 0.03:
        print(
            f"\nOthers took {about['busy with others']:.0%} of the processors: measure again when they rest."
        )


if __name__ == "__main__":
    main()
