// House script: small, and only what the theme does not do.

// A page opened from a file may not read the other pages: the search lists them without quoting.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

// Code that scrolls sideways is made reachable by keyboard by the theme when the window changes
// its size; a solution that opens shows more of it.
document.addEventListener("click", (event) => {
  if (event.target.closest("summary, .admonition-title")) dispatchEvent(new Event("resize"));
});
