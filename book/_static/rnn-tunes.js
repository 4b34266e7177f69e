/* A network writes a fiddle tune, token by token, in the page: as sheet music, by abcjs, and to be heard.

Data: tokens (place 0 is padding, 1 unknown); weights of the embedding [V, E], of the LSTM, and of the output: projection
[U, E] onto the embedding, or output [U, V], and output_bias; heads, each the metre and the key that a tune may begin
with; start {head, tokens, temperature}, a tune that the page itself has written; maybe examples [{name, head, tokens}],
others of the page. */
"use strict";

const abcjs = new Promise((done, fail) => {
  const script = document.createElement("script");
  script.src = new URL("abcjs/abcjs-basic-min.js", document.currentScript.src);
  [script.onload, script.onerror] = [() => done(globalThis.ABCJS), fail];
  document.head.append(script);
});

/* [logits [1, V], state] = step(token, state), and how a token is drawn from the logits by a number u in [0, 1). */
function tuneWriter(data) {
  const weights = Object.fromEntries(Object.entries(data.weights).map(([name, one]) => [name, live.weight(one)]));
  const { embedding, kernel, bias, projection, output, output_bias } = weights, [V, E] = embedding.shape, U = bias.length / 4;
  const cell = rnn.withWeights(new rnn.BasicLSTMCell(U, 1, { numInputs: E }), { kernel, bias });
  const dense = (inputs, outputs, weights) => rnn.withWeights(new rnn.Dense(outputs, { numInputs: inputs }), weights);
  const turned = Array.from({ length: E * V }, (_, n) => embedding[(n % V) * E + Math.floor(n / V)]);
  const layers = projection
    ? [dense(U, E, { kernel: projection }), dense(E, V, { kernel: turned, bias: output_bias })]
    : [dense(U, V, { kernel: output, bias: output_bias })];

  function step(token, state) {
    const x = rnn.array(embedding.slice(token * E, (token + 1) * E), [1, E]), [h, newState] = cell.call(x, state);
    return [layers.reduce((values, layer) => layer.call(values), h), newState];
  }

  /* Padding, the unknown and another head are never drawn; temperature 0 takes the likeliest. */
  const barred = data.tokens.map((token, k) => k < 2 || /^[MK]:/.test(token));
  function sample(logits, temperature, u) {
    const open = logits.map((logit, k) => (barred[k] ? -Infinity : logit));
    if (temperature === 0) return open.indexOf(Math.max(...open));
    const p = rnn.softmax(rnn.array(open.map((logit) => logit / temperature), [V]));
    let sum = 0;
    const drawn = p.findIndex((one) => (sum += one) > u);
    return drawn < 0 ? p.findLastIndex((one) => one > 0) : drawn;
  }
  return { step, sample, start: () => cell.zeroState(1) };
}

/* The bars of a tune: {parts: [{token, at}], length, after, notes, wrong}, `at` and `length` in eighths, `after` the bar
 * line. At the edge of a part, which is any line but "|", a bar may be shorter: an upbeat. */
function barsOf(tokens, eighths) {
  const bars = [];
  let parts = [], lengths = [], triplet = 0, factor = 1, before = "";
  const total = () => lengths.reduce((sum, one) => sum + one, 0);
  for (const token of [...tokens, ""]) {
    if (/^([[\]:|]+\d?)?$/.test(token)) {
      const length = total(), notes = lengths.length, edge = before !== "|" || token !== "|";
      const wrong = notes > 0 && Math.abs(length - eighths) > 1e-6 && (length > eighths || !edge);
      bars.push({ parts, length, notes, wrong, after: token });
      [parts, lengths, triplet, factor, before] = [[], [], 0, 1, token];
      continue;
    }
    parts.push({ token, at: total() });
    const note = /^[\^_=]*[A-Ga-gz][,']*(\d*)(\/*)(\d*)$/.exec(token);
    if (note) {
      const length = (+note[1] || 1) / (note[2] ? +note[3] || 2 ** note[2].length : 1);
      lengths.push(length * factor * (triplet-- > 0 ? 2 / 3 : 1));
      factor = 1;
    } else if (token === "(3") triplet = 3;
    else if (/^[<>]+$/.test(token) && lengths.length) { // a > b: the first gains what the second loses
      const short = 2 ** -token.length, first = token[0] === ">" ? 2 - short : short;
      lengths.push(lengths.pop() * first);
      factor = 2 - first;
    }
  }
  return bars;
}

live.define("tunes", (figure, data) => {
  const { make, set, button, number, slider } = live;
  const MOST = 300; // tokens
  const METRES = { // eighths of a bar and of a beam; seconds that a bar takes
    "6/8": [6, 3, 1.1], "9/8": [9, 3, 1.6], "4/4": [8, 4, 1.3], "2/2": [8, 4, 1.2], "2/4": [4, 2, 1.2], "3/4": [6, 2, 1.3],
  };
  const MODES = { "": "major", maj: "major", m: "minor", min: "minor", dor: "Dorian", mix: "Mixolydian" };
  const writer = tuneWriter(data), metreOf = ([metre]) => METRES[metre.slice(2)] ?? METRES["4/4"];
  const short = (eighths) => String(+eighths.toFixed(2));
  let tune, score, spots, seed = 0, writing = 0, sound = null;

  function named([metre, key]) {
    const [, tonic, mode] = /^K:([A-G][b#]?)(.*)$/.exec(key) ?? [null, key.slice(2), "?"];
    return `${metre.slice(2)}, ${tonic.replace("b", "\u266d").replace("#", "\u266f")} ${MODES[mode.toLowerCase()] ?? mode}`;
  }

  // --- Writing: some tokens, then the page has its turn

  function write(again) {
    const head = data.heads[heads.value], heat = temperature.value, mine = ++writing, tokens = [];
    seed = again ? Math.max(1, seed) : seed + 1;
    const rng = rnn.generator(seed);
    let state = writer.start(), logits;
    for (const token of head) [logits, state] = writer.step(Math.max(1, data.tokens.indexOf(token)), state);
    stop();
    (function go() {
      if (mine !== writing) return;
      for (const begun = performance.now(); performance.now() - begun < 20; ) {
        const drawn = writer.sample(logits, heat, rng.random()), token = data.tokens[drawn];
        if (token !== "<end>") tokens.push(token);
        if (token === "<end>" || tokens.length === MOST) return present({ head, tokens, temperature: heat, seed });
        [logits, state] = writer.step(drawn, state);
      }
      said.textContent = `It writes \u2026 ${tokens.length} tokens.`;
      setTimeout(go);
    })();
  }

  function present({ name, head, tokens, temperature, seed }) {
    const [eighths] = metreOf(head), bars = barsOf(tokens.filter((token) => token !== "<end>"), eighths);
    const full = bars.filter((bar) => bar.notes), wrong = full.filter((bar) => bar.wrong);
    tune = { head, bars };
    const heat = temperature === undefined ? "" : `, temperature ${number(temperature, 1)}`;
    said.textContent = `${name ?? `Tune ${seed}`}: ${named(head)}${heat}, ${tokens.length} tokens` +
      `${tokens.length === MOST ? ", then it was stopped" : ""}.`;
    if (!name) shown.value = 0;
    const count = (many) => `${many} ${many === 1 ? "bar" : "bars"}`, more = wrong.length - 8;
    const each = wrong.slice(0, 8).map((bar) => `bar ${full.indexOf(bar) + 1} holds ${short(bar.length)}`);
    note.textContent = wrong.length
      ? `${wrong.length} of ${count(full.length)} ${wrong.length === 1 ? "does" : "do"} not hold the ${eighths} eighths of ${head[0].slice(2)}: ${each.join(", ")}${more > 0 ? `, and ${more} more` : ""}. ${wrong.length === 1 ? "It is" : "They are"} marked.`
      : full.length ? `Each of its ${count(full.length)} holds the ${eighths} eighths of ${head[0].slice(2)}, upbeats aside.` : "It has no notes.";
    const text = ({ parts, wrong }) => make(wrong ? "mark" : "span", {}, parts.map(({ token }) => token).join(" "));
    written.replaceChildren(`${head.join(" ")} `, ...bars.flatMap((bar) => [text(bar), ` ${bar.after} `]));
    draw();
    figure.say(`${said.textContent} ${note.textContent}`);
  }

  // --- Sheet music

  /** In the notation abc: a space parts beams, a wrong bar says its length; each bar learns where it stands in the text. */
  function abcOf({ head, bars }, perLine) {
    const [eighths, beam] = metreOf(head);
    let text = `X:1\nL:1/8\n${head.join("\n")}\n`, count = 0;
    bars.forEach((bar, n) => {
      bar.from = text.length;
      if (bar.wrong) text += `"^${short(bar.length)} of ${eighths}"`;
      bar.parts.forEach(({ token, at }, k) => {
        const last = bar.parts[k - 1], beat = (time) => Math.floor((time + 1e-6) / beam);
        const joined = !last || /^[<>]/.test(token) || /^([<>]+|\(3)$/.test(last.token);
        if (!joined && (token === "(3" || beat(at) > beat(last.at))) text += " ";
        text += token;
      });
      bar.to = text.length;
      text += bar.after;
      if (bar.length > eighths / 2) count++;
      if (count >= perLine && n < bars.length - 1 && !/\d$/.test(bar.after)) {
        text += "\n";
        count = 0;
      }
    });
    return text;
  }

  async function draw() {
    stop();
    const drawn = tune, library = await abcjs.catch(() => null);
    if (!library) return void sheet.replaceChildren("The sheet music could not be loaded; the tune stands below in letters.");
    if (drawn !== tune) return;
    const wide = Math.max(280, sheet.clientWidth);
    [score] = library.renderAbc(sheet, abcOf(tune, wide < 480 ? 2 : 4), {
      staffwidth: wide - 4, paddingleft: 0, paddingright: 0, paddingtop: 4, paddingbottom: 4, selectTypes: false,
      ariaLabel: `Sheet music. ${said.textContent} ${note.textContent}`,
    });
    sheet.removeAttribute("style");
    const svg = sheet.querySelector("svg"), { x, width } = svg.getBBox(); // a repeat at the end of a line stands out
    set(svg, { viewBox: `0 0 ${Math.max(svg.getAttribute("width"), x + width + 2)} ${svg.getAttribute("height")}`, width: null, height: null });
    spots = new Map();
    for (const element of score.lines.flatMap(({ staff }) => staff ?? []).flatMap(({ voices }) => voices).flat()) {
      const signs = element.abselem?.elemset ?? [];
      spots.set(element.startChar, signs);
      if (tune.bars.some(({ wrong, from, to }) => wrong && element.startChar >= from && element.startChar < to))
        signs.forEach((sign) => sign.classList.add("live-off"));
    }
    figure.dataset.drawn = said.textContent;
  }

  // --- To be heard: a bowed tone for each note, soon before its time

  function bow(context, out, pitch, begin, length) {
    const tone = new OscillatorNode(context, { type: "sawtooth", frequency: 440 * 2 ** ((pitch - 69) / 12) });
    const loud = new GainNode(context, { gain: 0 }), end = begin + Math.max(0.06, 0.92 * length);
    loud.gain.setValueAtTime(0, begin);
    loud.gain.linearRampToValueAtTime(1, begin + 0.02);
    loud.gain.linearRampToValueAtTime(0.6, end - 0.03);
    loud.gain.linearRampToValueAtTime(0, end);
    tone.connect(loud).connect(out);
    tone.start(begin);
    tone.stop(end);
  }

  function play() {
    if (sound) return stop();
    if (!score) return;
    const [eighths, , seconds] = metreOf(tune.head), whole = (8 * seconds) / eighths;
    const notes = score.setUpAudio({}).tracks.flat().filter(({ cmd }) => cmd === "note").sort((a, b) => a.start - b.start);
    const context = new AudioContext(), begin = context.currentTime + 0.1;
    const soft = new BiquadFilterNode(context, { type: "lowpass", frequency: 2400 });
    soft.connect(new GainNode(context, { gain: 0.18 })).connect(context.destination);
    context.resume();
    let next = 0, now = 0;
    const last = Math.max(0, ...notes.map(({ start, duration }) => (start + duration) * whole));
    const tick = () => {
      const time = context.currentTime - begin;
      for (; next < notes.length && notes[next].start * whole < time + 1.5; next++) {
        const { pitch, start, duration } = notes[next];
        bow(context, soft, pitch, begin + start * whole, duration * whole);
      }
      while (now + 1 < notes.length && notes[now + 1].start * whole <= time) now++;
      if (notes[now] && time >= 0) light(notes[now].startChar);
      if (time > last + 0.2 || !figure.isConnected) stop();
    };
    sound = { context, timer: setInterval(tick, 40) };
    player.textContent = "Stop";
    tick();
  }
  function light(place) {
    sheet.querySelectorAll(".live-sounds").forEach((sign) => sign.classList.remove("live-sounds"));
    spots?.get(place)?.forEach((sign) => sign.classList.add("live-sounds"));
  }
  function stop() {
    if (!sound) return;
    clearInterval(sound.timer);
    sound.context.close();
    sound = null;
    light();
    player.textContent = "Play";
  }

  const heads = make("select", {}, data.heads.map((head, n) => make("option", { value: n }, named(head))));
  const temperature = slider({
    label: "Temperature", min: 0, max: 1.5, step: 0.1, value: data.start.temperature, show: (value) => number(value, 1), change() {},
  });
  const kept = [{ ...data.start, name: "The page's own tune" }, ...(data.examples ?? [])];
  const shown = make("select", { onchange: () => kept[shown.value - 1] && (writing++, present(kept[shown.value - 1])) },
    ["a new one", ...kept.map(({ name }) => name)].map((name, value) => make("option", { value }, name)));
  shown.value = 1;
  const chosen = (label, select) => make("label", { class: "live-field" }, make("span", {}, label), select);
  const player = button("Play", play), sheet = make("div", { class: "live-sheet" });
  const said = make("p", { class: "live-result" }), note = make("p", { class: "live-note" }), written = make("p", { class: "live-tokens" });
  heads.value = Math.max(0, data.heads.findIndex((head) => `${head}` === `${data.start.head}`));
  figure.append(
    chosen("Metre and key", heads), temperature,
    make("div", { class: "live-row" },
      button("Write a new tune", () => write(false)), button("Same random numbers again", () => write(true)), player),
    ...(kept.length > 1 ? [chosen("Shown", shown)] : []), said, note, sheet, written);
  present(kept[0]);
  let width = 0;
  new ResizeObserver(([{ contentRect }]) => {
    if (width && Math.abs(contentRect.width - width) > 40) draw();
    if (!width || Math.abs(contentRect.width - width) > 40) width = contentRect.width;
  }).observe(sheet);
});
