"""The NumPy half: every line of it is meant to be read. See `rnnbook.tf` for its twin."""

from rnnbook.protocol import Cell, LSTMStateTuple
from rnnbook.scratch.activations import Activation, identity, relu, sigmoid, tanh
from rnnbook.scratch.attention import attend
from rnnbook.scratch.backprop import backward_through_time, forward_through_time
from rnnbook.scratch.basic_rnn import BasicRNNCell
from rnnbook.scratch.bidirectional import unroll_bidirectional
from rnnbook.scratch.decode import beam_decode, greedy_decode
from rnnbook.scratch.gradcheck import gradient_check
from rnnbook.scratch.gru import GRUCell
from rnnbook.scratch.lstm import BasicLSTMCell
from rnnbook.scratch.min_gru import MinGRUCell
from rnnbook.scratch.optimizers import SGD, Adagrad, Adam, clip_by_global_norm
from rnnbook.scratch.sampling import sample_decode
from rnnbook.scratch.scan import parallel_scan
from rnnbook.scratch.training import SequenceRegressor, fit, mean_squared_error
from rnnbook.scratch.unroll import last_output, unroll
from rnnbook.scratch.wrappers import DropoutWrapper, MultiRNNCell

__all__ = [
    "SGD",
    "Activation",
    "Adagrad",
    "Adam",
    "BasicLSTMCell",
    "BasicRNNCell",
    "Cell",
    "DropoutWrapper",
    "GRUCell",
    "LSTMStateTuple",
    "MinGRUCell",
    "MultiRNNCell",
    "SequenceRegressor",
    "attend",
    "backward_through_time",
    "beam_decode",
    "clip_by_global_norm",
    "fit",
    "forward_through_time",
    "gradient_check",
    "greedy_decode",
    "identity",
    "last_output",
    "mean_squared_error",
    "parallel_scan",
    "relu",
    "sample_decode",
    "sigmoid",
    "tanh",
    "unroll",
    "unroll_bidirectional",
]
