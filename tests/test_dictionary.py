"""The dictionary of TF 1.x names, line by line. Oracle: TensorFlow, Keras and the package as installed."""

import functools
import re
from pathlib import Path

import keras
import pytest
import tensorflow as tf

import rnnbook.tf as rnn

PAGE = Path(__file__).resolve().parent.parent / "book" / "reference" / "tf1-dictionary.md"
LINE = re.compile(r"^\| (`.+?) \| (gone|raises|works) \| (.+) \|$", re.M)
LINES = LINE.findall(PAGE.read_text(encoding="utf-8"))


def names(text: str) -> list[str]:
    return re.findall(r"`([\w.]+)`", text)


def find(root: object, dotted: str) -> object:
    return functools.reduce(getattr, dotted.split("."), root)


def test_the_tables_are_long_enough_to_be_the_dictionary():
    assert len(LINES) > 50
    assert len({old for old, _, _ in LINES}) == len(LINES)


@pytest.mark.parametrize(("old", "today", "new"), LINES, ids=[old for old, _, _ in LINES])
def test_a_line_of_the_dictionary(old, today, new):
    name = names(old)[0]
    if today == "gone":
        with pytest.raises(AttributeError):
            find(tf.compat.v1, name)
    elif today == "raises":
        with pytest.raises((AttributeError, RuntimeError)):
            find(tf.compat.v1, name)(tf.float32)
    else:
        assert callable(find(tf.compat.v1, name))
    for replacement in names(new):
        module, _, rest = replacement.partition(".")
        if module in ("rnn", "keras", "tf"):
            assert find({"rnn": rnn, "keras": keras, "tf": tf}[module], rest) is not None


@pytest.mark.parametrize("name", [name for name in rnn.__all__ if name.endswith(("Cell", "Wrapper", "_rnn"))])
def test_every_old_name_the_package_bears_is_in_the_dictionary(name):
    if name != "Cell":
        assert any(f"`rnn.{name}`" in new for _, _, new in LINES)
