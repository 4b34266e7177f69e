"""LSTM layers made fast in NumPy: see lstm.py. The other cells need no such way to train a small model."""

from rnnbook.scratch.fast.lstm import LastOutput

__all__ = ["LastOutput"]
