"""What the page "What came after" reads: its readers over several seeds, and their times against T.

    python training/after.py            # all of it, into the JSON beside the page
    python training/after.py --times    # the times alone, on a machine that does nothing else

Readers, data and training are cells of the page, those tagged `shared`. What is done is kept after
every training, and a run that was stopped goes on from there. The times are those of one reading and
its gradients; "busy with others" says whether the machine was left alone.
"""

import argparse
import json
import os
from collections.abc import Callable
from timeit import timeit
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf
from shared import APPLICATIONS, of_the_page, tell

PAGE = APPLICATIONS / "what-came-after.md"
RESULT = PAGE.with_name("after.json")
SEEDS = (0, 10, 20, 30, 40)
LENGTHS = (64, 256, 1024)
ROWS, INPUTS, UNITS, ROUNDS = 8, 32, 32, 12


def lamps(page: dict[str, Any], results: dict[str, Any]) -> None:
    """Percentages right by every reader and seed: [[first, second] at 32 steps, [...] at 512].

    Of the first seed also what it says of the second lamp, for the page to draw.
    """
    for reader in page["READERS"]:
        for seed in SEEDS:
            found = results.setdefault("lamps", {}).setdefault(reader.__name__, {})
            if str(seed) not in found:
                model = page["train"](reader, *page["LAMPS"], seed)
                right = page["lamps_right"](model).values()
                found[str(seed)] = [[round(float(value), 2) for value in one] for one in right]
                if seed == SEEDS[0]:
                    says = page["says"](model).round(3).tolist()
                    results.setdefault("says", {})[reader.__name__] = says
                tell(f"lamps, {reader.__name__}, seed {seed}: {found[str(seed)]}")
                save(results)


def lists(page: dict[str, Any], results: dict[str, Any]) -> None:
    """Percentages of the names whose bit is known, by reader, number of pairs and seed."""
    for pairs in page["PAIRS"]:
        for reader in page["LIST_READERS"]:
            for seed in SEEDS[:3]:
                where = results.setdefault("lists", {}).setdefault(reader.__name__, {})
                found = where.setdefault(str(pairs), {})
                if str(seed) not in found:
                    model = page["train_on_lists"](reader, pairs, seed)
                    found[str(seed)] = round(page["lists_right"](model, pairs), 2)
                    tell(f"lists, {reader.__name__}, {pairs} pairs, seed {seed}: {found[str(seed)]}")
                    save(results)


def times(page: dict[str, Any], results: dict[str, Any]) -> None:
    """Milliseconds of a reading and its gradient: the least of the rounds, readers in turn."""
    from report import machine, rounded

    rows: list[dict[str, Any]] = []
    readers = {reader.__name__: reader for reader in page["READERS"]}

    class Loop(readers["MinGRU"]):  # type: ignore[misc]
        def read(self, x: tf.Tensor) -> tf.Tensor:
            return page["rnn"].dynamic_rnn(self.cell, x)[0]

    readers["MinGRU, loop"] = Loop
    with machine("tensorflow") as about:
        for T in LENGTHS:
            x = tf.random.stateless_normal((ROWS, T, INPUTS), [0, 1])
            steps = {name: step(reader(INPUTS, UNITS, 1, 0), x) for name, reader in readers.items()}
            least = dict.fromkeys(steps, float("inf"))
            for _ in range(ROUNDS):
                least = {name: min(least[name], timeit(run, number=1)) for name, run in steps.items()}
            rows += [{"reader": name, "T": T, "ms": 1_000 * value} for name, value in least.items()]
            tell(f"times, T {T}: {least}")
    results |= {"times": [rounded(row, 3) for row in rows], "machine": about}
    save(results)


def step(model: Any, x: tf.Tensor) -> Callable[[], Any]:
    """One reading of x and the gradient of its sum by all weights, compiled and run once."""

    @tf.function
    def run() -> Any:
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(model(x))
        return tape.gradient(total, model.trainable_variables)

    def wait() -> None:
        for gradient in run():
            gradient.numpy()

    wait()
    return wait


def save(results: dict[str, Any]) -> None:
    part = RESULT.with_suffix(".part")
    part.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    part.replace(RESULT)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--times", action="store_true", help="measure the times alone, anew")
    only_times = parser.parse_args().times
    results = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    tf.get_logger().setLevel("ERROR")
    tf.autograph.set_verbosity(0)
    page = of_the_page(PAGE)
    if not only_times:
        lamps(page, results)
        lists(page, results)
    if only_times or "times" not in results:
        times(page, results)


if __name__ == "__main__":
    main()
