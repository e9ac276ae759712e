"""Every letter is of a face that travels with the book: a page looks the same wherever it is opened.

Chromium says itself which font it drew a letter with; test_pdf.py asks it about the PDF. tests/test_look.py
asks of all pages whether the faces have the letters.
"""

from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("faces.js").read_text(encoding="utf-8")
PAGES = (
    "index",
    "foundations/lagrangian",
    "probability/fisher_catalogue",
    "reinforcement/conjugate_gradient",
    "reference/api",
    "reference/evidence",
    "search",
)


def borrowed(visited):
    """The letters of a page that are drawn with a font of this machine, and how many letters there are."""
    visited.page.evaluate(SCRIPT)
    letters = visited.page.evaluate("faces.lay()")
    session = visited.page.context.new_cdp_session(visited.page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument", {"depth": 0})["root"]["nodeId"]
    places = session.send("DOM.querySelectorAll", {"nodeId": root, "selector": ".laid"})["nodeIds"]
    found = []
    for letter, place in zip(letters, places, strict=True):
        fonts = session.send("CSS.getPlatformFontsForNode", {"nodeId": place})["fonts"]
        found += [f"{letter}: {font['familyName']}" for font in fonts if not font["isCustomFont"]]
    return found, len(letters)


@pytest.mark.parametrize("name", PAGES)
def test_letters_are_of_the_faces_of_the_book(open_page, name):
    found, count = borrowed(open_page(name))
    assert found == []
    assert count > 100


def test_a_letter_of_another_font_is_found(open_page):
    visited = open_page("search")
    visited.page.evaluate("document.querySelector('h1').append('\\u{1F600}')")
    visited.page.evaluate("document.querySelector('main').style.fontFamily = 'monospace'")
    found, _ = borrowed(visited)
    assert any("\N{GRINNING FACE}" in each for each in found)
    assert any("| monospace |" in each for each in found)
