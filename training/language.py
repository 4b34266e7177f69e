"""Train the networks of the page "Which language is this?" to their end, and write what the page reads.

    python training/language.py            train, or go on from the checkpoints; some minutes
    python training/language.py --fresh    forget the checkpoints

Data, model and training step are cells of the page, those tagged `shared`: this script runs them, so
it cannot differ from what a reader sees. Beside the page it writes `which-language.json`: the weights
as float16, the loss and the share of right answers after each epoch, that share for networks with
other seeds, and the search for the best n-grams, which is made on things that are held back from
training.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from shared import APPLICATIONS, CHECKPOINTS, float16, keep, of_the_page, resume, told_to_begin_anew
from tqdm import tqdm

PAGE = APPLICATIONS / "which-language.md"
RESULT = PAGE.with_suffix(".json")
UNITS, EPOCHS, BATCH, SEED = 128, 15, 64, 0
OTHER_SEEDS = 1, 2
GRAMS, ALPHAS = (2, 3, 4, 5), (1e-6, 3e-6, 1e-5)


def checkpoint(seed: int) -> Path:
    return CHECKPOINTS / f"which-language-{seed}.npz"


def share_right(page: dict[str, Any], model: Any, pairs: list[tuple[str, str]]) -> float:
    tokens, lengths, languages = page["arrays"](pairs)
    right = 0
    for n in range(0, len(pairs), 500):
        few = slice(n, n + 500)
        logits = page["rnn"].last_output(model(tokens[few], lengths[few]), lengths[few])
        right += int((logits.numpy().argmax(axis=1) == languages[few]).sum())
    return right / len(pairs)


def train(page: dict[str, Any], seed: int) -> dict[str, Any]:
    """Epoch by epoch, each with a seed of its own, so that it can go on where it stopped."""
    tokens, lengths, languages = page["arrays"](page["train"])
    model = page["Guesser"](UNITS, seed=seed)
    trainer = page["Trainer"](model, EPOCHS * (len(tokens) // BATCH))
    kept = [*model.variables, *trainer.adam.variables]
    made_from = json.dumps([UNITS, EPOCHS, BATCH, seed, page["digest"]])
    curve: list[dict[str, Any]] = resume(checkpoint(seed), made_from, kept) or []
    for epoch in range(len(curve), EPOCHS):
        found, title = [], f"seed {seed}, epoch {epoch + 1} of {EPOCHS}"
        rows_of_batches = page["batches"](lengths, BATCH, np.random.default_rng([seed, epoch]))
        for n, rows in enumerate(tqdm(rows_of_batches, title, mininterval=5)):
            T = lengths[rows].max()
            dropped = np.array([epoch, n], np.int32)
            found.append(trainer.step(tokens[rows, :T], lengths[rows], languages[rows], dropped))
        losses = np.array(found)
        curve.append(
            {
                "losses": [round(float(part.mean()), 4) for part in np.array_split(losses, 6)],
                "right": round(share_right(page, model, page["test"]), 4),
            }
        )
        print(curve[-1], flush=True)
        keep(checkpoint(seed), made_from, kept, curve)
    weights = [float16(variable.numpy()) for variable in model.variables]
    settings = {"units": UNITS, "epochs": EPOCHS, "batch": BATCH, "seed": seed}
    return settings | {"curve": curve, "weights": weights}


def share_by_epoch(page: dict[str, Any], seed: int) -> list[float]:
    """What a network of another seed gets right after each epoch; its weights are not kept."""
    return [epoch["right"] for epoch in train(page, seed)["curve"]]


def search(page: dict[str, Any]) -> list[dict[str, float]]:
    """The share of right answers on held-back things, for each longest n-gram and alpha."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import SGDClassifier

    things, order = page["things"], page["order"]
    fifth = len(things) // 5
    held, asked = ({things[n] for n in order[start : start + fifth]} for start in (0, fifth))
    learn = [(f"^{name}$", code) for thing, name, code in page["once"] if thing not in held | asked]
    ask = [(f"^{name}$", code) for thing, name, code in page["once"] if thing in asked]
    found = []
    for longest in GRAMS:
        grams = TfidfVectorizer(analyzer="char", ngram_range=(1, longest), sublinear_tf=True)
        x = grams.fit_transform([name for name, _ in learn])
        x_ask = grams.transform([name for name, _ in ask])
        for alpha in ALPHAS:
            model = SGDClassifier(loss="log_loss", alpha=alpha, max_iter=10, tol=None, random_state=0)
            model.fit(x, [code for _, code in learn])
            right = float(model.score(x_ask, [code for _, code in ask]))
            found.append({"longest": longest, "alpha": alpha, "right": round(right, 4)})
            print(found[-1], flush=True)
    return found


if __name__ == "__main__":
    if told_to_begin_anew(__doc__):
        for seed in (SEED, *OTHER_SEEDS):
            checkpoint(seed).unlink(missing_ok=True)
    page = of_the_page(PAGE)
    result = train(page, SEED)
    result["other seeds"] = {seed: share_by_epoch(page, seed) for seed in OTHER_SEEDS}
    result["search"] = search(page)
    RESULT.write_text(json.dumps(result) + "\n", encoding="utf-8")
