"""What was measured, for people and for machines, and where."""

import os
import platform
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas
import psutil


def rounded(row: dict[str, Any], digits: int = 4) -> dict[str, Any]:
    """Measured numbers to a few significant digits: more would be noise."""
    return {name: float(f"{v:.{digits}g}") if isinstance(v, float) else v for name, v in row.items()}


def as_text(title: str, rows: list[dict[str, Any]], columns: list[str]) -> str:
    """A block of the table."""
    shown = [name for name in columns if any(name in row for row in rows)]
    frame = pandas.DataFrame(rows, columns=shown)
    return f"{title}\n{frame.to_string(index=False, na_rep='', float_format='{:.4g}'.format)}"


@contextmanager
def machine(*libraries: str) -> Iterator[dict[str, Any]]:
    """The machine in neutral words, and versions; at the end also how busy others kept it meanwhile.

    That is their part of all cores' time: timings want a machine alone.
    """
    told = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.*)", told.read_text("utf-8") if told.exists() else "")
    cores = os.cpu_count() or 1
    about: dict[str, Any] = {"cores": cores, "processor": (names or [platform.machine()])[0]}
    about["python"] = ".".join(platform.python_version_tuple()[:2])
    about |= {name: version(name) if find_spec(name) else "missing" for name in libraries}
    start, before = time.monotonic(), _others()
    yield about
    share = (_others() - before) / (time.monotonic() - start) / cores
    about["busy with others"] = round(max(0.0, share), 3)


def _others() -> float:
    """Seconds of all cores, but for those of this process and its ended children."""
    times = psutil.cpu_times()
    return times.user + times.system + getattr(times, "nice", 0) - sum(os.times()[:4])
