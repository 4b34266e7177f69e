"""Which test executes which line of the package, and how long it takes: what `runner.py` asks first."""

import hashlib
import os
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import coverage
import pytest
from operators import Mutant, plain

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "_build" / "mutants"
EXECUTED = RESULTS / "coverage"
# The tests that noxfile.py leaves to the book: they start other programs, or only read files.
LEFT_OUT = re.findall(r'^    "(test_\w+)",$', (ROOT / "noxfile.py").read_text(encoding="utf-8"), re.M)
OPTIONS = ["-q", "--no-header", "--no-summary", "--disable-plugin-autoload"]
OPTIONS += ["--assert=plain", "-p", "no:unraisableexception"]  # what they cost, a mutant pays each time
Tests = dict[str, float]  # by name, with the seconds that each takes


class Recorder:
    """Tells coverage which test runs, and keeps how long each takes.

    A function that a graph traces runs as AutoGraph's copy of it, where coverage sees nothing. So
    AutoGraph is asked what it copies, and the test counts for all lines of that function.
    """

    def __init__(self, cover: coverage.Coverage):
        from tensorflow.python.autograph.impl import api as autograph

        self.cover, self.running, self.failed = cover, "", set[str]()
        self.seconds: Counter[str] = Counter()
        self.traced = set[tuple[str, str, int, int]]()  # test, file, first line, last line
        convert = autograph._convert_actual

        def noting(entity: Any, context: Any) -> Any:
            code = getattr(getattr(entity, "__func__", entity), "__code__", None)
            if code is not None and Path(code.co_filename).is_relative_to(Path.cwd() / "rnnbook"):
                lines = [line for *_, line in code.co_lines() if line]
                file = str(Path(code.co_filename).relative_to(Path.cwd()))
                self.traced.add((self.running, file, min(lines), max(lines)))
            return convert(entity, context)

        autograph._convert_actual = noting

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: Any) -> Iterator[None]:
        self.running = item.nodeid
        self.cover.switch_context(item.nodeid)
        result = yield
        self.cover.switch_context("")
        return result

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.seconds[report.nodeid] += report.duration
        if report.failed:
            self.failed.add(report.nodeid)


def copy_tree(target: Path) -> Path:
    """The project in another folder, but for what is hidden or built."""
    ignored = shutil.ignore_patterns(".*", "_build", "__pycache__", "*.egg-info")
    return Path(shutil.copytree(ROOT, target, ignore=ignored, dirs_exist_ok=True))


def enter(tree: Path) -> None:
    """Make this process and those it starts use the package of ``tree``, which is brought into its plain form."""
    for path in (tree / "rnnbook").rglob("*.py"):
        path.write_text(plain(path.read_text(encoding="utf-8")) + "\n", encoding="utf-8")
    os.chdir(tree)
    os.environ["PYTHONPATH"] = str(tree)
    sys.path[:] = [str(tree), *(path for path in sys.path if path != str(Path(__file__).parent))]


def digest() -> str:
    """A hash of the package and its tests."""
    found = hashlib.sha256()
    for path in sorted(path for folder in ("rnnbook", "tests") for path in (ROOT / folder).rglob("*.py")):
        found.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()[:16]


def map_tests(tree: Path) -> dict[str, Any]:
    """Run the suite once under coverage, which keeps what it sees; runs in a process of its own.

    Returns:
        ``seconds`` of every test that passes, and the names of those that have ``failed``.
    """
    enter(tree)
    EXECUTED.unlink(missing_ok=True)
    cover = coverage.Coverage(data_file=str(EXECUTED), source=["rnnbook"], config_file=False)
    cover.set_option("run:relative_files", True)
    recorder = Recorder(cover)
    cover.start()
    ignored = [f"--ignore=tests/{name}.py" for name in LEFT_OUT]
    pytest.main([*OPTIONS, *ignored, "tests", "rnnbook"], plugins=[recorder])
    cover.stop()
    data = cover.get_data()
    for test, file, first, last in recorder.traced:
        data.set_context(test)
        data.add_lines({file: range(first, last + 1)})
    cover.save()
    passed = {name: seconds for name, seconds in recorder.seconds.items() if name not in recorder.failed}
    return {"seconds": passed, "failed": sorted(recorder.failed)}


@cache
def executed(file: str) -> dict[int, list[str]]:
    """The tests that execute each line of a file."""
    data = coverage.CoverageData(str(EXECUTED))
    data.read()
    return data.contexts_by_lineno(f"rnnbook/{file}")


def tests_of(mutant: Mutant, seconds: Tests) -> Tests:
    """The tests that execute the changed line, or else its function, or else any line of its file; fast ones first."""
    lines = executed(mutant.file)
    found: set[str] = set()
    for span in ([mutant.line], mutant.around, lines):
        found = found or {test for line in span for test in lines.get(line, ())} & seconds.keys()
    return {test: seconds[test] for test in sorted(found, key=seconds.__getitem__)}
