"""The weighted loss of sequences, over each choice of axes. Oracle: loops over the definition."""

import numpy as np
import pytest
from toys import normal

import rnnbook.tf as rnn

B, T, V = 4, 3, 5
LOGITS, TARGETS = normal(B, T, V), np.arange(B * T).reshape(B, T) % V
WEIGHTS = np.array([[1.0, 0.5, 0.0], [2.0, 1.0, 1.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]])


def cross_entropy(n, t):
    return np.log(np.exp(LOGITS[n, t]).sum()) - LOGITS[n, t, TARGETS[n, t]]


LOSSES = np.array([[WEIGHTS[n, t] * cross_entropy(n, t) for t in range(T)] for n in range(B)])
COUNTS = (WEIGHTS != 0).astype(float)


def over(divisor, axis):
    total, weight = LOSSES.sum(axis), divisor.sum(axis)
    return np.where(weight == 0, 0, total / np.where(weight == 0, 1, weight))


@pytest.mark.parametrize(
    ("averaged", "summed", "expected"),
    [
        ((True, True), (False, False), over(WEIGHTS, (0, 1))),
        ((False, True), (False, False), over(WEIGHTS, 0)),
        ((True, False), (False, False), over(WEIGHTS, 1)),  # a row of no weight at all has loss 0
        ((False, False), (True, True), over(COUNTS, (0, 1))),
        ((False, False), (False, True), over(COUNTS, 0)),
        ((False, False), (True, False), over(COUNTS, 1)),
        ((False, False), (False, False), LOSSES),
    ],
)
def test_it_is_averaged_or_summed_over_the_chosen_axes(averaged, summed, expected):
    loss = rnn.sequence_loss(LOGITS, TARGETS, WEIGHTS, *averaged, *summed)
    np.testing.assert_allclose(loss, expected, rtol=1e-12, atol=1e-12)


def test_another_loss_of_each_step_may_be_given():
    def wrong(labels, logits):
        return np.float64(logits.numpy().argmax(axis=-1) != labels.numpy())

    loss = rnn.sequence_loss(LOGITS, TARGETS, np.ones((B, T)), softmax_loss_function=wrong)
    assert loss == np.mean(LOGITS.argmax(axis=-1) != TARGETS)
