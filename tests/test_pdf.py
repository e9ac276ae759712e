"""The document that the PDF is printed from, put together from three small pages."""

import re

import pytest
from bs4 import BeautifulSoup

from book.pdf import clean, document, links, pages

SEEN = '<span aria-hidden="true" class="katex-html"><span class="base"><span>1/σ²</span></span></span>'
TEX = "<annotation encoding='application/x-tex'>1/\\sigma^2</annotation>"
MATHML = (
    f"<math><semantics><mfrac><mn>1</mn><msup><mi>σ</mi><mn>2</mn></msup></mfrac>{TEX}</semantics></math>"
)
FORMULA = f'<span class="katex"><span class="katex-mathml">{MATHML}</span>{SEEN}</span>'
TOC = """
format: jb-book
root: index
parts:
  - caption: Beginnings
    numbered: 1
    chapters: [{file: a/first}, {file: a/second}]
"""
INDEX = """<section id="book"><h1>The book<a class="headerlink" href="#book">#</a></h1>
<p><a href="a/first.html">First</a></p></section>"""
FIRST = f"""<section id="first"><h1><span class="section-number">1. </span>First &amp; foremost</h1>
<section id="derivation"><h2>Derivation</h2>
<p>See <a href="second.html#equation-eq-b">(2.1)</a>, <a href="#derivation">here</a>,
<a href="../genindex.html">index</a>, <a href="https://example.org/">there</a>,
(<span class="math">{FORMULA}</span>), and on.</p>
<div class="cell tag_hide-input"><details><summary>Show</summary>
<div class="cell_input"><pre>draw()</pre></div></details>
<div class="cell_output"><img src="../_images/x.svg" alt="A line"></div></div>
<div class="cell tag_hide-input tag_check:eq-b"><details class="above-input"><summary>Show</summary>
<div class="highlight"><pre><span class="n">check</span> <span class="k">in</span></pre></div></details></div>
<div class="cell tag_hide-input" id="result"><details>
<div class="cell_input"><pre>result</pre></div></details>
<div class="cell_output"><div class="math">{FORMULA}</div></div></div>
<div class="cell tag_hide-input" id="prepare"><details>
<div class="cell_input"><pre>prepare()</pre></div></details></div>
</section>
<section id="exercises"><h2>Exercises</h2>
<section id="exercise-1"><h3>Exercise 1: think</h3><p>Why?</p>
<details><summary>Solution</summary><p>Because.</p></details></section>
</section></section>"""
SECOND = f"""<section id="second"><h1><span class="section-number">2. </span>Second</h1>
<section id="derivation"><h2>Derivation</h2>
<div class="math" id="equation-eq-b"><span class="eqno">(2.1)</span>{FORMULA}</div></section></section>"""


@pytest.fixture
def site(tmp_path):
    """Three pages, as they are built."""
    (tmp_path / "_toc.yml").write_text(TOC)
    (tmp_path / "a").mkdir()
    for name, body in {"index": INDEX, "a/first": FIRST, "a/second": SECOND}.items():
        sheet = '<link rel="stylesheet" href="../_static/katex.css?v=1">' if name != "index" else ""
        html = f'<nav id="first">no</nav><article class="bd-article">{body}</article>'
        (tmp_path / f"{name}.html").write_text(f"<head>{sheet}</head><body>{html}</body>", encoding="utf-8")
    return pages.read(tmp_path / "_toc.yml", tmp_path)


@pytest.fixture
def printed(site):
    """The document, parsed again."""
    text = document.assemble(site, document.Book("Title", "of a book", "Authors", "2026"))
    return BeautifulSoup(text, "html.parser")


def test_pages_stand_in_the_order_of_the_contents(site, printed):
    assert [page.name for page in site] == ["index", "a/first", "a/second"]
    chapters = [section["id"] for section in printed.select("section.chapter")]
    assert chapters == ["index", "a.first", "a.second"]


def test_ids_are_unique_and_every_link_inside_has_one(printed):
    ids = [element["id"] for element in printed.find_all(id=True)]
    assert len(ids) == len(set(ids)) and "a.first.derivation" in ids and "a.second.derivation" in ids
    inside = [link["href"][1:] for link in printed.find_all("a", href=re.compile("^#"))]
    assert "a.second.equation-eq-b" in inside
    assert set(inside) <= set(ids)


def test_no_link_leads_to_a_file(printed):
    outside = {link["href"] for link in printed.find_all("a") if not link["href"].startswith("#")}
    assert outside == {"https://example.org/", "https://creativecommons.org/licenses/by/4.0/"}


@pytest.mark.parametrize(
    ("href", "target"),
    [
        ("second.html", "#a.second"),
        ("../a/second.html#x", "#a.second.x"),
        ("../index.html#book", "#index.book"),
        ("#y", "#a.first.y"),
        ("#", "#a.first"),
        ("../_sources/a/first.ipynb", None),
        ("javascript:void(0)", None),
        ("https://example.org/#z", "https://example.org/#z"),
    ],
)
def test_where_a_link_leads(site, href, target):
    assert links.resolve(site[1], site, href) == target


def test_code_that_checks_stays_and_code_that_draws_goes(printed):
    text = printed.get_text()
    assert "check in" in text and "draw()" not in text and "prepare()" not in text
    assert printed.find("img", alt="A line") and printed.find(id="a.first.prepare")
    assert printed.select_one("#a\\.first\\.result .katex-html")
    assert not printed.find_all("details") and not printed.find_all("summary")
    assert printed.select_one("pre .k") and not printed.select_one("pre .n")


def test_solutions_stand_after_the_exercises(printed):
    first = printed.find(id="a.first")
    assert first.get_text().index("Why?") < first.get_text().index("Because.")
    assert "Because." not in first.find(id="a.first.exercises").get_text()
    assert first.find(id="a.first.solution-1").find("a")["href"] == "#a.first.exercise-1"
    assert printed.find(id="a.second.solutions") is None


def test_headings_of_chapters_stand_below_those_of_parts(printed):
    assert [h.get_text(" ", strip=True) for h in printed.find_all("h1")] == [
        "Contents",
        "Preface",
        "Part I Beginnings",
    ]
    assert [h.get_text(" ", strip=True) for h in printed.select("h2.level-1")] == [
        "1 First & foremost",
        "2 Second",
    ]


def test_the_contents_list_what_is_particular_to_a_chapter(printed):
    entries = [(p["class"][0], p.find(class_="text").get_text()) for p in printed.select(".contents p")]
    assert entries == [
        ("chapter", "Preface"),
        ("part", "Part I: Beginnings"),
        ("chapter", "First & foremost"),
        ("section", "Derivation"),
        ("section", "Exercises"),
        ("chapter", "Second"),
        ("section", "Derivation"),
    ]


def test_each_chapter_has_pages_with_its_title_at_the_foot(printed):
    rules = printed.find("style").get_text()
    assert '@page pages-a-first { @bottom-left { content: "1  First & foremost"; } }' in rules
    assert printed.select_one(".pages-a-first")["id"] == "a.first"


def test_the_style_sheet_of_the_formulas_comes_before_the_book_s(printed):
    sheets = [link["href"].rsplit("/", 1)[1] for link in printed.find_all("link")]
    assert sheets == ["katex.css", "book.css"]


def test_a_formula_comes_back_as_it_was_less_what_is_not_seen(printed):
    assert str(printed.select_one("#a\\.second .katex-html")) == SEEN
    assert not printed.find_all("math")
    assert printed.select_one("#a\\.second .spoken")["alt"] == "1/(σ^2)"


def test_punctuation_stays_on_the_line_of_its_formula(printed):
    together = printed.select_one(".together")
    assert together.get_text() == "(1/σ²),"
    assert together.find_next_sibling(string=True).get_text().startswith(" and on.")


def test_a_page_that_is_not_built_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.html.*make book"):
        _ = pages.Page("nowhere", None, tmp_path).article


def test_opening_a_fold_needs_no_other_step():
    article = BeautifulSoup(
        '<div><details open><summary>S</summary><p id="p">x</p></details></div>', "html.parser"
    )
    clean.unfold_cells(article)
    assert str(article) == '<div><div><p id="p">x</p></div></div>'
