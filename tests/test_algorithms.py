"""Every algorithm that the book prints is the code that runs: boxes, functions, and what readers see."""

import html
import io
import json
import re
import warnings
from functools import cache
from pathlib import Path

import algorithm_code
import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace
from test_built_book import HTML

from book.pdf import clean, pages

BOOK = pages.BOOK
NOTEBOOKS = HTML.parent / "notebooks"
BOX = re.compile(r"(`{3,})\{prf:algorithm\}[^\n]*\n:label: (alg-[\w-]+)\n(.*?)\n\1(?=\n|$)", re.S)
SHOWN = re.compile(r"```\{algorithm-code\} ([\w.]+)\n```")


@cache
def sources():
    """{page: the text of its cells of prose}."""
    texts = {}
    for path in sorted(BOOK.glob("*/*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        prose = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
        texts[path.relative_to(BOOK).with_suffix("").as_posix()] = "\n\n".join(prose)
    return texts


# Of each box the page that it stands on, its label, and what is in it.
BOXES = [(page, label, body) for page, text in sources().items() for _, label, body in BOX.findall(text)]
NAMES = [SHOWN.findall(body) for _, _, body in BOXES]
each_box = pytest.mark.parametrize(("page", "label", "body"), BOXES, ids=[label for _, label, _ in BOXES])


@cache
def soup(page):
    return BeautifulSoup((HTML / f"{page}.html").read_text(encoding="utf-8"), "html.parser")


def code_of(body):
    """The lines of the function that a box shows."""
    (name,) = SHOWN.findall(body)
    return algorithm_code.find(name).code.splitlines()


# --- the boxes ---------------------------------------------------------------------------------------------


def test_no_box_is_missed():
    text = "".join(sources().values())
    assert len(BOXES) == text.count("{prf:algorithm}") >= 14
    shown = [name for names in NAMES for name in names]
    assert len(set(shown)) == len(shown) == text.count("{algorithm-code}")
    for name in ("solve.dual_solve", "solve.natural_direction", "policy_gradient.generalised_advantage"):
        assert name in shown


@each_box
def test_a_box_shows_one_function_and_links_to_it(page, label, body):
    (name,) = SHOWN.findall(body)
    assert f"{{py:func}}`~ngbook.{name}`" in body


@each_box
def test_the_function_can_be_read_as_one(page, label, body):
    (name,) = SHOWN.findall(body)
    algorithm = algorithm_code.find(name)
    assert algorithm.size <= 25, f"{name} has {algorithm.size} lines of code"


@each_box
def test_its_lines_name_equations_of_the_book(page, label, body):
    (name,) = SHOWN.findall(body)
    labels = algorithm_code.find(name).labels
    assert labels, f"no comment in {name} names an equation"
    known = set(re.findall(r"\$\$ \((eq-[\w-]+)\)", "".join(sources().values())))
    assert set(labels) <= known


# --- what readers see --------------------------------------------------------------------------------------


@each_box
def test_the_page_shows_its_lines(page, label, body):
    (block,) = soup(page).select(f"#{label} .algorithm-code pre")
    assert block.get_text().rstrip("\n").splitlines() == code_of(body)


@each_box
def test_the_page_says_which_equations_they_name(page, label, body):
    (name,) = SHOWN.findall(body)
    legend = soup(page).select_one(f"#{label} .algorithm-equations")
    shown = [code.get_text() for code in legend.select("code")] if legend else []
    assert shown == algorithm_code.find(name).labels
    numbers = [link.get_text() for link in legend.select("a")] if legend else []
    assert len(numbers) == len(shown) and all(re.fullmatch(r"\(\d+\.\d+\)", number) for number in numbers)


@each_box
def test_the_notebook_shows_its_lines(page, label, body):
    cells = json.loads((NOTEBOOKS / f"{page}.ipynb").read_text(encoding="utf-8"))["cells"]
    text = "".join("".join(cell["source"]) + "\n\n" for cell in cells if cell["cell_type"] == "markdown")
    quoted = "\n".join(f"> {line}".rstrip() for line in ["```python", *code_of(body), "```"])
    assert text.count(quoted) == 1


@cache
def sheets():
    """The pages of the PDF, by their names; to read them all takes seconds."""
    return {each.name: each for each in pages.read()}


@cache
def printed(page):
    """The article of a page as the PDF is printed from it."""
    sheet = sheets()[page]
    clean.clean(sheet)
    return sheet.article


@each_box
def test_the_document_that_is_printed_shows_its_lines(page, label, body):
    (block,) = printed(page).select(f"#{label} .algorithm-code pre")
    assert html.unescape(block.get_text()).rstrip("\n").splitlines() == code_of(body)


# --- finding a function ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("policy_gradients.trpo", "no module ngbook.policy_gradients"),
        ("policy_gradient.tpro", "has no function tpro"),
        ("descent.__name__", "not public"),
        ("descent.Path", "not a plain function"),
        ("families.normal", "not a plain function"),
        ("solve", "not a plain function"),
        ("nothing", "has no function nothing|no attribute"),
    ],
)
def test_what_is_no_public_function_is_refused(name, says):
    with pytest.raises(algorithm_code.NoAlgorithm, match=says):
        algorithm_code.find(name)


def decorated(function):
    return function


@decorated
def example(a, b=(1, 2)):
    """What it does.

    A second paragraph.
    """

    # eq-one: a comment stays, and so does a blank line inside
    def half(x):
        """A docstring of another function."""
        return x / 2

    return half(a)  # eq-two, eq-one


def without_docstring(
    x, y=1,
):  # fmt: skip
    return "eq-text"  # no label


LINES = """def example(a, b=(1, 2)):
    # eq-one: a comment stays, and so does a blank line inside
    def half(x):
        \"\"\"A docstring of another function.\"\"\"
        return x / 2

    return half(a)  # eq-two, eq-one"""


def test_decorators_and_the_docstring_are_left_out():
    algorithm = algorithm_code.Algorithm("example", example)
    assert algorithm.code == LINES
    assert algorithm.size == 5
    assert algorithm.labels == ["eq-one", "eq-two"]
    assert algorithm.file == __file__
    plain = algorithm_code.Algorithm("plain", without_docstring)
    assert plain.code == 'def without_docstring(\n    x, y=1,\n):\n    return "eq-text"  # no label'
    assert plain.labels == []


def test_a_checked_function_is_found_behind_its_checks():
    algorithm = algorithm_code.find("descent.trust_region_step")
    assert algorithm.code.startswith("def trust_region_step(gradient, metric, radius):\n")


# --- the directive -----------------------------------------------------------------------------------------

PAGE = """# A page

```{algorithm-code} descent.trust_region_step
```

```{math}
:label: eq-lagrangian-solve
G n = g
```

```{math}
:label: eq-lagrangian-step
d = -n
```
"""


def build(folder, page):
    """Build one page; the application and what it warned of."""
    source = folder / "source"
    source.mkdir(exist_ok=True)
    (source / "index.md").write_text(page, encoding="utf-8")
    said = io.StringIO()
    with docutils_namespace(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Sphinx's own, of its dependencies
        app = Sphinx(
            source, None, folder / "html", folder / ".doctrees", "html",
            {"extensions": ["myst_nb", "algorithm_code"], "nitpicky": True}, status=None, warning=said,
        )  # fmt: skip
        app.build()
    return app, said.getvalue()


def test_a_page_is_written_anew_when_its_function_is_edited(tmp_path):
    app, said = build(tmp_path, PAGE)
    assert said == ""
    behind = {(tmp_path / "source" / path).resolve() for path in app.env.dependencies["index"]}
    assert Path(algorithm_code.find("descent.trust_region_step").file) in behind
    text = BeautifulSoup((tmp_path / "html" / "index.html").read_text(encoding="utf-8"), "html.parser")
    legend = text.select_one(".algorithm-equations").get_text()
    assert legend == "In the comments, eq-lagrangian-solve is (1), eq-lagrangian-step is (2)."


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("descent.trust_region_leap", "has no function trust_region_leap"),
        ("descent.Path", "not a plain function"),
        ("descent.__name__", "not public"),
    ],
)
def test_a_wrong_name_is_a_warning_at_its_place(tmp_path, name, says):
    _, said = build(tmp_path, PAGE.replace("descent.trust_region_step", name))
    assert "algorithm-code: ngbook.descent" in said and says in said and "index.md:3" in said


def test_a_function_that_is_too_long_is_shown_and_is_a_warning(tmp_path, monkeypatch):
    monkeypatch.setattr(algorithm_code, "MOST_LINES", 3)
    _, said = build(tmp_path, PAGE)
    assert "descent.trust_region_step has" in said and "3 can be read as one" in said
    assert "def" in (tmp_path / "html" / "index.html").read_text(encoding="utf-8")


def test_a_label_that_the_book_does_not_have_is_a_warning(tmp_path):
    _, said = build(tmp_path, PAGE.replace("eq-lagrangian-step", "eq-another"))
    assert "eq-lagrangian-step" in said
