"""The TensorFlow half: TF 1.x's cells and unrollers on TensorFlow 2.

A listing of the 1.x years runs again when its prefix changes, with sessions and without:
`import rnnbook.tf as rnn`, then `tf.nn.rnn_cell.X`, `tf.contrib.rnn.X` and
`tf.nn.dynamic_rnn` become `rnn.X`. See `rnnbook.scratch` for its twin in NumPy.
"""

try:  # here, before the modules below, so that one error can name the extra
    import keras  # noqa: F401
    import tensorflow  # noqa: F401
    import tqdm  # noqa: F401
except ModuleNotFoundError as error:
    needs = "rnnbook.tf needs TensorFlow, Keras and tqdm: pip install 'rnnbook[tf]'"
    raise ModuleNotFoundError(needs, name=error.name) from error

from rnnbook.protocol import Cell, LSTMStateTuple
from rnnbook.tf.attention import attend
from rnnbook.tf.basic_rnn import BasicRNNCell
from rnnbook.tf.bidirectional import bidirectional_dynamic_rnn
from rnnbook.tf.checkpoint import LoadedCheckpoint, load_tf1_checkpoint
from rnnbook.tf.convert import from_keras, to_keras
from rnnbook.tf.decode import beam_decode, greedy_decode
from rnnbook.tf.gru import GRUCell
from rnnbook.tf.lstm import BasicLSTMCell, LSTMCell
from rnnbook.tf.min_gru import MinGRUCell
from rnnbook.tf.projections import InputProjectionWrapper, OutputProjectionWrapper
from rnnbook.tf.sampling import sample_decode
from rnnbook.tf.scan import parallel_scan
from rnnbook.tf.tf1.functions import (
    sequence_loss,
    stack_bidirectional_dynamic_rnn,
    static_bidirectional_rnn,
)
from rnnbook.tf.tf1.rnn_cell import RNNCell
from rnnbook.tf.training import SequenceRegressor, fit, mean_squared_error
from rnnbook.tf.unroll import dynamic_rnn, last_output, static_rnn
from rnnbook.tf.wrappers import DropoutWrapper, MultiRNNCell, ResidualWrapper

__all__ = [
    "BasicLSTMCell",
    "BasicRNNCell",
    "Cell",
    "DropoutWrapper",
    "GRUCell",
    "InputProjectionWrapper",
    "LSTMCell",
    "LSTMStateTuple",
    "LoadedCheckpoint",
    "MinGRUCell",
    "MultiRNNCell",
    "OutputProjectionWrapper",
    "RNNCell",
    "ResidualWrapper",
    "SequenceRegressor",
    "attend",
    "beam_decode",
    "bidirectional_dynamic_rnn",
    "dynamic_rnn",
    "fit",
    "from_keras",
    "greedy_decode",
    "last_output",
    "load_tf1_checkpoint",
    "mean_squared_error",
    "parallel_scan",
    "sample_decode",
    "sequence_loss",
    "stack_bidirectional_dynamic_rnn",
    "static_bidirectional_rnn",
    "static_rnn",
    "to_keras",
]
