"""On every page, light and dark, what is read stands out from its background: texts 4.5:1, the rest 3:1.

The pages' own colours are read in the browser; test_plots.py has the figures' palette for all kinds of sight.
"""

import re

import numpy as np
import pytest
from colour import contrast, in_dark_theme, rgb

from ngbook import plots

from .book import EXPLORABLES
from .visit import NEXT_FRAME

THEMES = ("light", "dark")


@pytest.fixture(params=THEMES)
def themed(request, unfolded):
    unfolded.page.evaluate("theme => (document.documentElement.dataset.theme = theme)", request.param)
    unfolded.page.evaluate(NEXT_FRAME)
    return unfolded


def test_texts_are_read_against_their_background(themed):
    found = themed.ask("contrast", "contrast.texts()")
    assert found["count"] > 20
    assert found["poor"] == []


def test_lines_and_marks_of_interactive_figures_are_seen(themed, request):
    found = themed.ask("contrast", "contrast.lines()")
    assert (found["count"] > 5) == (request.node.callspec.params["unfolded"] in EXPLORABLES)
    assert found["poor"] == []


def test_edges_of_what_can_be_operated_are_seen(themed):
    found = themed.ask("contrast", "contrast.edges('button, input, select')")
    assert found["count"] >= 1
    assert found["poor"] == []


def test_what_the_keyboard_has_reached_is_seen(themed):
    found = themed.ask("contrast", "contrast.rings()")
    assert found["count"] > 5
    assert found["poor"] == []


@pytest.mark.parametrize("theme", THEMES)
def test_the_palette_of_the_figures_stands_out_from_the_page_as_it_is(open_page, theme):
    background = open_page("index", theme=theme).ask("contrast", "contrast.background()")
    page = np.array([int(part) for part in re.findall(r"\d+", background)[:3]]) / 255
    for name, value in plots.PALETTE.items():
        colour = rgb(value) if theme == "light" else in_dark_theme(rgb(value))
        assert contrast(colour, page) >= (4.5 if name == "ink" else 3), name


# --- the questions themselves --------------------------------------------------------------------

PLANTED = {
    "texts": "<p style='color: rgb(119, 119, 119); background: rgb(255, 255, 255)'>4.48 to one</p>",
    "texts of a drawing": "<svg width='99' height='20' style='background: white'>"
    "<text y='15' fill='#777' font-size='13'>words</text></svg>",
    "texts through an opacity": "<p style='background: #fff'><i style='opacity: .4'>pale</i></p>",
    "texts on a tint": "<p style='background: rgba(0, 0, 0, .7)'><span style='color: #000'>dim</span></p>",
    "lines": "<div class='explorable'><svg width='9' height='9'><path d='M0,5h9V9' fill='#bbb'/></svg></div>",
    "edges": "<button style='border: 1px solid #aaa'>faint</button>",
    "rings": "<a href='#x' style='outline: none; box-shadow: none'>ringless</a>",
}


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_fault_is_found(open_page, kind):
    visited = open_page("reference/bibliography")
    question = {"edges": "contrast.edges('button')"}.get(kind, f"contrast.{kind.split()[0]}()")
    before = visited.ask("contrast", question)
    visited.page.evaluate(
        "(markup) => document.querySelector('main').insertAdjacentHTML('beforeend', markup)", PLANTED[kind]
    )
    after = visited.ask("contrast", question)
    assert len(after["poor"]) == len(before["poor"]) + 1


def test_the_ratio_is_that_of_the_guidelines(open_page):
    """In the browser and in Python: black on white 21, and figures inverted as the dark theme does."""
    visited = open_page("reference/bibliography")
    for colour in ("#777777", "#c04a00", "#005ea8"):
        assert visited.ask("contrast", f"contrast.ratio('{colour}', '#ffffff')") == pytest.approx(
            contrast(rgb(colour), np.ones(3)), rel=1e-6
        )
        inverted = visited.ask("contrast", f"contrast.inverted('{colour}')")
        np.testing.assert_allclose(inverted[:3], in_dark_theme(rgb(colour)), atol=1e-6)
    assert visited.ask("contrast", "contrast.ratio('black', 'white')") == pytest.approx(21)
