"""What was measured, for people and for machines."""

import os
import platform
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from contestants.cases import Case


def rounded(row: dict[str, Any]) -> dict[str, Any]:
    """Measured numbers to four significant digits: more would be noise."""
    return {name: float(f"{v:.4g}") if isinstance(v, float) else v for name, v in row.items()}


def as_text(case: Case, rows: list[dict[str, Any]]) -> str:
    """A block of the table."""
    lines = [f"{case.title:64s} {'time':>8s} {'ratio':>8s}"]
    for row in rows:
        took = duration(row["seconds"]) if "seconds" in row else ""
        ratio = f"{row['ratio']:.2f}" if "ratio" in row else ""
        words = remarks(row) if "seconds" in row else row["status"]
        lines.append(f"  {row['contestant']:62s} {took:>8s} {ratio:>8s}  {words}".rstrip())
    return "\n".join(lines)


def duration(seconds: float) -> str:
    """Three digits and a unit."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


def remarks(row: dict[str, Any]) -> str:
    """What else was measured."""
    forms = {
        "first step": "first step {:.1f} s",
        "RMSE": "RMSE {:.5f}",
        "first trace": "first trace {:.2g} s",
        "trace": "trace {:.2g} s",
        "nodes": "{} nodes",
        "memory": "{:.0f} MB",
        "threads": "threads {}",
    }
    return ", ".join(form.format(row[name]) for name, form in forms.items() if name in row)


class Company:
    """How busy the machine was with the work of others; timings want it alone."""

    def __init__(self) -> None:
        self.start, self.busy, self.own = time.monotonic(), self.all_busy(), sum(os.times()[:4])

    @staticmethod
    def all_busy() -> float:
        """Seconds of all cores in which anything ran; 0 where the system does not tell."""
        told = Path("/proc/stat")
        user, nice, system = map(int, (told.read_text().split()[1:4] if told.exists() else "000"))
        return (user + nice + system) / 100

    def share(self) -> float | None:
        """The part of all cores' time, once the contestants have ended."""
        if not self.busy:
            return None
        others = (self.all_busy() - self.busy) - (sum(os.times()[:4]) - self.own)
        return max(0.0, others / (time.monotonic() - self.start) / (os.cpu_count() or 1))


def describe_machine() -> dict[str, Any]:
    """The machine in neutral words, and the versions of what competes."""
    found: dict[str, Any] = {"cores": os.cpu_count(), "processor": processor()}
    found["python"] = ".".join(platform.python_version_tuple()[:2])
    for name in ("numpy", "tensorflow", "keras", "torch", "jax"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "missing"
    return found


def processor() -> str:
    """The maker's name for it where the system tells, else the architecture."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text(encoding="utf-8").splitlines() if told.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
