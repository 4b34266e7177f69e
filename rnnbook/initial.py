"""Initial weights, drawn in NumPy so that both halves start from the same numbers."""

from typing import Any

import numpy as np


def glorot_uniform(shape: tuple[int, int], dtype: Any, seed: int | None) -> np.ndarray:
    """Draw a matrix uniformly from [-r, r] with r = sqrt(6 / (rows + columns)).

    TensorFlow 1.x's default for every kernel of a cell. The same seed gives the
    same matrix in `rnnbook.scratch` and `rnnbook.tf`; None draws a fresh one.

    >>> glorot_uniform((8, 5), "float32", seed=0).shape
    (8, 5)

    Source: Glorot and Bengio (2010).
    """
    limit = np.sqrt(6.0 / sum(shape))
    return np.random.default_rng(seed).uniform(-limit, limit, shape).astype(dtype)
