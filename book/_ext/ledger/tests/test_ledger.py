"""The equation ledger: tiny books, one sound and one for each way of being wrong."""

import io
import json
import re
import warnings

import pytest
from equation_ledger import entries
from equation_ledger.calls import Checks
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

PROOF, NUMBERS, SAMPLES, BOUND = "proof", "numbers", "samples", "bound"
CHECKS = {
    "sums.checks.same": {"kind": PROOF, "proof": True},
    "sums.checks.close": {"kind": NUMBERS, "kind_with": {"standard_error": SAMPLES}},
    "sums.checks.at_most": BOUND,
}
IMPORT = "from sums import checks"
CHECK = f"{IMPORT}\nchecks.close(2.0, 2.0 + 1e-12, scope='two')"
CONFIGURATION = f"""
extensions = ["myst_nb", "equation_ledger", "sphinx.ext.autodoc"]
ledger_checks = {CHECKS}
nb_execution_mode = "off"
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence"]
numfig = math_numfig = True
exclude_patterns = ["_build"]
html_theme = "basic"
"""


PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def cell(source, *tags, output=None, image=False):
    shown = {"text/latex": output} if output else {"image/png": PIXEL} if image else {}
    outputs = [{"output_type": "display_data", "metadata": {}, "data": shown}] if shown else []
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
        cell("checks.close(2.0, 2.0 + 1e-12, about='one is one', scope='one')", "check:eq-claim"),
        ":::{admonition} Note\n\n" + equation("eq-inside", "e = f") + "\n:::",
    ],
    "two": [
        "## Second",
        equation("eq-assumption", "g = h"),
        cell(
            "from sums.checks import at_most, same\n"
            "same(left, right, about='left and right are equal', scope='two sums')\n"
            "at_most(a, b, about=f'error of {name}', scope='two sums')",
            "check:eq-claim",
            "check:eq-inside",
            "hide-cell",
        ),
    ],
}
SOUND_LEDGER = """
eq-definition: {kind: definition, reason: It names d., implements: pathlib.Path.exists}
eq-assumption: {kind: assumption, reason: Regularity.}
"""


def test_a_sound_book_builds_without_a_warning(book):
    assert book.write(SOUND, SOUND_LEDGER).build() == []


def plain(html):
    return " ".join(re.sub("<.*?>", " ", html).split())


def ticks(page):
    """The summary and the rest of each folded check cell."""
    found = re.findall(
        r'<div class="[^"]*ledger-tick[^>]*>\s*<details[^>]*>(.*?)</details>', page, flags=re.S
    )
    return [tuple(part for part in tick.split("</summary>")) for tick in found]


def test_a_check_cell_is_folded_into_one_line_that_says_what_it_shows(book):
    book.write(SOUND, SOUND_LEDGER).build()
    ((summary, inside),) = ticks(book.html("one"))
    assert "✓ (1.1) for one: numbers" in plain(summary)
    assert plain(inside).startswith("checks . close (") and plain(inside).endswith("checks (1.1)")


def test_the_tick_of_a_proof_says_for_all_values(book):
    proof = cell(f"{IMPORT}\nchecks.same(a, b, scope='all values')", "check:eq-a")
    assert book.write({"one": [equation(), proof]}).build() == []
    ((summary, _),) = ticks(book.html("one"))
    assert plain(summary).split(") ")[1].startswith("for all values")
    assert PROOF not in plain(summary)
    assert "ledger-mark" not in book.html("one")  # the tick stands where the mark would


def test_what_checks_print_is_folded_with_the_code_that_draws(book):
    drawing = cell(CHECK, "hide-input", image=True)
    drawing["outputs"].append({"output_type": "stream", "name": "stdout", "text": "two is two"})
    assert book.write({"one": [drawing]}).build() == []
    (fold,) = re.findall(r"<details.*?</details>(?=.*<img)", book.html("one"), flags=re.S)
    assert "two is two" in fold and book.html("one").count("two is two") == 1


def test_a_solution_stays_a_solution(book):
    book.write(SOUND, SOUND_LEDGER).build()
    assert ticks(book.html("two")) == []


def test_marks_and_backward_links_lead_somewhere(book):
    book.write(SOUND, SOUND_LEDGER).build()
    one, two, evidence = book.html("one"), book.html("two"), book.html("evidence")
    marks = re.findall(r'<p class="ledger-mark[^>]*>(.*?)</p>', one, flags=re.S)
    claim, definition, inside = marks
    assert re.sub("<.*?>", "", claim) == "for one: numbers, for two sums: proof, bound"
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
        "The book has 4 display equations: 2 checked by 2 cells (2 proof, 1 numbers, 2 bound; an equation "
        "may be checked in several ways), 1 definition and 1 assumption." in text
    )
    assert (
        "(1.1) one is one; left and right are equal; error of … "
        "for one: numbers: cell [1] , for two sums: proof, bound: cell [1] of Page two" in text
    )
    assert "(1.2) definition It names d. pathlib.Path.exists" in text
    assert "(2.1) assumption Regularity. –" in text
    first, second = (re.search(f"Page {name} \\W*Equation {column}", text) for name, column in [
        ("one", "What is checked How, and where"), ("two", "Taken as Because In code")
    ])  # fmt: skip
    assert first.start() < second.start()


def test_the_implementing_function_links_to_its_api_page(book):
    book.write(SOUND, SOUND_LEDGER)
    with (book.source / "index.md").open("a") as index:
        index.write("\n```{eval-rst}\n.. py:function:: pathlib.Path.exists(a)\n```\n")
    assert book.build() == []
    assert 'href="index.html#pathlib.Path.exists"' in book.html("evidence")


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
        "eq-a: {kind: definition, reason: It is one., implements: pathlib.nothing}",
        "ledger.yml:1: WARNING: eq-a: implements 'pathlib.nothing' cannot be imported",
    ),
    "no scope": (
        [equation(), cell(f"{IMPORT}\nchecks.close(a, b, about='the sum')", "check:eq-a")],
        "",
        'one.ipynb:30002: WARNING: the check "the sum" states no scope',
    ),
    "a scope that cannot be read": (
        [equation(), cell(f"{IMPORT}\nchecks.close(a, b, about='the sum', scope=f'{{n}}')", "check:eq-a")],
        "",
        'the check "the sum" states no scope',
    ),
    "numbers for all values": (
        [equation(), cell(f"{IMPORT}\nchecks.close(a, b, about='it', scope='all values')", "check:eq-a")],
        "",
        'the check "it" has the scope "all values", and close proves nothing',
    ),
    "a bound for any value": (
        [equation(), cell(f"{IMPORT}\nchecks.at_most(a, b, scope='any value of x')", "check:eq-a")],
        "",
        'the check "at_most" has the scope "any value of x", and at_most proves nothing',
    ),
    "which equation has which scope": (
        [
            equation(),
            equation("eq-b"),
            cell(f"{CHECK}\nchecks.same(a, b, scope='all values')", "check:eq-a", "check:eq-b"),
        ],
        "",
        "the cell tagged check:eq-a, check:eq-b has checks of several scopes",
    ),
    "a figure that would be folded": (
        [equation(), cell(CHECK, "check:eq-a", image=True)],
        "",
        "the cell tagged check:eq-a draws, and would be folded with its picture",
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
    assert "bound" not in book.html("evidence")


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
        (["from sums import checks", "checks.same(a, b)"], [PROOF]),
        (["from sums import checks as c\nc.close(a, b)"], [NUMBERS]),
        (["import sums\nsums.checks.at_most(a, b)"], [BOUND]),
        (["import sums.checks\nsums.checks.at_most(a, b)"], [BOUND]),
        (["import sums.checks as c", "x = [c.same(a, b) for a, b in pairs]"], [PROOF]),
        (["from sums.checks import same as equal\nfor i in x:\n    equal(i, 0)"], [PROOF]),
        (["from sums.checks import *\nclose(a, b, standard_error=s)"], [SAMPLES]),
        (["from sums.checks import close\nclose(a, b, standard_error=None)"], [NUMBERS]),
        (["from sums import checks\nchecks.close(a, b)\nchecks.same(c, d)"], [PROOF, NUMBERS]),
        (["from sums import checks\ndef f():\n    checks.same(a, b)"], []),
        (["from sums import checks\nf = lambda: checks.same(a, b)"], []),
        (["from sums import checks\nchecks = other\nchecks.same(a, b)"], []),
        (["from sums.checks import same", "same = print", "same(a, b)"], []),
        (["checks.same(a, b)"], []),
        (["from other import checks\nchecks.same(a, b)"], []),
        (["from sums import checks\nchecks.CheckFailed(a)"], []),
        (["%magic\nfrom sums import checks\nchecks.same(a, b)"], []),
    ],
)
def test_the_kind_of_check_is_read_from_the_syntax_tree(sources, kinds):
    checks = Checks(CHECKS)
    assert list(checks.kinds_of(checks.in_cells(sources)[-1])) == kinds


@pytest.mark.parametrize(
    ("scope", "general"),
    [
        ("all values", True),
        ("all values of x", True),
        ("every value", True),
        ("arbitrary values of n", True),
        ("three values of n", False),
        ("all families of the table", False),
        ("n = 3", False),
    ],
)
def test_a_general_scope_is_known_by_its_words(scope, general):
    ((call,),) = Checks(CHECKS).in_cells([f"{IMPORT}\nchecks.same(a, b, scope={scope!r})"])
    assert (call.scope, call.is_general) == (scope, general)


# --- pages whose checks state no scopes yet --------------------------------------------------------


def test_a_page_may_come_later_to_its_scopes(book):
    old = cell(f"{IMPORT}\nchecks.close(a, b)", "check:eq-a")
    assert book.write({"one": [equation(), old]}).build(ledger_pages_without_scopes=["one"]) == []
    assert ticks(book.html("one")) == []
    (mark,) = re.findall(r'<p class="ledger-mark[^>]*>(.*?)</p>', book.html("one"), flags=re.S)
    assert plain(mark) == NUMBERS


@pytest.mark.parametrize(("name", "reason"), [("one", "have a scope"), ("two", "no such page")])
def test_the_list_of_such_pages_is_kept(book, name, reason):
    found = book.write({"one": [equation(), cell(CHECK, "check:eq-a")]}).build(
        "dummy", ledger_pages_without_scopes=[name]
    )
    assert len(found) == 1 and reason in found[0]


def test_an_implementation_may_be_a_module_a_function_or_a_method():
    assert entries.importable("pathlib")
    assert entries.importable("json.loads")
    assert entries.importable("pathlib.Path.exists")
    assert not entries.importable("pathlib.nothing")
    assert not entries.importable("pathlib.Path.exists.nothing")


def sheet(*lines):
    return "\n".join(["```{equation-sheet}", *lines, "```"])


def test_a_sheet_sets_equations_once_more_with_their_numbers(book):
    pages = SOUND | {"three": [sheet("eq-assumption: what is assumed", "", "eq-claim: what is claimed")]}
    assert book.write(pages, SOUND_LEDGER).build() == []
    html = book.html("three")
    first, second = html.index("g = h"), html.index("a = b")
    assert first < second
    assert "what is assumed" in html[:first] and "what is claimed" in html[first:second]
    assert 'href="two.html#equation-eq-assumption"' in html[:first]
    assert 'href="one.html#equation-eq-claim"' in html[first:second]
    assert "ledger-mark" not in html


def test_a_sheet_follows_its_equations(book):
    pages = SOUND | {"three": [sheet("eq-assumption: what is assumed")]}
    book.write(pages, SOUND_LEDGER).build()
    changed = [cell.replace("g = h", "g = k") if isinstance(cell, str) else cell for cell in SOUND["two"]]
    assert book.write(pages | {"two": changed}, SOUND_LEDGER).build() == []
    assert "g = k" in book.html("three")


def test_a_sheet_names_equations_that_there_are(book):
    pages = SOUND | {"three": [sheet("eq-nowhere: nothing")]}
    (warning,) = book.write(pages, SOUND_LEDGER).build()
    assert "three.ipynb" in warning and "eq-nowhere" in warning and "no equation" in warning
