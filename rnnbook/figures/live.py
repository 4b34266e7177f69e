"""A figure that answers a touch: in the built book an element of book/_static, elsewhere a line of words."""

import html
import json
from typing import Any

import numpy as np

DIGITS = 6  # significant ones of each number


class Live:
    """What a cell shows as its last expression: `<rnn-NAME>` with its data.

    The data stand in the page as the cell made them, so a figure and its page cannot disagree.
    """

    def __init__(self, name: str, label: str, data: dict[str, Any]):
        self.name, self.label, self.data = name, label, {key: _plain(value) for key, value in data.items()}

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
    """
    return Live(name, label, data)


def _plain(value: Any) -> Any:
    """As JSON knows it."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value
