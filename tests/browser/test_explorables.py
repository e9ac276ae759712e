"""The interactive figures by keyboard alone: every input moves the picture and the sentence beside it."""

import re

import pytest

from .book import EXPLORABLES

INPUTS = ".explorable :is(input, select)"
DRAWING = "document.querySelector('.explorable-drawings').innerHTML"
SENTENCE = "document.querySelector('.explorable-status').textContent"
# As wide as a desk, and as narrow as a page enlarged four times, for a reader who prefers that nothing moves.
SIZES = {"wide": {}, "narrow": {"width": 320, "theme": "dark", "reduced_motion": "reduce"}}


def test_there_are_eight():
    assert len(EXPLORABLES) >= 8


@pytest.fixture(scope="module", params=[(p, size) for p in EXPLORABLES for size in SIZES], ids="-".join)
def explorable(request, visit):
    page, size = request.param
    with visit(page, **SIZES[size]) as visited:
        yield visited


def state(visited):
    """The sentence and the picture; its clips are numbered anew each time that it is drawn."""
    sentence, drawing = visited.page.evaluate(f"[{SENTENCE}, {DRAWING}]")
    return sentence, re.sub(r"explorable-clip-\d+", "clip", drawing)


def reached_by_tab(visited):
    """The ids of the inputs that Tab leads to, from the first of them to the button behind the last."""
    visited.page.focus(INPUTS)
    ids = []
    for _ in range(30):
        focused = "document.activeElement"
        if visited.page.evaluate(f"{focused}.matches('.explorable-reset')"):
            return ids
        if visited.page.evaluate(f"{focused}.matches('{INPUTS}')"):
            ids.append(visited.page.evaluate(f"{focused}.id"))
        visited.press("Tab")
    raise AssertionError(f"Tab never leads to the button behind the inputs, only to {ids}")


def visible_inputs(visited):
    every = f"[...document.querySelectorAll('{INPUTS}')]"
    return visited.page.evaluate(f"{every}.filter((i) => i.checkVisibility()).map((i) => i.id)")


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
    inputs = explorable.page.query_selector_all(INPUTS)
    assert inputs
    for each in inputs:
        assert each.evaluate("(i) => [...i.labels].map((label) => label.textContent.trim()).join('')")
        if each.get_attribute("type") == "range":
            number = each.evaluate("(i) => i.labels[0].parentElement.querySelector('output').textContent")
            assert each.get_attribute("aria-valuetext") == number


def test_every_slider_moved_by_keyboard_changes_the_picture_and_the_sentence(explorable):
    reset(explorable)
    for _ in each_choice(explorable):
        ids = reached_by_tab(explorable)
        assert ids == visible_inputs(explorable)
        for slider in ids:
            if explorable.page.get_attribute(f"#{slider}", "type") != "range":
                continue
            explorable.page.focus(f"#{slider}")
            for key in ("Home", "PageUp", "PageUp", "PageUp"):
                before = state(explorable)
                value = explorable.page.input_value(f"#{slider}")
                explorable.press(key)
                if explorable.page.input_value(f"#{slider}") != value:
                    after = state(explorable)
                    assert after[0] != before[0], f"{slider}, {key}: the sentence stays {before[0]!r}"
                    assert after[1] != before[1], f"{slider}, {key}: the picture stays"
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
    assert explorable.ask("questions", "questions.unnamedDrawings()") == []
    assert explorable.ask("questions", "questions.wordsOutsideDrawings()") == []


def test_nothing_scrolls_sideways_whatever_is_chosen(explorable):
    reset(explorable)
    for _ in each_choice(explorable):
        assert explorable.ask("questions", "questions.tooWide()") == []


def test_nothing_moves_by_itself(explorable):
    reset(explorable)
    before = state(explorable)
    explorable.page.wait_for_timeout(150)
    assert state(explorable) == before
    moving = "document.querySelector('.explorable').getAnimations({subtree: true}).length"
    assert explorable.page.evaluate(moving) == 0


@pytest.mark.parametrize("page", EXPLORABLES)
def test_the_ordinary_figure_stands_where_scripts_do_not_run(open_page, page):
    visited = open_page(page, java_script_enabled=False)
    figure = visited.page.query_selector("[class*='tag_explorable-'] figure img")
    assert figure.is_visible() and figure.evaluate("(image) => image.naturalWidth") > 100
    assert visited.page.query_selector(".explorable") is None


@pytest.mark.parametrize("page", EXPLORABLES)
def test_the_drawing_follows_the_width_of_the_page(open_page, page):
    visited = open_page(page)
    visited.page.set_viewport_size({"width": 400, "height": 800})
    width = (
        "Math.max(...[...document.querySelectorAll('.explorable-drawings svg')].map((s) => s.clientWidth))"
    )
    visited.page.wait_for_function(f"{width} < 400")
    visited.page.set_viewport_size({"width": 1280, "height": 800})
    visited.page.wait_for_function(f"{width} > 300")
    assert visited.errors == []
