"""How nbval compares a cell's outputs with those committed.

Text must be equal, but for numbers with a decimal point or an exponent, which may differ
within the tolerance below. A cell whose numbers come out of training widens it, in
sight, by its metadata `tolerance: 0.01` (relative). Figures are compared by pixels.
Stderr is dropped, because TensorFlow logs times there. A cell that was never executed fails.
"""

import base64
import io
import re

import matplotlib.image
import numpy as np
from nbval.plugin import IPyNbCell

RELATIVE = 1e-5  # far below the last digit of what is printed with three or four
ABSOLUTE = 2e-6  # the rounding of float32 in numbers near one: the source prints eight digits
BLOCK = 8  # pixels: figures are compared by the mean colour of blocks of this side,
LEVELS = 6  # which may differ by this many of 255 levels

NUMBER = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?\d+[eE][-+]?\d+")


def same_text(new: str, old: str, relative: float = RELATIVE) -> bool:
    """Equal texts, but for white space and for floats within the tolerance."""
    new_words, old_words = (" ".join(NUMBER.sub(" # ", text).split()) for text in (new, old))
    if new_words != old_words:
        return False
    a, b = (np.array(NUMBER.findall(text), float) for text in (new, old))
    return a.shape == b.shape and bool(np.all(np.abs(a - b) <= np.maximum(relative * np.abs(b), ABSOLUTE)))


def same_picture(new: str, old: str) -> bool:
    """Equal pictures (PNG in base64), but for what anti-aliasing may move."""
    a, b = (matplotlib.image.imread(io.BytesIO(base64.b64decode(png)), format="png") for png in (new, old))
    if a.shape != b.shape:
        return False
    difference = np.abs(a - b).max(axis=2)
    height, width = (size // BLOCK * BLOCK for size in difference.shape)
    blocks = difference[:height, :width].reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK)
    return bool(blocks.mean(axis=(1, 3)).max() * 255 <= LEVELS)


def adopt(new: dict, old: dict, relative: float) -> None:
    """Put the old text or picture in the new output's place where the two agree."""
    if "text" in new and "text" in old and same_text(new["text"], old["text"], relative):
        new["text"] = old["text"]
    for kind, value in new.get("data", {}).items():
        reference = old.get("data", {}).get(kind)
        if reference in (None, value):
            continue
        same = (
            same_picture(value, reference) if kind == "image/png" else same_text(value, reference, relative)
        )
        if same:
            new["data"][kind] = reference


def compare_outputs(self, test, ref, skip_compare=None):
    """nbval's comparison, after the outputs that agree were made equal."""
    test, ref = ([out for out in outs if out.get("name") != "stderr"] for outs in (test, ref))
    for new, old in zip(test, ref, strict=False):
        adopt(new, old, self.cell.metadata.get("tolerance", RELATIVE))
    skipped = [key for key in self.parent.skip_compare if key != "image/png"]
    return nbval_compare_outputs(self, test, ref, skip_compare or skipped)


def runtest(self):
    """nbval's run of a cell, which lets a never-executed cell pass; here it fails."""
    if self.cell.execution_count is None:
        self.raise_cell_error("This cell was never executed: run make notebooks")
    nbval_runtest(self)


nbval_compare_outputs, IPyNbCell.compare_outputs = IPyNbCell.compare_outputs, compare_outputs
nbval_runtest, IPyNbCell.runtest = IPyNbCell.runtest, runtest
