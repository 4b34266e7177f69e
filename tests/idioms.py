"""What TF 1.x code does with cells and unrollers, in small: one function for each way.

Each function takes the old names as ``rnn`` and a `Desk`, and returns tensors or numbers. It is
written as such code was, so that only what stands for ``rnn`` differs: the original ops, or ours.

`TF_USE_LEGACY_KERAS=1 python idioms.py FOLDER` is a process of its own. It runs all of them with
the original ops, and with ours under `disable_v2_behavior()`, and writes what came of it.
"""

import inspect
import json
import re
import runpy
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import tensorflow as tf

v1 = tf.compat.v1
AS_WRITTEN = v1.ConfigProto()  # the ops run once: rewriting their graph first costs more than it saves
AS_WRITTEN.graph_options.rewrite_options.disable_meta_optimizer = True
B, T, D, H = 4, 3, 2, 5
LENGTHS = np.array([3, 0, 2, 1], "int32")
EVERYWHERE: dict[str, Callable] = {}  # what makes sense with a session and without
REFUSED: dict[str, tuple[Callable, str]] = {}  # what ours does not offer, and what it says
IN_SESSIONS: dict[str, Callable] = {}  # what needs one: scopes that share, fed states, Savers, old optimizers


def idiom(function: Callable) -> Callable:
    EVERYWHERE[function.__name__] = function
    return function


def in_a_session(function: Callable) -> Callable:
    IN_SESSIONS[function.__name__] = function
    return function


def numbers(*shape: int, seed: int = 0, dtype: str = "float32") -> np.ndarray:
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype(dtype)


class Desk:
    """Where an idiom runs: in a graph with a session, or, without one, eagerly."""

    def __init__(self, folder: Path, session: Any = None):
        self.folder, self.session, self.fed = folder, session, {}

    def given(self, value: Any, shape: Any = None) -> tf.Tensor:
        """A placeholder that is fed with ``value``, or ``value`` itself."""
        value = np.asarray(value)
        if self.session is None:
            return tf.constant(value)
        holder = v1.placeholder(value.dtype, value.shape if shape is None else shape)
        self.fed[holder] = value
        return holder

    def x(self, shape: Any = None, **words: Any) -> tf.Tensor:
        """A batch [B, T, D]."""
        return self.given(numbers(B, T, D, **words), shape)

    def steps(self) -> list[tf.Tensor]:
        """A batch as a list of T steps [B, D]."""
        return [self.given(step) for step in numbers(T, B, D)]

    def run(self, fetches: Any, feed: Any = None) -> Any:
        return self.session.run(fetches, {**self.fed, **(feed or {})})

    def begin(self) -> None:
        self.session.run(v1.global_variables_initializer())


def the_same_weights() -> Any:
    """A scope in which the nth weight that is made is the same whoever makes it."""
    made = [0]

    def make(next_creator: Callable, **words: Any) -> Any:
        if words.get("trainable") is not False:
            value, made[0] = words["initial_value"], made[0] + 1
            if callable(value):
                shape, dtype = words["shape"], words["dtype"]
            else:
                shape, dtype = value.shape, value.dtype
            shape, dtype = tf.TensorShape(shape).as_list(), tf.as_dtype(dtype).as_numpy_dtype
            words["initial_value"] = 0.4 * numbers(*shape, seed=made[0], dtype=dtype)
        return next_creator(**words)

    return tf.variable_creator_scope(make)


def perform(function: Callable, rnn: Any, folder: Path, sessions: bool) -> dict[str, np.ndarray]:
    """The numbers that an idiom comes to, and with a session the names of its variables."""
    if not sessions:
        with the_same_weights():
            result = function(rnn, Desk(folder))
        return {str(n): np.asarray(leaf) for n, leaf in enumerate(tf.nest.flatten(result))}
    with tf.Graph().as_default(), v1.Session(config=AS_WRITTEN) as session, the_same_weights():
        desk = Desk(folder, session)
        result = function(rnn, desk)
        if any(tf.is_tensor(leaf) for leaf in tf.nest.flatten(result)):
            desk.begin()
            result = desk.run(result)
        names = sorted(v.op.name for v in v1.global_variables())
    values = {str(n): np.asarray(leaf) for n, leaf in enumerate(tf.nest.flatten(result))}
    return values | {"names": np.array(names, dtype=str)}


# Unrolling


@idiom
def two_steps_by_static_rnn(rnn, desk):
    X0, X1 = desk.given(numbers(B, D)), desk.given(numbers(B, D, seed=1))
    cell = rnn.BasicRNNCell(num_units=H)
    outputs, states = rnn.static_rnn(cell, [X0, X1], dtype=tf.float32)
    return outputs, states


@idiom
def a_batch_cut_into_steps(rnn, desk):
    X_seqs = tf.unstack(tf.transpose(desk.x([None, T, D]), perm=[1, 0, 2]))
    outputs, states = rnn.static_rnn(rnn.BasicRNNCell(num_units=H), inputs=X_seqs, dtype=tf.float32)
    return tf.transpose(tf.stack(outputs), perm=[1, 0, 2]), states


@idiom
def a_loop_with_lengths(rnn, desk):
    X, seq_length = desk.x([None, T, D]), desk.given(LENGTHS, [None])
    return rnn.dynamic_rnn(rnn.BasicRNNCell(H), X, dtype=tf.float32, sequence_length=seq_length)


@idiom
def a_loop_with_lengths_by_position(rnn, desk):
    return rnn.dynamic_rnn(rnn.GRUCell(H), desk.x(), LENGTHS, None, tf.float32, None, True, False, None)


@idiom
def a_loop_that_knows_no_sizes(rnn, desk):
    X = desk.x([None, None, D])
    cell = rnn.BasicLSTMCell(H)
    state = cell.zero_state(tf.shape(X)[0], tf.float32)
    return rnn.dynamic_rnn(cell, X, initial_state=state, swap_memory=True, parallel_iterations=1)


@idiom
def time_first(rnn, desk):
    X = tf.transpose(desk.x(), [1, 0, 2])
    return rnn.dynamic_rnn(rnn.BasicLSTMCell(H), X, dtype=tf.float32, time_major=True, scope="decoder")


@idiom
def sizes_read_from_a_shape(rnn, desk):
    X = desk.x()
    batch, _, width = X.get_shape().as_list()
    cell = rnn.BasicRNNCell(2 * width)
    return rnn.dynamic_rnn(cell, X, initial_state=cell.zero_state(batch, dtype=tf.float32))


@idiom
def sizes_that_are_dimensions(rnn, desk):
    X = desk.x()
    cell = rnn.GRUCell(X.get_shape()[2])
    return rnn.dynamic_rnn(cell, X, initial_state=cell.zero_state(X.shape[0], tf.float32))


@idiom
def numbers_of_double_width(rnn, desk):
    x = desk.given(numbers(B, T, D, dtype="float64"), [None, T, D])
    return rnn.dynamic_rnn(rnn.LSTMCell(H), x, dtype=tf.float64)


@idiom
def steps_of_double_width_taken_as_they_come(rnn, desk):
    steps = [desk.given(step) for step in numbers(T, B, D, dtype="float64")]
    cell = rnn.GRUCell(H)
    return rnn.static_rnn(cell, steps, cell.zero_state(B, tf.float64), sequence_length=LENGTHS)


@idiom
def a_loop_of_ones_own(rnn, desk):
    x, cell = desk.x(), rnn.BasicLSTMCell(H, forget_bias=0.0, state_is_tuple=True)
    state, outputs = cell.zero_state(B, tf.float32), []
    with v1.variable_scope("RNN"):
        for step in range(T):
            if step > 0:
                v1.get_variable_scope().reuse_variables()
            (cell_output, state) = cell(x[:, step, :], state)
            outputs.append(cell_output)
    return tf.reshape(tf.concat(outputs, 1), [-1, H]), state


@idiom
def a_while_loop_of_ones_own(rnn, desk):
    x, cell = desk.x(), rnn.GRUCell(H)

    def body(t, state):
        return t + 1, cell(x[:, t], state)[1]

    first = cell(x[:, 0], cell.zero_state(B, tf.float32))[1]
    return tf.while_loop(lambda t, _: t < T, body, [tf.constant(1), first])[1]


@idiom
def tensorflows_raw_rnn(rnn, desk):
    x, cell = tf.transpose(desk.x(), [1, 0, 2]), rnn.BasicLSTMCell(H)

    def loop_fn(time, cell_output, cell_state, loop_state):
        next_state = cell.zero_state(B, tf.float32) if cell_output is None else cell_state
        return time >= LENGTHS, tf.gather(x, tf.minimum(time, T - 1)), next_state, cell_output, None

    outputs, state, _ = v1.nn.raw_rnn(cell, loop_fn)
    return outputs.stack(), state


@idiom
def tensorflows_state_saving_rnn(rnn, desk):
    kept = {name: desk.given(numbers(B, H, seed=n)) for n, name in enumerate("ch")}

    class StateSaver:  # as `batch_sequences_with_states` gave one
        state = staticmethod(kept.__getitem__)

        @staticmethod
        def save_state(name, value):
            kept[name] = value
            return tf.no_op()

    cell = rnn.BasicLSTMCell(H)
    outputs, state = v1.nn.static_state_saving_rnn(cell, desk.steps(), StateSaver(), ("c", "h"))
    return outputs, state, kept["c"], kept["h"]


@idiom
def one_cell_for_two_questions(rnn, desk):
    cell = rnn.LSTMCell(H)
    _, left = rnn.dynamic_rnn(cell, desk.x(), dtype=tf.float32)
    _, right = rnn.dynamic_rnn(cell, desk.x(seed=1), dtype=tf.float32)
    return tf.reduce_sum(tf.square(left.h - right.h), axis=1)


# The cells and their arguments


@idiom
def an_activation_by_position(rnn, desk):
    return rnn.dynamic_rnn(rnn.BasicRNNCell(H, tf.nn.relu), desk.x(), dtype=tf.float32)


@idiom
def an_lstm_with_another_activation(rnn, desk):
    cell = rnn.BasicLSTMCell(H, 0.0, True, tf.nn.relu)
    return rnn.dynamic_rnn(cell, desk.x(), LENGTHS, dtype=tf.float32)


@idiom
def an_activation_by_its_name(rnn, desk):
    cell = rnn.LSTMCell(num_units=H, activation="relu")
    return rnn.dynamic_rnn(cell, desk.x(), dtype=tf.float32)


@idiom
def a_gru_with_all_arguments(rnn, desk):
    start = tf.constant_initializer(0.1)
    cell = rnn.GRUCell(H, tf.nn.softplus, None, start, start, None, tf.float32)
    return rnn.dynamic_rnn(cell, desk.x(), dtype=tf.float32)


@idiom
def an_lstm_by_position(rnn, desk):
    start = tf.constant_initializer(0.1)
    cell = rnn.LSTMCell(
        H, True, 0.3, start, 2, 0.2, None, None, 0.5, True, tf.nn.relu, None, "lstm", tf.float32
    )
    return rnn.dynamic_rnn(cell, desk.x(), dtype=tf.float32)


@idiom
def an_lstm_with_all_arguments(rnn, desk):
    cell = rnn.LSTMCell(
        H, use_peepholes=True, cell_clip=0.4, initializer=v1.random_uniform_initializer(-0.1, 0.1),
        num_proj=2, proj_clip=0.2, num_unit_shards=None, num_proj_shards=None, forget_bias=0.5,
        state_is_tuple=True, activation=tf.nn.softsign, reuse=None, name="lstm", dtype=tf.float32,
    )  # fmt: skip
    return rnn.dynamic_rnn(cell, desk.x(), LENGTHS, dtype=tf.float32)


@idiom
def a_clipped_cell(rnn, desk):
    return rnn.dynamic_rnn(rnn.LSTMCell(H, cell_clip=0.05), desk.x(), dtype=tf.float32)


@idiom
def a_clipped_projection(rnn, desk):
    cell = rnn.LSTMCell(H, num_proj=2, proj_clip=0.05, state_is_tuple=True)
    return rnn.static_rnn(cell, desk.steps(), dtype=tf.float32)


@idiom
def a_state_that_is_a_plain_tuple(rnn, desk):
    cell, (c, h) = rnn.BasicLSTMCell(H), numbers(2, B, H)
    output, state = cell(desk.x()[:, 0], (desk.given(c), desk.given(h)))
    return output, state.c, state.h


@idiom
def a_state_taken_apart(rnn, desk):
    outputs, (c, h) = rnn.dynamic_rnn(rnn.LSTMCell(H), desk.x(), dtype=tf.float32)
    return outputs[:, -1] - h, c, tf.concat([c, h], axis=1)


# Stacks and wrappers


@idiom
def layers_in_a_list(rnn, desk):
    layers = [rnn.BasicRNNCell(num_units=H, activation=tf.nn.relu) for _ in range(3)]
    outputs, states = rnn.dynamic_rnn(rnn.MultiRNNCell(layers), desk.x(), dtype=tf.float32)
    return outputs, tf.concat(axis=1, values=states)


@idiom
def layers_and_the_last_state_of_the_top_one(rnn, desk):
    def lstm_cell():
        return rnn.BasicLSTMCell(H, forget_bias=0.0, state_is_tuple=True, reuse=v1.get_variable_scope().reuse)

    cell = rnn.MultiRNNCell([lstm_cell() for _ in range(2)], state_is_tuple=True)
    _, states = rnn.dynamic_rnn(cell, desk.x(), sequence_length=LENGTHS, dtype=tf.float32)
    return states[-1].h, states[0][0]


@idiom
def a_state_in_one_array(rnn, desk):
    stacked = desk.given(numbers(2, 2, B, H), [2, 2, None, H])
    state = tuple(rnn.LSTMStateTuple(layer[0], layer[1]) for layer in tf.unstack(stacked, axis=0))
    cell = rnn.MultiRNNCell([rnn.LSTMCell(H), rnn.LSTMCell(H)])
    return rnn.dynamic_rnn(cell, desk.x([None, T, D]), initial_state=state)


@idiom
def a_stack_stepped_by_hand(rnn, desk):
    cell = rnn.MultiRNNCell([rnn.GRUCell(H), rnn.GRUCell(2)])
    outputs, state = [], cell.zero_state(B, tf.float32)
    with v1.variable_scope("generator") as scope:
        for t, step in enumerate(desk.steps()):
            if t > 0:
                scope.reuse_variables()
            output, state = cell(step, state)
            outputs.append(output)
    return tf.stack(outputs), state


@idiom
def a_readout_in_the_cell(rnn, desk):
    cell = rnn.OutputProjectionWrapper(
        rnn.BasicRNNCell(num_units=H, activation=tf.nn.relu), output_size=2, activation=tf.tanh
    )
    return rnn.dynamic_rnn(cell, desk.x(), dtype=tf.float32)


@idiom
def a_projected_input(rnn, desk):
    cell = rnn.MultiRNNCell([rnn.InputProjectionWrapper(rnn.GRUCell(H), 2, tf.nn.relu), rnn.GRUCell(H)])
    return rnn.dynamic_rnn(cell, desk.x(), dtype=tf.float32)


@idiom
def a_keep_prob_that_is_fed(rnn, desk):
    keep_prob = desk.given(np.float32(1.0))
    cell = rnn.DropoutWrapper(rnn.BasicLSTMCell(H), output_keep_prob=keep_prob)
    return rnn.dynamic_rnn(cell, desk.x(), dtype=tf.float32)


@idiom
def a_keep_prob_with_a_default(rnn, desk):
    keep_prob = v1.placeholder_with_default(1.0, shape=()) if desk.session else tf.constant(1.0)
    cells = [rnn.DropoutWrapper(rnn.GRUCell(H), input_keep_prob=keep_prob) for _ in range(2)]
    return rnn.dynamic_rnn(rnn.MultiRNNCell(cells), desk.x(), dtype=tf.float32)


@idiom
def a_keep_prob_whose_shape_is_not_said(rnn, desk):
    keep_prob = desk.given(np.float32(1.0), tf.TensorShape(None))
    cell = rnn.DropoutWrapper(
        rnn.LSTMCell(H), keep_prob, output_keep_prob=keep_prob, state_keep_prob=keep_prob
    )
    return rnn.dynamic_rnn(rnn.MultiRNNCell([cell, rnn.GRUCell(2)]), desk.x(), LENGTHS, dtype=tf.float32)


@idiom
def dropout_with_all_arguments(rnn, desk):
    cell = rnn.DropoutWrapper(rnn.LSTMCell(H), 1.0, 1.0, 1.0, True, D, tf.float32, 7)
    return rnn.dynamic_rnn(cell, desk.x(), dtype=tf.float32)


@idiom
def dropout_around_a_stack(rnn, desk):
    cells = rnn.MultiRNNCell([rnn.DropoutWrapper(rnn.GRUCell(H), 1.0, 1.0) for _ in range(2)])
    return rnn.dynamic_rnn(rnn.DropoutWrapper(cells, output_keep_prob=1.0), desk.x(), dtype=tf.float32)


@idiom
def shortcuts_from_the_second_layer_on(rnn, desk):
    layers = [rnn.GRUCell(H), rnn.ResidualWrapper(rnn.GRUCell(H))]
    return rnn.dynamic_rnn(rnn.MultiRNNCell(layers), desk.x(), dtype=tf.float32)


@idiom
def a_shortcut_of_ones_own(rnn, desk):
    cell = rnn.ResidualWrapper(rnn.GRUCell(H), residual_fn=lambda i, o: o * tf.reduce_mean(i))
    return rnn.dynamic_rnn(cell, desk.x(), dtype=tf.float32)


# Both directions


@idiom
def both_directions_joined(rnn, desk):
    outputs, states = rnn.bidirectional_dynamic_rnn(
        cell_fw=rnn.LSTMCell(H, state_is_tuple=True), cell_bw=rnn.LSTMCell(2, state_is_tuple=True),
        inputs=desk.x(), sequence_length=desk.given(LENGTHS, [None]), dtype=tf.float32, scope="BiLSTM",
    )  # fmt: skip
    return tf.concat(outputs, axis=-1), tf.concat([states[0].h, states[1].h], axis=1)


@idiom
def both_directions_of_a_list(rnn, desk):
    fw, bw = rnn.BasicLSTMCell(H, forget_bias=1.0), rnn.BasicLSTMCell(H, forget_bias=1.0)
    outputs, state_fw, state_bw = rnn.static_bidirectional_rnn(fw, bw, desk.steps(), dtype=tf.float32)
    return outputs, state_fw, state_bw


@idiom
def both_directions_of_a_list_with_lengths(rnn, desk):
    cells = rnn.GRUCell(H), rnn.GRUCell(2)
    return rnn.static_bidirectional_rnn(*cells, desk.steps(), dtype=tf.float32, sequence_length=LENGTHS)


@idiom
def layers_of_both_directions(rnn, desk):
    fw, bw = ([rnn.LSTMCell(H), rnn.LSTMCell(2)] for _ in range(2))
    return rnn.stack_bidirectional_dynamic_rnn(fw, bw, desk.x(), sequence_length=LENGTHS, dtype=tf.float32)


@idiom
def an_encoder_of_both_directions_and_its_decoder(rnn, desk):
    with v1.variable_scope("encoder"):
        _, (fw, bw) = rnn.bidirectional_dynamic_rnn(
            rnn.LSTMCell(H), rnn.LSTMCell(H), desk.x(), LENGTHS, dtype=tf.float32
        )
    c, h = tf.concat((fw.c, bw.c), 1), tf.concat((fw.h, bw.h), 1)
    with v1.variable_scope("decoder"):
        state = rnn.LSTMStateTuple(c=c, h=h)
        return rnn.dynamic_rnn(rnn.LSTMCell(2 * H), desk.x(seed=1), initial_state=state, time_major=False)


# Losses


@idiom
def the_last_valid_output(rnn, desk):
    outputs, _ = rnn.dynamic_rnn(rnn.GRUCell(H), desk.x(), LENGTHS, dtype=tf.float32)
    index = tf.range(0, B) * T + tf.maximum(desk.given(LENGTHS) - 1, 0)
    return tf.gather(tf.reshape(outputs, [-1, H]), index)


@idiom
def a_loss_under_a_mask(rnn, desk):
    outputs, _ = rnn.dynamic_rnn(rnn.GRUCell(2), desk.x(), LENGTHS, dtype=tf.float32)
    labels = desk.given(numbers(B, T, D)[:, :, 0] > 0)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tf.cast(labels, tf.int32), logits=outputs)
    mask = tf.sequence_mask(LENGTHS, T, dtype=tf.float32)
    return tf.reduce_sum(losses * mask) / tf.reduce_sum(mask)


@idiom
def the_loss_of_sequences(rnn, desk):
    logits, _ = rnn.dynamic_rnn(rnn.GRUCell(H), desk.x(), dtype=tf.float32)
    targets, weights = (
        desk.given(np.arange(B * T).reshape(B, T) % H),
        tf.sequence_mask(LENGTHS, T, tf.float32),
    )
    over = [(True, True), (False, True), (True, False), (False, False)]
    return [rnn.sequence_loss(logits, targets, weights, *one) for one in over]


# Cells of one's own


@idiom
def a_cell_of_ones_own(rnn, desk):
    class MinimalCell(rnn.RNNCell):
        def __init__(self, num_units):
            super().__init__()
            self._num_units = num_units

        @property
        def state_size(self):
            return self._num_units

        @property
        def output_size(self):
            return self._num_units

        def call(self, inputs, state):
            gate = v1.get_variable("gate", [inputs.get_shape()[-1], self._num_units])
            bias = v1.get_variable("bias", [self._num_units])
            new_state = tf.tanh(tf.matmul(inputs, gate) + state * bias)
            return new_state, new_state

    return rnn.dynamic_rnn(MinimalCell(H), desk.x(), LENGTHS, dtype=tf.float32)


@idiom
def a_cell_of_ones_own_in_steps_and_stacks(rnn, desk):
    class Leaky(rnn.RNNCell):
        state_size = output_size = H

        def call(self, inputs, state):
            weights = v1.get_variable("weights", shape=[int(inputs.shape[1]), H])
            new_state = 0.5 * state + tf.matmul(inputs, weights)
            return new_state, new_state

    return rnn.static_rnn(rnn.MultiRNNCell([Leaky(), Leaky()]), desk.steps(), dtype=tf.float32)


@idiom
def a_cell_of_ones_own_with_build(rnn, desk):
    class Built(rnn.RNNCell):
        def __init__(self, num_units, **words):
            super().__init__(**words)
            self._num_units = num_units

        state_size = property(lambda self: (self._num_units, self._num_units))
        output_size = property(lambda self: self._num_units)

        def build(self, inputs_shape):
            rows = int(inputs_shape[1]) + self._num_units
            self._kernel = self.add_weight("kernel", shape=[rows, self._num_units])
            self.built = True

        def call(self, inputs, state):
            old, older = state
            new = tf.tanh(tf.matmul(tf.concat([inputs, older], 1), self._kernel))
            return new, (new, old)

    return rnn.dynamic_rnn(Built(H, name="built"), desk.x(), LENGTHS, dtype=tf.float32)


@idiom
def a_wrapper_of_ones_own(rnn, desk):
    class Twice(rnn.RNNCell):
        def __init__(self, cell):
            super().__init__()
            self._cell = cell

        state_size = property(lambda self: self._cell.state_size)
        output_size = property(lambda self: 2 * self._cell.output_size)

        def __call__(self, inputs, state, scope=None):
            output, state = self._cell(inputs, state)
            return tf.concat([output, -output], 1), state

    return rnn.dynamic_rnn(Twice(rnn.LSTMCell(H)), desk.x(), dtype=tf.float32)


@idiom
def a_subclass_with_another_step(rnn, desk):
    class Halved(rnn.BasicRNNCell):
        def call(self, inputs, state):
            output, state = super().call(inputs, state)
            return output / 2, state

    return rnn.dynamic_rnn(Halved(H), desk.x(), dtype=tf.float32)


@idiom
def a_cell_that_reads_two_things(rnn, desk):
    class Two(rnn.RNNCell):
        state_size = output_size = H

        def call(self, inputs, state):
            seen, heard = inputs
            w = v1.get_variable("w", [D, H])
            new_state = tf.tanh(tf.matmul(seen, w) + state) * tf.reduce_sum(heard, axis=1, keepdims=True)
            return new_state, new_state

    cell, x, y = Two(), desk.x(), desk.x(seed=1)
    state, outputs = cell.zero_state(B, tf.float32), []
    for t in range(T):
        output, state = cell((x[:, t], y[:, t]), state)
        outputs.append(output)
    return outputs, state


@idiom
def a_cell_that_says_two_things(rnn, desk):
    class Both(rnn.RNNCell):
        state_size, output_size = H, (H, 1)

        def call(self, inputs, state):
            new_state = tf.tanh(tf.matmul(inputs, v1.get_variable("w", [D, H])) + state)
            return (new_state, tf.reduce_max(new_state, axis=1, keepdims=True)), new_state

    cell, state, x = Both(), tf.zeros([B, H]), desk.x()
    for t in range(T):
        said, state = cell(x[:, t], state)
    return said, state


@idiom
def two_things_to_read_joined_and_split(rnn, desk):
    class Two(rnn.RNNCell):
        state_size = output_size = H

        def call(self, inputs, state):
            seen, heard = tf.split(inputs, [D, D], axis=1)
            new_state = tf.tanh(tf.matmul(seen, v1.get_variable("w", [D, H])) + state)
            return new_state * tf.reduce_sum(heard, axis=1, keepdims=True), new_state

    return rnn.dynamic_rnn(Two(), tf.concat([desk.x(), desk.x(seed=1)], axis=2), LENGTHS, dtype=tf.float32)


@idiom
def pictures_in_a_row_each(rnn, desk):
    pictures = desk.given(numbers(B, T, 2, 2, 1), [None, T, 2, 2, 1])
    flat = tf.reshape(pictures, [-1, T, 4])
    return rnn.dynamic_rnn(rnn.BasicLSTMCell(H), flat, LENGTHS, dtype=tf.float32)


@idiom
def pictures_seen_by_a_filter_first(rnn, desk):
    pictures = desk.given(numbers(B, T, 2, 2, 1))
    features = tf.nn.relu(tf.nn.conv2d(tf.reshape(pictures, [-1, 2, 2, 1]), numbers(2, 2, 1, 3), 1, "SAME"))
    return rnn.dynamic_rnn(rnn.GRUCell(H), tf.reshape(features, [B, T, 12]), dtype=tf.float32)


@idiom
def a_state_size_that_is_a_shape(rnn, desk):
    class Grid(rnn.RNNCell):
        state_size = output_size = tf.TensorShape([2, 2])

        def call(self, inputs, state):
            new_state = state / 2 + tf.reshape(tf.matmul(inputs, v1.get_variable("w", [D, 4])), [-1, 2, 2])
            return new_state, new_state

    cell, x = Grid(), desk.x()
    state = cell.zero_state(B, tf.float32)
    for t in range(T):
        _, state = cell(x[:, t], state)
    return state


@idiom
def a_state_size_that_is_a_list(rnn, desk):
    class Two(rnn.RNNCell):
        state_size, output_size = [H, 2], H

        def call(self, inputs, state):
            slow, fast = state
            slow = slow + tf.matmul(inputs, v1.get_variable("w", [D, H]))
            return slow, [slow, inputs - fast]

    cell, x = Two(), desk.x()
    state = cell.zero_state(B, tf.float32)
    for t in range(T):
        output, state = cell(x[:, t], state)
    return output, state[0], state[1]


@idiom
def the_weights_that_a_cell_lists(rnn, desk):
    cells = [rnn.LSTMCell(H, use_peepholes=True, num_proj=2), rnn.GRUCell(H), rnn.BasicRNNCell(H)]
    for n, cell in enumerate(cells):
        rnn.dynamic_rnn(cell, desk.x(), dtype=tf.float32, scope=f"net_{n}")
    weights = [weight for cell in cells for weight in cell.trainable_weights]
    return [weight + 0 for weight in weights], tf.add_n(
        [tf.nn.l2_loss(w) for w in cells[0].trainable_variables]
    )


@idiom
def weights_counted_before_and_after(rnn, desk):
    cell = rnn.BasicLSTMCell(H)
    before = len(cell.trainable_weights)
    rnn.dynamic_rnn(cell, desk.x(), dtype=tf.float32)
    lists = cell.trainable_weights, cell.variables, cell.trainable_variables, cell.non_trainable_weights
    return [tf.constant(count) for count in (before, *map(len, lists))]


# Refused: what the originals take, and the sentence that says what to write in its place


def refused(words: str) -> Callable:
    def keep(function: Callable) -> Callable:
        REFUSED[function.__name__] = function, words
        return function

    return keep


def sum_of(rnn, sizes, outputs=H):
    """A cell that adds up all that comes, whatever its structure."""

    class Sum(rnn.RNNCell):
        state_size, output_size = sizes, outputs

        def call(self, inputs, state):
            total = sum(tf.reshape(part, [B, -1])[:, :1] for part in tf.nest.flatten(inputs))
            new_state = tf.nest.map_structure(lambda part: part + total, state)
            output = tf.nest.flatten(new_state)[0]
            return (output if outputs == H else (output, total)), new_state

    return Sum()


@refused("inputs must be one array [B, T, D], tf.concat of several, which the cell splits again; got a tuple")
def nested_inputs(rnn, desk):
    return rnn.dynamic_rnn(sum_of(rnn, H), (desk.x(), desk.x(seed=1)), dtype=tf.float32)


@refused(
    "inputs must be [B, T, D], by tf.reshape, with all numbers of a step in D; got shape (4, 3, 2, 2, 1)"
)
def pictures_as_they_are(rnn, desk):
    return rnn.dynamic_rnn(sum_of(rnn, H), desk.given(numbers(B, T, 2, 2, 1)), dtype=tf.float32)


@refused("cell.output_size must be a whole number; got (5, 1)")
def nested_outputs(rnn, desk):
    return rnn.dynamic_rnn(sum_of(rnn, H, (H, 1)), desk.x(), dtype=tf.float32)


@refused("cell.state_size must be a whole number or a tuple of such; got TensorShape([5])")
def an_unrolled_state_size_that_is_a_shape(rnn, desk):
    return rnn.dynamic_rnn(sum_of(rnn, tf.TensorShape([H])), desk.x(), dtype=tf.float32)


@refused("cell.state_size must be a whole number or a tuple of such; got [5, 5]")
def an_unrolled_state_size_that_is_a_list(rnn, desk):
    return rnn.dynamic_rnn(sum_of(rnn, [H, H]), desk.x(), dtype=tf.float32)


@refused("cell_bw must be another cell than cell_fw; got the same object")
def one_cell_for_both_directions(rnn, desk):
    cell = rnn.GRUCell(H)
    return rnn.bidirectional_dynamic_rnn(cell, cell, desk.x(), dtype=tf.float32)


# With a session


@in_a_session
def a_cell_of_before_1_2(rnn, desk):
    class OldCell(rnn.RNNCell):
        state_size = output_size = H

        def __call__(self, inputs, state, scope=None):
            with v1.variable_scope(scope or type(self).__name__):
                weights = v1.get_variable("W", [D + H, H])
                new_state = tf.tanh(tf.matmul(tf.concat([inputs, state], 1), weights))
            return new_state, new_state

    steps, last = rnn.static_rnn(OldCell(), desk.steps(), dtype=tf.float32, scope="steps")
    looped, _ = rnn.dynamic_rnn(OldCell(), desk.x(), dtype=tf.float32)
    both, _ = rnn.bidirectional_dynamic_rnn(OldCell(), OldCell(), desk.x(), dtype=tf.float32)
    return steps, last, looped, both


@in_a_session
def a_shared_evaluation_graph(rnn, desk):
    def model(x):
        outputs, _ = rnn.dynamic_rnn(rnn.GRUCell(H), x, dtype=tf.float32)
        return outputs

    with v1.variable_scope("model"):
        train = model(desk.x())
    with v1.variable_scope("model", reuse=True):
        test = model(desk.x(seed=1))
    return train, test


@in_a_session
def towers(rnn, desk):
    losses = []
    with v1.variable_scope(v1.get_variable_scope(), reuse=v1.AUTO_REUSE):
        for n in range(2):
            with tf.name_scope(f"tower_{n}"):
                cell = rnn.MultiRNNCell([rnn.BasicLSTMCell(H), rnn.BasicLSTMCell(2)])
                outputs, _ = rnn.dynamic_rnn(cell, desk.x(seed=n), dtype=tf.float32)
                losses.append(tf.reduce_mean(outputs))
    return losses, v1.gradients(losses[0] + losses[1], v1.trainable_variables())


@in_a_session
def one_function_called_again(rnn, desk):
    shared = v1.make_template("encoder", lambda x: rnn.dynamic_rnn(rnn.GRUCell(H), x, dtype=tf.float32)[1])
    return shared(desk.x()), shared(desk.x(seed=1))


@in_a_session
def a_cell_that_reuses(rnn, desk):
    state, step = tf.zeros([B, H]), desk.x()[:, 0]
    first = rnn.BasicRNNCell(H, name="cell")(step, state)[0]
    again = rnn.BasicRNNCell(H, reuse=True, name="cell")(2 * step, state)[0]
    return first, again, rnn.GRUCell(H)(step, state, scope="mine")[0], rnn.GRUCell(H)(step, state, "yours")[0]


@in_a_session
def two_cells_in_one_scope(rnn, desk):
    with v1.variable_scope("both"):
        state, step = tf.zeros([B, H]), desk.x()[:, 0]
        return rnn.GRUCell(H)(step, state)[0], rnn.GRUCell(H)(step, state)[0]


@in_a_session
def a_weight_by_its_name(rnn, desk):
    rnn.dynamic_rnn(rnn.BasicLSTMCell(H), desk.x(), dtype=tf.float32, scope="net")
    with v1.variable_scope("net/basic_lstm_cell", reuse=True):
        kernel = v1.get_variable("kernel", [D + H, 4 * H])
    kernels = [v for v in v1.trainable_variables() if "bias" not in v.name]
    return kernel + 0, tf.add_n([tf.nn.l2_loss(v) for v in kernels])


@in_a_session
def the_initializer_of_a_scope(rnn, desk):
    with v1.variable_scope("model", initializer=v1.constant_initializer(0.2)):
        lstm, _ = rnn.dynamic_rnn(rnn.LSTMCell(H, use_peepholes=True, num_proj=2), desk.x(), dtype=tf.float32)
        gru, _ = rnn.dynamic_rnn(rnn.GRUCell(H), desk.x(), dtype=tf.float32)
    desk.begin()
    return desk.run([lstm, gru])


@in_a_session
def the_initializers_of_cells(rnn, desk):
    start = tf.constant_initializer(0.3)
    lstm = rnn.LSTMCell(H, initializer=start, use_peepholes=True)
    gru = rnn.GRUCell(H, kernel_initializer=start, bias_initializer=v1.ones_initializer())
    outputs = [rnn.dynamic_rnn(cell, desk.x(), dtype=tf.float32)[0] for cell in (lstm, gru)]
    desk.begin()
    return desk.run(outputs)


@in_a_session
def a_regularizer_of_a_scope(rnn, desk):
    with v1.variable_scope("model", regularizer=lambda w: tf.reduce_sum(tf.square(w))):
        rnn.static_rnn(rnn.GRUCell(H), desk.steps(), dtype=tf.float32)
    return v1.losses.get_regularization_losses()


@in_a_session
def gradients_of_everything(rnn, desk):
    x = desk.x([None, None, D])
    cell = rnn.MultiRNNCell([rnn.LSTMCell(H, use_peepholes=True), rnn.GRUCell(H), rnn.BasicLSTMCell(2)])
    outputs, states = rnn.dynamic_rnn(cell, x, desk.given(LENGTHS, [None]), dtype=tf.float32)
    loss = tf.reduce_sum(outputs**2) + tf.reduce_sum(states[0].c * states[0].h)
    return v1.gradients(loss, [x, *v1.trainable_variables()])


@in_a_session
def gradients_of_gradients(rnn, desk):
    x = desk.x()
    outputs, _ = rnn.static_rnn(rnn.BasicLSTMCell(H), tf.unstack(x, axis=1), dtype=tf.float32)
    (first,) = v1.gradients(tf.reduce_sum(outputs[-1] ** 2), x)
    return v1.gradients(tf.reduce_sum(first**2), v1.trainable_variables())


@in_a_session
def rows_of_pictures_learned_by_adam(rnn, desk):
    X, y = desk.x([None, T, D]), desk.given(np.array([0, 1, 1, 0]), [None])
    _, states = rnn.dynamic_rnn(rnn.BasicRNNCell(num_units=H), X, dtype=tf.float32)
    logits = tf.matmul(states, v1.get_variable("softmax_w", [H, 2]))
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
    training_op = v1.train.AdamOptimizer(learning_rate=0.05).minimize(loss)
    desk.begin()
    return [desk.run([loss, training_op])[0] for _ in range(5)]


@in_a_session
def a_language_model_over_several_batches(rnn, desk):
    vocabulary, data = 7, np.random.default_rng(0).integers(0, 7, size=(B, 3 * T + 1))

    class Model:
        def __init__(self, training):
            self.words, self.targets = (v1.placeholder(tf.int32, [B, T]) for _ in range(2))
            cells = [rnn.BasicLSTMCell(H, forget_bias=0.0, state_is_tuple=True) for _ in range(2)]
            if training:
                cells = [rnn.DropoutWrapper(cell, output_keep_prob=1.0) for cell in cells]
            cell = rnn.MultiRNNCell(cells, state_is_tuple=True)
            self.initial_state = cell.zero_state(B, tf.float32)
            inputs = tf.nn.embedding_lookup(v1.get_variable("embedding", [vocabulary, H]), self.words)
            inputs = [tf.squeeze(step, [1]) for step in tf.split(inputs, T, 1)]
            outputs, self.final_state = rnn.static_rnn(cell, inputs, initial_state=self.initial_state)
            output = tf.reshape(tf.concat(outputs, 1), [-1, H])
            logits = tf.matmul(output, v1.get_variable("softmax_w", [H, vocabulary]))
            logits = tf.reshape(logits, [B, T, vocabulary])
            loss = rnn.sequence_loss(logits, self.targets, tf.ones([B, T]), average_across_timesteps=False)
            self.cost, self.train = tf.reduce_sum(loss), tf.no_op()
            if training:
                tvars = v1.trainable_variables()
                grads, _ = tf.clip_by_global_norm(v1.gradients(self.cost, tvars), 5)
                optimizer = v1.train.GradientDescentOptimizer(0.5)
                self.train = optimizer.apply_gradients(
                    zip(grads, tvars, strict=True), global_step=v1.train.get_or_create_global_step()
                )

        def epoch(self):
            costs, state = [], desk.run(self.initial_state)
            for start in range(0, 3 * T, T):
                feed = {
                    self.words: data[:, start : start + T],
                    self.targets: data[:, start + 1 : start + T + 1],
                }
                for layer, (c, h) in enumerate(self.initial_state):
                    feed |= {c: state[layer].c, h: state[layer].h}
                cost, state, _ = desk.run([self.cost, self.final_state, self.train], feed)
                costs.append(cost)
            return costs

    initializer = v1.random_uniform_initializer(-0.1, 0.1)
    with tf.name_scope("Train"), v1.variable_scope("Model", reuse=None, initializer=initializer):
        train = Model(training=True)
    with tf.name_scope("Valid"), v1.variable_scope("Model", reuse=True, initializer=initializer):
        valid = Model(training=False)
    desk.begin()
    return valid.epoch(), train.epoch(), train.epoch(), valid.epoch()


@in_a_session
def characters_sampled_from_a_fed_state(rnn, desk):
    cell = rnn.MultiRNNCell([rnn.GRUCell(H), rnn.GRUCell(H)])
    symbols = v1.placeholder(tf.int32, [1, 1])
    state_in = cell.zero_state(1, tf.float32)
    outputs, state_out = rnn.dynamic_rnn(cell, tf.one_hot(symbols, H), initial_state=state_in)
    symbol, said, state = 0, [], None
    desk.begin()
    for _ in range(T):
        feed = {symbols: [[symbol]]} | ({} if state is None else {state_in: state})
        output, state = desk.run([outputs, state_out], feed)
        symbol = int(output.argmax())
        said.append(output)
    return said


@in_a_session
def a_state_kept_in_variables(rnn, desk):
    cell = rnn.LSTMCell(H)
    zero = cell.zero_state(B, tf.float32)
    kept = [v1.get_variable(f"kept_{n}", initializer=part, trainable=False) for n, part in enumerate(zero)]
    start = rnn.LSTMStateTuple(kept[0], kept[1])
    outputs, last = rnn.dynamic_rnn(cell, desk.x(), initial_state=start)
    with tf.control_dependencies([v1.assign(old, new) for old, new in zip(kept, last, strict=True)]):
        outputs = tf.identity(outputs)
    desk.begin()
    return [desk.run(outputs) for _ in range(3)]


@in_a_session
def saved_and_restored(rnn, desk):
    outputs, _ = rnn.dynamic_rnn(rnn.BasicLSTMCell(H), desk.x(), dtype=tf.float32)
    saver, path = v1.train.Saver(v1.trainable_variables()), str(desk.folder / "model.ckpt")
    desk.begin()
    before, _ = desk.run(outputs), saver.save(desk.session, path)
    desk.run([v1.assign(v, tf.zeros_like(v)) for v in v1.trainable_variables()])
    between, _ = desk.run(outputs), saver.restore(desk.session, path)
    return before, between, desk.run(outputs)


@in_a_session
def exported_and_read_again(rnn, desk):
    x = v1.placeholder(tf.float32, [None, T, D], name="x")
    outputs, _ = rnn.dynamic_rnn(rnn.GRUCell(H), x, desk.given(LENGTHS), dtype=tf.float32)
    tf.identity(outputs, name="outputs")
    desk.begin()
    path, value = v1.train.Saver().save(desk.session, str(desk.folder / "model")), numbers(B, T, D)
    feed = {"x:0": value, next(iter(desk.fed)).name: LENGTHS}
    with tf.Graph().as_default(), v1.Session() as session:
        v1.train.import_meta_graph(f"{path}.meta").restore(session, path)
        return session.run("outputs:0", feed)


@in_a_session
def exported_for_serving(rnn, desk):
    x = v1.placeholder(tf.float32, [None, T, D])
    outputs, _ = rnn.dynamic_rnn(rnn.BasicLSTMCell(H), x, dtype=tf.float32)
    desk.begin()
    path = str(desk.folder / "for_serving")
    v1.saved_model.simple_save(desk.session, path, inputs={"x": x}, outputs={"outputs": outputs})
    with tf.Graph().as_default(), v1.Session() as session:
        signature = v1.saved_model.load(session, ["serve"], path).signature_def["serving_default"]
        feed = {signature.inputs["x"].name: numbers(B, T, D)}
        return session.run(signature.outputs["outputs"].name, feed)


@in_a_session
def frozen(rnn, desk):
    outputs, _ = rnn.dynamic_rnn(rnn.BasicRNNCell(H), desk.x(), dtype=tf.float32)
    name, fed = outputs.op.name, {holder.name: value for holder, value in desk.fed.items()}
    desk.begin()
    graph_def = v1.graph_util.convert_variables_to_constants(
        desk.session, desk.session.graph.as_graph_def(), [name]
    )
    with tf.Graph().as_default(), v1.Session() as session:
        v1.import_graph_def(graph_def, name="")
        return session.run(f"{name}:0", fed)


def originals() -> SimpleNamespace:
    """The names of TF 1.x in one place; what stood in contrib written after its source."""
    names = {name: getattr(v1.nn.rnn_cell, name) for name in dir(v1.nn.rnn_cell) if name[0] != "_"}
    for name in ("static_rnn", "dynamic_rnn", "bidirectional_dynamic_rnn", "static_bidirectional_rnn"):
        names[name] = getattr(v1.nn, name)
    RNNCell = names["RNNCell"]

    def linear(values: Any, size: int) -> Any:
        kernel = v1.get_variable("kernel", [values.shape[-1], size])
        return values @ kernel + v1.get_variable("bias", [size], initializer=v1.zeros_initializer())

    class OutputProjectionWrapper(RNNCell):
        def __init__(self, cell: Any, output_size: int, activation: Any = None, reuse: Any = None):
            super().__init__(_reuse=reuse)
            self._cell, self._size, self._activation = cell, output_size, activation

        state_size = property(lambda self: self._cell.state_size)
        output_size = property(lambda self: self._size)

        def call(self, inputs: Any, state: Any) -> Any:
            output, state = self._cell(inputs, state)
            output = linear(output, self._size)
            return (self._activation(output) if self._activation else output), state

    class InputProjectionWrapper(RNNCell):
        def __init__(self, cell: Any, num_proj: int, activation: Any = None, input_size: Any = None):
            super().__init__()
            self._cell, self._size, self._activation = cell, num_proj, activation

        state_size = property(lambda self: self._cell.state_size)
        output_size = property(lambda self: self._cell.output_size)

        def call(self, inputs: Any, state: Any) -> Any:
            inputs = linear(inputs, self._size)
            return self._cell(self._activation(inputs) if self._activation else inputs, state)

    def stack_bidirectional_dynamic_rnn(cells_fw: Any, cells_bw: Any, inputs: Any, **words: Any) -> Any:
        states_fw, states_bw = [], []
        with v1.variable_scope("stack_bidirectional_rnn"):
            for n, cells in enumerate(zip(cells_fw, cells_bw, strict=True)):
                with v1.variable_scope(f"cell_{n}"):
                    outputs, (fw, bw) = v1.nn.bidirectional_dynamic_rnn(*cells, inputs, **words)
                inputs = tf.concat(outputs, 2)
                states_fw.append(fw)
                states_bw.append(bw)
        return inputs, tuple(states_fw), tuple(states_bw)

    def sequence_loss(
        logits: Any, targets: Any, weights: Any,
        average_across_timesteps: bool = True, average_across_batch: bool = True,
    ) -> Any:  # fmt: skip
        crossent = weights * tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits)
        if average_across_timesteps and average_across_batch:
            return tf.reduce_sum(crossent) / (tf.reduce_sum(weights) + 1e-12)
        if average_across_batch:
            return tf.reduce_sum(crossent, 0) / (tf.reduce_sum(weights, 0) + 1e-12)
        if average_across_timesteps:
            return tf.reduce_sum(crossent, 1) / (tf.reduce_sum(weights, 1) + 1e-12)
        return crossent

    made = [OutputProjectionWrapper, InputProjectionWrapper, stack_bidirectional_dynamic_rnn, sequence_loss]
    return SimpleNamespace(**names | {thing.__name__: thing for thing in made})


def arguments(original: Any) -> list[str]:
    """The names of its arguments by position, where it has some of its own."""
    calls = [kind.__init__ for kind in original.__mro__] if isinstance(original, type) else [original]
    for call in calls:
        kinds = {name: one.kind for name, one in inspect.signature(call).parameters.items()}
        if inspect.Parameter.VAR_POSITIONAL not in kinds.values():  # else its base class names them
            return [name for name, kind in kinds.items() if kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    return []


def write(rnn: Any, folder: Path) -> None:
    """What every idiom comes to with ``rnn`` in a session, or the error it ends in."""
    folder.mkdir()
    for name, function in (
        EVERYWHERE | IN_SESSIONS | {name: one for name, (one, _) in REFUSED.items()}
    ).items():
        try:
            values = perform(function, rnn, folder, sessions=True)
        except Exception as error:  # told by the test of this idiom
            values = {"error": np.array(f"{type(error).__name__}: {error}")}
        np.savez(folder / f"{name}.npz", **values)


def run_the_program_of_the_dictionary(place: Path) -> None:
    """Run the one program that the page shows and does not execute, as it stands there."""
    page = Path(__file__).resolve().parent.parent / "book" / "reference" / "tf1-dictionary.md"
    (program,) = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    (place / "program.py").write_text(program, encoding="utf-8")
    with (place / "dictionary.txt").open("w") as printed, redirect_stdout(printed):
        runpy.run_path(str(place / "program.py"))


if __name__ == "__main__":
    place = Path(sys.argv[1])
    run_the_program_of_the_dictionary(place)
    v1.disable_v2_behavior()  # the header of very many scripts
    write(originals(), place / "originals")
    by_position = {name: arguments(original) for name, original in vars(originals()).items()}
    (place / "arguments.json").write_text(json.dumps(by_position))
    import rnnbook.tf

    write(rnnbook.tf, place / "ours")
