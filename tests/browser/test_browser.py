"""There is a browser, or a word that there is none."""

import os

import pytest

from .conftest import CHROMIUM

MISSING = "no Chromium: no browser test was run (on Debian, `apt-get install chromium` brings them)"


def test_there_is_a_browser_where_there_must_be_one():
    if CHROMIUM is None:
        assert os.environ.get("BROWSER_TESTS") != "required", MISSING
        pytest.skip(MISSING)


@pytest.mark.skipif(CHROMIUM is None, reason=MISSING)
def test_a_page_opens(open_page):
    visited = open_page("index")
    assert visited.page.title()
    assert visited.errors == []


@pytest.mark.skipif(CHROMIUM is None, reason=MISSING)
def test_the_few_icons_come_with_the_faces_and_not_from_the_themes_font(open_page):
    """Those of a chapter with its menu, of the search page and of boxes that say what they are."""
    for name in ("foundations/distance", "search", "probability/fisher_catalogue"):
        visited = open_page(name)
        icon = visited.page.locator(".fa-solid:visible").first
        assert icon.evaluate("each => getComputedStyle(each).fontFamily") == '"Font Awesome 6 Free"'
        assert visited.page.evaluate("document.fonts.check('900 1em \"Font Awesome 6 Free\"', '\\uf002')")
        assert not [request for request in visited.requests if "fa-" in request]
