/* What a reader types below an exercise is judged here, in the page; nothing is kept and nothing sent.

tools/exercises.py writes the forms, with the answers as JSON: the first is right, each has its
spellings and the words to it. A number, a shape or a few words: the right answer's form decides.
*/
"use strict";

const check = (() => {
  const WORDS = "zero one two three four five six seven eight nine ten eleven twelve".split(" ");
  const minus = (text) => text.toLowerCase().replace(/[\u2212\u2013]/g, "-").trim();

  /** A number as people write it, 1,230 or 3/4 or 93.8 % or nine, and half a step of its last digit. */
  function number(text) {
    const bare = minus(text).replace(/^(about|[=≈~\s])+|[.!\s]+$/g, "").replace(/(\d)[\s_](?=\d)/g, "$1").replace(/^([-+])\s+/, "$1")
      .replace(/^[-+]?[1-9]\d{0,2}(,\d{3})+(?!\d)/, (found) => found.replaceAll(",", "")).replace(",", ".")
      .replace(/\s*[×*·]\s*10\s*\^?\s*(?=[-+]?\d)/, "e");
    const word = WORDS.indexOf(bare);
    const found = (word < 0 ? bare : `${word}`)
      .match(/^([-+]?(?:\d+\.?(\d*)|\.(\d+))(?:e([-+]?\d+))?)(?:\s*\/\s*(\d+\.?\d*))?\s*(%|per ?cent)?[a-z\s]*$/);
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
  function offBy({ value }, right, room) {
    if (Math.abs(value + right) <= room) return "The size is right, the sign is not.";
    const small = Number.isInteger(right) && Math.abs(right) < 13;
    for (const [ratio, words] of [[value / right, "large"], [right / value, "small"]]) {
      const times = Math.round(ratio);
      if (!small && times > 1 && times <= 1000 && Math.abs(ratio - times) < 0.003 * times) {
        return `Yours is ${times} times too ${words}.`;
      }
    }
    return !small && Math.abs(value - right) < 0.05 * Math.abs(right) ? "Near, but not near enough." : "";
  }

  /** Which axes of a shape are wrong. */
  function misfit(sizes, right) {
    if (sizes.length !== right.length) return `Yours has ${sizes.length} axes, not the number it should have.`;
    if ([...sizes].sort().join() === [...right].sort().join()) return "The sizes are right, their order is not.";
    const wrong = right.map((size, axis) => (size === sizes[axis] ? null : axis)).filter((axis) => axis !== null);
    return wrong.length === 1 ? `Axis ${wrong[0]} is wrong.` : `Axes ${wrong.join(" and ")} are wrong.`;
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
      const typed = number(text);
      if (!typed) return { words: "Type a number, such as 12, 0.5 or 3/4." };
      const room = (one) => Math.max(+within || one.room, 1e-9 * Math.abs(one.value)) * (1 + 1e-9);
      const place = find((spelling) => {
        const one = number(spelling);
        const values = one.percent && !typed.percent ? [typed.value, typed.value / 100] : [typed.value];
        return values.some((value) => Math.abs(value - one.value) <= room(one));
      });
      return told(place, offBy(typed, number(right).value, room(number(right))));
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
