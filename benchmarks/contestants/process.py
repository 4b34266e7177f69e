"""A contestant's own process, from both sides: it builds what it is asked for, and times it in its turn."""

import os
import statistics
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import ModuleType
from typing import Any

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

    def __init__(self, module: str, way: str):
        needed = NEEDS.get(module)
        if needed and find_spec(needed) is None:
            raise Failed("missing")
        context = get_context("spawn")
        self.connection, theirs = context.Pipe()
        arguments = (theirs, module, way, time.monotonic())
        self.process = context.Process(target=serve, args=arguments, daemon=True)
        self.process.start()
        theirs.close()

    def ask(self, *order: Any) -> Any:
        """The answer; `Failed` when there is none or it tells of an error."""
        try:
            self.connection.send(order)
            answer = (
                self.connection.recv() if self.connection.poll(PATIENCE) else f"silent for {PATIENCE:g} s"
            )
        except (EOFError, OSError):
            answer = "its process ended"
        if isinstance(answer, str):
            self.end()
            raise Failed(f"failed: {answer}")
        return answer

    def end(self) -> None:
        self.connection.close()
        self.process.kill()
        self.process.join()


def serve(connection: Connection, module: str, way: str, started: float) -> None:
    """Answer until the other end is closed; an error is an answer too, a line of text."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # log lines; errors are sent
    forget_settings()
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ["JAX_PLATFORMS"] = "cpu"
    os.environ["TORCHINDUCTOR_COMPILE_THREADS"] = "1"  # no processes of its own
    os.environ["TORCHINDUCTOR_FORCE_DISABLE_CACHES"] = "1"  # a first step is the first
    timer: Callable[[float], float] | None = None
    while True:
        try:
            order, *arguments = connection.recv()
        except EOFError:
            return
        try:
            if order == "build":
                timer = None  # frees the memory of the last one
                timer, answer = build(import_module(f"contestants.{module}"), way, started, *arguments)
            else:
                answer = timer(*arguments) if timer else None
            connection.send(answer)
        except Exception as error:
            connection.send(f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")


def forget_settings() -> None:
    """Each library as it comes: what somebody set in the environment would pass for its speed."""
    for name in [name for name in os.environ if name.startswith(SETTINGS)]:
        del os.environ[name]


def build(
    contestant: ModuleType, way: str, started: float, case: Any, steps: int
) -> tuple[Any, dict[str, Any]]:
    """What times the case; and on what all must agree, with what building it cost."""
    from contestants.common import Layer, Sine

    if case.task == "train":
        return build_training(contestant.training, way, started, Sine(case.T, 10 // case.T), steps)
    if case.task == "layer":
        work = contestant.layer(way, Layer(case.kind, case.H, case.T, case.B))
    else:
        work = contestant.forecast(way, Sine(case.T, 10 // case.T), case.kind)

    def timer(at_least: float) -> float:
        calls: list[float] = []
        while sum(calls) < at_least:
            start = time.perf_counter()
            work.call()
            calls.append(time.perf_counter() - start)
        return statistics.median(calls) / work.units

    return timer, {"result": work.result, "facts": work.facts}


def build_training(
    training: Callable[..., Any], way: str, started: float, sine: Any, steps: int
) -> tuple[Any, dict[str, Any]]:
    """Train ``steps`` steps, the first alone: it compiles."""
    from contestants.common import seconds

    model = training(way, sine)
    model.train(1)
    first = time.monotonic() - started
    result = {"RMSE after one step": rmse(model, sine)}
    model.train(steps - 1)
    result["RMSE"] = rmse(model, sine)
    facts = {"first step": first, f"{steps} steps": time.monotonic() - started}

    def takes(steps: int) -> float:
        return seconds(lambda: model.train(steps))

    short, more = takes(SHORT), 5 * SHORT

    def timer(at_least: float) -> float:
        nonlocal more
        # Some compile at every call; that differs by a tenth, and must not pass for steps.
        at_least = max(at_least, 10 * short)
        while (took := takes(SHORT + more) - takes(SHORT)) < at_least:
            more *= 2
        return took / more

    return timer, {"result": result, "facts": facts}


def rmse(model: Any, sine: Any) -> float:
    """The root of the mean square error on the test windows."""
    return float(((model.predict(sine.test_inputs) - sine.test_targets) ** 2).mean() ** 0.5)
