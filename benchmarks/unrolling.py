"""Measure what static and dynamic unrolling cost: tracing, calling, memory.

    python benchmarks/unrolling.py                    writes the page's table
    python benchmarks/unrolling.py --output FILE.json writes it elsewhere
    python benchmarks/unrolling.py --repeats 1        a quick look

The table belongs to book/2-unrolling/dynamic, which shows ratios of it and no seconds.
Each measurement runs forward and backward, in a process of its own, one at a time. Of
the repetitions the smallest counts: other work on the machine can only add. Memory is the
growth of the process's peak (`ru_maxrss`, in KiB on Linux) after TensorFlow has started
and run a tiny network.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from tqdm import tqdm

OUTPUT = Path(__file__).resolve().parent.parent / "book" / "2-unrolling" / "unrolling-costs.json"
D = 3  # inputs, as in the book's batch


class Case(NamedTuple):
    """One network to measure: the way of unrolling and its sizes."""

    way: str
    B: int
    H: int
    T: int


SMALL = [Case("static", 32, 30, T) for T in (10, 50, 200, 500)]
SMALL += [Case("dynamic", 32, 30, T) for T in (10, 50, 200, 500, 1000)]
LARGE = [Case(way, 256, 256, T) for way in ("static", "dynamic") for T in (50, 200)]


def measure(case: Case) -> dict[str, float]:
    """Trace and call one network; runs in a process of its own."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # TensorFlow's log lines; errors are raised
    import tensorflow as tf

    import rnnbook.tf as rnn

    # With an activation of its own the cell takes the plain loop, which is what is measured here.
    cell = rnn.BasicRNNCell(case.H, lambda a: tf.tanh(a), num_inputs=D, seed=0)

    def loss_gradient(inputs: Any) -> Any:
        with tf.GradientTape() as tape:
            if case.way == "static":
                outputs, _ = rnn.static_rnn(cell, tf.unstack(inputs, axis=1))
                outputs = tf.stack(outputs, axis=1)
            else:
                outputs, _ = rnn.dynamic_rnn(cell, inputs)
            loss = tf.reduce_mean(outputs**2)
        return tape.gradient(loss, cell.kernel)

    tf.function(loss_gradient)(tf.ones((1, 2, D))).numpy()  # starts TensorFlow
    inputs = tf.random.stateless_normal((case.B, case.T, D), seed=(0, 0))
    function = tf.function(loss_gradient)
    before = peak_megabytes()
    first = seconds(lambda: function(inputs).numpy())
    calls: list[float] = []
    while len(calls) < 5 or sum(calls) < 0.5:
        calls.append(seconds(lambda: function(inputs).numpy()))
    call = statistics.median(calls)
    return {"trace": first - call, "call": call, "memory": peak_megabytes() - before}


def seconds(work: Callable[[], object]) -> float:
    """The time ``work`` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def peak_megabytes() -> float:
    """The most memory this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure_all(cases: list[Case], repeats: int) -> list[dict[str, Any]]:
    """The best of all cases; each repetition visits every case, so that drift hits all."""
    runs: dict[Case, list[dict[str, float]]] = {case: [] for case in cases}
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as pool:
        for case in tqdm(cases * repeats, unit="run"):
            runs[case].append(pool.submit(measure, case).result())
    return [{**case._asdict(), **best(runs[case])} for case in cases]


def best(runs: list[dict[str, float]]) -> dict[str, float]:
    """The smallest of each quantity to three significant digits: more would be noise."""
    return {name: float(f"{min(run[name] for run in runs):.3g}") for name in runs[0]}


def describe_machine() -> dict[str, Any]:
    """The machine in neutral words."""
    return {
        "cores": os.cpu_count(),
        "processor": platform.machine(),
        "python": ".".join(platform.python_version_tuple()[:2]),
        "tensorflow": version("tensorflow"),
    }


def as_text(rows: list[dict[str, Any]]) -> str:
    """The table for a terminal."""
    lines = [f"{'way':8s} {'B':>4s} {'H':>4s} {'T':>5s} {'trace s':>9s} {'call s':>9s} {'peak MB':>9s}"]
    lines += [
        f"{r['way']:8s} {r['B']:4d} {r['H']:4d} {r['T']:5d} {r['trace']:9.3g} {r['call']:9.3g} {r['memory']:9.3g}"
        for r in rows
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--output", type=Path, default=OUTPUT, help="the JSON file to write")
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="runs of each case (3)")
    arguments = parser.parse_args()
    rows = measure_all(SMALL + LARGE, arguments.repeats)
    units = {"trace": "seconds", "call": "seconds", "memory": "megabytes above the start"}
    table = {"machine": describe_machine(), "repeats": arguments.repeats, "units": units, "rows": rows}
    arguments.output.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    print(as_text(rows))


if __name__ == "__main__":
    main()
