// House script: small, and only what the theme does not do.

// A page opened from a file may not read the other pages: the search lists them without quoting.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

// Code that scrolls sideways is made reachable by keyboard by the theme when the window changes
// its size; a solution that opens shows more of it.
document.addEventListener("click", (event) => {
  if (event.target.closest("summary, .admonition-title")) dispatchEvent(new Event("resize"));
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
