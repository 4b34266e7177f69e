"""What the tests of beam_decode and sample_decode share: small decoders, and every answer they can give."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf
from toys import normal

B, H, V, T = 5, 4, 3, 4
START, END = 2, 1
Answer = tuple[int, ...]


def network(half: str, seed: int = 0) -> Any:
    """h(t) = tanh(h(t-1) U + E[token(t-1)]), logits = h(t) W; sharp enough that rows differ."""
    U, E, W = normal(H, H, seed=seed + 1), normal(V, H, seed=seed + 2), 2 * normal(H, V, seed=seed + 3)

    def in_numpy(tokens, h):
        h = np.tanh(h @ U + E[tokens])
        return h @ W, h

    def in_tensorflow(tokens, h):
        h = tf.tanh(h @ U + tf.gather(E, tokens))
        return h @ W, h

    return in_numpy if half == "scratch" else in_tensorflow


def log_softmax(logits: np.ndarray) -> np.ndarray:
    return logits - np.log(np.exp(logits).sum())


def all_answers(max_steps: int) -> Iterator[Answer]:
    """Every answer that ends within ``max_steps``, its END included, and every one that is cut."""
    others = [token for token in range(V) if token != END]
    for n in range(max_steps):
        for words in itertools.product(others, repeat=n):
            yield (*words, END)
    yield from itertools.product(others, repeat=max_steps)


def log_probability(answer: Answer, state: np.ndarray, step: Any, log_p: Any = log_softmax) -> float:
    """log p of one answer of one row [1, H]; ``log_p`` takes the logits [V] of a step to what is drawn by."""
    token, total = START, 0.0
    for said in answer:
        logits, state = step(np.array([token]), state)
        total, token = total + log_p(logits[0])[said], said
    return total


def padded(answers: list[Answer]) -> tuple[list[list[int]], list[int]]:
    """Tokens [B, T] and lengths [B] of answers in tuples."""
    longest = max(map(len, answers))
    tokens = [[*answer, *[END] * (longest - len(answer))] for answer in answers]
    return tokens, [len(answer) - (answer[-1] == END) for answer in answers]


def table(half: str, chances: np.ndarray) -> Any:
    """A step without a state: the probabilities [V] of what follows each token."""

    def step(tokens, state):
        if half == "scratch":
            with np.errstate(divide="ignore"):
                return np.log(chances[tokens]), state
        return tf.math.log(tf.gather(chances, tokens)), state

    return step
