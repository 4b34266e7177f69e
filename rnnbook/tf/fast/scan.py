"""The loop over time that the fast ways share."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import tensorflow as tf

from rnnbook.tf.fast.ops import sizes_after

STEPS = 10  # time steps in one iteration of the loop, whose own cost is that of a small step

Tensors = Sequence[tf.Tensor]


class Tape:
    """What a loop noted, [B, size] at every step: ten steps in a piece, and the last ones as they came."""

    def __init__(self, T: int | None, pieces: Any, last: Tensors):
        self.T, self.pieces, self.last = T, pieces, last

    @cached_property
    def all(self) -> tf.Tensor:
        """One array [T, B, size]."""
        if self.pieces is None:
            return tf.stack(self.last)
        whole = self.pieces.concat()
        if self.last:
            whole = tf.concat([whole, tf.stack(self.last)], axis=0)
        return tf.ensure_shape(whole, [self.T, *whole.shape[1:]])

    def before(self, initial: tf.Tensor) -> tf.Tensor:
        """What stood before each step: ``initial`` [B, size], then all but the last one."""
        if self.pieces is None:
            return tf.stack([initial, *self.last[:-1]])
        return tf.concat([tf.expand_dims(initial, 0), self.all[:-1]], axis=0)


def scan(
    step: Callable[..., tuple[Tensors, Tensors]],
    state: Tensors,
    arrays: Tensors,
    sizes: Sequence[int],
    *,
    tapes: Sequence[Tape] = (),
    prepare: Callable[..., Tensors] | None = None,
    reverse: bool = False,
    unrolled: bool = False,
) -> tuple[list[Tape], Tensors]:
    """Carry ``state`` along the first axis: ``outputs, state = step(state, *slices)``.

    Every iteration of the loop takes ten steps, so the graph stays one of ten steps,
    whatever T is. The T % 10 last ones follow the loop, or precede it in reverse.

    Args:
        step: one time step; takes the state, a slice of each array and of each tape.
        state: tensors [B, ...].
        arrays: [T, ...] each.
        sizes: the last axis of each output [B, size].
        tapes: the outputs of another scan.
        prepare: makes the arrays of ten steps from theirs at once: the place for all
            that need not wait for the state.
        reverse: from T-1 to 0; outputs stand in the order of the arrays all the same.
        unrolled: write all T steps into the graph one by one, with no loop.

    Returns:
        The outputs of all steps, and the state after the last one.
    """
    T: Any = tapes[0].T if tapes else arrays[0].shape[0]
    B = state[0].shape[0]
    steps = 1 if T is None else T if unrolled else min(STEPS, T)
    rest = 0 if T is None else T % steps or (steps if steps == T else 0)
    loops = tf.shape(arrays[0])[0] if T is None else (T - rest) // steps

    def some(
        count: int, state: Tensors, arrays: Tensors, taped: Sequence[Tensors]
    ) -> tuple[list[Tensors], Tensors]:
        arrays = arrays if prepare is None else prepare(*arrays)
        slices = list(zip(*(tf.unstack(array, num=count) for array in arrays), *taped, strict=True))
        outputs = []
        for one in reversed(slices) if reverse else slices:
            output, state = step(state, *one)
            outputs.append(output)
        if reverse:
            outputs.reverse()
        return list(zip(*outputs, strict=True)), state

    ends = list(arrays) if rest == T else [array[T - rest :] for array in arrays] if rest else []
    last: list[Tensors] = [()] * len(sizes)
    if rest and (reverse or rest == T):
        last, state = some(rest, state, ends, [tape.last for tape in tapes])
    if rest == T:
        return [Tape(T, None, values) for values in last], state
    whole = [array[: T - rest] if rest else array for array in arrays]
    pieces = [tf.reshape(array, [loops, steps, *sizes_after(array)]) for array in whole]

    noted = [
        tf.TensorArray(state[0].dtype, loops, element_shape=(steps, B, size), clear_after_read=False)
        for size in sizes
    ]

    def body(n: tf.Tensor, state: Tensors, noted: list[tf.TensorArray]) -> tuple[Any, Any, Any]:
        place = loops - 1 - n if reverse else n
        taped = [tf.unstack(tape.pieces.read(place), num=steps) for tape in tapes]
        outputs, state = some(steps, state, [piece[place] for piece in pieces], taped)
        noted = [a.write(place, tf.stack(values)) for a, values in zip(noted, outputs, strict=True)]
        return n + 1, state, noted

    _, state, noted = tf.while_loop(
        lambda n, *_: n < loops, body, (tf.constant(0), tuple(state), noted), parallel_iterations=1
    )
    if rest and not reverse:
        last, state = some(rest, state, ends, [tape.last for tape in tapes])
    return [Tape(T, *pair) for pair in zip(noted, last, strict=True)], state


def differentiable(fast: Callable[..., Any], plain: Callable[..., Tensors]) -> Callable[..., Tensors]:
    """A function with the values and the gradient of ``fast`` and the second gradient of ``plain``.

    Args:
        fast: from tensors to outputs and a function from their gradients to those of the tensors.
        plain: the same outputs, by operations that the tape can follow.
    """

    @tf.custom_gradient
    def run(*tensors: tf.Tensor) -> tuple[Tensors, Callable[..., Any]]:
        outputs, backward = fast(*tensors)
        count = len(tensors)

        @tf.custom_gradient
        def gradient(*given: tf.Tensor) -> tuple[Tensors, Callable[..., Any]]:
            def second(*d_gradients: tf.Tensor) -> Tensors:
                with tf.GradientTape() as outer:
                    outer.watch(given)
                    with tf.GradientTape() as inner:
                        inner.watch(given[:count])
                        again = plain(*given[:count])
                    first = inner.gradient(again, given[:count], given[count:])
                return outer.gradient(first, given, d_gradients)

            return backward(*given[count:]), second

        return outputs, lambda *d_outputs: gradient(*tensors, *map(tf.convert_to_tensor, d_outputs))

    return run
