"""Train the two translators of book/6-applications/translating-dates and keep them for its figure, in dates.json beside it.

    python training/dates.py

Run it when the networks of that page have changed. It runs the page's own cells, up to the training of the networks
with attention, and keeps those of the first seed. They are kept, and not taken from the page each time it is executed,
because no two machines train float32 to the same digits.

A page must stay light, so a number is rounded to one of 19 levels, -9 to 9 steps of its column (of the whole, if it is
a bias). Three of them make two signs.
"""

import json
import os
import runpy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jupytext
import numpy as np
from shared import APPLICATIONS

PAGE = APPLICATIONS / "translating-dates.md"
LEVEL = 9
SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#~%()*+,-./:;=?@[]^_"
CELL = ("gates_kernel", "gates_bias", "candidate_kernel", "candidate_bias")


def pack(weight: np.ndarray) -> dict[str, Any]:
    """Its shape, the step of each column in ten-thousandths, and the signs."""
    columns = weight if weight.ndim == 2 else weight[:, None]
    step = np.maximum(np.ceil(10_000 * np.abs(columns).max(axis=0) / LEVEL), 1).astype(int)
    level = np.round(columns / (step / 10_000)).astype(int).ravel() + LEVEL
    base = 2 * LEVEL + 1
    level = np.pad(level, (0, -len(level) % 3)).reshape(-1, 3) @ [base**2, base, 1]
    signs = "".join(SIGNS[n // len(SIGNS)] + SIGNS[n % len(SIGNS)] for n in level.tolist())
    return {"shape": list(weight.shape), "step": step.tolist(), "signs": signs}


def weights_of(model: Any) -> dict[str, np.ndarray]:
    cells = {"encoder": model.encoder, "decoder": model.decoder}
    named = {f"{part}/{name}": getattr(cell, name).numpy() for part, cell in cells.items() for name in CELL}
    return named | {"mix": model.mix.numpy(), "output": model.output.numpy()}


def main() -> None:
    os.environ.setdefault("MPLBACKEND", "agg")
    cells = [cell.source for cell in jupytext.read(PAGE).cells if cell.cell_type == "code"]
    last = next(n for n, source in enumerate(cells) if "train_one(" in source and "attentive" in source)
    with TemporaryDirectory() as folder:
        script = Path(folder) / "page.py"
        script.write_text("\n".join(cells[: last + 1]), encoding="utf-8")
        page = runpy.run_path(str(script))
    networks = {"plain": page["plains"][0], "attentive": page["attentive"][0]}
    packed = {
        name: {place: pack(weight) for place, weight in weights_of(model).items()}
        for name, model in networks.items()
    }
    text = json.dumps({"signs": SIGNS, "networks": packed}, separators=(",", ":"))
    PAGE.with_name("dates.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
