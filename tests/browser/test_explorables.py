"""The interactive figures by keyboard alone: every input moves the picture and the sentence beside it."""

import pytest

from .book import EXPLORABLES

INPUTS = ".explorable :is(input, select)"
# As wide as a desk, and as narrow as a page enlarged four times, for a reader who prefers that nothing moves.
SIZES = {"wide": {}, "narrow": {"width": 320, "theme": "dark", "reduced_motion": "reduce"}}
# The clips of a picture are numbered anew each time that it is drawn.
SEEN = """() => [document.activeElement.value, ...["status", "drawings"].map((part) =>
  document.querySelector(`.explorable-${part}`).innerHTML.replaceAll(/explorable-clip-\\d+/g, "clip"))]"""
FOCUSED = f"""() => {{
  const focused = document.activeElement;
  return focused.matches("{INPUTS}") ? focused.id : focused.matches(".explorable-reset") && "the button";
}}"""
VISIBLE = f"[...document.querySelectorAll('{INPUTS}')].filter((i) => i.checkVisibility()).map((i) => i.id)"
WIDEST = "Math.max(...[...document.querySelectorAll('.explorable-drawings svg')].map((s) => s.clientWidth))"


def test_there_are_nine():
    assert len(EXPLORABLES) >= 9


@pytest.fixture(scope="module", params=[(p, size) for p in EXPLORABLES for size in SIZES], ids="-".join)
def explorable(request, visit):
    page, size = request.param
    with visit(page, **SIZES[size]) as visited:
        visited.leave_alone(".explorable")
        yield visited


def seen(visited):
    """The value of what the keyboard has reached, the sentence, and the picture."""
    return visited.page.evaluate(SEEN)


def state(visited):
    """The sentence and the picture."""
    return tuple(seen(visited)[1:])


def reached_by_tab(visited):
    """The ids of the inputs that Tab leads to, from the first of them to the button behind the last."""
    visited.page.focus(INPUTS)
    ids = []
    for _ in range(30):
        focused = visited.page.evaluate(FOCUSED)
        if focused == "the button":
            return ids
        if focused:
            ids.append(focused)
        visited.press("Tab")
    raise AssertionError(f"Tab never leads to the button behind the inputs, only to {ids}")


def choices(visited):
    """How many things the list offers; one where there is no list."""
    return visited.page.evaluate("document.querySelector('.explorable select')?.options.length ?? 1")


def each_choice(visited):
    """Choose what the list offers, one after the other, by keyboard; once, where there is no list."""
    for choice in range(choices(visited)):
        if choice:
            visited.page.focus(".explorable select")
            visited.press("ArrowDown")
        yield


def reset(visited):
    visited.page.focus(".explorable-reset")
    visited.press("Enter")


def test_every_input_is_named_and_says_its_value(explorable):
    assert explorable.ask("questions.unnamedInputs()") == []


def test_every_slider_moved_by_keyboard_changes_the_picture_and_the_sentence(explorable):
    reset(explorable)
    for _ in each_choice(explorable):
        ids = reached_by_tab(explorable)
        assert ids == explorable.page.evaluate(VISIBLE)
        for slider in ids:
            if explorable.page.get_attribute(f"#{slider}", "type") != "range":
                continue
            explorable.page.focus(f"#{slider}")
            value, sentence, picture = seen(explorable)
            for key in ("Home", "PageUp", "PageUp", "PageUp"):
                explorable.press(key)
                before, (value, sentence, picture) = (value, sentence, picture), seen(explorable)
                if value != before[0]:
                    assert sentence != before[1], f"{slider}, {key}: the sentence stays {sentence!r}"
                    assert picture != before[2], f"{slider}, {key}: the picture stays"
    assert explorable.errors == []


def test_every_choice_changes_the_picture_and_the_sentence(explorable):
    reset(explorable)
    seen = {state(explorable)}
    for choice in range(1, choices(explorable)):
        explorable.page.focus(".explorable select")
        explorable.press("ArrowDown")
        seen.add(state(explorable))
        assert len(seen) == choice + 1


def test_the_button_leads_back_to_the_start(explorable):
    reset(explorable)
    start = state(explorable)
    explorable.page.focus(f"{INPUTS}[type=range]")
    explorable.press("End", "Home")
    assert state(explorable) != start
    reset(explorable)
    assert state(explorable) == start


def test_the_sentence_is_announced(explorable):
    status = explorable.page.query_selector(".explorable-status")
    assert status.get_attribute("role") == "status"
    before = status.text_content()
    explorable.page.focus(f"{INPUTS}[type=range]")
    explorable.press("End", "PageDown", "PageDown")
    # The very element that a screen reader listens to has another text.
    assert status.evaluate("(each) => each.isConnected")
    assert status.text_content() != before
    assert len(status.text_content()) > 40


def test_drawings_are_named_and_their_words_are_inside(explorable):
    drawings = ".explorable-drawings svg"
    assert explorable.page.evaluate(f"document.querySelectorAll('{drawings}').length") > 0
    assert explorable.ask("questions.unnamedDrawings()") == []
    assert explorable.ask("questions.wordsOutsideDrawings()") == []


def test_nothing_scrolls_sideways_whatever_is_chosen(explorable):
    reset(explorable)
    for _ in each_choice(explorable):
        assert explorable.ask("questions.tooWide()") == []


def test_nothing_moves_by_itself(explorable):
    reset(explorable)
    before = state(explorable)
    explorable.page.wait_for_timeout(150)
    assert state(explorable) == before
    moving = "document.querySelector('.explorable').getAnimations({subtree: true}).length"
    assert explorable.page.evaluate(moving) == 0


def test_the_drawing_follows_the_width_of_the_page(explorable):
    page, size = explorable.page, explorable.page.viewport_size
    width = page.evaluate(WIDEST)
    page.set_viewport_size({"width": 400, "height": 800})
    page.wait_for_function(f"{WIDEST} !== {width} && {WIDEST} < 400")
    page.set_viewport_size(size)
    page.wait_for_function(f"{WIDEST} === {width}")
    assert explorable.errors == []
