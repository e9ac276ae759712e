"""Exercises that answer back, in the browser: by keyboard, kept, cleared, and absent without scripts."""

import answers as forms
import numpy as np
import pytest

from .book import CHAPTERS, ROOT

SAID = "form.answer[data-answer='{0}'] .answer-said"
INPUTS = "form.answer[data-answer='{0}'] input"
# What has the focus: the form, and which of its fields, or its button.
FOCUS = """() => {
  const form = document.activeElement.closest("form.answer");
  const controls = [...form.querySelectorAll("input, button")];
  return [form.dataset.answer, controls.indexOf(document.activeElement)];
}"""
HEARD = """(label) => {
  const form = document.querySelector(`form.answer[data-answer='${label}']`);
  const said = form.querySelector("[role=status]");
  return [said.textContent, form.querySelectorAll("[aria-invalid=true]").length];
}"""


# A long chapter is laid out anew whenever something in it has moved.
ALONE = """() => document.querySelectorAll("article section section").forEach((section) => {
  if (!section.querySelector("form.answer, .answer-progress")) section.style.display = "none";
})"""


# The rest of each page is looked at by test_pages.py.
AXE = """axe.run({include: ["form.answer", ".answer-progress"]})
  .then((result) => result.violations.map((each) => each.id))"""


def noted(name):
    return forms.noted(ROOT / "book" / f"{name}.ipynb")


@pytest.fixture(scope="module", params=CHAPTERS)
def chapter(request, visit):
    with visit(request.param, width=390, theme="dark") as visited:
        visited.page.evaluate(ALONE)
        yield request.param, visited


def enter(visited, label, value):
    """Answer by the keyboard alone, from the form's first field on."""
    page = visited.page
    page.locator(INPUTS.format(label)).first.focus()
    if isinstance(value, str):
        page.keyboard.press("Space")  # the first option, or the one that was chosen, which has the focus
        for _ in range(10):
            if page.evaluate("document.activeElement.value") == value:
                break
            page.keyboard.press("ArrowDown")
    else:
        for k, text in enumerate(value):
            if k:
                page.keyboard.press("Tab")
            page.keyboard.press("ControlOrMeta+a")
            page.keyboard.type(text)
    page.keyboard.press("Enter")
    return page.evaluate(HEARD, label)


def typed(value):
    return value if isinstance(value, str) else [f"{entry:.6g}" for entry in np.ravel(value)]


def test_every_exercise_answers_to_the_keyboard(chapter):
    name, visited = chapter
    for label, made in noted(name).items():
        for value, hint in made.mistakes:
            said, marked = enter(visited, label, typed(value))
            assert said == f"Not right: {hint}" and marked, label
        said, marked = enter(visited, label, typed(made.right))
        assert (said.startswith("You predicted") if made.predicted else said == "Right.") and not marked, (
            label
        )
    count = visited.page.locator(".answer-progress span").inner_text()
    assert count == f"{len(noted(name))} of {len(noted(name))} answered on this page."
    assert visited.errors == []


def test_axe_finds_nothing_when_answers_have_been_judged(chapter):
    name, visited = chapter
    for label, made in noted(name).items():
        if not isinstance(made.right, str):
            enter(visited, label, ["nothing"] * np.size(made.right))
    assert visited.ask(AXE) == []


def test_tab_leads_through_the_fields_to_the_button(chapter):
    name, visited = chapter
    for label, made in noted(name).items():
        choice = isinstance(made.right, str)
        fields = 1 if choice else np.size(made.right)
        if choice:
            enter(visited, label, made.right)  # so one of the options has the focus
        else:
            visited.page.locator(INPUTS.format(label)).first.focus()
        for _ in range(fields):
            visited.press("Tab")
        form, place = visited.page.evaluate(FOCUS)
        assert form == label and place == visited.page.locator(INPUTS.format(label)).count()


PAGE = "probability/kl_and_fisher"


def test_a_field_that_cannot_be_read_gets_the_focus(open_page):
    visited = open_page(PAGE)
    label, made = next((n, m) for n, m in noted(PAGE).items() if np.ndim(m.right) == 2)
    said, marked = enter(visited, label, ["1", "1,5", *typed(made.right)[2:]])
    assert "comma" in said and marked == 1
    assert visited.page.evaluate(FOCUS) == [label, 1]
    visited.page.keyboard.type("7")
    assert visited.page.evaluate(HEARD, label) == ["", 0]


def test_answers_are_kept_and_can_be_cleared(open_page):
    visited = open_page(PAGE)
    right = noted(PAGE)
    for label, made in right.items():
        enter(visited, label, typed(made.right))
    visited.open()
    assert [visited.page.evaluate(HEARD, label)[0] for label in right] == ["Right."] * len(right)
    visited.page.locator(".answer-progress button").focus()
    visited.press("Enter")
    assert [visited.page.evaluate(HEARD, label)[0] for label in right] == [""] * len(right)
    visited.open()
    assert visited.page.locator(".answer-progress span").inner_text().startswith("0 of")
    assert visited.page.evaluate(
        "[...document.querySelectorAll('form.answer input[type=text]')].every((i) => !i.value)"
    )


def test_a_browser_that_keeps_nothing_answers_all_the_same(open_page):
    visited = open_page(PAGE)
    visited.page.evaluate("() => { Storage.prototype.setItem = () => { throw new Error('full'); }; }")
    label, made = next(iter(noted(PAGE).items()))
    assert enter(visited, label, typed(made.right))[0] == "Right."
    assert visited.errors == []


def test_what_is_kept_may_be_nonsense(open_page):
    visited = open_page(PAGE)
    label, made = next(iter(noted(PAGE).items()))
    for kept in ("{", "[]", "3", f'{{"{label}": 5}}', f'{{"{label}": ["x", "y"]}}', f'{{"{label}": [null]}}'):
        visited.page.evaluate("kept => localStorage.setItem('ngbook-answers', kept)", kept)
        visited.open()
        assert enter(visited, label, typed(made.right))[0] == "Right.", kept
    assert visited.errors == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_without_scripts_only_the_form_is_missing(open_page, name):
    page = open_page(name, java_script_enabled=False).page
    assert page.locator("form.answer").count() == len(noted(name))
    assert not any(form.is_visible() for form in page.locator("form.answer, .answer-progress").all())
    assert all(option.is_visible() for option in page.locator(".answer-options li").all())


def test_on_paper_only_the_form_is_missing(open_page):
    page = open_page(PAGE).page
    page.emulate_media(media="print")
    assert not any(form.is_visible() for form in page.locator("form.answer, .answer-progress").all())
    assert all(option.is_visible() for option in page.locator(".answer-options li").all())
