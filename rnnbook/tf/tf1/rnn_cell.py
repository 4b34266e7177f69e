"""The base class of TF 1.x's cells, for code that inherits from it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from numbers import Integral
from typing import Any

import tensorflow as tf

from rnnbook import checks
from rnnbook.tf.beside_keras import check_trained_by_keras
from rnnbook.tf.cell import Cell
from rnnbook.tf.run_time import as_written, size, sized
from rnnbook.tf.tf1.scopes import in_session, name_cell, scope_of
from rnnbook.tf.wrappers import DropoutWrapper

v1 = tf.compat.v1


class RNNCell(Cell):
    """A cell of your own that inherits, as in TF 1.x; a cell of the protocol need not.

    Give it ``state_size`` and ``output_size``, and ``call(inputs, state)`` that returns
    ``output, new_state``. There `get_variable` makes a weight at the first call and finds it
    again at every later one, with a session and without. ``build(inputs_shape)`` may make
    them with ``add_weight`` instead.

    Args:
        name: of its scope; None means that of its class.
        dtype: of its weights; None means that of the first inputs.

    >>> class Sum(RNNCell):
    ...     state_size = output_size = 3
    ...     def call(self, inputs, state):
    ...         scale = tf.compat.v1.get_variable("scale", [3], initializer=tf.ones_initializer())
    ...         return scale * inputs + state, scale * inputs + state
    >>> cell = Sum()
    >>> for _ in range(2):
    ...     output, state = cell(tf.ones((4, 3)), cell.zero_state(4))
    >>> float(output[0, 0]), len(cell.trainable_variables)
    (1.0, 1)

    Taught in: book/reference/tf1-dictionary. Source: TensorFlow 1.x, RNNCell.
    """

    built, trainable = False, True

    def __init__(
        self, trainable: bool = True, name: str | None = None, dtype: Any = None, _reuse: Any = None
    ):
        name_cell(self, name, _reuse)
        super().__init__()
        self.trainable = trainable
        self._dtype = None if dtype is None else tf.as_dtype(dtype)

    def __init_subclass__(cls, **words: Any):
        super().__init_subclass__(**words)
        if "__call__" in vars(cls):  # the way before TF 1.2; the scopes in it are the user's
            cls.__call__ = _keeping(cls.__call__)  # type: ignore[method-assign]
        if "build" in vars(cls):
            cls.build = _by_shape(cls.build)  # type: ignore[method-assign]

    def build(self, inputs_shape: Any) -> None:
        """Make the weights, where ``call`` does not."""
        self.built = True

    def begin(self) -> None:
        """A sequence begins: tell the cells that this one holds, under whatever name."""
        for part in self.submodules:
            if isinstance(part, DropoutWrapper):
                part.begin()

    def zero_state(self, batch_size: Any, dtype: Any = None) -> Any:
        self.begin()
        sizes = tf.nest.flatten(self.state_size)
        if all(isinstance(one, Integral) for one in sizes) and not isinstance(self.state_size, list):
            return super().zero_state(batch_size, dtype)

        def zeros(shape: Any) -> tf.Tensor:
            return tf.zeros([batch_size, *tf.TensorShape(shape).as_list()], dtype or self.dtype)

        return tf.nest.map_structure(zeros, self.state_size)  # for steps by hand; the unrollers refuse it

    def call(self, inputs: tf.Tensor, state: Any) -> tuple[tf.Tensor, Any]:
        """The step itself: ``output, new_state``."""
        checks.fail(self.kind, "call", "defined by the class that inherits", "none", TypeError)

    def add_weight(
        self,
        name: str,
        shape: Any,
        dtype: Any = None,
        initializer: Any = None,
        trainable: bool = True,
        **words: Any,
    ) -> tf.Variable:
        """A weight of that name; what else `get_variable` takes, it takes too."""
        trainable = trainable and self.trainable
        return v1.get_variable(name, shape, dtype or self.dtype, initializer, trainable=trainable, **words)

    add_variable = add_weight

    def __call__(self, inputs: tf.Tensor, state: Any, scope: Any = None) -> tuple[tf.Tensor, Any]:
        """One step: ``output [B, O], new_state = cell(inputs [B, D], state)``."""
        state = _of_the_same_rows(self, inputs, state)
        self._dtype = self._dtype or tf.as_dtype(tf.nest.flatten(inputs)[0].dtype)
        with scope_of(self, scope), _kept(self):
            if not self.built:
                self.build(tf.nest.map_structure(lambda array: tf.TensorShape(array.shape), inputs))
                self.built = True
            return self.call(inputs, state)


def _keeping(call: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(call)
    def kept(self: Any, inputs: Any, state: Any, *scope: Any, **words: Any) -> Any:
        state = _of_the_same_rows(self, inputs, state)
        with _kept(self):
            return call(self, inputs, state, *scope, **words)

    return kept


def _by_shape(build: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(build)
    def built(self: Any, inputs_shape: Any) -> None:
        """The cells of the package, and what holds cells, build by the number of inputs."""
        with _kept(self):
            build(
                self, tf.TensorShape([None, inputs_shape]) if isinstance(inputs_shape, int) else inputs_shape
            )

    return built


@as_written
def _of_the_same_rows(cell: Any, inputs: Any, state: Any) -> Any:
    """The state, whose arrays must have the rows of the inputs and the sizes of ``state_size``.

    Where ``state_size`` or the state are of a structure that the unrollers refuse, only they do.
    """
    sizes, arrays = tf.nest.flatten(getattr(cell, "state_size", None)), tf.nest.flatten(state)
    first = tf.nest.flatten(inputs)[0]
    if len(sizes) != len(arrays) or not all(isinstance(one, Integral) for one in sizes):
        return state
    if not all(hasattr(array, "shape") for array in (first, *arrays)):
        return state
    rows = size(first, 0)
    known = {"B": rows if isinstance(rows, int) else None}
    for n, (array, H) in enumerate(zip(arrays, sizes, strict=True)):
        checks.check_array(cell.kind, "state", array, "B H", known | {"H": H})
        if not tf.executing_eagerly():  # eagerly all sizes are known
            arrays[n] = sized(cell.kind, "state", tf.convert_to_tensor(array), "B H", {"B": rows, "H": H})
    return tf.nest.pack_sequence_as(state, arrays)


@tf.autograph.experimental.do_not_convert
@contextmanager
def _kept(cell: Any) -> Iterator[None]:
    """Let `get_variable` find again what ``cell`` made: without a session TensorFlow makes it anew."""
    if in_session():  # there the scopes find it
        yield
        return
    outside = v1.get_variable_scope()
    if "_made" not in vars(cell):
        cell._made = {}  # an attribute, for checkpoints keep what is in one
    made = cell._made

    def find(getter: Callable[..., Any], name: str, *args: Any, **words: Any) -> Any:
        inner = name.removeprefix(f"{outside.name}/")
        if inner not in made:
            with tf.init_scope():  # it outlives the function that first called the cell
                made[inner] = getter(name, *args, **words)
        return made[inner]

    with v1.variable_scope(outside, custom_getter=find):
        yield
    check_trained_by_keras(cell)
