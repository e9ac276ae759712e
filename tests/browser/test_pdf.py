"""The whole book as a PDF: made once, as `make pdf` does, and read again."""

import re
import subprocess
import sys

import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader
from pypdfium2 import PdfDocument
from test_algorithms import BOXES, code_of

from book.pdf import pages, printer

from .book import HTML, ROOT
from .conftest import PATIENCE
from .visit import Visit

FILE = HTML.parent / "natural-gradients.pdf"
MEGABYTE = 1_000_000
OWN_FONTS = ("STIX", "DejaVuSans", "KaTeX_")  # of the machine's own fonts there is none
FORMULAS = "div.math .katex-html"
WIDE = """<body style="margin: 0"><p>short</p><div class="math"><span class="katex"><span class="katex-html">
<span class="base" style="display: inline-block; width: 300px">narrow</span></span></span></div>{}</body>"""


@pytest.fixture(scope="module")
def pdf():
    """The file, printed in a process of its own, as the browser of these tests runs in this one."""
    FILE.unlink(missing_ok=True)
    run = subprocess.run([sys.executable, "-m", "book.pdf"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    with FILE.open("rb") as stream:
        yield PdfReader(stream)


@pytest.fixture(scope="module")
def printed(pdf, browser):
    """The document that was printed, in the browser of these tests."""
    page = browser.new_page()
    page.set_default_navigation_timeout(PATIENCE)
    visited = Visit(page, (HTML.parent / "pdf" / "book.html").as_uri())
    visited.open()
    yield visited
    page.close()


@pytest.fixture(scope="module")
def texts(pdf):
    """The text of every page, without spaces: where they are is the reader's guess."""
    return [re.sub(r"\s", "", page.get_textpage().get_text_range()) for page in PdfDocument(FILE)]


@pytest.fixture(scope="module")
def links(pdf):
    """(page number, target) of every link: a destination's name, or an address."""
    found = []
    for number, page in enumerate(pdf.pages, start=1):
        for annotation in map(lambda a: a.get_object(), page.get("/Annots", [])):
            if annotation["/Subtype"] == "/Link":
                target = annotation["/Dest"] if "/Dest" in annotation else annotation["/A"]["/URI"]
                found.append((number, str(target).removeprefix("/")))
    return found


@pytest.fixture(scope="module")
def places(pdf):
    """{name of a destination: page number}."""
    named = pdf.named_destinations.items()
    return {name.removeprefix("/"): pdf.get_destination_page_number(place) + 1 for name, place in named}


@pytest.fixture(scope="module")
def outline(pdf):
    """(level, title, page number) of every bookmark."""

    def walk(items, level):
        for item in items:
            if isinstance(item, list):
                yield from walk(item, level + 1)
            else:
                yield level, item.title, pdf.get_destination_page_number(item) + 1

    return list(walk(pdf.outline, 0))


def equations():
    """(page of the book, id, number) of every numbered equation of the built pages."""
    for page in pages.read():
        built = (HTML / f"{page.name}.html").read_text(encoding="utf-8")
        for identifier, number in re.findall(
            r'<div class="math[^>]* id="([^"]+)"><span class="eqno">(\([\d.]+\))', built
        ):
            yield page, identifier, number


def test_every_equation_is_there_and_its_links_lead_to_it(texts, links, places):
    wanted = {f"{page.anchor}.{identifier}": number for page, identifier, number in equations()}
    assert len(wanted) > 200 and len(set(wanted.values())) == len(wanted)
    linked = {target for _, target in links if ".equation-" in target}
    assert len(linked) > 200 and linked <= set(wanted)
    wrong = [(name, places[name]) for name in linked if wanted[name] not in texts[places[name] - 1]]
    assert not wrong
    everything = "".join(texts)
    assert not [number for number in wanted.values() if number not in everything]


def test_no_formula_is_lost(pdf):
    """In the document that was printed there are as many as on the pages."""
    text = (HTML.parent / "pdf" / "book.html").read_text(encoding="utf-8")
    built = [(HTML / f"{page.name}.html").read_text(encoding="utf-8") for page in pages.read()]
    articles = [BeautifulSoup(html, "html.parser").select_one("article") for html in built]
    shown, hidden = (
        ".katex-html",
        "[hidden] .katex-html",
    )  # what awaits a script
    wanted = sum(len(article.select(shown)) - len(article.select(hidden)) for article in articles)
    printed = text[text.index('<section class="chapter') :].count('class="katex-html"')
    assert printed == wanted > 2000


def test_the_code_of_every_algorithm_is_there(texts):
    """On one page, line for line."""
    for _, label, body in BOXES:
        code = re.sub(r"\s", "", "".join(code_of(body)))
        pages = [text for text in texts if code in text.replace("\ufffe", "-")]  # a hyphen that ends a line
        assert len(pages) == 1, label


def test_links_lead_into_the_file_or_to_the_web(links, places):
    lost = [link for link in links if not link[1].startswith("https://") and link[1] not in places]
    assert len(links) > 1000 and not lost


def test_every_page_of_the_book_is_a_bookmark(outline, places):
    level = {anchor: number for anchor, number in places.items()}
    marked = {number for _, _, number in outline}
    assert [page.name for page in pages.read() if level[page.anchor] not in marked] == []
    parts = [title for depth, title, _ in outline if depth == 0]
    assert parts[:2] == ["Contents", "Preface"] and len(parts) == 10


def test_the_contents_name_the_pages(texts, outline):
    first, end = (next(n for _, title, n in outline if title == name) for name in ("Contents", "Preface"))
    joined = "\n".join(texts[first - 1 : end - 1])
    parts = outline[[title.startswith("Part") for _, title, _ in outline].index(True) :]
    chapters = [(re.sub(r"\s", "", title), n) for depth, title, n in parts if depth == 1]
    assert len(chapters) > 15
    assert [] == [t for t, n in chapters if not re.search(re.escape(t) + rf"{n}(?!\d)", joined)]


def test_page_numbers_are_those_of_the_file(texts):
    wrong = [k for k, text in enumerate(texts, start=1) if str(k) not in text]
    assert len(wrong) <= 10  # the title, what is behind it, and the eight pages of the parts


def test_fonts_are_in_the_file_and_are_the_book_s(pdf):
    fonts = {}
    for page in pdf.pages:
        for font in page["/Resources"].get("/Font", {}).values():
            font = font.get_object()
            inner = font.get("/DescendantFonts", [font])[0].get_object()
            fonts[str(font.get("/BaseFont"))] = inner.get("/FontDescriptor", {})
    assert len(fonts) > 8
    assert not [
        name for name, found in fonts.items() if not any(k in found for k in ("/FontFile2", "/FontFile3"))
    ]
    assert not [name for name in fonts if not name.partition("+")[2].startswith(OWN_FONTS)]


def test_the_file_says_what_it_is(pdf):
    assert pdf.metadata.title == "Natural Gradients: from trust regions to reinforcement learning"
    assert pdf.metadata.author == "The contributors of Natural Gradients"
    root = pdf.trailer["/Root"]
    assert root["/Lang"] == "en-GB" and root["/MarkInfo"]["/Marked"] and root["/PageMode"] == "/UseOutlines"


def test_size(pdf):
    assert 600 < len(pdf.pages) < 1300
    assert 2 * MEGABYTE < FILE.stat().st_size < 36 * MEGABYTE


def test_no_letter_is_of_a_font_of_this_machine(printed):
    assert printed.borrowed(least=500) == []


@pytest.mark.parametrize(
    ("block", "over"),
    [
        ("", 0),
        ('<div style="width: 600px">x</div>', 1),
        ('<p style="margin-left: -40px">x</p>', 1),
        ("<pre>" + "x" * 200 + "</pre>", 1),
    ],
)
def test_what_is_wider_than_the_column_is_found(browser, block, over):
    page = browser.new_page(viewport={"width": printer.COLUMN, "height": 800})
    page.set_content(WIDE.format(block))
    assert len(page.evaluate(printer.FIT)) == over
    page.close()


def test_a_wide_formula_is_set_smaller_and_then_fits(browser):
    page = browser.new_page(viewport={"width": printer.COLUMN, "height": 800})
    page.set_content(WIDE.format("").replace("width: 300px", "width: 60em").replace("narrow", "wide"))
    assert page.evaluate(printer.FIT) == []
    assert page.evaluate("document.querySelector('.base').getBoundingClientRect().right") <= printer.COLUMN
    page.close()


HEIGHTS = """(formulas) => formulas.map((each) => {
  const { height } = each.getBoundingClientRect();
  return [each.textContent, Math.round((100 * height) / parseFloat(getComputedStyle(each).fontSize))];
})"""


@pytest.mark.parametrize("name", ["foundations/distance", "reinforcement/trpo_and_ppo"])
def test_formulas_are_set_as_on_the_pages(printed, visit, name):
    with visit(name, java_script_enabled=False) as visited:
        shown = visited.page.eval_on_selector_all(f"article {FORMULAS}", HEIGHTS)
    chapter = f'[id="{name.replace("/", ".")}"]'
    in_print = printed.page.eval_on_selector_all(f"{chapter} {FORMULAS}", HEIGHTS)
    assert len(in_print) > 10
    assert [text for text, _ in sorted(in_print)] == [text for text, _ in sorted(shown)]
    heights = ([height for _, height in sorted(found)] for found in (in_print, shown))
    # In hundredths of the size; pixels are rounded.
    assert next(heights) == pytest.approx(next(heights), abs=6)


def test_bookmarks_are_in_words(outline):
    titles = [title for _, title, _ in outline]
    assert "Part I Foundations" in titles
    assert "2 Trust regions: how far can a linear model be trusted?" in titles
