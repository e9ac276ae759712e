# make book       the HTML, in _build/html/index.html
# make pdf        the whole book in one file, _build/natural-gradients.pdf; needs Chromium
# make test       everything that can fail: package, book and built pages, every notebook cell
# make lab        the chapters as notebooks for people (_build/notebooks), opened in JupyterLab
# make notebooks-edition  those notebooks alone, without the HTML
# make notebooks  re-execute the notebooks in place (byte-identical when nothing has changed)
# make results    compute what book/results holds and is not current (learning curves; minutes)
# make bench      side-by-side measurements; the peers go into benchmarks/.peers
# make clean      remove what was built
#
# Each target sets up .venv by itself; PYTHON names the interpreter it is made from.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
PEERS := benchmarks/.peers/.ready
WORKERS ?= 2

# Two threads of linear algebra on a shared machine can be many times slower than one.
export OMP_NUM_THREADS = 1
export OPENBLAS_NUM_THREADS = 1
export MKL_NUM_THREADS = 1
# Frozen modules make the debugger of every kernel print a warning.
export PYDEVD_DISABLE_FILE_VALIDATION = 1
export JUPYTER_PLATFORM_DIRS = 1

.PHONY: book pdf test notebooks notebooks-edition lab results bench clean lock
.DELETE_ON_ERROR:

book: $(READY)
	$(BIN)/jupyter-book build book --config _config.yml --path-output . -W -n --keep-going

pdf: book
	$(BIN)/python -m book.pdf

test: book
	$(BIN)/ruff check --quiet
	$(BIN)/ruff format --check --quiet
	$(BIN)/python -m pytest tests -n $(WORKERS) --dist loadfile --no-loadscope-reorder -q
	$(BIN)/python -m pytest book --nbval --nbval-current-env --nbval-cell-timeout=120 -n $(WORKERS) --dist loadfile -q

notebooks: $(READY)
	$(BIN)/python book/execute.py

results: $(READY)
	$(BIN)/python -m book.results

notebooks-edition: $(READY)
	$(BIN)/python -m book.notebooks

lab: notebooks-edition
	$(BIN)/python -m book.lab

bench: $(READY) $(PEERS)
	$(BIN)/python -m benchmarks

lock:
	uv pip compile pyproject.toml --extra book --universal --python-version 3.11 --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links --quiet --output-file requirements.txt
	uv pip compile pyproject.toml --extra lab --constraint requirements.txt --universal --python-version 3.11 --no-header \
	  --no-annotate --no-emit-index-url --no-emit-find-links --quiet --output-file requirements-lab.txt

clean:
	rm -rf _build .pytest_cache .ruff_cache
	find . -name __pycache__ -not -path './.venv/*' -not -path './benchmarks/.peers/*' -prune -exec rm -rf {} +

$(READY): requirements.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(PEERS): benchmarks/requirements-peers.txt
	test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	touch $@
