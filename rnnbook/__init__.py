"""The package behind *The RNN book that runs*.

One idea holds it together: a cell takes one step and knows nothing of time;
an unroller owns time and knows nothing of gates.

    output, new_state = cell(inputs, state)

Where to find what:

- ``rnnbook.scratch``  cells, unroller and decoder in NumPy, with gradients written out
- ``rnnbook.tf``       the same names for TensorFlow 2, in TF 1.x's layout
- ``rnnbook.protocol`` what a cell is; ``LSTMStateTuple``
- ``rnnbook.data``     the batch and tables of the source, series, windows, padding
- ``rnnbook.figures``  every drawing and plot of the book

Importing ``rnnbook`` or ``rnnbook.scratch`` does not load TensorFlow.
"""
