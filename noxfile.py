"""The long checks: other versions of what the package stands on, and the arithmetic of other machines.

`make test-oldest`, `make test-newest` and `make test-numerics` call them. A Python that is not on the
PATH is named and passed over.
"""

import sys

import nox

nox.options.default_venv_backend, nox.options.download_python = "uv", "never"
PYTHONS = nox.project.python_versions(nox.project.load_toml("pyproject.toml"), max_version="3.13")
TOOLS = ("hypothesis", "packaging", "pytest", "statsmodels")
TELL = """
from importlib.metadata import version
print(*(f"{name} {version(name)}" for name in ("tensorflow", "keras", "numpy", "matplotlib")))
"""
# These test the book, its tools or another TensorFlow; the others test the package.
OTHERS = (
    "figure_pages",
    "pages",
    "small_book",
    "test_bench",
    "test_book",
    "test_dictionary",
    "test_exercises",
    "test_imports",
    "test_interruption",
    "test_live",
    "test_live_adder",
    "test_live_check",
    "test_live_dates",
    "test_live_directions",
    "test_live_dropout",
    "test_live_gates",
    "test_live_language",
    "test_live_padding",
    "test_live_sine",
    "test_live_stepper",
    "test_live_tunes",
    "test_oracle",
    "test_pages",
    "test_reader",
    "test_repository_links",
    "test_security",
    "test_take_along",
    "test_tf1_idioms",
    "test_toolchain",
    "test_training_after",
    "test_training_demand",
    "test_training_language",
    "test_training_shared",
    "test_training_tunes",
    "test_two_workers",
    "test_wheel",
)
BEFORE_AVX512 = "X86_V4 AVX512_ICL AVX512_SPR"  # what NumPy shall not use
ARITHMETIC = {
    "TensorFlow without oneDNN": {"TF_ENABLE_ONEDNN_OPTS": "0"},
    "no vector instructions beyond AVX2": {
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "XLA_FLAGS": "--xla_cpu_max_isa=AVX2",
        "OPENBLAS_CORETYPE": "Haswell",
        "NPY_DISABLE_CPU_FEATURES": BEFORE_AVX512,
    },
    "one thread": {
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "TF_NUM_INTRAOP_THREADS": "1",
        "TF_NUM_INTEROP_THREADS": "1",
    },
    "XLA and OpenBLAS held to SSE 4.2": {
        "XLA_FLAGS": "--xla_cpu_max_isa=SSE4_2 --xla_cpu_prefer_vector_width=128",
        "OPENBLAS_CORETYPE": "Nehalem",
    },
}


@nox.session(python=PYTHONS)
@nox.parametrize(
    "bound",
    [
        nox.param("--resolution=lowest-direct", id="oldest", tags=["oldest"]),
        nox.param("--constraint=requirements.txt", id="newest", tags=["newest"]),
    ],
)
def versions(session: nox.Session, bound: str) -> None:
    """Test the package with the oldest versions that pyproject.toml admits, or with those of the lock."""
    session.install(bound, "-r", "pyproject.toml", "--extra", "tf", "--extra", "figures")
    session.install(*TOOLS)
    session.run("python", "-c", TELL)
    ignored = [f"--ignore=tests/{name}.py" for name in OTHERS]
    session.run("python", "-m", "pytest", "-q", *(session.posargs or ignored), env={"PYTHONPATH": "."})


@nox.session(venv_backend="none")
@nox.parametrize("settings", [nox.param(settings, id=name) for name, settings in ARITHMETIC.items()])
def numerics(session: nox.Session, settings: dict[str, str]) -> None:
    """Run every notebook and compare its outputs where sums are rounded in another order."""
    pages = session.posargs or ["book"]
    command = [sys.executable, "-m", "pytest", "-q", "--nbval", *pages, "-n", "2", "--dist", "loadfile"]
    session.run(*command, env=settings)
