"""Functions of TF 1.x that the book does not teach: both directions of lists and of layers, a loss."""

from typing import Any

import tensorflow as tf

from rnnbook import checks
from rnnbook.protocol import Cell
from rnnbook.tf.bidirectional import bidirectional_dynamic_rnn
from rnnbook.tf.cell import check_tensor
from rnnbook.tf.run_time import size, sized, with_rows
from rnnbook.tf.tf1.arguments import takes
from rnnbook.tf.tf1.scopes import scope as within
from rnnbook.tf.unroll import static_rnn


@takes(opens="bidirectional_rnn")
def static_bidirectional_rnn(
    cell_fw: Cell,
    cell_bw: Cell,
    inputs: list[tf.Tensor],
    initial_state_fw: Any = None,
    initial_state_bw: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[list[tf.Tensor], Any, Any]:
    """`static_rnn` in both directions.

    Args:
        cell_fw, cell_bw: two different cells.
        inputs: T tensors [B, D].
        initial_state_fw, initial_state_bw, dtype, sequence_length: as in `static_rnn`.
        scope: of the variables in a graph with a session; None means "bidirectional_rnn".

    Returns:
        A list of T outputs [B, O_fw + O_bw], and the last state of each cell.

    >>> from rnnbook.tf import BasicRNNCell
    >>> steps = [tf.ones((4, 3)), tf.ones((4, 3))]
    >>> outputs, _, _ = static_bidirectional_rnn(BasicRNNCell(5), BasicRNNCell(2), steps)
    >>> [output.shape.as_list() for output in outputs]
    [[4, 7], [4, 7]]

    Taught in: book/reference/tf1-dictionary. Source: TensorFlow 1.x, static_bidirectional_rnn.
    """
    checks.check_two_cells("static_bidirectional_rnn", cell_fw, cell_bw)

    def reverse(steps: list[tf.Tensor]) -> list[tf.Tensor]:
        if sequence_length is None:
            return list(reversed(steps))
        lengths = tf.cast(sequence_length, tf.int32)
        turned = tf.reverse_sequence(tf.stack(steps), lengths, seq_axis=0, batch_axis=1)
        return tf.unstack(turned, num=len(steps))

    fw, state_fw = static_rnn(cell_fw, inputs, initial_state_fw, dtype, sequence_length, "fw")
    bw, state_bw = static_rnn(cell_bw, reverse(inputs), initial_state_bw, dtype, sequence_length, "bw")
    return [tf.concat(pair, axis=1) for pair in zip(fw, reverse(bw), strict=True)], state_fw, state_bw


@takes(opens="stack_bidirectional_rnn")
def stack_bidirectional_dynamic_rnn(
    cells_fw: list[Cell],
    cells_bw: list[Cell],
    inputs: tf.Tensor,
    initial_states_fw: Any = None,
    initial_states_bw: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    parallel_iterations: int = 32,
    time_major: bool = False,
    scope: Any = None,
    swap_memory: bool = False,
) -> tuple[tf.Tensor, tuple[Any, ...], tuple[Any, ...]]:
    """Layers of `bidirectional_dynamic_rnn`: each reads both outputs of the one below, joined.

    Args:
        cells_fw, cells_bw: one cell a layer, first the one nearest to the inputs.
        initial_states_fw, initial_states_bw: one state a layer; None means zeros.
        inputs, dtype, sequence_length, parallel_iterations, swap_memory, time_major: as in
            `dynamic_rnn`.
        scope: of the variables in a graph with a session; None means "stack_bidirectional_rnn".

    Returns:
        The outputs of the last layer [B, T, O_fw + O_bw], and the states of the layers, a tuple
        for each direction.

    >>> from rnnbook.tf import BasicRNNCell
    >>> fw, bw = ([BasicRNNCell(5), BasicRNNCell(2)] for _ in range(2))
    >>> outputs, states_fw, _ = stack_bidirectional_dynamic_rnn(fw, bw, tf.ones((4, 6, 3)))
    >>> outputs.shape.as_list(), len(states_fw)
    ([4, 6, 4], 2)

    Taught in: book/reference/tf1-dictionary. Source: TensorFlow 1.x, stack_bidirectional_dynamic_rnn.
    """
    where = "stack_bidirectional_dynamic_rnn"
    checks.check_cells(where, [*cells_fw, *cells_bw], ())
    layers = len(cells_fw)
    starts = {"initial_states_fw": initial_states_fw, "initial_states_bw": initial_states_bw}
    for name, value in ({"cells_bw": cells_bw} | starts).items():
        if value is not None and len(value) != layers:
            checks.fail(where, name, f"one for each of {layers} layers", len(value))
    starts_fw, starts_bw = ([None] * layers if given is None else given for given in starts.values())
    common = (dtype, parallel_iterations, swap_memory, time_major)
    states = []
    for n, (fw, bw, start_fw, start_bw) in enumerate(
        zip(cells_fw, cells_bw, starts_fw, starts_bw, strict=True)
    ):
        with within(f"cell_{n}"):
            outputs, state = bidirectional_dynamic_rnn(
                fw, bw, inputs, sequence_length, start_fw, start_bw, *common
            )
        inputs = tf.concat(outputs, axis=2)
        states.append(state)
    states_fw, states_bw = zip(*states, strict=True)
    return inputs, states_fw, states_bw


def sequence_loss(
    logits: tf.Tensor,
    targets: Any,
    weights: Any,
    average_across_timesteps: bool = True,
    average_across_batch: bool = True,
    sum_over_timesteps: bool = False,
    sum_over_batch: bool = False,
    softmax_loss_function: Any = None,
    name: str | None = None,
) -> tf.Tensor:
    """The cross-entropy of targets [B, T] under logits [B, T, V], each step by its weight.

    sum of weight * loss / sum of weights, over the axes that are averaged; where they are summed,
    / the number of weights that are not zero. Over no axis all losses [B, T] are returned.

    Args:
        logits: [B, T, V].
        targets: [B, T] whole numbers below V.
        weights: [B, T], such as `tf.sequence_mask` makes them.
        average_across_timesteps, average_across_batch: which axes are averaged.
        sum_over_timesteps, sum_over_batch: which are summed, where none is averaged.
        softmax_loss_function: of labels [B * T] and logits [B * T, V], in the place of the
            cross-entropy.
        name: accepted for TF 1.x's sake.

    Raises:
        ValueError, TypeError: another shape or dtype; one axis that is averaged and summed.

    >>> round(float(sequence_loss(tf.zeros((1, 3, 2)), [[0, 1, 1]], [[1.0, 1.0, 0.0]])), 4)
    0.6931

    Taught in: book/reference/tf1-dictionary. Source: TensorFlow 1.x, contrib.seq2seq.sequence_loss.
    """
    where = "sequence_loss"
    check_tensor(where, "logits", logits, "B T V", {})
    checks.check_float(where, "logits", logits)
    logits = tf.convert_to_tensor(logits)
    B, T, _ = checks.static_shape(logits) or (None, None, None)
    sizes = {"B": size(logits, 0), "T": size(logits, 1)}
    of_steps = []
    for what, value in (("targets", targets), ("weights", weights)):
        value = tf.convert_to_tensor(value)
        checks.check_array(where, what, value, "B T", {"B": B, "T": T})
        of_steps.append(sized(where, what, value, "B T", sizes))
    targets, weights = of_steps
    checks.check_dtype(where, "weights", weights, logits.dtype)
    entropy = softmax_loss_function or tf.nn.sparse_softmax_cross_entropy_with_logits
    # Flat, as in TF 1.x: a loss of one's own may know no time.
    flat = entropy(labels=tf.reshape(targets, [-1]), logits=tf.reshape(logits, [-1, size(logits, 2)]))
    rows = sizes["B"] * sizes["T"]
    checks.check_array(
        where, "result of softmax_loss_function", flat, "N", {"N": rows if isinstance(rows, int) else None}
    )
    flat = with_rows(where, "result of softmax_loss_function", flat, rows)
    losses = weights * tf.reshape(flat, tf.shape(weights))
    averaged, summed = [], []  # axes
    for axis, what, average, add in (
        (0, "batch", average_across_batch, sum_over_batch),
        (1, "timesteps", average_across_timesteps, sum_over_timesteps),
    ):
        if checks.check_flag(where, f"average_across_{what}", average):
            averaged.append(axis)
        if checks.check_flag(where, f"sum_over_{what}", add):
            summed.append(axis)
        if average and add:
            checks.fail(where, f"sum_over_{what}", f"False where average_across_{what} is True", "True")
    if averaged:
        axes, counted = averaged, weights
    elif summed:
        axes, counted = summed, tf.cast(tf.not_equal(weights, 0), losses.dtype)
    else:
        return losses
    return tf.math.divide_no_nan(tf.reduce_sum(losses, axes), tf.reduce_sum(counted, axes))
