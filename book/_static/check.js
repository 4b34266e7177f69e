/* What a reader types below an exercise is judged here, in the page; nothing is kept and nothing sent.

tools/exercises.py writes the forms, with the answers as JSON: the first is right, each has its
spellings and the words to it. A number, a shape or a few words: the right answer's form decides.
*/
"use strict";

const check = (() => {
  const WORDS = { nothing: 0, none: 0, half: 0.5 };
  "zero one two three four five six seven eight nine ten eleven twelve".split(" ").forEach((word, n) => (WORDS[word] = n));
  const minus = (text) => text.toLowerCase().replace(/[\u2212\u2013]/g, "-").trim();

  /** A number as people write it, 1,230 or 3/4 or 93.8 % or nine or t = 9, and half a step of its last digit. */
  function number(text) {
    const bare = minus(text).replace(/^(about|[=≈~\s])+|[.!\s]+$/g, "").replace(/(\d)[\s_](?=\d)/g, "$1").replace(/^([-+])\s+/, "$1")
      .replace(/^minus\s+(?=[\d.])/, "-").replace(/^(?:[a-z_]+\s*)+[=:]?\s*(?=[-+.\d])/, "")
      .replace(/^[-+]?[1-9]\d{0,2}(,\d{3})+(?!\d)/, (found) => found.replaceAll(",", "")).replace(",", ".")
      .replace(/\s*[×*·]\s*10\s*\^?\s*(?=[-+]?\d)/, "e");
    const found = `${Object.hasOwn(WORDS, bare) ? WORDS[bare] : bare}`
      .match(/^([-+]?(?:\d+\.?(\d*)|\.(\d+))(?:e([-+]?\d+))?)(?:\s*\/\s*(\d+\.?\d*))?\s*(%|per ?cent)?(?: of \d+|[a-z\s]*)$/);
    if (!found) return null;
    const [, top, after, only, power, below, percent] = found;
    const scale = (below || 1) * (percent ? 100 : 1), digits = (after || only || "").length;
    const room = digits || power ? 0.5 * 10 ** ((power || 0) - digits) / scale : 0;
    return { value: top / scale, room, percent: Boolean(percent) };
  }

  /** The axes of a shape, in any brackets: (4, 2, 3), 4×2×3, [B, T, H]. */
  function axes(text) {
    const bare = text.toLowerCase().replace(/^[a-z.]*(?=[([])|[a-z]\s*=/g, "").replace(/[()[\]{}.!]/g, " ")
      .replace(/(\d)\s*(?:[x×*·]|by)\s*(?=\d)/g, "$1,").trim();
    const sizes = bare.split(/[\s,;]+/).filter(Boolean);
    return sizes.length && sizes.every((size) => /^(\d+|[a-z])$/.test(size)) ? sizes : null;
  }

  const plain = (text) => minus(text).replace(/[-_\s\u2010\u2011]+/g, " ").replace(/[^\p{L}\p{N} ]/gu, "")
    .replace(/^(the|a|an|it is|its) /, "").trim();

  /** How a number is wrong, where that can be told. */
  function offBy(typed, right, room) {
    const { value } = typed, whole = Number.isInteger(right), small = whole && Math.abs(right) < 13;
    if (Math.abs(value + right) <= room) return "The size is right, the sign is not.";
    if (Math.abs(value - right) <= typed.room) return "Right as far as it goes. Give one or two more digits.";
    for (const [ratio, words] of [[value / right, (n) => `${n} times the right one`], [right / value, (n) => `the right one divided by ${n}`]]) {
      const times = Math.round(ratio);
      if (!small && times > 1 && times <= 100 && Math.abs(ratio - times) < 0.003 * times) return `Yours is ${words(times)}.`;
    }
    return !(whole && room < 0.5) && Math.abs(value - right) < 0.05 * Math.abs(right) ? "Near, but not near enough." : "";
  }

  /** Which axes of a shape are wrong. */
  function misfit(sizes, right) {
    const letters = (all) => all.some((size) => /[a-z]/.test(size));
    if (letters(sizes) && !letters(right)) return "Say it in numbers, not in letters.";
    const { length } = sizes;
    if (length !== right.length) return `Yours has ${length} ${length === 1 ? "axis" : "axes"}; that is too ${length < right.length ? "few" : "many"}.`;
    if ([...sizes].sort().join() === [...right].sort().join()) return "The sizes are right, their order is not.";
    const wrong = right.map((size, axis) => (size === sizes[axis] ? null : axis)).filter((axis) => axis !== null);
    return wrong.length === 1 ? `Axis ${wrong[0]} is wrong.` : `Axes ${wrong.slice(0, -1).join(", ")} and ${wrong.at(-1)} are wrong.`;
  }

  /** What to say to `text`: whether it is right, and words. */
  function judge({ answers, otherwise, within }, text) {
    const right = answers[0][0][0];
    const find = (same) => answers.findIndex(([spellings]) => spellings.some(same));
    const told = (place, hint = "") => place < 0
      ? { right: false, words: `${hint} ${otherwise}`.trim() }
      : { right: place === 0, words: answers[place][1] };
    if (!text.trim()) return { words: "Type your answer first." };
    if (/^[([]/.test(right)) {
      const sizes = axes(text);
      if (!sizes) return { words: "Type a shape: the sizes of its axes with commas, such as (7, 9)." };
      const place = find((one) => axes(one).join() === sizes.join());
      return told(place, misfit(sizes, axes(right)));
    }
    if (number(right)) {
      const { value } = number(right);  // 3,014 is three and a bit where the answer is no whole number
      const typed = number(Number.isInteger(value) ? text : text.trim().replace(/^(\D*\d+),(\d{3})$/, "$1.$2"));
      if (!typed) return { words: "Type a number, such as 12, 0.5 or 3/4." };
      const room = (one) => Math.max(+within || one.room, 1e-9 * Math.abs(one.value)) * (1 + 1e-9);
      const near = (spelling, more) => {
        const one = number(spelling);
        const values = one.percent && !typed.percent ? [typed.value, typed.value / 100] : [typed.value];
        return values.some((value) => Math.abs(value - one.value) <= Math.max(room(one), more));
      };
      const strict = find((one) => near(one, 0));  // then those that are wrong and typed with fewer digits
      const place = strict >= 0 ? strict : answers.findIndex(([spellings], n) => n && spellings.some((one) => near(one, typed.room)));
      return told(place, offBy(typed, value, room(number(right))));
    }
    const typed = plain(text);
    const exact = find((one) => plain(one) === typed);
    if (exact >= 0 || /\b(not?|nor|never)\b|n't/.test(minus(text))) return told(exact);
    const inside = answers.map((_, place) => place).filter((place) =>
      answers[place][0].some((one) => ` ${typed} `.includes(` ${plain(one)} `)));
    return told(inside.length === 1 ? inside[0] : -1);
  }

  /** Words with `code` in them. */
  const marked = (words) => words.split("`").map((piece, place) => {
    const element = document.createElement(place % 2 ? "code" : "span");
    element.textContent = piece;
    return element;
  });

  for (const form of document.querySelectorAll(".check")) {
    const data = JSON.parse(form.dataset.check), input = form.querySelector("input");
    form.dataset.right = "";  // it listens
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const { right, words } = judge(data, input.value);
      const verdict = document.createElement("strong");
      if (right !== undefined) verdict.textContent = right ? "Right. " : "Not yet. ";
      form.querySelector(".check-reply").replaceChildren(verdict, ...marked(words));
      form.dataset.right = Boolean(right);
      input.setAttribute("aria-invalid", !right);
    });
  }

  return { number, axes, judge };
})();
