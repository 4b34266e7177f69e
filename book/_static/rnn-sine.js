/* The sine: gap and noise by slider; a line, least squares and an LSTM judged, one step ahead or on their own; train here.

Data: the page's LSTM, kernel [1+H, 4H], bias [4H], read [H, 1], read_bias [1]; gap and noise, which it was trained
on; draws [10 N], standard normal numbers, the noise of N windows to judge by. */
"use strict";

/* N windows [N, 10, 1] and the clean values that follow [N, 1]. The waves begin all around the circle, whatever the gap. */
function windowsToJudge({ gap, noise }, draws) {
  const N = draws.length / 10, x = rnn.zeros([N, 10, 1]), truth = rnn.zeros([N, 1]);
  for (let n = 0; n < N; n++) {
    const start = 2 * Math.PI * ((0.618034 * n) % 1);
    for (let t = 0; t < 10; t++) x[10 * n + t] = Math.sin(start + gap * t) + noise * draws[10 * n + t];
    truth[n] = Math.sin(start + 10 * gap);
  }
  return { x, truth };
}

function lstmOf({ kernel, bias, read, read_bias }) {
  const H = bias.length / 4, cell = new rnn.BasicLSTMCell(H, 1, { numInputs: 1 }), dense = new rnn.Dense(1, { numInputs: H });
  return { cell: rnn.withWeights(cell, { kernel, bias }), dense: rnn.withWeights(dense, { kernel: read, bias: read_bias }) };
}

const rootMeanSquare = (forecasts, truth) =>
  Math.sqrt(truth.reduce((sum, y, n) => sum + (forecasts[n] - y) ** 2, 0) / truth.length);

/* In the worker: {units, seed} or {weights, seed} begins anew, {task} sets gap and noise. */
function trainSine() {
  const B = 32, T = 10;
  let rng, net, optimizer, tape, steps, task, test, draws;
  const x = rnn.zeros([B, T, 1]), y = rnn.zeros([B, 1]);

  function begin({ units, weights, seed }) {
    rng = rnn.generator(seed);
    net = weights ? lstmOf(weights) : {
      cell: new rnn.BasicLSTMCell(units, 1, { numInputs: 1, seed }),
      dense: new rnn.Dense(1, { numInputs: units, seed: seed + 1 }),
    };
    optimizer = new rnn.Adam(0.005);
    tape = undefined;
    steps = 0;
  }

  function step() {
    const { cell, dense } = net, { gap, noise } = task, H = cell.numUnits;
    for (let b = 0; b < B; b++) {
      const start = rng.uniform(0, 2 * Math.PI), value = (t) => Math.sin(start + gap * t) + noise * rng.normal();
      for (let t = 0; t < T; t++) x[b * T + t] = value(t);
      y[b] = value(T);
    }
    let state;
    [, state, tape] = rnn.forwardThroughTime(cell, x, undefined, undefined, tape);
    const [, dForecast] = rnn.meanSquaredError(dense.call(state.h), y);
    const [dLast, dRead] = dense.backward(state.h, dForecast);
    const [, , dCell] = rnn.backwardThroughTime(cell, tape, rnn.zeros([B, T, H]), { c: rnn.zeros([B, H]), h: dLast });
    optimizer.step(
      { ...cell.weights, read: dense.weights.kernel, read_bias: dense.weights.bias },
      { ...dCell, read: dRead.kernel, read_bias: dRead.bias },
    );
    steps++;
  }

  function tell(rate) {
    const { cell, dense } = net, [, { h }] = rnn.unroll(cell, test.x);
    const network = { kernel: [...cell.weights.kernel], bias: [...cell.weights.bias], read: [...dense.weights.kernel], read_bias: [...dense.weights.bias] };
    postMessage({ steps, rate, task, error: rootMeanSquare(dense.call(h), test.truth), network });
  }

  function hear(message) {
    draws = message.draws ?? draws;
    if (message.task) test = windowsToJudge((task = message.task), draws);
    if (message.seed !== undefined) begin(message);
  }

  repeat({ step, tell, hear });
}

live.define("sine", (figure, data) => {
  const { make, set, drawing, button, choice, slider, path, number, learner } = live;
  const GAPS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1], WIDE = 380;
  const task = { gap: data.gap, noise: data.noise };
  let network = lstmOf(data), learned = data, alone = false, mine = null, judged;

  // --- The opponents: weights of the ten values, oldest first

  /** The weighted sum with the least squared error over all waves of this gap with this noise: what fitting comes to when the
   * data are endless. With U = [cos gap t, sin gap t], w = U (U'U + 2 noise^2)^-1 (cos 10 gap, sin 10 gap). */
  function leastSquares({ gap, noise }) {
    let cc = 2 * noise ** 2, ss = cc, cs = 0;
    const waves = Array.from({ length: 11 }, (_, t) => [Math.cos(gap * t), Math.sin(gap * t)]), [u, v] = waves.pop();
    for (const [c, s] of waves) [cc, ss, cs] = [cc + c * c, ss + s * s, cs + c * s];
    const size = cc * ss - cs * cs, p = (ss * u - cs * v) / size, q = (cc * v - cs * u) / size;
    return waves.map(([c, s]) => p * c + q * s);
  }
  const nothing = Array(8).fill(0);
  const WHO = [
    { name: "last value", color: "faint", weights: () => [...nothing, 0, 1] },
    { name: "straight line", color: "weight", weights: () => [...nothing, -1, 2] },
    { name: "least squares", color: "input", weights: leastSquares },
    { name: "LSTM", color: "output" },
  ];

  /** From windows [N, 10, 1] to N forecasts. */
  function forecast({ weights }, x, tape) {
    if (!weights) {
      const run = rnn.forwardThroughTime(network.cell, x, undefined, undefined, tape);
      return [network.dense.call(run[1].h), run[2]];
    }
    const w = weights(task);
    return [Array.from({ length: x.length / 10 }, (_, n) => w.reduce((sum, one, t) => sum + one * x[10 * n + t], 0))];
  }

  let errors = {}, drawn = {}; // of the network in use and its opponents, on the waves that the sliders have met
  function nextError(who) {
    const here = (errors[`${task.gap} ${task.noise}`] ??= { test: windowsToJudge(task, data.draws) });
    return (here[who.name] ??= rootMeanSquare(forecast(who, here.test.x)[0], here.test.truth));
  }

  /** Each forecast becomes the newest value of the window. */
  function onItsOwn(who, first, steps) {
    const x = rnn.array(first, [1, 10, 1]), series = [];
    for (let n = 0, tape; n < steps; n++) {
      const [said, used] = forecast(who, x, tape);
      series.push(said[0]);
      tape = used;
      x.copyWithin(0, 1);
      x[9] = said[0];
    }
    return series;
  }

  // --- Judging and drawing

  const HIGH = 150, Y = (value) => HIGH / 2 - 42 * Math.max(-9, Math.min(9, value));
  const line = (color, extra = {}) => make("svg:path", { fill: "none", stroke: `var(--live-${color})`, "stroke-width": 2, ...extra });
  const dots = make("svg:path", { stroke: "var(--pst-color-text-muted)", "stroke-width": 4, "stroke-linecap": "round" });
  const truthLine = make("svg:path", { fill: "none", stroke: "var(--pst-color-text-muted)", "stroke-width": 5, opacity: 0.4 });
  const edge = line("faint", { "stroke-dasharray": "3 3" });
  const lines = WHO.map(({ color }) => line(color));
  const sheet = drawing(WIDE, HIGH, "", edge, truthLine, dots, lines);

  const LEFT = 105, RIGHT = 300, E = (error) => LEFT + ((RIGHT - LEFT) * (6 + Math.log10(Math.max(1e-6, Math.min(1, error))))) / 6;
  const bars = WHO.map(({ color }, row) => make("svg:rect", { x: LEFT, y: 7 + 24 * row, height: 14, fill: `var(--live-${color})` }));
  const errorsSaid = WHO.map((_, row) => make("svg:text", { x: RIGHT + 6, y: 19 + 24 * row }));
  const decades = [0, 1, 2, 3, 4, 5, 6].map((n) => E(10 ** -n));
  const table = drawing(WIDE, 100, "",
    make("svg:path", { d: decades.map((x) => `M${x},2V98`).join(""), stroke: "var(--live-faint)" }), bars,
    WHO.map(({ name }, row) => make("svg:text", { x: 0, y: 19 + 24 * row }, name)), errorsSaid);
  const said = (error) => (error < 1e-6 ? "below 0.000001" : error < 1000 ? error.toPrecision(3) : String(Math.round(error)));
  const key = make("p", {}, "Grey: the wave. Dots: what was measured, with noise. Lines: the forecasts, in the colours of their errors below.");
  const note = make("p", { class: "live-note" });

  /** The errors of all, and their lines, the wave, the edge of the first window and what was measured, as paths. */
  function work() {
    const { gap, noise } = task, { draws } = data, steps = Math.max(60, Math.min(400, Math.round((4 * Math.PI) / gap)));
    const clean = Array.from({ length: 10 + steps }, (_, n) => Math.sin(gap * n));
    const measured = clean.map((value, n) => value + noise * draws[n]), truth = clean.slice(10);
    const X = (n) => 4 + ((WIDE - 8) * n) / (9 + steps);
    const every = alone ? 1 : Math.ceil(steps / 100); // of many forecasts that stand close some are left out, so that dragging is smooth
    const places = truth.map((_, n) => n).filter((n) => n % every === 0);
    const windows = alone ? null : rnn.array(places.flatMap((n) => measured.slice(n, n + 10)), [places.length, 10, 1]);
    const forecasts = WHO.map((who) => (alone ? onItsOwn(who, measured.slice(0, 10), steps) : forecast(who, windows)[0]));
    const shown = alone ? measured.slice(0, 10) : steps > 150 ? [] : measured;
    return {
      steps,
      errors: WHO.map((who, n) => (alone ? rootMeanSquare(forecasts[n], truth) : nextError(who))),
      lines: forecasts.map((series, n) => n && path([...series].map((value, k) => [X(10 + places[k]), Y(value)]))),
      wave: path(clean.map((value, n) => [X(n), Y(value)])),
      edge: `M${X(9.5)},0V${HIGH}`,
      dots: shown.map((value, n) => `M${X(n).toFixed(1)},${Y(value).toFixed(1)}h0`).join(""),
    };
  }

  function compute() {
    const { gap, noise } = task, done = (drawn[`${gap} ${noise} ${alone}`] ??= work()), { steps } = done;
    judged = done.errors;
    lines.forEach((one, n) => n && set(one, { d: done.lines[n] }));
    set(truthLine, { d: done.wave });
    set(edge, { d: done.edge });
    set(dots, { d: done.dots });
    judged.forEach((error, n) => {
      set(bars[n], { width: Math.max(1, E(error) - LEFT) });
      errorsSaid[n].textContent = said(error).replace("below", "<");
    });
    const all = WHO.map(({ name }, n) => `${name} ${said(judged[n])}`).join(", ");
    set(table, { "aria-label": `Errors: ${all}. Each line of the grid is a factor of ten.` });
    const best = judged.indexOf(Math.min(...judged)), how = alone ? `On its own for ${steps} steps` : "One step ahead";
    set(sheet, { "aria-label": `${how}: the wave, what was measured, and three forecasts.` });
    const strange = learned.gap !== gap || learned.noise !== noise;
    note.textContent = `A wave has ${number((2 * Math.PI) / gap, 1)} points. ${how}, the smallest error (RMSE, from the wave without noise) ` +
      `is that of the ${WHO[best].name}: ${said(judged[best])}.` +
      (strange ? ` The LSTM was trained with a gap of ${number(learned.gap)} and noise of ${number(learned.noise)}: it has not met this wave.` : "");
    figure.say(note.textContent);
  }

  function use(weights, of) {
    [network, learned, errors, drawn] = [lstmOf(weights), of, {}, {}];
    compute();
  }
  const pages = () => use(data, data);

  function turn(change) {
    Object.assign(task, change);
    curve = [];
    if (training.tell({ task: { ...task } }))
      progress.textContent = "Another wave: the curve begins anew, the network goes on from where it is.";
    compute();
    drawCurve();
  }
  const gap = slider({
    label: "Gap between points", min: 0, max: GAPS.length - 1, step: 1, value: GAPS.indexOf(task.gap),
    show: (n) => number(GAPS[n]), change: (n) => turn({ gap: GAPS[n] }),
  });
  const noise = slider({ label: "Noise", min: 0, max: 0.5, step: 0.05, value: task.noise, change: (value) => turn({ noise: value }) });
  const mode = choice({
    label: "Forecast", options: { next: "one step ahead", alone: "run on its own" }, value: "next",
    change: (key) => ((alone = key === "alone"), compute()),
  });

  // --- Training

  let curve = [], seed = 0, from = null;
  const size = slider({ label: "Units", min: 1, max: 30, step: 1, value: 16, show: String, change: () => reset() });
  const progress = make("p", { class: "live-progress" });
  const curveLine = line("output"), F = (error) => 10 - 30 * Math.log10(Math.max(1e-3, Math.min(1, error)));
  const grid = [1, 0.1, 0.01, 0.001].map((error) => [
    make("svg:path", { d: `M40,${F(error)}H${WIDE}`, stroke: "var(--live-faint)" }),
    make("svg:text", { x: 0, y: F(error) + 4 }, error),
  ]);
  const others = WHO.slice(1, 3).map(({ name, color }, n) => ({
    line: line(color, { "stroke-dasharray": "6 4" }), name, text: make("svg:text", { x: 150 + 120 * n }),
  }));
  const curveSheet = drawing(WIDE, 116, "", grid, others.map((one) => [one.line, one.text]), curveLine);
  const who = choice({
    label: "Who forecasts above", options: { page: "the network of this page", mine: "the one trained here" }, value: "page",
    change: (key) => (key === "mine" && mine ? use(mine, mine.task) : pages()),
  });
  const chosen = (key) => who.querySelector(`[value=${key}]`);

  function drawCurve() {
    const first = curve[0]?.[0], X = 340 / (curve.at(-1)?.[0] - first || 1);
    set(curveLine, { d: curve.length ? path(curve.map(([step, error]) => [40 + X * (step - first), F(error)])) : null });
    const beside = others.map((one, n) => {
      const error = nextError(WHO[n + 1]), y = F(error);
      set(one.line, { d: `M40,${y}H${WIDE}` });
      set(one.text, { y: y < 16 ? y + 13 : y - 6 });
      one.text.textContent = error < 1e-3 ? `${one.name}, below this` : one.name;
      return `${one.name} ${said(error)}`;
    });
    set(curveSheet, { "aria-label": `The error while it learns, beside ${beside.join(" and ")}. ${curve.length ? progress.textContent : ""}` });
  }

  function hear({ steps, rate, error, network: weights, task: of }) {
    if (of.gap !== task.gap || of.noise !== task.noise) return; // told before the slider moved
    mine = { ...weights, task: of };
    curve.push([steps, error]);
    const least = nextError(WHO[2]), counts = [steps, Math.round(rate)].map((count) => count.toLocaleString("en"));
    progress.textContent = `${counts[0]} steps, error ${said(error)}, ${error < least ? "below" : "not below"} least squares. ${counts[1]} steps a second.`;
    drawCurve();
    if (chosen("mine").checked) use(mine, of);
  }
  const training = learner({
    task: trainSine, others: [windowsToJudge, lstmOf, `const rootMeanSquare = ${rootMeanSquare}`], hear, rest: 1000,
    first(anew) {
      chosen("mine").checked = true;
      const begin = anew && { draws: data.draws, seed: seed++, ...(from ? { weights: from } : { units: size.value }) };
      return { ...begin, task: { ...task } };
    },
    rested() {
      figure.dataset.rests = "";
      figure.say(progress.textContent);
    },
  });
  function reset(weights = null) {
    training.end();
    [mine, curve, from] = [null, [], weights];
    chosen("page").checked = true;
    pages();
    drawCurve();
    progress.textContent = weights
      ? `The page's ${size.value} units, which go on from what they know.`
      : `${size.value} random ${size.value === 1 ? "unit that knows" : "units that know"} nothing yet.`;
  }
  const load = button("Load the page's weights", () => (size.move(data.bias.length / 4), reset(data)));

  figure.append(
    make("div", { class: "live-row" }, gap, noise), mode, sheet, key, table, note,
    make("div", { class: "live-row live-part" }, training.start, button("Begin anew", () => reset()), load, size),
    progress, curveSheet, who,
  );
  reset();
});
