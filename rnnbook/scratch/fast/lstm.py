"""LSTM layers, the fast way: the equations of `BasicLSTMCell`, arranged for NumPy.

With 30 units a step is little work, and a plain loop spends its time between the numbers. Here the
calls are few, and no step makes a new array. `SequenceRegressor` comes here when its cells are
LSTMs; ../lstm.py and ../backprop.py say the same for reading, and the tests hold both equal.

One product. With [1, x(t), h(t-1)] as the input the bias is the first row of the kernel:
[i j f o] = [1, x, h] [b; W]. Two more lead back: [dx dh] = d[i j f o] W^T, and each step adds
[1, x, h]^T d[i j f o] to d[b; W]. The state before the first step is zero: its rows are left out.

One tanh. sigmoid(a) = 1/2 + 1/2 tanh(a/2), so all four gates are s tanh(s a) + 1 - s, with
s = 1/2 for i, f, o and s = 1 for j. The inner s goes into the columns of [b; W].

One derivative. d gate / d a = s^2 (1 - tanh(s a)^2). The forward pass has all it is multiplied by,
but for dc and dh: that is done for all steps at once, and the loop backward is left with
dc <- dc + dh o (1 - tanh(c)^2);  d[i j f] = slope dc;  do = slope dh;  dc <- dc f.

One column a sample. All is transposed, [4H, B] in place of [B, 4H], and time comes first: each gate
of each step is then one block of memory. The arrays, and the views of them that the loops walk
over, are made once.
"""

from itertools import pairwise
from typing import Any

import numpy as np

from rnnbook.scratch.cell import Cell
from rnnbook.scratch.lstm import BasicLSTMCell
from rnnbook.scratch.wrappers import MultiRNNCell


class LastOutput:
    """What `SequenceRegressor` asks of its cells, where they are LSTMs: the last output, and the way back.

    Making the arrays of a stack takes time. So those of the last call are kept here, and the next
    call of the same sizes takes them; who calls meanwhile, as another thread may, makes others.
    """

    def __init__(self) -> None:
        self.spare: LSTMStack | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles begin without arrays: views of one another would come apart in them."""
        return type(self), ()

    def run(self, cell: Cell, inputs: np.ndarray, *, backward: bool) -> tuple[np.ndarray, Any] | None:
        """The last output [B, H], and a function from its gradient to those of the weights by name.

        Or None: then the plain loop runs, or says what is wrong. The function may be called once,
        and is there only with ``backward``.
        """
        cells = _lstms(cell, inputs)
        if cells is None:
            return None
        stack, self.spare = self.spare, None  # nobody else may write in it now
        key = (cells, inputs.shape, inputs.dtype, backward)
        if stack is None or stack.key != key:
            stack = LSTMStack(*key)
        last = stack.forward(inputs).copy()
        if not backward:
            self.spare = stack
            return last, None

        def back(d_last: np.ndarray) -> dict[str, np.ndarray]:
            gradients = stack.backward(d_last)
            self.spare = stack
            return dict(zip(cell.weights, gradients, strict=True))

        return last, back


def _lstms(cell: Cell, inputs: np.ndarray) -> tuple[BasicLSTMCell, ...] | None:
    """The layers of ``cell`` where all are built LSTMs and fit ``inputs`` [B, T, D], else None."""
    # By type, not by isinstance: a subclass may take another step.
    cells: tuple[Any, ...] = cell.cells if type(cell) is MultiRNNCell else (cell,)
    if not all(type(one) is BasicLSTMCell for one in cells):
        return None
    if type(inputs) is not np.ndarray or inputs.ndim != 3 or 0 in inputs.shape:
        return None
    D, dtype = inputs.shape[2], inputs.dtype
    for one in cells:
        H = one.output_size
        weights = () if one.num_inputs is None else (one.kernel, one.bias)
        shapes = [w.shape for w in weights if type(w) is np.ndarray and w.dtype == dtype == one.dtype]
        if shapes != [(D + H, 4 * H), (4 * H,)]:
            return None
        D = H
    return cells


class LSTMStack:
    """Layers of LSTM over T steps, from the state zero to the last output of the last layer."""

    def __init__(self, cells: tuple[BasicLSTMCell, ...], shape: tuple[int, ...], dtype: Any, backward: bool):
        self.key = (cells, shape, dtype, backward)
        B, T, D = shape
        sizes = pairwise([D, *(cell.num_units for cell in cells)])
        self.layers = [
            _Layer(cell, D, T, B, backward, lowest=n == 0)
            for n, (cell, (D, _)) in enumerate(zip(cells, sizes, strict=True))
        ]
        self.d_outputs = np.zeros((T, cells[-1].num_units, B), dtype)

    def forward(self, inputs: np.ndarray) -> np.ndarray:
        """The last output [B, H], from inputs [B, T, D]; the next call writes over it."""
        x = inputs.transpose(1, 2, 0)  # [T, D, B]
        for layer in self.layers:
            x = layer.forward(x)  # [T, H, B]
        return x[-1].T

    def backward(self, d_last: np.ndarray) -> list[np.ndarray]:
        """The gradients of every kernel and bias, the first layer's first, given that of the output."""
        self.d_outputs[-1] = d_last.T
        d_h = self.d_outputs
        gradients: list[np.ndarray] = []
        for layer in reversed(self.layers):
            gradients = [*layer.backward(d_h), *gradients]
            d_h = layer.d_inputs
        return gradients


class _Layer:
    """The arrays of one layer, time first.

    Attributes:
        d_inputs: the gradient of all inputs [T, D, B], after `backward`; none in the lowest
            layer, where nobody asks for it.
    """

    def __init__(self, cell: BasicLSTMCell, D: int, T: int, B: int, backward: bool, *, lowest: bool):
        H, dtype = cell.num_units, cell.dtype
        self.cell, self.H = cell, H
        s = np.array([0.5, 1, 0.5, 0.5], dtype)  # of i, j, f, o
        self.s_columns = s.repeat(H)  # [4H]
        self.s = s.repeat(H * B).reshape(4, H * B)  # written out: NumPy multiplies by that faster
        self.rest = 1 - self.s
        self.weights = np.empty((1 + D + H, 4 * H), dtype)  # s [b; W]

        kept = T if backward else 1  # steps to remember
        self.joined = np.zeros((T + 1, 1 + D + H, B), dtype)  # [1, x(t), h(t-1)]
        self.joined[:, 0] = 1
        self.x, self.h = self.joined[:T, 1 : 1 + D], self.joined[1:, 1 + D :]
        self.tanh = np.empty((kept, 4, H, B), dtype)  # of s a
        self.gates = np.empty((kept, 4, H, B), dtype)
        self.c = np.zeros((T + 1, H, B), dtype)  # c(t-1)
        self.tanh_c = np.empty((kept, H, B), dtype)
        self.product = np.empty((H, B), dtype)
        of_step = [slice(1 + D)] + [slice(None)] * (T - 1)  # rows of [b; W]: h before the first is zero
        self.forward_steps = []
        for t, rows in enumerate(of_step):
            tanh, gates, tanh_c = self.tanh[t % kept], self.gates[t % kept], self.tanh_c[t % kept]
            product = self.weights[rows].T, self.joined[t, rows], tanh.reshape(4 * H, B)
            by_gate = tanh.reshape(4, H * B), gates.reshape(4, H * B), *gates
            self.forward_steps.append((*product, *by_gate, self.c[t], self.c[t + 1], tanh_c, self.h[t]))
        if not backward:
            return
        first = 1 + D if lowest else 1  # row of [b; W] whose factor has a gradient
        self.d_joined = np.empty((T, 1 + D + H - first, B), dtype)
        self.d_inputs = self.d_joined[:, :-H]
        self.d_c = np.empty((H, B), dtype)
        self.d_weights, self.added = np.empty_like(self.weights), np.empty_like(self.weights)
        self.rows = np.empty((T, B, 1 + D + H), dtype)  # joined, one row a sample
        self.backward_steps = []
        for t, rows in reversed(list(enumerate(of_step))):
            known = self.tanh_c[t], self.tanh[t, :3], self.tanh[t, 3], self.gates[t, 2]
            d_before = self.tanh[t].reshape(4 * H, B)
            sums = self.rows[t, :, rows].T, d_before, self.added[rows], self.d_weights[rows]
            back = self.weights[rows][first:]
            onward = back, self.d_joined[t, : len(back)], self.d_joined[t, -H:]
            self.backward_steps.append((known, sums, onward))

    def forward(self, inputs: np.ndarray) -> np.ndarray:
        """All outputs [T, H, B] from all inputs [T, D, B]."""
        cell, H, s, rest, product = self.cell, self.H, self.s, self.rest, self.product
        np.multiply(cell.kernel, self.s_columns, out=self.weights[1:])
        np.multiply(cell.bias, self.s_columns, out=self.weights[0])
        self.weights[0, 2 * H : 3 * H] += cell.forget_bias / 2
        self.x[...] = inputs
        for weights, joined, before, tanh, gates, i, j, f, o, c_old, c, tanh_c, h in self.forward_steps:
            np.matmul(weights, joined, out=before)
            np.tanh(before, out=before)  # tanh looks at the same memory, gate by gate
            np.multiply(tanh, s, out=gates)
            np.add(gates, rest, out=gates)
            np.multiply(f, c_old, out=c)
            np.multiply(i, j, out=product)
            np.add(c, product, out=c)
            np.tanh(c, out=tanh_c)
            np.multiply(o, tanh_c, out=h)  # into the next step's input
        return self.h

    def backward(self, d_outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The gradients of kernel and bias, given that of all outputs [T, H, B]."""
        # For all steps: what dc and dh are multiplied by, in the memory of what it is made of.
        slope, (i, j, _, o) = self.tanh, self.gates.swapaxes(0, 1)
        np.multiply(slope, slope, out=slope)
        np.subtract(1, slope, out=slope)
        factors = j, i, self.c[:-1], self.tanh_c
        for slope_of_gate, factor in zip(slope.swapaxes(0, 1), factors, strict=True):
            slope_of_gate *= factor
        into_c = self.tanh_c
        np.multiply(into_c, into_c, out=into_c)
        np.subtract(1, into_c, out=into_c)
        into_c *= o

        self.rows[...] = self.joined[:-1].swapaxes(1, 2)  # the product with d_before is faster so
        d_c, product = self.d_c, self.product
        d_h = np.zeros_like(d_c)
        d_c[...] = self.d_weights[...] = 0
        self.weights *= self.s_columns  # once more, for slope is without its s
        for (known, sums, onward), d_out in zip(self.backward_steps, d_outputs[::-1], strict=True):
            into_c, c_to_ijf, h_to_o, f = known
            np.add(d_h, d_out, out=d_h)
            np.multiply(d_h, into_c, out=product)
            np.add(d_c, product, out=d_c)
            np.multiply(c_to_ijf, d_c, out=c_to_ijf)  # into d_before, as the next
            np.multiply(h_to_o, d_h, out=h_to_o)
            np.multiply(d_c, f, out=d_c)
            joined, d_before, added, d_weights = sums
            np.matmul(joined, d_before.T, out=added)
            np.add(d_weights, added, out=d_weights)
            back, d_joined, d_h = onward
            np.matmul(back, d_before, out=d_joined)
        d_weights = self.d_weights * self.s_columns**2
        return d_weights[1:], d_weights[0]
