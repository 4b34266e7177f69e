"""Unrolling in TensorFlow: a Python loop that the graph forgets, or a loop inside the graph."""

from typing import Any

import tensorflow as tf

from rnnbook import checks
from rnnbook.protocol import Cell, assert_like_cell, map_state
from rnnbook.tf import fast, piles, tf1
from rnnbook.tf.arguments import as_floats, checked_lengths, initial_state_or_zeros, nan_unless_lengths
from rnnbook.tf.cell import check_tensor
from rnnbook.tf.fast.ops import swapped
from rnnbook.tf.run_time import as_written, keeps_rows, size, sized, sized_state, trusting, with_steps


@tf1.takes(opens="rnn")
def static_rnn(
    cell: Cell,
    inputs: list[tf.Tensor],
    initial_state: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[list[tf.Tensor], Any]:
    """Unroll ``cell`` in Python: one copy of its operations for every time step.

    (y(t), h(t)) = cell(x(t), h(t-1)) for t = 0 .. T-1. Past a row's length the
    output is zero and the state is copied through. In a graph the cells that
    rnnbook/tf/fast/ knows get their copies without the products that can be made for
    all steps at once, with the same results.

    Args:
        cell: any object of the cell protocol.
        inputs: T tensors [B, D], one for each time step.
        initial_state: structured like ``cell.state_size``; None means zeros.
        dtype: of the zeros; taken from the inputs when None.
        sequence_length: [B] whole numbers from 0 to T; None means T for every row.
        scope: of the variables in a graph with a session; None means "rnn".

    Returns:
        A list of T outputs [B, O], and the state after each row's last valid step.

    Raises:
        ValueError: an empty list, a wrong rank or size, a length outside 0 .. T.
        TypeError: inputs that are no list, mixed dtypes, lengths that are not whole;
            a cell that does not return ``output [B, O], new_state``.

    >>> from rnnbook.tf import BasicRNNCell
    >>> outputs, state = static_rnn(BasicRNNCell(5), [tf.ones((4, 3)), tf.ones((4, 3))])
    >>> len(outputs), state is outputs[-1]
    (2, True)

    Taught in: book/2-unrolling/static. Source: TensorFlow 1.x, static_rnn.
    """
    where = "static_rnn"
    assert_like_cell(where, cell)
    if not isinstance(inputs, (list, tuple)):
        checks.fail(where, "inputs", "a list of T arrays [B, D]", checks.what(inputs), TypeError)
    if not inputs:
        checks.fail(where, "inputs", "a list of T arrays [B, D] with T of at least 1", "an empty list")
    steps = [as_floats(where, "inputs", step, "B D") for step in inputs]
    sizes = dict(zip("BD", checks.static_shape(steps[0]) or (), strict=False))
    for step in steps[1:]:
        checks.check_array(where, "inputs", step, "B D", sizes)
        checks.check_dtype(where, "inputs", step, steps[0].dtype)
    rows = {"B": size(steps[0], 0)}
    steps[1:] = [sized(where, "inputs", step, "B D", rows) for step in steps[1:]]
    state = initial_state_or_zeros(where, cell, initial_state, steps[0], dtype)
    lengths = None
    if sequence_length is not None:
        lengths = checked_lengths(where, sequence_length, size(steps[0], 0), len(steps))
        state = nan_unless_lengths(state, lengths, len(steps))

    quickly = fast.unroll_static(cell, steps, state, lengths)
    if quickly is not None:
        return quickly
    outputs = []
    for t, step in enumerate(steps):
        output, state = _step(where, cell, step, state, t, lengths)
        tf1.share()
        outputs.append(output)
    return outputs, state


@tf1.takes(opens="rnn")
def dynamic_rnn(
    cell: Cell,
    inputs: tf.Tensor,
    sequence_length: Any = None,
    initial_state: Any = None,
    dtype: Any = None,
    parallel_iterations: int = 32,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: Any = None,
) -> tuple[tf.Tensor, Any]:
    """Unroll ``cell`` in a loop inside the graph, whose size does not grow with T.

    (y(t), h(t)) = cell(x(t), h(t-1)) for t = 0 .. T-1. Past a row's length the
    output is zero and the state is copied through; what the padding holds never matters.

    Args:
        cell: any object of the cell protocol.
        inputs: [B, T, D], or [T, B, D] with ``time_major``.
        sequence_length: [B] whole numbers from 0 to T; None means T for every row.
        initial_state: structured like ``cell.state_size``; None means zeros.
        dtype: of the zeros; taken from the inputs when None.
        parallel_iterations: handed to `tf.while_loop`. The cells that rnnbook/tf/fast/ knows
            are taken through their steps in a faster way, with the same results, without it.
        swap_memory: accepted for TF 1.x's sake; TensorFlow 2's loop ignores it.
        time_major: whether time is the first axis of inputs and outputs.
        scope: of the variables in a graph with a session; None means "rnn".

    Returns:
        outputs [B, T, O] (or [T, B, O]), and the state after each row's last valid step.

    Raises:
        ValueError: a wrong rank or size, T = 0, a length outside 0 .. T.
        TypeError: inputs that are no array or no floats, lengths that are not whole;
            a cell that does not return ``output [B, O], new_state``.
        tf.errors.InvalidArgumentError: the same of lengths or T known only when a
            graph runs. (Under ``jit_compile`` nothing can be raised then: a length outside 0 .. T
            makes outputs and state NaN, a size that does not fit is refused when XLA compiles.)

    >>> from rnnbook.tf import BasicRNNCell
    >>> outputs, state = dynamic_rnn(BasicRNNCell(5), tf.ones((4, 2, 3)), [2, 1, 2, 2])
    >>> outputs.shape.as_list(), outputs[1, 1].numpy().tolist()
    ([4, 2, 5], [0.0, 0.0, 0.0, 0.0, 0.0])

    Taught in: book/2-unrolling/dynamic. Source: TensorFlow 1.x, dynamic_rnn.
    """
    where = "dynamic_rnn"
    assert_like_cell(where, cell)
    time_major = checks.check_flag(where, "time_major", time_major)
    swap_memory = checks.check_flag(where, "swap_memory", swap_memory)
    letters = "T B D" if time_major else "B T D"
    inputs = as_floats(where, "inputs", inputs, letters)
    checks.check_count(where, "parallel_iterations", parallel_iterations)
    rows, steps = (1, 0) if time_major else (0, 1)  # the axes of B and T
    inputs = with_steps(where, "inputs", inputs, letters)
    T = size(inputs, steps)
    first = inputs[0] if time_major else inputs[:, 0]
    state = initial_state_or_zeros(where, cell, initial_state, first, dtype)
    lengths = None
    if sequence_length is not None:
        lengths = checked_lengths(where, sequence_length, size(inputs, rows), T)
        state = nan_unless_lengths(state, lengths, T)
    from_zero = initial_state is None
    quickly = fast.unroll(cell, inputs, state, lengths, time_major=time_major, from_zero=from_zero)
    if quickly is not None:
        return quickly
    if inputs.shape[steps] == 1:  # no loop around a single step
        output, state = _step(where, cell, first, state, 0, lengths)
        return tf.expand_dims(output, steps), state
    inputs = inputs if time_major else swapped(inputs)
    outputs, state = _loop(where, cell, inputs, state, lengths, T, parallel_iterations, swap_memory)
    return outputs if time_major else swapped(outputs), state


def last_output(outputs: tf.Tensor, sequence_length: Any = None) -> tf.Tensor:
    """The output of each row's last valid step, from outputs [B, T, O]: [B, O].

    A row of length 0 has none; its result is zero.

    >>> last_output(tf.reshape(tf.range(6.0), (2, 3, 1)), [2, 3]).numpy().tolist()
    [[1.0], [5.0]]

    Taught in: book/2-unrolling/variable-length-inputs.
    """
    outputs = as_floats("last_output", "outputs", outputs, "B T O")
    outputs = with_steps("last_output", "outputs", outputs, "B T O")
    if sequence_length is None:
        return outputs[:, -1]
    lengths = checked_lengths("last_output", sequence_length, size(outputs, 0), size(outputs, 1))
    picked = tf.gather(outputs, tf.maximum(lengths - 1, 0), axis=1, batch_dims=1)  # [B, O]
    picked = tf.where(lengths[:, None] > 0, picked, tf.zeros_like(picked))
    return nan_unless_lengths(picked, lengths, size(outputs, 1))


def _loop(
    where: str, cell: Cell, inputs: tf.Tensor, state: Any, lengths: Any, T: Any, parallel: int, swap: bool
) -> tuple[tf.Tensor, Any]:
    """Every step of any cell in a `tf.while_loop`, from inputs [T, B, D]."""
    rows, columns, dtype = size(inputs, 1), cell.output_size, inputs.dtype
    # XLA needs a bound to differentiate the loop.
    options = {"maximum_iterations": T, "parallel_iterations": parallel, "swap_memory": swap}
    if piles.can_be_piled():

        def pile_up(t: tf.Tensor, state: Any, coming: tf.Tensor, done: tf.Tensor) -> tuple[Any, ...]:
            coming, inputs_t = piles.taken(coming, inputs)
            output, state = _step(where, cell, inputs_t, state, t, lengths)
            return t + 1, state, coming, piles.laid(done, output)

        start = tf.constant(0), state, piles.piled(inputs), piles.empty(T, rows, columns, dtype)
        _, state, _, done = tf.while_loop(lambda t, *_: t < T, pile_up, start, **options)
        return piles.unpiled(done, T, rows, columns, dtype), state

    # Cut up once: the gradient of inputs[t] is as long as all inputs, and T of them are T times that.
    steps = tf.TensorArray(dtype, T, clear_after_read=False, element_shape=inputs.shape[1:])
    steps = steps.unstack(inputs)
    collected = tf.TensorArray(dtype, T, element_shape=(inputs.shape[1], columns))

    def body(t: tf.Tensor, state: Any, collected: tf.TensorArray) -> tuple[tf.Tensor, Any, tf.TensorArray]:
        output, state = _step(where, cell, steps.read(t), state, t, lengths)
        return t + 1, state, collected.write(t, output)

    _, state, collected = tf.while_loop(
        lambda t, *_: t < T, body, (tf.constant(0), state, collected), **options
    )
    return collected.stack(), state


_check_step = as_written(checks.check_step)


def _step(
    where: str, cell: Cell, inputs: tf.Tensor, state: Any, t: Any, lengths: tf.Tensor | None
) -> tuple[tf.Tensor, Any]:
    """One step of any cell that honours the lengths: zero output, state copied through."""
    if lengths is not None:
        valid = (t < lengths)[:, None]  # [B, 1]
        # Padding is blanked before the cell, not after: a NaN there would reach the gradient.
        inputs = tf.where(valid, inputs, tf.zeros_like(inputs))
    with trusting(cell):
        result = cell(inputs, state)
    _check_step(where, cell, result, inputs.shape[0], inputs.dtype, check_tensor)
    output, new_state = result
    if not keeps_rows(cell):
        rows = size(inputs, 0)
        output = sized(where, "output of the cell", output, "B O", {"B": rows})
        new_state = sized_state(where, "new_state of the cell", new_state, cell.state_size, rows)
    if lengths is None:
        return output, new_state
    new_state = map_state(lambda new, old: tf.where(valid, new, old), new_state, state)
    return tf.where(valid, output, tf.zeros_like(output)), new_state
