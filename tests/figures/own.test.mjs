// What `book/_static/rnn.js` must keep besides agreeing with the package: closed forms, finite differences, laws.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import vm from "node:vm";
import rnn from "../../book/_static/rnn.js";
import { adding, sine } from "./models.mjs";

const [B, T, D, H] = [3, 4, 2, 5];
const CELLS = {
  BasicRNNCell: (seed) => new rnn.BasicRNNCell(H, rnn.tanh, { numInputs: D, seed }),
  BasicLSTMCell: (seed) => new rnn.BasicLSTMCell(H, 0.7, { numInputs: D, seed }),
  GRUCell: (seed) => new rnn.GRUCell(H, { numInputs: D, seed }),
};
const leaves = (state) => (state.c ? [state.c, state.h] : [state]);

function normal(shape, seed = 0) {
  const rng = rnn.generator(seed);
  return rnn.array(rnn.zeros(shape).map(() => rng.normal()), shape);
}

function randomState(cell, seed) {
  const leaf = (n) => normal([B, H], seed + n);
  return cell.stateSize.c ? { c: leaf(0), h: leaf(1) } : leaf(0);
}

/** The largest difference, measured by the largest number of b. */
function relativeError(a, b) {
  assert.equal(a.length, b.length);
  const largest = (numbers) => Math.max(...numbers.map(Math.abs));
  return largest(a.map((number, n) => number - b[n])) / largest(b);
}

function finiteDifferences(loss, numbers, step = 1e-5) {
  return Float64Array.from(numbers, (here, n) => {
    numbers[n] = here + step;
    const above = loss();
    numbers[n] = here - step;
    const below = loss();
    numbers[n] = here;
    return (above - below) / (2 * step);
  });
}

test("two steps of the source's neurons give the numbers it prints", () => {
  const cell = new rnn.BasicRNNCell(2, rnn.tanh, { numInputs: 1 }), readout = new rnn.Dense(1, { numInputs: 2 });
  cell.weights.kernel.set([0.5, 0.6, 0.1, 0.2, 0.3, 0.4]);
  cell.weights.bias.set([0.1, -0.1]);
  readout.weights.kernel.set([1, 2]);
  readout.weights.bias.set([0.1]);
  const [states] = rnn.unroll(cell, rnn.array([[[1], [2]]]));
  const printed = [0.53704957, 0.46211716, 0.85973818, 0.88366641];
  printed.forEach((number, n) => assert.ok(Math.abs(states[n] - number) < 5e-9, `${states[n]}`));
  [1.56128388, 2.72707101].forEach((number, n) => assert.ok(Math.abs(readout.call(states)[n] - number) < 5e-8));
});

for (const [name, make] of Object.entries(CELLS)) {
  test(`${name}: every gradient, readout and loss included, is that of finite differences, ragged rows too`, () => {
    const cell = make(1), readout = new rnn.Dense(2, { numInputs: H, seed: 2 }), inputs = normal([B, T, D], 3);
    Object.values(cell.weights).forEach((weight, n) => normal(weight.shape, 10 + n).forEach((x, k) => { weight[k] += 0.3 * x; }));
    const start = randomState(cell, 4), targets = rnn.array(normal([B, T, 2], 5).map((x) => Number(x > 0)), [B, T, 2]);
    for (const lengths of [null, [0, 4, 2]]) {
      const loss = () => rnn.sigmoidCrossEntropy(readout.call(rnn.unroll(cell, inputs, lengths, start)[0]), targets)[0];
      const [outputs, , tape] = rnn.forwardThroughTime(cell, inputs, lengths, start);
      const [, dLogits] = rnn.sigmoidCrossEntropy(readout.call(outputs), targets);
      const [dOutputs, dReadout] = readout.backward(outputs, dLogits);
      const [dInputs, dStart, dParams] = rnn.backwardThroughTime(cell, tape, dOutputs);
      const checked = [[dInputs, inputs, "inputs"]];
      leaves(start).forEach((leaf, n) => checked.push([leaves(dStart)[n], leaf, `start ${n}`]));
      for (const weight in cell.weights) checked.push([dParams[weight], cell.weights[weight], weight]);
      for (const weight in readout.weights) checked.push([dReadout[weight], readout.weights[weight], weight]);
      for (const [gradient, numbers, what] of checked) {
        const error = relativeError(gradient, finiteDifferences(loss, numbers));
        assert.ok(error < 1e-6, `${what}: ${error}`);
      }
    }
  });

  test(`${name}: calling it step by step is unrolling it`, () => {
    const cell = make(1), inputs = normal([B, T, D], 2), [outputs, last] = rnn.unroll(cell, inputs);
    let state = cell.zeroState(B), output;
    for (let t = 0; t < T; t++) {
      const x = Array.from({ length: B }, (_, b) => Array.from(inputs.subarray((b * T + t) * D, (b * T + t + 1) * D)));
      [output, state] = cell.call(rnn.array(x), state);
      for (let b = 0; b < B; b++) {
        assert.deepEqual(output.subarray(b * H, (b + 1) * H), outputs.subarray((b * T + t) * H, (b * T + t + 1) * H));
      }
    }
    assert.deepEqual(leaves(state), leaves(last));
  });

  test(`${name}: a reused tape gives the results of a new one, in its own arrays`, () => {
    const cell = make(1), dOutputs = normal([B, T, H], 3);
    const go = (seed, start, lengths, tape) => {
      const run = rnn.forwardThroughTime(cell, normal([B, T, D], seed), lengths, start, tape);
      return [...run, rnn.backwardThroughTime(cell, run[2], dOutputs)];
    };
    const first = go(4, randomState(cell, 5), [1, 4, 0]), again = go(6, null, null, first[2]), fresh = go(6, null, null);
    assert.equal(again[2], first[2]);
    assert.equal(again[0], first[0]);
    assert.deepEqual([again[0], again[1], again[3]], [fresh[0], fresh[1], fresh[3]]);
    const other = rnn.forwardThroughTime(cell, normal([B, T + 1, D]), null, null, first[2])[2];
    assert.notEqual(other, first[2]);
  });
}

test("the generator: equal seeds give equal numbers, near seeds others, and the moments are right", () => {
  const draw = (seed, name, ...rest) => {
    const rng = rnn.generator(seed);
    return Float64Array.from({ length: 40_000 }, () => rng[name](...rest));
  };
  const mean = (numbers) => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  const variance = (numbers, m = mean(numbers)) => mean(numbers.map((x) => (x - m) ** 2));
  assert.deepEqual(draw(7, "random"), draw(7, "random"));
  const [one, other] = [draw(0, "random"), draw(1, "random")];
  assert.ok(Math.abs(mean(one.map((x, n) => (x - 0.5) * (other[n] - 0.5)))) < 0.002); // 5 of its deviations
  // 5 standard errors: 1/sqrt(12 N) for the mean of uniform numbers, 1/sqrt(N) and sqrt(2/N) for normal ones
  assert.ok(Math.abs(mean(one) - 0.5) < 0.0073 && Math.abs(variance(one) - 1 / 12) < 0.002);
  assert.ok(one.every((x) => x >= 0 && x < 1));
  const bell = draw(2, "normal");
  assert.ok(Math.abs(mean(bell)) < 0.025 && Math.abs(variance(bell) - 1) < 0.036);
  assert.ok(Math.abs(mean(bell.map((x) => x ** 4)) - 3) < 0.25); // no other bell: the fourth moment
  assert.ok(Math.abs(mean(draw(3, "normal", 2, 0.5)) - 2) < 0.0125);
  const range = draw(4, "uniform", -2, 3);
  assert.ok(Math.min(...range.subarray(0, 9999)) >= -2 && Math.abs(mean(range) - 0.5) < 0.037);
  assert.deepEqual([...new Set(draw(5, "integers", 3, 6))].sort(), [3, 4, 5]);
});

test("glorotUniform fills its range and no more", () => {
  const r = Math.sqrt(6 / 70), drawn = rnn.glorotUniform([30, 40], rnn.generator(0));
  assert.ok(drawn.every((x) => Math.abs(x) <= r) && Math.max(...drawn) > 0.98 * r && Math.min(...drawn) < -0.98 * r);
  assert.deepEqual(drawn.shape, [30, 40]);
});

test("softmax sums to one and does not overflow", () => {
  const p = rnn.softmax(rnn.array([[0, Math.log(3)], [1000, 1000]]));
  [0.25, 0.75, 0.5, 0.5].forEach((number, n) => assert.ok(Math.abs(p[n] - number) < 1e-15));
});

test("withWeights takes flat numbers and nested lists, and leaves what it is not given", () => {
  const cell = new rnn.BasicRNNCell(2, rnn.tanh, { numInputs: 1 });
  assert.equal(rnn.withWeights(cell, { kernel: [[1, 2], [3, 4], [5, 6]] }), cell);
  assert.deepEqual([...cell.weights.kernel], [1, 2, 3, 4, 5, 6]);
  assert.deepEqual([...cell.weights.bias], [0, 0]);
  const dense = rnn.withWeights(new rnn.Dense(1, { numInputs: 2 }), { kernel: rnn.array([7, 8]), bias: 9 });
  assert.deepEqual([...dense.weights.kernel, ...dense.weights.bias], [7, 8, 9]);
});

test("greedyDecode feeds each row its own token until it ends, and ignores what comes after", () => {
  const step = (tokens, count) => { // emits 1 while the count is above zero
    const logits = [...count].flatMap((n) => (n < -1 ? [NaN, NaN] : [0.5 - n, n - 0.5]));
    return [rnn.array(logits, [2, 2]), rnn.array(count.map((n) => n - 1), [2, 1])];
  };
  const start = rnn.array([[3], [0]]);
  assert.deepEqual(rnn.greedyDecode(step, start, 1, 0, 9), [[[1, 1, 1, 0], [0, 0, 0, 0]], [3, 0]]);
  assert.deepEqual(rnn.greedyDecode(step, start, 0, 0, 2), [[[1, 1], [0, 0]], [2, 0]]);
});

test("five networks of five learn to add, and go on to longer sums than they saw", () => {
  for (let seed = 0; seed < 5; seed++) {
    const network = adding(seed), first = network.train();
    let loss;
    for (let n = 0; n < 500; n++) loss = network.train();
    assert.ok(Math.abs(first - Math.log(2)) < 0.2 && loss < 0.02, `seed ${seed}: ${first}, ${loss}`);
    assert.equal(network.right(200, 8), 200, `seed ${seed}`);
    assert.ok(network.right(50, 40) >= 48, `seed ${seed}: ${network.right(50, 40)}`);
  }
});

test("the forecast of a sine becomes better than to repeat the last value", () => {
  const network = sine(0);
  const lastValue = 2 * Math.sin(0.15) ** 2; // the mean of (sin(x + 0.3) - sin(x))^2 over a period
  assert.ok(network.train() > lastValue);
  let loss;
  for (let n = 0; n < 60; n++) loss = network.train();
  assert.ok(loss < lastValue / 20, `${loss}`);
});

test("the file is a classic script, and its function alone makes a worker's rnn", () => {
  const text = readFileSync(new URL("../../book/_static/rnn.js", import.meta.url), "utf8");
  const page = vm.createContext({});
  vm.runInContext(text, page);
  const worker = vm.createContext({});
  vm.runInContext(`const rnn = (${vm.runInContext("String(rnnbook)", page)})(); globalThis.names = Object.keys(rnn);`, worker);
  const names = Object.keys(rnn).join();
  assert.equal(worker.names.join(), names);
  assert.equal(vm.runInContext("Object.keys(rnn).join()", page), names);
});

// A wrong call gets one clear error: what was called, and the error's text.
const cell = CELLS.BasicRNNCell(0), lstm = CELLS.BasicLSTMCell(0), batch = normal([B, T, D]), h = rnn.zeros([B, H]);
const tape = rnn.forwardThroughTime(cell, batch)[2], weights = { a: rnn.zeros([2]) };
const WRONG = [
  [() => rnn.array([[1, 2], [3]]), "array: values must be rows of one shape; got [2] and [1]"],
  [() => rnn.array([[1, "2"]]), "array: values must be numbers in nested lists; got 2"],
  [() => rnn.array([1, 2, 3], [2, 2]), "array: values must be 4 numbers; got 3"],
  [() => rnn.generator(-1), "generator: seed must be a whole number from 0 to 4294967296; got -1"],
  [() => new rnn.BasicRNNCell(0, rnn.tanh, { numInputs: 2 }), "BasicRNNCell: numUnits must be a whole number from 1 to 4294967296; got 0"],
  [() => new rnn.GRUCell(5), "GRUCell: numInputs must be a whole number from 1 to 4294967296; got undefined"],
  [() => new rnn.BasicRNNCell(5, Math.tanh, { numInputs: 2 }), "BasicRNNCell: activation must be one such as rnn.tanh; got a function"],
  [() => new rnn.BasicLSTMCell(5, NaN, { numInputs: 2 }), "BasicLSTMCell: forgetBias must be a finite number; got NaN"],
  [() => cell.zeroState(1.5), "BasicRNNCell.zeroState: B must be a whole number from 1 to 4294967296; got 1.5"],
  [() => cell.call(normal([B, D + 1]), h), "BasicRNNCell: inputs must be [B, D=2]; got shape [3, 3]"],
  [() => cell.call([[1, 2]], h), "BasicRNNCell: inputs must be [B, D=2]; got a plain Array"],
  [() => cell.call(normal([B, D])), "BasicRNNCell: state must be [B=3, H=5]; got undefined"],
  [() => lstm.call(normal([B, D]), h), "BasicLSTMCell: state.c must be [B=3, H=5]; got undefined"],
  [() => lstm.call(normal([B, D]), { c: h, h: rnn.zeros([B, 1]) }), "BasicLSTMCell: state.h must be [B=3, H=5]; got shape [3, 1]"],
  [() => rnn.unroll({}, batch), "unroll: cell must be a cell; got a plain Object"],
  [() => rnn.unroll(cell, normal([B, D])), "unroll: inputs must be [B, T, D=2]; got shape [3, 2]"],
  [() => rnn.unroll(cell, new Float32Array(6)), "unroll: inputs must be [B, T, D=2]; got a plain Float32Array"],
  [() => rnn.unroll(cell, rnn.zeros([B, 0, D])), "unroll: inputs must be [B, T, D=2]; got shape [3, 0, 2]"],
  [() => rnn.unroll(cell, batch, [1, 2]), "unroll: sequenceLength must be 3 numbers; got 2"],
  [() => rnn.unroll(cell, batch, [1, 2, 5]), "unroll: sequenceLength[2] must be a whole number from 0 to 4; got 5"],
  [() => rnn.unroll(cell, batch, null, rnn.zeros([B, 1])), "unroll: initialState must be [B=3, H=5]; got shape [3, 1]"],
  [() => rnn.forwardThroughTime(cell, null), "forwardThroughTime: inputs must be [B, T, D=2]; got null"],
  [() => rnn.backwardThroughTime(cell, {}, h), "backwardThroughTime: tape must be that of forwardThroughTime; got a plain Object"],
  [() => rnn.backwardThroughTime(lstm, tape, h), "backwardThroughTime: cell must be the one that ran forward; got a plain BasicLSTMCell"],
  [() => rnn.backwardThroughTime(cell, tape, h), "backwardThroughTime: dOutputs must be [3, 4, 5]; got shape [3, 5]"],
  [() => rnn.backwardThroughTime(cell, tape, normal([B, T, H]), batch), "backwardThroughTime: dState must be [B=3, H=5]; got shape [3, 4, 2]"],
  [() => rnn.backwardThroughTime(cell, tape, normal([B, T, H]), null, 0), "backwardThroughTime: truncate must be a whole number from 1 to 4294967296; got 0"],
  [() => new rnn.Dense(1), "Dense: numInputs must be a whole number from 1 to 4294967296; got undefined"],
  [() => new rnn.Dense(1, { numInputs: 2 }).call(h), "Dense: inputs must be [B, D=2]; got shape [3, 5]"],
  [() => new rnn.Dense(1, { numInputs: 2 }).backward(batch, h), "Dense.backward: dOutputs must be [3, 4, 1]; got shape [3, 5]"],
  [() => rnn.withWeights(new rnn.Dense(1, { numInputs: 2 }), { kernel: [1] }), "withWeights: kernel must be 2 numbers; got 1"],
  [() => rnn.withWeights(new rnn.Dense(1, { numInputs: 2 }), { read: [1] }), "withWeights: read must be a name of a weight; got 1"],
  [() => rnn.meanSquaredError(h, batch), "meanSquaredError: targets must be [3, 5]; got shape [3, 4, 2]"],
  [() => rnn.sigmoidCrossEntropy([1], [1]), "sigmoidCrossEntropy: logits must be an array with a shape; got a plain Array"],
  [() => rnn.softmax(1), "softmax: logits must be an array with a shape; got 1"],
  [() => new rnn.SGD(-1), "SGD: learningRate must be at least 0; got -1"],
  [() => new rnn.Adagrad(0.1, -1), "Adagrad: initialAccumulator must be at least 0; got -1"],
  [() => new rnn.Adam(0.1, "0.9"), "Adam: beta1 must be at least 0; got 0.9"],
  [() => new rnn.Adam().step(weights, { b: rnn.zeros([2]) }), "Adam.step: gradients must be named a; got b"],
  [() => new rnn.Adam().step(weights, { a: rnn.zeros([3]) }), "Adam.step: gradient of a must be [2]; got shape [3]"],
  [() => rnn.clipByGlobalNorm({ a: rnn.array([1]) }, 0), "clipByGlobalNorm: maxNorm must be above 0; got 0"],
  [() => rnn.clipByGlobalNorm({ a: rnn.array([NaN]) }, 1), "clipByGlobalNorm: the norm of the gradients must be a finite number; got NaN"],
  [() => rnn.attend(h, batch), "attend: query must be [B, S, H]; got shape [3, 5]"],
  [() => rnn.attend(normal([B, 1, H]), batch), "attend: memory must be [B=3, T, H=5]; got shape [3, 4, 2]"],
  [() => rnn.attend(batch, batch, [4, 0, 1]), "attend: memoryLength[1] must be a whole number from 1 to 4; got 0"],
  [() => rnn.greedyDecode(() => [batch, h], h, 0, 0, 5), "greedyDecode: logits must be [B=3, V]; got shape [3, 4, 2]"],
  [() => rnn.greedyDecode(() => [h, h], h, 0, 5, 5), "greedyDecode: endToken must be a whole number from 0 to 4; got 5"],
  [() => rnn.greedyDecode(() => [h, h], h, 0, 1, 0), "greedyDecode: maxSteps must be a whole number from 1 to 4294967296; got 0"],
  [() => rnn.greedyDecode(() => [rnn.zeros([B, H]).fill(NaN), h], h, 0, 1, 2), "greedyDecode: logits of step 0 must be numbers; got NaN in row 0"],
];
for (const [call, message] of WRONG) {
  test(`a wrong call says so: ${message}`, () => assert.throws(call, { name: "Error", message }));
}
