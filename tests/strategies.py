"""One hypothesis strategy for all that an unroller may meet, and the laws' ways to compare.

A case holds a few small numbers and names, so that one that fails can be read; its arrays are
drawn from its seed. Left out: the road with unknown sizes, for tracing a graph takes too long.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from kinds import BOTH, ONLY_TF, D, copy_weights, draw_again, leaves, shake
from toys import normal
from unrollers import ROADS, as_numpy, time_first

import rnnbook.scratch as scratch
import rnnbook.tf as rnn
from rnnbook.protocol import map_state

# The order of additions depends on the size of a batch. Numbers stay below ten, an LSTM's c included.
TOLERANCE = {"float32": 5e-6, "float64": 1e-13}


def both_ways(unroll: Any, join: Any) -> Any:
    """A bidirectional unroller as a road: a pair of cells, of states; the outputs joined [B, T, 2O]."""

    def run(cells: Any, inputs: Any, lengths: Any = None, starts: Any = None, **options: Any) -> Any:
        outputs, states = unroll(*cells, inputs, lengths, *(starts or (None, None)), **options)
        return join(outputs, 2), states

    return run


SCRATCH_TWO_WAYS = both_ways(scratch.unroll_bidirectional, np.concatenate)
TF_TWO_WAYS = both_ways(rnn.bidirectional_dynamic_rnn, tf.concat)
ONE_WAY = {road: run for road, run in ROADS.items() if "unknown" not in road}
TWO_WAYS = {
    "unroll_bidirectional": as_numpy(SCRATCH_TWO_WAYS),
    "unroll_bidirectional, time first": as_numpy(time_first(SCRATCH_TWO_WAYS)),
    "bidirectional_dynamic_rnn": as_numpy(TF_TWO_WAYS),
    "bidirectional_dynamic_rnn, time first": as_numpy(time_first(TF_TWO_WAYS)),
}


def with_the_same_masks(run: Any) -> Any:
    """A road on which the same cells draw the same masks at every run."""

    def run_again(cells: Any, *arguments: Any, **options: Any) -> Any:
        for cell in cells if isinstance(cells, tuple) else (cells,):
            draw_again(cell)
        return run(cells, *arguments, **options)

    return run_again


ALL = {road: with_the_same_masks(run) for road, run in (ONE_WAY | TWO_WAYS).items()}


class Case(NamedTuple):
    """A road, a cell of `kinds` (two for a bidirectional road), a batch, and where its rows end."""

    road: str
    kind: str
    dtype: str
    B: int
    T: int
    lengths: list[int] | None
    from_zeros: bool
    seed: int

    @property
    def module(self) -> Any:
        """The half that the road belongs to."""
        return scratch if self.road.startswith("unroll") else rnn

    @property
    def inputs(self) -> np.ndarray:
        return normal(self.B, self.T, D, seed=self.seed, dtype=self.dtype)

    @property
    def valid(self) -> np.ndarray:
        """Where a step counts [B, T]."""
        return np.arange(self.T) < np.array(self.lengths or [self.T] * self.B)[:, None]

    @property
    def start(self) -> Any:
        """The initial state: random, or None."""
        if self.from_zeros:
            return None
        size, rng = state_size(self.kind), np.random.default_rng(self.seed)
        size = (size, size) if self.road in TWO_WAYS else size
        return map_state(lambda size: rng.normal(size=(self.B, size)).astype(self.dtype), size)

    def cells(self, masks: bool = False) -> tuple[Any, ...]:
        """Cells, one for each direction, with the same weights in both halves.

        Dropout is off, or on with ``masks``, which `ALL` the roads draw the same at every run.
        """
        return tuple(self._cell(seed, masks) for seed in ((7, 8) if self.road in TWO_WAYS else (7,)))

    def _cell(self, seed: int, masks: bool) -> Any:
        if self.kind != "DropoutWrapper":
            return made(self.module, self.kind, self.dtype, seed)
        cell = made.__wrapped__(self.module, self.kind, self.dtype, seed)  # a fresh one: it counts its draws
        if not masks:
            if self.module is scratch:
                cell.enabled = False
            else:
                cell.enabled.assign(False)
        return cell

    def unroller(self, masks: bool = False) -> Callable[..., Any]:
        """The road with its cells: from inputs [B, T, D], lengths and state to outputs and state."""
        cells = self.cells(masks)
        return partial(ALL[self.road], cells if self.road in TWO_WAYS else cells[0])


@cache
def made(module: Any, kind: str, dtype: str, seed: int) -> Any:
    """A cell with random weights, those of its NumPy twin if there is one."""
    make = (BOTH | ONLY_TF)[kind]
    cell = shake(make(module, dtype), seed)
    if module is rnn and kind in BOTH:
        copy_weights(shake(make(scratch, dtype), seed), cell)
    return cell


@cache
def state_size(kind: str) -> Any:
    """The sizes of a cell's state; they are the same in both halves."""
    return (BOTH | ONLY_TF)[kind](rnn, "float32").state_size


@st.composite
def cases(draw: Any, kind: str, roads: Any = ALL, least_steps: int = 1) -> Case:
    """A case with this cell, on one of the roads of the halves that have it."""
    road = draw(st.sampled_from([road for road in roads if goes(kind, road)]))
    dtype = draw(st.sampled_from(list(TOLERANCE)))
    B, T = draw(st.integers(1, 5)), draw(st.integers(least_steps, 6))
    lengths = st.lists(st.integers(0, T), min_size=B, max_size=B)
    lengths = draw(lengths) if draw(st.integers(0, 3)) else None
    return Case(road, kind, dtype, B, T, lengths, draw(st.booleans()), draw(st.integers(0, 99)))


def goes(kind: str, road: str) -> bool:
    """Whether the half of a road has this cell."""
    return kind in BOTH or not road.startswith("unroll")


def for_every(kinds: Any) -> Callable[..., Any]:
    """Test a law, ``test(kind, data)``, for each of these cells with a quarter of the examples."""
    share = settings(max_examples=settings.default.max_examples // 4)
    return lambda test: pytest.mark.parametrize("kind", kinds)(share(given(st.data())(test)))


def rows(state: Any, chosen: Any) -> Any:
    """The chosen rows of every array of a state."""
    return None if state is None else map_state(lambda leaf: leaf[chosen], state)


def assert_same(results: Any, expected: Any, tolerance: float = 0.0) -> None:
    """Outputs, and states leaf by leaf, agree in shape, dtype and value; bit for bit without a tolerance."""
    for one, other in zip(leaves(results), leaves(expected), strict=True):
        one, other = np.asarray(one), np.asarray(other)
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        np.testing.assert_allclose(one, other, rtol=0, atol=tolerance)
