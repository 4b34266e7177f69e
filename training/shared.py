"""What the trainings share: the cells of a page, checkpoints, and the form in which weights lie beside the page."""

import argparse
import base64
import hashlib
import json
import runpy
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jupytext
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
APPLICATIONS = ROOT / "book" / "6-applications"
CHECKPOINTS = ROOT / "_build" / "training"
sys.path.append(str(ROOT / "benchmarks"))  # report.py tells of the machine on which something is timed


def tell(text: str) -> None:
    """A line about what is done, past the output of a script."""
    print(text, file=sys.stderr, flush=True)


def of_the_page(page: Path) -> dict[str, Any]:
    """What the cells of the page define that are tagged ``shared``; and ``digest``, a hash of these cells."""
    cells = jupytext.read(page).cells
    shared = [cell.source for cell in cells if "shared" in cell.metadata.get("tags", ())]
    with TemporaryDirectory() as folder:
        script = Path(folder) / "page.py"
        script.write_text("\n".join(shared), encoding="utf-8")
        digest = hashlib.sha256(script.read_bytes()).hexdigest()
        return runpy.run_path(str(script)) | {"digest": digest}


def told_to_begin_anew(what: str | None) -> bool:
    """Whether the command line asks so; ``what`` is the text of the script, of which its help shows the first line."""
    parser = argparse.ArgumentParser(description=(what or "").splitlines()[0])
    parser.add_argument("--fresh", action="store_true", help="forget the checkpoints")
    return parser.parse_args().fresh


def check_made_from(came: str, wanted: str) -> None:
    """Refuse a checkpoint of another page, or of other settings."""
    if came != wanted:
        raise SystemExit("training: page or settings have changed: run it with --fresh")


def resume(path: Path, made_from: str, variables: list[Any]) -> Any:
    """What was kept beside the variables, which get their values back; None where nothing was kept."""
    if not path.exists():
        return None
    with np.load(path) as kept:
        check_made_from(str(kept["made_from"]), made_from)
        for n, variable in enumerate(variables):
            variable.assign(kept[f"n{n}"])
        return json.loads(str(kept["so_far"]))


def keep(path: Path, made_from: str, variables: list[Any], so_far: Any) -> None:
    """Write a checkpoint, in one move."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part.npz")
    values = {f"n{n}": variable.numpy() for n, variable in enumerate(variables)}
    np.savez(part, so_far=json.dumps(so_far), made_from=made_from, **values)
    part.replace(path)


def float16(weight: np.ndarray) -> dict[str, Any]:
    """A weight as 16-bit numbers, little end first, in base64."""
    numbers = weight.astype("<f2").tobytes()
    return {"shape": list(weight.shape), "float16": base64.b64encode(numbers).decode()}


def unpacked(weight: dict[str, Any]) -> np.ndarray:
    """The numbers that `float16` has packed."""
    return np.frombuffer(base64.b64decode(weight["float16"]), "<f2").reshape(weight["shape"]).astype(float)
