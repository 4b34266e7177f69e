"""PyTorch: `torch.nn`, eager; and the step of training compiled as far as it compiles."""

from collections.abc import Callable
from timeit import timeit

import numpy as np
import torch

from contestants import common
from contestants.common import Layer, Sine, Training, Work, forget_third

ALL_THREADS = torch.get_num_threads()  # before any case has set another number


class SineModel(torch.nn.Module):
    """Two layers of `torch.nn.LSTM` and a readout with the common weights."""

    def __init__(self, sine: Sine):
        super().__init__()
        self.lstm = torch.nn.LSTM(sine.D, common.UNITS, num_layers=2, batch_first=True)
        self.readout = torch.nn.Linear(common.UNITS, 1)
        for n in range(2):
            kernel, bias = forget_third(*sine.weights[2 * n : 2 * n + 2])
            load(self.lstm, n, kernel[: -common.UNITS], kernel[-common.UNITS :], bias)
            getattr(self.lstm, f"bias_hh_l{n}").requires_grad_(False)  # else the bias learns twice
        with torch.no_grad():
            self.readout.weight.copy_(torch.tensor(sine.weights[4].T))
            self.readout.bias.zero_()

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.readout(self.lstm(inputs)[0][:, -1])


def load(
    layer: torch.nn.Module, n: int | str, kernel: np.ndarray, recurrent: np.ndarray, bias: np.ndarray
) -> None:
    """Write the weights of layer n; of the two biases that PyTorch adds, the second is zero."""
    end = f"_l{n}" if isinstance(n, int) else n
    values = {"weight_ih": kernel.T, "weight_hh": recurrent.T, "bias_ih": bias, "bias_hh": 0 * bias}
    with torch.no_grad():
        for name, value in values.items():
            getattr(layer, name + end).copy_(torch.tensor(value))


def best_threads(call: Callable[[], object]) -> int:
    """Leave torch with the number of threads, 1 or all, with which ``call`` is faster."""
    took = {}
    for threads in dict.fromkeys((1, ALL_THREADS)):
        torch.set_num_threads(threads)
        took[threads] = min(timeit(call, number=1) for _ in range(4))  # the first may be slow
    torch.set_num_threads(min(took, key=took.__getitem__))
    return torch.get_num_threads()


def training(way: str, sine: Sine) -> Training:
    """`torch.nn.LSTM` with `torch.optim.Adagrad`, eager; or cells written out and compiled."""
    torch.set_num_threads(1)  # the better of one and two here, tried on both shapes
    inputs, targets = torch.tensor(sine.inputs), torch.tensor(sine.targets)
    if way == "compiled":
        return compiled_training(sine, inputs, targets)
    model = SineModel(sine)
    adagrad = torch.optim.Adagrad(
        (p for p in model.parameters() if p.requires_grad),
        lr=common.RATE,
        initial_accumulator_value=common.ACCUMULATOR,
        fused=True,
    )

    def train(steps: int) -> None:
        for rows in torch.tensor(sine.order(steps)):
            adagrad.zero_grad()
            torch.nn.functional.mse_loss(model(inputs[rows]), targets[rows]).backward()
            adagrad.step()

    def predict(inputs: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return model(torch.tensor(inputs)).numpy()

    return Training(train, predict)


def compiled_training(sine: Sine, inputs: torch.Tensor, targets: torch.Tensor) -> Training:
    """`torch.compile` on the loss and on Adagrad; `torch.nn.LSTM` itself would not be compiled."""
    weights = [torch.tensor(weight, requires_grad=True) for weight in sine.weights]
    sums = [torch.full_like(weight, common.ACCUMULATOR) for weight in weights]

    def lstm(inputs: torch.Tensor, kernel: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        h = c = inputs.new_zeros(inputs.shape[1], common.UNITS)
        outputs = []
        for before in inputs @ kernel[: -common.UNITS] + bias:
            i, j, f, o = (before + h @ kernel[-common.UNITS :]).chunk(4, dim=1)
            c = torch.sigmoid(f + 1) * c + torch.sigmoid(i) * torch.tanh(j)
            h = torch.sigmoid(o) * torch.tanh(c)
            outputs.append(h)
        return torch.stack(outputs)

    def model(inputs: torch.Tensor) -> torch.Tensor:
        return lstm(lstm(inputs.transpose(0, 1), *weights[:2]), *weights[2:4])[-1] @ weights[4] + weights[5]

    loss = torch.compile(lambda x, y: torch.nn.functional.mse_loss(model(x), y))

    @torch.compile
    def adagrad(weights: list[torch.Tensor], sums: list[torch.Tensor], gradients: list[torch.Tensor]) -> None:
        for w, a, g in zip(weights, sums, gradients, strict=True):
            a.add_(g * g)
            w.sub_(common.RATE * g * torch.rsqrt(a))

    def train(steps: int) -> None:
        for rows in torch.tensor(sine.order(steps)):
            gradients = torch.autograd.grad(loss(inputs[rows], targets[rows]), weights)
            with torch.no_grad():
                adagrad(weights, sums, gradients)

    def predict(inputs: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return model(torch.tensor(inputs)).numpy()

    return Training(train, predict)


def layer(way: str, problem: Layer) -> Work:
    """A layer of `torch.nn`, with the better number of threads."""
    kernel, recurrent, bias = problem.joined
    if problem.kind == "LSTM":
        (kernel, bias), (recurrent, _) = forget_third(kernel, bias), forget_third(recurrent, bias)
        built = torch.nn.LSTM(problem.H, problem.H, batch_first=True)
    elif problem.kind == "SimpleRNN":
        built = torch.nn.RNN(problem.H, problem.H, batch_first=True)
    else:
        built = torch.nn.GRU(problem.H, problem.H, batch_first=True)
    load(built, 0, kernel, recurrent, bias)
    inputs, parameters = torch.tensor(problem.inputs, requires_grad=True), list(built.parameters())

    compared = None if problem.kind == "GRU reset after" else -1  # others have no second bias

    def step() -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        loss = built(inputs)[0].square().mean()
        return loss.detach(), torch.autograd.grad(loss, [inputs, *parameters])[:compared]

    return Work(step, facts={"threads": best_threads(step)})


def forecast(way: str, sine: Sine, task: str) -> Work:
    """The model asked for all windows, and left on its own; with the better number of threads."""
    model, windows = SineModel(sine), torch.tensor(sine.test_inputs)

    @torch.inference_mode()
    def free_run() -> np.ndarray:
        window, predictions = windows[:1], []
        for _ in range(1000):
            predictions.append(model(window))  # [1, 1]
            window = torch.cat([window[:, 1:], predictions[-1][:, None]], dim=1)
        return torch.cat(predictions).numpy()

    @torch.inference_mode()
    def evaluate() -> np.ndarray:
        return model(windows).numpy()

    if task == "cell":
        cell = torch.nn.LSTMCell(1, common.UNITS)
        kernel, bias = forget_third(sine.weights[0], sine.weights[1])
        load(cell, "", kernel[: -common.UNITS], kernel[-common.UNITS :], bias)
        inputs, zeros = torch.ones((1, 1)), torch.zeros((1, common.UNITS))
        one_step = torch.inference_mode()(lambda: cell(inputs, (zeros, zeros))[0])
        return Work(one_step, facts={"threads": best_threads(one_step)})
    call, units = (evaluate, len(windows)) if task == "evaluate" else (free_run, 1000)
    return Work(call, units, {"threads": best_threads(call)})
