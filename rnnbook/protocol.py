"""What a cell is: four members, and the shapes its state may take.

Letters: B batch, T time steps, D inputs, H units, O outputs (see book/notation.md).
"""

from collections.abc import Callable, Iterator, Sequence
from numbers import Integral
from typing import Any, NamedTuple, Protocol, runtime_checkable

HIDDEN_TOO = ("cells", "cell", "_cells", "_cell")  # wrappers of TF 1.x hid theirs
MEMBERS = ("state_size", "output_size", "zero_state", "__call__")


class LSTMStateTuple(NamedTuple):
    """The two states of an LSTM: ``c``, the cell state, and ``h``, the output.

    Read them by name. The order (c, h) is TensorFlow 1.x's; Keras returns (h, c).
    """

    c: Any
    h: Any


@runtime_checkable
class Cell(Protocol):
    """One step of a recurrent network.

    ``output, new_state = cell(inputs, state)`` with inputs [B, D], output [B, O].
    A state is an array [B, H], an `LSTMStateTuple`, or a tuple of states;
    ``state_size`` has the same structure with the sizes H in place of the arrays.
    """

    @property
    def state_size(self) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define state_size")

    @property
    def output_size(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} must define output_size")

    def zero_state(self, batch_size: Any, dtype: Any = None) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define zero_state")

    def __call__(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        raise NotImplementedError(f"{type(self).__name__} must define __call__")


def assert_like_cell(where: str, cell: object, more: Sequence[str] = ()) -> None:
    """Raise one TypeError that names every member ``cell`` lacks, of the four and of ``more``.

    >>> assert_like_cell("unroll", 5)
    Traceback (most recent call last):
    ...
    TypeError: unroll: cell must have state_size, output_size, zero_state, __call__; \
got int without state_size, output_size, zero_state, __call__
    """
    if isinstance(cell, type):  # a class has the members of its instances, but is no cell
        raise TypeError(f"{where}: cell must be a cell; got the class {cell.__name__}: call it first")
    needed = (*MEMBERS, *more)
    missing = [name for name in MEMBERS if not hasattr(cell, name)]
    missing += [name for name in more if not hasattr(type(cell), name) and not hasattr(cell, name)]
    if missing:
        came = f"{type(cell).__name__} without {', '.join(missing)}"
        raise TypeError(f"{where}: cell must have {', '.join(needed)}; got {came}")
    size: Any = cell.state_size  # type: ignore[attr-defined]  # hasattr says so
    sizes: list[Any] = []
    map_state(sizes.append, size)
    if not sizes or not all(isinstance(leaf, Integral) for leaf in sizes):
        raise TypeError(f"{where}: cell.state_size must be a whole number or a tuple of such; got {size!r}")
    width: Any = cell.output_size  # type: ignore[attr-defined]
    if not isinstance(width, Integral):
        raise TypeError(f"{where}: cell.output_size must be a whole number; got {width!r}")


def parts(cell: object, names: Sequence[str] = ("cells", "cell")) -> Iterator[Any]:
    """A cell and all cells inside it, which it holds under one of these names."""
    yield cell
    held = next((held for name in names if (held := getattr(cell, name, None)) is not None), ())
    for inner in held if isinstance(held, (list, tuple)) else (held,):
        if hasattr(inner, "state_size"):
            yield from parts(inner, names)


def begin(cell: object) -> None:
    """Tell a cell, and those inside it, that a sequence begins; `zero_state` needs no telling.

    A cell that wants to know has a method ``begin()``: variational dropout draws its masks then.
    """
    for part in parts(cell, HIDDEN_TOO):
        if callable(getattr(part, "begin", None)):
            part.begin()


def map_state(function: Callable[..., Any], *states: Any) -> Any:
    """Apply ``function`` to the leaves of one or more states of the same structure.

    >>> map_state(lambda size: 2 * size, LSTMStateTuple(5, (3, 4)))
    LSTMStateTuple(c=10, h=(6, 8))
    """
    first, *others = states
    if not all(same_structure(first, other) for other in others):
        came = " and ".join(str(map_state(lambda leaf: type(leaf).__name__, state)) for state in states)
        raise ValueError(f"map_state: states must be of one structure; got {came}")
    if not isinstance(first, tuple):
        return function(*states)
    parts = [map_state(function, *leaves) for leaves in zip(*states, strict=True)]
    return type(first)(*parts) if hasattr(first, "_fields") else tuple(parts)


def same_structure(a: Any, b: Any) -> bool:
    """Tell whether two states nest alike, whatever their leaves are.

    >>> same_structure((1, 2), (1, (2, 3)))
    False
    """
    if not (isinstance(a, tuple) and isinstance(b, tuple)):
        return isinstance(a, tuple) == isinstance(b, tuple)
    return (
        hasattr(a, "_fields") == hasattr(b, "_fields") and len(a) == len(b) and all(map(same_structure, a, b))
    )
