/* Two directions: type a word, tap a letter, and see which letters each half of the output there has read.

Data: codes [26, D], the numbers of each letter, and the weights of two LSTM cells by name, forward and backward. */
"use strict";

live.define("directions", (figure, data) => {
  const { make, set, drawing, number, player, field } = live;
  const LEFT = 84, WIDTH = 420, HIGH = 40, ROWS = { forward: 58, letters: 92, backward: 118 }, LONGEST = 12;
  let word = "nowhere", moved;

  const H = data.forward.bias.length / 4, D = data.codes[0].length;
  const [forward, backward] = [data.forward, data.backward].map(({ kernel, bias }) =>
    rnn.withWeights(new rnn.BasicLSTMCell(H, 1, { numInputs: D }), { kernel, bias }));

  /** The outputs of both halves, [T][H] each; the backward reader gets the word turned round, and its outputs are turned back. */
  function read(x) {
    const run = (cell, rows) => {
      const y = rnn.unroll(cell, rnn.array([rows]))[0];
      return rows.map((_, t) => y.slice(t * H, t * H + H));
    };
    return { forward: run(forward, x), backward: run(backward, [...x].reverse()).reverse() };
  }

  /** For each half and output: how far it moves when one letter after the other is changed. */
  function compute() {
    const x = [...word].map((letter) => data.codes[letter.charCodeAt(0) - 97]), usual = read(x);
    const changed = x.map((code, k) => read(x.map((one, n) => (n === k ? code.map((value) => value + 1) : one))));
    const apart = (a, b) => Math.hypot(...a.map((value, n) => value - b[n]));
    moved = {};
    for (const half of ["forward", "backward"])
      moved[half] = x.map((_, t) => changed.map((one) => apart(one[half][t], usual[half][t])));
    const wide = Math.min(40, (WIDTH - LEFT) / x.length);
    letters.replaceChildren(...[...word].map((letter, t) => {
      const middle = LEFT + wide * (t + 0.5);
      return make("svg:g", { onclick: () => steps.go(t) },
        make("svg:rect", { x: middle - wide / 2, y: 0, width: wide, height: 172, fill: "transparent" }),
        make("svg:rect", { x: middle - wide / 2 + 1, y: ROWS.letters - 21, width: wide - 2, height: 30, rx: 4, fill: "none" }),
        make("svg:text", { x: middle, y: ROWS.letters, "text-anchor": "middle", "font-size": 20, "font-family": "monospace" }, letter));
    }));
    steps.renew(x.length, Math.min(2, x.length - 1));
  }

  const letters = make("svg:g"), bars = make("svg:g");
  const head = (y, words) => make("svg:text", { x: 0, y }, words);
  const sheet = drawing(WIDTH, 172, "", bars, head(ROWS.forward - 14, "forward \u2192"), head(ROWS.letters, "word"), head(ROWS.backward + 24, "backward \u2190"), letters);
  const note = make("p", { class: "live-note" });
  const steps = player({ show, label: "Output at letter" });
  const typed = field({
    label: "Word", value: word,
    check: (text) => (/^[a-z]+$/i.test(text) ? (text.length > LONGEST ? `At most ${LONGEST} letters, please.` : "") : "Only letters from a to z, please, and at least one."),
    change: (text) => ((word = text.toLowerCase()), compute()),
  });

  function show(t) {
    const wide = Math.min(40, (WIDTH - LEFT) / word.length), colors = { forward: "state", backward: "output" };
    bars.replaceChildren(...Object.entries(colors).flatMap(([half, color]) => {
      const sizes = moved[half][t], most = Math.max(...sizes);
      return sizes.map((size, k) => {
        const high = size && Math.max(1, (HIGH * size) / most), down = half === "backward";
        return make("svg:rect", { x: LEFT + wide * (k + 0.2), width: wide * 0.6, y: down ? ROWS.backward : ROWS.forward - high + 4, height: high, fill: `var(--live-${color})` });
      });
    }));
    [...letters.children].forEach((group, k) => set(group.children[1], { stroke: k === t ? "var(--live-weight)" : "var(--live-faint)", "stroke-width": k === t ? 3 : 1 }));
    const has = (half) => [...word].filter((_, k) => moved[half][t][k] > 0);
    note.textContent = `At the letter ${word[t]} the forward half has read ${has("forward").join(" ")}; the backward half, which begins at the end, has read ${has("backward").reverse().join(" ")}.`;
    const list = (half) => `${half}: ${moved[half][t].map((size) => number(size, 4)).join(", ")}`;
    set(sheet, { "aria-label": `How far each half moves when a letter is changed, ${list("forward")}; ${list("backward")}.` });
    figure.say(note.textContent);
  }

  figure.append(make("div", { class: "live-row" }, typed), sheet, steps, note);
  compute();
});
