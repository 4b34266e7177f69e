"""The loop over time that the fast ways share: `scan`, and what it is made of.

Ten time steps make one round of the loop, so the graph stays one of ten steps, whatever T is.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

# Whether a `tf.autodiff.ForwardAccumulator` watches, or a model is being saved, has no public name.
from tensorflow.python.eager.forwardprop_util import pack_tangents
from tensorflow.python.saved_model.save_context import in_save_context

from rnnbook.tf.fast import thresholds
from rnnbook.tf.fast.ops import sizes_after

Tensors = Sequence[tf.Tensor]


class Loop(NamedTuple):
    """What is done at every time step, and in which direction."""

    step: Callable[..., tuple[Tensors, Tensors]]  # (state, *slices) -> (outputs, new state)
    sizes: Sequence[int]  # the last axis of each output [B, size]
    prepare: Callable[..., Tensors] | None = None  # of many steps at once: all that needs no state
    reverse: bool = False  # from T-1 to 0; outputs stand in the order of the inputs all the same


class Tape:
    """One output of a loop, [B, size] at every step: ten steps in a piece, then the last ones singly."""

    def __init__(self, T: int | None, pieces: Any, last: Tensors):
        self.T, self.pieces, self.last = T, pieces, last
        self._all: Any = None

    @property
    def all(self) -> tf.Tensor:
        """One array [T, B, size]."""
        if self._all is not None:
            return self._all
        if self.pieces is None:
            whole = tf.stack(self.last)
        else:
            whole = self.pieces.concat()
            if self.last:
                whole = tf.concat([whole, tf.stack(self.last)], axis=0)
            whole = tf.ensure_shape(whole, [self.T, *whole.shape[1:]])
        # Kept only where the steps themselves stand: the eager `jacobian` asks in a graph of its own,
        # and what is made there is out of reach for whoever asks after it.
        if graph_of(whole) is graph_of(self.last[0] if self.pieces is None else self.pieces.flow):
            self._all = whole
        return whole

    def before(self, initial: tf.Tensor) -> tf.Tensor:
        """What stood before each step: ``initial`` [B, size], then all but the last one."""
        if self.pieces is None:
            return tf.stack([initial, *self.last[:-1]])
        return tf.concat([tf.expand_dims(initial, 0), self.all[:-1]], axis=0)


def graph_of(tensor: tf.Tensor) -> Any:
    """The graph in which a tensor stands, or None if it was computed eagerly."""
    return getattr(tensor, "graph", None)


def scan(
    loop: Loop,
    state: Tensors,
    arrays: Tensors,
    tapes: Sequence[Tape] = (),
    *,
    unrolled: bool = False,
    followed: bool = False,
) -> tuple[list[Tape], Tensors]:
    """Carry ``state`` along the first axis: ``outputs, state = loop.step(state, *slices)``.

    Args:
        loop: the step; it takes the state, a slice of each array and of each tape.
        state: tensors [B, ...].
        arrays: [T, ...] each.
        tapes: what another scan returned.
        unrolled: write all T steps into the graph one by one, with no loop.
        followed: whether the tape is to find its way back through the loop.

    Returns:
        The outputs of all steps, and the state after the last one.
    """
    T: Any = tapes[0].T if tapes else arrays[0].shape[0]
    singly = [tape.last for tape in tapes]
    # A loop in Python is what runs eagerly anyway; and what it has taped, a graph can read: the eager
    # `jacobian` makes one of the way back.
    unrolled = unrolled or tf.executing_eagerly() or any(tape.pieces is None for tape in tapes)
    if T is not None and (unrolled or T <= thresholds.STEPS):
        noted, state = one_by_one(loop, T, state, arrays, singly)
        return [Tape(T, None, values) for values in noted], state

    # Rounds of ten steps from the beginning; the T % 10 that are left over stand at the end.
    left_over = 0 if T is None else T % thresholds.STEPS
    if not left_over:
        pieces, state = in_rounds(loop, T, state, arrays, tapes, followed)
        return [Tape(T, piece, ()) for piece in pieces], state
    whole = T - left_over
    first, end = [array[:whole] for array in arrays], [array[whole:] for array in arrays]
    if loop.reverse:
        last, state = one_by_one(loop, left_over, state, end, singly)
        pieces, state = in_rounds(loop, whole, state, first, tapes, followed)
    else:
        pieces, state = in_rounds(loop, whole, state, first, tapes, followed)
        last, state = one_by_one(loop, left_over, state, end, singly)
    return [Tape(T, *both) for both in zip(pieces, last, strict=True)], state


def one_by_one(
    loop: Loop, count: int, state: Tensors, arrays: Tensors, taped: Sequence[Tensors]
) -> tuple[list[Tensors], Tensors]:
    """``count`` steps written into the graph one after the other: each output step by step, and the state."""
    arrays = arrays if loop.prepare is None else loop.prepare(*arrays)
    slices = list(zip(*(tf.unstack(array, num=count) for array in arrays), *taped, strict=True))
    outputs = []
    for one in reversed(slices) if loop.reverse else slices:
        output, state = loop.step(state, *one)
        outputs.append(output)
    if loop.reverse:
        outputs.reverse()
    return list(zip(*outputs, strict=True)), state


def in_rounds(
    loop: Loop, T: int | None, state: Tensors, arrays: Tensors, tapes: Sequence[Tape], followed: bool
) -> tuple[list[tf.TensorArray], Tensors]:
    """The loop inside the graph: ten steps a round, or one where T is not known to be so many tens."""
    steps = 1 if T is None else thresholds.STEPS
    rounds = tf.shape(arrays[0])[0] if T is None else T // steps
    piece_of = [cut(array, rounds, steps, followed) for array in arrays]
    noted = [
        tf.TensorArray(
            state[0].dtype, rounds, element_shape=(steps, state[0].shape[0], size), clear_after_read=False
        )
        for size in loop.sizes
    ]

    def one_round(n: tf.Tensor, state: Tensors, noted: list[tf.TensorArray]) -> tuple[Any, Any, Any]:
        place = rounds - 1 - n if loop.reverse else n
        taped = [tf.unstack(tape.pieces.read(place), num=steps) for tape in tapes]
        outputs, state = one_by_one(loop, steps, state, [piece(place) for piece in piece_of], taped)
        return n + 1, state, [a.write(place, tf.stack(v)) for a, v in zip(noted, outputs, strict=True)]

    _, state, noted = tf.while_loop(
        lambda n, *_: n < rounds,
        one_round,
        (tf.constant(0), tuple(state), noted),
        parallel_iterations=1,
    )
    return noted, state


def cut(array: tf.Tensor, rounds: Any, steps: int, followed: bool) -> Callable[[tf.Tensor], tf.Tensor]:
    """A function from n to the n-th piece of an array, of so many steps."""
    pieces = tf.reshape(array, [rounds, steps, *sizes_after(array)])
    if not followed:
        return lambda n: pieces[n]
    # The gradient of pieces[n] would be as long as the array, at every round.
    shape = [steps, *array.shape[1:]]
    noted = tf.TensorArray(array.dtype, rounds, clear_after_read=False, element_shape=shape)
    return noted.unstack(pieces).read


def differentiable(fast: Callable[..., Any], plain: Callable[..., Tensors]) -> Callable[..., Tensors]:
    """A function with the values and the gradient of ``fast`` and the second gradient of ``plain``.

    Args:
        fast: from tensors to outputs and a function from their gradients to those of the tensors.
        plain: the same outputs, by operations that the tape can follow, and the forward mode.
    """

    @tf.custom_gradient
    def run(*tensors: tf.Tensor) -> tuple[Tensors, Callable[..., Any]]:
        outputs, backward = fast(*tensors)
        count = len(tensors)

        @tf.custom_gradient
        def gradient(*given: tf.Tensor) -> tuple[Tensors, Callable[..., Any]]:
            def first(*given: tf.Tensor) -> Tensors:
                return gradients(plain, given[:count], given[count:])

            def second(*d_gradients: tf.Tensor) -> Tensors:
                return gradients(first, given, d_gradients)

            return backward(*given[count:]), second

        def back(*d_outputs: tf.Tensor) -> Tensors:
            d_outputs = tuple(map(tf.convert_to_tensor, d_outputs))
            if in_save_context():  # a saved gradient may read the tensors, but not the tapes
                return gradients(plain, tensors, d_outputs)
            # In the graph of the way back, which may be another. In the same one a copy would hide the
            # tensor from TensorFlow, which then takes the weights behind it for variables used unseen.
            graph = tf.compat.v1.get_default_graph()
            given = [t if graph_of(t) is graph else tf.identity(t) for t in tensors]
            return gradient(*given, *d_outputs)

        return outputs, back

    def choose(*tensors: tf.Tensor) -> Tensors:
        return (plain if pack_tangents(list(tensors)).tangents else run)(*tensors)

    return choose


def gradients(function: Callable[..., Tensors], tensors: Tensors, d_outputs: Tensors) -> Tensors:
    """Those of ``tensors``, given those of what ``function`` makes of them."""
    # Copies of the graph that is being made, none of which comes from another of them.
    tensors = [tf.identity(tensor) for tensor in tensors]
    if not tf.executing_eagerly():  # no tape: none records where the forward mode enters a `tf.function`
        return tf.gradients(function(*tensors), tensors, d_outputs)
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        outputs = function(*tensors)
    return tape.gradient(outputs, tensors, d_outputs)
