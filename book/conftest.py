"""How nbval compares a cell's outputs with those committed.

Text must be equal, but for numbers with a decimal point or an exponent, which may differ by 1e-5
of themselves, however small they are. A cell that needs more says so in sight, by its metadata:
`tolerance: 0.01` (relative) where numbers come out of training, `room: 1e-6` (absolute) where a
sum leaves little of what it adds. Figures are compared by pixels. Stderr is dropped, because
TensorFlow logs times there. A cell that was never executed fails, as does one whose kernel died.
"""

import base64
import io
import re
import time
from queue import Empty

import matplotlib.image
import numpy as np
from environment import isolate
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbCell

RELATIVE = 1e-5  # far below the last digit of what is printed with three or four
SECONDS = 1  # between two looks at whether a kernel lives
BLOCK = 8  # pixels: figures are compared by the mean colour of blocks of this side,
LEVELS = 6  # which may differ by this many of 255 levels

NUMBER = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?\d+[eE][-+]?\d+")


isolate()


def pytest_configure(config):
    """Compare whatever a person has told pytest by PYTEST_ADDOPTS: not laxly, and no text in other words."""
    config.option.nbval_lax, config.option.nbval_sanitize_with = False, None


def same_text(new: str, old: str, relative: float = RELATIVE, room: float = 0.0) -> bool:
    """Equal texts, but for white space and for floats within the tolerance."""
    new_words, old_words = (" ".join(NUMBER.sub(" # ", text).split()) for text in (new, old))
    if new_words != old_words:
        return False
    a, b = (np.array(NUMBER.findall(text), float) for text in (new, old))
    return a.shape == b.shape and bool(np.all(np.abs(a - b) <= np.maximum(relative * np.abs(b), room)))


def same_picture(new: str, old: str) -> bool:
    """Equal pictures (PNG in base64), but for what anti-aliasing may move."""
    a, b = (matplotlib.image.imread(io.BytesIO(base64.b64decode(png)), format="png") for png in (new, old))
    if a.shape != b.shape:
        return False
    difference = np.abs(a - b).max(axis=2)
    height, width = (size // BLOCK * BLOCK for size in difference.shape)
    blocks = difference[:height, :width].reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK)
    return bool(blocks.mean(axis=(1, 3)).max() * 255 <= LEVELS)


def adopt(new: dict, old: dict, *tolerance: float) -> None:
    """Put the old text or picture in the new output's place where the two agree."""
    if "text" in new and "text" in old and same_text(new["text"], old["text"], *tolerance):
        new["text"] = old["text"]
    for kind, value in new.get("data", {}).items():
        reference = old.get("data", {}).get(kind)
        if reference in (None, value):
            continue
        same = (
            same_picture(value, reference) if kind == "image/png" else same_text(value, reference, *tolerance)
        )
        if same:
            new["data"][kind] = reference


def compare_outputs(self, test, ref, skip_compare=None):
    """nbval's comparison, after the outputs that agree were made equal."""
    test, ref = ([out for out in outs if out.get("name") != "stderr"] for outs in (test, ref))
    said = self.cell.metadata
    for new, old in zip(test, ref, strict=False):
        adopt(new, old, said.get("tolerance", RELATIVE), said.get("room", 0.0))
    skipped = [key for key in self.parent.skip_compare if key != "image/png"]
    return nbval_compare_outputs(self, test, ref, skip_compare or skipped)


def runtest(self):
    """nbval's run of a cell, which lets a never-executed cell pass; here it fails."""
    if self.cell.execution_count is None:
        self.raise_cell_error("This cell was never executed: run make notebooks")
    nbval_runtest(self)


def await_reply(self, msg_id, timeout=None):
    """nbval's wait for a cell, which takes a kernel that died for one that is slow; here it is named."""
    deadline = time.monotonic() + (timeout or float("inf"))
    while True:
        try:
            return nbval_await_reply(self, msg_id, timeout=SECONDS)
        except Empty:
            if not self.is_alive():
                raise RuntimeError("the kernel died while it ran this cell") from None
            if time.monotonic() > deadline:
                raise


nbval_await_reply, RunningKernel.await_reply = RunningKernel.await_reply, await_reply
nbval_compare_outputs, IPyNbCell.compare_outputs = IPyNbCell.compare_outputs, compare_outputs
nbval_runtest, IPyNbCell.runtest = IPyNbCell.runtest, runtest
