"""Mutation testing: change the package in one place, and see whether a test notices.

    python mutation/runner.py                 all mutants of both halves and of the checks
    python mutation/runner.py scratch/gru.py  of these files only
    python mutation/runner.py --sample 40     so many, drawn from all
    python mutation/runner.py --quick         the fast tests only
    python mutation/runner.py --fresh         forget what earlier runs found

First the suite runs once under coverage: which test executes which line, and how long it takes.
Then two processes, each with its own copy of the tree, judge the mutants: a forked child, in which
TensorFlow is imported already, runs the tests of the changed statement, fast ones first, until one
fails. Left out are the tests that start other programs or only read files. Results go to
_build/mutants/, and a killed mutant is not run again while its file stays as it is.

Fails when less than 90 % are killed, when one survives that mutation/survivors.toml does not list with
the reason why it is harmless, or when that list has one that did not survive.
"""

import argparse
import compileall
import gc
import importlib
import json
import os
import random
import signal
import sys
import tempfile
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from lines import OPTIONS, ROOT, Tests, copy_tree, digest_of, enter, map_tests, tests_of
from operators import Mutant, mutants_of
from tqdm import tqdm

RESULTS = ROOT / "_build" / "mutants"
LISTED = ROOT / "mutation" / "survivors.toml"
PACKAGE = ("scratch/**/*.py", "checks/*.py", "protocol.py", "initial.py", "tf/**/*.py")
PLAIN = "scratch/unroll.py"  # runs once as it is, with all tests, which must pass
SEED = 20170420  # of --sample
SHARE = 0.9
FIRST_ROUND = 6.0  # seconds of tests; nearly every mutant that dies dies in them
Place = tuple[str, str, str, str]  # file, function, line and changed line: what tells survivors apart
PATIENCE = 60  # seconds a test may take beyond 20 times its usual ones; then the mutant counts as killed


class Chosen:
    """Runs the chosen tests only, in their order, and ends the process when one takes too long."""

    def __init__(self, tests: Tests):
        self.tests, self.places, self.killer = tests, {name: n for n, name in enumerate(tests)}, ""

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items[:] = sorted(
            (item for item in items if item.nodeid in self.places), key=lambda item: self.places[item.nodeid]
        )

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        signal.setitimer(signal.ITIMER_REAL, PATIENCE + 20 * self.tests.get(nodeid, 0.0))

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.killer = report.nodeid

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.killer = f"import of {report.nodeid}"


TREE = Path()  # of this worker
KILLS: dict[str, Counter[str]] = defaultdict(Counter)  # by mutated file: which file of tests killed how many


def start_worker(folder: str) -> None:
    """Copy the tree and import what is slow; nothing of TensorFlow may run here, or a fork would hang."""
    global TREE
    TREE = copy_tree(Path(tempfile.mkdtemp(dir=folder)))
    for part in ("rnnbook", "tests"):  # no mutant is written to bytecode, so that none is read from it
        compileall.compile_dir(TREE / part, quiet=2)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.dont_write_bytecode = True
    enter(TREE)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    for module in ("hypothesis", "keras", "tensorflow"):
        importlib.import_module(module)
    gc.freeze()  # pytest collects garbage when it ends: not that of all these modules


def judge(mutant: Mutant, tests: Tests) -> dict[str, Any]:
    """Put the mutant into this worker's tree, and run its tests in a forked child."""
    place = TREE / "rnnbook" / mutant.file
    kept, start = place.read_bytes(), time.monotonic()
    stamp, told = place.stat(), TREE / "killer"
    told.write_text("")
    place.write_text(mutant.code, encoding="utf-8")
    try:
        child = os.fork()
        if child == 0:
            _run(_by_file(mutant.file, tests), told)
        _, status = os.waitpid(child, 0)
    finally:
        place.write_bytes(kept)
        os.utime(place, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    if os.WIFSIGNALED(status):
        verdict = "timed out" if os.WTERMSIG(status) == signal.SIGALRM else "killed"
    else:  # pytest: 0 all passed, 1 one failed, 2 a file could not be imported, 5 no test
        verdict = {0: "survived", 1: "killed", 2: "killed", 5: "survived"}.get(
            os.WEXITSTATUS(status), "incompetent"
        )
    seconds, killer = round(time.monotonic() - start, 2), told.read_text()
    KILLS[mutant.file][killer.split("::")[0]] += 1
    return {"verdict": verdict, "tests": len(tests), "killer": killer, "seconds": seconds}


def _by_file(mutated: str, tests: Tests) -> list[Tests]:
    """The tests of one file after the other: first those that are fast and have killed often."""
    files: dict[str, Tests] = defaultdict(dict)
    for name, seconds in tests.items():
        files[name.split("::")[0]][name] = seconds
    worth = {file: (1 + KILLS[mutated][file]) / (0.2 + sum(files[file].values())) for file in files}
    return [files[file] for file in sorted(files, key=worth.__getitem__, reverse=True)]


def _run(parts: list[Tests], told: Path) -> None:
    """The child: pytest on the chosen tests of each file until one fails; never returns."""
    os.setpgid(0, 0)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    code = 5
    try:
        for tests in parts:
            chosen = Chosen(tests)
            code = int(pytest.main([*OPTIONS, next(iter(tests)).split("::")[0]], plugins=[chosen]))
            if code not in (0, 5):
                told.write_text(chosen.killer)
                break
    finally:
        os._exit(code)


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def save(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


def all_mutants(patterns: tuple[str, ...]) -> list[Mutant]:
    """The mutants of all files that match, a package's list of names excepted."""
    found = []
    for pattern in patterns:
        for path in sorted((ROOT / "rnnbook").glob(pattern)):
            if path.name != "__init__.py":
                file = path.relative_to(ROOT / "rnnbook").as_posix()
                found += mutants_of(file, path.read_text(encoding="utf-8"))
    return found


def choose(arguments: argparse.Namespace) -> list[Mutant]:
    """The mutants that this run is about."""
    mutants = all_mutants(tuple(arguments.files) or PACKAGE)
    if arguments.sample:
        mutants = random.Random(SEED).sample(mutants, min(arguments.sample, len(mutants)))
    return mutants


def known_tests(folder: str) -> dict[str, Any]:
    """Which test executes which line, measured anew when package or tests have changed."""
    path, state = RESULTS / "tests.json", digest_of("rnnbook", "tests")
    known = load(path)
    if known.get("state") != state:
        print("mutants: one run of the suite, to see which test executes which line", file=sys.stderr)
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            known = pool.submit(map_tests, copy_tree(Path(tempfile.mkdtemp(dir=folder)))).result()
        known["state"] = state
        save(path, known)
    for name in known["failed"]:
        print(f"mutants: {name} fails without any mutant and is left out", file=sys.stderr)
    return known


def judge_all(mutants: list[Mutant], fresh: bool, quick: bool) -> dict[str, dict[str, Any]]:
    """The verdict on every mutant, by key; those of earlier runs are kept where they still hold.

    What was killed stays so while its file is the same; what survived is run again after any change.
    A first round runs the fast tests. What survives it, and is not listed, meets the others in a second.
    One file is judged as it is: were it killed, the kills would prove nothing.
    """
    path, state = RESULTS / "verdicts.json", digest_of("rnnbook", "tests")
    verdicts = {
        key: verdict
        for key, verdict in load(path).items()
        if not fresh and (verdict["verdict"] != "survived" or verdict["state"] == state)
    }
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        known = known_tests(folder)
        with ProcessPoolExecutor(2, get_context("spawn"), start_worker, (folder,)) as pool:
            unchanged = Mutant(
                PLAIN, "", 0, "", "", "", (ROOT / "rnnbook" / PLAIN).read_text(encoding="utf-8")
            )
            control = pool.submit(judge, unchanged, known["seconds"])
            for last in (False,) if quick else (False, True):
                waiting = {}
                for mutant in mutants:
                    tests = dict(in_round(tests_of(mutant.file, mutant.line, known), last))
                    if needs_round(verdicts.get(mutant.key), last):
                        waiting[pool.submit(judge, mutant, tests)] = mutant
                for done in tqdm(as_completed(waiting), total=len(waiting), unit="mutant"):
                    mutant = waiting[done]
                    about = {name: value for name, value in mutant._asdict().items() if name != "code"}
                    verdicts[mutant.key] = about | done.result() | {"state": state, "last": last}
                    save(path, verdicts)
            assert control.result()["verdict"] == "survived", (
                f"a test fails without a mutant: {control.result()}"
            )
    return {mutant.key: verdicts[mutant.key] for mutant in mutants}


def in_round(tests: Tests, last: bool) -> Iterator[tuple[str, float]]:
    """The tests that make up the first round's time, or those beyond."""
    spent = 0.0
    for name, seconds in tests.items():
        spent += seconds
        if (spent > FIRST_ROUND) == last:
            yield name, seconds


def needs_round(verdict: dict[str, Any] | None, last: bool) -> bool:
    """Whether a mutant was never run, or has survived the first round without being listed."""
    if verdict is None or not last:
        return verdict is None
    open_still = verdict["verdict"] == "survived" and not verdict["last"]
    return open_still and _place(verdict) not in listed_survivors()


def table(verdicts: dict[str, dict[str, Any]]) -> str:
    """Mutants by file and verdict."""
    kinds = ("killed", "timed out", "survived", "incompetent")
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for verdict in verdicts.values():
        for row in (verdict["file"], "together"):
            counts[row][verdict["verdict"]] += 1
    rows = [f"{'file':26s} {'mutants':>8s}" + "".join(f"{kind:>13s}" for kind in kinds)]
    for row in sorted(counts, key=lambda row: (row == "together", row)):
        numbers = "".join(f"{counts[row][kind]:13d}" for kind in kinds)
        rows.append(f"{row:26s} {counts[row].total():8d}{numbers}")
    return "\n".join(rows)


def listed_survivors() -> dict[Place, str]:
    """The reason why a survivor is harmless, by its place."""
    rows = tomllib.loads(LISTED.read_text(encoding="utf-8"))["survivor"]
    return {(row["file"], row["function"], row["line"], row["mutant"]): row["reason"] for row in rows}


def _place(verdict: dict[str, Any]) -> Place:
    """File, function, line and changed line of a mutant."""
    return verdict["file"], verdict["function"], verdict["before"], verdict["after"]


def report(verdicts: dict[str, dict[str, Any]], whole: bool) -> int:
    """Print the table and the survivors; return the exit code. ``whole``: all mutants of each file."""
    print(table(verdicts))
    reasons, unexplained = listed_survivors(), 0
    survivors = [verdict for verdict in verdicts.values() if verdict["verdict"] == "survived"]
    for verdict in survivors:
        reason = reasons.get(_place(verdict))
        unexplained += reason is None
        print(
            f"\nrnnbook/{verdict['file']}:{verdict['line']} {verdict['operator']}, {verdict['tests']} tests"
        )
        print(f"  - {verdict['before']}\n  + {verdict['after']}\n  {reason or 'NOT LISTED'}")
    judged = {verdict["file"] for verdict in verdicts.values()}
    about = {place for place in reasons if place[0] in judged or not (ROOT / "rnnbook" / place[0]).exists()}
    gone = about - set(map(_place, survivors)) if whole else set()
    for file, function, line, mutant in sorted(gone):
        print(f"\nrnnbook/{file}, {function}: listed, but no survivor\n  - {line}\n  + {mutant}")
    competent = [verdict for verdict in verdicts.values() if verdict["verdict"] != "incompetent"]
    share = 1 - len(survivors) / max(len(competent), 1)
    print(f"\nkilled: {share:.1%} of {len(competent)}; survivors without a reason: {unexplained}")
    return int(share < SHARE or unexplained > 0 or len(gone) > 0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("files", nargs="*", help="files below rnnbook/, such as scratch/gru.py")
    parser.add_argument("--sample", type=int, metavar="N", help="N mutants, drawn")
    parser.add_argument("--quick", action="store_true", help="the first round only")
    parser.add_argument("--fresh", action="store_true", help="run again what is known")
    arguments = parser.parse_args()
    verdicts = judge_all(choose(arguments), arguments.fresh, arguments.quick)
    return report(verdicts, whole=not arguments.sample)


if __name__ == "__main__":
    sys.exit(main())
