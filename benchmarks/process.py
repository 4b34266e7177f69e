"""A contestant's own process, from both sides: it builds what it is asked for, and times it in its turn."""

import os
import signal
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from importlib.util import find_spec
from multiprocessing import get_context
from typing import Any

from cases import Case, Contestant

NEEDS = {"keras_layers": "keras", "pytorch": "torch", "jax_scan": "jax"}  # else rnnbook itself
PATIENCE = 180.0  # seconds until a contestant counts as hanging
SETTINGS = (
    "DNNL_",
    "GOTO_",
    "JAX_",
    "KERAS_",
    "MKL_",
    "OMP_",
    "ONEDNN_",
    "OPENBLAS_",
    "TF_",
    "TORCH",
    "XLA_",
)
SHORT = 100  # steps of the short training; the long one has more, and the difference counts


class Failed(Exception):
    """A contestant that could not; the text says why."""


class Process:
    """A contestant's process, asked and answering."""

    def __init__(self, contestant: Contestant):
        needed = NEEDS.get(contestant.module)
        if needed and find_spec(needed) is None:
            raise Failed("missing")
        given = (contestant, time.monotonic())
        self.pool = ProcessPoolExecutor(1, get_context("spawn"), initializer=enter, initargs=given)
        self.id = self.pool.submit(os.getpid).result()

    def ask(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """What the function returns there; `Failed` when it fails, hangs or ends its process."""
        try:
            return self.pool.submit(answer, function, *arguments).result(PATIENCE)
        except BrokenProcessPool:
            raise Failed("failed: its process ended") from None
        except TimeoutError:
            os.kill(self.id, signal.SIGKILL)  # it would not end by itself
            raise Failed(f"failed: silent for {PATIENCE:g} s") from None

    def end(self) -> None:
        self.pool.shutdown()


# What follows runs in the contestant's process.

contestant: Any  # of this process
started: float  # when it was asked for
timer: Callable[[float], float] | None = None  # of what was built last


def enter(*given: Any) -> None:
    global contestant, started
    contestant, started = given
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # log lines; errors are sent
    forget_settings()
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ["JAX_PLATFORMS"] = "cpu"
    os.environ["TORCHINDUCTOR_COMPILE_THREADS"] = "1"  # no processes of its own
    os.environ["TORCHINDUCTOR_FORCE_DISABLE_CACHES"] = "1"  # a first step is the first


def forget_settings() -> None:
    """Each library as it comes: what somebody set in the environment would pass for its speed."""
    for name in [name for name in os.environ if name.startswith(SETTINGS)]:
        del os.environ[name]


def answer(function: Callable[..., Any], *arguments: Any) -> Any:
    """Errors as text: those of a library could not be read where it is not imported."""
    try:
        return function(*arguments)
    except Exception as error:
        first = str(error).splitlines()[0] if str(error) else ""
        raise Failed(f"failed: {type(error).__name__}: {first}") from None


def build(case: Case, steps: int) -> dict[str, Any]:
    """Make ready to time the case; return that on which all must agree, and what building cost."""
    global timer
    timer = None  # frees the memory of the last one
    module = import_module(f"contestants.{contestant.module}")
    from contestants.common import Layer, Sine, agreed

    sine = Sine(case.T, 10 // case.T) if case.task in ("train", "forecast") else None
    if case.task == "train":
        timer, built = build_training(module.training(contestant.way, sine), sine, steps)
        return built
    if case.task == "forecast":
        work = module.forecast(contestant.way, sine, case.kind)
    else:
        work = module.layer(contestant.way, Layer(case.kind, case.H, case.T, case.B))

    def median(at_least: float) -> float:
        calls: list[float] = []
        while sum(calls) <= at_least:
            calls.append(seconds(work.call))
        return statistics.median(calls) / work.units

    timer = median
    return {"result": agreed(work.call()), "facts": work.facts}


def measure(at_least: float) -> float:
    """Seconds of one step, window or call of what was built, from so many seconds of them."""
    assert timer is not None
    return timer(at_least)


def build_training(model: Any, sine: Any, steps: int) -> tuple[Any, dict[str, Any]]:
    """Train ``steps`` steps, the first alone: it compiles."""
    model.train(1)
    first = time.monotonic() - started
    result = {"RMSE after one step": rmse(model, sine)}
    model.train(steps - 1)
    result["RMSE"] = rmse(model, sine)
    facts = {"first step": first, f"{steps} steps": time.monotonic() - started}

    def takes(steps: int) -> float:
        return seconds(lambda: model.train(steps))

    short, more = takes(SHORT), 5 * SHORT

    def difference(at_least: float) -> float:
        nonlocal more
        # Some compile at every call; that differs by a tenth, and must not pass for steps.
        at_least = max(at_least, 10 * short)
        while (took := takes(SHORT + more) - takes(SHORT)) < at_least:
            more *= 2
        return took / more

    return difference, {"result": result, "facts": facts}


def rmse(model: Any, sine: Any) -> float:
    """The root of the mean square error on the test windows."""
    return float(((model.predict(sine.test_inputs) - sine.test_targets) ** 2).mean() ** 0.5)


def seconds(call: Callable[[], object]) -> float:
    """The time ``call`` takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
