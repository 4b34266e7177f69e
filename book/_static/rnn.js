// The arithmetic of the book's figures: `rnnbook/scratch` in JavaScript, with its equations, weights and order of
// arguments. Left out: dtypes but float64, building at the first call, wrappers, time_major.
// All stands in one function, its body not indented: new Blob([`const rnn = (${rnnbook})(); ...`]) makes a worker.

function rnnbook() {
"use strict";

// --- Arrays: a Float64Array, row by row, that knows its shape. Letters as in book/notation.

function zeros(shape) {
  const made = new Float64Array(shape.reduce((a, b) => a * b, 1));
  made.shape = shape;
  return made;
}

/** From nested lists, array([[1, 2], [3, 4]]), or from flat numbers and their shape. */
function array(values, shape = shapeOf(values)) {
  const flat = Array.from(values).flat(Infinity), made = zeros(shape);
  if (flat.length !== made.length) fail("array", "values", `${made.length} numbers`, flat.length);
  made.set(flat);
  return made;
}

function shapeOf(list) {
  if (typeof list === "number") return [];
  if (!Array.isArray(list)) fail("array", "values", "numbers in nested lists", what(list));
  const shapes = new Set(list.map((row) => `[${shapeOf(row)}]`));
  if (shapes.size > 1) fail("array", "values", "rows of one shape", [...shapes].join(" and "));
  return [list.length, ...shapeOf(list[0] ?? 0)];
}

const mapValues = (object, f) => Object.fromEntries(Object.entries(object).map(([k, value]) => [k, f(value)]));

// --- Checks. One form of error: "unroll: inputs must be [B, T, D=3]; got shape [4, 2]".

function fail(where, name, expected, got) {
  throw new Error(`${where}: ${name} must be ${expected}; got ${got}`);
}

function what(value) {
  if (value?.shape) return `shape [${value.shape.join(", ")}]`;
  if (typeof value === "function") return "a function";
  return value && typeof value === "object" ? `a plain ${value.constructor?.name}` : String(value);
}

const shapeIn = (where, name, value) => value?.shape ?? fail(where, name, "an array with a shape", what(value));

/** Check the axes, "BTD" or a whole shape, and the sizes that are settled; return the shape. */
function check(where, name, value, axes, sizes = {}) {
  const shape = value instanceof Float64Array && value.shape, settled = [...axes].map((axis) => sizes[axis] ?? axis);
  const fits = (n, k) => n > 0 && (n === settled[k] || typeof settled[k] === "string");
  if (shape && shape.length === settled.length && shape.every(fits)) return shape;
  const expected = [...axes].map((axis) => (axis in sizes ? `${axis}=${sizes[axis]}` : axis)).join(", ");
  return fail(where, name, `[${expected}]`, what(value));
}

function checkNumber(where, name, value, expected = "a finite number", fits = () => true) {
  return Number.isFinite(value) && fits(value) ? value : fail(where, name, expected, what(value));
}

function checkWhole(where, name, value, least = 1, most = 2 ** 32) {
  const fits = (n) => Number.isInteger(n) && n >= least && n <= most;
  return checkNumber(where, name, value, `a whole number from ${least} to ${most}`, fits);
}

function checkLengths(where, name, lengths, B, T, least = 0) {
  if (lengths == null) return new Array(B).fill(T);
  if (lengths.length !== B) fail(where, name, `${B} numbers`, what(lengths.length));
  return Array.from(lengths, (length, b) => checkWhole(where, `${name}[${b}]`, length, least, T));
}

// --- Activations, each with its derivative as a function of the output: tanh' = 1 - tanh^2.

const tanh = { function: Math.tanh, derivative: (y) => 1 - y * y };
const sigmoid = { function: (a) => 1 / (1 + Math.exp(-a)), derivative: (y) => y * (1 - y) };
const identity = { function: (a) => a, derivative: () => 1 };

// --- Random numbers: sfc32, which are not NumPy's. Source: Doty-Humphrey, PractRand.

/** random() in [0, 1), uniform(low, high), integers(low, high) below high, normal(mean, deviation). */
function generator(seed = Math.floor(Math.random() * 2 ** 32)) {
  let a = 0, b = 0, c = checkWhole("generator", "seed", seed, 0) | 0, count = 1;
  const bits = () => {
    const drawn = (a + b + count++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + drawn) | 0;
    return drawn >>> 0;
  };
  for (let n = 0; n < 16; n++) bits(); // near seeds part
  const random = () => ((bits() >>> 5) * 2 ** 26 + (bits() >>> 6)) / 2 ** 53;
  const uniform = (low, high) => low + (high - low) * random();
  const integers = (low, high) => Math.floor(uniform(low, high));
  const normal = (mean = 0, deviation = 1) =>
    mean + deviation * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return { random, uniform, integers, normal };
}

/** Uniform in [-r, r] with r = sqrt(6 / (rows + columns)). Source: Glorot and Bengio (2010). */
function glorotUniform(shape, rng) {
  const r = Math.sqrt(6 / (shape[0] + shape[1]));
  return array(zeros(shape).map(() => rng.uniform(-r, r)), shape);
}

// --- Products, into arrays that are there.

/**
 * C += A B: C [I, J], A(i, k) = A[i ai + k ak], B(k, j) = B[k bk + j bj], so that either may lie transposed.
 * Eight sums grow together, 2 rows by 4 columns: what is read once serves several of them.
 */
function addProduct(C, I, K, J, A, ai, ak, B, bk, bj) {
  const rows = I - (I % 2), columns = J - (J % 4);
  for (let i = 0; i < rows; i += 2) {
    for (let j = 0; j < columns; j += 4) {
      let p0 = 0, p1 = 0, p2 = 0, p3 = 0, q0 = 0, q1 = 0, q2 = 0, q3 = 0;
      for (let k = 0, a = i * ai, b = j * bj; k < K; k++, a += ak, b += bk) {
        const p = A[a], q = A[a + ai], b0 = B[b], b1 = B[b + bj], b2 = B[b + 2 * bj], b3 = B[b + 3 * bj];
        p0 += p * b0, p1 += p * b1, p2 += p * b2, p3 += p * b3;
        q0 += q * b0, q1 += q * b1, q2 += q * b2, q3 += q * b3;
      }
      const c = i * J + j, d = c + J;
      C[c] += p0, C[c + 1] += p1, C[c + 2] += p2, C[c + 3] += p3;
      C[d] += q0, C[d + 1] += q1, C[d + 2] += q2, C[d + 3] += q3;
    }
  }
  for (let i = 0; i < I; i++) { // the rest, one by one: where B's rows lie in a piece, along them
    const first = i < rows ? columns : 0;
    for (let k = 0; bj === 1 && k < K; k++) {
      const a = A[i * ai + k * ak];
      for (let j = first, c = i * J + j, b = k * bk + j; j < J; j++) C[c++] += a * B[b++];
    }
    for (let j = first; bj !== 1 && j < J; j++) {
      let sum = 0;
      for (let k = 0; k < K; k++) sum += A[i * ai + k * ak] * B[k * bk + j * bj];
      C[i * J + j] += sum;
    }
  }
}

const newLayer = (K, J, rng, prefix = "") =>
  ({ [`${prefix}kernel`]: glorotUniform([K, J], rng), [`${prefix}bias`]: zeros([J]) });

/** y = x W + b, with x [.., K], W [K, J], b [J]. */
function affine(y, x, { kernel, bias }) {
  const [K, J] = kernel.shape;
  for (let n = 0; n < y.length; ) for (let j = 0; j < J; j++) y[n++] = bias[j];
  addProduct(y, x.length / K, K, J, x, K, 1, kernel, J, 1);
}

/** Its way back: dx = dy W^T; x^T dy is added to dW, and the sum of dy over the rows to db. */
function affineBackward(dx, { kernel: dW, bias: db }, dy, x, { kernel }) {
  const [K, J] = kernel.shape, rows = x.length / K;
  addProduct(dx.fill(0), rows, J, K, dy, J, 1, kernel, 1, J);
  addProduct(dW, K, rows, J, x, 1, K, dy, J, 1);
  for (let n = 0; n < dy.length; ) for (let j = 0; j < J; j++) db[j] += dy[n++];
}

/** z = [part, part, ...], side by side. */
function join(z, parts, apart = false) {
  let first = 0;
  for (const part of parts) {
    const K = z.shape[1], N = part.shape[1];
    for (let m = 0, n = first; m < part.length; n += K - N) {
      for (let k = 0; k < N; k++, m++, n++) apart ? (part[m] = z[n]) : (z[n] = part[m]);
    }
    first += N;
  }
}

const split = (z, parts) => join(z, parts, true);

// --- Cells. A state is an array [B, H], or {c, h} of an LSTM; stateSize has the same structure.

function mapState(f, ...states) {
  const leaf = (part) => f(...states.map((state) => state[part]), part);
  return states[0].c === undefined ? f(...states) : { c: leaf("c"), h: leaf("h") };
}

function checkState(where, name, state, cell, B) {
  const leaf = (H, array, part) => check(where, part ? `${name}.${part}` : name, array, "BH", { B, H });
  mapState(leaf, cell.stateSize, cell.stateSize.c ? (state ?? {}) : state);
}

class WeightedCell {
  constructor(numUnits, { numInputs, seed } = {}) {
    this.kind = new.target.name;
    this.numUnits = this.outputSize = this.stateSize = checkWhole(this.kind, "numUnits", numUnits);
    this.numInputs = checkWhole(this.kind, "numInputs", numInputs);
    this.rng = generator(seed);
  }

  zeroState(B) {
    checkWhole(`${this.kind}.zeroState`, "B", B);
    return mapState((H) => zeros([B, H]), this.stateSize);
  }

  /** One step: [output [B, H], newState] from inputs [B, D] and a state. */
  call(inputs, state) {
    const [B] = check(this.kind, "inputs", inputs, "BD", { D: this.numInputs });
    checkState(this.kind, "state", state, this, B);
    return this.forward(inputs, state, this.newTape(B)).slice(0, 2);
  }

  /** The arrays of a step. What `backward` needs of them is the tape. */
  newTape(B) {
    return mapValues(this.widths, (width) => zeros([B, width]));
  }

  /** Their gradients, and those of inputs, state and weights; the last are added up. */
  newGradients(B) {
    const dParams = mapValues(this.weights, (weight) => zeros(weight.shape));
    return { ...this.newTape(B), dInputs: zeros([B, this.numInputs]), dState: this.zeroState(B), dParams };
  }
}

/**
 * h(t) = phi([x(t), h(t-1)] W + b); the output is the state.
 * Weights: kernel [D+H, H] (rows: first inputs, then state), bias [H].
 * Taught in: book/1-memory/layer-and-batch.
 */
class BasicRNNCell extends WeightedCell {
  constructor(numUnits, activation = tanh, options) {
    super(numUnits, options);
    if (!activation?.derivative) fail(this.kind, "activation", "one such as rnn.tanh", what(activation));
    const H = numUnits, K = this.numInputs + H;
    this.activation = activation;
    this.weights = newLayer(K, H, this.rng);
    this.widths = { joined: K, h: H };
  }

  forward(inputs, state, tape) {
    const { joined, h } = tape, phi = this.activation.function;
    join(joined, [inputs, state]);
    affine(h, joined, this.weights);
    for (let n = 0; n < h.length; n++) h[n] = phi(h[n]);
    return [h, h];
  }

  /** With a = [x, h] W + b: da = (dOutput + dNewState) phi'(a), d[x, h] = da W^T, dW = [x, h]^T da. */
  backward(tape, dOutput, dNewState, d) {
    const { joined, h } = tape, slope = this.activation.derivative;
    for (let n = 0; n < h.length; n++) d.h[n] = (dOutput[n] + dNewState[n]) * slope(h[n]);
    affineBackward(d.joined, d.dParams, d.h, joined, this.weights);
    split(d.joined, [d.dInputs, d.dState]);
  }
}

/**
 * i, j, f, o = the four column blocks of [x(t), h(t-1)] W + b
 * c(t) = c(t-1) * sigmoid(f + forgetBias) + sigmoid(i) * tanh(j)
 * h(t) = tanh(c(t)) * sigmoid(o); the output is h(t)
 * Weights: kernel [D+H, 4H], bias [4H]; forgetBias is not one. Taught in: book/4-gates/lstm.
 */
class BasicLSTMCell extends WeightedCell {
  constructor(numUnits, forgetBias = 1, options) {
    super(numUnits, options);
    const H = numUnits, K = this.numInputs + H;
    this.forgetBias = checkNumber(this.kind, "forgetBias", forgetBias);
    this.stateSize = { c: H, h: H };
    this.weights = newLayer(K, 4 * H, this.rng);
    this.widths = { joined: K, before: 4 * H, i: H, j: H, f: H, o: H, c: H, tanhC: H, h: H };
  }

  forward(inputs, state, tape) {
    const { joined, before, i, j, f, o, c, tanhC, h } = tape;
    join(joined, [inputs, state.h]);
    affine(before, joined, this.weights);
    split(before, [i, j, f, o]);
    for (let n = 0; n < h.length; n++) {
      i[n] = sigmoid.function(i[n]);
      j[n] = tanh.function(j[n]);
      f[n] = sigmoid.function(f[n] + this.forgetBias);
      o[n] = sigmoid.function(o[n]);
      c[n] = state.c[n] * f[n] + i[n] * j[n];
      tanhC[n] = tanh.function(c[n]);
      h[n] = tanhC[n] * o[n];
    }
    tape.state = state;
    return [h, { c, h }];
  }

  backward(tape, dOutput, dNewState, d) {
    const { state, joined, i, j, f, o, tanhC } = tape;
    for (let n = 0; n < tanhC.length; n++) {
      const dH = dOutput[n] + dNewState.h[n];
      const dC = dNewState.c[n] + dH * o[n] * tanh.derivative(tanhC[n]);
      d.i[n] = dC * j[n] * sigmoid.derivative(i[n]); // this and the next three: before the activations
      d.j[n] = dC * i[n] * tanh.derivative(j[n]);
      d.f[n] = dC * state.c[n] * sigmoid.derivative(f[n]);
      d.o[n] = dH * tanhC[n] * sigmoid.derivative(o[n]);
      d.dState.c[n] = dC * f[n];
    }
    join(d.before, [d.i, d.j, d.f, d.o]);
    affineBackward(d.joined, d.dParams, d.before, joined, this.weights);
    split(d.joined, [d.dInputs, d.dState.h]);
  }
}

/**
 * r, u = sigmoid of the two column blocks of [x(t), h(t-1)] W_g + b_g
 * candidate = tanh([x(t), s] W_c + b_c) with s = r * h(t-1): the reset gate acts before the product
 * h(t) = u * h(t-1) + (1 - u) * candidate; the output is h(t)
 * Weights: gates_kernel [D+H, 2H], gates_bias [2H] (starts at 1), candidate_kernel [D+H, H], candidate_bias [H].
 * Taught in: book/4-gates/gru.
 */
class GRUCell extends WeightedCell {
  constructor(numUnits, options) {
    super(numUnits, options);
    const H = numUnits, K = this.numInputs + H;
    this.weights = { ...newLayer(K, 2 * H, this.rng, "gates_"), ...newLayer(K, H, this.rng, "candidate_") };
    this.weights.gates_bias.fill(1);
    this.widths = { joined: K, gates: 2 * H, r: H, u: H, s: H, reset: K, candidate: H, h: H };
  }

  forward(inputs, state, tape) {
    const { joined, gates, r, u, s, reset, candidate, h } = tape;
    join(joined, [inputs, state]);
    affine(gates, joined, gatesOf(this.weights));
    split(gates, [r, u]);
    for (let n = 0; n < h.length; n++) {
      r[n] = sigmoid.function(r[n]);
      u[n] = sigmoid.function(u[n]);
      s[n] = r[n] * state[n];
    }
    join(reset, [inputs, s]);
    affine(candidate, reset, candidateOf(this.weights));
    for (let n = 0; n < h.length; n++) {
      candidate[n] = tanh.function(candidate[n]);
      h[n] = u[n] * state[n] + (1 - u[n]) * candidate[n];
    }
    tape.state = state;
    return [h, h];
  }

  backward(tape, dOutput, dNewState, d) {
    const { state, joined, r, u, reset, candidate } = tape;
    for (let n = 0; n < u.length; n++) {
      d.h[n] = dOutput[n] + dNewState[n];
      d.candidate[n] = d.h[n] * (1 - u[n]) * tanh.derivative(candidate[n]); // before the activation, like r and u
      d.u[n] = d.h[n] * (state[n] - candidate[n]) * sigmoid.derivative(u[n]);
    }
    affineBackward(d.reset, candidateOf(d.dParams), d.candidate, reset, candidateOf(this.weights));
    split(d.reset, [d.dInputs, d.s]);
    for (let n = 0; n < u.length; n++) {
      d.r[n] = d.s[n] * state[n] * sigmoid.derivative(r[n]);
      d.s[n] = d.s[n] * r[n] + d.h[n] * u[n]; // to h(t-1), past the gates
    }
    join(d.gates, [d.r, d.u]);
    affineBackward(d.joined, gatesOf(d.dParams), d.gates, joined, gatesOf(this.weights));
    join(d.reset, [d.dInputs, d.s]);
    for (let n = 0; n < d.joined.length; n++) d.joined[n] += d.reset[n];
    split(d.joined, [d.dInputs, d.dState]);
  }
}

const gatesOf = (named) => ({ kernel: named.gates_kernel, bias: named.gates_bias });
const candidateOf = (named) => ({ kernel: named.candidate_kernel, bias: named.candidate_bias });

// --- The loop over time, forward and backward. Its arrays are made before it, or reused.

class UnrolledTape {
  constructor(cell, B, T) {
    this.cell = cell;
    this.steps = Array.from({ length: T }, () => cell.newTape(B));
    this.d = cell.newGradients(B);
    [this.x, this.dOutput] = [cell.numInputs, cell.numUnits].map((N) => zeros([B, N]));
    [this.dInputs, this.outputs] = [cell.numInputs, cell.numUnits].map((N) => zeros([B, T, N]));
    [this.start, this.dState, this.dNewState] = [1, 2, 3].map(() => cell.zeroState(B));
  }
}

/** Copy the rows b for which step t counts, or only the others. [B, N] or [B, T, N] on either side. */
function copyRows(to, from, t, lengths, counts = true) {
  const N = to.shape[to.shape.length - 1];
  const place = (array, b) => (array.shape.length === 3 ? b * array.shape[1] + t : b) * N;
  for (let b = 0; b < lengths.length; b++) {
    if (t < lengths[b] !== counts) continue;
    for (let n = 0, p = place(to, b), q = place(from, b); n < N; n++) to[p + n] = from[q + n];
  }
}

/** The rows that count, and zeros for the others: padding may hold anything. */
const takeRows = (to, from, t, lengths) => copyRows(to.fill(0), from, t, lengths);

function setState(state, values) {
  if (values) mapState((leaf, given) => leaf.set(given), state, values);
  else mapState((leaf) => leaf.fill(0), state);
}

function run(where, cell, inputs, sequenceLength, initialState, reuse) {
  if (!(cell instanceof WeightedCell)) fail(where, "cell", "a cell", what(cell));
  const [B, T] = check(where, "inputs", inputs, "BTD", { D: cell.numInputs });
  const lengths = checkLengths(where, "sequenceLength", sequenceLength, B, T), whole = Math.min(...lengths);
  if (initialState) checkState(where, "initialState", initialState, cell, B);
  const fits = reuse?.cell === cell && `${reuse.dInputs.shape}` === `${inputs.shape}`;
  const tape = fits ? reuse : new UnrolledTape(cell, B, T), { steps, x, start, outputs } = tape;
  tape.lengths = lengths;
  setState(start, initialState);
  outputs.fill(0);
  let state = start;
  for (let t = 0; t < T; t++) {
    takeRows(x, inputs, t, lengths);
    const [output, newState] = cell.forward(x, state, steps[t]);
    copyRows(outputs, output, t, lengths);
    if (t >= whole) mapState((leaf, old) => copyRows(leaf, old, t, lengths, false), newState, state);
    state = newState;
  }
  return [outputs, state, tape];
}

/**
 * (y(t), h(t)) = cell(x(t), h(t-1)). Past a row's length the output is zero and the state stands still.
 * inputs [B, T, D], B lengths from 0 to T; returns [outputs [B, T, H], state]. Taught in: book/2-unrolling/by-hand.
 */
function unroll(cell, inputs, sequenceLength, initialState) {
  return run("unroll", cell, inputs, sequenceLength, initialState).slice(0, 2);
}

/**
 * `unroll` that also returns the tape for `backwardThroughTime`: [outputs, state, tape]. With `reuse`, an older
 * tape of this cell and these sizes, it makes no arrays and writes over the older results.
 * Taught in: book/3-learning/backpropagation-through-time.
 */
function forwardThroughTime(cell, inputs, sequenceLength, initialState, reuse) {
  return run("forwardThroughTime", cell, inputs, sequenceLength, initialState, reuse);
}

/**
 * From the last step to the first: [dInputs [B, T, D], dInitialState, dParams by name], which belong to the tape.
 * `truncate` cuts the flow between steps at every multiple of it. Source: Werbos (1990).
 */
function backwardThroughTime(cell, tape, dOutputs, dState, truncate = Infinity) {
  const where = "backwardThroughTime";
  if (!(tape instanceof UnrolledTape)) fail(where, "tape", "that of forwardThroughTime", what(tape));
  if (tape.cell !== cell) fail(where, "cell", "the one that ran forward", what(cell));
  const { steps, lengths, d, outputs, dInputs } = tape, T = steps.length;
  check(where, "dOutputs", dOutputs, outputs.shape);
  if (dState) checkState(where, "dState", dState, cell, lengths.length);
  if (truncate !== Infinity) checkWhole(where, "truncate", truncate);
  setState(tape.dState, dState);
  for (const name in d.dParams) d.dParams[name].fill(0);
  dInputs.fill(0);
  for (let t = T - 1; t >= 0; t--) {
    takeRows(tape.dOutput, dOutputs, t, lengths);
    // A step past a row's end copied the state through: its gradient passes it by.
    mapState((leaf, flow) => takeRows(leaf, flow, t, lengths), tape.dNewState, tape.dState);
    cell.backward(steps[t], tape.dOutput, tape.dNewState, d);
    mapState((flow, leaf) => copyRows(flow, leaf, t, lengths), tape.dState, d.dState);
    copyRows(dInputs, d.dInputs, t, lengths);
    if (t % truncate === 0 && t > 0) setState(tape.dState);
  }
  return [dInputs, tape.dState, d.dParams];
}

// --- What reads the states, and what the answers cost: each cost as [its mean over all entries, its gradient].

/** y = x W + b for inputs [B, D] or [B, T, D]. Weights: kernel [D, O], bias [O]. */
class Dense {
  constructor(outputSize, { numInputs, seed } = {}) {
    checkWhole("Dense", "outputSize", outputSize);
    this.numInputs = checkWhole("Dense", "numInputs", numInputs);
    this.weights = newLayer(numInputs, outputSize, generator(seed));
  }

  call(inputs) {
    const axes = inputs?.shape?.length === 2 ? "BD" : "BTD", sizes = { D: this.numInputs };
    const rows = check("Dense", "inputs", inputs, axes, sizes).slice(0, -1);
    const outputs = zeros([...rows, this.weights.bias.length]);
    affine(outputs, inputs, this.weights);
    return outputs;
  }

  /** [dInputs, dParams] from the inputs of the call and the gradient of its outputs. */
  backward(inputs, dOutputs) {
    const rows = shapeIn("Dense.backward", "inputs", inputs).slice(0, -1);
    check("Dense.backward", "dOutputs", dOutputs, [...rows, this.weights.bias.length]);
    const dInputs = zeros(inputs.shape), dParams = mapValues(this.weights, (weight) => zeros(weight.shape));
    affineBackward(dInputs, dParams, dOutputs, inputs, this.weights);
    return [dInputs, dParams];
  }
}

/** The cell or layer itself, with these weights, by name: arrays or nested lists. One that is left out stays. */
function withWeights(layer, weights) {
  for (const name in weights) {
    const own = layer.weights[name], values = weights[name].shape ? weights[name] : [weights[name]].flat(Infinity);
    if (own?.length !== values.length) fail("withWeights", name, own ? `${own.length} numbers` : "a name of a weight", values.length);
    own.set(values);
  }
  return layer;
}

function meanOf(where, name, values, targets, cost, slope) {
  const gradient = zeros(shapeIn(where, name, values)), size = values.length;
  check(where, "targets", targets, values.shape);
  let sum = 0;
  for (let n = 0; n < size; n++) {
    sum += cost(values[n], targets[n]);
    gradient[n] = slope(values[n], targets[n]) / size;
  }
  return [sum / size, gradient];
}

/** (p - y)^2. */
function meanSquaredError(predictions, targets) {
  const cost = (p, y) => (p - y) ** 2;
  return meanOf("meanSquaredError", "predictions", predictions, targets, cost, (p, y) => 2 * (p - y));
}

/** -y ln p - (1 - y) ln(1 - p), with p = sigmoid(logit). */
function sigmoidCrossEntropy(logits, targets) {
  const cost = (a, y) => Math.max(a, 0) - a * y + Math.log1p(Math.exp(-Math.abs(a)));
  return meanOf("sigmoidCrossEntropy", "logits", logits, targets, cost, (a, y) => sigmoid.function(a) - y);
}

/** exp(a) / sum of exp(a) along the last axis. */
function softmax(logits) {
  const shape = shapeIn("softmax", "logits", logits), V = shape[shape.length - 1], p = zeros(shape);
  for (let first = 0; first < p.length; first += V) {
    const row = logits.subarray(first, first + V), most = Math.max(...row);
    const sum = row.reduce((total, a) => total + Math.exp(a - most), 0);
    row.forEach((a, v) => (p[first + v] = Math.exp(a - most) / sum));
  }
  return p;
}

// --- Optimizers: each moves every weight in place. Weights and gradients come by name.

function eachWeight(where, weights, gradients, f) {
  const names = (arrays) => Object.keys(arrays ?? {}).sort().join(", "), expected = names(weights);
  if (names(gradients) !== expected) fail(where, "gradients", `named ${expected}`, names(gradients));
  for (const name in weights) {
    check(where, `gradient of ${name}`, gradients[name], shapeIn(where, name, weights[name]));
    f(weights[name], gradients[name], name);
  }
}

/** [the gradients, shrunk by one factor so that their joint length is at most maxNorm; that length before]. */
function clipByGlobalNorm(gradients, maxNorm) {
  const where = "clipByGlobalNorm";
  checkNumber(where, "maxNorm", maxNorm, "above 0", (n) => n > 0);
  let squares = 0;
  eachWeight(where, gradients, gradients, (g) => g.forEach((number) => (squares += number * number)));
  const norm = checkNumber(where, "the norm of the gradients", Math.sqrt(squares));
  const factor = maxNorm / Math.max(norm, maxNorm);
  return [mapValues(gradients, (g) => array(g.map((number) => number * factor), g.shape)), norm];
}

class Optimizer {
  constructor(settings) {
    for (const name in settings) checkNumber(new.target.name, name, settings[name], "at least 0", (n) => n >= 0);
    Object.assign(this, settings, { n: 0, kept: {} });
  }

  step(weights, gradients) {
    this.n++;
    const move = (p, g, name) => this.move(p, g, (this.kept[name] ??= {}));
    eachWeight(`${this.constructor.name}.step`, weights, gradients, move);
  }
}

/** p <- p - learningRate * g. */
class SGD extends Optimizer {
  constructor(learningRate = 0.01) {
    super({ learningRate });
  }

  move(p, g) {
    for (let k = 0; k < p.length; k++) p[k] -= this.learningRate * g[k];
  }
}

/** a <- a + g^2, p <- p - learningRate * g / sqrt(a); a starts above zero. Source: Duchi et al. (2011). */
class Adagrad extends Optimizer {
  constructor(learningRate = 0.1, initialAccumulator = 0.1) {
    super({ learningRate, initialAccumulator });
  }

  move(p, g, kept) {
    const a = (kept.a ??= zeros(p.shape).fill(this.initialAccumulator));
    for (let k = 0; k < p.length; k++) {
      a[k] += g[k] * g[k];
      p[k] -= (this.learningRate * g[k]) / Math.sqrt(a[k]);
    }
  }
}

/**
 * m <- beta1 m + (1 - beta1) g;  v <- beta2 v + (1 - beta2) g^2
 * p <- p - learningRate * sqrt(1 - beta2^n) / (1 - beta1^n) * m / (sqrt(v) + epsilon)
 * Source: Kingma and Ba (2015), as in Keras.
 */
class Adam extends Optimizer {
  constructor(learningRate = 0.001, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7) {
    super({ learningRate, beta1, beta2, epsilon });
  }

  move(p, g, kept) {
    const { beta1, beta2, epsilon, n } = this, m = (kept.m ??= zeros(p.shape)), v = (kept.v ??= zeros(p.shape));
    const rate = (this.learningRate * Math.sqrt(1 - beta2 ** n)) / (1 - beta1 ** n);
    for (let k = 0; k < p.length; k++) {
      m[k] += (1 - beta1) * (g[k] - m[k]);
      v[k] += (1 - beta2) * (g[k] * g[k] - v[k]);
      p[k] -= (rate * m[k]) / (Math.sqrt(v[k]) + epsilon);
    }
  }
}

// --- Attention and decoding.

/**
 * weights(s, t) = softmax over t of query(s) . memory(t), below the row's length; context = weights memory.
 * query [B, S, H], memory [B, T, H], lengths from 1 to T; returns [context [B, S, H], weights [B, S, T]].
 * Taught in: book/6-applications/translating-dates. Source: Luong et al. (2015), "dot".
 */
function attend(query, memory, memoryLength) {
  const [B, S, H] = check("attend", "query", query, "BSH");
  const [, T] = check("attend", "memory", memory, "BTH", { B, H });
  const lengths = checkLengths("attend", "memoryLength", memoryLength, B, T, 1);
  const context = zeros([B, S, H]), weights = zeros([B, S, T]);
  lengths.forEach((L, b) => {
    const [q, m, scores] = [query.subarray(b * S * H), memory.subarray(b * T * H), zeros([S, L])];
    addProduct(scores, S, H, L, q, H, 1, m, 1, H);
    const own = softmax(scores);
    addProduct(context.subarray(b * S * H), S, L, H, own, L, 1, m, H, 1);
    for (let s = 0; s < S; s++) weights.set(own.subarray(s * L, (s + 1) * L), (b * S + s) * T);
  });
  return [context, weights];
}

/**
 * Feed each row its own last token until it emits endToken: token = argmax of the row's logits, where
 * [logits [B, V], state] = step(tokens, state). Returns [B lists of tokens, their lengths before the end].
 * Taught in: book/2-unrolling/variable-length-outputs.
 */
function greedyDecode(step, initialState, startToken, endToken, maxSteps) {
  const [B] = shapeIn("greedyDecode", "initialState", initialState?.h ?? initialState);
  const decoded = Array.from({ length: B }, () => []);
  let [tokens, state, logits] = [new Array(B).fill(startToken), initialState];
  checkWhole("greedyDecode", "maxSteps", maxSteps);
  for (let n = 0; n < maxSteps && (n === 0 || tokens.some((token) => token !== endToken)); n++) {
    [logits, state] = step(tokens, state);
    const [, V] = check("greedyDecode", "logits", logits, "BV", { B });
    checkWhole("greedyDecode", "endToken", endToken, 0, V - 1);
    tokens = tokens.map((last, b) => {
      const row = logits.subarray(b * V, (b + 1) * V), ended = n > 0 && last === endToken;
      if (!ended && row.some(Number.isNaN)) fail("greedyDecode", `logits of step ${n}`, "numbers", `NaN in row ${b}`);
      return ended ? endToken : row.indexOf(Math.max(...row));
    });
    tokens.forEach((token, b) => decoded[b].push(token));
  }
  return [decoded, decoded.map((row) => row.filter((token) => token !== endToken).length)];
}

return {
  zeros, array, generator, glorotUniform, tanh, sigmoid, identity, softmax, BasicRNNCell, BasicLSTMCell, GRUCell,
  withWeights, unroll, forwardThroughTime, backwardThroughTime, Dense, meanSquaredError, sigmoidCrossEntropy,
  clipByGlobalNorm, SGD, Adagrad, Adam, attend, greedyDecode,
};
}

globalThis.rnn = rnnbook();
if (typeof module === "object") module.exports = globalThis.rnn;
