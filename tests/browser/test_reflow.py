"""Pages enlarged: at 320 px, which is 1280 px enlarged four times, and with texts twice as large.

The accessibility guidelines ask for both (WCAG 1.4.10 and 1.4.4).
"""

import pytest

from .book import PAGES

SIZES = {"320": {"width": 320}, "twice": {"width": 1280}}


@pytest.fixture(scope="module", params=[(p, size) for p in PAGES for size in SIZES], ids="-".join)
def enlarged(request, visit):
    page, size = request.param
    with visit(page, reduced_motion="reduce", **SIZES[size]) as visited:
        if size == "twice":
            visited.page.evaluate("document.documentElement.style.fontSize = '200%'")
        visited.page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
        yield visited


def test_the_page_does_not_scroll_sideways(enlarged):
    assert enlarged.ask("questions", "questions.tooWide()") == []


def test_no_text_is_cut_off(enlarged):
    assert enlarged.ask("questions", "questions.cutOff()") == []


def test_nothing_moves_for_a_reader_who_prefers_that(enlarged):
    assert (
        enlarged.page.evaluate("document.getAnimations().map((each) => each.effect.target.outerHTML)") == []
    )
