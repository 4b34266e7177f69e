"""The checks by themselves: what they show of what came, and what they let pass."""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from error_tables import raises

from rnnbook import checks
from rnnbook.protocol import assert_like_cell


def test_a_message_shows_a_hundred_letters_of_what_came_and_not_one_more():
    # repr adds two quotation marks
    assert checks.shown("x" * 98) == f"'{'x' * 98}'"
    assert checks.shown("x" * 99) == f"'{'x' * 99}..."


def test_of_many_numbers_that_are_not_finite_the_first_is_named():
    with raises(ValueError, "f: values must be finite; got nan at [0, 1]"):
        checks.check_finite("f", "values", np.array([[0.0, np.nan], [np.inf, 1.0]]))


def test_a_shape_may_be_any_sequence():
    assert checks.static_shape(SimpleNamespace(shape=[4, 2, 3])) == (4, 2, 3)


def test_a_shape_of_tensorflow_becomes_a_tuple_and_an_unknown_rank_none():
    shape = checks.static_shape(tf.TensorSpec([None, 3]))
    assert type(shape) is tuple
    assert shape == (None, 3)
    assert checks.static_shape(tf.TensorSpec(None)) is None


def test_what_is_not_known_yet_passes_the_checks_of_shapes():
    unknown = tf.TensorSpec(None, tf.float32)
    checks.check_array("f", "values", unknown, "B D", {"D": 3})
    for one, other in (
        (unknown, np.ones(3)),
        (np.ones(3), unknown),
        (tf.TensorSpec([None, 3]), np.ones((4, 3))),
    ):
        checks.check_same_shape("f", "values", one, other)
        checks.check_same_shape("f", "values", other, one)


def test_a_thing_with_a_shape_but_no_dtype_is_no_array():
    with raises(TypeError, "f: values must be an array [B]; got a SimpleNamespace"):
        checks.check_array("f", "values", SimpleNamespace(shape=(4,)), "B", {})


def test_what_refuses_to_become_an_array_is_named():
    class Stubborn:
        def __array__(self, dtype=None, copy=None):
            raise TypeError("no")

    with raises(TypeError, "f: values must be numbers; got a Stubborn of unequal rows"):
        checks.to_array("f", "values", Stubborn(), "numbers")


def test_of_twenty_lengths_all_are_shown_and_of_more_the_first_wrong_one():
    twenty = [0, 3, *[1] * 17, 4]
    with raises(ValueError, f"f: lengths must be from 0 to T=3; got {twenty}"):
        checks.check_lengths("f", "lengths", twenty, 20, 3)
    # 0 and T are right; what stands before the wrong one must not be taken for it
    for wrong in (4, -1):
        with raises(ValueError, f"f: lengths must be from 0 to T=3; got {wrong} in row 20"):
            checks.check_lengths("f", "lengths", [0, 3, *[1] * 18, wrong], 21, 3)
    with raises(ValueError, "f: lengths must be from 0 to T; got -1 in row 20"):
        checks.check_lengths("f", "lengths", [0, 3, *[1] * 18, -1], 21, None)


def test_an_output_size_that_is_no_number_is_refused():
    cell = SimpleNamespace(state_size=5, output_size="5", zero_state=None, __call__=None)
    with pytest.raises(TypeError, match=r"f: cell.output_size must be a whole number; got '5'"):
        assert_like_cell("f", cell)


def test_a_dtype_that_numpy_cannot_read_is_refused():
    with raises(TypeError, "f: dtype must be a floating dtype of NumPy; got '(-1,)f4'"):
        checks.floating("f", "dtype", "(-1,)f4", "NumPy", np.dtype)
