"""Two processes train one model over loopback, and what the page "More than one machine" reads.

    python training/two_workers.py                    # measure, into the JSON beside the page
    python training/two_workers.py --train FOLDER     # train; what is reached is kept in FOLDER
    python training/two_workers.py --train FOLDER --kill 25    # one worker dies before step 25

Model, batches and training step are cells of the page, those tagged `shared`. Who trains keeps a
checkpoint every few steps. Where a worker ends before its work is done, the others are ended too, and
all go on from the checkpoint. Every process ends itself after a while, whatever the others do.

What is measured: a step with one process and with two, each on a core of its own, and the exchange
alone. "busy with others" says whether the machine was left alone; measure when it is.
"""

import argparse
import json
import os
import signal
import socketserver
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from timeit import repeat
from typing import Any

from shared import APPLICATIONS, keep, of_the_page, resume, tell

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

PAGE = APPLICATIONS / "more-than-one-machine.md"
RESULT = PAGE.with_name("workers.json")
KEEP_EVERY = 10  # steps
PATIENCE = 300  # seconds until a process counts as hanging
LONG = 1_800  # the same, while measuring
STEPS = 40
CASES = [(30, 10, 32), (30, 10, 512), (30, 100, 32), (256, 10, 32), (256, 10, 512), (256, 100, 32)]  # H, T, B
SIZES = (100, 1_000, 10_000, 100_000, 1_000_000, 4_000_000)  # numbers of an exchange
ROUNDS = 30


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens at."""
    servers = [
        socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) for _ in range(count)
    ]
    ports = [server.server_address[1] for server in servers]
    for server in servers:
        server.server_close()
    return ports


def together(task: str, workers: int, options: Sequence[str] = (), patience: float = PATIENCE) -> list[int]:
    """Start so many workers; return their exit codes when all are done or the first has failed."""
    ports = ",".join(map(str, free_ports(workers)))
    command = [sys.executable, __file__, "--task", task, "--ports", ports, *options]
    processes = [subprocess.Popen([*command, "--index", str(index)]) for index in range(workers)]
    deadline = time.monotonic() + patience
    try:
        while True:
            codes = [process.poll() for process in processes]
            if any(codes) or all(code == 0 for code in codes):
                break
            if time.monotonic() > deadline:
                raise TimeoutError(f"{task}: the workers were not done after {patience:g} s")
            time.sleep(0.02)
    finally:
        for process in processes:
            process.kill()
            process.wait()
    return [
        process.returncode if code is None else code for process, code in zip(processes, codes, strict=True)
    ]


def train(folder: Path, steps: int = STEPS, kill: int = -1, workers: int = 2, attempts: int = 3) -> int:
    """Train to the end, from the checkpoint after every death; return how often the workers were started."""
    options = ["--train", str(folder), "--steps", str(steps), "--kill", str(kill)]
    for attempt in range(1, attempts + 1):
        codes = together("train", workers, options)
        if not any(codes):
            return attempt
        tell(f"exit codes {codes}: all start again from the checkpoint")
    raise RuntimeError(f"the workers died {attempts} times")


# What follows runs in the process of a worker.


def join(index: int, ports: str, pin: bool = False, patience: int = PATIENCE) -> Any:
    """The strategy of this worker; with one port there are no others. ``pin`` gives each worker one core."""
    signal.alarm(patience)  # ends this process even if nobody is left to do so
    if pin:
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[index % len(cores)]})
    addresses = [f"127.0.0.1:{port}" for port in ports.split(",")]
    task = {"type": "worker", "index": index}
    os.environ["TF_CONFIG"] = json.dumps({"cluster": {"worker": addresses}, "task": task})
    import tensorflow as tf

    tf.get_logger().setLevel("ERROR")
    tf.autograph.set_verbosity(0)
    one = len(addresses) == 1
    return tf.distribute.get_strategy() if one else tf.distribute.MultiWorkerMirroredStrategy()


def work(index: int, ports: str, folder: Path, steps: int, kill: int) -> None:
    """Train as one of the workers."""
    strategy, of = join(index, ports), of_the_page(PAGE)
    with strategy.scope():
        model, sums = of["build"](of["H"])
    checkpoint, variables = folder / "checkpoint.npz", [*model.trainable_variables, *sums]
    losses = resume(checkpoint, of["digest"], variables) or []
    step = of["training_step"](strategy, model, sums)
    x, y = of["sine"](of["T"])
    for n in range(len(losses), steps):
        killed = folder / "killed"
        if n == kill and index == 1 and not killed.exists():
            killed.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        rows = of["rows_of"](n, len(x))
        losses.append(float(step(*of["shares"](strategy, x[rows], y[rows]))))
        if index == 0 and (n + 1 == steps or (n + 1) % KEEP_EVERY == 0):
            keep(checkpoint, of["digest"], variables, losses)


def measure(index: int, ports: str, output: Path) -> None:
    """Milliseconds of a step of each case and of exchanges of each size, the least of the rounds."""
    strategy, of = join(index, ports, True, LONG), of_the_page(PAGE)
    import tensorflow as tf

    found: dict[str, list[Any]] = {"steps": [], "exchanges": []}
    for units, T, B in CASES:
        with strategy.scope():
            model, sums = of["build"](units)
        step = of["training_step"](strategy, model, sums)
        x, y = of["sine"](T)
        batches = [B] if strategy.num_replicas_in_sync > 1 else [B, B // 2]
        for rows in batches:
            given = of["shares"](strategy, x[:rows], y[:rows])
            least = least_of(lambda step=step, given=given: float(step(*given)))
            count = sum(v.shape.num_elements() for v in model.trainable_variables)
            tell(f"worker {index}: H {units}, T {T}, B {rows}: {1_000 * least:.2f} ms")
            found["steps"].append({"H": units, "T": T, "B": rows, "weights": count, "ms": 1_000 * least})
    for size in SIZES if strategy.num_replicas_in_sync > 1 else ():
        values = tf.ones(size)

        def exchange(values: tf.Tensor) -> tf.Tensor:
            here = tf.distribute.get_replica_context()
            return here.all_reduce("SUM", tf.identity(values))  # identity: gives it a device

        run = tf.function(lambda values, exchange=exchange: strategy.run(exchange, (values,)))
        least = least_of(lambda run=run, values=values: run(values)[0].numpy())
        found["exchanges"].append({"numbers": size, "ms": 1_000 * least})
    if index == 0:
        output.write_text(json.dumps(found), encoding="utf-8")


def least_of(call: Callable[[], Any]) -> float:
    """The shortest of many calls, after two that do not count."""
    return min(repeat(call, number=1, repeat=2 + ROUNDS)[2:])


def measure_all() -> None:
    from report import machine, rounded

    found = {}
    with TemporaryDirectory() as folder, machine("tensorflow") as about:
        for workers in (1, 2):
            output = Path(folder) / f"{workers}.json"
            codes = together("measure", workers, ["--output", str(output)], LONG)
            if any(codes):
                raise RuntimeError(f"the workers ended with {codes}")
            found[workers] = json.loads(output.read_text(encoding="utf-8"))
    tables = {
        "one": found[1]["steps"],
        "two": found[2]["steps"],
        "exchanges": found[2]["exchanges"],
    }
    results = {"machine": about} | {name: [rounded(row, 3) for row in rows] for name, rows in tables.items()}
    RESULT.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    tell(json.dumps(results))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--train", type=Path, metavar="FOLDER", help="train, and keep the checkpoint there")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument(
        "--kill", type=int, default=-1, metavar="STEP", help="the second worker dies before it"
    )
    for name, kind in (("--task", str), ("--ports", str), ("--index", int), ("--output", Path)):
        parser.add_argument(name, type=kind, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.task == "train":
        work(asked.index, asked.ports, asked.train, asked.steps, asked.kill)
    elif asked.task == "measure":
        measure(asked.index, asked.ports, asked.output)
    elif asked.train:
        asked.train.mkdir(parents=True, exist_ok=True)
        started = train(asked.train, asked.steps, asked.kill)
        tell(f"done; the workers were started {started} times")
    else:
        measure_all()


if __name__ == "__main__":
    main()
