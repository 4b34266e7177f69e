/* What the interactive figures share: elements, controls, drawing, play and step, a worker.

A page places a figure as `<rnn-NAME>`, with what it needs as JSON in a `<template>` inside, or, where that is much, in a
script that puts it into `live.given` by the element's data-given; book.js loads rnn.js, this file, that one
and rnn-NAME.js when the element comes near the screen. Classic scripts, for a
browser refuses modules to a page that is opened from a file.
*/
"use strict";

const live = (() => {
  const SVG = "http://www.w3.org/2000/svg";
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const given = {};
  let count = 0;

  /** An element with attributes and children; "svg:line" is one of a drawing, "on..." are listeners. */
  function make(name, attributes = {}, ...children) {
    const element = name.startsWith("svg:")
      ? document.createElementNS(SVG, name.slice(4))
      : document.createElement(name);
    set(element, attributes);
    element.append(...children.flat(Infinity));
    return element;
  }

  /** Set attributes; null and false take one away. */
  function set(element, attributes) {
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value === null || value === false) element.removeAttribute(name);
      else element.setAttribute(name, value === true ? "" : value);
    }
    return element;
  }

  /** A drawing of so many units; its text is what a screen reader says of it. */
  function drawing(width, height, label, ...children) {
    const attributes = { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label };
    return make("svg:svg", attributes, ...children);
  }

  const number = (value, digits = 2) => value.toFixed(digits).replace("-", "\u2212");

  /** A slider with its name and its value in words; `change(value)` is called while it moves. */
  function slider({ label, min, max, step = 0.01, value, show = number, change }) {
    const said = make("output", {}, show(value));
    const input = make("input", { type: "range", min, max, step, value, "aria-valuetext": show(value) });
    const box = make("label", { class: "live-slider" }, make("span", {}, label), input, said);
    box.move = (to) => {
      input.value = to;
      said.textContent = show(+to);
      input.setAttribute("aria-valuetext", said.textContent);
    };
    input.addEventListener("input", () => {
      box.move(input.value);
      change(+input.value);
    });
    Object.defineProperty(box, "value", { get: () => +input.value });
    return box;
  }

  /** A few choices, one of which holds. */
  function choice({ label, options, value, change }) {
    const name = `live-${++count}`;
    const buttons = Object.entries(options).map(([key, text]) =>
      make("label", {}, make("input", {
        type: "radio", name, value: key, checked: key === String(value), onchange: () => change(key),
      }), text));
    return make("fieldset", { class: "live-choice" }, make("legend", {}, label), buttons);
  }

  /** A field to type in. `check(text)` returns what is wrong, in words, or nothing; only what is right is passed on. */
  function field({ label, value, check, change, mode = "text" }) {
    const id = `live-${++count}`;
    const wrong = make("span", { class: "live-wrong", id, role: "alert" });
    const input = make("input", {
      type: "text", inputmode: mode, value, autocomplete: "off", spellcheck: "false", "aria-describedby": id,
    });
    input.addEventListener("input", () => {
      const fault = check(input.value) || "";
      wrong.textContent = fault;
      set(input, { "aria-invalid": fault ? "true" : null });
      if (!fault) change(input.value);
    });
    return Object.assign(make("label", { class: "live-field" }, make("span", {}, label), input, wrong), { input });
  }

  const button = (label, click, attributes = {}) =>
    make("button", { type: "button", onclick: click, ...attributes }, label);

  /** Play, step and a place among the steps; `renew(count)` tells how many there are, `show(step)` draws one.
   * Where motion is unwanted, Play goes to the end at once. `words(step)` names a step. */
  function player({ show, pace = 500, label = "Step", words }) {
    let timer = null, count = 1;
    words ??= (step) => `${step + 1} of ${count}`;
    const place = slider({
      label, min: 0, max: count - 1, step: 1, value: 0,
      show: (step) => (words ? words(step) : `${step + 1} of ${count}`),
      change: (step) => (stop(), show(step)),
    });
    const play = button("Play", () => (timer ? stop() : start()));
    const go = (step) => {
      const to = Math.max(0, Math.min(count - 1, step));
      place.move(to);
      show(to);
      return to === step;
    };
    function stop() {
      clearInterval(timer);
      timer = null;
      play.textContent = "Play";
    }
    function start() {
      if (calm.matches) return void go(count - 1);
      go(place.value >= count - 1 ? 0 : place.value + 1);
      play.textContent = "Stop";
      timer = setInterval(() => {
        if (!place.isConnected || !go(place.value + 1)) stop();
      }, pace);
    }
    const box = make("div", { class: "live-player" },
      button("Back", () => (stop(), go(place.value - 1))), play,
      button("Step", () => (stop(), go(place.value + 1))), place);
    return Object.assign(box, {
      go: (step) => (stop(), go(step)),
      renew(steps, step = 0) {
        count = steps;
        set(place.querySelector("input"), { max: count - 1 });
        stop();
        go(step);
      },
    });
  }

  /** A line through points, in the units of a drawing: "M0,0L1,1". */
  const path = (points) => "M" + points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join("L");

  /** Weights as a page keeps them, {shape, float16: 16-bit numbers in base64}, as an array. */
  function weight({ shape, float16 }) {
    const bytes = Uint8Array.from(atob(float16), (sign) => sign.charCodeAt(0)), halves = new DataView(bytes.buffer);
    return rnn.array(Array.from({ length: bytes.length / 2 }, (_, n) => {
      const bits = halves.getUint16(2 * n, true), exponent = (bits >> 10) & 31, part = (bits & 1023) / 1024;
      return (bits >> 15 ? -1 : 1) * (exponent ? (1 + part) * 2 ** (exponent - 15) : part * 2 ** -14);
    }), shape);
  }

  /** In a worker: `step()` again and again while it is to run, and some ten times a second `tell(steps a second, steps
   * since it told last)`. `hear(message)` is what else it is told. */
  function repeat({ step, tell, hear }) {
    let running = false;
    function go() {
      if (!running) return;
      const begun = performance.now();
      let count = 0, time;
      do {
        step();
        count++;
        time = performance.now() - begun;
      } while (time < 100);
      tell((1000 * count) / time, count);
      setTimeout(go);
    }
    onmessage = ({ data }) => {
      hear(data);
      const stood = !running;
      running = data.run;
      if (running && stood) go();
    };
  }

  /** A network that learns in a worker: `start` is a button that starts it, stops it and lets it go on. `first(anew)` is
   * what the worker is told then, `hear(told)` what it tells, its `steps` with it; after so many it rests and calls `rested`. */
  function learner({ task, others, first, hear, rest, rested }) {
    let thread = null, running = false, next = rest;
    const start = button("Train it here", () => (running ? stop() : go()), { class: "live-start" });
    const tell = (message) => (thread?.postMessage({ ...message, run: running }), thread !== null);
    function go() {
      const message = first(!thread);
      thread ??= worker(task, (told) => {
        hear(told);
        if (told.steps < next) return;
        next += rest;
        stop();
      }, ...others);
      running = true;
      tell(message);
      start.textContent = "Stop";
    }
    function stop() {
      running = false;
      tell();
      start.textContent = "Go on";
      rested();
    }
    function end() {
      thread?.terminate();
      [thread, running, next] = [null, false, rest];
      start.textContent = "Train it here";
    }
    return { start, tell, end };
  }

  /** A worker that has the arithmetic as `rnn`, runs `task`, a function, and knows the other functions by name. */
  function worker(task, hear, ...others) {
    const text = `"use strict"; const rnn = (${rnnbook})(); ${[repeat, ...others].join("\n")}; (${task})();`;
    const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    const thread = new Worker(address);
    thread.onmessage = (event) => hear(event.data);
    URL.revokeObjectURL(address);
    return thread;
  }

  /** Define `<rnn-NAME>`: `build(figure, data)` fills it. `figure.say(text)` tells a screen reader what has changed,
   * when it has stood for a while: not each step of a play, and not how the figure begins. */
  function define(name, build) {
    customElements.define(`rnn-${name}`, class extends HTMLElement {
      connectedCallback() {
        if (this.built) return;
        this.built = true;
        const template = this.querySelector("template");
        const data = given[this.dataset.given] ?? (template ? JSON.parse(template.content.textContent) : {});
        const news = make("p", { class: "live-news", "aria-live": "polite" });
        let built = false, wait;
        this.say = (text) => {
          clearTimeout(wait);
          if (built) wait = setTimeout(() => (news.textContent = text), 700);
        };
        set(this, { role: "group" });
        this.replaceChildren(make("p", { class: "live-title", "aria-hidden": "true" }, this.getAttribute("aria-label")));
        build(this, data);
        this.append(news);
        built = true;
        // Words keep the height that they once had, so that no slider below moves away while it is dragged.
        const words = this.querySelectorAll(".live-note, .live-result, .live-progress");
        const tall = new ResizeObserver((all) => all.forEach(({ target }) => (target.style.minHeight = `${target.getBoundingClientRect().height}px`)));
        words.forEach((one) => tall.observe(one));
        let wide = innerWidth;
        addEventListener("resize", () => {
          if (wide !== innerWidth) words.forEach((one) => (one.style.minHeight = ""));
          wide = innerWidth;
        });
      }
    });
  }

  return { make, set, drawing, number, slider, choice, field, button, player, path, weight, learner, define, calm, given };
})();
