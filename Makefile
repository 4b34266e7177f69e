# Every command of this project. `make` alone prints them.
# Each command makes .venv by itself when it is missing or older than the lock.

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
HERE := $(wildcard rnnbook/protocol.py)
PY := .venv/bin/python
CODE := rnnbook tests tools training benchmarks mutation noxfile.py book/conftest.py
OFFLINE := $(PY) tools/offline.py $(PY)
BUILD := .venv/bin/jupyter-book build . -W -n --keep-going
TAKEN := _build/taken
SOURCES := _config.yml _toc.yml pyproject.toml $(shell find book rnnbook tools -type f ! -name '*.pyc' 2>/dev/null)
TOPIC := $(basename $(PAGE))
# Installs an extra of pyproject.toml that is not in the lock; does nothing where it is there.
EXTRA := .venv/bin/uv pip install -q --python $(PY) -c requirements.txt -r pyproject.toml --extra
export PYTHONDONTWRITEBYTECODE := 1
CHROMIUM := $(shell command -v chromium)
NODE := $(shell command -v node)
BROWSER := tests/test_pages.py $(wildcard tests/test_live*.py)
# File by file in this order, the long ones first, so that none is left over at the end.
IN_ORDER := --dist loadfile --no-loadscope-reorder
LONG := $(patsubst %,tests/test_%.py,two_workers tf1_idioms oracle interruption toolchain fast)
TESTS := $(LONG) $(filter-out $(LONG) $(BROWSER),$(wildcard tests/test_*.py)) rnnbook
export TF_CPP_MIN_LOG_LEVEL := 3
unexport PYTEST_ADDOPTS PYTEST_PLUGINS  # a person's own, by which tests may be left out

ifeq ($(HERE),)
$(error run make in the folder of the repository that holds this Makefile: cd there first)
endif

# A virtual environment knows its own path: one that was moved or copied is made anew.
$(shell [ "$$(cat .venv/home 2>/dev/null)" = "$$PWD" ] || rm -f .venv/ready)

.PHONY: help book serve test check code html outputs mutants bench exercises pages test-numerics test-oldest test-newest lab notebooks text lint format lock clean

help:  ## Print this help
	@echo 'The RNN book that runs. Commands:'
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' Makefile

book: notebooks  ## Build the HTML book and say where it is
	@$(BUILD) -q
	@echo 'The book: _build/html/book/index.html   (make serve opens it)'

serve: book  ## Build the book and serve it to this machine's browser
	@echo 'The book is at http://127.0.0.1:8000/book/index.html  (Ctrl-C stops)'
	@$(PY) -m http.server --bind 127.0.0.1 --directory _build/html >/dev/null

test: .venv/ready  ## Check everything: code, tests, every notebook's outputs, the build
	@sh tools/parts.sh lint code+html pages outputs
	@echo 'All checks passed$(if $(CHROMIUM),, but for the pages in a browser).'

check: .venv/ready  ## Check one page: make check PAGE=book/4-gates/lstm.md
	@[ -f '$(TOPIC).md' ] || { echo 'check: name a page, as in make check PAGE=book/4-gates/lstm.md'; exit 2; }
	@if grep -q '^jupytext:' '$(TOPIC).md'; then $(PY) tools/notebooks.py '$(TOPIC).md' && \
	  .venv/bin/ruff check -q '$(TOPIC).ipynb' && $(OFFLINE) -m pytest -q --nbval '$(TOPIC).ipynb'; fi
	@$(BUILD) -q
	@$(PY) -m pytest -q tests/test_book.py tests/test_security.py \
	  $(if $(CHROMIUM),tests/test_pages.py) -k '$(TOPIC:book/%=%)'

code: .venv/ready  # tests of the package, the pages' text and the tools: three at a time, for some wait for a kernel
	@$(PY) -m pytest -q -n 3 $(IN_ORDER) $(TESTS)
	@[ -n '$(NODE)' ] || echo 'NOT CHECKED: there is no node on the PATH (Debian: apt install nodejs).'

html: .venv/ready  # the book, warnings are errors
	@$(BUILD) -q --all

_build/html/index.html: $(SOURCES)
	@$(MAKE) html

# Every cell of every page, run again without a network and compared: as a reader takes it along,
# unpacked from its zip, with the wheel of the package in an environment of its own. The last parts train longest.
outputs: .venv/ready _build/html/index.html
	@$(PY) tools/taken.py
	@$(PY) tools/offline.py $(TAKEN)/environment/bin/python -m pytest -q -n 2 $(IN_ORDER) --nbval \
	  $$(ls -dr $(TAKEN)/book/*/)

# Every page and every figure that answers, in a browser: three at a time, for each waits on the theme now and then.
# The tests of one figure stay together and open its page once.
# Where RNNBOOK_CHROMIUM=required, as in .ci/run, a missing browser fails.
pages: .venv/ready
	@if [ -n '$(CHROMIUM)' ] || [ '$(RNNBOOK_CHROMIUM)' = required ]; then \
	  $(PY) -m pytest -q -n 3 --dist loadgroup $(BROWSER); \
	else echo 'NOT CHECKED: there is no chromium on the PATH (Debian: apt install chromium).'; fi

test-numerics: .venv/ready  ## Run every notebook in the arithmetic of other machines
	@$(EXTRA) nox
	@$(PY) -m nox -s numerics

test-oldest: .venv/ready  ## Run the package's tests on the oldest TensorFlow and NumPy it admits
	@$(EXTRA) nox
	@$(PY) -m nox -t oldest

test-newest: .venv/ready  ## Run them on the locked versions, on each Python that is there
	@$(EXTRA) nox
	@$(PY) -m nox -t newest

mutants: .venv/ready  ## Break the package and the book, one place at a time: do the tests notice?
	@$(EXTRA) mutants
	@$(PY) mutation/runner.py
	@$(PY) mutation/book.py

bench: .venv/ready  ## Measure the package beside Keras, PyTorch and JAX, about a quarter of an hour
	@$(EXTRA) bench
	@$(PY) benchmarks/bench.py

exercises: .venv/ready  ## Write the notebooks without solutions, for a class, to _build/exercises
	@$(PY) tools/blanks.py

lab: .venv/ready  ## Open the notebooks in JupyterLab
	@.venv/bin/jupyter lab --notebook-dir=book

notebooks: .venv/ready  ## Execute the pages that changed (.md to .ipynb)
	@$(PY) tools/notebooks.py

text: .venv/ready  ## Bring an edit made in Jupyter back: make text NB=book/.../x.ipynb
	@$(PY) tools/notebooks.py --text "$(NB)"

# The workflows use GitHub's own actions, by their major version, which Dependabot moves.
lint: .venv/ready  ## Check style, names and types
	@.venv/bin/ruff check -q .
	@.venv/bin/ruff format -q --check $(CODE) || \
	  { echo 'lint: run make format'; exit 1; }
	@.venv/bin/mypy
	@.venv/bin/jactionlint --no-online --no-hints --ignore=unpinned-uses

format: .venv/ready  ## Format the code
	@.venv/bin/ruff check -q --fix $(CODE)
	@.venv/bin/ruff format -q $(CODE)

lock: .venv/ready  ## Write requirements.txt anew from pyproject.toml
	@.venv/bin/uv pip compile -q --universal --python-version 3.11 --upgrade \
	  --extra book --extra test --no-emit-index-url --custom-compile-command 'make lock' \
	  pyproject.toml -o requirements.txt

clean:  ## Remove .venv and everything built
	@rm -rf .venv .nox _build .pytest_cache .ruff_cache .mypy_cache rnnbook.egg-info

.venv/ready: requirements.txt tools/setup_venv.sh
	@sh tools/setup_venv.sh
