"""Source B's printed tables, through every road.

Oracle: the source's own numbers, written here once more from its text. Its inputs, the recovered
weights and our unrollers meet only here; Keras and TF 1.x's unrollers take the same road.
"""

import numpy as np
import pytest
import tensorflow as tf
from unrollers import ROADS, SCRATCH

import rnnbook.scratch as scratch
import rnnbook.tf as rnn
from rnnbook import data

# float64: the weights were recovered from eight digits, and the source's `1.` stands for numbers
# up to 1.5e-7 below. float32: tanh adds up to four units in the last place of a number below one.
TOLERANCE = {"float64": 2e-7, "float32": 3e-7}
LENGTHS = [2, 1, 2, 2]
OUTPUTS = np.array(
    [
        [
            [-0.2964572, 0.82874775, -0.34216955, -0.75720584, 0.19011548],
            [0.51955646, 1.0, 0.99999022, -0.99984968, -0.24616946],
        ],
        [
            [-0.12842922, 0.99981797, 0.84704727, -0.99570125, 0.38665548],
            [-0.70553327, -0.11918639, 0.48885304, 0.08917919, -0.26579669],
        ],
        [
            [0.04731077, 0.99999976, 0.99330056, -0.999933, 0.55339795],
            [-0.32477224, 0.99996376, 0.99933046, -0.99711186, 0.10981458],
        ],
        [
            [0.70323634, 0.99309105, 0.99909431, -0.85363263, 0.7472108],
            [-0.43738723, 0.91517633, 0.97817528, -0.91763324, 0.11047263],
        ],
    ]
)
MASKED_OUTPUTS = OUTPUTS.copy()
MASKED_OUTPUTS[1, 1] = 0.0
MASKED_STATES = np.array(
    [
        [0.51955646, 1.0, 0.99999022, -0.99984968, -0.24616946],
        [-0.12842922, 0.99981797, 0.84704727, -0.99570125, 0.38665548],
        [-0.32477224, 0.99996376, 0.99933046, -0.99711186, 0.10981458],
        [-0.43738723, 0.91517633, 0.97817528, -0.91763324, 0.11047263],
    ]
)


def source_cell(module, dtype):
    w_x, w_h = data.source_weights(dtype)
    cell = module.BasicRNNCell(5, num_inputs=3, dtype=dtype)
    if module is scratch:
        cell.w_x[:], cell.w_h[:] = w_x, w_h
    else:
        cell.kernel.assign(np.vstack([w_x, w_h]))
    return cell


def by_our_roads(road):
    module = scratch if road in SCRATCH else rnn
    return lambda X, lengths: ROADS[road](source_cell(module, X.dtype), X, lengths)


def by_keras(X, lengths):
    layer = tf.keras.layers.SimpleRNN(5, return_sequences=True, return_state=True, dtype=X.dtype.name)
    layer.zero_output_for_mask = True  # the layer's own default repeats the last output
    layer.build(X.shape)
    layer.set_weights([*data.source_weights(X.dtype), np.zeros(5)])
    return layer(X, mask=None if lengths is None else data.sequence_mask(lengths, 2))


def by_tf_1_dynamic(X, lengths):
    return tf.compat.v1.nn.dynamic_rnn(source_cell(rnn, X.dtype), tf.constant(X), lengths, dtype=X.dtype)


def by_tf_1_static(X, lengths):
    steps = [tf.constant(X[:, 0]), tf.constant(X[:, 1])]
    cell = source_cell(rnn, X.dtype)
    outputs, state = tf.compat.v1.nn.static_rnn(cell, steps, dtype=X.dtype, sequence_length=lengths)
    return tf.stack(outputs, axis=1), state


def by_a_session(X, lengths):
    """The source's listing as it stands: placeholders, an unbuilt cell, an initialiser, a session."""
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        inputs, rows = v1.placeholder(X.dtype, [None, 2, 3]), v1.placeholder(tf.int32, [None])
        cell = rnn.BasicRNNCell(num_units=5, dtype=X.dtype)
        given = {} if lengths is None else {"sequence_length": rows}
        outputs_and_states = rnn.dynamic_rnn(cell, inputs, dtype=X.dtype, **given)
        v1.global_variables_initializer().run()
        session.run(cell.kernel.assign(np.vstack(data.source_weights(X.dtype))))
        return session.run(outputs_and_states, {inputs: X, rows: lengths or []})


ALL = {road: by_our_roads(road) for road in ROADS} | {
    "Keras": by_keras,
    "TF 1 dynamic_rnn": by_tf_1_dynamic,
    "TF 1 static_rnn": by_tf_1_static,
    "a session": by_a_session,
}
every_road = pytest.mark.parametrize("run", ALL.values(), ids=ALL)
every_dtype = pytest.mark.parametrize("dtype", TOLERANCE)


@every_road
@every_dtype
def test_two_steps_give_the_printed_outputs_and_the_last_of_them_as_state(run, dtype):
    outputs, state = run(data.source_batch(dtype), None)
    np.testing.assert_allclose(outputs, OUTPUTS, rtol=0, atol=TOLERANCE[dtype])
    np.testing.assert_allclose(state, OUTPUTS[:, 1], rtol=0, atol=TOLERANCE[dtype])


@every_road
@every_dtype
def test_with_lengths_the_printed_zeros_and_the_printed_states_come_out(run, dtype):
    outputs, state = run(data.source_batch(dtype), LENGTHS)
    np.testing.assert_allclose(outputs, MASKED_OUTPUTS, rtol=0, atol=TOLERANCE[dtype])
    np.testing.assert_allclose(state, MASKED_STATES, rtol=0, atol=TOLERANCE[dtype])
    np.testing.assert_array_equal(outputs[1, 1], np.zeros(5))


@every_dtype
def test_two_steps_by_hand_give_the_printed_outputs(dtype):
    (w_x, w_h), X = data.source_weights(dtype), data.source_batch(dtype)
    Y0 = np.tanh(X[:, 0] @ w_x)
    Y1 = np.tanh(Y0 @ w_h + X[:, 1] @ w_x)
    np.testing.assert_allclose(np.stack([Y0, Y1], axis=1), OUTPUTS, rtol=0, atol=TOLERANCE[dtype])


def test_the_package_holds_the_printed_outputs_digit_for_digit():
    np.testing.assert_array_equal(data.source_outputs(), OUTPUTS)
