"""What was measured, for people and for machines, and where."""

import os
import platform
import re
import time
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas
import psutil

COLUMNS = [
    "contestant",
    "seconds",
    "ratio",
    "status",
    "first step",
    "RMSE",
    "first trace",
    "trace",
    "nodes",
    "memory",
    "threads",
]


def rounded(row: dict[str, Any], digits: int = 4) -> dict[str, Any]:
    """Measured numbers to a few significant digits: more would be noise."""
    return {name: float(f"{v:.{digits}g}") if isinstance(v, float) else v for name, v in row.items()}


def as_text(title: str, rows: list[dict[str, Any]], columns: list[str] = COLUMNS) -> str:
    """A block of the table."""
    shown = [name for name in columns if any(name in row for row in rows)]
    frame = pandas.DataFrame(rows, columns=shown)
    return f"{title}\n{frame.to_string(index=False, na_rep='', float_format='{:.4g}'.format)}"


class Company:
    """How busy the machine was with the work of others; timings want it alone."""

    def __init__(self) -> None:
        self.start, self.busy = time.monotonic(), self.others()

    @staticmethod
    def others() -> float:
        """Seconds of all cores, but for those of this process and its ended children."""
        times = psutil.cpu_times()
        return times.user + times.system + getattr(times, "nice", 0) - sum(os.times()[:4])

    def share(self) -> float:
        """The part of all cores' time, once the contestants have ended."""
        cores = os.cpu_count() or 1
        return max(0.0, (self.others() - self.busy) / (time.monotonic() - self.start) / cores)


def describe_machine(*libraries: str) -> dict[str, Any]:
    """The machine in neutral words, and the versions of what competes."""
    told = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.*)", told.read_text("utf-8") if told.exists() else "")
    found: dict[str, Any] = {"cores": os.cpu_count(), "processor": (names or [platform.machine()])[0]}
    found["python"] = ".".join(platform.python_version_tuple()[:2])
    return found | {name: version(name) if find_spec(name) else "missing" for name in libraries}
