"""What a cell is, and what may be a state. Oracle: the rules of the protocol, written out by hand."""

import re

import numpy as np
import pytest
from toys import CountingCell, NestedCell

from rnnbook.protocol import (
    Cell,
    LSTMStateTuple,
    assert_like_cell,
    map_state,
    same_structure,
)

MEMBERS = ["state_size", "output_size", "zero_state", "__call__"]
STRUCTURES = {  # no two of these are alike
    "leaf": 5,
    "pair": (5, 5),
    "triple": (5, 5, 5),
    "lstm": LSTMStateTuple(5, 5),
    "nested": (5, (5, 5)),
    "nested lstm": (5, LSTMStateTuple(5, 5)),
    "lstm of pairs": LSTMStateTuple((5, 5), (5, 5)),
    "single": (5,),
}


def object_with(names):
    """An object with exactly these members of a cell."""
    members = {"state_size": 5, "output_size": 2, "zero_state": lambda *_: 0, "__call__": lambda *_: 0}
    return type("Partial", (), {name: members[name] for name in names})()


@pytest.mark.parametrize("number", range(2 ** len(MEMBERS) - 1))
def test_assert_like_cell_lists_everything_missing_and_nothing_else(number):
    present = [name for place, name in enumerate(MEMBERS) if number >> place & 1]
    missing = [name for name in MEMBERS if name not in present]
    text = f"unroll: cell must have {', '.join(MEMBERS)}; got Partial without {', '.join(missing)}"
    with pytest.raises(TypeError, match=f"^{re.escape(text)}$"):
        assert_like_cell("unroll", object_with(present))


def test_assert_like_cell_accepts_an_object_with_the_four_members():
    assert_like_cell("unroll", object_with(MEMBERS))
    for cell in (CountingCell(np.zeros), NestedCell(np.zeros)):
        assert_like_cell("unroll", cell)
        assert isinstance(cell, Cell)


def test_assert_like_cell_tells_a_class_from_its_instance():
    text = "unroll: cell must be a cell; got the class CountingCell: call it first"
    with pytest.raises(TypeError, match=f"^{re.escape(text)}$"):
        assert_like_cell("unroll", CountingCell)


@pytest.mark.parametrize("size", [[5, 5], None, 2.5, (), (5, None), LSTMStateTuple(5, [3])])
def test_assert_like_cell_refuses_a_state_size_that_is_no_state(size):
    cell = object_with(MEMBERS)
    type(cell).state_size = size
    text = f"unroll: cell.state_size must be a whole number or a tuple of such; got {size!r}"
    with pytest.raises(TypeError, match=f"^{re.escape(text)}$"):
        assert_like_cell("unroll", cell)


def test_lstm_state_tuple_is_c_then_h_by_name_and_by_place():
    state = LSTMStateTuple(c="cell", h="output")
    assert LSTMStateTuple._fields == ("c", "h")
    assert (state[0], state[1]) == (state.c, state.h) == ("cell", "output")
    c, h = state
    assert (c, h) == ("cell", "output")


def test_map_state_keeps_every_structure_and_the_order_of_its_leaves():
    state = (1, LSTMStateTuple(2, (3, 4)), 5)
    mapped = map_state(lambda leaf: 10 * leaf, state)
    assert mapped == (10, LSTMStateTuple(20, (30, 40)), 50)
    assert type(mapped[1]) is LSTMStateTuple
    assert type(mapped[1].h) is tuple


def test_map_state_hands_the_leaves_of_all_states_to_the_function_side_by_side():
    a, b = LSTMStateTuple(7, (8, 9)), LSTMStateTuple(1, (2, 3))
    assert map_state(lambda x, y: x - y, a, b) == LSTMStateTuple(6, (6, 6))
    assert map_state(lambda x, y, z: (x, y, z), 1, 2, 3) == (1, 2, 3)


def test_map_state_takes_a_list_for_a_leaf():
    assert map_state(len, (["a", "b"], [])) == (2, 0)


@pytest.mark.parametrize(
    ("states", "came"),
    [
        (((1, 2), (1, 2, 3)), "('int', 'int') and ('int', 'int', 'int')"),
        (((1, 2.0), 5), "('int', 'float') and int"),
        ((5, (1, 2)), "int and ('int', 'int')"),
        ((LSTMStateTuple(1, 2), (1, 2)), "LSTMStateTuple(c='int', h='int') and ('int', 'int')"),
    ],
)
def test_map_state_refuses_states_of_different_structure(states, came):
    text = f"map_state: states must be of one structure; got {came}"
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        map_state(lambda *leaves: leaves, *states)


@pytest.mark.parametrize("one", STRUCTURES)
@pytest.mark.parametrize("other", STRUCTURES)
def test_same_structure_is_true_for_a_structure_and_itself_only(one, other):
    renamed = map_state(lambda size: f"array of {size}", STRUCTURES[other])
    assert same_structure(STRUCTURES[one], renamed) == (one == other)


def test_the_protocol_as_a_base_class_says_what_is_missing():
    class Mine(Cell):
        state_size = output_size = 5

    with pytest.raises(NotImplementedError, match="Mine must define zero_state"):
        Mine().zero_state(4)
    with pytest.raises(NotImplementedError, match="Mine must define __call__"):
        Mine()(np.ones((4, 3)), np.ones((4, 5)))
