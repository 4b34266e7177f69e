/* Dropout in a recurrent network: masks for each step or for the sequence, on what is said or on what is remembered.

Data: coins [T, H], numbers between 0 and 1; a number is kept where its coin lies below the keep probability. */
"use strict";

live.define("dropout", (figure, data) => {
  const { make, set, drawing, number, choice, player, slider } = live;
  const { coins } = data, T = coins.length, H = coins[0].length, all = [...coins.keys()];
  const LEFT = 62, WIDTH = 420, TALL = 150, wide = (WIDTH - LEFT) / T, high = TALL / H;
  const now = { keep: 0.9, each: "step", where: "memory" };
  let masks, values;

  /** Every unit holds a 1. Said: each step's 1 meets one mask. Remembered: what is left meets the next mask as well. */
  function compute() {
    const { keep, each, where } = now;
    masks = all.map((t) => coins[each === "step" ? t : 0].map((coin) => (coin < keep ? 1 / keep : 0)));
    values = [];
    for (const mask of masks) {
      const before = where === "memory" && values.length ? values[values.length - 1] : Array(H).fill(1);
      values.push(mask.map((m, n) => m * before[n]));
    }
    const alive = (row) => row.filter((value) => value > 0).length;
    squares.forEach((row, t) => row.forEach((square, n) => {
      const value = values[t][n];
      set(square, { height: Math.min(1, 0.45 + 0.11 * value) * (high - 1), fill: value ? "var(--live-state)" : "none" });
    }));
    set(sheet, { "aria-label": `Alive of ${H} at the steps 0 to ${T - 1}: ${values.map(alive).join(", ")}. Their mean: ${values.map((row) => number(mean(row))).join(", ")}.` });
  }
  const mean = (row) => row.reduce((a, b) => a + b) / H;

  const squares = all.map((t) => Array.from({ length: H }, (_, n) => make("svg:rect", { x: LEFT + wide * t + 1, y: 4 + high * n, width: wide - 2 })));
  const cursor = make("svg:rect", { y: 2, width: wide, height: TALL + 3, fill: "none", stroke: "var(--live-output)", "stroke-width": 2 });
  const text = (x, y, words, anchor = "start") => make("svg:text", { x, y, "text-anchor": anchor }, words);
  const marks = all.filter((t) => t % 4 === 0 || t === T - 1 && t % 4 > 1).map((t) => text(LEFT + wide * (t + 0.5), TALL + 22, t, "middle"));
  const columns = all.map((t) => make("svg:g", { onclick: () => steps.go(t) },
    make("svg:rect", { x: LEFT + wide * t, y: 0, width: wide, height: TALL + 8, fill: "transparent" }), squares[t]));
  const sheet = drawing(WIDTH, TALL + 28, "", text(0, 16, `unit 0`), text(0, TALL, `unit ${H - 1}`), text(0, TALL + 22, "step t"), marks, columns, cursor);

  function show(t) {
    columns.forEach((column, n) => set(column, { opacity: n > t ? 0.3 : 1 }));
    set(cursor, { x: LEFT + wide * t });
    const row = values[t], alive = row.filter((value) => value > 0);
    const what = now.where === "memory" ? "remembered" : "said";
    note.textContent = `Step ${t}: of ${H} numbers that are ${what} ${alive.length} ${alive.length === 1 ? "is" : "are"} alive` +
      (alive.length ? `; the largest holds ${number(Math.max(...alive))}, the mean of all is ${number(mean(row))}.` : ".");
    figure.say(note.textContent);
  }

  const note = make("p", { class: "live-note" });
  const steps = player({ show, pace: 250, words: (t) => `t = ${t}` });
  const change = (name) => (value) => {
    now[name] = value;
    const stays = +steps.querySelector("input").value;
    compute();
    steps.renew(T, stays);
  };
  figure.append(
    sheet, note, steps,
    make("div", { class: "live-row live-part" }, slider({ label: "Keep probability", min: 0.5, max: 1, value: 0.9, change: change("keep") })),
    choice({ label: "New coins", options: { step: "at every step", sequence: "once for the sequence" }, value: now.each, change: change("each") }),
    choice({ label: "The masks fall on", options: { memory: "what is remembered", output: "what is said" }, value: now.where, change: change("where") }),
  );
  compute();
  steps.renew(T, 0);
});
