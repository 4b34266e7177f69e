"""Random cases of `rnnbook.scratch`, as JSON for `package.test.mjs`: what went in and what came out.

An array is written as its shape and its numbers, a state of an LSTM as its c and its h.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

import rnnbook.scratch as rnn
from rnnbook.protocol import LSTMStateTuple, map_state

# The class, its arguments between num_units and num_inputs here and there, and how they are called.
CELLS = [
    ("BasicRNNCell", {}),
    ("BasicRNNCell", {"activation": "identity"}),
    ("BasicLSTMCell", {}),
    ("BasicLSTMCell", {"forget_bias": 0.3}),
    ("GRUCell", {}),
]
OPTIMIZERS = [
    ("SGD", []),
    ("SGD", [0.3]),
    ("Adagrad", []),
    ("Adagrad", [0.3, 0.02]),
    ("Adam", []),
    ("Adam", [0.3, 0.7, 0.8, 0.05]),
]


def plain(value: Any) -> Any:
    """The same in lists and dictionaries; a float keeps all its digits."""
    if isinstance(value, np.ndarray):
        return {"shape": list(value.shape), "values": value.ravel().tolist()}
    if isinstance(value, LSTMStateTuple):
        return {"c": plain(value.c), "h": plain(value.h)}
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    return value


def make_cell(rng: np.random.Generator, name: str, options: dict[str, Any], H: int, D: int) -> Any:
    given = {key: getattr(rnn, value) if key == "activation" else value for key, value in options.items()}
    cell = getattr(rnn, name)(H, **given, num_inputs=D)
    for weight in cell.weights.values():
        weight[...] = rng.normal(0, 0.5, weight.shape)
    return cell


def unrolled(rng: np.random.Generator, name: str, options: dict[str, Any], ragged: bool) -> dict[str, Any]:
    """A cell over a batch: outputs, state, and the gradients of a weighted sum of both."""
    B, T, D, H = rng.permutation(np.arange(2, 9))[:4].tolist()  # four different numbers
    cell = make_cell(rng, name, options, H, D)

    def state() -> Any:
        return map_state(lambda size: rng.normal(size=(B, size)), cell.state_size)

    inputs, lengths, start, d_state = rng.normal(size=(B, T, D)), None, None, None
    if ragged:
        lengths = [0, T, *rng.integers(0, T + 1, B - 2).tolist()]
        start, d_state = state(), state()
    outputs, final, tape = rnn.forward_through_time(cell, inputs, lengths, start)
    d_outputs = rng.normal(size=outputs.shape)
    case = {"cell": name, "options": options, "D": D, "H": H, "weights": cell.weights}
    case |= {"inputs": inputs, "lengths": lengths, "start": start, "outputs": outputs, "state": final}
    case |= {"d_outputs": d_outputs, "d_state": d_state, "gradients": {}}
    for truncate in ("none", 2):
        cut = None if truncate == "none" else truncate
        back = rnn.backward_through_time(cell, tape, d_outputs, d_state, truncate=cut)
        case["gradients"][truncate] = dict(zip(("inputs", "start", "params"), back, strict=True))
    return case


def stepped(rng: np.random.Generator, name: str, arguments: list[float]) -> dict[str, Any]:
    """Three steps of an optimizer on two weights."""
    weights = {"kernel": rng.normal(size=(3, 5)), "bias": rng.normal(size=5)}
    before = {key: weight.copy() for key, weight in weights.items()}
    optimizer = getattr(rnn, name)(*arguments)
    gradients = [{key: rng.normal(size=weight.shape) for key, weight in weights.items()} for _ in range(3)]
    for each in gradients:
        optimizer.step(weights, each)
    case = {"optimizer": name, "arguments": arguments, "before": before}
    return case | {"gradients": gradients, "after": weights}


def measured(rng: np.random.Generator) -> list[dict[str, Any]]:
    """The losses: that of the package, and the one that the page on adding writes itself."""
    predictions, targets = rng.normal(size=(2, 4, 3, 2))
    loss, gradient = rnn.mean_squared_error(predictions, targets)
    cases = [{"loss": "meanSquaredError", "values": predictions, "targets": targets}]
    cases[-1] |= {"is": loss, "gradient": gradient}

    logits, digits = rng.normal(0, 3, (4, 3, 1)), rng.integers(0, 2, (4, 3, 1)).astype(float)
    p = 1 / (1 + np.exp(-logits))  # as in book/1-memory/adding
    cases.append({"loss": "sigmoidCrossEntropy", "values": logits, "targets": digits})
    cases[-1] |= {
        "is": float(-np.log(np.where(digits == 1, p, 1 - p)).mean()),
        "gradient": (p - digits) / p.size,
    }
    return cases


def clipped(rng: np.random.Generator, max_norm: float) -> dict[str, Any]:
    gradients = {"kernel": rng.normal(size=(3, 5)), "bias": rng.normal(size=5)}
    shorter, norm = rnn.clip_by_global_norm(gradients, max_norm)
    return {"gradients": gradients, "max_norm": max_norm, "clipped": shorter, "norm": norm}


def attended(rng: np.random.Generator, lengths: list[int] | None) -> dict[str, Any]:
    B, S, T, H = 4, 3, 6, 5
    query, memory = rng.normal(size=(B, S, H)), rng.normal(size=(B, T, H))
    context, weights = rnn.attend(query, memory, lengths)
    case = {"query": query, "memory": memory, "lengths": lengths}
    return case | {"context": context, "weights": weights}


def translated(rng: np.random.Generator) -> dict[str, Any]:
    """The translator of dates with attention, small and untrained: book/6-applications/translating-dates."""
    B, T, H, letters, digits, end = 5, 7, 6, 9, 4, 0
    encoder = make_cell(rng, "GRUCell", {}, H, letters)
    decoder = make_cell(rng, "GRUCell", {}, H, digits)
    mix, output = rng.normal(size=(2 * H, H)), rng.normal(size=(H, digits))
    lengths = [T, 3, 1, 5, T]
    source = rng.integers(1, letters, (B, T)) * (np.arange(T) < np.array(lengths)[:, None])
    memory, state = rnn.unroll(encoder, np.eye(letters)[source], lengths)

    def step(tokens: np.ndarray, state: Any) -> tuple[np.ndarray, Any]:
        query, state = decoder(np.eye(digits)[tokens], state)
        context, _ = rnn.attend(query[:, None], memory, lengths)
        return np.tanh(np.concatenate([query, context[:, 0]], axis=1) @ mix) @ output, state

    tokens, ends = rnn.greedy_decode(step, state, end, end, max_steps=11)
    case = {"encoder": encoder.weights, "decoder": decoder.weights, "mix": mix, "output": output}
    case |= {"source": source.tolist(), "lengths": lengths}
    return case | {"tokens": tokens.tolist(), "ends": ends.tolist()}


def all_cases(seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {
        "unrolled": [
            unrolled(rng, *cell, ragged) for cell in CELLS for ragged in (False, True) for _ in range(2)
        ],
        "optimizers": [stepped(rng, *optimizer) for optimizer in OPTIMIZERS],
        "losses": measured(rng),
        "attended": [attended(rng, lengths) for lengths in (None, [6, 1, 4, 2])],
        "translated": [translated(rng) for _ in range(3)],
        "clipped": [clipped(rng, max_norm) for max_norm in (0.5, 100.0)],
    }


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(plain(all_cases())), encoding="utf-8")
