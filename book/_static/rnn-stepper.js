/* The stepper: a small recurrent layer in a row of steps; forward the states, backward the gradient.

Data: kernel [1+H, H], bias [H], inputs [T]; where given, read [H] and read_bias, and targets [T], whose squared
error, halved, is the loss of each step (else the gradient starts as 1 at the last state); activation, "tanh" or
"linear"; mode, "forward" or "backward"; digits of the sentence. */
"use strict";

live.define("stepper", (figure, data) => {
  const { make, set, drawing, number, button, choice, player, slider } = live;
  const { kernel, bias, inputs, read, read_bias, targets, digits = 4 } = data;
  const T = inputs.length, H = bias.length, all = [...inputs.keys()];
  const LEFT = 62, WIDTH = 420, apart = (WIDTH - LEFT) / T, MIDDLE = 77, HALF = 34, BOX = Math.min(24, apart * 0.6);
  const begin = { weight: H === 1 ? kernel[1][0] : 1, loud: 1, bend: data.activation ?? "tanh", mode: data.mode ?? "forward" };
  let now = { ...begin }, states, sums, outputs, direct, next, total;

  // --- The arithmetic

  function layer(activation) {
    const cell = new rnn.BasicRNNCell(H, activation, { numInputs: 1 });
    const [first, ...rest] = kernel;
    cell.weights.kernel.set([...first, ...rest.flat().map((w) => (H === 1 ? now.weight : w * now.weight))]);
    cell.weights.bias.set(bias);
    return cell;
  }

  function compute() {
    const cell = layer(now.bend === "tanh" ? rnn.tanh : rnn.identity), straight = layer(rnn.identity);
    const x = rnn.array(inputs.map((value) => value * now.loud), [1, T, 1]);
    const [h, , tape] = rnn.forwardThroughTime(cell, x);
    states = all.map((t) => rnn.array(h.subarray(t * H, t * H + H), [1, H]));
    sums = all.map((t) => straight.call(rnn.array([x[t]], [1, 1]), states[t - 1] ?? rnn.zeros([1, H]))[0]);
    outputs = read && states.map((state) => state.reduce((sum, value, n) => sum + value * read[n], +read_bias));
    direct = all.map((t) => states[t].map((value) => (targets ? value - targets[t] : t === T - 1 ? 1 / Math.sqrt(H) : 0)));
    [next, total] = [[], []];
    let flow = rnn.zeros([1, H]);
    for (let t = T - 1; t >= 0; t--) {
      next[t] = flow;
      total[t] = flow.map((value, n) => value + direct[t][n]);
      cell.backward(tape.steps[t], direct[t], flow, tape.d);
      flow = rnn.array(tape.d.dState, [1, H]);
    }
  }

  /** A gradient as one number: itself, or its length where there are several units. */
  const size = (d) => (H === 1 ? d[0] : Math.hypot(...d));
  const short = (value) => number(value, Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0);
  const long = (values) => [...values].map((value) => number(value, digits)).join(" and ");

  // --- The drawing

  const X = (t) => LEFT + apart * (t + 0.5);
  const text = (x, y, words = "", anchor = "middle") => make("svg:text", { x, y, "text-anchor": anchor }, words);
  const head = (y, words) => text(0, y, words, "start");
  const heads = { top: head(17, ""), box: head(MIDDLE + 4, "state"), value: head(131, ""), input: head(163, "input"), step: head(184, "step t") };
  const scale = [text(LEFT - 4, MIDDLE - HALF + 9, "", "end"), text(LEFT - 4, MIDDLE + HALF, "", "end")];

  /** An arrow from one point to another, so thick; across or down. */
  function arrow(x, y, dx, dy, thick, color) {
    const half = thick / 2, wing = half + 3, along = Math.abs(dx + dy) - 6, angle = dx > 0 ? 0 : dx < 0 ? 180 : dy > 0 ? 90 : -90;
    const d = `M0,${-half}H${along}V${-wing}L${along + 6},0L${along},${wing}V${half}H0Z`;
    return make("svg:path", { d, fill: color, transform: `translate(${x},${y}) rotate(${angle})` });
  }
  const thickness = (value) => Math.min(16, 4 * Math.abs(value));

  const columns = all.map((t) => {
    const x = X(t), parts = {
      top: text(x, 17), arrows: make("svg:g"), bars: make("svg:g"), value: text(x, 131), input: text(x, 163), step: text(x, 184, t),
      frame: make("svg:rect", { x: x - BOX / 2, y: MIDDLE - HALF, width: BOX, height: 2 * HALF, rx: 3, fill: "none", stroke: "var(--live-faint)" }),
      line: make("svg:path", { d: `M${x - BOX / 2},${MIDDLE}h${BOX}`, stroke: "var(--live-faint)" }),
    };
    const touch = make("svg:rect", { x: x - apart / 2, y: 0, width: apart, height: 190, fill: "transparent" });
    const group = make("svg:g", { onclick: () => steps.go(now.mode === "backward" ? T - 1 - t : t) }, touch, Object.values(parts));
    return { ...parts, group };
  });
  const sheet = drawing(WIDTH, 190, "", Object.values(heads), scale, columns.map((column) => column.group));

  function draw() {
    const back = now.mode === "backward", most = Math.max(1, ...states.map((h) => Math.max(...h.map(Math.abs))));
    scale.forEach((label, n) => (label.textContent = short(n ? -most : most).replace(".00", "")));
    heads.top.textContent = back ? "loss" : outputs ? "output" : "";
    heads.value.textContent = back ? "gradient" : H === 1 ? "state" : "";
    columns.forEach(({ top, arrows, bars, value, input, frame }, t) => {
      const x = X(t), marks = [];
      const losing = back && size(direct[t]) !== 0;
      top.textContent = back ? (losing ? "L" : "") : outputs ? short(outputs[t]) : "";
      value.textContent = back ? short(size(total[t])) : H === 1 ? short(states[t][0]) : "";
      input.textContent = short(inputs[t] * now.loud);
      set(frame, { stroke: back ? "var(--live-faint)" : "var(--live-state)" });
      bars.replaceChildren(...[...states[t]].map((h, n) => {
        const high = (HALF * Math.abs(h)) / most, wide = (BOX - 4) / H;
        return make("svg:rect", { x: x - BOX / 2 + 2 + wide * n, y: h > 0 ? MIDDLE - high : MIDDLE, width: wide - 1, height: high, fill: "var(--live-state)", opacity: back ? 0.5 : 1 });
      }));
      marks.push(arrow(x, 151, 0, -14, 1.2, "var(--live-input)"));
      if (outputs && !back) marks.push(arrow(x, MIDDLE - HALF, 0, -20, 1.2, "var(--live-output)"));
      if (losing) marks.push(arrow(x, 21, 0, 20, thickness(size(direct[t])), "var(--live-output)"));
      const gap = apart - BOX;
      if (back && t < T - 1) marks.push(arrow(x + BOX / 2 + gap, MIDDLE, -gap, 0, thickness(size(next[t])), "var(--live-output)"));
      if (!back && t > 0) marks.push(arrow(x - BOX / 2 - gap, MIDDLE, gap, 0, 1.2, "var(--live-state)"));
      arrows.replaceChildren(...marks);
    });
    const list = (values) => values.map((value) => number(value, 4)).join(", ");
    set(sheet, { "aria-label": back
      ? `The gradient at the steps 0 to ${T - 1}: ${list(total.map(size))}`
      : states[0].reduce((words, _, n) => `${words} ${H === 1 ? "The states" : `Unit ${n}`} at the steps 0 to ${T - 1}: ${list(states.map((h) => h[n]))}.`, "").trim() });
  }

  // --- Words and controls

  function show(place) {
    const back = now.mode === "backward", t = back ? T - 1 - place : place;
    columns.forEach(({ group, step }, n) => {
      set(group, { opacity: back ? (n < t ? 0.35 : 1) : n > t ? 0.35 : 1 });
      set(step, { "font-weight": n === t ? "bold" : null, "text-decoration": n === t ? "underline" : null });
    });
    note.textContent = back ? backwardWords(t, place) : forwardWords(t);
    figure.say(note.textContent);
  }

  const forwardWords = (t) =>
    `Step ${t}: input ${short(inputs[t] * now.loud)}. The sum is ${long(sums[t])}, the state ${long(states[t])}` +
    (outputs ? `, the output ${number(outputs[t], digits)}.` : ".");

  function backwardWords(t, lag) {
    const what = H === 1 ? "gradient" : "length of the gradient";
    if (targets) {
      return `Step ${t}: from its own loss ${long(direct[t])}, from the step after ${long(next[t])}. ` +
        `Together the ${what} is ${number(size(total[t]), digits)}.`;
    }
    const left = size(total[t]), word = lag === 1 ? "step" : "steps";
    return lag === 0 ? `Step ${t}: the message sets out as 1.` : `Step ${t}: after ${lag} ${word} back the ${what} is ${number(left, digits)}.`;
  }

  const note = make("p", { class: "live-note" });
  const steps = player({ show, label: "Step", words: (place) => `t = ${now.mode === "backward" ? T - 1 - place : place}` });
  const change = (name, place) => (value) => {
    now[name] = value;
    const stays = place ?? +steps.querySelector("input").value;
    compute();
    draw();
    steps.renew(T, stays);
  };
  const weight = H === 1
    ? slider({ label: "Recurrent weight", min: -2, max: 2, value: now.weight, change: change("weight") })
    : slider({ label: "Recurrent weights, times", min: -2, max: 2, value: 1, change: change("weight") });
  const loud = slider({ label: "Inputs, times", min: 0, max: 3, step: 0.05, value: 1, change: change("loud") });
  const bend = choice({ label: "Activation", options: { tanh: "tanh", linear: "none (linear)" }, value: now.bend, change: change("bend") });
  const mode = choice({
    label: "Direction", options: { forward: "forward, the state", backward: "backward, the gradient" }, value: now.mode, change: change("mode", 0),
  });
  const anew = button("As it was", () => {
    now = { ...begin };
    weight.move(now.weight);
    loud.move(now.loud);
    for (const [box, key] of [[bend, now.bend], [mode, now.mode]]) box.querySelector(`[value=${key}]`).checked = true;
    change("mode", 0)(now.mode);
  });

  figure.append(sheet, note, steps, make("div", { class: "live-row live-part" }, weight, loud), bend, mode, anew);
  compute();
  draw();
  steps.renew(T, 0);
});
