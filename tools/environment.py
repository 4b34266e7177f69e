"""The environment in which pages run: nothing in it is of the person who runs them.

A variable such as MPLBACKEND or KERAS_BACKEND, or a settings file in the home folder, may change
what a page prints or leave its figures out. So the home folder is one inside the virtual
environment, and of the variables those alone are kept that find programs and files, and those that
choose how sums are rounded, for which the comparison has room (`make test-numerics` tries them).
"""

import os
import sys
from pathlib import Path

KEPT = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "COMSPEC", "TMPDIR", "TEMP", "TMP")
ROUNDING = ("OMP_", "OPENBLAS_", "NPY_", "ONEDNN_", "TF_ENABLE_ONEDNN_OPTS", "TF_NUM_", "XLA_FLAGS")
TOOLS = Path(__file__).resolve().parent
OURS = (
    str(TOOLS.parent),
    str(TOOLS / "guard"),
)  # on Python's path: a copy of the project, offline.py's guard


def isolate() -> None:
    """Give this process, and the kernels that it starts, such an environment."""
    home = Path(sys.prefix) / "reader"
    home.mkdir(exist_ok=True)
    own = {name: value for name, value in os.environ.items() if name in KEPT or name.startswith(ROUNDING)}
    own |= dict.fromkeys(("HOME", "USERPROFILE", "APPDATA"), str(home))
    own |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    path = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    own["PYTHONPATH"] = os.pathsep.join(place for place in path if place in OURS)
    os.environ.clear()
    os.environ.update(own)
