"""A Sphinx extension: the same pages in fewer bytes.

Figures get fewer colours as they leave the notebooks, which keep theirs. In code only those
words are marked that have a colour of their own. What a figure that answers computes on, the
weights of a network say, leaves the page where it is much: it waits in a script of its own
until the figure comes near the screen. A script, for a page opened from a file may read no other.
"""

import hashlib
import html
import io
import re
from pathlib import Path
from typing import Any

from PIL import Image
from pygments.formatters import HtmlFormatter
from pygments.token import Name, Punctuation, Text, Whitespace
from sphinx.highlighting import PygmentsBridge

NEAR = 3  # of 255 levels: no channel of a pixel may differ by more, which the eye does not see
STEP = 255 / 42  # so each channel keeps 43 levels, white and black among them
LEVELS = [round(round(level / STEP) * STEP) for level in range(256)]
UNMARKED = {Name, Name.Namespace, Name.Other, Punctuation, Whitespace}  # in the colour of the text


def smaller(png: bytes) -> bytes:
    """The PNG with near colours made one, as a palette where 256 are enough; as it came where that is smaller."""
    image, file = Image.open(io.BytesIO(png)), io.BytesIO()
    if image.convert("RGBA").getextrema()[3] != (255, 255):
        return png  # it lets something through
    image = image.convert("RGB").point(LEVELS * 3)
    if image.getcolors(256):
        image = image.quantize(256, dither=Image.Dither.NONE)
    image.save(file, "PNG", optimize=True)
    return min(png, file.getvalue(), key=len)


def shrink_figures(app: Any, env: Any) -> None:
    """Once the notebooks are read, and before anything is written: the files their figures were put into.

    MyST-NB names a figure by its digest and leaves one that is there, so that each is done once.
    """
    for path in sorted(Path(env.mystnb_config.output_folder).glob("*.png")):
        png = path.read_bytes()
        small = smaller(png)
        if len(small) < len(png):
            part = path.with_suffix(".part")
            part.write_bytes(small)
            part.replace(path)


MUCH = 50_000  # characters
DATA = re.compile(r'(<rnn-([a-z-]+) class="live") ([^>]*>)<template>([^<]*)</template>')
GIVEN = re.compile(r'<rnn-[a-z-]+ class="live" data-given="([^"]*)"')


def part_data(app: Any, error: Exception | None) -> None:
    """Large data of figures, out of the pages; `book.js` loads them when they are wanted. Those of no page are taken away."""
    folder, wanted = Path(app.outdir) / "_static" / "live", set()

    def part(found: re.Match[str]) -> str:
        start, name, rest, data = found.groups()
        if len(data) < MUCH:
            return found[0]
        data = html.unescape(data)
        file = f"{name}-{hashlib.sha256(data.encode()).hexdigest()[:12]}.js"
        folder.mkdir(exist_ok=True)
        (folder / file).write_text(f'live.given["{file}"] = {data};\n', encoding="utf-8")
        return f'{start} data-given="{file}" {rest}'

    for path in Path(app.outdir).rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        parted = DATA.sub(part, text)
        if parted != text:
            path.write_text(parted, encoding="utf-8")
        wanted.update(GIVEN.findall(parted))
    for path in folder.glob("*.js"):
        if path.name not in wanted:
            path.unlink()


class LightFormatter(HtmlFormatter):
    """Pygments' own, but for the marks that change nothing."""

    def format(self, tokensource: Any, outfile: Any) -> None:
        super().format(((Text if kind in UNMARKED else kind, word) for kind, word in tokensource), outfile)


def setup(app: Any) -> dict[str, bool]:
    PygmentsBridge.html_formatter = LightFormatter
    app.connect("env-updated", shrink_figures)
    app.connect("build-finished", part_data)
    return {"parallel_read_safe": True}
