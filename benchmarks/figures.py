"""How fast the interactive figures of the built book are in Chromium, beside TensorFlow.js.

    make book
    npm pack @tensorflow/tfjs && tar xzf tensorflow-tfjs-*.tgz     (where you like)
    python benchmarks/figures.py [--tfjs package/dist/tf.min.js]

Printed are the steps of training per second that the figures reach, and TensorFlow.js on the same
models and batches, with the better of its processor and WebGL backends; and the frames per second
while a slider is dragged. Each runs for some seconds, in turns, and the medians are shown.
`node benchmarks/figures.mjs` measures the arithmetic alone.
"""

import argparse
import shutil
import statistics
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

BOOK = Path(__file__).resolve().parent.parent / "_build" / "html" / "book"
ROUNDS, SECONDS = 3, 4
# name -> its page, the words of its progress that hold the rate, the same model for TensorFlow.js
TRAINED = {
    "adder": ("1-memory/adding", {"units": 8, "cell": "simpleRNN", "B": 32, "T": 8, "D": 2, "every": True}),
    "sine": (
        "6-applications/sine-wave",
        {"units": 30, "cell": "lstm", "B": 32, "T": 10, "D": 1, "every": False},
    ),
}
RATE = r"""name => {
  const found = document.querySelector(`rnn-${name}`).innerText.match(/([\d,]+) steps a second/);
  return found ? Number(found[1].replace(",", "")) : 0;
}"""
TFJS = """async ({ units, cell, B, T, D, every, seconds }) => {
  const rates = {};
  for (const backend of ["cpu", "webgl"]) {
    if (!(await tf.setBackend(backend).catch(() => false))) continue;
    const model = tf.sequential();
    model.add(tf.layers[cell]({ units, inputShape: [T, D], returnSequences: every }));
    model.add(tf.layers.dense({ units: 1, activation: every ? "sigmoid" : "linear" }));
    const loss = every ? "binaryCrossentropy" : "meanSquaredError";
    model.compile({ optimizer: tf.train.adam(0.01), loss });
    const x = tf.randomUniform([B, T, D]), y = tf.zeros(every ? [B, T, 1] : [B, 1]);
    for (let n = 0; n < 3; n++) await model.trainOnBatch(x, y);
    const begun = performance.now();
    let steps = 0;
    while (performance.now() - begun < 1000 * seconds) {
      await model.trainOnBatch(x, y);
      steps++;
    }
    rates[backend] = (1000 * steps) / (performance.now() - begun);
  }
  return Math.max(...Object.values(rates));
}"""
DRAG = """([name, seconds]) => new Promise((tell) => {
  const input = document.querySelector(`rnn-${name} input[type=range]`), begun = performance.now();
  let frames = 0;
  const frame = () => {
    const passed = performance.now() - begun;
    if (passed > 1000 * seconds) return tell((1000 * frames) / passed);
    const share = (1 - Math.cos(passed / 300)) / 2;
    input.value = Number(input.min) + share * (input.max - input.min);
    input.dispatchEvent(new Event("input", { bubbles: true }));
    frames++;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
})"""


def opened(page: Page, name: str, where: str) -> None:
    page.goto((BOOK / where).with_suffix(".html").as_uri())
    page.locator(f"rnn-{name}").first.scroll_into_view_if_needed()
    page.locator(f"rnn-{name} svg").first.wait_for()


def steps_per_second(page: Page, name: str, where: str, units: int) -> float:
    opened(page, name, where)
    page.locator(f"rnn-{name}").get_by_role("slider", name="Units").first.fill(str(units))
    page.locator(f"rnn-{name}").get_by_role("button", name="Train it here").first.click()
    page.wait_for_timeout(1000)
    rates = []
    for _ in range(4 * SECONDS):
        page.wait_for_timeout(100)
        rates.append(page.evaluate(RATE, name))
    return statistics.median(filter(None, rates))


def frames_per_second(page: Page, name: str, where: str) -> float:
    opened(page, name, where)
    return page.evaluate(DRAG, [name, SECONDS])


def figures() -> dict[str, str]:
    """Every figure, and the first page that has it."""
    found: dict[str, str] = {}
    for path in sorted(BOOK.rglob("*.html")):
        for name in path.read_text(encoding="utf-8").split("<rnn-")[1:]:
            found.setdefault(name.split(" ")[0], path.relative_to(BOOK).with_suffix("").as_posix())
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tfjs", type=Path, help="TensorFlow.js, tf.min.js of its npm package")
    tfjs = parser.parse_args().tfjs
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or "chromium"
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        rates: dict[tuple[str, str], list[float]] = {}
        for _ in range(ROUNDS):
            for name, (where, model) in TRAINED.items():
                page = browser.new_page()
                rate = steps_per_second(page, name, where, model["units"])
                rates.setdefault((name, "here"), []).append(rate)
                page.close()
                if tfjs:
                    page = browser.new_page()
                    page.add_script_tag(path=tfjs)
                    peer = page.evaluate(TFJS, {**model, "seconds": SECONDS})
                    rates.setdefault((name, "TensorFlow.js"), []).append(peer)
                    page.close()
        for (name, who), values in rates.items():
            print(f"{name:12}{who:15}{statistics.median(values):8,.0f} steps a second")
        for name, where in figures().items():
            page = browser.new_page()
            if page.goto((BOOK / where).with_suffix(".html").as_uri()) and name != "check":
                print(f"{name:12}{frames_per_second(page, name, where):8.0f} frames a second")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
