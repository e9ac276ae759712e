"""How a page is built for those who hear it or go through it by keyboard."""

from functools import cache

from bs4 import BeautifulSoup

from .book import HTML, PAGES, WRITTEN


@cache
def ends(name):
    """The head of a page and its foot, from the arrows on: the text between takes long to read."""
    text = (HTML / f"{name}.html").read_text(encoding="utf-8")
    head, foot = text.partition("</head>")[0], text.rpartition('class="prev-next-area"')[2]
    return BeautifulSoup(f"{head}</head><body><div {foot}", "html.parser")


def test_every_page_has_a_title_of_its_own():
    titles = [ends(name).title.get_text(strip=True) for name in PAGES]
    assert all(titles) and len(set(titles)) == len(titles)


def test_the_book_is_read_from_the_first_page_to_the_last_and_back():
    for names, link in ((WRITTEN, "a.right-next"), (WRITTEN[::-1], "a.left-prev")):
        for name, following in zip(names, [*names[1:], None], strict=True):
            arrow = ends(name).select_one(link)
            leads_to = arrow and (HTML / name).parent.joinpath(arrow["href"]).resolve()
            assert leads_to == (following and (HTML / f"{following}.html").resolve())


def test_the_arrow_to_the_next_page_is_followed_by_keyboard(open_page):
    visited = open_page(WRITTEN[0])
    with visited.page.expect_navigation():
        visited.page.press(".prev-next-area a.right-next", "Enter")
    assert visited.page.url.endswith(f"/{WRITTEN[1]}.html")


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
