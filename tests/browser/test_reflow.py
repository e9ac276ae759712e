"""Pages enlarged: at 320 px, which is 1280 px enlarged four times, and with texts twice as large.

The accessibility guidelines ask for both (WCAG 1.4.10 and 1.4.4).
"""

import pytest

from .visit import NEXT_FRAME

SIZES = {"320": (320, "100%"), "twice": (1280, "200%")}


@pytest.fixture(params=SIZES)
def enlarged(request, unfolded):
    width, texts = SIZES[request.param]
    unfolded.page.set_viewport_size({"width": width, "height": 900})
    unfolded.page.evaluate(f"document.documentElement.style.fontSize = '{texts}'")
    unfolded.page.evaluate(NEXT_FRAME)
    return unfolded


def test_the_page_does_not_scroll_sideways(enlarged):
    assert enlarged.ask("questions", "questions.tooWide()") == []


def test_no_text_is_cut_off(enlarged):
    assert enlarged.ask("questions", "questions.cutOff()") == []


def test_nothing_moves_for_a_reader_who_prefers_that(enlarged):
    assert (
        enlarged.page.evaluate("document.getAnimations().map((each) => each.effect.target.outerHTML)") == []
    )
