"""A book of one page whose cells need nothing but the symbolic engine, built by the same extension.

Every chapter draws, so every chapter needs packages that the tests cannot fetch. This page runs from its
first cell to its last with what npm and the book itself have.
"""

import os
import shutil
import subprocess
import sys

import nbformat

from .book import HTML, ROOT

CONF = f"""
extensions = ["myst_nb", "live"]
project = "Small"
html_theme = "sphinx_book_theme"
html_favicon = {str(ROOT / "book" / "assets" / "mark-32.png")!r}
html_static_path = [{str(ROOT / "book" / "assets")!r}]
html_css_files = ["katex/katex.min.css"]
nb_execution_mode = "off"
"""
PROSE = "# A coin\n\nThe matrix is checked {glue:text}`coin-ways` times.\n"
CELLS = [
    """import sympy as sp
from myst_nb import glue

from ngbook import symbolic

k = sp.Symbol("k", integer=True, nonnegative=True)
p = sp.Symbol("p", positive=True)""",
    """log_density = k * sp.log(p) + (1 - k) * sp.log(1 - p)
rule = symbolic.FiniteSum(k, log_density, (0, 1))
derivation = symbolic.fisher_three_ways(log_density, [p], rule)
glue("coin-ways", "three", display=False)
print("the variance is", sp.factor(1 / derivation.matrix[0]))
derivation.matrix""",
    "print('the last cell')",
]


def _code(number, source):
    output = nbformat.v4.new_output("stream", text=f"stored output {number}\n")
    return nbformat.v4.new_code_cell(source, execution_count=number, outputs=[output])


def build(folder):
    """Build it into a folder; the folder of its pages."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell(PROSE), *(_code(k, s) for k, s in enumerate(CELLS, 1))],
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3"},
            "language_info": {"name": "python", "pygments_lexer": "ipython3"},
        },
    )
    # The page shows a number that was glued when the notebook was executed.
    glued = nbformat.v4.new_output(
        "display_data",
        {"application/papermill.record/text/plain": "'seven'"},
        metadata={"scrapbook": {"name": "coin-ways", "mime_prefix": "application/papermill.record/"}},
    )
    notebook.cells[2].outputs.append(glued)
    source, pages = folder / "source", folder / "pages"
    source.mkdir()
    (source / "conf.py").write_text(CONF, encoding="utf-8")
    nbformat.write(notebook, source / "index.ipynb")
    packed = pages / "_static" / "live"
    packed.mkdir(parents=True)
    for script in (HTML / "_static" / "live").glob("*.js"):  # what is packed already
        shutil.copy(script, packed)
    environment = os.environ | {"PYTHONPATH": str(ROOT / "book" / "_ext")}
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", source, pages]
    subprocess.run(command, env=environment, check=True)
    page = pages / "index.html"  # of which another SymPy wrote the outputs
    text, row = page.read_text(encoding="utf-8"), '<tr data-package="sympy"><th scope="row">SymPy</th><td>'
    assert text.count(row) == 1
    page.write_text(text.replace(row, f"{row}old "), encoding="utf-8")
    return pages
