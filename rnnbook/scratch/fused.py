"""LSTM layers, the fast way: the equations of `BasicLSTMCell`, arranged for NumPy.

With 30 units a step is little work, and a plain loop spends its time between the numbers. Here the
calls are few, and no step makes a new array. `SequenceRegressor` comes here when its cells are
LSTMs; lstm.py and backprop.py say the same for reading, and the tests hold both equal.

One product. With [1, x(t), h(t-1)] as the input the bias is the first row of the kernel:
[i j f o] = [1, x, h] [b; W]. Its gradient is one product as well, for all steps at once:
d[b; W] = sum over t of [1, x, h]^T d[i j f o].

One tanh. sigmoid(a) = 1/2 + 1/2 tanh(a/2), so all four gates are s tanh(s a) + 1 - s, with
s = 1/2 for i, f, o and s = 1 for j. The inner s goes into the columns of [b; W].

One derivative. d gate / d a = s^2 (1 - tanh(s a)^2). The forward pass has all it is multiplied by,
but for dc and dh: that is done for all steps at once, and the loop backward is left with
dc <- dc + dh o (1 - tanh(c)^2);  d[i j f] = slope dc;  do = slope dh;  dc <- dc f.

One column a sample. All is transposed, [4H, B] in place of [B, 4H]: each gate is then one block of
memory. The arrays, and the views of them that the loops walk over, are made once.
"""

from itertools import pairwise
from typing import Any

import numpy as np

from rnnbook.scratch.cell import Cell
from rnnbook.scratch.lstm import BasicLSTMCell
from rnnbook.scratch.wrappers import MultiRNNCell


def lstm_stack(
    cell: Cell, inputs: np.ndarray, *, backward: bool, spare: "LSTMStack | None" = None
) -> "LSTMStack | None":
    """The fast way for this call, or None: then the plain loop runs, or says what is wrong.

    Args:
        cell, inputs: those of the call.
        backward: whether `LSTMStack.backward` will follow.
        spare: a stack that nobody uses any more; it is taken if it fits, for making one takes time.
    """
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
    key = (cells, inputs.shape, dtype, backward)
    return spare if spare is not None and spare.key == key else LSTMStack(*key)


class LSTMStack:
    """Layers of LSTM over T steps, from the state zero to the last output of the last layer."""

    def __init__(self, cells: tuple[BasicLSTMCell, ...], shape: tuple[int, ...], dtype: Any, backward: bool):
        self.key = (cells, shape, dtype, backward)
        B, T, D = shape
        sizes = pairwise([D, *(cell.num_units for cell in cells)])
        self.layers = [_Layer(cell, D, T, B, backward) for cell, (D, _) in zip(cells, sizes, strict=True)]
        self.d_outputs = np.zeros((cells[-1].num_units, T, B), dtype)

    def forward(self, inputs: np.ndarray) -> np.ndarray:
        """The last output [B, H], from inputs [B, T, D]; the next call writes over it."""
        x = inputs.T  # [D, T, B]
        for layer in self.layers:
            x = layer.forward(x)  # [H, T, B]
        return x[:, -1].T

    def backward(self, d_last: np.ndarray) -> list[np.ndarray]:
        """The gradients of every kernel and bias, the first layer's first, given that of the output."""
        self.d_outputs[:, -1] = d_last.T
        d_h = self.d_outputs
        gradients: list[np.ndarray] = []
        for layer in reversed(self.layers):
            gradients = [*layer.backward(d_h), *gradients]
            if layer is not self.layers[0]:  # nobody asks for the gradient of the inputs
                d_h = layer.d_inputs()
        return gradients


class _Layer:
    """The arrays of one layer; T is the second axis of those that one product takes whole."""

    def __init__(self, cell: BasicLSTMCell, D: int, T: int, B: int, backward: bool):
        H, dtype = cell.num_units, cell.dtype
        self.cell, self.T, self.D, self.H = cell, T, D, H
        self.s = np.array([[0.5], [1], [0.5], [0.5]], dtype)  # of i, j, f, o
        self.s_columns = self.s.repeat(H)  # [4H]
        self.weights = np.empty((1 + D + H, 4 * H), dtype)  # s [b; W]

        kept = T if backward else 1  # steps to remember
        self.joined = np.zeros((1 + D + H, T + 1, B), dtype)  # [1, x(t), h(t-1)]
        self.joined[0] = 1
        self.x, self.h = self.joined[1 : 1 + D, :T], self.joined[1 + D :, 1:]
        self.tanh = np.empty((kept, 4, H, B), dtype)  # of s a
        self.gates = np.empty((kept, 4, H, B), dtype)
        self.c = np.zeros((T + 1, H, B), dtype)  # c(t-1)
        self.tanh_c = np.empty((kept, H, B), dtype)
        self.product = np.empty((H, B), dtype)
        self.forward_steps = []
        for t in range(T):
            tanh, gates, tanh_c = self.tanh[t % kept], self.gates[t % kept], self.tanh_c[t % kept]
            by_gate = tanh.reshape(4, H * B), gates.reshape(4, H * B), *gates
            before = self.joined[:, t], tanh.reshape(4 * H, B)
            self.forward_steps.append((*before, *by_gate, self.c[t], self.c[t + 1], tanh_c, self.h[:, t]))
        if not backward:
            return
        self.d_gates = np.empty((4, H, T, B), dtype)
        self.d_x = np.empty((D, T, B), dtype)
        self.d_h, self.d_c = np.empty((H, B), dtype), np.empty((H, B), dtype)
        d_flat = self.d_gates.reshape(4 * H, T, B)
        self.backward_steps = []
        for t in reversed(range(T)):
            known = self.tanh_c[t], self.tanh[t, :3], self.tanh[t, 3], self.gates[t, 2]
            wanted = self.d_gates[:3, :, t], self.d_gates[3, :, t], d_flat[:, t]
            self.backward_steps.append((t, *known, *wanted))

    def forward(self, inputs: np.ndarray) -> np.ndarray:
        """All outputs [H, T, B] from all inputs [D, T, B]."""
        cell, H, s, rest, product = self.cell, self.H, self.s, 1 - self.s, self.product
        np.multiply(cell.kernel, self.s_columns, out=self.weights[1:])
        np.multiply(cell.bias, self.s_columns, out=self.weights[0])
        self.weights[0, 2 * H : 3 * H] += cell.forget_bias / 2
        self.x[...] = inputs
        weights = self.weights.T
        for joined, before, tanh, gates, i, j, f, o, c_old, c, tanh_c, h in self.forward_steps:
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
        """The gradients of kernel and bias, given that of all outputs [H, T, B]."""
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

        d_h, d_c, product = self.d_h, self.d_c, self.product
        d_h[...] = d_c[...] = 0
        self.weights *= self.s_columns  # once more, for slope is without its s
        recurrent = self.weights[1 + self.D :]
        for t, into_c, slope_c, slope_h, f, d_ijf, d_o, d_before in self.backward_steps:
            np.add(d_h, d_outputs[:, t], out=d_h)
            np.multiply(d_h, into_c, out=product)
            np.add(d_c, product, out=d_c)
            np.multiply(slope_c, d_c, out=d_ijf)
            np.multiply(slope_h, d_h, out=d_o)
            np.multiply(d_c, f, out=d_c)
            if t:  # nor for that of the state zero
                np.matmul(recurrent, d_before, out=d_h)
        joined = self.joined[:, : self.T].reshape(len(self.joined), -1)  # [1+D+H, TB]
        d_weights = joined @ self.d_gates.reshape(4 * self.H, -1).T
        d_weights *= self.s_columns**2
        return d_weights[1:], d_weights[0]

    def d_inputs(self) -> np.ndarray:
        """The gradient of all inputs [D, T, B], after `backward`."""
        d_before = self.d_gates.reshape(4 * self.H, -1)  # [4H, TB]
        np.matmul(self.weights[1 : 1 + self.D], d_before, out=self.d_x.reshape(self.D, -1))
        return self.d_x
