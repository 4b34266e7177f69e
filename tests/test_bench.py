"""The benchmark runs, with tiny sizes: what is installed is measured, what is not is reported."""

import importlib.util
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
PEERS = {"PyTorch": "torch", "JAX, scan": "jax"}


def bench(tmp_path: Path, *options: str) -> tuple[str, dict]:
    """What `benchmarks/bench.py` prints and writes."""
    output = tmp_path / "speed.json"
    command = [
        sys.executable,
        str(ROOT / "benchmarks" / "bench.py"),
        "--quick",
        "--output",
        str(output),
        *options,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout, json.loads(output.read_text(encoding="utf-8"))


def test_who_is_installed_is_measured_and_the_others_are_reported_missing(tmp_path):
    options = ("--only", "layer", "--kind", "GRU", "--size", "3", "--steps", "2")
    names = ("rnnbook.scratch", "static_rnn", "JAX")
    text, table = bench(tmp_path, *options, "--among", *names)
    status = {row["contestant"]: row["status"] for row in table["rows"]}
    expected = dict.fromkeys(("rnnbook.tf static_rnn", "rnnbook.scratch", "JAX, scan"), "measured")
    if importlib.util.find_spec("jax") is None:
        expected["JAX, scan"] = "missing"
    assert status == expected
    measured = [row for row in table["rows"] if row["status"] == "measured"]
    assert measured[0]["ratio"] == 1
    assert all(row["seconds"] > 0 for row in measured)
    assert "GRU layer forward and backward, B 32, D = H = 3, T 2" in text
    assert str(ROOT) not in json.dumps(table)


def test_training_tells_the_error_and_the_first_step(tmp_path):
    _, table = bench(tmp_path, "--only", "train", "--steps", "1", "--among", "rnnbook.scratch", "PyTorch")
    rows = {row["contestant"]: row for row in table["rows"]}
    ours = rows["rnnbook.scratch fit"]
    assert ours["RMSE"] == pytest.approx(0.0462, abs=0.001)  # after 600 steps
    assert 0 < ours["first step"] < ours["600 steps"]
    if importlib.util.find_spec("torch") is None:
        assert {row["status"] for name, row in rows.items() if "PyTorch" in name} == {"missing"}


@pytest.fixture
def benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")


def test_compiling_at_every_call_does_not_pass_for_steps(benchmarks, monkeypatch):
    from contestants import common, process

    now, a_step, calls = [0.0], 1e-4, itertools.count()
    clock = SimpleNamespace(perf_counter=lambda: now[0], monotonic=lambda: now[0])
    for module in (common, process):
        monkeypatch.setattr(module, "time", clock)

    def train(steps: int) -> None:  # every other call compiles a tenth of a second longer
        now[0] += 1 + 0.1 * (next(calls) % 2) + steps * a_step

    sine = SimpleNamespace(test_inputs=np.zeros((2, 1)), test_targets=np.zeros((2, 1)))
    timer, _ = process.build_training(lambda *_: common.Training(train, np.copy), "", 0.0, sine, 600)
    assert [timer(2.0) for _ in range(2)] == pytest.approx([a_step, a_step], rel=0.02)


def test_a_contestant_that_fails_is_reported_with_the_reason(benchmarks):
    from contestants.process import Failed, Process

    process = Process("nobody", "")
    with pytest.raises(Failed, match="failed: ModuleNotFoundError: No module named"):
        process.ask("build", None, 0)


def test_a_contestant_that_dies_is_reported(benchmarks):
    from contestants.process import Failed, Process

    process = Process("rnnbook_scratch", "")
    process.process.kill()
    process.process.join()
    with pytest.raises(Failed, match="failed: its process ended"):
        process.ask("time", 0.1)


def test_settings_for_libraries_in_the_environment_do_not_count(benchmarks, monkeypatch):
    from contestants.process import forget_settings

    settings = {"OPENBLAS_CORETYPE": "Haswell", "OMP_NUM_THREADS": "1", "XLA_FLAGS": "--xla_dump_to=x"}
    for name, value in (dict(os.environ) | settings | {"ROOMS": "1"}).items():
        monkeypatch.setenv(name, value)  # all, so that all come back
    forget_settings()
    assert not settings.keys() & os.environ.keys()
    assert os.environ["ROOMS"] == "1"
    assert "PATH" in os.environ


def test_who_computes_something_else_is_wrong(benchmarks):
    import bench

    results = [{"loss": 1.0}, {"loss": 1.0001}, {"loss": 2.0}]
    told = [bench.differences(result, results) for result in results]
    assert told == ["", "", "loss 2, the others 1.0001"]
    assert bench.differences({"loss": float("nan")}, results) != ""
