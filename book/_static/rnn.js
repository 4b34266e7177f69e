// The arithmetic of the book's figures: `rnnbook/scratch` once more, in JavaScript, with its
// equations, weights and order of arguments. All of it stands in one function, so that a figure
// can make a worker of its text: new Blob([`const rnn = (${rnnbook})(); ...`]).
// Left out: dtypes but float64, building at the first call, wrappers, time_major.

function rnnbook() {
  "use strict";

  // --- Arrays: a Float64Array, row by row, that knows its shape. Letters as in book/notation.

  function zeros(shape) {
    return Object.assign(new Float64Array(shape.reduce((size, n) => size * n, 1)), { shape });
  }

  /** From nested lists, array([[1, 2], [3, 4]]), or from flat numbers and their shape. */
  function array(values, shape = shapeOf(values)) {
    const made = zeros(shape), flat = Array.isArray(values) ? values.flat(Infinity) : values;
    if (flat.length !== made.length) fail("array", "values", `${made.length} numbers`, flat.length);
    made.set(flat);
    return made;
  }

  function shapeOf(values) {
    if (typeof values === "number") return [];
    if (!Array.isArray(values)) fail("array", "values", "numbers in nested lists", what(values));
    const shapes = values.map(shapeOf), [first = []] = shapes;
    const other = shapes.find((shape) => `${shape}` !== `${first}`);
    if (other) fail("array", "values", "rows of one shape", `[${first}] and [${other}]`);
    return [values.length, ...first];
  }

  const zerosLike = (arrays) => mapValues(arrays, (value) => zeros(value.shape));

  function mapValues(object, f) {
    return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, f(value, name)]));
  }

  // --- Checks. One form of error: "unroll: inputs must be [B, T, D] with D=3; got shape [4, 3]".

  function fail(where, name, expected, got) {
    throw new Error(`${where}: ${name} must be ${expected}; got ${got}`);
  }

  function what(value) {
    if (value?.shape) return `shape [${value.shape.join(", ")}]`;
    return value && typeof value === "object" ? `a plain ${value.constructor?.name}` : String(value);
  }

  /** Check the axes, "B T D", and the sizes that are settled; return the shape. */
  function check(where, name, value, letters, sizes = {}) {
    const axes = letters.split(" "), shape = value instanceof Float64Array && value.shape;
    const fits = (n, k) => n > 0 && n === (sizes[axes[k]] ?? n);
    if (shape && shape.length === axes.length && shape.every(fits)) return shape;
    const settled = axes.filter((axis) => axis in sizes).map((axis) => `${axis}=${sizes[axis]}`);
    return fail(where, name, `[${axes.join(", ")}]${settled[0] ? ` with ${settled.join(", ")}` : ""}`, what(value));
  }

  function checkAlike(where, name, value, like) {
    const fits = value instanceof Float64Array && `${value.shape}` === `${like.shape}`;
    if (!fits) fail(where, name, `an array of ${what(like)}`, what(value));
  }

  function checkNumber(where, name, value, expected, fits) {
    return Number.isFinite(value) && fits(value) ? value : fail(where, name, expected, what(value));
  }

  function checkCount(where, name, value, least = 1, most = 2 ** 32) {
    const fits = (n) => Number.isInteger(n) && n >= least && n <= most;
    return checkNumber(where, name, value, `a whole number from ${least} to ${most}`, fits);
  }

  function checkLengths(where, name, lengths, B, T, least = 0) {
    if (lengths == null) return new Array(B).fill(T);
    if (lengths.length !== B) fail(where, name, `[B] with B=${B}`, `${lengths.length} numbers`);
    return Array.from(lengths, (length, b) => checkCount(where, `${name}[${b}]`, length, least, T));
  }

  // --- Activations, each with its derivative as a function of the output: tanh' = 1 - tanh^2.

  const tanh = { function: Math.tanh, derivative: (y) => 1 - y * y };
  const sigmoid = { function: (a) => 1 / (1 + Math.exp(-a)), derivative: (y) => y * (1 - y) };
  const relu = { function: (a) => Math.max(a, 0), derivative: (y) => (y > 0 ? 1 : 0) };
  const identity = { function: (a) => a, derivative: () => 1 };

  // --- Products, into arrays that are there.

  /**
   * C += A B, with C [I, J], A(i, k) = A[i ai + k ak] and B(k, j) = B[k bk + j bj]: either may lie transposed.
   * Eight sums grow at a time, so that a number serves several of them when it is read.
   */
  function addProduct(C, I, K, J, A, ai, ak, B, bk, bj) {
    const paired = I - (I % 2), blocked = J - (J % 4);
    for (let i = 0; i < paired; i += 2) {
      for (let j = 0; j < blocked; j += 4) {
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
    for (let i = 0; i < I; i++) {
      for (let j = i < paired ? blocked : 0; j < J; j++) { // what fills no block
        let sum = 0;
        for (let k = 0; k < K; k++) sum += A[i * ai + k * ak] * B[k * bk + j * bj];
        C[i * J + j] += sum;
      }
    }
  }

  /** y = x W + b, with x [.., K], W [K, J], b [J]. */
  function affine(y, x, W, b) {
    const [K, J] = W.shape;
    for (let n = 0; n < y.length; ) for (let j = 0; j < J; j++) y[n++] = b[j];
    addProduct(y, x.length / K, K, J, x, K, 1, W, J, 1);
  }

  /** Its way back: dx = dy W^T; x^T dy is added to dW, and the sum of dy over the rows to db. */
  function affineBackward(dx, dW, db, dy, x, W) {
    const [K, J] = W.shape, rows = x.length / K;
    addProduct(dx.fill(0), rows, J, K, dy, J, 1, W, 1, J);
    addProduct(dW, K, rows, J, x, 1, K, dy, J, 1);
    for (let n = 0; n < dy.length; ) for (let j = 0; j < J; j++) db[j] += dy[n++];
  }

  /** z = [x, h], side by side: [B, D+H]. */
  function join(z, x, h) {
    const D = x.shape[1], H = h.shape[1];
    for (let b = 0, n = 0; b < x.shape[0]; b++) {
      for (let d = 0; d < D; d++) z[n++] = x[b * D + d];
      for (let k = 0; k < H; k++) z[n++] = h[b * H + k];
    }
  }

  function split(z, x, h) {
    const D = x.shape[1], H = h.shape[1];
    for (let b = 0, n = 0; b < x.shape[0]; b++) {
      for (let d = 0; d < D; d++) x[b * D + d] = z[n++];
      for (let k = 0; k < H; k++) h[b * H + k] = z[n++];
    }
  }

  // --- Random numbers: sfc32 (Source: Doty-Humphrey, PractRand). They are not NumPy's.

  /** random() in [0, 1), uniform(low, high), integers(low, high) below high, normal(mean, deviation). */
  function generator(seed = Math.floor(Math.random() * 2 ** 32)) {
    let a = 0, b = 0, c = checkCount("generator", "seed", seed, 0) | 0, count = 1;
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
  function glorotUniform(shape, seed) {
    const rng = generator(seed), r = Math.sqrt(6 / (shape[0] + shape[1])), made = zeros(shape);
    return Object.assign(made.map(() => rng.uniform(-r, r)), { shape });
  }

  // --- Cells. A state is an array [B, H], or {c, h} of an LSTM; stateSize has the same structure.

  function mapState(f, ...states) {
    const leaf = (part) => f(...states.map((state) => state[part]), part);
    return states[0].c === undefined ? f(...states) : { c: leaf("c"), h: leaf("h") };
  }

  function checkState(where, name, state, cell, B) {
    const leaf = (H, array, part) => check(where, part ? `${name}.${part}` : name, array, "B H", { B, H });
    if (cell.stateSize.c === undefined) leaf(cell.stateSize, state);
    else mapState(leaf, cell.stateSize, state ?? {});
  }

  class WeightedCell {
    constructor(numUnits, { numInputs, seed } = {}) {
      this.kind = new.target.name;
      this.numUnits = this.outputSize = this.stateSize = checkCount(this.kind, "numUnits", numUnits);
      this.numInputs = checkCount(this.kind, "numInputs", numInputs);
      this.seed = seed;
    }

    zeroState(B) {
      checkCount(`${this.kind}.zeroState`, "B", B);
      return mapState((H) => zeros([B, H]), this.stateSize);
    }

    /** One step: [output [B, H], newState] from inputs [B, D] and a state. */
    call(inputs, state) {
      return this.forward(inputs, state).slice(0, 2);
    }

    /** The arrays of a step, by their widths; what `backward` needs of them is the tape. */
    newTape(B) {
      return { cell: this, ...mapValues(this.widths, (width) => zeros([B, width])) };
    }

    /** Beside each array of a step its gradient. Those of the weights are added up in them. */
    newGradients(B) {
      const dInputs = zeros([B, this.numInputs]), dState = this.zeroState(B);
      return { ...this.newTape(B), dInputs, dState, dParams: zerosLike(this.weights) };
    }

    enter(inputs, state) {
      const [B] = check(this.kind, "inputs", inputs, "B D", { D: this.numInputs });
      checkState(this.kind, "state", state, this, B);
      return this.newTape(B);
    }

    enterBackward(tape, dOutput, dNewState) {
      const where = `${this.kind}.backward`;
      if (tape?.cell !== this) fail(where, "tape", "the tape of forward", what(tape));
      const [B, H] = tape.h.shape;
      check(where, "dOutput", dOutput, "B H", { B, H });
      checkState(where, "dNewState", dNewState, this, B);
      return this.newGradients(B);
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
      if (!activation?.derivative) fail(this.kind, "activation", "one such as tanh", what(activation));
      this.activation = activation;
      const K = this.numInputs + numUnits, H = numUnits;
      this.weights = { kernel: glorotUniform([K, H], this.seed), bias: zeros([H]) };
      this.widths = { joined: K, h: H };
    }

    forward(inputs, state, tape = this.enter(inputs, state)) {
      const { joined, h } = tape, phi = this.activation.function;
      join(joined, inputs, state);
      affine(h, joined, this.weights.kernel, this.weights.bias);
      for (let n = 0; n < h.length; n++) h[n] = phi(h[n]);
      return [h, h, tape];
    }

    /** With a = [x, h] W + b: da = (dOutput + dNewState) phi'(a), d[x, h] = da W^T, dW = [x, h]^T da. */
    backward(tape, dOutput, dNewState, d = this.enterBackward(tape, dOutput, dNewState)) {
      const { joined, h } = tape, slope = this.activation.derivative;
      for (let n = 0; n < h.length; n++) d.h[n] = (dOutput[n] + dNewState[n]) * slope(h[n]);
      affineBackward(d.joined, d.dParams.kernel, d.dParams.bias, d.h, joined, this.weights.kernel);
      split(d.joined, d.dInputs, d.dState);
      return [d.dInputs, d.dState, d.dParams];
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
      this.forgetBias = checkNumber(this.kind, "forgetBias", forgetBias, "a finite number", () => true);
      const K = this.numInputs + numUnits, H = numUnits;
      this.stateSize = { c: H, h: H };
      this.weights = { kernel: glorotUniform([K, 4 * H], this.seed), bias: zeros([4 * H]) };
      this.widths = { joined: K, gates: 4 * H, c: H, tanhC: H, h: H };
    }

    forward(inputs, state, tape = this.enter(inputs, state)) {
      const { joined, gates, c, tanhC, h } = tape, H = this.numUnits;
      join(joined, inputs, state.h);
      affine(gates, joined, this.weights.kernel, this.weights.bias);
      for (let n = 0; n < h.length; n++) {
        const p = n + 3 * H * Math.floor(n / H); // the place of i; j, f, o stand H, 2H, 3H after it
        const i = (gates[p] = sigmoid.function(gates[p]));
        const j = (gates[p + H] = tanh.function(gates[p + H]));
        const f = (gates[p + 2 * H] = sigmoid.function(gates[p + 2 * H] + this.forgetBias));
        const o = (gates[p + 3 * H] = sigmoid.function(gates[p + 3 * H]));
        c[n] = state.c[n] * f + i * j;
        tanhC[n] = tanh.function(c[n]);
        h[n] = tanhC[n] * o;
      }
      tape.state = state;
      return [h, { c, h }, tape];
    }

    /**
     * dh = dOutput + dNewState.h, dc = dNewState.c + dh o (1 - tanh(c)^2), dc(t-1) = dc f;
     * di = dc j i(1-i), dj = dc i (1-j^2), df = dc c(t-1) f(1-f), do = dh tanh(c) o(1-o).
     */
    backward(tape, dOutput, dNewState, d = this.enterBackward(tape, dOutput, dNewState)) {
      const { joined, gates, tanhC, state } = tape, dGates = d.gates, H = this.numUnits;
      for (let n = 0; n < tanhC.length; n++) {
        const p = n + 3 * H * Math.floor(n / H);
        const i = gates[p], j = gates[p + H], f = gates[p + 2 * H], o = gates[p + 3 * H];
        const dH = dOutput[n] + dNewState.h[n];
        const dC = dNewState.c[n] + dH * o * tanh.derivative(tanhC[n]);
        dGates[p] = dC * j * sigmoid.derivative(i);
        dGates[p + H] = dC * i * tanh.derivative(j);
        dGates[p + 2 * H] = dC * state.c[n] * sigmoid.derivative(f);
        dGates[p + 3 * H] = dH * tanhC[n] * sigmoid.derivative(o);
        d.dState.c[n] = dC * f;
      }
      affineBackward(d.joined, d.dParams.kernel, d.dParams.bias, dGates, joined, this.weights.kernel);
      split(d.joined, d.dInputs, d.dState.h);
      return [d.dInputs, d.dState, d.dParams];
    }
  }

  /**
   * r, u = sigmoid of the two column blocks of [x(t), h(t-1)] W_g + b_g
   * candidate = tanh([x(t), r * h(t-1)] W_c + b_c): the reset gate acts before the product
   * h(t) = u * h(t-1) + (1 - u) * candidate; the output is h(t)
   * Weights: gates_kernel [D+H, 2H], gates_bias [2H] (starts at 1), candidate_kernel [D+H, H],
   * candidate_bias [H]. Taught in: book/4-gates/gru.
   */
  class GRUCell extends WeightedCell {
    constructor(numUnits, options) {
      super(numUnits, options);
      const K = this.numInputs + numUnits, H = numUnits, { seed } = this;
      this.weights = {
        gates_kernel: glorotUniform([K, 2 * H], seed),
        gates_bias: zeros([2 * H]).fill(1),
        candidate_kernel: glorotUniform([K, H], seed === undefined ? seed : seed + 1),
        candidate_bias: zeros([H]),
      };
      this.widths = { joined: K, gates: 2 * H, reset: K, candidate: H, h: H };
    }

    forward(inputs, state, tape = this.enter(inputs, state)) {
      const { joined, gates, reset, candidate, h } = tape, { weights, numInputs: D, numUnits: H } = this;
      join(joined, inputs, state);
      affine(gates, joined, weights.gates_kernel, weights.gates_bias);
      for (let n = 0; n < gates.length; n++) gates[n] = sigmoid.function(gates[n]);
      reset.set(joined);
      for (let n = 0; n < h.length; n++) {
        const b = Math.floor(n / H);
        reset[n + (b + 1) * D] *= gates[n + b * H]; // [x(t), r * h(t-1)]
      }
      affine(candidate, reset, weights.candidate_kernel, weights.candidate_bias);
      for (let n = 0; n < h.length; n++) {
        const u = gates[n + (Math.floor(n / H) + 1) * H];
        candidate[n] = tanh.function(candidate[n]);
        h[n] = u * state[n] + (1 - u) * candidate[n];
      }
      tape.state = state;
      return [h, h, tape];
    }

    /**
     * With dh = dOutput + dNewState and s = r * h(t-1), before the activations:
     * dcandidate = dh (1-u) (1-candidate^2), du = dh (h(t-1) - candidate) u(1-u), dr = ds h(t-1) r(1-r);
     * dh(t-1) = dh u + ds r + what comes back through the gates.
     */
    backward(tape, dOutput, dNewState, d = this.enterBackward(tape, dOutput, dNewState)) {
      const { joined, gates, reset, candidate, state } = tape, { weights, numInputs: D, numUnits: H } = this;
      const { gates_kernel, gates_bias, candidate_kernel, candidate_bias } = d.dParams;
      for (let n = 0; n < candidate.length; n++) {
        const u = gates[n + (Math.floor(n / H) + 1) * H];
        d.h[n] = dOutput[n] + dNewState[n];
        d.candidate[n] = d.h[n] * (1 - u) * tanh.derivative(candidate[n]);
      }
      affineBackward(d.reset, candidate_kernel, candidate_bias, d.candidate, reset, weights.candidate_kernel);
      for (let n = 0; n < candidate.length; n++) {
        const b = Math.floor(n / H), r = n + b * H, u = r + H;
        d.gates[r] = d.reset[n + (b + 1) * D] * state[n] * sigmoid.derivative(gates[r]);
        d.gates[u] = d.h[n] * (state[n] - candidate[n]) * sigmoid.derivative(gates[u]);
      }
      affineBackward(d.joined, gates_kernel, gates_bias, d.gates, joined, weights.gates_kernel);
      for (let b = 0, q = 0; b < joined.shape[0]; b++) {
        for (let k = 0; k < D; k++, q++) d.joined[q] += d.reset[q];
        for (let n = b * H; n < (b + 1) * H; n++, q++) {
          const r = n + b * H, u = r + H;
          d.joined[q] += d.h[n] * gates[u] + d.reset[q] * gates[r];
        }
      }
      split(d.joined, d.dInputs, d.dState);
      return [d.dInputs, d.dState, d.dParams];
    }
  }

  // --- The loop over time, forward and backward. It makes no array of its own at a step.

  class UnrolledTape {
    constructor(cell, B, T) {
      this.cell = cell;
      this.steps = Array.from({ length: T }, () => cell.newTape(B));
      this.d = cell.newGradients(B);
      this.x = zeros([B, cell.numInputs]);
      this.dOutput = zeros([B, cell.numUnits]);
      this.start = cell.zeroState(B);
      this.dNewState = cell.zeroState(B);
      this.dState = cell.zeroState(B);
      this.outputs = zeros([B, T, cell.numUnits]);
      this.dInputs = zeros([B, T, cell.numInputs]);
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

  /** The rows that count, and zeros in the place of the others: padding may hold anything. */
  function takeRows(to, from, t, lengths) {
    to.fill(0);
    copyRows(to, from, t, lengths);
  }

  function setState(state, values) {
    if (values) mapState((leaf, given) => leaf.set(given), state, values);
    else mapState((leaf) => leaf.fill(0), state);
  }

  function run(where, cell, inputs, sequenceLength, initialState, reuse) {
    if (!(cell instanceof WeightedCell)) fail(where, "cell", "a cell", what(cell));
    const [B, T] = check(where, "inputs", inputs, "B T D", { D: cell.numInputs });
    if (initialState) checkState(where, "initialState", initialState, cell, B);
    const fits = reuse?.cell === cell && `${reuse.dInputs.shape}` === `${inputs.shape}`;
    const tape = fits ? reuse : new UnrolledTape(cell, B, T), { steps, x, start, outputs } = tape;
    const lengths = (tape.lengths = checkLengths(where, "sequenceLength", sequenceLength, B, T));
    setState(start, initialState);
    outputs.fill(0);
    let state = start;
    for (let t = 0; t < T; t++) {
      takeRows(x, inputs, t, lengths);
      const [output, newState] = cell.forward(x, state, steps[t]);
      copyRows(outputs, output, t, lengths);
      mapState((leaf, old) => copyRows(leaf, old, t, lengths, false), newState, state);
      state = newState;
    }
    return [outputs, state, tape];
  }

  /**
   * (y(t), h(t)) = cell(x(t), h(t-1)). Past a row's length the output is zero and the state stands still.
   * inputs [B, T, D], B lengths from 0 to T; returns [outputs [B, T, H], state].
   * Taught in: book/2-unrolling/by-hand.
   */
  function unroll(cell, inputs, sequenceLength, initialState) {
    return run("unroll", cell, inputs, sequenceLength, initialState).slice(0, 2);
  }

  /**
   * `unroll` that also returns the tape for `backwardThroughTime`: [outputs, state, tape].
   * With `reuse`, an older tape of this cell and these sizes, it makes no arrays but writes over the older
   * results. Taught in: book/3-learning/backpropagation-through-time.
   */
  function forwardThroughTime(cell, inputs, sequenceLength, initialState, reuse) {
    return run("forwardThroughTime", cell, inputs, sequenceLength, initialState, reuse);
  }

  /**
   * From the last step to the first: [dInputs [B, T, D], dInitialState, dParams by name]. They belong to
   * the tape and hold until its next use. `truncate` cuts the flow between steps at each multiple of it.
   * Source: Werbos (1990).
   */
  function backwardThroughTime(cell, tape, dOutputs, dState, truncate = Infinity) {
    const where = "backwardThroughTime";
    if (!(tape instanceof UnrolledTape)) fail(where, "tape", "that of forwardThroughTime", what(tape));
    if (tape.cell !== cell) fail(where, "cell", "the one that ran forward", what(cell));
    const { steps, lengths, d, outputs, dInputs } = tape, [B, T, O] = outputs.shape;
    check(where, "dOutputs", dOutputs, "B T O", { B, T, O });
    if (dState) checkState(where, "dState", dState, cell, B);
    if (truncate !== Infinity) checkCount(where, "truncate", truncate);
    setState(tape.dState, dState);
    Object.values(d.dParams).forEach((gradient) => gradient.fill(0));
    dInputs.fill(0);
    for (let t = T - 1; t >= 0; t--) {
      // A step past a row's end copied the state through: its gradient passes it by.
      takeRows(tape.dOutput, dOutputs, t, lengths);
      mapState((leaf, flow) => takeRows(leaf, flow, t, lengths), tape.dNewState, tape.dState);
      cell.backward(steps[t], tape.dOutput, tape.dNewState, d);
      mapState((flow, leaf) => copyRows(flow, leaf, t, lengths), tape.dState, d.dState);
      copyRows(dInputs, d.dInputs, t, lengths);
      if (t % truncate === 0 && t > 0) setState(tape.dState);
    }
    return [dInputs, tape.dState, d.dParams];
  }

  // --- What reads the states, and what the answers cost.

  /** y = x W + b for inputs [.., D]. Weights: kernel [D, O], bias [O]. */
  class Dense {
    constructor(outputSize, { numInputs, seed } = {}) {
      this.outputSize = checkCount("Dense", "outputSize", outputSize);
      this.numInputs = checkCount("Dense", "numInputs", numInputs);
      this.weights = { kernel: glorotUniform([numInputs, outputSize], seed), bias: zeros([outputSize]) };
    }

    call(inputs) {
      const axes = inputs?.shape?.length === 3 ? "B T D" : "B D";
      const shape = check("Dense", "inputs", inputs, axes, { D: this.numInputs });
      const outputs = zeros([...shape.slice(0, -1), this.outputSize]);
      affine(outputs, inputs, this.weights.kernel, this.weights.bias);
      return outputs;
    }

    /** [dInputs, dParams] from the inputs of the call and the gradient of its outputs. */
    backward(inputs, dOutputs) {
      const shape = [...inputs.shape.slice(0, -1), this.outputSize];
      checkAlike("Dense.backward", "dOutputs", dOutputs, { shape });
      const dInputs = zeros(inputs.shape), dParams = zerosLike(this.weights);
      affineBackward(dInputs, dParams.kernel, dParams.bias, dOutputs, inputs, this.weights.kernel);
      return [dInputs, dParams];
    }
  }

  /** [mean over all entries of cost(p, y), its gradient slope(p, y) / size]. */
  function meanOf(where, values, targets, cost, slope) {
    checkAlike(where, "targets", targets, values);
    const gradient = zeros(values.shape), size = values.length;
    let loss = 0;
    for (let n = 0; n < size; n++) {
      loss += cost(values[n], targets[n]);
      gradient[n] = slope(values[n], targets[n]) / size;
    }
    return [loss / size, gradient];
  }

  /** [mean of (p - y)^2, its gradient]. */
  function meanSquaredError(predictions, targets) {
    return meanOf("meanSquaredError", predictions, targets, (p, y) => (p - y) ** 2, (p, y) => 2 * (p - y));
  }

  /** [mean of -y ln p - (1 - y) ln(1 - p), its gradient], with p = sigmoid(logit). */
  function sigmoidCrossEntropy(logits, targets) {
    const cost = (a, y) => Math.max(a, 0) - a * y + Math.log1p(Math.exp(-Math.abs(a)));
    return meanOf("sigmoidCrossEntropy", logits, targets, cost, (a, y) => sigmoid.function(a) - y);
  }

  /** exp(a) / sum of exp(a), along the last axis. */
  function softmax(logits) {
    const p = zeros(logits.shape), V = logits.shape[logits.shape.length - 1];
    for (let first = 0; first < p.length; first += V) {
      let most = -Infinity, sum = 0;
      for (let v = first; v < first + V; v++) most = Math.max(most, logits[v]);
      for (let v = first; v < first + V; v++) sum += p[v] = Math.exp(logits[v] - most);
      for (let v = first; v < first + V; v++) p[v] /= sum;
    }
    return p;
  }

  /** [mean of -ln p of the right token, its gradient], with p = softmax(logits [.., V]) and tokens [..]. */
  function softmaxCrossEntropy(logits, tokens) {
    const shape = logits.shape.slice(0, -1), V = logits.shape[shape.length], gradient = softmax(logits);
    checkAlike("softmaxCrossEntropy", "tokens", tokens, { shape });
    const size = tokens.length;
    let loss = 0;
    for (let n = 0; n < size; n++) {
      const right = n * V + checkCount("softmaxCrossEntropy", "tokens", tokens[n], 0, V - 1);
      loss -= Math.log(gradient[right]) / size;
      gradient[right] -= 1;
    }
    for (let n = 0; n < gradient.length; n++) gradient[n] /= size;
    return [loss, gradient];
  }

  // --- Optimizers: each moves every weight in place. Weights and gradients come by name.

  function eachWeight(where, parameters, gradients, move) {
    const names = (arrays) => `${Object.keys(arrays).sort()}`, expected = names(parameters);
    if (names(gradients) !== expected) fail(where, "gradients", `named ${expected}`, names(gradients));
    for (const name in parameters) {
      checkAlike(where, `gradient of ${name}`, gradients[name], parameters[name]);
      move(parameters[name], gradients[name], name);
    }
  }

  const checkRate = (where, rate) => checkNumber(where, "learningRate", rate, "at least 0", (n) => n >= 0);

  /** [the gradients by name, shrunk by one factor so that their joint length is at most maxNorm; that length]. */
  function clipByGlobalNorm(gradients, maxNorm) {
    const where = "clipByGlobalNorm";
    checkNumber(where, "maxNorm", maxNorm, "above 0", (n) => n > 0);
    let sum = 0;
    eachWeight(where, gradients, gradients, (g) => g.forEach((number) => (sum += number * number)));
    const norm = checkNumber(where, "the norm of the gradients", Math.sqrt(sum), "finite", () => true);
    const factor = maxNorm / Math.max(norm, maxNorm);
    return [mapValues(gradients, (g) => array(g.map((number) => number * factor), g.shape)), norm];
  }

  /** p <- p - learningRate * g. */
  class SGD {
    constructor(learningRate = 0.01) {
      this.learningRate = checkRate("SGD", learningRate);
    }

    step(parameters, gradients) {
      eachWeight("SGD.step", parameters, gradients, (p, g) => {
        for (let n = 0; n < p.length; n++) p[n] -= this.learningRate * g[n];
      });
    }
  }

  /** a <- a + g^2, p <- p - learningRate * g / sqrt(a); a starts at 0.1, as in TF 1.x. Source: Duchi et al. (2011). */
  class Adagrad {
    constructor(learningRate = 0.1, initialAccumulator = 0.1) {
      this.learningRate = checkRate("Adagrad", learningRate);
      this.initialAccumulator = checkNumber("Adagrad", "initialAccumulator", initialAccumulator, "above 0", (n) => n > 0);
      this.sums = {};
    }

    step(parameters, gradients) {
      eachWeight("Adagrad.step", parameters, gradients, (p, g, name) => {
        const a = (this.sums[name] ??= zeros(p.shape).fill(this.initialAccumulator));
        for (let n = 0; n < p.length; n++) {
          a[n] += g[n] * g[n];
          p[n] -= this.learningRate * g[n] / Math.sqrt(a[n]);
        }
      });
    }
  }

  /**
   * m <- beta1 m + (1 - beta1) g;  v <- beta2 v + (1 - beta2) g^2
   * p <- p - learningRate * sqrt(1 - beta2^n) / (1 - beta1^n) * m / (sqrt(v) + epsilon)
   * Source: Kingma and Ba (2015), as in Keras.
   */
  class Adam {
    constructor(learningRate = 0.001, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7) {
      const share = (name, value) => checkNumber("Adam", name, value, "at least 0 and below 1", (n) => n >= 0 && n < 1);
      this.learningRate = checkRate("Adam", learningRate);
      this.beta1 = share("beta1", beta1);
      this.beta2 = share("beta2", beta2);
      this.epsilon = checkNumber("Adam", "epsilon", epsilon, "above 0", (n) => n > 0);
      this.m = {};
      this.v = {};
      this.n = 0;
    }

    step(parameters, gradients) {
      const { beta1, beta2, epsilon } = this;
      this.n++;
      const rate = this.learningRate * Math.sqrt(1 - beta2 ** this.n) / (1 - beta1 ** this.n);
      eachWeight("Adam.step", parameters, gradients, (p, g, name) => {
        const m = (this.m[name] ??= zeros(p.shape)), v = (this.v[name] ??= zeros(p.shape));
        for (let k = 0; k < p.length; k++) {
          m[k] += (1 - beta1) * (g[k] - m[k]);
          v[k] += (1 - beta2) * (g[k] * g[k] - v[k]);
          p[k] -= rate * m[k] / (Math.sqrt(v[k]) + epsilon);
        }
      });
    }
  }

  return {
    zeros, array, generator, glorotUniform, tanh, sigmoid, relu, identity,
    BasicRNNCell, BasicLSTMCell, GRUCell, unroll, forwardThroughTime, backwardThroughTime,
    Dense, meanSquaredError, sigmoidCrossEntropy, softmax, softmaxCrossEntropy,
    clipByGlobalNorm, SGD, Adagrad, Adam,
  };
}

globalThis.rnn = rnnbook();
if (typeof module === "object") module.exports = globalThis.rnn;
