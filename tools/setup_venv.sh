#!/bin/sh
# Makes .venv from requirements.txt and installs rnnbook into it, editable.
# Called by the Makefile when .venv is missing or older than the lock.
# PYTHON=/path/to/python chooses the interpreter.
set -eu

fail() { printf '\nsetup: %s\n' "$*" >&2; rm -f .venv/ready; exit 1; }

# A candidate counts only when it runs: version managers leave stubs behind.
suits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }

python=${PYTHON:-}
if [ -n "$python" ]; then
    suits "$python" || fail "PYTHON=$python is not a Python 3.11, 3.12 or 3.13."
else
    for candidate in python3 python3.13 python3.12 python3.11 python; do
        if suits "$candidate"; then python=$candidate; break; fi
    done
    [ -n "$python" ] || fail "needs Python 3.11, 3.12 or 3.13 on the PATH; found $(python3 --version 2>&1 || echo none).
Install one from python.org or your package manager, or name it: make PYTHON=/path/to/python3.12 ..."
fi

"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "$python has no venv module. On Debian and Ubuntu: apt install python3-venv."

# Keep a .venv made here with the same Python, so that a changed lock updates it in place.
version() { "$1" -c 'import sys; print(*sys.version_info[:2])' 2>/dev/null || true; }
if [ "$(version .venv/bin/python)" != "$(version "$python")" ] || [ "$(cat .venv/home 2>/dev/null)" != "$PWD" ]; then
    printf 'setup: new .venv with %s\n' "$("$python" --version)" >&2
    rm -rf .venv
    "$python" -m venv .venv || fail "could not make .venv (see above)."
    printf '%s\n' "$PWD" > .venv/home
fi

printf 'setup: installing the locked packages (a few minutes the first time)\n' >&2
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements.txt ||
    fail "pip could not install requirements.txt (see above). It needs the network and about 3 GB of disk."
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -e . ||
    fail "pip could not install rnnbook itself (see above)."
touch .venv/ready
