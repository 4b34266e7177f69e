/* Translating dates: type one, and see the answers of two networks, without and with attention, and what the second looks at.

Data: letters, those that the networks have met (place 0 is padding); digits, those of the answers (place 0 is the end);
networks {plain, attentive}, each weight as its shape, the step of each column, in ten-thousandths, and signs: two of
them hold three numbers, of -9 to 9 steps each. */
"use strict";

live.define("dates", (figure, data) => {
  const { make, set, drawing, number, button, field, player } = live;
  const LONGEST = 30, S = 11;
  const EXAMPLES = { English: "Sunday, November 22, 2026", German: "Sonntag, 22. November 2026", French: "22 nov. 2026", Chinese: "2026\u5e7411\u670822\u65e5" };

  // --- The two networks

  function unpack({ shape, step, signs }) {
    const weight = rnn.zeros(shape), place = (n) => data.signs.indexOf(signs[n]);
    for (let n = 0, m = 0; m < signs.length; m += 2) {
      const three = place(m) * data.signs.length + place(m + 1);
      for (const level of [Math.floor(three / 361), Math.floor(three / 19) % 19, three % 19])
        if (n < weight.length) weight[n] = ((level - 9) * step[n++ % step.length]) / 10000;
    }
    return weight;
  }

  function networkOf(packed) {
    const weights = Object.fromEntries(Object.entries(packed).map(([name, one]) => [name, unpack(one)]));
    const cell = (part) => {
      const H = weights.output.shape[0], made = new rnn.GRUCell(H, { numInputs: weights[`${part}/gates_kernel`].shape[0] - H });
      return rnn.withWeights(made, Object.fromEntries(Object.keys(made.weights).map((name) => [name, weights[`${part}/${name}`]])));
    };
    const layer = (kernel) => rnn.withWeights(new rnn.Dense(kernel.shape[1], { numInputs: kernel.shape[0] }), { kernel });
    return { encoder: cell("encoder"), decoder: cell("decoder"), mix: layer(weights.mix), output: layer(weights.output) };
  }
  const [plain, attentive] = [data.networks.plain, data.networks.attentive].map(networkOf);

  const oneHot = (tokens, size) => rnn.array(tokens.map((token) => Array.from({ length: size }, (_, k) => +(k === token))));

  /** What a network writes, how sure it is of each character, and what it looks at [S, L], with attention. */
  function translate({ encoder, decoder, mix, output }, text) {
    const H = encoder.numUnits, source = oneHot([...text].map((letter) => data.letters.indexOf(letter) + 1), encoder.numInputs);
    const [memory, state] = rnn.unroll(encoder, rnn.array(source, [1, ...source.shape])), looks = [], sure = [];
    const step = (tokens, state) => {
      const [query, newState] = decoder.call(oneHot(tokens, decoder.numInputs), state);
      let read = query;
      if (mix.numInputs > H) {
        const [context, weights] = rnn.attend(rnn.array(query, [1, 1, H]), memory);
        looks.push([...weights]);
        read = rnn.array([...query, ...context], [1, 2 * H]);
      }
      const logits = output.call(rnn.array(mix.call(read).map(Math.tanh), [1, H]));
      sure.push(Math.max(...rnn.softmax(logits)));
      return [logits, newState];
    };
    const [[tokens]] = rnn.greedyDecode(step, state, 0, 0, S);
    return { answer: tokens.map((token) => data.digits[token - 1] ?? "").join(""), looks, sure };
  }

  // --- The drawing: a row for each character of the answer, a column for each letter that was read

  const LEFT = 96, TOP = 30, ROW = 18, WIDE = 380;
  const text = (x, y, words, extra = {}) => make("svg:text", { x, y, "text-anchor": "middle", ...extra }, words);
  const mono = { "font-family": "monospace", "font-size": 15 };
  const cursor = make("svg:rect", { x: 1, width: WIDE - 2, height: ROW, rx: 3, fill: "none", stroke: "var(--live-output)", "stroke-width": 2 });
  const squares = make("svg:g", { fill: "var(--live-state)" }), words = make("svg:g");
  const sheet = drawing(WIDE, TOP + ROW * S + 4, "", squares, words, cursor);
  const said = make("p", { class: "live-result" }), note = make("p", { class: "live-note" });
  const steps = player({ show, label: "Character" });
  let written, one, two;

  function compute(given) {
    written = [...given.trim()];
    [one, two] = [plain, attentive].map((network) => translate(network, written));
    said.textContent = `Without attention: ${one.answer || "nothing"}. With attention: ${two.answer || "nothing"}. ` +
      (one.answer === two.answer ? "They agree." : "They differ.");
    const rows = Math.max(one.answer.length, two.answer.length, 1), width = Math.min(22, (WIDE - LEFT) / written.length);
    const Y = (s) => TOP + ROW * s, X = (t) => LEFT + width * (t + 0.5);
    squares.replaceChildren(...two.looks.slice(0, two.answer.length).flatMap((row, s) => row.map((weight, t) =>
      make("svg:rect", { x: X(t - 0.5), y: Y(s) + 1, width: width - 0.5, height: ROW - 2, opacity: weight.toFixed(3) }))));
    words.replaceChildren(...[
      text(24, 16, "without"), text(72, 16, "with"), written.map((letter, t) => text(X(t), 17, letter === " " ? "\u2423" : letter, mono)),
      Array.from({ length: rows }, (_, s) => [[24, one], [72, two]].map(([x, { answer }]) => text(x, Y(s) + 14, answer[s] ?? "", {
        ...mono, "font-weight": one.answer[s] === two.answer[s] ? null : "bold",
      }))),
    ].flat(Infinity));
    steps.renew(rows, Math.min(5, rows - 1));
    figure.say(said.textContent);
  }

  function show(s) {
    set(cursor, { y: TOP + ROW * s });
    const says = ({ answer, sure }) => (answer[s] ? `"${answer[s]}", probability ${number(sure[s])}` : "nothing more"), looks = s < two.answer.length ? two.looks[s] : [];
    const most = looks.map((weight, t) => [weight, t]).sort((a, b) => b[0] - a[0]).slice(0, 3).filter(([weight]) => weight > 0.05);
    const places = most.map(([weight, t]) => `"${written[t]}" (place ${t + 1}) ${number(weight)}`).join(", ");
    note.textContent = `Character ${s + 1}. With attention ${says(two)}${places && `; it looks at ${places}`}. Without attention ${says(one)}.`;
    set(sheet, { "aria-label": `${said.textContent} Character ${s + 1} looks at the letters with the weights ${looks.map((weight) => number(weight)).join(", ")}` });
    figure.say(note.textContent);
  }

  // --- The field

  function check(given) {
    const letters = [...given.trim()], strange = letters.find((letter) => !data.letters.includes(letter));
    if (!letters.length) return "Type a date, such as 22 nov. 2026.";
    if (strange) return `The networks have never met "${strange}". They have read dates in English, German, French and Chinese, as the buttons write them.`;
    return letters.length > LONGEST ? `At most ${LONGEST} characters, please: no date that they learned from was longer.` : "";
  }
  const date = field({ label: "A date", value: EXAMPLES.German, check, change: compute });
  const examples = Object.entries(EXAMPLES).map(([language, example]) => button(language, () => {
    date.input.value = example;
    date.input.dispatchEvent(new Event("input"));
  }));
  figure.append(date, make("div", { class: "live-row" }, examples), said, sheet, steps, note);
  compute(EXAMPLES.German);
});
