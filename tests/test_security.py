"""No pickle, no shell strings, no network at run time: in the package, the tools, the tests and the pages."""

import ast
import hashlib
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
MATHJAX = "d4295dc33744836935c1399feece5159577b34c5c8ffb9f1c6324cd82e03a882"
MODULES = [path for folder in ("rnnbook", "tools", "tests", "book") for path in (ROOT / folder).rglob("*.py")]
PAGES = [path for path in (ROOT / "book").rglob("*.md") if path.read_text().startswith("---\njupytext:")]

# A file in one of these forms runs code when it is read.
PICKLES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
LOADERS = {"load_model", "read_pickle", "to_pickle", "unsafe_load", "enable_unsafe_deserialization"}
EVALUATORS = {"eval", "exec", "compile", "__import__"}
SHELLS = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"}
# What reaches for a network; the tools and tests serve pages on loopback and guard sockets.
NETWORK = {"ftplib", "http", "requests", "smtplib", "socket", "urllib", "urllib3", "httpx", "aiohttp"}

# This page shows that its gradient check can fail: it runs its own function with one piece changed.
KNOWN = {"backpropagation-through-time": ["calls exec"]}


def offences(code: str, network: bool = False) -> list[str]:
    """What `code` does that it must not, a line each; the network too where that is allowed to nothing."""
    found = []
    for node in ast.walk(ast.parse(code)):
        for name in imported(node):
            if name in PICKLES or (name in NETWORK and not network):
                found.append(f"{node.lineno}: imports {name}")
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            options = {word.arg for word in node.keywords if not is_false(word.value)}
            if name in EVALUATORS | SHELLS or name.split(".")[-1] in LOADERS:
                found.append(f"{node.lineno}: calls {name}")
            if "allow_pickle" in options or "shell" in options or name.endswith("create_subprocess_shell"):
                found.append(f"{node.lineno}: {ast.unparse(node)}")
            if name == "yaml.load" or (name.endswith("get_file") and "keras" in name):
                found.append(f"{node.lineno}: calls {name}")
    return found


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [name.name.split(".")[0] for name in node.names]
    if isinstance(node, ast.ImportFrom) and node.level == 0:
        return [(node.module or "").split(".")[0]]
    return []


def is_false(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is False


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_module_unpickles_evaluates_or_calls_a_shell(path):
    allowed = path.relative_to(ROOT).parts[0] in ("tools", "tests")
    assert offences(path.read_text(encoding="utf-8"), network=allowed) == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_page_unpickles_evaluates_calls_a_shell_or_downloads(path):
    """A line of IPython's own (`!command`, `%magic`) is no Python and fails here too."""
    cells = [cell.source for cell in jupytext.read(path).cells if cell.cell_type == "code"]
    found = [line.split(": ")[1] for line in offences("\n".join(cells))]
    assert found == KNOWN.get(path.stem, [])


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from joblib import load",
        "import numpy as np\nnp.load('x.npy', allow_pickle=True)",
        "tf.keras.models.load_model('x.keras')",
        "pd.read_pickle('x')",
        "eval('1')",
        "exec(text)",
        "import os\nos.system('ls')",
        "subprocess.run('ls', shell=True)",
        "subprocess.run('ls', shell=flag)",
        "await asyncio.create_subprocess_shell('ls')",
        "yaml.load(text)",
        "import urllib.request",
        "from http.client import HTTPConnection",
        "tf.keras.utils.get_file('x', 'y')",
    ],
)
def test_each_offence_is_seen(code):
    assert offences(code)


@pytest.mark.parametrize(
    "code",
    [
        "re.compile('x')",
        "model.compile(loss='mse')",
        "tensor.eval()",
        "np.load('x.npy', allow_pickle=False)",
        "subprocess.run(['ls'], shell=False)",
        "yaml.safe_load(text)",
    ],
)
def test_what_is_harmless_passes(code):
    assert offences(code) == []


def test_the_vendored_mathjax_is_the_released_one():
    """`es5/tex-svg.js` of mathjax 3.2.2 as npm gives it: nothing was added to the one script of others."""
    script = (ROOT / "book" / "_static" / "mathjax" / "tex-svg.js").read_bytes()
    assert hashlib.sha256(script).hexdigest() == MATHJAX


FORBIDDEN = """import socket
for ask in (
    lambda: socket.create_connection(("192.0.2.1", 80), timeout=1),
    lambda: socket.getaddrinfo("example.org", 443),
    lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"?", ("192.0.2.1", 53)),
):
    try:
        ask()
        print("went out")
    except PermissionError as error:
        print(str(error)[:41])"""
ALLOWED = """server = socket.create_server(("127.0.0.1", 0))
socket.create_connection(server.getsockname()).close()
print("loopback answers")"""


@pytest.fixture(scope="module")
def offline(tmp_path_factory) -> Path:
    """A notebook that asks for the network, run as `make test` runs notebooks."""
    path = tmp_path_factory.mktemp("offline") / "asks.ipynb"
    cells = [nbformat.v4.new_code_cell(source) for source in (FORBIDDEN, ALLOWED)]
    for cell, text in zip(
        cells, (("the book makes no request off the machine\n" * 3), "loopback answers\n"), strict=True
    ):
        cell.execution_count = 1
        cell.outputs = [nbformat.v4.new_output("stream", text=text)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def run_offline(*command: str) -> subprocess.CompletedProcess:
    tool = str(ROOT / "tools" / "offline.py")
    return subprocess.run([sys.executable, tool, sys.executable, *command], capture_output=True, text=True)


def test_a_notebook_that_leaves_the_machine_is_stopped_and_loopback_is_not(offline):
    """In its kernel a connection, a look-up and a datagram each raise, with the words of the guard."""
    done = run_offline("-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval", str(offline))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


def test_other_languages_have_loopback_alone_where_the_kernel_allows_it():
    done = run_offline("-c", "print([line.split()[0] for line in open('/proc/net/dev')][2:])")
    if "in a network of its own" in done.stdout:
        assert done.stdout.splitlines()[1] == "['lo:']"
    else:
        assert done.stdout.startswith("offline: with Python's sockets guarded")
