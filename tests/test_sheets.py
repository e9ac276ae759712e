"""What a page makes a server send, and which rules of a style sheet are left out of it."""

import gzip
import re

import pytest
import sheets
import tinycss2
from test_built_book import HTML, PAGES, local_target, read

MOST = 500_000  # bytes, as a web server sends them: texts compressed
STATIC = HTML / "_static"


def fonts_of(page):
    """The fonts of KaTeX that a page may ask for: those of the rules whose classes are all on the page.

    What the style sheet has in itself is not asked for.
    """
    sheet = (STATIC / "katex.css").read_text(encoding="utf-8")
    words = set(re.findall(r"[\w-]+", page))
    fonts = set()
    for rule in tinycss2.parse_stylesheet(sheet):
        family = rule.type == "qualified-rule" and re.search(
            r"KaTeX_\w+", style := tinycss2.serialize(rule.content)
        )
        if family and any(sheets.names_of(s) <= words for s in sheets.selectors_of(rule.prelude)):
            bold, italic = "font-weight:700" in style or "bold" in style, "italic" in style
            name = f"{family[0]}-{'Bold' * bold + 'Italic' * italic or 'Regular'}.woff2"
            if f"url(katex/fonts/{name})" in sheet:
                fonts.add(STATIC / "katex" / "fonts" / name)
    return fonts


def files_of(path):
    """The page and every file that a browser loads with it."""
    files = {path} | {
        local_target(path, reference)[0] for reference in read(path).fetched if reference[:5] != "data:"
    }
    page = path.read_text(encoding="utf-8")
    return files | (fonts_of(page) if "katex.css" in page else set())


def sent(file):
    """The size of a file as a web server sends it."""
    data = file.read_bytes()
    return len(data if file.suffix in (".woff2", ".png") else gzip.compress(data, 6))


@pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.relative_to(HTML)))
def test_no_page_makes_a_server_send_more_than_500_kilobytes(path):
    sizes = {file.name: sent(file) for file in files_of(path)}
    assert sum(sizes.values()) <= MOST, sorted(sizes.items(), key=lambda item: -item[1])[:8]


def test_formulas_are_weighed_with_their_fonts():
    page = (HTML / "probability" / "fisher_catalogue.html").read_text(encoding="utf-8")
    names = {font.name for font in fonts_of(page)}
    assert names >= {"KaTeX_Main-Bold.woff2", "KaTeX_AMS-Regular.woff2"}
    assert "KaTeX_Main-Regular.woff2" not in names  # it is in the style sheet
    assert "KaTeX_Fraktur-Regular.woff2" not in names
    assert all(font.exists() for font in fonts_of(page))


@pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.relative_to(HTML)))
def test_only_the_search_page_loads_the_search_and_none_what_the_theme_has_in_vain(path):
    fetched = read(path).fetched
    assert any("search" in reference for reference in fetched) == (path.name == "search.html"), fetched
    assert not [reference for reference in fetched if any(name in reference for name in sheets.UNUSED)]


def lightened(sheet, *words):
    return sheets.used_rules(tinycss2.parse_stylesheet(sheet, skip_whitespace=True), set(words))


@pytest.mark.parametrize(
    ("sheet", "left"),
    [
        (".a{x:1}.b{x:2}", ".a{x:1}"),
        (".a .b{x:1}", ""),
        (".b,.a>p,#b{x:1}", ".a>p{x:1}"),
        ("p:not(.b) .a{x:1}", "p:not(.b) .a{x:1}"),
        ("#a.b{x:1}#a{x:2}", "#a{x:2}"),
        ("@media print{.b{x:1}.a{x:2}}", "@media print{.a{x:2}}"),
        ("@media print{.b{x:1}}", ""),
        ("@font-face{src:url(b)}", "@font-face{src:url(b)}"),
        ("/* words */p{x:1.5}/*! licence */", "p{x:1.5}/*! licence */"),
    ],
)
def test_a_rule_stays_where_it_may_apply(sheet, left):
    assert lightened(sheet, "a") == left


@pytest.mark.parametrize("name", sheets.SHEETS)
def test_a_built_sheet_has_the_rules_of_what_is_on_the_pages_and_of_nothing_else(name):
    (path,) = STATIC.glob(name)
    sheet = path.read_text(encoding="utf-8")
    words = {word for page in HTML.rglob("*.html") for word in re.findall(r"[\w-]+", page.read_text("utf-8"))}
    words |= {
        word for page in STATIC.rglob("*.js") for word in re.findall(r"[\w-]+", page.read_text("utf-8"))
    }
    needed = {
        frozenset(sheets.names_of(selector))
        for rule in tinycss2.parse_stylesheet(sheet)
        if rule.type == "qualified-rule"
        for selector in sheets.selectors_of(rule.prelude)
    }
    assert len(needed) > 10
    assert all(names <= words for names in needed)
    assert frozenset({"fa-flask"}) not in needed
