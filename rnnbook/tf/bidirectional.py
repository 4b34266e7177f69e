"""Two unrollers in opposite directions over the same batch."""

from typing import Any

import tensorflow as tf

from rnnbook import checks
from rnnbook.protocol import Cell
from rnnbook.tf import tf1
from rnnbook.tf.unroll import dynamic_rnn


@tf1.takes(opens="bidirectional_rnn")
def bidirectional_dynamic_rnn(
    cell_fw: Cell,
    cell_bw: Cell,
    inputs: tf.Tensor,
    sequence_length: Any = None,
    initial_state_fw: Any = None,
    initial_state_bw: Any = None,
    dtype: Any = None,
    parallel_iterations: int = 32,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: Any = None,
) -> tuple[tuple[tf.Tensor, tf.Tensor], tuple[Any, Any]]:
    """Unroll one cell forward and another one backward over the same inputs.

    fw: h(t) from x(0) .. x(t);  bw: h(t) from x(T-1) .. x(t), or from a row's last valid
    step. Both outputs stand in the order of the inputs.

    Args:
        cell_fw, cell_bw: two different cells.
        inputs, sequence_length, dtype, parallel_iterations, swap_memory, time_major: as
            in `dynamic_rnn`.
        initial_state_fw, initial_state_bw: structured like each cell's ``state_size``.
        scope: of the variables in a graph with a session; None means "bidirectional_rnn".

    Returns:
        ((outputs_fw, outputs_bw), (state_fw, state_bw)); join the outputs with
        ``tf.concat(outputs, axis=2)``. state_bw is the one after step 0.

    Raises:
        ValueError: the same cell twice, and whatever `dynamic_rnn` raises.

    >>> from rnnbook.tf import BasicRNNCell
    >>> outputs, states = bidirectional_dynamic_rnn(
    ...     BasicRNNCell(5), BasicRNNCell(2), tf.ones((4, 6, 3)))
    >>> tf.concat(outputs, axis=2).shape.as_list()
    [4, 6, 7]

    Taught in: book/5-variants/bidirectional. Source: TensorFlow 1.x,
    bidirectional_dynamic_rnn; Schuster and Paliwal (1997).
    """
    checks.check_two_cells("bidirectional_dynamic_rnn", cell_fw, cell_bw)
    common = (dtype, parallel_iterations, swap_memory, time_major)
    outputs_fw, state_fw = dynamic_rnn(cell_fw, inputs, sequence_length, initial_state_fw, *common, "fw")

    def reverse(values: Any) -> tf.Tensor:
        time_axis = 0 if time_major else 1
        if sequence_length is None:
            return tf.reverse(values, [time_axis])
        lengths = tf.cast(sequence_length, tf.int32)
        return tf.reverse_sequence(values, lengths, seq_axis=time_axis, batch_axis=1 - time_axis)

    outputs_bw, state_bw = dynamic_rnn(
        cell_bw, reverse(inputs), sequence_length, initial_state_bw, *common, "bw"
    )
    return (outputs_fw, reverse(outputs_bw)), (state_fw, state_bw)
