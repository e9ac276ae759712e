# `make NAME` is `python tasks.py NAME`, which says what there is; the first five are what is needed most.
#
# make book       the HTML, in _build/html/index.html
# make pdf        the whole book in one file, _build/natural-gradients.pdf; needs Chromium
# make test       everything that can fail: package, book and built pages, every notebook cell
# make lab        the chapters as notebooks for people (_build/notebooks), opened in JupyterLab
# make notebooks-edition  those notebooks alone, without the HTML
# make notebooks  re-execute the notebooks in place (byte-identical when nothing has changed)
# make clean      remove what was built
#
# Each sets up .venv by itself; PYTHON names the interpreter it is made from. WORKERS says how many tests run
# side by side, ARGS what else the task is told: make nbval ARGS=book/foundations/distance.ipynb

PYTHON ?= python3
export WORKERS

TASKS := book notebooks-edition lab pdf test nbval notebooks results \
  portable oldest newest identical bench lock setup clean
.PHONY: $(TASKS)
$(TASKS):
	$(PYTHON) tasks.py $@ $(ARGS)
