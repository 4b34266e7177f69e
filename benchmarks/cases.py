"""Who competes, and in what."""

from typing import NamedTuple


class Contestant(NamedTuple):
    """A row of the table: its name, its file in contestants/, and the way it goes there."""

    name: str
    module: str
    way: str = ""


class Case(NamedTuple):
    """A block of the table: what all its contestants do."""

    task: str  # train, layer, forecast or unrolling
    kind: str
    H: int
    T: int
    B: int = 32
    busy: bool = False  # whether another program keeps one core busy meanwhile

    @property
    def title(self) -> str:
        """For people."""
        busy = ", one core busy with something else" if self.busy else ""
        return f"{self.task}: {self.kind}, B {self.B}, H {self.H}, T {self.T}{busy}"


TRAIN = (
    Contestant("Keras fit", "keras_layers"),
    Contestant("Keras fit, tuned", "keras_layers", "tuned"),
    Contestant("rnnbook.tf fit", "rnnbook_tf"),
    Contestant("rnnbook.scratch fit", "rnnbook_scratch"),
    Contestant("PyTorch", "pytorch"),
    Contestant("PyTorch, compiled", "pytorch", "compiled"),
    Contestant("JAX, scan", "jax_scan"),
)
LAYER = (
    Contestant("Keras", "keras_layers"),
    Contestant("Keras, unroll", "keras_layers", "unroll"),
    Contestant("rnnbook.tf dynamic_rnn", "rnnbook_tf"),
    Contestant("rnnbook.tf dynamic_rnn, lengths", "rnnbook_tf", "lengths"),
    Contestant("rnnbook.tf, tf.transpose", "rnnbook_tf", "transpose"),
    Contestant("rnnbook.tf, plain loop", "rnnbook_tf", "plain"),
    Contestant("rnnbook.tf static_rnn", "rnnbook_tf", "static"),
    Contestant("rnnbook.scratch", "rnnbook_scratch"),
    Contestant("PyTorch", "pytorch"),
    Contestant("JAX, scan", "jax_scan"),
)
FORECAST = (
    Contestant("Keras predict", "keras_layers", "predict"),
    Contestant("Keras, model(x)", "keras_layers", "call"),
    Contestant("Keras, tf.function", "keras_layers", "function"),
    Contestant("rnnbook.tf", "rnnbook_tf"),
    Contestant("rnnbook.tf, plain loop", "rnnbook_tf", "plain"),
    Contestant("rnnbook.scratch", "rnnbook_scratch"),
    Contestant("PyTorch", "pytorch"),
    Contestant("JAX, jit", "jax_scan"),
)
UNROLLING = (
    Contestant("static", "rnnbook_tf", "static plain"),
    Contestant("dynamic", "rnnbook_tf", "plain"),
)
CASES = [Case("train", "sine", 30, T) for T in (10, 1)]
CASES += [Case("layer", "LSTM", H, T) for H in (30, 128, 512) for T in (10, 100, 1000)]
CASES += [Case("layer", kind, H, 100) for kind in ("GRU", "GRU reset after", "SimpleRNN") for H in (30, 128)]
CASES += [Case("forecast", kind, 30, 10) for kind in ("evaluate", "free run", "cell")]
# As when notebooks are executed two at a time; what pays on idle cores only does not pay.
CASES += [Case("layer", "LSTM", H, 100, busy=True) for H in (30, 128)]
CASES += [Case("forecast", "evaluate", 30, 10, busy=True)]
QUICK = [case for case in CASES if case.H < 512 and case.T <= 100]
COSTS = [(UNROLLING[0], Case("unrolling", "SimpleRNN", 30, T)) for T in (10, 50, 200, 500)]
COSTS += [(UNROLLING[1], Case("unrolling", "SimpleRNN", 30, T)) for T in (10, 50, 200, 500, 1000)]
COSTS += [(way, Case("unrolling", "SimpleRNN", 256, T, 256)) for way in UNROLLING for T in (50, 200)]


def entrants(case: Case) -> list[Contestant]:
    """Who takes part."""
    if case.task == "train":
        return list(TRAIN)
    if case.kind == "cell":  # in Keras and in the package it has but one way
        return [c for c in FORECAST if c.way in ("", "call")]
    if case.task == "forecast":
        return list(FORECAST)
    unable = {"GRU": {"pytorch"}, "GRU reset after": {"rnnbook_tf", "rnnbook_scratch", "jax_scan"}}
    ways = {c.way for c in LAYER}
    if case.T > 100:  # a long static graph takes minutes to trace
        ways -= {"unroll", "static"}
    if case.T > 10:  # what transposing costs counts beside few steps
        ways -= {"transpose"}
    return [c for c in LAYER if c.module not in unable.get(case.kind, ()) and c.way in ways]
