"""The contestants of `benchmarks/bench.py`, a file for each, and what they have in common.

    keras_layers.py      keras.layers.LSTM and its kin, Model.fit, Model.predict
    pytorch.py           torch.nn, eager and compiled
    jax_scan.py          jax.jit around jax.lax.scan
    rnnbook_tf.py        the TensorFlow half of the package
    rnnbook_scratch.py   its NumPy half

Each has the functions `training`, `layer` and `forecast`, called with a way from the lists of
`bench.py` and the problem from `common.py`.
"""
