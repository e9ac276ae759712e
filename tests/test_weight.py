"""What a page weighs: everything that it loads, counted from its files, and what may be left out of it."""

import hashlib
import re
from pathlib import Path

import pydata_sphinx_theme
import pytest
import tinycss2
from fontTools.ttLib import TTFont
from test_built_book import HTML, PAGES, local_target, read
from weight import markup, parts, sheets

MOST = 1_500_000  # bytes, as a plain server sends them
STATIC = HTML / "_static"
each_page = pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.relative_to(HTML)))


def fonts_of(page):
    """The fonts of KaTeX that a page may ask for: those of the rules whose classes are all on the page.

    What the style sheet has in itself is not asked for.
    """
    sheet = (STATIC / "katex.css").read_text(encoding="utf-8")
    words = sheets.words_of([page], [])
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
    files = {path, STATIC / sheets.FONT}
    files |= {
        local_target(path, reference)[0] for reference in read(path).fetched if reference[:5] != "data:"
    }
    page = path.read_text(encoding="utf-8")
    return files | (fonts_of(page) if "katex.css" in page else set())


@each_page
def test_no_page_weighs_more_than_a_megabyte_and_a_half(path):
    sizes = {file.name: file.stat().st_size for file in files_of(path)}
    assert sum(sizes.values()) <= MOST, sorted(sizes.items(), key=lambda item: -item[1])[:8]


def test_formulas_are_weighed_with_their_fonts():
    page = (HTML / "probability" / "fisher_catalogue.html").read_text(encoding="utf-8")
    names = {font.name for font in fonts_of(page)}
    assert names >= {"KaTeX_Main-Bold.woff2", "KaTeX_AMS-Regular.woff2"}
    assert "KaTeX_Main-Regular.woff2" not in names  # it is in the style sheet
    assert "KaTeX_Fraktur-Regular.woff2" not in names
    assert all(font.exists() for font in fonts_of(page))


@each_page
def test_every_picture_says_how_large_it_is(path):
    for image in read(path).images:
        assert re.fullmatch(r"[1-9]\d*", image.get("width", "")), image
        assert re.fullmatch(r"[1-9]\d*", image.get("height", "")), image


def test_the_size_of_a_picture_is_read_from_it(tmp_path):
    for head, size in (
        ('<svg xmlns="x" width="388.8pt" height="259.2pt" viewBox="0 0 1 1">', [518, 346]),
        ('<svg width="10" height="20px">', [10, 20]),
        ('<svg viewBox="0 0 32 16.4"><path stroke-width="3" height="4"/>', [32, 16]),
        ("<svg>", None),
    ):
        (tmp_path / "a.svg").write_text(head)
        assert markup.size_of(tmp_path / "a.svg") == size


@each_page
def test_every_icon_is_in_the_font(path):
    shown = set(re.findall(r'\bfa-([a-z-]+)(?=[ "])', path.read_text(encoding="utf-8"))) - {"solid", "lg"}
    sheet = (STATIC / "styles" / "pydata-sphinx-theme.css").read_text(encoding="utf-8")
    letters = dict(re.findall(r'\.fa-([a-z-]+):before[^{}]*\{content:"(.)"', sheet))
    with TTFont(STATIC / sheets.FONT) as font:
        known = font.getBestCmap()
    assert shown and all(ord(letters[icon]) in known for icon in shown)
    assert len(known) < 60


@each_page
def test_only_the_search_page_loads_the_search(path):
    scripts = [reference for reference in read(path).fetched if "search" in reference]
    assert bool(scripts) == (path.name == "search.html"), scripts
    assert not any(unused in reference for reference in read(path).fetched for unused in parts.UNUSED)


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("<p>text</p>", []),
        ("<pre>x</pre>", ["copybutton.js"]),
        ('<div class="cell tag_x docutils"></div>', ["mystnb.1.css"]),
        ('<details class="sd-dropdown"></details>', ["sphinx-design.min.css"]),
        ('<div class="sd-tab-set"></div>', ["design-tabs.js", "sphinx-design.min.css"]),
        ('<div class="admonition dropdown"></div>', ["togglebutton.js"]),
        ('<div class="proof algorithm"></div>', ["proof.css"]),
    ],
)
def test_a_page_gets_the_files_of_its_parts(body, kept):
    files = ["copybutton.js", "design-tabs.js", "togglebutton.js", "doctools.js"]
    looks = ["mystnb.1.css", "sphinx-design.min.css", "proof.css", "book.css"]
    context = {"body": body, "script_files": files, "css_files": looks}
    parts.leave_out(None, "page", "page.html", context, None)
    left = context["script_files"] + context["css_files"]
    assert sorted(left) == sorted([*kept, "doctools.js", "book.css"])


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


@pytest.mark.parametrize(
    ("sheet", "left"),
    [
        (":root{--a:1;--b:2;x:var(--a)}", ":root{--a:1;x:var(--a)}"),
        (":root{--b:2}", ":root{}"),
        (":root{--a:var(--b);--b:1;--c:var(--b)}", ":root{}"),  # they are used by each other only
        (":root{\n  --b : 1px ;\n  x: 1}", ":root{\n  x: 1}"),
        (':root{--b:url("data:x;{y}");x:1}', ":root{x:1}"),
        (":root{--own:1;--word:2}", ":root{--own:1;--word:2}"),
        ("a:--b{x:1}", "a:--b{x:1}"),
    ],
)
def test_a_variable_stays_where_it_is_used(sheet, left):
    assert sheets.without_variables([sheet], {"--word"}, "p{x:var( --own, 1)}") == [left]


def test_a_variable_may_be_used_in_another_sheet():
    assert sheets.without_variables([":root{--a:1}", "p{x:var(--a)}"], set()) == [
        ":root{--a:1}",
        "p{x:var(--a)}",
    ]


def test_the_font_of_the_icons_does_not_know_when_it_was_made(tmp_path):
    static = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"
    made = []
    for name in ("one", "two"):
        font = tmp_path / name / sheets.FONT
        font.parent.mkdir(parents=True)
        font.write_bytes((static / sheets.FONT).read_bytes())
        (tmp_path / name / "a.css").write_text('p{content:"\uf002"}', encoding="utf-8")
        sheets.lighten(tmp_path / name, set(), set())
        made.append(font.read_bytes())
        with TTFont(font) as part, TTFont(static / sheets.FONT) as complete:
            assert list(part.getBestCmap()) == [0xF002]
            assert part["head"].modified == complete["head"].modified
    assert made[0] == made[1]


def test_words_in_the_text_are_no_classes():
    page = '<p class="one">two <a href="#three">four</a></p><script>five</script><style>seven</style>'
    assert {"one", "three", "five", "six", "seven"} <= sheets.words_of([page], ["six"])
    assert not {"two", "four"} & sheets.words_of([page], ["six"])


SHEET = """html[data-theme="light"] .highlight { background: #fff; color: #080808 }
html[data-theme="light"] .highlight .n { color: #080808 }
html[data-theme="light"] .highlight .p { color: #080808 }
html[data-theme="light"] .highlight .k { color: #123456 }
html[data-theme="dark"] .highlight { background: #000; color: #f8f8f2 }
html[data-theme="dark"] .highlight .n { color: #f8f8f2 }
html[data-theme="dark"] .highlight .p { color: #ffffff }
"""


def test_tokens_that_look_like_text_become_text():
    assert markup.plain_tokens(SHEET) == {"n"}
    code = '<pre><span class="n">a</span><span class="p">(</span><span class="k">if</span></pre>'
    outside = '<p><span class="n">a</span></p>'
    assert (
        markup.without_tokens(code + outside, {"n"})
        == code.replace('<span class="n">a</span>', "a") + outside
    )


def test_a_style_is_written_once():
    page = (
        '<head></head><span class="strut" style="height:1em;top:2em;"></span>'
        '<span style="height:1em;top:2em;"></span><span style="left:0"></span>'
    )
    assert markup.with_styles_once(page) == (
        "<head><style>.k0{height:1em!important;top:2em!important}.k1{left:0!important}</style>\n</head>"
        '<span class="strut k0"></span><span class="k0"></span><span class="k1"></span>'
    )
    assert markup.with_styles_once(markup.with_styles_once(page)) == markup.with_styles_once(page)


def test_a_style_sheet_has_the_digest_of_what_it_is_now():
    page = (HTML / "index.html").read_text(encoding="utf-8")
    addresses = re.findall(r'href="_static/([\w./-]+\.css)([^"]*)"', page)
    assert len(addresses) > 5
    for name, digest in addresses:
        assert digest == f"?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:8]}"
