"""A contestant's own process, from both sides: it builds what it is asked for, and times it in its turn."""

import os
import signal
import statistics
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from multiprocessing import get_context
from timeit import timeit
from typing import Any

from cases import Case, Contestant

PATIENCE = 180.0  # seconds until a contestant counts as hanging
LIBRARIES = "DNNL_ GOTO_ JAX_ KERAS_ MKL_ OMP_ ONEDNN_ OPENBLAS_ TF_ TORCH XLA_"  # settings begin so
SHORT = 100  # steps of the short training; the long one has more, and the difference counts


class Failed(Exception):
    """A contestant that could not; the text says why."""


class Process:
    """A contestant's process, asked and answering."""

    def __init__(self, contestant: Contestant):
        self.pool = ProcessPoolExecutor(1, get_context("spawn"), initializer=enter, initargs=(contestant,))
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

contestant: Contestant  # of this process
timer: Any = None  # of what was built last


def enter(entered: Contestant) -> None:
    global contestant
    contestant = entered
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # log lines; errors are sent
    forget_settings()
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ["JAX_PLATFORMS"] = "cpu"
    os.environ["TORCHINDUCTOR_COMPILE_THREADS"] = "1"  # no processes of its own


def forget_settings() -> None:
    """Each library as it comes: what somebody set in the environment would pass for its speed."""
    for name in [name for name in os.environ if name.startswith(tuple(LIBRARIES.split()))]:
        del os.environ[name]


def answer(function: Callable[..., Any], *arguments: Any) -> Any:
    """Errors as text: those of a library could not be read where it is not imported."""
    try:
        return function(*arguments)
    except ModuleNotFoundError as error:
        raise Failed(f"missing: {error.name}") from None
    except Exception as error:
        first = str(error).splitlines()[0] if str(error) else ""
        raise Failed(f"failed: {type(error).__name__}: {first}") from None


def build(case: Case, steps: int) -> dict[str, Any]:
    """Make ready to time the case; return that on which all must agree, and what building cost."""
    global timer
    timer = None  # frees the memory of the last one
    module = import_module(f"contestants.{contestant.module}")
    from contestants.common import Layer, Sine, agreed

    if case.task in ("layer", "unrolling"):
        work = module.layer(contestant.way, Layer(case.kind, case.H, case.T, case.B))
    else:
        sine = Sine(case.T, 10 // case.T)
        if case.task == "train":
            model = module.training(contestant.way, sine)
            timer = of_a_step(model)
            return {"result": learned(model, sine, steps), "facts": {}}
        work = module.forecast(contestant.way, sine, case.kind)
    timer = of_a_call(work)
    return {"result": agreed(work.call()), "facts": work.facts}


def measure(at_least: float) -> float:
    """Seconds of one step, window or call of what was built, from so many seconds of them."""
    return timer(at_least)


def of_a_call(work: Any) -> Callable[[float], float]:
    """The median of many calls, for each unit in them."""

    def median(at_least: float) -> float:
        calls: list[float] = []
        while sum(calls) <= at_least:
            calls.append(timeit(work.call, number=1))
        return statistics.median(calls) / work.units

    return median


def of_a_step(model: Any) -> Callable[[float], float]:
    """What a long training takes more than a short one, over the steps between."""
    more = 5 * SHORT

    def takes(steps: int) -> float:
        return timeit(lambda: model.train(steps), number=1)

    def difference(at_least: float) -> float:
        nonlocal more
        # Some compile at every call; that differs by a tenth, and must not pass for steps.
        at_least = max(at_least, 10 * takes(SHORT))
        while (took := takes(SHORT + more) - takes(SHORT)) < at_least:
            more *= 2
        return took / more

    return difference


def learned(model: Any, sine: Any, steps: int) -> dict[str, float]:
    """The root of the mean square error on the test windows after one step, and after so many."""
    result = {}
    for name, more in (("RMSE after one step", 1), ("RMSE", steps - 1)):
        model.train(more)
        result[name] = float(((model.predict(sine.test_inputs) - sine.test_targets) ** 2).mean() ** 0.5)
    return result
