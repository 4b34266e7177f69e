"""The NumPy half: every line of it is meant to be read. See `rnnbook.tf` for its twin."""

from rnnbook.protocol import Cell, LSTMStateTuple
from rnnbook.scratch.activations import Activation, identity, relu, sigmoid, tanh
from rnnbook.scratch.cells import BasicRNNCell
from rnnbook.scratch.decode import greedy_decode
from rnnbook.scratch.unroll import last_output, unroll

__all__ = [
    "Activation",
    "BasicRNNCell",
    "Cell",
    "LSTMStateTuple",
    "greedy_decode",
    "identity",
    "last_output",
    "relu",
    "sigmoid",
    "tanh",
    "unroll",
]
