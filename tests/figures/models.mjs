// The two models that the figures train, for the tests and for benchmarks/figures.mjs.

import rnn from "../../book/_static/rnn.js";

/** Pairs of binary numbers, lowest digit first, [B, T, 2], and the digits of their sums, [B, T, 1]. */
export function sums(rng, B, T) {
  const pairs = rnn.zeros([B, T, 2]), total = rnn.zeros([B, T, 1]);
  for (let b = 0, n = 0; b < B; b++) {
    for (let t = 0, carry = 0; t < T; t++, n++) {
      pairs[2 * n] = rng.integers(0, 2);
      pairs[2 * n + 1] = rng.integers(0, 2);
      const column = pairs[2 * n] + pairs[2 * n + 1] + carry;
      total[n] = column % 2;
      carry = Number(column > 1);
    }
  }
  return [pairs, total];
}

const named = (cell, readout) => ({
  kernel: cell.kernel, bias: cell.bias, read: readout.kernel, "bias of read": readout.bias,
});

/** The network of book/1-memory/adding: it answers at every step. */
export function adding(seed) {
  const rng = rnn.generator(seed), cell = new rnn.BasicRNNCell(8, rnn.tanh, { numInputs: 2, seed });
  const readout = new rnn.Dense(1, { numInputs: 8, seed: seed + 1 }), adam = new rnn.Adam(0.02);
  readout.weights.kernel.forEach((_, n, kernel) => { kernel[n] = rng.normal(0, 0.5); });
  const weights = named(cell.weights, readout.weights);
  let states, tape;

  function train() {
    const [pairs, total] = sums(rng, 32, 8);
    [states, , tape] = rnn.forwardThroughTime(cell, pairs, null, null, tape);
    const [loss, dLogits] = rnn.sigmoidCrossEntropy(readout.call(states), total);
    const [dStates, dReadout] = readout.backward(states, dLogits);
    const [, , dCell] = rnn.backwardThroughTime(cell, tape, dStates);
    adam.step(weights, named(dCell, dReadout));
    return loss;
  }

  /** How many of B sums of T digits are right in every digit. */
  function right(B, T) {
    const [pairs, total] = sums(rnn.generator(99), B, T), logits = readout.call(rnn.unroll(cell, pairs)[0]);
    const wrong = new Set();
    total.forEach((digit, n) => { if (logits[n] > 0 !== digit > 0) wrong.add(Math.floor(n / T)); });
    return B - wrong.size;
  }

  return { train, right };
}

/** An LSTM of 30 units that sees ten points of a sine and forecasts the next, as in book/6-applications/sine-wave. */
export function sine(seed) {
  const B = 30, T = 10, H = 30, rng = rnn.generator(seed), cell = new rnn.BasicLSTMCell(H, 1, { numInputs: 1, seed });
  const readout = new rnn.Dense(1, { numInputs: H, seed: seed + 1 }), adagrad = new rnn.Adagrad();
  const weights = named(cell.weights, readout.weights);
  const windows = rnn.zeros([B, T, 1]), next = rnn.zeros([B, 1]), nothing = rnn.zeros([B, T, H]), zeros = rnn.zeros([B, H]);
  let state, tape;

  function train() {
    for (let b = 0; b < B; b++) {
      const start = rng.uniform(0, 2 * Math.PI);
      for (let t = 0; t < T; t++) windows[b * T + t] = Math.sin(start + 0.3 * t);
      next[b] = Math.sin(start + 0.3 * T);
    }
    [, state, tape] = rnn.forwardThroughTime(cell, windows, null, null, tape);
    const [loss, dForecast] = rnn.meanSquaredError(readout.call(state.h), next);
    const [dLast, dReadout] = readout.backward(state.h, dForecast);
    const [, , dCell] = rnn.backwardThroughTime(cell, tape, nothing, { c: zeros, h: dLast });
    adagrad.step(weights, named(dCell, dReadout));
    return loss;
  }

  return { train };
}
