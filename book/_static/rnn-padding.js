/* Padding: rows of unequal length in a rectangle, what is masked, and the state that is copied through.

Data: kernel [D+H, H] of a basic cell without a bias, inputs [B, T, D], lengths [B]. Neuron 0 is drawn. */
"use strict";

live.define("padding", (figure, data) => {
  const { make, set, drawing, number, choice, slider } = live;
  const { kernel, inputs } = data, B = inputs.length, T = inputs[0].length, D = inputs[0][0].length, H = kernel[0].length;
  const LEFT = 56, WIDTH = 420, wide = (WIDTH - LEFT) / (T + 1.2), ROW = 46, HALF = 18;
  const lengths = [...data.lengths], now = { told: "yes", filling: "0" };
  const cell = rnn.withWeights(new rnn.BasicRNNCell(H, rnn.tanh, { numInputs: D }), { kernel });
  let row = 1, told, right;

  /** Outputs [B][T] and last states [B] of neuron 0. */
  function run(given) {
    const filled = inputs.map((steps, b) => steps.map((x, t) => (t < lengths[b] ? x : x.map(() => +now.filling))));
    const [outputs, state] = rnn.unroll(cell, rnn.array(filled), given ? lengths : undefined);
    return inputs.map((steps, b) => ({ outputs: steps.map((_, t) => outputs[(b * T + t) * H]), state: state[b * H] }));
  }

  const text = (x, y, words, anchor = "middle") => make("svg:text", { x, y, "text-anchor": anchor }, words);
  const X = (t) => LEFT + wide * t, Y = (b) => 26 + ROW * b + ROW / 2;
  const rows = inputs.map((_, b) => make("svg:g", { onclick: () => pick(b) }));
  const sheet = drawing(WIDTH, 30 + ROW * B, "", text(0, 15, "step t", "start"),
    inputs[0].map((_, t) => text(X(t + 0.5), 15, t)), text(X(T + 0.7), 15, "state"), rows);

  function bar(x, b, value, color) {
    const high = HALF * Math.abs(value);
    return make("svg:rect", { x: x + wide * 0.3, y: value > 0 ? Y(b) - high : Y(b), width: wide * 0.4, height: high, fill: `var(--live-${color})` });
  }

  function draw() {
    right = run(true);
    told = run(now.told === "yes");
    rows.forEach((group, b) => {
      const last = lengths[b] - 1, wrong = Math.abs(told[b].state - right[b].state) > 1e-9;
      const places = told[b].outputs.map((value, t) => {
        const valid = t < lengths[b];
        const frame = { x: X(t) + 2, y: Y(b) - 21, width: wide - 4, height: 42, rx: 3, fill: "none", stroke: `var(--live-${t === last ? "output" : valid ? "state" : "faint"})`, "stroke-width": t === last ? 3 : 1, "stroke-dasharray": valid ? "none" : "3 3" };
        const zero = { d: `M${X(t) + wide * 0.2},${Y(b)}h${wide * 0.6}`, stroke: "var(--live-faint)" };
        return [make("svg:rect", frame), make("svg:path", zero), bar(X(t), b, value, valid ? "state" : "weight")];
      });
      group.replaceChildren(make("svg:rect", { x: 0, y: Y(b) - 23, width: WIDTH, height: ROW, fill: "transparent" }), ...places.flat(),
        set(text(0, Y(b) + 4, `row ${b}`, "start"), { "font-weight": b === row ? "bold" : null }),
        bar(X(T + 0.2), b, told[b].state, wrong ? "weight" : "output"), wrong ? text(X(T + 1.05), Y(b) + 5, "\u2717") : []);
    });
    const list = told.map(({ outputs, state }, b) => `Row ${b}: ${outputs.map((value) => number(value, 4)).join(", ")}, at the end ${number(state, 4)}.`);
    set(sheet, { "aria-label": `Neuron 0 at the steps 0 to ${T - 1}. ${list.join(" ")}` });
    const n = lengths[row], end = number(told[row].state, 4), should = number(right[row].state, 4), steps = (count) => `${count} ${count === 1 ? "step" : "steps"}`;
    const valid = n ? `its last valid output is that of step ${n - 1}, ${number(told[row].outputs[n - 1], 4)}` : "it has no valid output";
    const after = now.told === "yes"
      ? `The state at the end is ${end}${n ? ", the same" : ", as it began"}.`
      : n === T ? `The state at the end is ${end}, the same.`
      : `Untold, the network has read ${steps(T - n)} of filling, and its state at the end is ${end}${should === end ? ", which happens to be right" : ` where ${should} is right`}.`;
    note.textContent = `Row ${row}, length ${n}: ${valid}. ${after}`;
    figure.say(note.textContent);
  }
  function pick(b) {
    row = b;
    draw();
  }

  const note = make("p", { class: "live-note" });
  const change = (name) => (value) => ((now[name] = value), draw());
  figure.append(
    sheet, note,
    make("div", { class: "live-row live-part" }, lengths.map((value, b) => slider({
      label: `Length of row ${b}`, min: 0, max: T, step: 1, value, show: String, change: (to) => ((lengths[b] = to), pick(b)),
    }))),
    choice({ label: "The lengths are", options: { yes: "told to the network", no: "not told" }, value: now.told, change: change("told") }),
    choice({ label: "The gaps are filled with", options: { 0: "zeros", 9: "nines" }, value: now.filling, change: change("filling") }),
  );
  draw();
});
