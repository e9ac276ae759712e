"""The equation ledger: tiny books, one sound and one for each way of being wrong."""

import io
import json
import re
import warnings
from pathlib import Path

import numpy as np
import pytest
import sympy as sp
from ledger import calls, entries
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

from ngbook import checks

BOOK = Path(__file__).parent.parent / "book"

IMPORT = "from ngbook import checks"
CHECK = f"{IMPORT}\nchecks.close(2.0, 2.0 + 1e-12)"
CONFIGURATION = """
extensions = ["myst_nb", "ledger", "sphinx.ext.autodoc"]
nb_execution_mode = "off"
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence"]
numfig = math_numfig = True
exclude_patterns = ["_build"]
html_theme = "basic"
"""


def cell(source, *tags, output=None):
    outputs = []
    if output:
        outputs = [{"output_type": "display_data", "metadata": {}, "data": {"text/latex": output}}]
    metadata = {"tags": list(tags)} if tags else {}
    return {
        "cell_type": "code", "execution_count": 1, "metadata": metadata, "outputs": outputs, "source": source
    }  # fmt: skip


def equation(label="eq-a", body="a = b"):
    return f"$$\n{body}\n$$ ({label})" if label else f"$$\n{body}\n$$"


class Book:
    """A book of a few pages: a page is a list of Markdown strings and code cells."""

    def __init__(self, folder):
        self.source, self.output = folder / "source", folder / "output"
        self.source.mkdir()
        (self.source / "conf.py").write_text(CONFIGURATION)

    def write(self, pages, ledger="", evidence=True):
        for name, cells in pages.items():
            cells = [
                c if isinstance(c, dict) else {"cell_type": "markdown", "metadata": {}, "source": c}
                for c in cells
            ]
            cells.insert(0, {"cell_type": "markdown", "metadata": {}, "source": f"# Page {name}"})
            for k, c in enumerate(cells):
                c["id"] = f"{name}-{k}"
            notebook = {
                "cells": cells, "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"},
                "language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5,
            }  # fmt: skip
            (self.source / f"{name}.ipynb").write_text(json.dumps(notebook))
        names = sorted(path.stem for path in self.source.glob("*.ipynb"))
        names += ["evidence"] if evidence else []
        lines = ["# Book", "", "```{toctree}", ":numbered:", *names, "```"]
        (self.source / "index.md").write_text("\n".join(lines) + "\n")
        if evidence:
            (self.source / "evidence.md").write_text("# Evidence\n\n```{evidence}\n```\n")
        (self.source / "ledger.yml").write_text(ledger)
        return self

    def build(self, builder="html", **settings):
        """Build and return the warnings, one a line, with locations relative to the sources."""
        stream = io.StringIO()
        with docutils_namespace(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            app = Sphinx(
                self.source, self.source, self.output / builder, self.output / "doctrees", builder,
                confoverrides=settings, status=io.StringIO(), warning=stream,
            )  # fmt: skip
            app.build()
        plain = re.sub(r"\x1b\[[\d;]*m", "", stream.getvalue())
        return [line.replace(f"{self.source}/", "") for line in plain.splitlines() if line.strip()]

    def html(self, name):
        return (self.output / "html" / f"{name}.html").read_text()


@pytest.fixture
def book(tmp_path):
    return Book(tmp_path)


SOUND = {
    "one": [
        "## First",
        equation("eq-claim"),
        equation("eq-definition", "c = d"),
        cell(IMPORT, output="$$\nx = 1\n$$"),
        cell("checks.close(2.0, 2.0 + 1e-12, about='one is one')", "check:eq-claim"),
        ":::{admonition} Note\n\n" + equation("eq-inside", "e = f") + "\n:::",
    ],
    "two": [
        "## Second",
        equation("eq-assumption", "g = h"),
        cell(
            "from ngbook.checks import same, slope\nsame(left, right, 'left and right are equal')\n"
            "slope(h, e, 3, about=f'error of {name}')",
            "check:eq-claim",
            "check:eq-inside",
            "hide-cell",
        ),
    ],
}
SOUND_LEDGER = """
eq-definition: {kind: definition, reason: It names d., implements: ngbook.checks.close}
eq-assumption: {kind: assumption, reason: Regularity.}
"""


def test_a_sound_book_builds_without_a_warning(book):
    assert book.write(SOUND, SOUND_LEDGER).build() == []


def test_marks_and_backward_links_lead_somewhere(book):
    book.write(SOUND, SOUND_LEDGER).build()
    one, two, evidence = book.html("one"), book.html("two"), book.html("evidence")
    marks = re.findall(r'<p class="ledger-mark[^>]*>(.*?)</p>', one, flags=re.S)
    assert len(marks) == 3
    claim, definition, inside = marks
    assert re.sub("<.*?>", "", claim) == "checked: numeric, exact (SymPy) + order of convergence"
    assert 'href="#check-eq-claim"' in claim and 'href="two.html#check-eq-claim"' in claim
    assert 'href="evidence.html#ledger-eq-definition"' in definition and 'title="It names d."' in definition
    assert re.sub("<.*?>", "", definition) == "definition"
    assert 'href="two.html#check-eq-claim"' in inside
    (back,) = re.findall(r'<p class="ledger-back">(.*?)</p>', two, flags=re.S)
    assert re.sub("<.*?>", "", back) == "checks (1.1), (1.3)"
    assert 'href="one.html#equation-eq-claim"' in back
    link = r'href="([\w/]*(?:\.html)?)#((?:check|ledger|equation)[^"]*)"'
    for page in (one, two, evidence):
        for target, anchor in re.findall(link, page):
            assert f'id="{anchor}"' in (book.html(target.removesuffix(".html")) if target else page)


def test_the_evidence_page_lists_every_equation(book):
    book.write(SOUND, SOUND_LEDGER).build()
    text = re.sub(r"\s+", " ", re.sub("<.*?>", " ", book.html("evidence")))
    assert (
        "The book has 4 display equations: 2 checked by 2 cells (2 exact (SymPy), 1 numeric, 2 order of "
        "convergence; an equation may be checked in several ways), 1 definition and 1 assumption." in text
    )
    assert (
        "(1.1) one is one; left and right are equal; error of … "
        "numeric: cell [1] , exact (SymPy), order of convergence: cell [1] of Page two" in text
    )
    assert "(1.2) definition It names d. ngbook.checks.close" in text
    assert "(2.1) assumption Regularity. –" in text
    first, second = (re.search(f"Page {name} \\W*Equation {column}", text) for name, column in [
        ("one", "What is checked How, and where"), ("two", "Taken as Because In code")
    ])  # fmt: skip
    assert first.start() < second.start()


def test_the_implementing_function_links_to_its_api_page(book):
    book.write(SOUND, SOUND_LEDGER)
    with (book.source / "index.md").open("a") as index:
        index.write("\n```{eval-rst}\n.. py:function:: ngbook.checks.close(a)\n```\n")
    assert book.build() == []
    assert 'href="index.html#ngbook.checks.close"' in book.html("evidence")


@pytest.mark.parametrize("builder", ["text", "latex", "xml", "dirhtml", "singlehtml"])
def test_other_builders_work(book, builder):
    book.write(SOUND, SOUND_LEDGER)
    (book.source / "ledger.yml").write_text(SOUND_LEDGER)
    assert book.build(builder) == []


def test_without_an_evidence_page_a_definition_carries_its_reason(book):
    assert book.write(SOUND, SOUND_LEDGER, evidence=False).build() == []
    assert '<abbr title="It names d.">definition</abbr>' in book.html("one")


# --- what is wrong -------------------------------------------------------------------------------

DEFINED = "eq-a: {kind: definition, reason: It is one.}"

WRONG = {
    "no label": ([equation(None)], "", "one.ipynb:20002: WARNING: display equation without a label"),
    "no label in a dropdown": (
        [":::{admonition} Solution\n:class: dropdown\n\n" + equation(None) + "\n:::"],
        "",
        "display equation without a label",
    ),
    "amsmath cannot be labelled": (
        ["\\begin{align}\na &= b\n\\end{align}"],
        "",
        "display equation without a label",
    ),
    "other prefix": ([equation("energy")], "", "the equation label energy does not start with eq-"),
    "neither": ([equation()], "", "one.ipynb:20002: WARNING: equation eq-a is neither checked nor defined"),
    "both": ([equation(), cell(CHECK, "check:eq-a")], DEFINED, "equation eq-a is both tagged on a cell and"),
    "tag without equation": (
        [cell(CHECK, "check:eq-b")],
        "",
        "one.ipynb:20002: WARNING: the tag check:eq-b names no equation",
    ),
    "tag twice": (
        [equation(), cell(CHECK, "check:eq-a", "check:eq-a")],
        "",
        "the tag check:eq-a stands twice on this cell",
    ),
    "entry without equation": (["text"], DEFINED, "ledger.yml:1: WARNING: no equation has the label eq-a"),
    "tagged cell without a check": (
        [equation(), cell(f"{IMPORT}\n# checks.same(a, b)\nprint('checks.same(a, b)')", "check:eq-a")],
        "",
        "one.ipynb:30002: WARNING: the cell tagged check:eq-a calls no check",
    ),
    "another function of that name": (
        [equation(), cell("def same(a, b): pass\nsame(1, 2)", "check:eq-a")],
        "",
        "the cell tagged check:eq-a calls no check",
    ),
    "implements nothing": (
        [equation()],
        "eq-a: {kind: definition, reason: It is one., implements: ngbook.checks.equal}",
        "ledger.yml:1: WARNING: eq-a: implements 'ngbook.checks.equal' cannot be imported",
    ),
    "used twice": ([equation(), equation()], DEFINED, "the equation label eq-a is used 2 times"),
    "listed twice": (
        [equation()],
        f"{DEFINED}\n{DEFINED}",
        "ledger.yml:2: WARNING: eq-a is listed twice (first on line 1)",
    ),
    "no reason": ([equation()], "eq-a: {kind: definition}", "eq-a: give a reason"),
    "unknown kind": ([equation()], "eq-a: {kind: claim, reason: x}", "eq-a: kind is 'claim'"),
    "unknown field": ([equation()], "eq-a: {kind: definition, reason: x, by: y}", "eq-a: unknown field by"),
    "no mapping": ([equation()], "eq-a: definition", "eq-a: expected {kind: definition, reason: ...}"),
    "no YAML": ([equation()], "eq-a: {kind: ", "ledger.yml:1: WARNING: not valid YAML"),
    "a list": ([equation()], "- eq-a", "ledger.yml:1: WARNING: expected a mapping"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_a_warning_that_says_so(book, name):
    cells, ledger, message = WRONG[name]
    found = book.write({"one": cells}, ledger, evidence=False).build("dummy")
    assert any(message in line for line in found), found


def test_a_problem_does_not_go_away_by_building_again(book):
    book.write({"one": [equation()]})
    first = book.build()
    assert len(first) == 1
    assert book.build() == first


def test_the_strict_build_fails(book):
    book.write({"one": [equation()]})
    with pytest.raises(Exception, match="neither checked nor defined"), docutils_namespace():
        Sphinx(
            book.source, book.source, book.output, book.output / "doctrees", "dummy",
            status=io.StringIO(), warning=io.StringIO(), warningiserror=True,
        ).build()  # fmt: skip


# --- incremental builds --------------------------------------------------------------------------


def test_an_edit_changes_the_marks_on_other_pages(book):
    book.write(SOUND, SOUND_LEDGER).build()
    edited = {"two": [SOUND["two"][0], SOUND["two"][1], cell("pass")]}
    book.write(edited, SOUND_LEDGER)
    found = book.build()
    assert len(found) == 1 and "equation eq-inside is neither" in found[0]
    assert "two.html#check" not in book.html("one")
    assert "order of convergence" not in book.html("evidence")


def test_a_new_equation_renumbers_the_links_on_other_pages(book):
    book.write(SOUND, SOUND_LEDGER).build()
    ledger = SOUND_LEDGER + "eq-new: {kind: definition, reason: New.}\n"
    book.write({"one": [SOUND["one"][0], equation("eq-new"), *SOUND["one"][1:]]}, ledger)
    assert book.build() == []
    assert "checks (1.2), (1.4)" in re.sub("<.*?>", "", book.html("two"))
    assert "(1.1) definition New." in re.sub(r"\s+", " ", re.sub("<.*?>", " ", book.html("evidence")))


def test_a_changed_reason_reaches_the_pages(book):
    book.write(SOUND, SOUND_LEDGER).build()
    (book.source / "ledger.yml").write_text(SOUND_LEDGER.replace("It names d.", "Because."))
    assert book.build() == []
    assert 'title="Because."' in book.html("one") and "Because." in book.html("evidence")


def test_a_removed_page_takes_its_checks_along(book):
    book.write(SOUND, SOUND_LEDGER).build()
    (book.source / "two.ipynb").unlink()
    book.write({}, SOUND_LEDGER)
    found = "\n".join(book.build())
    assert "eq-inside is neither" in found and "no equation has the label eq-assumption" in found


def test_parallel_reading_gives_the_same_book(book, tmp_path):
    pages = {**SOUND, **{f"z{k}": ["text"] for k in range(8)}}
    book.write(pages, SOUND_LEDGER)
    stream = io.StringIO()
    with docutils_namespace(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        Sphinx(
            book.source, book.source, book.output / "html", book.output / "doctrees", "html",
            status=io.StringIO(), warning=stream, parallel=2,
        ).build()  # fmt: skip
    assert stream.getvalue() == ""
    assert "4 display equations: 2 checked by 2 cells" in book.html("evidence")


# --- which check a cell calls --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sources", "kinds"),
    [
        (["from ngbook import checks", "checks.same(a, b)"], [calls.EXACT]),
        (["from ngbook import checks as c\nc.close(a, b)"], [calls.NUMERIC]),
        (["import ngbook\nngbook.checks.slope(a, b, 3)"], [calls.ORDER]),
        (["import ngbook.checks\nngbook.checks.at_most(a, b)"], [calls.INEQUALITY]),
        (["import ngbook.checks as c", "x = [c.same(a, b) for a, b in pairs]"], [calls.EXACT]),
        (["from ngbook.checks import same as equal\nfor i in x:\n    equal(i, 0)"], [calls.EXACT]),
        (["from ngbook.checks import *\nclose(a, b, standard_error=s)"], [calls.MONTE_CARLO]),
        (["from ngbook.checks import close\nclose(a, b, 0, 0, s)"], [calls.MONTE_CARLO]),
        (["from ngbook.checks import close\nclose(a, b, standard_error=None)"], [calls.NUMERIC]),
        (["from ngbook import checks\nchecks.close(a, b)\nchecks.same(c, d)"], [calls.EXACT, calls.NUMERIC]),
        (["from ngbook import checks\ndef f():\n    checks.same(a, b)"], []),
        (["from ngbook import checks\nf = lambda: checks.same(a, b)"], []),
        (["from ngbook import checks\nchecks = other\nchecks.same(a, b)"], []),
        (["from ngbook.checks import same", "same = print", "same(a, b)"], []),
        (["checks.same(a, b)"], []),
        (["from other import checks\nchecks.same(a, b)"], []),
        (["from ngbook import checks\nchecks.CheckFailed(a)"], []),
        (["%magic\nfrom ngbook import checks\nchecks.same(a, b)"], []),
    ],
)
def test_the_kind_of_check_is_read_from_the_syntax_tree(sources, kinds):
    assert list(calls.kinds_of(calls.checks_of_cells(sources)[-1])) == kinds


def test_an_implementation_may_be_a_module_a_function_or_a_method():
    assert entries.importable("ngbook.checks")
    assert entries.importable("ngbook.checks.same")
    assert entries.importable("pathlib.Path.exists")
    assert not entries.importable("ngbook.nothing")
    assert not entries.importable("ngbook.checks.same.nothing")


# --- a check must be able to fail ----------------------------------------------------------------

x, mu, mu0 = sp.symbols("x mu mu_0", real=True)
sigma, sigma0 = sp.symbols("sigma sigma_0", positive=True)
epsilon, g1, g2 = sp.symbols("epsilon g_1 g_2", positive=True)
HALF = sp.Rational(1, 2)


def log_normal(mean, deviation):
    return -((x - mean) ** 2) / (2 * deviation**2) - sp.log(deviation) - sp.log(2 * sp.pi) / 2


def mean_under_normal(value, mean, deviation):
    return sp.Integral(sp.exp(log_normal(mean, deviation)) * sp.expand(value), (x, -sp.oo, sp.oo))


# Of Normal(mu, sigma) from Normal(mu0, sigma0), the old one.
KL = sp.log(sigma / sigma0) + (sigma0**2 + (mu0 - mu) ** 2) / (2 * sigma**2) - HALF
SCORE = sp.Matrix([log_normal(mu, sigma)]).jacobian([mu, sigma]).T
METRIC, GRADIENT = sp.Matrix([[2, 1], [1, 3]]), sp.Matrix([g1, g2])


def step(half=HALF, sign=-1, metric=METRIC):
    """Minimiser of ``gradient @ d`` on ``half * d @ metric @ d == epsilon``."""
    direction = metric.inv() * GRADIENT
    return sign * direction * sp.sqrt(epsilon / half) / sp.sqrt((GRADIENT.T * direction)[0])


CLAIMS = {
    "entropy": (
        mean_under_normal(-log_normal(mu, sigma), mu, sigma),
        HALF * sp.log(2 * sp.pi * sp.E * sigma**2),
        {
            "sign": -HALF * sp.log(2 * sp.pi * sp.E * sigma**2),
            "no half": sp.log(2 * sp.pi * sp.E * sigma**2),
            "sigma": HALF * sp.log(2 * sp.pi * sp.E * sigma),
        },
    ),
    "relative entropy": (
        mean_under_normal(log_normal(mu0, sigma0) - log_normal(mu, sigma), mu0, sigma0),
        KL,
        {
            "sign": -KL,
            "no half": KL + HALF,
            "swapped": KL.subs({mu: mu0, mu0: mu, sigma: sigma0, sigma0: sigma}, simultaneous=True),
            "sigma": sp.log(sigma / sigma0) + (sigma0 + (mu0 - mu) ** 2) / (2 * sigma) - HALF,
        },
    ),
    "Fisher matrix": (
        (SCORE * SCORE.T).applyfunc(lambda entry: mean_under_normal(entry, mu, sigma)),
        sp.diag(1 / sigma**2, 2 / sigma**2),
        {
            "sign": sp.diag(1 / sigma**2, -2 / sigma**2),
            "half": sp.diag(1 / sigma**2, 1 / sigma**2),
            "sigma": sp.diag(1 / sigma, 2 / sigma),
        },
    ),
    "trust-region step has length sqrt(2 epsilon)": (
        HALF * step().T * METRIC * step(),
        sp.Matrix([epsilon]),
        {"sign": sp.Matrix([-epsilon]), "no half": sp.Matrix([2 * epsilon])},
    ),
    "trust-region step satisfies the multiplier equation": (
        METRIC * step() * sp.sqrt((GRADIENT.T * METRIC.inv() * GRADIENT)[0] / (2 * epsilon)),
        -GRADIENT,
        {"sign": GRADIENT, "no half": -GRADIENT * sp.sqrt(2), "metric": -METRIC * GRADIENT},
    ),
}


@pytest.mark.parametrize("claim", CLAIMS)
def test_the_claim_passes(claim):
    left, right, _ = CLAIMS[claim]
    checks.same(left, right, claim)


@pytest.mark.parametrize(("claim", "mutation"), [(c, m) for c in CLAIMS for m in CLAIMS[c][2]])
def test_the_doctored_claim_fails(claim, mutation):
    left, _, wrong = CLAIMS[claim]
    with pytest.raises(checks.CheckFailed, match="not the same"):
        checks.same(left, wrong[mutation])


def kl_normal(old, new):
    (m, s), (n, t) = old, new
    return np.log(t / s) + (s**2 + (m - n) ** 2) / (2 * t**2) - 0.5


def test_dropping_the_half_changes_the_order_of_the_remainder():
    h = np.geomspace(1e-3, 1e-1, 9)
    divergence = kl_normal((0, 1), (h, 1 + h))
    squared_length = h**2 + 2 * h**2
    checks.slope(h, np.abs(divergence - squared_length / 2), 3, tolerance=0.1)
    with pytest.raises(checks.CheckFailed):
        checks.slope(h, np.abs(divergence - squared_length), 3, tolerance=0.1)


def test_numeric_and_monte_carlo_checks_notice_swapped_arguments_and_sigma():
    old, new = (0.3, 0.7), (-0.2, 1.1)
    sample = np.random.default_rng(1).normal(*old, size=20_000)
    z_old, z_new = (sample - old[0]) / old[1], (sample - new[0]) / new[1]
    ratio = np.log(new[1] / old[1]) + (z_new**2 - z_old**2) / 2
    error = ratio.std(ddof=1) / np.sqrt(ratio.size)
    checks.close(ratio.mean(), kl_normal(old, new), standard_error=error, about="KL(old, new)")
    square_root = (old[0], np.sqrt(old[1])), (new[0], np.sqrt(new[1]))
    right = kl_normal(old, new)
    for wrong in (kl_normal(new, old), -right, 2 * right, kl_normal(*square_root)):
        with pytest.raises(checks.CheckFailed):
            checks.close(ratio.mean(), wrong, standard_error=error)
        with pytest.raises(checks.CheckFailed):
            checks.close(kl_normal(old, new), wrong, rtol=1e-9)
