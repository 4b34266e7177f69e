"""Copies of a cell, a model, an optimizer: the same numbers, and a life of their own.

Oracle: the original, which is trained last.
"""

import copy
import pickle  # noqa: TID251  # a reader may pickle what this package makes; we read nothing that came from elsewhere
from itertools import pairwise

import numpy as np
import pytest
import tensorflow as tf
from kinds import KINDS, D, build
from toys import normal

import rnnbook.scratch as scratch
import rnnbook.tf as rnn
from rnnbook.scratch import activations

WAYS = {"deepcopy": copy.deepcopy, "pickle": lambda thing: pickle.loads(pickle.dumps(thing))}  # noqa: S301
every_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
B, T = 4, 6
OPTIMIZERS = {"SGD": scratch.SGD, "Adagrad": scratch.Adagrad, "Adam": scratch.Adam}


def data(seed):
    x = normal(B, T, D, seed=seed)
    return x, x.sum(axis=1)[:, :1]


def learn(model, optimizer, seed):
    """One step on one batch."""
    x, y = data(seed)
    if not isinstance(model, tf.Module):
        optimizer.step(model.weights, model.loss_and_gradients(x, y)[1])
        return
    with tf.GradientTape() as tape:
        loss = rnn.mean_squared_error(model(tf.constant(x)), tf.constant(y))
    weights = model.trainable_variables
    for weight, gradient in zip(weights, tape.gradient(loss, weights), strict=True):
        weight.assign_sub(0.1 * gradient)


def used(kind, optimizer=scratch.Adam):
    """A model that has predicted and learned, so that all it keeps for itself is there."""
    module = rnn if kind.startswith("tf") else scratch
    model, optimizer = module.SequenceRegressor(build(kind), 1, seed=1), optimizer(0.1)
    model.predict(data(0)[0])
    learn(model, optimizer, 0)
    return model, optimizer


def assert_apart(original):
    """The original and a copy by each way predict the same, and none learns from what another is taught."""
    trained, x = [way(original) for way in WAYS.values()] + [original], data(1)[0]
    # Each of the three does the same things in the same order, for dropout draws at every call.
    predicted, before = [model.predict(x) for model, _ in trained], []
    for model, optimizer in trained:
        before.append(model(x))
        learn(model, optimizer, 2)
    after = [model(x) for model, _ in trained]
    for one, other in [*pairwise(predicted), *pairwise(before)]:
        np.testing.assert_array_equal(one, other)
    for one, other in pairwise(after):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-13)
    assert np.any(np.abs(after[0] - before[0]) > 1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_a_copied_model_predicts_the_same_and_learns_apart(kind):
    assert_apart(used(kind))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_copied_optimizer_goes_on_where_the_original_stood(name):
    assert_apart(used("scratch GRUCell", OPTIMIZERS[name]))


@every_way
@pytest.mark.parametrize("kind", [kind for kind in KINDS if "Wrapper" not in kind])
def test_a_copied_cell_that_is_not_built_yet_draws_the_weights_of_its_seed(kind, way):
    name = kind.split()[1]
    module = rnn if kind.startswith("tf") else scratch
    if name == "MultiRNNCell":
        cell = module.MultiRNNCell([module.GRUCell(5, seed=1), module.BasicLSTMCell(4, seed=2)])
    else:
        cell = getattr(module, name)(5, seed=1)
    twin = way(cell)
    x = normal(B, D, dtype=np.dtype(getattr(cell.dtype, "name", cell.dtype)))
    np.testing.assert_array_equal(twin(x, twin.zero_state(B))[0], cell(x, cell.zero_state(B))[0])


@every_way
@pytest.mark.parametrize("name", ["tanh", "sigmoid", "relu", "identity"])
def test_a_copied_activation_and_its_derivative_are_the_same_functions(name, way):
    activation, values = getattr(activations, name), normal(3, 5)
    for one, other in zip(way(activation), activation, strict=True):
        np.testing.assert_array_equal(one(values), other(values))
