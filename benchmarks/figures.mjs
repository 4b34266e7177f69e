// Steps of training per second in the arithmetic of the figures: node benchmarks/figures.mjs
// The two models are those that the figures train; beside each stands what the figures need.

import rnn from "../book/_static/rnn.js";

/** The adding machine: every step of every row is answered. */
function adding() {
  const rng = rnn.generator(0);
  const cell = new rnn.BasicRNNCell(8, rnn.tanh, { numInputs: 2, seed: 0 });
  const readout = new rnn.Dense(1, { numInputs: 8, seed: 1 });
  const weights = { ...cell.weights, read: readout.weights.kernel, bias_of_read: readout.weights.bias };
  const adam = new rnn.Adam(0.02), pairs = rnn.zeros([32, 8, 2]), total = rnn.zeros([32, 8, 1]);
  let tape;
  return () => {
    for (let b = 0, n = 0; b < 32; b++) {
      for (let t = 0, carry = 0; t < 8; t++, n++) {
        const column = (pairs[2 * n] = rng.integers(0, 2)) + (pairs[2 * n + 1] = rng.integers(0, 2)) + carry;
        total[n] = column % 2;
        carry = column > 1 ? 1 : 0;
      }
    }
    const [states, , newTape] = rnn.forwardThroughTime(cell, pairs, null, null, tape);
    tape = newTape;
    const [loss, dLogits] = rnn.sigmoidCrossEntropy(readout.call(states), total);
    const [dStates, dRead] = readout.backward(states, dLogits);
    const [, , dCell] = rnn.backwardThroughTime(cell, tape, dStates);
    adam.step(weights, { ...dCell, read: dRead.kernel, bias_of_read: dRead.bias });
    return loss;
  };
}

/** The forecast of the sine: the last output of a window is read. */
function sine() {
  const B = 30, T = 10, H = 30, rng = rnn.generator(0);
  const cell = new rnn.BasicLSTMCell(H, 1, { numInputs: 1, seed: 0 });
  const readout = new rnn.Dense(1, { numInputs: H, seed: 1 });
  const weights = { ...cell.weights, read: readout.weights.kernel, bias_of_read: readout.weights.bias };
  const optimizer = new rnn.Adagrad(0.1), windows = rnn.zeros([B, T, 1]), next = rnn.zeros([B, 1]);
  const dOutputs = rnn.zeros([B, T, H]);
  let tape;
  return () => {
    for (let b = 0; b < B; b++) {
      const start = rng.uniform(0, 100);
      for (let t = 0; t < T; t++) windows[b * T + t] = Math.sin(start + 0.1 * t);
      next[b] = Math.sin(start + 0.1 * T);
    }
    const [, state, newTape] = rnn.forwardThroughTime(cell, windows, null, null, tape);
    tape = newTape;
    const [loss, dForecast] = rnn.meanSquaredError(readout.call(state.h), next);
    const [dLast, dRead] = readout.backward(state.h, dForecast);
    const dState = { c: rnn.zeros([B, H]), h: dLast };
    const [, , dCell] = rnn.backwardThroughTime(cell, tape, dOutputs, dState);
    optimizer.step(weights, { ...dCell, read: dRead.kernel, bias_of_read: dRead.bias });
    return loss;
  };
}

for (const [model, needed] of [[adding, 3000], [sine, 100]]) {
  const step = model(), first = step();
  const seconds = () => process.cpuUsage().user / 1e6; // of the processor: a busy machine does not show
  for (const warm = seconds() + 0.5; seconds() < warm; ) step();
  const start = seconds();
  let steps = 0, loss;
  for (; seconds() - start < 2; steps++) loss = step();
  const rate = Math.round(steps / (seconds() - start));
  console.log(`${model.name}: ${rate} steps/s (needed: ${needed}); loss ${first.toFixed(3)}, then ${loss.toFixed(4)}`);
}
