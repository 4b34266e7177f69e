"""JAX: `jax.lax.scan` over time and, when it trains, over the steps too, in one `jax.jit`."""

from timeit import timeit

import jax
import jax.numpy as jnp
import numpy as np

from contestants import common
from contestants.common import Layer, Sine, Training, Work

CHUNK = 100  # steps of training in one call


def lstm_step(state, before):
    """One step from what the inputs add to the gates and what h adds: i, j, f, o."""
    c, _ = state
    i, j, f, o = jnp.split(before, 4, axis=-1)
    c = jax.nn.sigmoid(f + 1) * c + jax.nn.sigmoid(i) * jnp.tanh(j)
    return c, jnp.tanh(c) * jax.nn.sigmoid(o)


def lstm(inputs, kernel, bias):
    """Outputs [T, B, H] from inputs [T, B, D]; the inputs meet their rows of the kernel at once."""
    H = bias.size // 4
    zeros = jnp.zeros((inputs.shape[1], H), jnp.float32)

    def step(state, before):
        state = lstm_step(state, before + state[1] @ kernel[-H:])
        return state, state[1]

    return jax.lax.scan(step, (zeros, zeros), inputs @ kernel[:-H] + bias)[1]


def gru(inputs, gates_kernel, gates_bias, kernel, bias):
    """The GRU whose reset gate acts before the product."""
    H = bias.size

    def step(h, before):
        gates = jax.nn.sigmoid(before[:, : 2 * H] + h @ gates_kernel[-H:])
        r, u = jnp.split(gates, 2, axis=1)
        h = u * h + (1 - u) * jnp.tanh(before[:, 2 * H :] + (r * h) @ kernel[-H:])
        return h, h

    before = inputs @ jnp.hstack([gates_kernel[:-H], kernel[:-H]]) + jnp.hstack([gates_bias, bias])
    return jax.lax.scan(step, jnp.zeros((inputs.shape[1], H), jnp.float32), before)[1]


def simple_rnn(inputs, kernel, bias):
    """The basic layer."""
    H = bias.size

    def step(h, before):
        h = jnp.tanh(before + h @ kernel[-H:])
        return h, h

    return jax.lax.scan(step, jnp.zeros((inputs.shape[1], H), jnp.float32), inputs @ kernel[:-H] + bias)[1]


def sine_model(weights, inputs):
    """Predictions [N, 1] from windows [N, T, D]."""
    outputs = lstm(lstm(inputs.swapaxes(0, 1), *weights[:2]), *weights[2:4])
    return outputs[-1] @ weights[4] + weights[5]


def training(way: str, sine: Sine) -> Training:
    """Chunks of steps, each chunk one scan."""
    inputs, targets = jnp.asarray(sine.inputs), jnp.asarray(sine.targets)
    weights = [jnp.asarray(weight) for weight in sine.weights]
    state = [weights, [jnp.full_like(weight, common.ACCUMULATOR) for weight in weights]]

    def loss(weights, rows):
        return jnp.mean((sine_model(weights, inputs[rows]) - targets[rows]) ** 2)

    def step(state, rows):
        value, gradients = jax.value_and_grad(loss)(state[0], rows)
        sums = [a + g * g for a, g in zip(state[1], gradients, strict=True)]
        weights = [
            w - common.RATE * g / jnp.sqrt(a) for w, g, a in zip(state[0], gradients, sums, strict=True)
        ]
        return [weights, sums], value

    chunk = jax.jit(lambda state, order: jax.lax.scan(step, state, order), donate_argnums=0)

    def train(steps: int) -> None:
        nonlocal state
        order = jnp.asarray(sine.order(steps))
        for start in range(0, steps, CHUNK):
            state, losses = chunk(state, order[start : start + CHUNK])
        losses.block_until_ready()

    predict = jax.jit(sine_model)
    return Training(train, lambda inputs: np.asarray(predict(state[0], inputs)))


def layer(way: str, problem: Layer) -> Work:
    """One layer in one jitted function."""
    run = {"LSTM": lstm, "GRU": gru, "SimpleRNN": simple_rnn}[problem.kind]

    def loss(inputs, weights):
        return jnp.mean(run(inputs.swapaxes(0, 1), *weights) ** 2)

    inputs, weights = jnp.asarray(problem.inputs), [jnp.asarray(weight) for weight in problem.weights]
    compiled = jax.jit(jax.value_and_grad(loss, (0, 1)))

    def step():
        value, (d_inputs, d_weights) = jax.block_until_ready(compiled(inputs, weights))
        return value, [d_inputs, *d_weights]

    return Work(step, facts={"trace": timeit(step, number=1)})


def forecast(way: str, sine: Sine, task: str) -> Work:
    """All windows in one call, and a thousand steps of the model on its own in one call."""
    weights, windows = [jnp.asarray(weight) for weight in sine.weights], jnp.asarray(sine.test_inputs)
    if task == "cell":
        inputs, zeros = jnp.ones((1, 1)), jnp.zeros((1, common.UNITS))
        joined = jax.jit(lambda x, c, h: lstm_step((c, h), jnp.hstack([x, h]) @ weights[0] + weights[1]))
        return Work(lambda: joined(inputs, zeros, zeros)[1].block_until_ready())
    if task == "evaluate":
        predict = jax.jit(sine_model)
        return Work(lambda: np.asarray(predict(weights, windows)), len(windows))

    @jax.jit
    def free_run(weights, window):
        def step(window, _):
            prediction = sine_model(weights, window)  # [1, 1]
            return jnp.concatenate([window[:, 1:], prediction[:, None]], axis=1), prediction[0]

        return jax.lax.scan(step, window, length=1000)[1]

    return Work(lambda: np.asarray(free_run(weights, windows[:1])), 1000)
