/* Which language is this? Type a name, and see the network's guess after every letter, and the way of its state.

Data: letters (place 0 is padding, 1 stands for a letter it never met, 2 is the end of a name); languages and their
codes; weights of the embedding, the GRU and the output; examples [name, its language]; centre [H] and axes [2, H], the
plane that the states are seen in, and middles [languages, 2], where the names of each language end in it. */
"use strict";

/* From a list of tokens: the probabilities [T][languages] after each, and the states [T][H]. */
function languageReader(data) {
  const weights = Object.fromEntries(Object.entries(data.weights).map(([name, one]) => [name, live.weight(one)]));
  const { embedding, output, bias, ...ofCell } = weights, [H, V] = output.shape, E = embedding.shape[1];
  const cell = rnn.withWeights(new rnn.GRUCell(H, { numInputs: E }), ofCell);
  const dense = rnn.withWeights(new rnn.Dense(V, { numInputs: H }), { kernel: output, bias });
  return (tokens) => {
    const rows = tokens.flatMap((token) => [...embedding.subarray(token * E, (token + 1) * E)]);
    const [states] = rnn.unroll(cell, rnn.array(rows, [1, tokens.length, E]));
    const p = rnn.softmax(dense.call(states));
    const cut = (array, N) => tokens.map((_, t) => [...array.subarray(t * N, (t + 1) * N)]);
    return { p: cut(p, V), states: cut(states, H) };
  };
}

live.define("language", (figure, data) => {
  const { make, set, drawing, number, button, field, player, path } = live;
  const LONGEST = 30, END = "$", MOST = 6, WIDE = 380;
  const { languages, codes, letters, examples } = data, read = languageReader(data);
  const largest = (row, count) => row.map((_, k) => k).sort((a, b) => row[b] - row[a]).slice(0, count);
  const shown = (letter) => (letter === " " ? "\u2423" : letter);
  const text = (x, y, words, extra = {}) => make("svg:text", { x, y, ...extra }, words);
  const output = "var(--live-output)", state = "var(--live-state)";

  // --- The best three

  const BAR = 160;
  const bars = [0, 1, 2].map((n) => ({
    name: text(0, 17 + 24 * n, ""), number: text(WIDE, 17 + 24 * n, "", { "text-anchor": "end" }),
    bar: make("svg:rect", { x: BAR, y: 5 + 24 * n, height: 15, fill: n ? state : output }),
  }));
  const best = drawing(WIDE, 74, "", bars.map(Object.values));

  // --- All letters: a row for each language that leads somewhere, a column for each letter

  const LEFT = 122, TOP = 24, ROW = 20;
  const squares = make("svg:g", { fill: state }), words = make("svg:g");
  const cursor = make("svg:rect", { y: 1, rx: 3, fill: "none", stroke: output, "stroke-width": 2 });
  const map = drawing(WIDE, 10, "", squares, words, cursor);

  // --- The plane of the states: where the names of each language end, and the way there

  const HIGH = 250, spread = (axis) => data.middles.map((middle) => middle[axis]);
  const scale = (axis, size) => {
    const [low, high] = [Math.min(...spread(axis)), Math.max(...spread(axis))], room = 0.14 * (high - low);
    return (value) => (size * (value - low + room)) / (high - low + 2 * room);
  };
  const across = scale(0, WIDE), up = scale(1, HIGH - 8);
  const spot = ([x, y]) => [across(x), HIGH - 4 - up(y)];
  const project = (state) =>
    spot(data.axes.map((axis) => axis.reduce((sum, one, k) => sum + one * (state[k] - data.centre[k]), 0)));

  /** Codes that would lie on one another make room. */
  function apart(spots) {
    for (let n = 0; n < 60; n++) for (const a of spots) for (const b of spots) {
      const [x, y] = [b[0] - a[0], b[1] - a[1]];
      if (a === b || Math.abs(x) > 20 || Math.abs(y) > 14) continue;
      const push = 0.25 * (14 - Math.abs(y)) * (y > 0 || (y === 0 && x > 0) ? 1 : -1);
      [a[1], b[1]] = [a[1] - push, b[1] + push];
    }
    return spots;
  }
  const labels = apart(data.middles.map(spot)).map(([x, y], k) => text(x, y + 4, codes[k], { "text-anchor": "middle" }));
  const way = make("svg:path", { fill: "none", stroke: output, "stroke-width": 1.5 });
  const rest = make("svg:path", { fill: "none", stroke: output, "stroke-width": 1, "stroke-dasharray": "2 4" });
  const stations = make("svg:g", { fill: output }), here = make("svg:circle", { r: 5, fill: output });
  const plane = drawing(WIDE, HIGH, "", labels, rest, way, stations, here);

  const said = make("p", { class: "live-result" }), note = make("p", { class: "live-note" });
  const steps = player({ show, label: "Letter" });
  let written, p, spots;
  const three = (t) => largest(p[t], 3).map((k) => `${languages[k]} ${number(p[t][k])}`).join(", ");

  function compute(given, atEnd = false) {
    const name = tidy(given), truth = examples.find(([example]) => example === name)?.[1];
    written = [...name, END];
    const done = read(written.map((letter) => letters.indexOf(letter)));
    p = done.p;
    spots = [data.centre.map(() => 0), ...done.states].map(project);
    const last = languages[largest(p.at(-1), 1)[0]], verdict = truth === last ? ", and it is right" : `. It is ${truth}`;
    said.textContent = `At the end of the name, the sign ${END}, it says ${last}${truth ? verdict : ""}.`;

    const most = languages.map((_, k) => Math.max(...p.map((row) => row[k])));
    const leaders = [...new Set(p.map((row) => largest(row, 1)[0]))].sort((a, b) => most[b] - most[a]).slice(0, MOST);
    leaders.sort((a, b) => p.at(-1)[b] - p.at(-1)[a]);
    const width = Math.min(26, (WIDE - LEFT) / written.length), high = TOP + ROW * leaders.length + 2;
    const X = (t) => LEFT + width * t, font = { "font-family": "monospace", "font-size": Math.min(15, 1.6 * width) };
    squares.replaceChildren(...leaders.flatMap((k, n) => p.map((row, t) => make("svg:rect", {
      x: X(t), y: TOP + ROW * n + 1, width: width - 0.5, height: ROW - 2, opacity: row[k].toFixed(3),
    }))));
    words.replaceChildren(
      ...written.map((letter, t) => text(X(t + 0.5), 17, shown(letter), { ...font, "text-anchor": "middle" })),
      ...leaders.map((k, n) => text(LEFT - 6, TOP + ROW * n + 15, languages[k], { "text-anchor": "end" })));
    set(cursor, { width, height: high - 2 });
    set(map, {
      viewBox: `0 0 ${WIDE} ${high}`,
      "aria-label": `The probability after every letter of "${name}", the last one at its end. ` + leaders.map((k) =>
        `${languages[k]}: ${p.map((row) => number(row[k])).join(", ")}`).join(". "),
    });
    cursor.move = (t) => set(cursor, { x: X(t) });
    steps.renew(written.length, written.length - (atEnd ? 1 : 2));
  }

  function show(t) {
    const order = largest(p[t], 3), ended = t === written.length - 1;
    order.forEach((k, n) => {
      bars[n].name.textContent = `${codes[k]}  ${languages[k]}`;
      bars[n].number.textContent = number(p[t][k]);
      set(bars[n].bar, { width: Math.max(1, (WIDE - 40 - BAR) * p[t][k]) });
    });
    cursor.move(t);
    labels.forEach((label, k) => set(label, order.includes(k) ? { class: null, "font-weight": "bold" } : { class: "live-far", "font-weight": null }));
    set(way, { d: path(spots.slice(0, t + 2)) });
    set(rest, { d: path(spots.slice(t + 1)) });
    stations.replaceChildren(...spots.slice(0, t + 2).map(([cx, cy]) => make("svg:circle", { cx, cy, r: 2 })));
    const [cx, cy] = spots[t + 1];
    set(here, { cx, cy });
    const soFar = written.slice(0, ended ? t : t + 1).join("");
    note.textContent = `${ended ? "At the end of" : "After"} \u201c${soFar}\u201d: ${three(t)}.`;
    set(best, { "aria-label": `The best three. ${note.textContent}` });
    const near = largest(data.middles.map((middle) => -Math.hypot(...spot(middle).map((one, axis) => one - spots[t + 1][axis]))), 3);
    set(plane, { "aria-label": `The state in a plane, ${t + 1} steps from its start. Nearest to it end, in the mean, the names in ${near.map((k) => languages[k]).join(", ")}.` });
    figure.say(note.textContent);
  }

  // --- The field

  const tidy = (given) => given.normalize("NFC").trim().toLowerCase().normalize("NFC");
  function check(given) {
    const name = [...tidy(given)], strange = name.find((letter) => letters.indexOf(letter) < 3);
    if (!name.length) return "Type a name: of a country, a language, a currency, or any other word.";
    if (strange) return `The network has never met \u201c${strange}\u201d: it knows the small letters of ${languages.length} languages that are written in Latin letters, and no digits.`;
    return name.length > LONGEST ? `At most ${LONGEST} letters, please: no name that it learned from was longer.` : "";
  }
  const name = field({ label: "A name", value: examples[0][0], check, change: (given) => compute(given) });
  const choices = examples.map(([example]) => button(example, () => {
    name.input.value = example;
    name.input.dispatchEvent(new Event("input"));
    steps.go(written.length - 1);
  }));
    const caption = `The way of the state, letter by letter, in two of its ${data.centre.length} directions. A code stands where the names of its language end, in the mean.`;
  figure.append(name, make("div", { class: "live-row" }, choices), note, best, map, steps, said,
    make("p", { class: "live-part" }, caption), plane);
  compute(examples[0][0], true);
});
