"""A figure that answers a touch: in the built book an element of book/_static, elsewhere a line of words."""

import html
import json
import math
import re
from typing import Any

import numpy as np

from rnnbook import checks

DIGITS = 6  # significant ones of each number


class Live:
    """What a cell shows as its last expression: `<rnn-NAME>` with its data.

    The data stand in the page as the cell made them, so a figure and its page cannot disagree.
    """

    def __init__(self, name: str, label: str, data: dict[str, Any]):
        self.name, self.label, self.data = (
            name,
            label,
            {key: _plain(key, value) for key, value in data.items()},
        )

    def __repr__(self) -> str:
        return f"{self.label} (a figure that answers, in the built book)"

    def _repr_html_(self) -> str:
        data = html.escape(json.dumps(self.data, separators=(",", ":")), quote=False)
        return (
            f'<rnn-{self.name} class="live" aria-label="{html.escape(self.label)}">'
            f"<template>{data}</template>"
            f"<p>{html.escape(self.label)}: it answers in the built book, where scripts may run.</p>"
            f"</rnn-{self.name}>"
        )


def live(name: str, label: str, **data: Any) -> Live:
    """The interactive figure `name` with what it needs.

    Args:
        name: of the element and of its script: "adder" is `<rnn-adder>`, in book/_static/rnn-adder.js.
        label: what the figure is, for those who cannot see it.
        data: numbers, texts, arrays, and lists and dicts of them; of a number six digits are kept.

    Raises:
        ValueError: name: other signs than small letters and hyphens; data: NaN, or what JSON has no word for.
    """
    if not re.fullmatch("[a-z]+(-[a-z]+)*", str(name)):
        checks.fail("live", "name", "the name of an element, such as 'adder'", checks.shown(name))
    return Live(name, label, data)


def _plain(name: str, value: Any) -> Any:
    """As JSON knows it."""
    if isinstance(value, dict):
        return {key: _plain(f"{name}[{key!r}]", one) for key, one in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(f"{name}[{n}]", one) for n, one in enumerate(value)]
    if isinstance(value, float) and math.isfinite(value):
        return float(f"{value:.{DIGITS}g}")
    if value is None or isinstance(value, int | str):
        return value
    return checks.fail(
        "live", name, "finite numbers, texts, and arrays, lists and dictionaries of them", checks.shown(value)
    )
