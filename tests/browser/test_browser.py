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


ICONS = """[...document.fonts]
  .filter((face) => face.family.includes("Font Awesome 6 Free") && face.weight === "900")
  .map((face) => face.status)"""


@pytest.mark.skipif(CHROMIUM is None, reason=MISSING)
def test_the_few_icons_come_with_the_faces_and_not_from_the_themes_font(open_page):
    for name in ("foundations/distance", "search", "probability/fisher_catalogue"):
        visited = open_page(name)
        icon = visited.page.locator(".fa-solid:visible").first
        assert icon.evaluate("each => getComputedStyle(each).fontFamily") == '"Font Awesome 6 Free"'
        assert sorted(visited.page.evaluate(ICONS)) == ["loaded", "unloaded"]
        assert not [request for request in visited.requests if "fa-" in request]
