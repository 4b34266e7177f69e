/* The adding machine: type two numbers, step through their columns and look into the state; train a network here.

Data: the page's network, kernel [2+H, H], bias [H], and its read-out, read [H], read_bias. */
"use strict";

/* Random sums, lowest digit first: pairs [B, T, 2], the digits of the sum [B, T, 1], what each column hands on. */
function sums(rng, B, T) {
  const pairs = rnn.zeros([B, T, 2]), total = rnn.zeros([B, T, 1]), carry = rnn.zeros([B, T]);
  for (let b = 0, n = 0; b < B; b++)
    for (let t = 0, held = 0; t < T; t++, n++) {
      pairs[2 * n] = rng.integers(0, 2);
      pairs[2 * n + 1] = rng.integers(0, 2);
      const column = pairs[2 * n] + pairs[2 * n + 1] + held;
      total[n] = column % 2;
      carry[n] = held = column >> 1;
    }
  return { pairs, total, carry };
}

function adderOf({ kernel, bias, read, read_bias }) {
  const cell = new rnn.BasicRNNCell(bias.length, rnn.tanh, { numInputs: 2 });
  const dense = new rnn.Dense(1, { numInputs: bias.length });
  return { cell: rnn.withWeights(cell, { kernel, bias }), dense: rnn.withWeights(dense, { kernel: read, bias: read_bias }) };
}

/* In the worker: {units, seed} begins anew. */
function trainAdder() {
  const B = 32, T = 8;
  let rng, test, cell, dense, optimizer, tape, steps, losses;

  function begin({ units, seed }) {
    rng = rnn.generator(seed);
    cell = new rnn.BasicRNNCell(units, rnn.tanh, { numInputs: 2, seed });
    dense = new rnn.Dense(1, { numInputs: units });
    dense.weights.kernel.forEach((_, n, all) => (all[n] = rng.normal(0, 0.5)));
    optimizer = new rnn.Adam(0.02);
    test = sums(rnn.generator(9), 200, T);
    tape = undefined;
    steps = losses = 0;
  }

  function step() {
    const { pairs, total } = sums(rng, B, T);
    let states;
    [states, , tape] = rnn.forwardThroughTime(cell, pairs, undefined, undefined, tape);
    const [loss, dLogits] = rnn.sigmoidCrossEntropy(dense.call(states), total);
    const [dStates, dRead] = dense.backward(states, dLogits);
    const [, , dCell] = rnn.backwardThroughTime(cell, tape, dStates);
    optimizer.step(
      { ...cell.weights, read: dense.weights.kernel, read_bias: dense.weights.bias },
      { ...dCell, read: dRead.kernel, read_bias: dRead.bias },
    );
    steps++;
    losses += loss;
  }

  function wholeSumsRight() {
    const said = dense.call(rnn.unroll(cell, test.pairs)[0]);
    let right = 0;
    for (let b = 0; b < 200; b++)
      right += said.subarray(b * T, b * T + T).every((a, t) => (a > 0) === (test.total[b * T + t] === 1));
    return right;
  }

  function tell(rate, count) {
    const { kernel, bias } = cell.weights, read = [...dense.weights.kernel];
    const network = { kernel: [...kernel], bias: [...bias], read, read_bias: dense.weights.bias[0] };
    postMessage({ steps, loss: losses / count, rate, right: wholeSumsRight(), network });
    losses = 0;
  }

  repeat({ step, tell, hear: (message) => message.units && begin(message) });
}

live.define("adder", (figure, data) => {
  const { make, set, drawing, number, button, choice, field, player, slider, path, learner } = live;
  const WIDE = 11; // columns in sight
  let network = adderOf(data), mine = null, sum, states, answers, carryUnit;

  // --- The machine

  const texts = (count, attributes) => Array.from({ length: count }, () => make("svg:text", attributes));
  const HEADS = ["first", "second", "carry in", "network"];
  const digits = HEADS.map((_, row) => texts(WIDE, {
    y: 24 + 25 * row, "text-anchor": "middle", "font-family": "monospace", "font-size": 18,
  }));
  const heads = HEADS.map((name, row) => make("svg:text", { x: 0, y: 23 + 25 * row }, name));
  const cursor = make("svg:rect", { y: 4, width: 24, height: 103, rx: 4, fill: "none", stroke: "var(--live-output)", "stroke-width": 2 });
  const sheet = drawing(380, 112, "", heads, cursor, digits);
  const bars = make("svg:g"), unitNames = make("svg:g");
  const units = drawing(380, 118, "", make("svg:path", { d: "M0,50H380", stroke: "var(--live-faint)" }), bars, unitNames);
  const said = make("p", { class: "live-result" });
  const steps = player({ show, label: "Column" });

  function decimal(text) {
    const clean = text.replace(/[\s,]/g, "");
    if (clean === "") return "Type a whole number, such as 183.";
    if (!/^\d+$/.test(clean)) return "Only the digits 0 to 9, please: the network adds whole numbers that are not negative.";
    return clean.length > 60 ? "At most 60 digits, please." : "";
  }
  const numbers = [183n, 107n];
  const fields = ["First number", "Second number"].map((label, n) => field({
    label, value: numbers[n], check: decimal, mode: "numeric",
    change: (text) => ((numbers[n] = BigInt(text.replace(/[\s,]/g, ""))), compute()),
  }));
  const long = button("A sum of 100 binary digits", () => {
    const bits = () => BigInt("0b1" + Array.from({ length: 98 }, () => +(Math.random() < 0.5)).join(""));
    fields.forEach((one, n) => {
      one.input.value = numbers[n] = bits();
      one.input.dispatchEvent(new Event("input"));
    });
  });

  /** All columns of the sum, the states and what the network says. */
  function compute() {
    const T = Math.max(8, (numbers[0] + numbers[1]).toString(2).length);
    const digit = (n, t) => Number((numbers[n] >> BigInt(t)) & 1n);
    const pairs = rnn.zeros([1, T, 2]);
    sum = { pairs, total: [], carry: [0] };
    for (let t = 0; t < T; t++) {
      const column = (pairs[2 * t] = digit(0, t)) + (pairs[2 * t + 1] = digit(1, t)) + sum.carry[t];
      sum.total.push(column % 2);
      sum.carry.push(column >> 1);
    }
    states = rnn.unroll(network.cell, pairs)[0];
    answers = network.dense.call(states).map(rnn.sigmoid.function);
    const answer = answers.reduce((all, p, t) => all + (BigInt(p > 0.5) << BigInt(t)), 0n);
    const off = answer - numbers[0] - numbers[1];
    said.textContent = `The network says ${answer}. ${off ? `It is off by ${off}.` : "It is right."}`;
    steps.renew(T, Math.min(3, T - 1));
  }

  /** Which unit follows the carry best, up or down. */
  function findCarry() {
    const { pairs, carry } = sums(rnn.generator(9), 50, 20), H = network.cell.numUnits;
    const outputs = rnn.unroll(network.cell, pairs)[0];
    const likeness = Array.from({ length: H }, (_, unit) => {
      const h = carry.map((_, n) => outputs[n * H + unit]);
      const mean = (v) => v.reduce((a, b) => a + b) / v.length, around = (v, m = mean(v)) => v.map((x) => x - m);
      const a = around(h), c = around(carry), dot = (v, w) => v.reduce((s, x, n) => s + x * w[n], 0);
      return dot(a, c) / (Math.sqrt(dot(a, a) * dot(c, c)) || 1);
    });
    const unit = likeness.reduce((best, r, n) => (Math.abs(r) > Math.abs(likeness[best]) ? n : best), 0);
    carryUnit = { unit, likeness: likeness[unit] };
  }

  /** Bars for the units of this network. */
  function drawUnits() {
    const H = network.cell.numUnits, apart = 380 / H, all = Array.from({ length: H }, (_, n) => n);
    const color = (n) => `var(--live-${n === carryUnit.unit ? "output" : "state"})`;
    bars.replaceChildren(...all.map((n) =>
      make("svg:rect", { x: apart * (n + 0.2), width: apart * 0.6, y: 50, height: 0, fill: color(n) })));
    unitNames.replaceChildren(...all.map((n) =>
      make("svg:text", { x: apart * (n + 0.5), y: 112, "text-anchor": "middle" }, n === carryUnit.unit ? `${n}: carry` : n)));
  }

  function show(t) {
    const T = sum.total.length, H = network.cell.numUnits;
    const first = Math.max(0, Math.min(T - WIDE, t - (WIDE >> 1)));
    for (let column = 0; column < WIDE; column++) {
      const k = first + column, x = 368 - 26 * column, wrong = k < T && answers[k] > 0.5 !== (sum.total[k] === 1);
      const values = [sum.pairs[2 * k], sum.pairs[2 * k + 1], sum.carry[k], k <= t ? +(answers[k] > 0.5) : "\u00b7"];
      digits.forEach((row, n) => {
        set(row[column], { x, "text-decoration": n === 3 && wrong && k <= t ? "line-through" : null });
        row[column].textContent = k < T ? values[n] : "";
      });
    }
    set(cursor, { x: 356 - 26 * (t - first) });
    const h = states.subarray(t * H, t * H + H);
    [...bars.children].forEach((bar, n) => set(bar, { y: 50 - 44 * Math.max(h[n], 0), height: 44 * Math.abs(h[n]) }));
    const [x, y] = sum.pairs.subarray(2 * t, 2 * t + 2), kept = number(h[carryUnit.unit]);
    const text = `Column ${t + 1}: ${x} and ${y}, ${sum.carry[t]} carried in, ${sum.carry[t + 1]} carried on. ` +
      `The network says ${+(answers[t] > 0.5)} (probability ${number(answers[t])} of a 1). Unit ${carryUnit.unit} stands at ${kept}.`;
    note.textContent = text;
    set(sheet, { "aria-label": text });
    set(units, { "aria-label": `The ${H} units: ${[...h].map((v) => number(v)).join(", ")}` });
  }

  function use(one) {
    network = one;
    findCarry();
    drawUnits();
    compute();
  }

  const note = make("p", { class: "live-note" });

  // --- Training

  let curve = [], seed = 0;
  const size = slider({ label: "Units", min: 1, max: 16, step: 1, value: 8, show: String, change: () => reset() });
  const progress = make("p", { class: "live-progress" }, "Eight random units that know nothing yet.");
  const line = make("svg:path", { fill: "none", stroke: "var(--live-output)", "stroke-width": 2 });
  const Y = (loss) => 8 - 24 * Math.log10(Math.max(loss, 1e-4));
  const grid = [1, 0.1, 0.01, 0.001].map((loss) => [
    make("svg:path", { d: `M40,${Y(loss)}H380`, stroke: "var(--live-faint)" }),
    make("svg:text", { x: 0, y: Y(loss) + 4 }, loss),
  ]);
  const loss = make("svg:text", { x: 380, y: 20, "text-anchor": "end" }, "loss");
  const lossDrawing = drawing(380, 108, "The loss has not begun to fall.", grid, loss, line);
  const who = choice({
    label: "Who adds above", options: { page: "the network of this page", mine: "the one trained here" }, value: "page",
    change: (key) => use(adderOf(key === "mine" ? mine : data)),
  });
  const theOneTrainedHere = who.querySelector("[value=mine]");
  theOneTrainedHere.disabled = true; // until there is one

  function hear({ steps, loss, rate, right, network }) {
    mine = network;
    theOneTrainedHere.disabled = false;
    curve.push([steps, loss]);
    const X = 340 / steps;
    set(line, { d: path(curve.map(([step, value]) => [40 + X * step, Y(value)])) });
    const text = `${steps.toLocaleString("en")} steps, loss ${number(loss, 4)}: ${right} of 200 sums of eight digits right.`;
    progress.textContent = `${text} ${Math.round(rate).toLocaleString("en")} steps a second.`;
    set(lossDrawing, { "aria-label": `The loss. ${text}` });
    if (theOneTrainedHere.checked) use(adderOf(mine));
  }
  const training = learner({
    task: trainAdder, others: [sums], hear, rest: 2000, first: (anew) => (anew ? { units: size.value, seed: seed++ } : {}),
    rested() {
      figure.dataset.rests = "";
      figure.say(progress.textContent);
    },
  });
  function reset() {
    training.end();
    mine = null;
    set(lossDrawing, { "aria-label": "The loss has not begun to fall." });
    theOneTrainedHere.disabled = true;
    if (theOneTrainedHere.checked) {
      who.querySelector("[value=page]").checked = true;
      use(adderOf(data));
    }
    curve = [];
    set(line, { d: null });
    progress.textContent = `${size.value} random ${size.value === 1 ? "unit that knows" : "units that know"} nothing yet.`;
  }

  figure.append(
    make("div", { class: "live-row" }, fields, long), said, sheet, steps, units, note,
    make("div", { class: "live-row live-part" }, training.start, button("Begin anew", reset), size),
    progress, lossDrawing, who,
  );
  use(network);
});
