"""Who competes, and in what."""

from typing import NamedTuple


class Contestant(NamedTuple):
    """A row of the table: its name, its file in contestants/, and the way it goes there."""

    name: str
    module: str
    way: str


class Case(NamedTuple):
    """A block of the table: what all its contestants do."""

    task: str  # train, layer or forecast
    kind: str
    H: int
    T: int
    B: int = 32

    @property
    def title(self) -> str:
        """For people."""
        if self.task == "train":
            return f"train the sine model, windows (N, {self.T}, {10 // self.T})"
        if self.task == "layer":
            return f"{self.kind} layer forward and backward, B {self.B}, D = H = {self.H}, T {self.T}"
        return {
            "evaluate": "1,000 windows of ten steps, for each",
            "free run": "the model on its own, for each step",
            "cell": "one step of an LSTM cell, B 1, D 1, H 30",
        }[self.kind]


TRAIN = (
    Contestant("Keras fit", "keras_layers", "default"),
    Contestant("Keras fit, tuned", "keras_layers", "tuned"),
    Contestant("rnnbook.tf fit", "rnnbook_tf", ""),
    Contestant("rnnbook.scratch fit", "rnnbook_scratch", ""),
    Contestant("PyTorch", "pytorch", "eager"),
    Contestant("PyTorch, compiled", "pytorch", "compiled"),
    Contestant("JAX, scan", "jax_scan", ""),
)
LAYER = (
    Contestant("Keras", "keras_layers", "default"),
    Contestant("Keras, unroll", "keras_layers", "unroll"),
    Contestant("rnnbook.tf dynamic_rnn", "rnnbook_tf", "dynamic"),
    Contestant("rnnbook.tf dynamic_rnn, lengths", "rnnbook_tf", "lengths"),
    Contestant("rnnbook.tf, tf.transpose", "rnnbook_tf", "transpose"),
    Contestant("rnnbook.tf, no halves", "rnnbook_tf", "whole"),
    Contestant("rnnbook.tf static_rnn", "rnnbook_tf", "static"),
    Contestant("rnnbook.scratch", "rnnbook_scratch", ""),
    Contestant("PyTorch", "pytorch", ""),
    Contestant("JAX, scan", "jax_scan", ""),
)
FORECAST = (
    Contestant("Keras predict", "keras_layers", "predict"),
    Contestant("Keras, model(x)", "keras_layers", "call"),
    Contestant("Keras, tf.function", "keras_layers", "function"),
    Contestant("rnnbook.tf", "rnnbook_tf", ""),
    Contestant("rnnbook.scratch", "rnnbook_scratch", ""),
    Contestant("PyTorch", "pytorch", ""),
    Contestant("JAX, jit", "jax_scan", ""),
)
CASES = [Case("train", "sine", 30, T) for T in (10, 1)]
CASES += [Case("layer", "LSTM", H, T) for H in (30, 128, 512) for T in (10, 100, 1000)]
CASES += [Case("layer", kind, H, 100) for kind in ("GRU", "GRU reset after", "SimpleRNN") for H in (30, 128)]
CASES += [Case("forecast", kind, 30, 10) for kind in ("evaluate", "free run", "cell")]
QUICK = [Case("train", "sine", 30, 10), *(Case("layer", "LSTM", *size) for size in ((30, 100), (128, 100)))]
QUICK += CASES[-3:]
MEMORY = [Case("layer", "LSTM", 30, T) for T in (100, 1000)]  # in a fresh process each


def entrants(case: Case) -> list[Contestant]:
    """Who takes part.

    Long static graphs take minutes to trace, transposing counts beside few steps, one kind of
    layer is enough to show the halves, and a cell has but one way in Keras.
    """
    if case.task == "train":
        return list(TRAIN)
    if case.task == "forecast":
        return [c for c in FORECAST if case.kind != "cell" or c.way not in ("predict", "function")]
    able = {"GRU": {"pytorch"}, "GRU reset after": {"rnnbook_tf", "rnnbook_scratch", "jax_scan"}}
    without = {"unroll", "static"} if case.T > 100 else set()
    without |= {"transpose"} if case.T > 10 else set()
    without |= {"whole"} if case.kind != "LSTM" else set()
    return [c for c in LAYER if c.module not in able.get(case.kind, ()) and c.way not in without]
