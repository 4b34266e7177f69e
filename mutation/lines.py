"""Which test executes which line of the package, and how long it takes: what `runner.py` asks first."""

import ast
import hashlib
import os
import resource
import shutil
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import coverage
import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("rnnbook", "tests", "book", "tools", "training", "benchmarks", "mutation")
LEFT_OUT = (
    *("book", "dictionary", "interruption", "oracle", "pages"),
    *("repository_links", "security", "toolchain", "wheel"),
)
OPTIONS = ["-q", "--no-header", "--no-summary", "--disable-plugin-autoload"]
OPTIONS += ["--assert=plain", "-p", "no:unraisableexception"]  # what they cost, a mutant pays each time
Tests = dict[str, float]  # by name, with the seconds of processor time that each takes


class Recorder:
    """Tells coverage which test runs, and measures and keeps those that pass.

    A function that a graph traces runs as AutoGraph's copy of it, where coverage sees nothing. So
    AutoGraph is asked what it copies, and the test counts for all lines of that function.
    """

    def __init__(self, cover: Any):
        from tensorflow.python.autograph.impl import api as autograph

        self.cover, self.running, self.failed = cover, "", set[str]()
        self.seconds: Tests = {}
        self.traced: dict[str, set[Any]] = defaultdict(set)  # by test: (file, first line, last line)
        convert = autograph._convert_actual

        def noting(entity: Any, context: Any) -> Any:
            code = getattr(getattr(entity, "__func__", entity), "__code__", None)
            if code is not None:
                lines = [line for *_, line in code.co_lines() if line]
                self.traced[self.running].add((code.co_filename, min(lines), max(lines)))
            return convert(entity, context)

        autograph._convert_actual = noting

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: Any) -> Iterator[None]:
        self.running = item.nodeid
        self.cover.switch_context(item.nodeid)
        start = _used()
        result = yield
        self.seconds[item.nodeid] = _used() - start
        self.cover.switch_context("")
        return result

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.failed.add(report.nodeid)


def _used() -> float:
    """Seconds of processor time, which another program on the machine does not change."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def copy_tree(target: Path) -> Path:
    """The part of the project that the tests need, in another folder."""
    for name in FOLDERS:
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy2(path, target)
    return target


def enter(tree: Path) -> None:
    """Make this process and those it starts use the package of ``tree``."""
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
    """Run the suite once under coverage; runs in a process of its own.

    Returns:
        ``seconds``: every test that passes; ``lines``: of each file, by line, the numbers of its tests.
    """
    enter(tree)
    cover = coverage.Coverage(data_file=None, source=[str(tree / "rnnbook")], config_file=False)
    recorder = Recorder(cover)
    cover.start()
    ignored = [f"--ignore=tests/test_{name}.py" for name in LEFT_OUT]
    pytest.main([*OPTIONS, *ignored, "tests", "rnnbook"], plugins=[recorder])
    cover.stop()
    data = cover.get_data()
    passed = [name for name in recorder.seconds if name not in recorder.failed]
    ran = {
        (path, line, name)
        for path in data.measured_files()
        for line, names in data.contexts_by_lineno(path).items()
        for name in names
    }
    ran |= {
        (path, line, name)
        for name, places in recorder.traced.items()
        for path, first, last in places
        if path in data.measured_files()
        for line in range(first, last + 1)
    }
    numbers = {name: n for n, name in enumerate(passed)}
    lines: dict[str, dict[str, list[int]]] = {}
    for path, line, name in ran:
        if name in numbers:
            file = Path(path).relative_to(tree / "rnnbook").as_posix()
            lines.setdefault(file, {}).setdefault(str(line), []).append(numbers[name])
    seconds = {name: recorder.seconds[name] for name in passed}
    return {"seconds": seconds, "lines": lines, "failed": sorted(recorder.failed)}


def tests_of(file: str, number: int, known: dict[str, Any]) -> Tests:
    """The tests that execute the changed statement, or else its function, or else any line of its file.

    Fast tests stand first, and of a test with many rows the fast rows.
    """
    source = (ROOT / "rnnbook" / file).read_text(encoding="utf-8")
    names, lines = list(known["seconds"]), known["lines"].get(file, {})
    numbers: set[int] = set()
    for first, last in (*_spans(source, number), (1, len(source.splitlines()))):
        numbers = numbers or {n for line in range(first, last + 1) for n in lines.get(str(line), [])}
    seconds = {names[n]: known["seconds"][names[n]] for n in numbers}
    rows: Counter[str] = Counter()
    cost = {}
    for name in sorted(seconds, key=seconds.__getitem__):
        rows[name.split("[")[0]] += 1
        cost[name] = (0.01 + seconds[name]) * rows[name.split("[")[0]]
    return {name: seconds[name] for name in sorted(cost, key=cost.__getitem__)}


def _spans(source: str, line: int) -> list[tuple[int, int]]:
    """First and last line of the statement at ``line`` (the head of one with a body), then of its function."""
    statements, functions = [], []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.stmt):
            continue
        first = min([node.lineno] + [part.lineno for part in getattr(node, "decorator_list", [])])
        last = node.end_lineno or node.lineno
        body = getattr(node, "body", None)
        head = max(first, body[0].lineno - 1) if isinstance(body, list) else last
        if first <= line <= head:
            statements.append((first, head))
        if isinstance(node, ast.FunctionDef) and first <= line <= last:
            functions.append((node.body[0].lineno, last))
    # The head of a function runs when it is defined, which proves nothing.
    smallest = [span for span in statements[-1:] if not any(span[1] < inner for inner, _ in functions[-1:])]
    return smallest + functions[::-1]
