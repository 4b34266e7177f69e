"""The loop over time that the fast ways share."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

STEPS = 10  # time steps in one iteration of the loop, whose own cost is that of a small step
LARGE = 100_000  # weights from which on a transpose of their own pays; measured by tools/bench.py

Tensors = Sequence[tf.Tensor]


class Chunks:
    """An array [T, ...] in pieces of ten steps, as the loop made it: what reads it need not copy it."""

    def __init__(self, T: int | None, pieces: Any, last: Any):
        self.T, self.pieces, self.last = T, pieces, last

    def joined(self) -> tf.Tensor:
        """The array in one piece."""
        if self.pieces is None:
            return self.last
        whole = self.pieces.concat()
        whole = whole if self.last is None else tf.concat([whole, self.last], axis=0)
        return tf.ensure_shape(whole, [self.T, *whole.shape[1:]])


def scan(
    step: Callable[..., tuple[Tensors, Tensors]],
    state: Tensors,
    arrays: Sequence[Any],
    sizes: Sequence[int],
    *,
    prepare: Callable[..., Tensors] | None = None,
    reverse: bool = False,
) -> tuple[list[Chunks], Tensors]:
    """Carry ``state`` along the first axis: ``outputs, state = step(state, *slices)``.

    Every iteration of the loop takes ten steps, so the graph stays one of ten steps,
    whatever T is. The T % 10 last ones follow the loop, or precede it in reverse.

    Args:
        step: one time step; takes the state and a slice of each array.
        state: tensors [B, ...].
        arrays: [T, ...] each, the first one a tensor; or the outputs of another scan.
        sizes: the last axis of each output [B, size].
        prepare: makes the arrays of ten steps from theirs at once: the place for all
            that need not wait for the state.
        reverse: from T-1 to 0; outputs stand in the order of the arrays all the same.

    Returns:
        The outputs [T, B, size], and the state after the last step.
    """
    chunks = [array for array in arrays if isinstance(array, Chunks)]
    T: Any = chunks[0].T if chunks else arrays[0].shape[0]
    B = state[0].shape[0]
    steps = 1 if T is None else min(STEPS, T)
    rest = 0 if T is None else T % steps or (steps if steps == T else 0)
    loops = tf.shape(arrays[0])[0] if T is None else (T - rest) // steps

    def some(state: Tensors, arrays: Tensors, steps: int) -> tuple[list[tf.Tensor], Tensors]:
        arrays = arrays if prepare is None else prepare(*arrays)
        slices = list(zip(*(tf.unstack(array, num=steps) for array in arrays), strict=True))
        outputs = []
        for one in reversed(slices) if reverse else slices:
            output, state = step(state, *one)
            outputs.append(output)
        if reverse:
            outputs.reverse()
        return [tf.stack(values) for values in zip(*outputs, strict=True)], state

    ends: list[Any] = [a.last if isinstance(a, Chunks) else a[T - rest :] for a in arrays] if rest else []
    last: list[Any] = [None] * len(sizes)
    if rest and (reverse or rest == T):
        last, state = some(state, ends, rest)
    if rest == T:
        return [Chunks(T, None, array) for array in last], state
    pieces = [
        a.pieces
        if isinstance(a, Chunks)
        else tf.reshape(a[: T - rest] if rest else a, [loops, steps, *_sizes(a)])
        for a in arrays
    ]

    def body(n: tf.Tensor, state: Tensors, collected: list[tf.TensorArray]) -> tuple[Any, Any, Any]:
        place = loops - 1 - n if reverse else n
        inputs = [p.read(place) if isinstance(p, tf.TensorArray) else p[place] for p in pieces]
        outputs, state = some(state, inputs, steps)
        return n + 1, state, [a.write(place, output) for a, output in zip(collected, outputs, strict=True)]

    collected = [
        tf.TensorArray(state[0].dtype, loops, element_shape=(steps, B, size), clear_after_read=False)
        for size in sizes
    ]
    _, state, collected = tf.while_loop(
        lambda n, *_: n < loops, body, (tf.constant(0), tuple(state), collected), parallel_iterations=1
    )
    if rest and not reverse:
        last, state = some(state, ends, rest)
    return [Chunks(T, *pair) for pair in zip(collected, last, strict=True)], state


def _sizes(array: tf.Tensor) -> list[Any]:
    """The sizes of all axes but the first, numbers where they are known."""
    known, at_run_time = array.shape.as_list(), tf.shape(array)
    return [at_run_time[n] if size is None else size for n, size in enumerate(known)][1:]


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


def before(initial: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    """What stood before each step: ``initial`` [B, H], then all ``values`` [T, B, H] but the last."""
    return tf.concat([initial[None], values[:-1]], axis=0)


def times(values: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """Values [T, B, D] times weights [D, N]: all steps in one product."""
    product = tf.reshape(values, [-1, values.shape[2]]) @ weights
    return tf.reshape(product, [-1, *_sizes(values)[:1], product.shape[1]])


def transposed(weights: tf.Tensor) -> tf.Tensor:
    """The transpose of weights [D, N], for products."""
    # Outside of loops TensorFlow undoes `tf.transpose` and has every product read the weights as
    # they lie. Small ones are faster so, large ones slower: for them Einsum, which it leaves alone.
    if weights.shape.num_elements() <= LARGE:
        return tf.transpose(weights)
    return tf.raw_ops.Einsum(inputs=[weights], equation="ab->ba")


def weight_gradient(inputs: tf.Tensor, d_sums: tf.Tensor) -> tf.Tensor:
    """The transpose of inputs [T, B, D] times d_sums [T, B, N], over all steps and rows: [D, N]."""
    flat = [tf.reshape(array, [-1, array.shape[2]]) for array in (inputs, d_sums)]
    return tf.matmul(*flat, transpose_a=True)
