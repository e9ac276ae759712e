"""How a page is built for those who hear it or go through it by keyboard."""

import pytest

from .book import PAGES, WRITTEN


@pytest.fixture(scope="module", params=PAGES)
def served(request, visit):
    with visit(request.param, java_script_enabled=False) as visited:
        yield visited


def test_the_language_is_said(served):
    assert served.page.get_attribute("html", "lang") == "en"


def test_there_is_one_headline_and_no_level_is_skipped(served):
    assert served.ask("questions", "questions.headlines()") == 1
    assert served.ask("questions", "questions.headings()") == []


def test_there_are_landmarks(served):
    assert served.page.evaluate("document.querySelectorAll('main, [role=main]').length") == 1
    unnamed = "nav:not([aria-label], [aria-labelledby])"
    assert served.page.query_selector("nav") and not served.page.query_selector(unnamed)


def test_every_page_has_a_title_of_its_own(visit):
    titles = []
    for name in PAGES:
        with visit(name, java_script_enabled=False) as visited:
            titles.append(visited.page.title())
    assert all(titles) and len(set(titles)) == len(titles)


def test_the_book_is_read_from_the_first_page_to_the_last_and_back(open_page):
    visited = open_page(WRITTEN[0])
    for names, link in ((WRITTEN, "next"), (WRITTEN[::-1], "prev")):
        for name in names:
            assert visited.page.url.endswith(f"/{name}.html")
            arrow = visited.page.query_selector(
                f".prev-next-area a.{'right' if link == 'next' else 'left'}-{link}"
            )
            assert (arrow is None) == (name == names[-1]), f"{name}: {link}"
            if arrow:
                with visited.page.expect_navigation():
                    arrow.press("Enter")


def test_the_first_stop_of_the_keyboard_leads_past_the_side_bars(open_page):
    visited = open_page("foundations/distance")
    visited.press("Tab")
    link = "document.activeElement"
    assert visited.page.evaluate(f"{link}.textContent.trim()") == "Skip to main content"
    visited.page.wait_for_function(f"{link}.getBoundingClientRect().top >= 0")
    visited.press("Enter")
    visited.press("Tab")
    assert visited.page.evaluate(f"{link}.closest('main') !== null")


def test_folded_cells_open_by_keyboard(open_page):
    visited = open_page("foundations/distance")
    folded = "document.querySelector('.cell details:not([open])')"
    assert visited.page.evaluate(f"{folded} !== null")
    visited.page.evaluate(f"(window.folded = {folded}).querySelector('summary').focus()")
    visited.press("Enter")
    assert visited.page.evaluate("window.folded.open")
