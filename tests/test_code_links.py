"""Links from code to the documentation of names, and from labels to equations."""

import importlib
import re
from functools import cache

import pytest
from bs4 import BeautifulSoup
from code_links import anchors, names
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from test_built_book import HTML


def meant(code, scope=None):
    """(what is written, what it means) of each word with a meaning."""
    lines = code.split("\n")
    return [
        (lines[word.begin[0] - 1].encode()[word.begin[1] : word.end[1]].decode(), word.name.split(".", 1)[-1])
        for word in names.words(code, {} if scope is None else scope)
    ]


MEANINGS = """
from ngbook import solve; solve.dense_solve(F, g)
    solve = solve, solve.dense_solve = solve.dense_solve
import ngbook; ngbook.solve.dual_solve
    ngbook = ngbook, ngbook.solve.dual_solve = solve.dual_solve
from ngbook import policy_gradient as learning; learning.trpo()
    policy_gradient = policy_gradient, learning.trpo = policy_gradient.trpo
from ngbook.families import normal; normal.fisher(t)
    normal = families.normal, normal = families.normal, fisher = families.Family.fisher
from ngbook import families; book = families.normal; book.kl(a, b)
    families.normal = families.normal, kl = families.Family.kl
from ngbook.policies import SoftmaxPolicy; p = SoftmaxPolicy(4, 2); p.at(t, o)
    SoftmaxPolicy = policies.SoftmaxPolicy, at = policies.SoftmaxPolicy.at
θ = "é"; from ngbook import solve; ψ = solve.dense_solve
    solve = solve, solve.dense_solve = solve.dense_solve
"""


@pytest.mark.parametrize(("code", "expected"), re.findall(r"(?m)^(\S.*)\n +(.*)$", MEANINGS))
def test_a_word_means_what_was_imported(code, expected):
    expected = [tuple(pair.split(" = ")) for pair in expected.split(", ")]
    assert meant(code)[-len(expected) :] == expected


@pytest.mark.parametrize(
    "code", ["from .ngbook import solve\nsolve.dense_solve", "%magic\nimport ngbook", "1 +"]
)
def test_what_is_not_of_the_package_or_no_program_means_nothing(code):
    assert meant(code) == []


def test_what_the_package_does_not_have_means_nothing():
    code = "from ngbook.solve import _hidden, nothing\nnothing(), _hidden()"
    assert meant(code) == [("ngbook.solve", "solve")]


USE = "\nsolve.dense_solve(F, g)"


@pytest.mark.parametrize(
    "binding",
    [
        "solve = 3",
        "solve, other = 3, 4",
        "for solve in range(3): pass",
        "with open(path) as solve: pass",
        "import numpy as solve",
        "from scipy.linalg import solve",
        "def solve(): pass",
        "class solve: pass",
        "if (solve := 3): pass",
        "solve: int = 3",
        "solve += 1",
    ],
)
def test_a_name_that_is_bound_again_means_something_else(binding):
    assert meant(f"from ngbook import solve\n{binding}{USE}")[-1][0] != "solve.dense_solve"


@pytest.mark.parametrize(
    "code",
    [
        "def f(solve):\n    return solve.dense_solve",
        "f = lambda solve: solve.dense_solve",
        "[solve.dense_solve for solve in many]",
        "def f():\n    solve = 3\n    return solve.dense_solve",
    ],
)
def test_a_name_of_an_inner_scope_is_its_own_and_is_forgotten_behind_it(code):
    found = meant(f"from ngbook import solve\n{code}{USE}")
    assert [word for word, _ in found].count("solve.dense_solve") == 1


def test_cells_share_their_names():
    scope = {}
    meant("from ngbook import solve", scope)
    assert meant("solve.dense_solve", scope) == [("solve.dense_solve", "solve.dense_solve")]


def test_a_function_of_the_package_knows_the_public_names_of_its_module():
    from ngbook import descent

    scope = names.scope_of(descent.trust_region_step)
    assert scope["dense_solve"].name == "ngbook.solve.dense_solve"
    assert "trust_region_step" not in scope and "np" not in scope and "check" not in scope


# --- links in highlighted code -----------------------------------------------------------------------------


def highlighted(code):
    return f"<pre>{highlight(code, PythonLexer(), HtmlFormatter(nowrap=True))}</pre>"


def linked(code, *words):
    """Highlighted code with each word, at its first place, a link to "#"."""
    links = sorted((code.index(word), code.index(word) + len(word), f"#{word}", "") for word in words)
    return anchors.with_links(highlighted(code), lambda text: links)


CODE = 'import a.b as c  # a comment, eq-one & "more"\nif x < y: c.f("<&>", z).g(\'…\')\n'


def test_links_change_no_letter():
    for words in ((), ("a.b",), ("c.f",), ("eq-one",), ("a.b", "eq-one", "c.f", "g")):
        text = linked(CODE, *words)
        assert BeautifulSoup(text, "html.parser").get_text() == CODE
        assert text.count("<a ") == text.count("</a>") == len(words)
        found = BeautifulSoup(text, "html.parser").find_all("a")
        assert {link.get_text() for link in found} == set(words)
        assert all(link["href"] == f"#{link.get_text()}" for link in found)


def test_a_link_that_would_cut_an_element_in_two_is_left_out():
    code = 'f("one two") + g'
    begin = code.index("two")
    assert "<a" not in anchors.with_links(highlighted(code), lambda text: [(begin, begin + 6, "#", "")])


def test_links_are_found_in_the_text_of_the_code():
    anchors.with_links(highlighted(CODE), lambda text: [] if text == CODE else 1 / 0)


def test_a_position_counts_letters_where_python_counts_bytes():
    assert anchors.position("é\nθ = x", 2, 5) == 2 + 4


# --- the pages ---------------------------------------------------------------------------------------------


@cache
def soup(name):
    return BeautifulSoup((HTML / f"{name}.html").read_text(encoding="utf-8"), "html.parser")


def source_of(name):
    """The page with the source of a name, and where it is there."""
    link = soup("reference/api").find(id=f"ngbook.{name}").select_one("a:has(.viewcode-link)")
    page, anchor = link["href"].split("#")
    return page.removeprefix("../").removesuffix(".html"), anchor


@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("foundations/lagrangian", "solve.dense_solve"),
        ("probability/maximum_likelihood", "families.Family.fisher"),
        ("reinforcement/trpo_and_ppo", "policy_gradient.trpo"),
        ("reinforcement/conjugate_gradient", "solve.natural_direction"),
    ],
)
def test_a_reader_is_two_clicks_from_a_name_in_a_cell_to_its_source(page, name):
    own = name.split(".")[-1]
    addresses = {
        link["href"]
        for link in soup(page).select(".cell_input pre a")
        if link.get_text().split(".")[-1] == own
    }
    assert f"../reference/api.html#ngbook.{name}" in addresses
    source, anchor = source_of(name)
    block = soup(source).find(id=anchor)
    assert re.search(rf"\bdef {own}\(", block.get_text())
    assert block.select_one("a.viewcode-back")["href"].endswith(f"reference/api.html#ngbook.{name}")


def test_a_label_leads_to_its_equation_from_a_page_and_from_a_source():
    for page in ("foundations/trust_regions", source_of("descent.adaptive_trust_region")[0]):
        found = [
            link for link in soup(page).select("pre a[title]") if link.get_text() == "eq-trust-regions-ratio"
        ]
        assert found
        for link in found:
            assert link["href"].endswith("#equation-eq-trust-regions-ratio")
            assert re.fullmatch(r"Equation \d+\.\d+", link["title"])


def test_a_label_in_a_docstring_is_a_link_with_the_number_of_its_equation():
    links = soup("reference/api").select('dl.py a[href*="#equation-eq-"]')
    assert len(links) > 50
    assert not [link for link in links if not re.fullmatch(r"\(\d+\.\d+\)", link.get_text())]
    texts = soup("reference/api").select("dl.py p")
    assert not [text for text in texts if re.search(r"\beq-\w", text.get_text())]


def own(name):
    """Whether a documented name is defined where it is documented, and not inherited."""
    package, module, *path = name.split(".")
    thing = getattr(importlib.import_module(package), module)
    for part in path[:-1]:
        thing = getattr(thing, part)
    return not isinstance(thing, type) or path[-1] in vars(thing)


def test_every_public_function_and_class_has_its_source():
    entries = soup("reference/api").select("dl.py:is(.function, .class, .method) > dt")
    assert len(entries) > 100
    for entry in entries:
        assert entry.select_one(".viewcode-link") or not own(entry["id"]), entry["id"]


def test_in_a_cell_a_name_is_a_link_once():
    for cell in soup("reinforcement/conjugate_gradient").select(".cell_input pre"):
        addresses = [link["href"] for link in cell.select("a")]
        assert len(addresses) == len(set(addresses))
