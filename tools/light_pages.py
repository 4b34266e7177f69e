"""A Sphinx extension: the same pages in fewer bytes.

Figures become palettes of at most 256 colours, as they leave the notebooks, which keep theirs.
In code only those words are marked that have a colour of their own.
"""

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pygments.formatters import HtmlFormatter
from pygments.token import Name, Punctuation, Text, Whitespace
from sphinx.highlighting import PygmentsBridge

NEAR = 3  # of 255 levels: no channel of a pixel may differ by more, which the eye does not see
COLOURS = 256
UNMARKED = {Name, Name.Namespace, Name.Other, Punctuation, Whitespace}  # in the colour of the text


def few_colours(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """A palette [k, 4] for pixels [height, width, 4] and the entry of each, or None where none is near enough.

    The commonest colour comes first and stands for all that are near it; then the commonest
    of the rest. So areas keep their colour exactly, and only the seams of lines give way.
    """
    packed = np.ascontiguousarray(pixels).view("<u4")[..., 0]
    codes, place, counts = np.unique(packed, return_inverse=True, return_counts=True)
    colours = codes.view(np.uint8).reshape(-1, 4).astype(int)
    for near in range(NEAR + 1):
        palette, rest = [], colours[np.argsort(-counts, kind="stable")]
        while len(rest) and len(palette) < COLOURS:
            palette.append(rest[0])
            rest = rest[np.abs(rest - rest[0]).max(axis=1) > near]
        if not len(rest):
            distance = np.abs(colours[:, None] - np.array(palette)).max(axis=2)
            entries = distance.argmin(axis=1).astype(np.uint8)
            return np.array(palette, np.uint8), entries[place].reshape(packed.shape)
    return None


def smaller(png: bytes) -> bytes:
    """The PNG as a palette where that is smaller and looks the same, otherwise as it came."""
    image = Image.open(io.BytesIO(png))
    if image.mode == "P":
        return png
    pixels = np.asarray(image.convert("RGBA"))
    found = few_colours(pixels)
    if found is None:
        return png
    palette, entries = found
    opaque = bool((palette[:, 3] == 255).all())
    small, file = Image.fromarray(entries, "P"), io.BytesIO()
    small.putpalette(palette[:, :3].tobytes() if opaque else palette.tobytes(), "RGB" if opaque else "RGBA")
    small.save(file, "PNG", optimize=True)
    drawn = np.asarray(Image.open(file).convert("RGBA")).astype(int)
    same = np.abs(drawn - pixels).max() <= NEAR
    return min(png, file.getvalue(), key=len) if same else png


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


class LightFormatter(HtmlFormatter):
    """Pygments' own, but for the marks that change nothing."""

    def format(self, tokensource: Any, outfile: Any) -> None:
        super().format(((Text if kind in UNMARKED else kind, word) for kind, word in tokensource), outfile)


def setup(app: Any) -> dict[str, bool]:
    PygmentsBridge.html_formatter = LightFormatter
    app.connect("env-updated", shrink_figures)
    return {"parallel_read_safe": True}
