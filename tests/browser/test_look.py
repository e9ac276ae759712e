"""For the eyes: lines of a good length, a first page that is followed by keyboard, a page on paper."""

from .book import CHAPTERS

CHARACTERS_A_LINE = """(() => {
  const prose = [...document.querySelectorAll('.bd-article section section > p')]
    .filter((each) => !each.querySelector('.math') && each.textContent.length > 300)[0];
  const range = document.createRange();
  range.selectNodeContents(prose);
  const lines = new Set([...range.getClientRects()].map((each) => Math.round(each.bottom / 12)));
  return prose.textContent.length / lines.size;
})()"""


def test_a_line_of_prose_has_about_seventy_characters(open_page):
    assert 58 <= open_page("index", width=1680).page.evaluate(CHARACTERS_A_LINE) <= 78


def test_the_stops_of_the_reading_path_are_reached_by_keyboard_and_seen(open_page):
    page = open_page("index").page
    links = page.locator(".reading-path ol > li > p > a")
    assert links.count() == len(CHAPTERS)
    for k in range(len(CHAPTERS)):
        if k:
            page.keyboard.press("Tab")
        else:
            links.first.focus()
        assert links.nth(k).evaluate("each => each === document.activeElement")
    page.keyboard.press("Shift+Tab")
    assert links.nth(len(CHAPTERS) - 2).evaluate("each => getComputedStyle(each).outlineStyle") != "none"


def test_a_page_on_paper_has_its_solutions_and_nothing_to_click(open_page):
    page = open_page("foundations/lagrangian").page
    page.emulate_media(media="print")
    shown = "(each) => each.checkVisibility() && each.getBoundingClientRect().height > 0"
    for gone in (".bd-sidebar-primary", ".prev-next-footer", ".explorable input", ".bd-header-article"):
        assert not page.evaluate(f"[...document.querySelectorAll('{gone}')].some({shown})"), gone
    assert page.evaluate(f"({shown})(document.querySelector('.bd-article h1'))")
    assert page.evaluate(f"({shown})(document.querySelector('#fig-lagrangian-ellipse img'))")
    assert page.evaluate(f"({shown})(document.querySelector('.explorable-elsewhere'))")
    assert page.evaluate(f"[...document.querySelectorAll('details .cell_input')].some({shown})")
