"""The questions that pages are asked: each finds a fault that is planted, and reckons as Python does."""

import re

import numpy as np
import pytest
from colour import contrast, in_dark_theme, rgb

from ngbook import plots

from .test_pages import OF_THE_BROWSER, QUESTIONS

PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
WORDS = "<svg width='99' height='20' style='background: white' {}><text y='15' {}>words</text></svg>"
PLANTED = {
    "axe": ["<button></button>", "<table><tr><th></th></tr><tr><td>1</td></tr></table>"],
    "broken": ["<img src='nowhere.png' alt='nothing'>"],
    "cutOff": ["<p style='position: fixed; top: 0; left: -20px'>cut off</p>"],
    "distorted": [f"<img src='{PIXEL}' alt='a square' style='width: 90px; height: 60px'>"],
    "edges": ["<button style='border: 1px solid #aaa'>faint</button>"],
    "figuresTooHigh": ["<figure style='height: 2000px'></figure>"],
    "headings": ["<h6>six levels down</h6>", "<h1>a second headline</h1>"],
    "landmarks": ["<nav>without a name</nav>", "<div role='main'>a second text</div>"],
    "lines": [
        "<div class='explorable'><svg width='9' height='9'><path d='M0,5h9V9' fill='#bbb'/></svg></div>"
    ],
    "moving": [
        "<style>@keyframes f { to { width: 0 } }</style><p style='animation: f 9s infinite'>moves</p>"
    ],
    "rings": ["<a href='#x' style='outline: none; box-shadow: none'>ringless</a>"],
    "scrollingCode": [f"<div class='cell_input'><pre style='white-space: pre'>{'long ' * 99}</pre></div>"],
    "stranded": [
        "<p style='width: 51px'><b style='display: inline-block; width: 20px'>a</b>"
        "<span class='math'><b class='base' style='display: inline-block; width: 30px'>x</b></span>, and</p>"
    ],
    "texts": [
        "<p style='color: rgb(119, 119, 119); background: rgb(255, 255, 255)'>4.48 to one</p>",
        WORDS.format("", "font-size='13' fill='#777'"),
        "<p style='background: #fff'><i style='opacity: .4'>pale</i></p>",
        "<p style='background: rgba(0, 0, 0, .7)'><span style='color: #000'>dim on a tint</span></p>",
    ],
    "sentenceForFigure": ["<div class='explorable'></div>"],
    "tooWide": ["<div style='width: 3000px'>wide</div>"],
    "unnamedDrawings": [f"<div class='explorable-drawings'>{WORDS.format('', '')}</div>"],
    "unnamedInputs": [
        "<div class='explorable'><input type='range'></div>",
        "<label class='explorable'>x <input type='range' aria-valuetext='1'><output>2</output></label>",
    ],
    "wordless": [f"<img src='{PIXEL}'>", f"<img src='{PIXEL}' alt='figure-2.svg'>"],
    "wordsOutsideDrawings": [f"<div class='explorable-drawings'>{WORDS.format('role=img', 'x=90')}</div>"],
}
PLANT = """async (markup) => {
  const planted = document.createElement("div");
  planted.innerHTML = markup;
  document.querySelector(".bd-article").append(planted);
  await Promise.all([...planted.querySelectorAll("img")].map((each) => each.decode().catch(() => {})));
  window.uproot = () => planted.remove();
}"""


@pytest.fixture(scope="module")
def small(visit):
    """The smallest page."""
    with visit("reference/bibliography") as visited:
        yield visited


def found(visited, question, *arguments):
    script = "contrast" if question in ("edges", "lines", "rings", "texts") else "questions"
    return visited.ask(f"{script}.{question}({', '.join(map(str, arguments))})")


@pytest.mark.parametrize(
    ("question", "markup"),
    [pytest.param(q, each, id=f"{q}-{k}") for q in PLANTED for k, each in enumerate(PLANTED[q])],
)
def test_a_planted_fault_is_found(small, question, markup):
    before = found(small, question)
    small.page.evaluate(PLANT, markup)
    try:
        after = found(small, question)
    finally:
        small.page.evaluate("uproot()")
    assert {*after} - {*before}


def test_every_question_is_tried_on_a_planted_fault():
    assert {*QUESTIONS} <= {*PLANTED, "faces", "theme", *OF_THE_BROWSER}


@pytest.mark.parametrize("question", ["edges", "lines", "rings", "texts"])
def test_to_look_at_too_little_is_a_fault(small, question):
    assert "10000 or more" in found(small, question, 10_000)[0]


def test_what_axe_does_not_read_is_excused_and_would_be_found(small):
    formula = "<math><mi>x</mi></math>"
    small.page.evaluate(PLANT, f"<table><tr><th>{formula}</th></tr><tr><td>1</td></tr></table>")
    assert [each.partition(":")[0] for each in found(small, "axe", "{}")] == ["empty-table-header"]
    assert found(small, "axe") == []
    small.page.evaluate("uproot()")


def test_a_letter_of_another_font_is_found(open_page):
    visited = open_page("search")
    assert visited.borrowed() == []
    visited.page.evaluate("document.querySelector('h1').append('\\u{1F600}')")
    visited.page.evaluate("document.querySelector('main').style.fontFamily = 'monospace'")
    letters = visited.borrowed()
    assert any("\N{GRINNING FACE}" in each for each in letters)
    assert any("| monospace |" in each for each in letters)
    assert "looked at" in visited.borrowed(least=10_000)[0]


def test_another_theme_and_requests_that_fail_are_noticed(open_page):
    visited = open_page("reference/bibliography", theme="dark")
    assert found(visited, "theme") == visited.outside() == visited.errors == []
    visited.turn("light")
    assert found(visited, "theme") == ["light for dark"]
    address = "http://127.0.0.1:9/picture.png"  # where nobody answers
    visited.page.evaluate(PLANT, f"<img src='{address}' alt='from elsewhere'>")
    assert visited.outside() == [address]
    assert any(address in error for error in visited.errors)


# --- colours -------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_palette_of_the_figures_stands_out_from_the_page_as_it_is(open_page, theme):
    background = open_page("index", theme=theme).ask("contrast.background()")
    page = np.array([int(part) for part in re.findall(r"\d+", background)[:3]]) / 255
    for name, value in plots.PALETTE.items():
        colour = rgb(value) if theme == "light" else in_dark_theme(rgb(value))
        assert contrast(colour, page) >= (4.5 if name == "ink" else 3), name


def test_the_ratio_is_that_of_the_guidelines(small):
    """In the browser and in Python: black on white 21, and figures inverted as the dark theme does."""
    for colour in ("#777777", "#c04a00", "#005ea8"):
        assert small.ask(f"contrast.ratio('{colour}', '#ffffff')") == pytest.approx(
            contrast(rgb(colour), np.ones(3)), rel=1e-6
        )
        inverted = small.ask(f"contrast.inverted('{colour}')")
        np.testing.assert_allclose(inverted[:3], in_dark_theme(rgb(colour)), atol=1e-6)
    assert small.ask("contrast.ratio('black', 'white')") == pytest.approx(21)
