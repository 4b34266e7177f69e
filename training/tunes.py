"""Train the networks of the page "Tunes" to their end, let them write, and keep what the page reads.

    python training/tunes.py            train, or go on from the checkpoints; about an hour on one core
    python training/tunes.py --fresh    forget the checkpoints

Data, networks, training step and all that is measured are cells of the page, those tagged `shared`: this
script runs them, so it cannot differ from what a reader sees. Beside the page it writes `tunes.json`: the
weights of the largest network as float16, the bits a token of every network on the tunes held out against
the seconds of training, and what 200 tunes by each writer are worth.
"""

import hashlib
import json
import time
from collections import Counter
from typing import Any, NamedTuple

import numpy as np
import shared
from shared import APPLICATIONS, float16, keep, of_the_page, resume, told_to_begin_anew, unpacked
from tqdm import tqdm

PAGE = APPLICATIONS / "tunes.md"
RESULT = PAGE.with_suffix(".json")
CHECKPOINTS = shared.CHECKPOINTS / "tunes"
BATCH, SEED, STEPS_KEPT = 32, 0, 60


class Plan(NamedTuple):
    """One network of the ladder, and how long it is trained."""

    kind: str
    units: int
    layers: int
    epochs: int
    dropped: dict[str, float]  # what share of the numbers is taken out in a training step


LARGEST = "LSTM 256"
SOME = {"embeddings": 0.2, "weights": 0.0, "outputs": 0.4}
LITTLE = {"embeddings": 0.1, "weights": 0.0, "outputs": 0.2}
MUCH = {"embeddings": 0.2, "weights": 0.3, "outputs": 0.5}
PLANS = {
    LARGEST: Plan("LSTM", 256, 1, 24, SOME),
    "LSTM 128": Plan("LSTM", 128, 1, 14, LITTLE),
    "GRU 128": Plan("GRU", 128, 1, 14, LITTLE),
    "plain 128": Plan("plain", 128, 1, 14, LITTLE),
    "LSTM 2 × 128": Plan("LSTM", 128, 2, 8, LITTLE),
    "LSTM 256 held back": Plan("LSTM", 256, 1, 44, MUCH),  # more dropout and more epochs
}
WRITTEN, LONGEST, OFTEN = 200, 300, 20
WAYS: dict[str, dict[str, float]] = {
    "argmax": {"temperature": 0.0},
    "temperature 0.5": {"temperature": 0.5},
    "temperature 0.8": {"temperature": 0.8},
    "temperature 1": {},
    "temperature 1.2": {"temperature": 1.2},
    "top 5": {"few": 5},
    "nucleus 0.9": {"mass": 0.9},
}


def looked_at(epoch: int, epochs: int) -> bool:
    """Whether the bits are measured after this epoch, counted from 1: often at first, then ever less."""
    return epoch <= 4 or epoch == epochs or epoch % max(1, 2 ** (int(np.log2(epoch)) - 2)) == 0


def digest(page: dict[str, Any]) -> str:
    """Of what training depends on: another split or vocabulary is another training."""
    texts = [page["as_text"](page[part]) for part in ("train", "test")]
    return hashlib.sha256(json.dumps([texts, page["vocabulary"]]).encode()).hexdigest()


def train(page: dict[str, Any], name: str) -> dict[str, Any]:
    """Epoch by epoch, each with a seed of its own, so that it can go on where it stopped."""
    plan = PLANS[name]
    learn, ask = page["numbers"](page["train"]), page["numbers"](page["test"])
    model = page["Network"](plan.kind, plan.units, plan.layers, seed=SEED)
    trainer = page["Trainer"](model, plan.epochs * (len(learn) // BATCH), plan.dropped)
    kept = [*model.variables, *trainer.adam.variables]
    made_from = json.dumps([plan, BATCH, SEED, digest(page)])
    checkpoint = CHECKPOINTS / (name.replace(" ", "-") + ".npz")
    curve, first, done, seconds = resume(checkpoint, made_from, kept) or ([], [], 0, 0.0)
    for epoch in range(done, plan.epochs):
        dealt = page["batches"](learn, BATCH, np.random.default_rng([SEED, epoch]))
        steps = len(learn) // BATCH
        start = time.process_time()  # of one thread: another process may have the core for a while
        for n, tokens in enumerate(tqdm(dealt, f"{name}, epoch {epoch + 1}", steps, mininterval=5)):
            found = trainer.step(tokens, np.array([epoch, n], np.int32))
            if len(first) < STEPS_KEPT:
                first.append(round(float(found), 4))
        seconds += time.process_time() - start
        if looked_at(epoch + 1, plan.epochs):
            bits = round(page["bits"](model, ask), 4)
            curve.append({"epoch": epoch + 1, "seconds": round(seconds, 1), "bits": bits})
            print(name, curve[-1], flush=True)
        keep(checkpoint, made_from, kept, [curve, first, epoch + 1, seconds])
    found = plan._asdict() | {"batch": BATCH, "seed": SEED, "curve": curve, "first": first}
    return {"model": model, "found": found}


def packed(model: Any) -> dict[str, Any]:
    """The weights of a network of one layer, by the names that the page's `Writer` takes them in."""
    named = {"embedding": model.embedding, "kernel": model.cells[0].kernel, "bias": model.cells[0].bias}
    named |= {"projection": model.projection, "output_bias": model.output_bias}
    return {name: float16(weight.numpy()) for name, weight in named.items()}


def learned(page: dict[str, Any]) -> str:
    """All tunes of the training set, parted by padding, to look for runs in."""
    return "\0".join(page["as_text"](page["train"]))


def let_write(page: dict[str, Any], weights: dict[str, Any]) -> dict[str, Any]:
    """200 tunes by each writer, for the same heads and with the same chance; and what they are worth."""
    runs, draws = learned(page), np.random.default_rng(SEED)
    heads = [page["train"][n].tokens[:2] for n in draws.integers(0, len(page["train"]), WRITTEN)]
    u = draws.random((LONGEST, WRITTEN))
    network = page["Writer"]([unpacked(weight) for weight in weights.values()])
    writers = {f"network, {name}": (network, how) for name, how in WAYS.items()}
    for order in (4, 7):
        counting = page["Counting"](page["count_runs"](page["as_text"](page["train"]), order), order)
        writers[f"{order}-grams"] = page["CountingWriter"](counting, order), {}
    found = {}
    for name, (writer, how) in tqdm(writers.items(), "writers"):
        tunes = page["write"](writer, heads, u, **how)
        worth = page["measure"](tunes, runs)
        found[name] = {key: round(value, 1) for key, value in worth.items()}
        found[name]["first"] = tunes[0]
        print(name, found[name], flush=True)
    return found


def common_heads(page: dict[str, Any]) -> list[list[str]]:
    """The pairs of metre and key that stand above many tunes, the commonest first."""
    counts = Counter(tuple(one.tokens[:2]) for one in page["train"])
    return [list(head) for head, count in counts.most_common() if count >= OFTEN]


def main() -> None:
    if told_to_begin_anew(__doc__):
        for checkpoint in CHECKPOINTS.glob("*.npz"):
            checkpoint.unlink()
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    page = of_the_page(PAGE)
    networks, weights = {}, {}
    for name in PLANS:
        trained = train(page, name)
        networks[name] = trained["found"]
        if name == LARGEST:
            weights = packed(trained["model"])
    result = {"largest": LARGEST, "tokens": page["vocabulary"], "weights": weights, "networks": networks}
    result |= {"heads": common_heads(page), "written": let_write(page, weights)}
    worth = page["measure"]([one.tokens for one in page["test"]], learned(page))
    result |= {"held out": {key: round(value, 1) for key, value in worth.items()}}
    RESULT.write_text(json.dumps(result, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
