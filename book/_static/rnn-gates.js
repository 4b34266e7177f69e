/* The gates: one unit of an LSTM or a GRU over twenty steps; its gates by slider or by weights, its input drawn.

Data: values [T] in -1..1, marks [T] where the cell reads them, start (the store before the first step when sliders
drive the gates), cell, "lstm" or "gru", and weights: {lstm: {"what they are": {kernel, bias, forget_bias, says,
says_bias}}, gru: {...}}; says and says_bias turn h into the answer. drive names what drives at first. */
"use strict";

const GATES_OF = {
  lstm: { i: ["input", "i", 0], f: ["forget", "f", 1], o: ["output", "o", 1] },
  gru: { r: ["reset", "r", 1], u: ["update", "u", 0.9] },
};

live.define("gates", (figure, data) => {
  const { make, set, drawing, number, button, choice, player, slider, path } = live;
  const T = data.values.length, all = [...data.values.keys()], D = data.marks ? 2 : 1, start = data.start ?? 0, first = data.cell ?? "lstm";
  const LEFT = 70, WIDTH = 410, apart = (WIDTH - LEFT) / T, X = (t) => LEFT + apart * (t + 0.5);
  const UP = { value: 46, store: 132 }, HALF = 38, ROW = 182, HIGH = 24;
  let values = [...data.values], marks = [...(data.marks ?? [])], kind, drive, forced, run;

  // --- The arithmetic

  /** A unit whose gates are deaf and stand where the sliders put them; the new content is tanh of the value (GRU: and of r h). */
  function deaf() {
    const logit = (gate) => Math.log(forced[gate] / (1 - forced[gate])), none = Array(D).fill(0);
    if (kind === "lstm") {
      const row = (j) => [0, j, 0, 0];
      return { kernel: [row(1), ...none.map(() => row(0))], bias: [logit("i"), 0, logit("f"), logit("o")], forget_bias: 0 };
    }
    return {
      gates_kernel: [[0, 0], ...none.map(() => [0, 0])], gates_bias: [logit("r"), logit("u")],
      candidate_kernel: [[1], ...none.map((_, n) => [+(n === D - 1)])], candidate_bias: [0],
    };
  }

  function compute() {
    const own = drive === "sliders", weights = own ? deaf() : data.weights[kind][drive];
    const options = { numInputs: D };
    const cell = kind === "lstm" ? new rnn.BasicLSTMCell(1, weights.forget_bias, options) : new rnn.GRUCell(1, options);
    for (const name in cell.weights) cell.weights[name].set(weights[name].flat());
    const x = rnn.array(values.flatMap((value, t) => (D === 2 ? [value, marks[t]] : [value])), [1, T, D]);
    const state = cell.zeroState(1);
    if (own) (state.c ?? state)[0] = start;
    const [outputs, , tape] = rnn.forwardThroughTime(cell, x, undefined, state);
    const read = (name) => tape.steps.map((step) => step[name][0]);
    run = { h: [...outputs], gates: {}, left: [], says: null };
    for (const gate in GATES_OF[kind]) run.gates[gate] = read(gate);
    run.c = kind === "lstm" ? read("c") : run.h;
    run.fresh = read(kind === "lstm" ? "j" : "candidate");
    const keep = run.gates[kind === "lstm" ? "f" : "u"];
    for (let t = T - 1, left = 1; t >= 0; left *= keep[t--]) run.left[t] = left;
    if (weights.says !== undefined) run.says = run.h.map((h) => h * weights.says + (weights.says_bias ?? 0));
  }

  // --- The drawing

  const text = (x, y, words = "", anchor = "start") => make("svg:text", { x, y, "text-anchor": anchor }, words);
  const line = (color, extra = {}) => make("svg:path", { fill: "none", stroke: `var(--live-${color})`, "stroke-width": 2, ...extra });
  const axis = (y) => make("svg:path", { d: `M${LEFT},${y}H${WIDTH}`, stroke: "var(--live-faint)" });
  const says = line("output"), store = line("state"), shown = line("output", { "stroke-dasharray": "4 3" });
  const dots = all.map((t) => make("svg:circle", { cx: X(t) }));
  const cursor = make("svg:rect", { y: 2, width: apart, fill: "var(--live-faint)", opacity: 0.3 });
  const field = make("svg:rect", { x: LEFT, y: UP.value - HALF - 6, width: WIDTH - LEFT, height: 2 * HALF + 12, fill: "transparent" });
  field.style.touchAction = "none";
  const key = (y, color, extra) => line(color, { d: `M${LEFT - 22},${y}h16`, ...extra });
  const saysHead = make("svg:g", {}, text(0, UP.value + 22, "says"), key(UP.value + 18, "output"));
  const ends = (y) => [text(LEFT - 5, y - HALF + 9, "1", "end"), text(LEFT - 5, y + HALF, "\u22121", "end")], scale = ends(UP.store);
  const storeHead = text(0, UP.store - 4), shownHead = text(0, UP.store + 14, "h");
  const storeKey = key(UP.store - 8, "state"), shownKey = key(UP.store + 10, "output", { "stroke-dasharray": "4 3" });
  const rows = make("svg:g");
  const sheet = drawing(WIDTH, 10, "", cursor, axis(UP.value), axis(UP.store), text(0, UP.value + 4, "value"), ends(UP.value), saysHead,
    scale, storeHead, shownHead, storeKey, shownKey, says, dots, store, shown, rows, field);

  const Y = (middle, value, most) => middle - (HALF * Math.max(-1.1 * most, Math.min(1.1 * most, value))) / most;

  function draw() {
    const lstm = kind === "lstm", most = Math.max(...run.c.map(Math.abs), ...run.h.map(Math.abs));
    const top = [0.1, 0.2, 0.5, 1, 2, 5, 10].find((size) => size >= most) ?? 20;
    const level = (numbers, middle, size) => path(numbers.flatMap((v, t) => [-0.5, 0.5].map((side) => [X(t + side), Y(middle, v, size)])));
    dots.forEach((dot, t) => set(dot, { cy: Y(UP.value, values[t], 1), r: marks[t] ? 5.5 : 3.5, fill: marks[t] ? "var(--live-input)" : "var(--pst-color-text-muted)" }));
    set(says, { d: run.says && level(run.says, UP.value, 1) });
    set(saysHead, { visibility: run.says ? null : "hidden" });
    set(store, { d: level(run.c, UP.store, top) });
    set(shown, { d: lstm ? level(run.h, UP.store, top) : null });
    for (const part of [shownHead, shownKey]) set(part, { visibility: lstm ? null : "hidden" });
    scale.forEach((end, n) => (end.textContent = n ? `\u2212${top}` : top));
    storeHead.textContent = lstm ? "c" : "h";
    const bands = [...Object.entries(run.gates).map(([gate, g]) => [GATES_OF[kind][gate].slice(0, 2).join(" "), g, "weight"]), ["gradient", run.left, "output"]];
    rows.replaceChildren(...bands.map(([words, numbers, color], n) => {
      const bottom = ROW + (HIGH + 6) * (n + 1) + (color === "output" ? 8 : 0);
      return make("svg:g", {}, text(0, bottom - 7, words), axis(bottom), numbers.map((g, t) =>
        make("svg:rect", { x: X(t - 0.5), y: bottom - HIGH * g, width: apart - 1, height: HIGH * g, fill: `var(--live-${color})` })));
    }));
    const height = ROW + (HIGH + 6) * bands.length + 12;
    set(sheet, { viewBox: `0 0 ${WIDTH} ${height}` });
    set(cursor, { height: height - 4 });
    const list = ([name, numbers]) => `${name}: ${numbers.map((v) => number(v, 4)).join(", ")}.`;
    const lists = { value: values, ...run.gates, ...(lstm && { c: run.c }), h: run.h, ...(run.says && { says: run.says }), gradient: run.left };
    set(sheet, { "aria-label": `Steps 0 to ${T - 1}. ${Object.entries(lists).map(list).join(" ")}` });
  }

  // --- Words and controls

  let t = 0;
  function show(place) {
    t = place;
    set(cursor, { x: X(t - 0.5) });
    here.move(values[t]);
    Object.keys(GATES_OF[kind]).forEach((gate, n) => hands.children[n].move(drive === "sliders" ? forced[gate] : run.gates[gate][t]));
    mark.textContent = marks[t] ? "Take the mark away" : "Mark this step";
    const gates = Object.entries(run.gates).map(([gate, g]) => `${GATES_OF[kind][gate][0]} ${number(g[t])}`).join(", ");
    const held = kind === "lstm" ? `The store c holds ${number(run.c[t], 4)}, of which h shows ${number(run.h[t], 4)}` : `The state h is ${number(run.h[t], 4)}`;
    note.textContent = `Step ${t}: value ${number(values[t])}${D === 2 ? (marks[t] ? " with a mark" : ", no mark") : ""}. ` +
      `Gates: ${gates}. New content ${number(run.fresh[t])}. ${held}${run.says ? `; it says ${number(run.says[t])}` : ""}. ` +
      `Of a gradient of 1 at the last step ${number(run.left[t], 4)} comes back to here along the ${kind === "lstm" ? "store" : "state"}.`;
    figure.say(note.textContent);
  }
  function renew() {
    compute();
    draw();
    show(t);
  }

  const note = make("p", { class: "live-note" });
  const steps = player({ show, label: "Step", words: (place) => `t = ${place}` });
  const here = slider({ label: "Value at this step", min: -1, max: 1, value: 0, change: (value) => ((values[t] = value), renew()) });
  const mark = button("", () => ((marks[t] = +!marks[t]), renew()), { class: "live-mark" });
  const anew = button("As it was", () => {
    [values, marks, t] = [[...data.values], [...(data.marks ?? [])], 0];
    begin(first);
  });

  function drawAt(event) {
    if (!event.buttons) return;
    const box = field.getBoundingClientRect(), at = Math.floor(((event.clientX - box.x) / box.width) * T);
    const value = 1 - (2 * (event.clientY - box.y)) / box.height, whole = 1 + 6 / HALF;
    t = Math.max(0, Math.min(T - 1, at));
    values[t] = Math.round(20 * Math.max(-1, Math.min(1, value * whole))) / 20;
    compute();
    draw();
    steps.go(t);
  }
  set(field, { onpointermove: drawAt, onpointerdown: (event) => (field.setPointerCapture(event.pointerId), drawAt(event)) });

  const who = make("div"), hands = make("div", { class: "live-row" });
  /** The controls of a kind of cell: what drives its gates, and a slider for each. */
  function begin(cell) {
    [kind, drive] = [cell, cell === first ? data.drive ?? "sliders" : "sliders"];
    forced = Object.fromEntries(Object.entries(GATES_OF[kind]).map(([gate, [, , value]]) => [gate, value]));
    const names = Object.keys(data.weights?.[kind] ?? {});
    const options = { ...Object.fromEntries(names.map((name) => [name, name])), sliders: "these sliders, alike at every step" };
    const drivers = choice({ label: "Gates are driven by", options, value: drive, change: (key) => ((drive = key), renew()) });
    who.replaceChildren(choice({ label: "Cell", options: { lstm: "LSTM", gru: "GRU" }, value: kind, change: begin }), drivers);
    hands.replaceChildren(...Object.entries(GATES_OF[kind]).map(([gate, [name, letter, value]]) => slider({
      label: `${name[0].toUpperCase()}${name.slice(1)} gate ${letter}`, min: 0, max: 1, step: 0.05, value,
      change: (to) => {
        if (drive !== "sliders") for (const other in forced) forced[other] = run.gates[other][t]; // the others stay where they are
        [forced[gate], drive] = [to, "sliders"];
        drivers.querySelector("[value=sliders]").checked = true;
        renew();
      },
    })));
    compute();
    draw();
    steps.renew(T, t);
  }

  figure.append(sheet, note, steps, make("div", { class: "live-row" }, here, D === 2 ? mark : [], anew),
    make("div", { class: "live-part" }, who, hands));
  begin(first);
});
