# `make NAME` is `python tasks.py NAME`. What is needed most:
#
# make book       the HTML, in _build/html/index.html, and the notebooks for people, in _build/notebooks
# make pdf        the whole book in one file, _build/natural-gradients.pdf; needs Chromium
# make lab        the notebooks for people, opened in JupyterLab
# make test       everything that can fail: package, book and built pages, every notebook cell
# make notebooks  re-execute the chapters in place (byte-identical when nothing has changed)
# make clean      remove what was built
# make help       all others
#
# Each sets up .venv by itself; PYTHON names the interpreter it is made from. WORKERS says how many tests run
# side by side, ARGS what else the task is told: make nbval ARGS=book/foundations/distance.ipynb

PYTHON ?= python3
export WORKERS

TASKS := book notebooks-edition lab pdf test nbval notebooks results \
  portable oldest newest identical fuzz lost-worker mutants check-mutants bench lock setup clean help
.PHONY: $(TASKS)
$(TASKS):
	$(PYTHON) tasks.py $@ $(ARGS)
