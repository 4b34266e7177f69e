#!/bin/sh
# Runs the package's own tests on every Python from 3.11 to 3.13 that is on the PATH, with
#   oldest   the lowest TensorFlow, Keras, NumPy and Matplotlib that pyproject.toml admits
#   newest   those of the lock
# each in an environment of its own, .venv-oldest-3.11 and so on. A Python that is missing is named.
set -eu
bound=$1
uv=.venv/bin/uv
tests=$(ls tests/test_*.py rnnbook -d | grep -v -E 'test_(book|dictionary|imports|interruption|oracle|pages|security|toolchain)\.py')
tools='pytest hypothesis packaging statsmodels'

ran=0 failed=0
for version in 3.11 3.12 3.13; do
    if ! python=$($uv python find --no-project --system --no-python-downloads "$version" 2>/dev/null); then
        echo "NOT CHECKED: there is no Python $version on the PATH."
        continue
    fi
    home=.venv-$bound-$version
    [ -x "$home/bin/python" ] || $uv venv -q --python "$python" "$home"
    if [ "$bound" = oldest ]; then
        $uv pip compile -q --resolution lowest-direct --python "$home/bin/python" --no-annotate --no-header \
            --no-emit-index-url --extra tf --extra figures pyproject.toml -o "$home/versions.txt"
        $uv pip install -q --python "$home/bin/python" -r "$home/versions.txt"
    else
        $uv pip install -q --python "$home/bin/python" -c requirements.txt -r pyproject.toml --extra tf --extra figures
    fi
    # shellcheck disable=SC2086
    $uv pip install -q --python "$home/bin/python" $tools
    "$home/bin/python" - <<'END'
import sys
from importlib.metadata import version
names = ("tensorflow", "keras", "numpy", "matplotlib")
print("== Python", sys.version.split()[0], *(f"{name} {version(name)}" for name in names), flush=True)
END
    # shellcheck disable=SC2086
    PYTHONPATH=. "$home/bin/python" -m pytest -q $tests || failed=1
    ran=$((ran + 1))
done
[ "$ran" -gt 0 ] || { echo 'test: no Python from 3.11 to 3.13 was found.' >&2; exit 1; }
exit "$failed"
