"""Mutation testing: change the package in one place, and see whether a test notices.

    python mutation/runner.py                  all mutants of both halves and of the checks
    python mutation/runner.py scratch/gru.py   those of these files

README.md says how it works and what to do with a survivor.
"""

import compileall
import gc
import importlib
import json
import os
import re
import signal
import sys
import tempfile
import tomllib
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from lines import OPTIONS, RESULTS, ROOT, Tests, copy_tree, digest, enter, map_tests, tests_of
from operators import Mutant, mutants_of
from tqdm import tqdm

LISTED = ROOT / "mutation" / "survivors.toml"
PACKAGE = ("scratch/**/*.py", "checks/*.py", "protocol.py", "initial.py", "tf/**/*.py")
CONTROL = "scratch/unroll.py"  # runs once as it is, with all tests: were it killed, kills would prove nothing
SHARE = 0.9
ENOUGH = 6.0  # seconds of tests for a mutant that is known to survive; nearly all that die die in them
BEYOND = 60  # seconds a test may take beyond 20 times its usual ones; then the mutant counts as killed
TREE = Path()  # of this worker
KILLS: dict[str, Counter[str]] = defaultdict(Counter)  # by mutated file: which file of tests killed how many


class Patience:
    """Ends the process when a test takes too long."""

    def __init__(self, tests: Tests):
        self.tests = tests

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        signal.setitimer(signal.ITIMER_REAL, BEYOND + 20 * self.tests.get(nodeid, 0.0))


def start_worker(folder: str) -> None:
    """Copy the tree and import what is slow; nothing of TensorFlow may run here, or a fork would hang."""
    global TREE
    TREE = copy_tree(Path(tempfile.mkdtemp(dir=folder)))
    enter(TREE)
    for part in ("rnnbook", "tests"):  # no mutant is written to bytecode, so that none is read from it
        compileall.compile_dir(TREE / part, quiet=2)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.dont_write_bytecode = True
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    for module in ("hypothesis", "keras", "tensorflow"):
        importlib.import_module(module)
    gc.freeze()  # pytest collects garbage when it ends: not that of all these modules


def judge(file: str, code: str, tests: Tests) -> str:
    """Put a mutant into this worker's tree and run its tests in a forked child: what kills it, or nothing."""
    place, told = TREE / "rnnbook" / file, TREE / "killer"
    kept, stamp = place.read_bytes(), place.stat()
    told.write_text("")
    place.write_text(code, encoding="utf-8")
    try:
        child = os.fork()
        if child == 0:
            _run(_by_file(file, tests), told)
        _, status = os.waitpid(child, 0)
    finally:
        place.write_bytes(kept)
        os.utime(place, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    killer = told.read_text()
    KILLS[file][killer] += 1
    # Of pytest: 0 all passed, 1 one failed, 2 a file could not be imported, 5 no test.
    passed = os.WIFEXITED(status) and os.WEXITSTATUS(status) in (0, 5)
    return "" if passed else killer


def _by_file(mutated: str, tests: Tests) -> dict[str, Tests]:
    """The tests of one file after the other: first those that are fast and have killed often."""
    files: dict[str, Tests] = defaultdict(dict)
    for name, seconds in tests.items():
        files[name.split("::")[0]][name] = seconds
    worth = {file: (1 + KILLS[mutated][file]) / (0.2 + sum(files[file].values())) for file in files}
    return {file: files[file] for file in sorted(files, key=worth.__getitem__, reverse=True)}


def _run(files: dict[str, Tests], told: Path) -> None:
    """The child: pytest on the tests of one file after the other until one fails; never returns."""
    os.setpgid(0, 0)
    signal.setitimer(signal.ITIMER_REAL, BEYOND)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    code = 5
    try:
        for file, tests in files.items():
            told.write_text(file)
            code = int(pytest.main([*OPTIONS, "-x", *tests], plugins=[Patience(tests)]))
            if code not in (0, 5):
                break
    finally:
        os._exit(code)


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def all_mutants(patterns: tuple[str, ...]) -> list[Mutant]:
    """The mutants of all files that match, a package's list of names excepted."""
    folder = ROOT / "rnnbook"
    paths = sorted(path for pattern in patterns for path in folder.glob(pattern))
    return [
        mutant
        for path in paths
        if path.name != "__init__.py"
        for mutant in mutants_of(path.relative_to(folder).as_posix(), path.read_text(encoding="utf-8"))
    ]


def known_tests(folder: str, state: str) -> Tests:
    """What each test takes; it is asked anew which executes which line when package or tests have changed."""
    path = RESULTS / "tests.json"
    known = load(path)
    if known.get("state") != state:
        print("mutants: one run of the suite, to see which test executes which line", file=sys.stderr)
        RESULTS.mkdir(parents=True, exist_ok=True)
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            known = pool.submit(map_tests, copy_tree(Path(tempfile.mkdtemp(dir=folder)))).result()
        path.write_text(json.dumps(known | {"state": state}), encoding="utf-8")
    for name in known["failed"]:
        print(f"mutants: {name} fails without any mutant and is left out", file=sys.stderr)
    return known["seconds"]


def judge_all(mutants: list[Mutant]) -> list[dict[str, Any]]:
    """The verdict on every mutant; those of earlier runs are kept where they still hold.

    What was killed stays so while its file is the same; what survived is run again after any change.
    """
    path, state = RESULTS / "verdicts.json", digest()
    verdicts = {key: old for key, old in load(path).items() if old["killer"] or old["state"] == state}
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        seconds = known_tests(folder, state)
        with ProcessPoolExecutor(2, get_context("spawn"), start_worker, (folder,)) as pool:
            code = (ROOT / "rnnbook" / CONTROL).read_text(encoding="utf-8")
            control = pool.submit(judge, CONTROL, code, seconds)
            waiting = {}
            for mutant in mutants:
                harmless, old = bool(reason_for(mutant.place)), verdicts.get(mutant.key)
                if old is None or not (old["killer"] or old["all"] or harmless):
                    tests = tests_of(mutant, seconds)
                    tests = within(ENOUGH, tests) if harmless else tests
                    about = {"place": mutant.place, "state": state, "all": not harmless}
                    waiting[pool.submit(judge, mutant.file, mutant.code, tests)] = mutant.key, about
            for done in tqdm(as_completed(waiting), total=len(waiting), unit="mutant"):
                key, about = waiting[done]
                verdicts[key] = about | {"killer": done.result()}
                path.write_text(json.dumps(verdicts, indent=1), encoding="utf-8")
            if control.result():
                sys.exit(f"mutants: without a mutant, a test of {control.result()} fails")
    return [verdicts[mutant.key] for mutant in mutants]


def within(limit: float, tests: Tests) -> Tests:
    """The first tests, as many as take so long together."""
    chosen: Tests = {}
    for name, seconds in tests.items():
        if sum(chosen.values()) + seconds <= limit:
            chosen[name] = seconds
    return chosen


@cache
def listed() -> dict[str, str]:
    """The reason why a survivor is harmless, by its place; "…" in a place stands for anything."""
    groups = tomllib.loads(LISTED.read_text(encoding="utf-8"))["survivors"]
    return {place: group["reason"] for group in groups for place in group["places"]}


def matches(row: str, place: str) -> bool:
    return re.fullmatch(re.escape(row).replace("…", ".*"), place) is not None


def reason_for(place: str) -> str:
    """Why this survivor is harmless; empty where nothing is said."""
    return next((reason for row, reason in listed().items() if matches(row, place)), "")


def report(verdicts: list[dict[str, Any]]) -> int:
    """Print what was killed and the survivors, each as a line for `survivors.toml`; return the exit code."""
    survivors = [verdict["place"] for verdict in verdicts if not verdict["killer"]]
    made, alive = (
        Counter(place.split()[0] for place in places)
        for places in ([verdict["place"] for verdict in verdicts], survivors)
    )
    for file, count in sorted(made.items()):
        print(f"{file:26s} {count - alive[file]:5d} of {count:5d} killed")
    unexplained = [place for place in survivors if not reason_for(place)]
    # A row that names a file can only be missed when the file was judged.
    rows = [row for row in listed() if row.split()[0] in made]
    gone = [row for row in rows if not any(matches(row, place) for place in survivors)]
    for title, places in (("Survivors without a reason", unexplained), ("Listed, but no survivors", gone)):
        print(f"\n{title}: {len(places)}")
        print("".join(f"  {json.dumps(place, ensure_ascii=False)},\n" for place in places), end="")
    share, explained = 1 - len(survivors) / max(len(verdicts), 1), len(survivors) - len(unexplained)
    print(f"\nkilled: {share:.1%} of {len(verdicts)}; survivors with a reason: {explained}")
    return int(share < SHARE or bool(unexplained or gone))


if __name__ == "__main__":
    sys.exit(report(judge_all(all_mutants(tuple(sys.argv[1:]) or PACKAGE))))
