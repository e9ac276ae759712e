"""A book of two chapters in which every role and directive of the book occurs, built into notebooks.

The first chapter runs: its cells need nothing but the standard library and the files of ``results``.
"""

import io
import warnings
from pathlib import Path

import nbformat
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

INDEX = """# A small book

```{toctree}
:numbered: 1

part/first
part/second
```

```{toctree}
reference/words
```

{notebooks-zip}`All of it`
"""
WORDS = """# Words

```{glossary}
score
: The derivative of the log-density.
```

```{py:function} ngbook.checks.same(a, b)
Proves it.
```

```{bibliography}
```
"""
WORKS = """@book{cramer,
  author = {Harald Cramér}, title = {Mathematical Methods}, publisher = {Press}, year = {1946}
}
"""
FIRST = r"""# First

Of $\R$ and $\E x$, at *"once"*: five \* six, under_score, `a|b`, 2 < 3, a <b; see {doc}`second`,
{ref}`its section <there>`, {cite}`cramer`, {cite:t}`cramer`, {term}`score`, {py:func}`ngbook.checks.same`,
{eq}`eq-one`, {numref}`fig-one`, {numref}`Picture {number} <fig-one>`, {eq}`eq-two` and {prf:ref}`alg-one`.
The share is {glue:text}`first-share` percent.

$$
\KL{p}{q_{<t}}=\int p\,\log\frac pq
$$ (eq-one)

:::{note}
A note:

$$
\tr F\\
=1
$$ (eq-three)

in it.
:::

```{admonition} With a title
- one
- two
```

| a | $\KL{p}{q}$ |
| --- | --- |
| `x` | 1 |

Term
: What it means.

````{prf:algorithm} Two steps
:label: alg-one

1. Set $x=\argmin f$.
2. Stop.

```{algorithm-code} descent.trust_region_step
```
````

> A quotation from afar.

3. three
4. four

1986\. A great year.

```python
print("{doc}`not a role`")
```
"""
SOLVED = """## An exercise

Why?

````{dropdown} Solution
Because of {eq}`eq-one`.
````
"""
SECOND = r"""# Second

(there)=
## A section

$$
a=b\\
c=d
$$ (eq-two)

$$
Gn=g
$$ (eq-lagrangian-solve)

$$
d=-n
$$ (eq-lagrangian-step)
"""
FIGURE = """<?xml version="1.0"?>
<svg xmlns="http://www.w3.org/2000/svg" width="72pt" height="36pt" viewBox="0 0 72 36" version="1.1">
 <g id="figure_1">
  <g id="patch_1">
   <path d="M 0 36 L 72 36 L 72 0 L 0 0 z" style="fill: none"/>
  </g>
  <path d="M 10 18 L 62 18" style="stroke: #005ea8; stroke-width: 4"/>
 </g>
</svg>
"""


def code(source, *outputs, **metadata):
    """A code cell; its number comes later."""
    return nbformat.v4.new_code_cell(source, outputs=list(outputs), metadata=metadata)


def text(source):
    return nbformat.v4.new_markdown_cell(source)


def printed(what):
    return nbformat.v4.new_output("stream", text=what)


def glued(name, value):
    kind = "application/papermill.record/"
    about = {"scrapbook": {"name": name, "mime_prefix": kind}}
    return nbformat.v4.new_output("display_data", {f"{kind}text/plain": repr(value)}, metadata=about)


def drawn():
    return nbformat.v4.new_output("display_data", {"image/svg+xml": FIGURE, "text/plain": "<Figure>"})


READ = 'json.loads(Path("../results/race.json").read_text(encoding="utf-8"))'
CHAPTERS = {
    "first": [
        text(FIRST),
        code(
            "import json\nfrom pathlib import Path\n\nfrom myst_nb import glue",
            tags=["hide-input"],
        ),
        code(
            f'race = {READ}\nshare = race["share"]\n'
            'glue("first-share", f"{share:.0f}", display=False)\nprint(share, race["note"])',
            glued("first-share", "42"),
            printed('42.0 a "quoted" line\\n\n'),
        ),
        code(
            "drawing = 1",
            drawn(),
            tags=["hide-input", "check:eq-one"],
            mystnb={
                "figure": {"caption": "It shows $\\tr F$.", "name": "fig-one"},
                "image": {"alt": "A line"},
            },
        ),
        text(SOLVED),
        code(
            "print(share + 1)",
            printed("43.0\n"),
            tags=["hide-cell"],
            mystnb={"code_prompt_show": "Show solution"},
        ),
        text("The end."),
    ],
    "second": [text(SECOND), code("1 + 1")],
}
RESULT = '{\n "share": 42.0,\n "note": "a \\"quoted\\" line\\\\n"\n}\n'
CONFIG = {
    "extensions": [
        "myst_nb",
        "sphinx_design",
        "sphinx_proof",
        "sphinxcontrib.bibtex",
        "maths",
        "algorithm_code",
        "edition",
    ],
    "html_title": "A small book",
    "html_math_renderer": "katex",
    "katex_macros": {
        r"\KL": r"D_{\mathrm{KL}}\bigl(#1 \,\|\, #2\bigr)",
        r"\E": r"\operatorname*{\mathbb{E}}",
        r"\R": r"\mathbb{R}",
        r"\tr": r"\operatorname{tr}",
        r"\argmin": r"\operatorname*{arg\,min}",
    },
    "bibtex_bibfiles": ["works.bib"],
    "bibtex_reference_style": "author_year",
    "bibtex_default_style": "plain",
    "myst_enable_extensions": ["amsmath", "colon_fence", "deflist", "dollarmath", "smartquotes"],
    "nb_execution_mode": "off",
    "numfig": True,
    "math_numfig": True,
    "numfig_format": {"figure": "Figure %s"},
    "nitpicky": True,
}


def build(folder, builder="notebooks", **config):
    """Build it below a folder; what was said. The notebooks are in ``notebooks`` there."""
    source = Path(folder, "source")
    if not source.exists():
        write(source)
    said = io.StringIO()
    with docutils_namespace(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Sphinx's own, of its dependencies
        app = Sphinx(
            source, None, Path(folder, "pages"), Path(folder, ".doctrees"), builder, CONFIG | config,
            status=None, warning=said, warningiserror=True, keep_going=True,
        )  # fmt: skip
        app.build()
    return said.getvalue()


def write(source):
    """Write the sources."""
    for name in ("part", "reference", "results"):
        (source / name).mkdir(parents=True)
    (source / "index.md").write_text(INDEX, encoding="utf-8")
    (source / "works.bib").write_text(WORKS, encoding="utf-8")
    (source / "reference" / "words.md").write_text(WORDS, encoding="utf-8")
    (source / "results" / "race.json").write_text(RESULT, encoding="utf-8")
    for name, cells in CHAPTERS.items():
        numbered = [cell for cell in cells if cell.cell_type == "code"]
        for count, cell in enumerate(numbered, 1):
            cell.execution_count = count
        notebook = nbformat.v4.new_notebook(cells=cells, metadata={"language_info": {"name": "python"}})
        nbformat.write(notebook, source / "part" / f"{name}.ipynb")
