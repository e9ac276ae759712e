"""The search leads from a reader's words to the chapter that explains them, from a file and from a server."""

from urllib.parse import quote

import pytest

from .book import WRITTEN

# The word, the page a reader would want, and how far down it may stand.
WANTED = {
    "natural gradient": ("foundations/lagrangian", 1),
    "trust region": ("foundations/trust_regions", 1),
    "Fisher information": ("probability/kl_and_fisher", 1),
    "Student-t": ("probability/fisher_catalogue", 1),
    "maximum likelihood": ("probability/maximum_likelihood", 1),
    "empirical Fisher": ("probability/maximum_likelihood", 1),
    "policy gradient": ("reinforcement/policy_gradients", 1),
    "conjugate gradient": ("reinforcement/conjugate_gradient", 1),
    "Woodbury": ("reinforcement/conjugate_gradient", 1),
    "PPO": ("reinforcement/trpo_and_ppo", 1),
    "Lagrange multiplier": ("foundations/lagrangian", 1),
    "errata": ("reference/errata", 1),
    "actor-critic": ("reinforcement/actor_critic", 1),
    "mirror descent": ("geometry/two_coordinates", 1),
    "Bregman": ("geometry/two_coordinates", 1),
    "variational inference": ("geometry/two_coordinates", 1),
    "information geometry": ("geometry/two_coordinates", 1),
    "Cramér–Rao": ("geometry/efficiency", 1),
    "Kalman filter": ("geometry/efficiency", 1),
    "geodesic": ("geometry/geodesics", 1),
    "Fisher–Rao distance": ("geometry/geodesics", 1),
    "Christoffel": ("geometry/geodesics", 1),
    "deep linear": ("networks/deep_linear", 1),
    "Gauss–Newton": ("networks/gauss_newton", 1),
    "Levenberg–Marquardt": ("networks/gauss_newton", 1),
    "K-FAC": ("networks/kronecker", 1),
    "Kronecker": ("networks/kronecker", 1),
    "Wasserstein": ("ruler/wasserstein", 1),
    "optimal transport": ("ruler/wasserstein", 1),
    "Bures": ("ruler/wasserstein", 1),
    "SVGD": ("ruler/flowing_policies", 1),
    "JKO": ("ruler/flowing_policies", 1),
    "beetles": ("together/one_problem", 1),
    "EM algorithm": ("together/one_problem", 1),
    "NaN": ("together/bugs", 1),
    "Dask": ("together/scale", 1),
    "all-reduce": ("together/scale", 1),
    # No heading has the name, and the chapter before this one uses it as well.
    "Kullback-Leibler": ("probability/kl_and_fisher", 2),
    # Trust regions introduce one, TRPO is where it matters, and has it in a heading.
    "line search": ("foundations/trust_regions", 2),
}
RESULTS = "#search-results li > a:first-child"


def pages_found(visited):
    """The names of the pages that are listed, the best first, once the search says that it has finished."""
    visited.page.wait_for_function("document.querySelector('.search-summary')?.textContent.includes('found')")
    links = visited.page.evaluate(f"[...document.querySelectorAll('{RESULTS}')].map((a) => a.pathname)")
    return [path.rpartition("html/")[2].removesuffix(".html").lstrip("/") for path in links]


@pytest.mark.parametrize("words", WANTED)
def test_a_term_is_found_on_the_right_page(open_page, words):
    page, place = WANTED[words]
    visited = open_page(f"search?q={quote(words)}")
    assert page in pages_found(visited)[:place]
    assert visited.errors == [] and visited.outside() == []


def test_a_server_adds_excerpts(open_page, server):
    visited = open_page("search?q=horizon", origin=server)
    assert pages_found(visited)[0] in WRITTEN
    visited.page.wait_for_selector("#search-results li p.context")
    assert "horizon" in visited.page.inner_text("#search-results li p.context >> nth=0").lower()
    assert visited.errors == [] and visited.outside() == []


def test_a_name_of_the_package_leads_to_its_documentation(open_page):
    visited = open_page("search?q=trust_region_step")
    assert "reference/api" in pages_found(visited)[:2]


def test_nothing_is_said_to_be_nothing(open_page):
    visited = open_page("search?q=rhinoceros")
    visited.page.wait_for_function(
        "document.querySelector('.search-summary')?.textContent.includes('did not')"
    )
    assert visited.errors == []


@pytest.mark.parametrize("width", [1280, 390])
def test_the_search_opens_by_keyboard_on_any_page(open_page, width):
    visited = open_page("reference/bibliography", width=width)
    visited.press("Control+k")
    visited.page.wait_for_function("document.activeElement.matches('dialog[open] input[type=search]')")
    visited.page.keyboard.type("errata")
    with visited.page.expect_navigation():
        visited.press("Enter")
    assert pages_found(visited)[0] == "reference/errata"
    visited.page.focus(RESULTS)
    with visited.page.expect_navigation():
        visited.press("Enter")
    assert "Errata" in visited.page.title()
    assert visited.errors == []


def test_the_search_closes_by_keyboard(open_page):
    visited = open_page("index")
    visited.page.focus(".search-button-field")
    visited.press("Enter")
    visited.page.wait_for_selector("dialog[open] input[type=search]")
    visited.press("Escape")
    visited.page.wait_for_selector("dialog[open]", state="detached")
