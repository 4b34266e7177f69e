// House script: small, and only what the theme does not do.

// A page opened from a file may not read the other pages: the search lists them without quoting.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

// Code that scrolls sideways is made reachable by keyboard by the theme when the window changes
// its size; a solution that opens shows more of it.
document.addEventListener("click", (event) => {
  if (event.target.closest("summary, .admonition-title")) dispatchEvent(new Event("resize"));
});

addEventListener("DOMContentLoaded", () => {
  // A line does not break between a formula and the bracket, comma or full stop beside it.
  for (const formula of document.querySelectorAll("span.math")) {
    const beside = (text, signs) => (text?.nodeType === Node.TEXT_NODE && signs.exec(text.data)?.[0]) || "";
    const { previousSibling: before, nextSibling: after } = formula;
    const opens = beside(before, /[([\u201c]+$/), ends = beside(after, /^[.,:;?!)\]\u201d\u2019]+/);
    if (!opens && !ends) continue;
    const whole = document.createElement("span");
    whole.className = "math-end";
    formula.before(whole);
    whole.append(opens, formula, ends);
    if (opens) before.data = before.data.slice(0, -opens.length);
    if (ends) after.data = after.data.slice(ends.length);
  }

  // In the narrow columns of a table a long name breaks between its words.
  for (const name of document.querySelectorAll("table code.literal .pre")) {
    const words = name.textContent.split(/(?<=[_.(=])|(?<=[a-z\d])(?=[A-Z])/);
    name.replaceChildren(...words.flatMap((word, n) => (n ? [document.createElement("wbr"), word] : word)));
  }
});

// Interactive figures and checks of answers: what one needs is loaded when it comes near the screen, each file once.
(() => {
  const home = document.currentScript.src, files = {};
  const load = (name) => (files[name] ??= new Promise((done) => {
    const script = document.createElement("script");
    script.src = new URL(name, home);
    script.onload = done;
    document.head.append(script);
  }));
  const needs = ({ localName, dataset: { given } }) =>
    ["rnn.js", "live.js", given && `live/${given}`, `${localName}.js`].filter(Boolean); // large data wait in a file
  const near = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      if (target.matches(".check")) load("check.js");
      else needs(target).reduce((ready, name) => ready.then(() => load(name)), Promise.resolve());
    }
  }, { rootMargin: "600px" });
  addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".live, .check").forEach((figure) => near.observe(figure));
  });
})();
