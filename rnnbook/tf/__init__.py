"""The TensorFlow half: TF 1.x's cells and unrollers on TensorFlow 2.

A listing of the 1.x years runs again when its prefix changes:
`import rnnbook.tf as rnn`, then `tf.nn.rnn_cell.X`, `tf.contrib.rnn.X` and
`tf.nn.dynamic_rnn` become `rnn.X`. See `rnnbook.scratch` for its twin in NumPy.
"""

from rnnbook.protocol import Cell, LSTMStateTuple
from rnnbook.tf.cells import BasicRNNCell
from rnnbook.tf.decode import greedy_decode
from rnnbook.tf.unroll import dynamic_rnn, last_output, static_rnn

__all__ = [
    "BasicRNNCell",
    "Cell",
    "LSTMStateTuple",
    "dynamic_rnn",
    "greedy_decode",
    "last_output",
    "static_rnn",
]
