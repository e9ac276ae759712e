"""Exercises that answer back, where readers meet them: on the pages, and in the notebooks for people."""

import re
from pathlib import Path

import answers as forms
import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup
from docutils import nodes
from sphinx.errors import ExtensionError

from ngbook.answers import Answer, encode

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "_build"
CHAPTERS = sorted((ROOT / "book").glob("*/*.ipynb"))


# --- the pages --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=CHAPTERS, ids=lambda path: path.stem)
def page(request):
    path = request.param
    html = BUILD / "html" / path.relative_to(ROOT / "book").with_suffix(".html")
    return path, BeautifulSoup(html.read_text(encoding="utf-8"), "html.parser")


def test_every_answer_has_its_form_in_its_exercise(page):
    path, soup = page
    found = {form["data-answer"]: form for form in soup.select("form[data-answer]")}
    assert list(found) == list(dict.fromkeys(found)) and set(found) == set(forms.noted(path))
    for label, made in forms.noted(path).items():
        form = found[label]
        assert form["data-key"] == encode([made])
        kind = "radio" if isinstance(made.right, str) else "text"
        inputs = form.select("input")
        assert {each["type"] for each in inputs} == {kind}
        assert len(inputs) == (
            len(made.mistakes) + 1 if kind == "radio" and not made.predicted else len(inputs)
        )
        assert kind == "radio" or len(inputs) == np.size(made.right)
        if not made.predicted:
            assert any(
                label in (s.get("id"), *(t["id"] for t in s.select("span[id]")))
                for s in form.parents
                if s.name == "section"
            )


def test_every_field_has_a_name_and_every_choice_its_option(page):
    _, soup = page
    for form in soup.select("form[data-answer]"):
        assert form.select_one("[role=status]") is not None and form.select_one("button[type=submit]")
        for field in form.select("input"):
            if field["type"] == "radio":
                option = soup.find(id=field["aria-describedby"])
                assert option.name == "li" and field.parent.name == "label"
            else:
                label = form.find("label", attrs={"for": field.get("id")})
                assert field.get("aria-label") or label.get_text(strip=True)


def test_no_cell_with_an_answer_is_on_a_page(page):
    _, soup = page
    for block in soup.select("div.highlight"):
        assert not re.search(r"^(?:answer|prediction)\($", block.get_text(), re.MULTILINE)


def test_a_page_says_how_many_are_answered_and_loads_one_script(page):
    _, soup = page
    assert len(soup.select(".answer-progress button[type=button]")) == 1
    (script,) = [each for each in soup.select("script[src]") if forms.SCRIPT in each["src"]]
    assert script.has_attr("defer")
    assert ".pst-js-only { display: none" in soup.select_one("noscript style").string
    for each in soup.select(".answer-progress, form.answer"):
        assert "pst-js-only" in each["class"]


def test_pages_without_forms_load_nothing():
    assert forms.SCRIPT not in (BUILD / "html" / "reference" / "glossary.html").read_text(encoding="utf-8")


# --- the notebooks for people -------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", ["", "without_solutions"])
@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_notebook_for_people_checks_the_same_answers(path, folder):
    edition = BUILD / "notebooks" / folder / path.relative_to(ROOT / "book")
    sources = [cell.source for cell in nbformat.read(edition, 4).cells if cell.cell_type == "code"]
    (loading,) = [source for source in sources if "load_answers(" in source]
    asked = re.findall(r'^check_answer\("([\w-]+)", \.\.\.\)$', "\n".join(sources), re.MULTILINE)
    assert sorted(asked) == sorted(forms.noted(path))
    assert sources.index(loading) < sources.index(f'check_answer("{asked[0]}", ...)')
    names = {}
    exec(loading, names)
    for label, made in forms.noted(path).items():
        assert names["check_answer"](label, made.right).verdict in ("right", "told")
    assert not any(re.search(r"^(?:answer|prediction)\(", source, re.MULTILINE) for source in sources)


# --- what stops a build -------------------------------------------------------------------------------------


def form_of(made, options=0, within="exercise-x-1"):
    form = forms.answer_form(label=made.label, options=options, answer=made)
    nodes.section("", form, names=[within])
    return form


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        (form_of(Answer("exercise-x-1", 1.0)), ""),
        (form_of(Answer("exercise-x-1", "a", (("b", "no."),)), 2), ""),
        (form_of(Answer("prediction-x-1", "a", predicted=True), 3), ""),
        (form_of(Answer("exercise-x-1", "a", (("b", "no."),))), "no letter"),
        (form_of(Answer("exercise-x-1", 1.0), 2), "no letter"),
        (form_of(Answer("exercise-x-1", "a", (("b", "no."),)), 3), "knows ['a', 'b']"),
        (form_of(Answer("prediction-x-1", "d", predicted=True), 3), "knows ['d']"),
        (form_of(Answer("exercise-x-1", 1.0), within="exercise-x-2"), "not in the section"),
    ],
)
def test_a_form_that_does_not_fit_its_answer_is_told(form, problem):
    told = forms._problem(form)
    assert problem in told if problem else not told


def doctored(folder, change):
    """The first of a chapter's cells that note an answer, changed."""
    cell = next(each for each in nbformat.read(CHAPTERS[0], 4).cells if forms.tag_of(each))
    change(cell)
    path = folder / "chapter.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    return path


def test_a_cell_that_was_not_run_or_notes_another_exercise_stops_the_build(tmp_path):
    (found,) = forms.noted(doctored(tmp_path, lambda cell: None)).items()
    assert found == next(iter(forms.noted(CHAPTERS[0]).items()))
    with pytest.raises(ExtensionError, match="leaves 0 answers"):
        forms.noted(doctored(tmp_path, lambda cell: cell.outputs.clear()))
    with pytest.raises(ExtensionError, match="notes"):
        forms.noted(doctored(tmp_path, lambda cell: cell.metadata.tags.__setitem__(0, "answer:exercise-x-9")))
