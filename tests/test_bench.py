"""The benchmark runs, with tiny sizes: what is installed is measured, what is not is reported."""

import importlib.util
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")


def test_who_is_installed_is_measured_and_the_others_are_reported_missing(tmp_path):
    output = tmp_path / "speed.json"
    command = [sys.executable, str(ROOT / "benchmarks" / "bench.py"), "--quick", "--output", str(output)]
    command += ["--layer", "GRU", "3", "2", "--busy"]
    command += ["--among", "rnnbook.scratch", "plain loop", "JAX"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    table = json.loads(output.read_text(encoding="utf-8"))
    status = {row["contestant"]: row["status"] for row in table["rows"]}
    expected = dict.fromkeys(("rnnbook.tf, plain loop", "rnnbook.scratch", "JAX, scan"), "measured")
    if importlib.util.find_spec("jax") is None:
        expected["JAX, scan"] = "missing: jax"
    assert status == expected
    measured = [row for row in table["rows"] if row["status"] == "measured"]
    assert measured[0]["ratio"] == 1
    assert all(row["seconds"] > 0 and row["busy"] for row in measured)
    assert "layer: GRU, B 32, H 3, T 2, one core busy" in done.stdout
    assert str(ROOT) not in json.dumps(table)


def test_training_tells_the_error(monkeypatch):
    import process
    from cases import Case, Contestant

    monkeypatch.setattr(process, "contestant", Contestant("", "rnnbook_scratch"), raising=False)
    built = process.build(Case("train", "sine", 30, 1), 600)
    assert built["result"]["RMSE"] == pytest.approx(0.0462, abs=0.001)
    assert process.measure(0.01) > 0


def test_of_the_costs_of_unrolling_the_smallest_counts_and_compiling_counts_as_tracing(monkeypatch):
    import bench
    from cases import COSTS

    memory = itertools.count(10, -1)
    facts = {"trace": 1.0, "first call": 0.5, "call": 0.25}
    monkeypatch.setattr(bench, "afresh", lambda *_: facts | {"memory": next(memory)})
    rows = bench.unrolling(COSTS[:2], repeats=2)
    rest = {"way": "static", "B": 32, "H": 30, "trace": 1.25, "call": 0.25}
    assert rows == [rest | {"T": 10, "memory": 8}, rest | {"T": 50, "memory": 7}]


def test_compiling_at_every_call_does_not_pass_for_steps(monkeypatch):
    import process
    from contestants.common import Training

    now, a_step, calls = [0.0], 1e-4, itertools.count()

    def timeit(call, number):
        start = now[0]
        call()
        return now[0] - start

    def train(steps: int) -> None:  # every other call compiles a tenth of a second longer
        now[0] += 1 + 0.1 * (next(calls) % 2) + steps * a_step

    monkeypatch.setattr(process, "timeit", timeit)
    timer = process.of_a_step(Training(train, np.copy))
    assert [timer(2.0) for _ in range(2)] == pytest.approx([a_step, a_step], rel=0.02)


def test_a_contestant_that_is_missing_or_fails_or_dies_is_reported_with_the_reason():
    from cases import CASES, Case, Contestant
    from process import Failed, Process, build, measure

    with pytest.raises(Failed, match=r"^missing: contestants\.nobody$"):
        Process(Contestant("", "nobody")).ask(build, CASES[0], 0)
    process = Process(Contestant("", "rnnbook_scratch"))
    with pytest.raises(Failed, match=r"^failed: KeyError: 'no kind'$"):
        process.ask(build, Case("layer", "no kind", 3, 2), 0)
    os.kill(process.id, signal.SIGKILL)
    with pytest.raises(Failed, match="failed: its process ended"):
        process.ask(measure, 0.1)


def test_a_contestant_that_hangs_is_reported(monkeypatch):
    import process
    from cases import Contestant

    asked = process.Process(Contestant("", "rnnbook_scratch"))
    monkeypatch.setattr(process, "PATIENCE", 0.1)
    with pytest.raises(process.Failed, match=r"failed: silent for 0\.1 s"):
        asked.ask(time.sleep, 60)


def test_settings_for_libraries_in_the_environment_do_not_count(monkeypatch):
    from process import forget_settings

    settings = {"OPENBLAS_CORETYPE": "Haswell", "OMP_NUM_THREADS": "1", "XLA_FLAGS": "--xla_dump_to=x"}
    for name, value in (dict(os.environ) | settings | {"ROOMS": "1"}).items():
        monkeypatch.setenv(name, value)  # all, so that all come back
    forget_settings()
    assert not settings.keys() & os.environ.keys()
    assert os.environ["ROOMS"] == "1"
    assert "PATH" in os.environ


def test_who_computes_something_else_is_wrong():
    import bench

    results = [{"loss": 1.0}, {"loss": 1.0001}, {"loss": 2.0}]
    told = [bench.differences(result, results) for result in results]
    assert told == ["", "", "loss 2, the others 1.0001"]
    assert bench.differences({"loss": float("nan")}, results) != ""
