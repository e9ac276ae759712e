"""Live pages in a browser: nothing before the button, and behind it Python, which can be stopped.

Chapters are opened as files, as by a reader who has just built the book; the small book comes from a server.
"""

import json
import re
from importlib.metadata import version

import pytest
from live import needs
from playwright.sync_api import expect

from . import small_book
from .runtime import COMPLETE, RUNTIME, fetch
from .serving import served

CONTRAST = """axe.run({include: ['.live-bar', '.live-editor', '.live-error']}, {runOnly: ['color-contrast']})
  .then(({ violations }) => violations.flatMap(({ nodes }) => nodes.map((each) => each.failureSummary)))"""
START, STATUS, ERROR, ABOUT = ".live-start", ".live-status", ".live-error", ".live-about"
CHAPTER = "foundations/distance"
LONG = 240_000  # milliseconds for Python to start on a busy machine
SHORT = 60_000


@pytest.fixture(scope="module")
def pyodide():
    with served(fetch()) as address:
        yield f"{address}/"


@pytest.fixture(scope="module")
def coin(visit, pyodide, tmp_path_factory):
    """The small book's page, its cells run."""
    pages = small_book.build(tmp_path_factory.mktemp("small"))
    with served(pages) as address, visit(f"index?pyodide={pyodide}", origin=address) as visited:
        visited.errors.clear()  # what the bare theme says when it is opened
        yield visited


def restore(page):
    """The page as it is printed, by the button in the disclosure, which is opened and closed."""
    page.locator(f"{ABOUT} summary").click()
    page.get_by_role("button", name="Restore").click()
    expect(page.locator("textarea")).to_have_count(0)
    expect(page.locator(START)).to_be_focused()
    expect(page.get_by_role("button", name="Restore")).to_have_count(0)
    page.locator(f"{ABOUT} summary").click()


def run_page(page):
    """Press the button, as some do, twice; only the first time has Python to be started."""
    page.locator(START).dblclick()
    expect(page.locator(STATUS)).to_contain_text("3 cells ran", timeout=LONG)


def code(page, number):
    return page.locator(f"#live-code-{number}")


def cell(page, number):
    return page.locator(".bd-article div.cell").nth(number - 1)


def run_cell(page, number, source):
    code(page, number).fill(source)
    code(page, number).press("Shift+Enter")


# --- before the button ---------------------------------------------------------------------------


def test_before_the_button_nothing_is_fetched_and_nothing_moves(open_page):
    visited = open_page(CHAPTER)
    visited.page.wait_for_timeout(500)
    assert visited.outside() == []
    live = {address.rsplit("/", 1)[1] for address in visited.requests if "/_static/live/" in address}
    assert {name.split("?")[0] for name in live} == {"start.js", "live.css"}
    assert visited.page.locator("textarea").count() == 0
    button = visited.page.get_by_role("button", name="Run this page")
    expect(button).to_be_visible()
    expect(visited.page.locator(".live-bar").get_by_role("button")).to_have_count(1)
    expect(visited.page.locator(STATUS)).to_be_empty()
    about = visited.page.locator(ABOUT)
    expect(about.locator("p").first).to_be_hidden()
    about.locator("summary").press("Enter")
    expect(about.locator("p").first).to_contain_text("45 MB from cdn.jsdelivr.net")
    expect(about.locator("tr[data-package]")).to_have_count(4)
    visited.page.emulate_media(media="print")
    expect(visited.page.locator(START)).to_be_hidden()


def test_without_scripts_there_is_no_button(open_page):
    visited = open_page(CHAPTER, java_script_enabled=False)
    expect(visited.page.locator(START)).to_be_hidden()


def test_without_a_network_the_page_says_so_and_stays(open_page):
    visited = open_page(CHAPTER, offline=True)
    page = visited.page
    before = page.locator(".bd-article").inner_text()
    for _ in range(2):  # it can be tried again
        page.locator(START).click()
        expect(page.locator(STATUS)).to_contain_text("Is there a network?", timeout=SHORT)
        assert "cdn.jsdelivr.net" in page.locator(STATUS).inner_text()
    assert page.locator("textarea").count() == 0
    after = page.locator(".bd-article").inner_text()
    assert after.replace(page.locator(STATUS).inner_text(), "").split() == before.split()


# --- a page that runs ----------------------------------------------------------------------------


@pytest.fixture
def running(coin):
    """The page with Python, its cells as they were printed and run."""
    page = coin.page
    if page.locator("textarea").count():
        restore(page)
    expect(cell(page, 2)).to_contain_text("stored output 2")
    expect(page.locator(".pasted-text")).to_have_text("seven")
    run_page(page)
    return page


def test_the_symbolic_engine_runs_and_its_outputs_replace_the_stored_ones(running, coin, pyodide):
    expect(cell(running, 2)).to_contain_text("the variance is -p*(p - 1)")
    expect(cell(running, 2).locator(".katex-display")).to_be_visible()
    assert "- \\frac{1}{p \\left(p - 1\\right)}" in cell(running, 2).locator("annotation").text_content()
    for number in (1, 2, 3):
        expect(running.get_by_text(f"stored output {number}")).to_be_hidden()
    expect(running.locator(".pasted-text")).to_have_text("three")
    # From outside came Pyodide's core and nothing else.
    assert {address.removeprefix(pyodide) for address in coin.outside()} == {
        "pyodide.mjs",
        "pyodide.asm.mjs",
        "pyodide.asm.wasm",
        "python_stdlib.zip",
        "pyodide-lock.json",
    }
    assert coin.errors == []


def test_another_version_than_the_one_that_wrote_the_outputs_is_said(running):
    here = version("sympy")
    expect(running.locator(STATUS)).to_contain_text(
        f"SymPy {here} ran here, and SymPy old {here} for the printed outputs: "
        "the form of formulas may differ."
    )
    row = running.locator(f"{ABOUT} tr[data-package]")
    assert row.locator("td").all_text_contents() == [f"old {here}", here]
    expect(row).to_have_class("live-other")


def test_the_disclosure_names_the_versions_of_pyodide(pyodide):
    """Before Python is there the page says what the pinned list of packages says."""
    listed = json.loads((fetch() / "pyodide-lock.json").read_text(encoding="utf-8"))
    assert listed["info"]["python"] == RUNTIME["python"]
    assert {name: listed["packages"][name]["version"] for name in needs.COMPILED} == RUNTIME["packages"]


def test_an_edited_cell_gives_the_new_output(running):
    run_cell(running, 3, "for j in range(3):\n    print(j, sp.binomial(4, j))")
    expect(cell(running, 3).locator(".live-text")).to_have_text("0 1\n1 4\n2 6\n", timeout=SHORT)
    expect(running.locator(STATUS)).to_contain_text("Cell 3 ran")


def test_a_cell_finds_the_results_that_chapters_read(running):
    path = 'Path("../results/trpo_cartpole.json").read_text(encoding="utf-8")'
    run_cell(
        running, 3, f"import json\nfrom pathlib import Path\nprint(json.loads({path})['settings']['task'])"
    )
    expect(cell(running, 3).locator(".live-text")).to_have_text("CartPole-v1\n", timeout=SHORT)


def test_an_error_stops_the_page_and_can_be_reached(running):
    code(running, 2).fill("1 / 0")
    running.locator(START).click()
    expect(running.locator(STATUS)).to_contain_text("Cell 2 of 3 was stopped by an error", timeout=SHORT)
    expect(cell(running, 3)).to_contain_text("not run")
    running.get_by_role("button", name="Go to the error").press("Enter")
    error = cell(running, 2).locator(ERROR)
    expect(error).to_be_focused()
    expect(error).to_contain_text("ZeroDivisionError: division by zero")
    expect(error).to_contain_text('File "<cell 2>", line 1')


def test_what_a_value_shows_cannot_run_anything(running):
    run_cell(
        running,
        3,
        "from IPython.display import HTML\n"
        'HTML(\'<p onclick="x()">plain <b>bold</b></p><img src=x onerror="document.title = 1">'
        "<script>document.title = 2</script>')",
    )
    output = cell(running, 3).locator(".text_html")
    expect(output).to_have_text("plain bold", timeout=SHORT)
    assert output.inner_html().strip() == "<p>plain <b>bold</b></p>"


def test_restore_brings_the_printed_page_back(running):
    run_cell(running, 3, "print('something else')")
    expect(cell(running, 3)).to_contain_text("something else", timeout=SHORT)
    restore(running)
    expect(cell(running, 3).locator(".cell_input pre")).to_have_text(small_book.CELLS[2])
    for number in (1, 2, 3):
        expect(running.get_by_text(f"stored output {number}")).to_be_visible()
    expect(running.locator(".pasted-text")).to_have_text("seven")
    expect(running.locator(".live-output")).to_have_count(0)


def test_a_run_can_be_stopped(running):  # last, as Python has to be started again after it
    run_cell(running, 1, "print('begun')\nwhile True:\n    pass")
    expect(cell(running, 1)).to_contain_text("begun", timeout=SHORT)
    expect(running.locator(START)).to_have_text("Stop")
    running.locator(START).click()
    expect(running.locator(START)).to_have_text("Run this page")
    expect(running.locator(STATUS)).to_contain_text("Its variables are gone")
    expect(cell(running, 1)).to_contain_text("stopped; not finished")
    # Without variables one cell alone means nothing: what stands before it runs, too.
    code(running, 1).fill("x = 20")
    run_cell(running, 2, "print(x + 1)")
    expect(cell(running, 2).locator(".live-text")).to_have_text("21\n", timeout=LONG)


# --- a chapter, by keyboard ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def chapter(visit, pyodide):
    """A chapter whose compiled packages could not be fetched, on a phone, started without a mouse."""
    with visit(f"{CHAPTER}?pyodide={pyodide}", width=390) as visited:
        for _ in range(60):
            visited.press("Tab")
            if visited.page.evaluate(f"document.activeElement.matches('{START}')"):
                break
        visited.press("Enter")
        expect(visited.page.locator(STATUS)).to_contain_text("stopped by an error", timeout=LONG)
        cell(visited.page, 3).locator("summary").press("Enter")  # a check, folded
        yield visited


def test_what_could_not_be_loaded_is_an_error_where_it_is_needed(chapter):
    expect(cell(chapter.page, 1).locator(ERROR)).to_contain_text("No module named")
    assert chapter.page.locator(ERROR).count() == 1
    expect(cell(chapter.page, 3)).to_contain_text("not run")
    # What was not run shows what is stored.
    expect(cell(chapter.page, 3).locator(".output.stream")).to_be_visible()


def test_a_cell_is_reached_left_and_run_by_keyboard(chapter):
    page = chapter.page
    code(page, 3).focus()
    chapter.press("Tab")  # out of the code, and not into it
    expect(page.get_by_role("button", name="Run cell 3", exact=True)).to_be_focused()
    chapter.press("Shift+Tab", "Control+a")
    page.keyboard.type("if 2 > 1:\nprint('so')")
    assert code(page, 3).input_value() == "if 2 > 1:\n    print('so')"  # Enter keeps the indentation
    chapter.press("Shift+Enter")
    expect(cell(page, 3).locator(".live-text")).to_have_text("so\n", timeout=SHORT)
    expect(code(page, 3)).to_be_focused()


def test_axe_finds_nothing_on_a_live_page(chapter):
    for fold in chapter.page.locator("details.hide").all()[:4]:
        fold.evaluate("fold => { fold.open = true; }")
    assert chapter.ask("questions.tooWide()") == []
    chapter.ask("questions.fold()")
    assert chapter.ask("questions.axe()") == []
    for theme in ("light", "dark"):
        chapter.page.emulate_media(color_scheme=theme)
        expect(chapter.page.locator("html")).to_have_attribute("data-theme", theme)
        assert chapter.ask(CONTRAST) == []


# --- whole chapters, where there is a complete runtime -------------------------------------------


@pytest.mark.skipif(not COMPLETE, reason="LIVE_RUNTIME names no complete copy of Pyodide")
@pytest.mark.parametrize("name", ["foundations/distance", "reinforcement/trpo_and_ppo"])
def test_a_whole_chapter_runs(open_page, name):
    with served(COMPLETE) as address:
        page = open_page(f"{name}?pyodide={address}/").page
        figures = page.locator(".cell_output figure img").count()
        page.locator(START).click()
        expect(page.locator(STATUS)).to_contain_text("cells ran", timeout=900_000)
        assert page.locator("img.live-figure").count() == figures
        for k in range(page.locator(".bd-article div.cell").count()):
            printed = cell(page, k + 1).locator(".output.stream:not(.live-output) pre").all_text_contents()
            live = cell(page, k + 1).locator(".output.stream.live-output pre").all_text_contents()
            assert re.sub(r"\s+", " ", "".join(live)) == re.sub(r"\s+", " ", "".join(printed))
