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
