"""No pickle, no shell strings, no network at run time: in the package, the tools, the tests and the pages.

`make lint` keeps it in modules and notebooks by ruff's rules S and TID251, set in `pyproject.toml`.
Here those rules are shown to see each offence, and what they do not see is looked for.
"""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from notebooks import below

ROOT = Path(__file__).resolve().parent.parent
RUFF = Path(sys.executable).with_name("ruff")
VENDORED = {  # es5/tex-svg.js of mathjax 3.2.2, dist/abcjs-basic-min.js of abcjs 6.7.2
    "mathjax/tex-svg.js": "d4295dc33744836935c1399feece5159577b34c5c8ffb9f1c6324cd82e03a882",
    "abcjs/abcjs-basic-min.js": "3290ef44c918d5e882029d3a47ad3dd63c16c8819da5abe921f3d1e642b4f4f0",
}

PICKLES = ["pickle", "_pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"]
NETWORK = [
    "aiohttp",
    "ftplib",
    "http.client",
    "httpx",
    "requests",
    "smtplib",
    "socket",
    "urllib.request",
    "urllib3",
]
SEEN_BY_RUFF = [f"import {name}" for name in PICKLES + NETWORK] + [
    "from joblib import load",
    "from urllib import request",
    "eval('1')",
    "exec('1')",
    "import os; os.system('ls')",
    "os.popen('ls')",
    "import subprocess; subprocess.getoutput('ls')",
    "subprocess.run('ls', shell=True)",
    "import yaml; yaml.load('x')",
]
SEEN_HERE = [
    "np.load('x.npy', allow_pickle=True)",
    "subprocess.run('ls', shell=flag)",
    "await asyncio.create_subprocess_shell('ls')",
    "pd.read_pickle('x')",
    "frame.to_pickle('x')",
    "tf.keras.models.load_model('x.keras')",
    "keras.config.enable_unsafe_deserialization()",
    "yaml.unsafe_load('x')",
    "tf.keras.utils.get_file('x', 'y')",
    "compile(text, 'x', 'exec')",
    "__import__('pickle')",
    "x = 1\n!pip install x",
    "%load x",
]
HARMLESS = """\
re.compile('x')
model.compile(loss='mse')
tensor.eval()
np.load('x.npy', allow_pickle=False)
subprocess.run(['ls'], shell=False)
yaml.safe_load(text)
"""
# Words that nothing here has a use for, and IPython's own lines: `!command`, `%magic`.
UNSEEN_BY_RUFF = re.compile(
    r"\b(allow_pickle|shell) ?= ?(?!False\b)|(?<![\w.])(compile|__import__)\(|^\s*[!%]"
    r"|\b(read_pickle|to_pickle|load_model|unsafe_load|enable_unsafe_deserialization)\("
    r"|\b(create_subprocess_shell|get_file)\(",
    re.M,
)


@pytest.mark.parametrize(
    "folder", ["rnnbook", "tools", "training", "benchmarks", "mutation", "tests", "book"]
)
def test_ruff_refuses_each_offence_in_every_folder_and_nothing_that_is_harmless(folder):
    command = [RUFF, "check", "--output-format", "json", "--stdin-filename", f"{folder}/sample.py"]
    code = "\n".join([*SEEN_BY_RUFF, HARMLESS])
    done = subprocess.run(command, input=code, capture_output=True, text=True, cwd=ROOT)
    findings = [found for found in json.loads(done.stdout) if re.match(r"S\d|TID", found["code"])]
    rows = {found["location"]["row"] for found in findings}
    assert rows == set(range(1, len(SEEN_BY_RUFF) + 1))


def test_what_ruff_does_not_see_is_found_by_its_words():
    assert [code for code in SEEN_HERE if not UNSEEN_BY_RUFF.search(code)] == []
    assert not UNSEEN_BY_RUFF.search(HARMLESS)


def test_no_module_and_no_page_holds_such_words():
    rooms = [path for path in ROOT.iterdir() if path.is_dir() and path.name[0] not in "._"]
    modules = {path for room in rooms for path in room.rglob("*.py")} - {Path(__file__)}
    code = {path: path.read_text(encoding="utf-8") for path in modules}
    for path in below(ROOT / "book", "*.ipynb"):
        cells = nbformat.read(path, as_version=4).cells
        code[path] = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    assert len(code) > 100
    found = {
        path.name: match.group() for path, text in code.items() if (match := UNSEEN_BY_RUFF.search(text))
    }
    assert found == {}


@pytest.mark.parametrize("file", VENDORED)
def test_a_vendored_script_is_the_released_one(file):
    """As npm gives it: nothing was added to the scripts of others."""
    script = (ROOT / "book" / "_static" / file).read_bytes()
    assert hashlib.sha256(script).hexdigest() == VENDORED[file]


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
