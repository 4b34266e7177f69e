"""The dictionary of TF 1.x names, line by line. Oracle: TensorFlow, Keras and the package as installed."""

import functools
import re
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import rnnbook.tf as rnn

v1 = tf.compat.v1
PAGE = Path(__file__).resolve().parent.parent / "book" / "reference" / "tf1-dictionary.md"
STATES = "gone|raises|works|changed"
HEADING = re.compile(rf"#+ (?:`([\w.]+)`)?.*?(?:: ({STATES}))?")
ROW = re.compile(r"\| (`.+?) \| (.+) \|")

# The public names of two modules of TensorFlow 1.x (from their __init__.py, in 2018), that no
# misspelt name may count as gone.
CONTRIB = {
    "contrib.rnn": """RNNCell LayerRNNCell BasicRNNCell BasicLSTMCell GRUCell LSTMCell LSTMStateTuple
        DropoutWrapper MultiRNNCell DeviceWrapper ResidualWrapper EmbeddingWrapper InputProjectionWrapper
        OutputProjectionWrapper LayerNormBasicLSTMCell LSTMBlockWrapper LSTMBlockCell GRUBlockCell
        GRUBlockCellV2 FusedRNNCell FusedRNNCellAdaptor TimeReversedFusedRNN LSTMBlockFusedCell
        CoupledInputForgetGateLSTMCell TimeFreqLSTMCell GridLSTMCell BidirectionalGridLSTMCell NASCell
        UGRNNCell IntersectionRNNCell PhasedLSTMCell ConvLSTMCell Conv1DLSTMCell Conv2DLSTMCell
        Conv3DLSTMCell HighwayWrapper GLSTMCell SRUCell IndRNNCell IndyGRUCell IndyLSTMCell
        AttentionCellWrapper CompiledWrapper static_rnn static_state_saving_rnn static_bidirectional_rnn
        stack_bidirectional_dynamic_rnn stack_bidirectional_rnn transpose_batch_time
        best_effort_input_batch_size""",
    "contrib.legacy_seq2seq": """attention_decoder basic_rnn_seq2seq embedding_attention_decoder
        embedding_attention_seq2seq embedding_rnn_decoder embedding_rnn_seq2seq embedding_tied_rnn_seq2seq
        model_with_buckets one2many_rnn_seq2seq rnn_decoder sequence_loss sequence_loss_by_example
        tied_rnn_seq2seq""",
}


def names(text: str) -> list[str]:
    return re.findall(r"`([\w.]+)`", text)


def lines() -> list[tuple[list[str], str, list[str]]]:
    """Of each line the old names, what they do today, and the names that stand in their place.

    A heading may give the module of the old names, and what all of them do.
    """
    found, module, state = [], "", ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if heading := HEADING.fullmatch(line):
            module, state = heading.group(1) or "", heading.group(2) or ""
        elif row := ROW.fullmatch(line):
            old, *new = row.group(1), *row.group(2).split(" | ")
            today = state or new.pop(0)
            if module:  # the last column is Keras' layers
                new[-1] = re.sub(r"`(\w+)`", r"`keras.layers.\1`", new[-1])
            found.append(
                ([f"{module}.{name}".lstrip(".") for name in names(old)], today, names(" ".join(new)))
            )
    return found


def find(root: object, dotted: str) -> object:
    return functools.reduce(getattr, dotted.split("."), root)


LINES = lines()
OLD = {name: today for old, today, _ in LINES for name in old}


def test_the_tables_are_long_enough_to_be_the_dictionary():
    assert len(OLD) > 130
    assert len(OLD) == sum(len(old) for old, _, _ in LINES), "a name stands twice"
    assert set(OLD.values()) == set(STATES.split("|"))


@pytest.mark.parametrize("module", CONTRIB)
def test_every_name_of_a_contrib_module_is_in_the_dictionary_and_no_other(module):
    listed = {name.rpartition(".")[2] for name in OLD if name.startswith(f"{module}.")}
    twins = {name.rpartition(".")[2] for name in OLD if name.startswith("nn.rnn_cell.")}
    public = set(CONTRIB[module].split())
    assert listed - public == set()
    assert public - listed - twins == set()


@pytest.mark.parametrize(("old", "today"), OLD.items(), ids=list(OLD))
def test_what_an_old_name_does_today(old, today):
    if today == "gone":
        with pytest.raises(AttributeError, match="has no attribute"):
            find(v1, old)
    elif today == "raises":
        with pytest.raises((AttributeError, RuntimeError), match=r"not available with Keras 3|eager"):
            use = find(v1, old)
            use(*{"gradients": (1.0, 1.0), "train.Saver": ()}.get(old, (tf.float32,)))
    else:
        assert USES[old]()


@pytest.mark.parametrize("new", [new for _, _, new in LINES], ids=[old[0] for old, _, _ in LINES])
def test_what_stands_in_the_place_of_an_old_name_exists(new):
    for replacement in new:
        module, _, rest = replacement.partition(".")
        if module in ("rnn", "keras", "tf"):
            assert find({"rnn": rnn, "keras": keras, "tf": tf}[module], rest) is not None


NEWER = {"MinGRUCell"}  # than TF 1.x


@pytest.mark.parametrize(
    "name",
    [name for name in sorted({*rnn.__all__} - NEWER) if name.endswith(("Cell", "Wrapper", "_rnn", "_loss"))],
)
def test_every_old_name_the_package_bears_is_in_the_dictionary(name):
    assert any(f"rnn.{name}" in new for _, _, new in LINES)


# What a name must do to be said to work, or to have changed.

X = np.random.default_rng(0).normal(size=(4, 2, 3)).astype("float32")
STEPS = tf.unstack(tf.constant(X), axis=1)


def cells() -> tuple[rnn.BasicRNNCell, rnn.BasicRNNCell]:
    return rnn.BasicRNNCell(5, num_inputs=3, seed=0), rnn.BasicRNNCell(5, num_inputs=3, seed=1)


def same(a: object, b: object) -> bool:
    return bool(np.allclose(a, b, atol=1e-6))


def static_unrollers_agree() -> bool:
    cell, _ = cells()
    return same(v1.nn.static_rnn(cell, STEPS, dtype=tf.float32)[0], rnn.static_rnn(cell, STEPS)[0])


def dynamic_unrollers_agree() -> bool:
    cell, _ = cells()
    return same(v1.nn.dynamic_rnn(cell, X, dtype=tf.float32)[0], rnn.dynamic_rnn(cell, X)[0])


def bidirectional_unrollers_agree() -> bool:
    theirs, _ = v1.nn.bidirectional_dynamic_rnn(*cells(), X, dtype=tf.float32)
    ours, _ = rnn.bidirectional_dynamic_rnn(*cells(), X)
    return same(theirs[0], ours[0]) and same(theirs[1], ours[1])


def static_bidirectional_unrollers_agree() -> bool:
    theirs, *_ = v1.nn.static_bidirectional_rnn(*cells(), STEPS, dtype=tf.float32)
    return same(theirs, rnn.static_bidirectional_rnn(*cells(), STEPS)[0])


def a_saved_state_is_an_initial_state() -> bool:
    class Saver:
        kept = tf.zeros((4, 5))

        def state(self, name: str) -> tf.Tensor:
            return self.kept

        def save_state(self, name: str, value: tf.Tensor) -> tf.Tensor:
            self.kept = value
            return tf.no_op()

    (cell, _), saver = cells(), Saver()
    for _ in range(2):
        theirs, _ = v1.nn.static_state_saving_rnn(cell, STEPS, saver, "h")
    _, state = rnn.static_rnn(cell, STEPS)
    return same(theirs, rnn.static_rnn(cell, STEPS, initial_state=state)[0])


def raw_rnn_runs_a_loop() -> bool:
    cell, _ = cells()

    def loop(t: tf.Tensor, output: tf.Tensor, state: tf.Tensor, _: object) -> tuple:
        if output is None:
            state = cell.zero_state(4, tf.float32)
        return tf.fill([4], t >= 2), tf.gather(STEPS, tf.minimum(t, 1)), state, output, None

    outputs, _, _ = v1.nn.raw_rnn(cell, loop)
    return same(tf.transpose(outputs.stack(), [1, 0, 2]), rnn.dynamic_rnn(cell, X)[0])


def a_session_finds_an_empty_graph() -> bool:
    with pytest.raises(RuntimeError, match="graph is empty"):
        v1.Session().run(tf.constant(1.0))
    return True


def a_variable_is_not_shared(reuse: bool = False) -> bool:
    with v1.variable_scope("dictionary"):
        first = v1.get_variable("w", [2])
        if reuse:
            v1.get_variable_scope().reuse_variables()
    with v1.variable_scope("dictionary", reuse=True):
        return first is not v1.get_variable("w", [2])


def a_seed_repeats() -> bool:
    drawn = []
    for _ in range(2):
        v1.set_random_seed(3)
        drawn.append(tf.random.normal([2]).numpy())
    return same(*drawn)


def an_old_optimizer_wants_a_function(old: str, *more: float) -> Callable[[], bool]:
    def check() -> bool:
        w, optimizer = tf.Variable(1.0), find(v1.train, old)(0.1, *more)
        with pytest.raises(RuntimeError, match="should be a function"):
            optimizer.minimize(w * w)
        optimizer.minimize(lambda: w * w)
        return 0 < w.numpy() < 1

    return check


def one_shot_iterators_are_functions() -> bool:
    dataset = tf.data.Dataset.range(3)
    assert not hasattr(dataset, "make_one_shot_iterator")
    return v1.data.make_one_shot_iterator(dataset).get_next().numpy() == 0


def the_global_step_is_found() -> bool:
    with tf.Graph().as_default():
        assert v1.train.get_global_step() is None
        return v1.train.get_or_create_global_step() is v1.train.get_global_step()


def as_in_tf_2(old: str, *args: object) -> Callable[[], bool]:
    def check() -> bool:
        theirs, ours = find(v1, old)(*args), find(tf, old)(*args)
        return all(map(same, theirs, ours)) if isinstance(ours, list) else same(theirs, ours)

    return check


USES: dict[str, Callable[[], object]] = {
    "nn.static_rnn": static_unrollers_agree,
    "nn.dynamic_rnn": dynamic_unrollers_agree,
    "nn.bidirectional_dynamic_rnn": bidirectional_unrollers_agree,
    "nn.static_bidirectional_rnn": static_bidirectional_unrollers_agree,
    "nn.static_state_saving_rnn": a_saved_state_is_an_initial_state,
    "nn.raw_rnn": raw_rnn_runs_a_loop,
    "Session": a_session_finds_an_empty_graph,
    "InteractiveSession": lambda: callable(v1.InteractiveSession),
    "global_variables_initializer": lambda: v1.global_variables_initializer() is None,
    "initialize_all_variables": lambda: v1.initialize_all_variables() is None,
    "get_variable": a_variable_is_not_shared,
    "variable_scope": a_variable_is_not_shared,
    "get_variable_scope": functools.partial(a_variable_is_not_shared, reuse=True),
    "trainable_variables": lambda: v1.trainable_variables() == [],
    "set_random_seed": a_seed_repeats,
    "placeholder_with_default": lambda: v1.placeholder_with_default(2.0, []).numpy() == 2.0,
    "nn.softmax_cross_entropy_with_logits": lambda: same(
        v1.nn.softmax_cross_entropy_with_logits(labels=X, logits=X),
        tf.nn.softmax_cross_entropy_with_logits(labels=X, logits=X),
    ),
    "random_normal": lambda: v1.random_normal([2, 3]).shape == (2, 3),
    "matmul": as_in_tf_2("matmul", X[0], X[0].T),
    "tanh": as_in_tf_2("tanh", X),
    "transpose": as_in_tf_2("transpose", X, [1, 0, 2]),
    "stack": as_in_tf_2("stack", STEPS),
    "unstack": as_in_tf_2("unstack", X),
    "sequence_mask": as_in_tf_2("sequence_mask", [2, 1]),
    "reverse_sequence": as_in_tf_2("reverse_sequence", X, [2, 1, 2, 2], 1),
    "clip_by_global_norm": lambda: same(
        v1.clip_by_global_norm([X], 1.0)[0], tf.clip_by_global_norm([X], 1.0)[0]
    ),
    "nn.embedding_lookup": lambda: same(v1.nn.embedding_lookup(X, [1, 0]), tf.gather(X, [1, 0])),
    "nn.dropout": lambda: same(v1.nn.dropout(X, keep_prob=1.0), tf.nn.dropout(X, rate=0.0)),
    "losses.mean_squared_error": lambda: same(
        v1.losses.mean_squared_error(labels=X, predictions=2 * X),
        rnn.mean_squared_error(tf.constant(2 * X), tf.constant(X)),
    ),
    "train.get_global_step": the_global_step_is_found,
    "train.get_or_create_global_step": lambda: v1.train.get_or_create_global_step().numpy() == 0,
    "train.AdagradOptimizer": an_old_optimizer_wants_a_function("AdagradOptimizer"),
    "train.AdamOptimizer": an_old_optimizer_wants_a_function("AdamOptimizer"),
    "train.MomentumOptimizer": an_old_optimizer_wants_a_function("MomentumOptimizer", 0.9),
    "train.RMSPropOptimizer": an_old_optimizer_wants_a_function("RMSPropOptimizer"),
    "train.GradientDescentOptimizer": an_old_optimizer_wants_a_function("GradientDescentOptimizer"),
    "data.make_one_shot_iterator": one_shot_iterators_are_functions,
}


def test_in_a_graph_the_old_names_do_what_they_did():
    cell, _ = cells()
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 2, 3])
        with v1.variable_scope("model"):
            first = v1.get_variable("w", [2])
        with v1.variable_scope("model", reuse=True):
            assert v1.get_variable("w", [2]) is first
        outputs, _ = v1.nn.dynamic_rnn(rnn.BasicRNNCell(5, seed=0), x, dtype=tf.float32)
        session.run(v1.global_variables_initializer())
        theirs = session.run(outputs, {x: X})
    assert same(theirs, rnn.dynamic_rnn(cell, X)[0])


def test_the_block_cells_compute_what_our_cells_compute():
    rng = np.random.default_rng(1)
    x, c, h = (rng.normal(size=(4, size)).astype("float32") for size in (3, 5, 5))
    lstm, gru, none = rnn.BasicLSTMCell(5, num_inputs=3), rnn.GRUCell(5, num_inputs=3), tf.zeros(5)
    peepholes = {"wci": none, "wcf": none, "wco": none, "use_peephole": False}
    block = tf.raw_ops.LSTMBlockCell(
        x=x, cs_prev=c, h_prev=h, w=lstm.kernel, b=lstm.bias, forget_bias=1.0, cell_clip=-1.0, **peepholes
    )
    output, state = lstm(tf.constant(x), rnn.LSTMStateTuple(tf.constant(c), tf.constant(h)))
    assert same(block.h, output) and same(block.cs, state.c)
    weights = {"w_ru": gru.gates_kernel, "w_c": gru.candidate_kernel}
    weights |= {"b_ru": gru.gates_bias, "b_c": gru.candidate_bias}
    block = tf.raw_ops.GRUBlockCell(x=x, h_prev=h, **weights)
    assert same(block.h, gru(tf.constant(x), tf.constant(h))[0])
