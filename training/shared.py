"""What the trainings share: the cells of a page, and the form in which its weights lie beside it."""

import base64
import hashlib
import runpy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jupytext
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
APPLICATIONS = ROOT / "book" / "6-applications"
CHECKPOINTS = ROOT / "_build" / "training"


def of_the_page(page: Path) -> dict[str, Any]:
    """What the cells of the page define that are tagged ``shared``; and ``digest``, a hash of these cells."""
    cells = jupytext.read(page).cells
    shared = [cell.source for cell in cells if "shared" in cell.metadata.get("tags", ())]
    with TemporaryDirectory() as folder:
        script = Path(folder) / "page.py"
        script.write_text("\n".join(shared), encoding="utf-8")
        digest = hashlib.sha256(script.read_bytes()).hexdigest()
        return runpy.run_path(str(script)) | {"digest": digest}


def float16(weight: np.ndarray) -> dict[str, Any]:
    """A weight as 16-bit numbers, little end first, in base64."""
    numbers = weight.astype("<f2").tobytes()
    return {"shape": list(weight.shape), "float16": base64.b64encode(numbers).decode()}
