"""For the eyes: code that is never cut off, figures no higher than the screen, lines of a good length."""

import pytest

from .book import CHAPTERS
from .visit import NEXT_FRAME

PHONE = {"width": 390, "height": 800}
DESK = {"width": 1280, "height": 800}
CODE_THAT_SCROLLS = """[...document.querySelectorAll('.bd-article :is(.cell_input, .cell_output) pre')]
  .filter((each) => each.clientWidth && each.scrollWidth > each.clientWidth + 1)
  .map((each) => each.textContent.slice(0, 80))"""
FIGURES_TOO_HIGH = """[...document.querySelectorAll('.bd-article :is(figure, .cell_output img, img.cover)')]
  .filter((each) => each.getBoundingClientRect().height > innerHeight)
  .map((each) => each.outerHTML.slice(0, 200))"""
CHARACTERS_A_LINE = """(() => {
  const prose = [...document.querySelectorAll('.bd-article section > p')]
    .filter((each) => !each.querySelector('.math') && each.textContent.length > 300)[0];
  const range = document.createRange();
  range.selectNodeContents(prose);
  const lines = new Set([...range.getClientRects()].map((each) => Math.round(each.bottom / 12)));
  return prose.textContent.length / lines.size;
})()"""


@pytest.fixture(scope="module", params=CHAPTERS)
def chapter(request, visit):
    with visit(request.param, **PHONE) as visited:
        visited.page.evaluate(
            "document.querySelectorAll('.bd-article details').forEach((each) => (each.open = true))"
        )
        yield visited.page


@pytest.mark.parametrize("width", [320, 390])
def test_code_on_a_phone_is_never_cut_off(chapter, width):
    chapter.set_viewport_size(PHONE | {"width": width})
    chapter.evaluate(NEXT_FRAME)
    assert chapter.evaluate(CODE_THAT_SCROLLS) == []


@pytest.mark.parametrize("screen", [PHONE, DESK], ids=["phone", "desk"])
def test_a_figure_is_at_most_one_screen_high(chapter, screen):
    chapter.set_viewport_size(screen)
    chapter.evaluate(NEXT_FRAME)
    assert chapter.evaluate(FIGURES_TOO_HIGH) == []


def test_a_line_of_prose_has_about_seventy_characters(open_page):
    assert 58 <= open_page("index", width=1680).page.evaluate(CHARACTERS_A_LINE) <= 78


def test_the_stops_of_the_reading_path_are_reached_by_keyboard_and_seen(open_page):
    page = open_page("index").page
    links = page.locator(".reading-path ol > li > p > a")
    assert links.count() == 11
    for k in range(11):
        if k:
            page.keyboard.press("Tab")
        else:
            links.first.focus()
        assert links.nth(k).evaluate("each => each === document.activeElement")
    page.keyboard.press("Shift+Tab")
    assert links.nth(9).evaluate("each => getComputedStyle(each).outlineStyle") != "none"


def test_a_page_on_paper_has_its_solutions_and_nothing_to_click(open_page):
    page = open_page("foundations/lagrangian").page
    page.emulate_media(media="print")
    shown = "(each) => each.checkVisibility() && each.getBoundingClientRect().height > 0"
    for gone in (".bd-sidebar-primary", ".prev-next-footer", ".explorable input", ".bd-header-article"):
        assert not page.evaluate(f"[...document.querySelectorAll('{gone}')].some({shown})"), gone
    assert page.evaluate(f"({shown})(document.querySelector('.bd-article h1'))")
    assert page.evaluate(f"({shown})(document.querySelector('.explorable-printed img'))")
    assert page.evaluate(f"[...document.querySelectorAll('details .cell_input')].some({shown})")
