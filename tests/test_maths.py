"""Formulas are typeset in the build, by the release whose style sheet is shipped; a mistake stops it."""

import io
import re
import warnings
from base64 import b64decode
from html.parser import HTMLParser
from pathlib import Path

import maths
import pytest
import yaml
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

ROOT = Path(__file__).parents[1]
HTML = ROOT / "_build" / "html"
KATEX = ROOT / "book" / "assets" / "katex"
PAGES = sorted(path for path in HTML.rglob("*.html") if "_static" not in path.parts)
MACROS = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["sphinx"]["config"][
    "katex_macros"
]


@pytest.fixture(scope="module")
def typeset():
    typesetter = maths.Typesetter(MACROS)
    yield typesetter
    typesetter.close()


@pytest.fixture(scope="module")
def typeset_without_macros():
    typesetter = maths.Typesetter({})
    yield typesetter
    typesetter.close()


def build(folder, source):
    """The page and the warnings of a book of one page."""
    (folder / "index.rst").write_text(f"Formulas\n========\n\n{source}\n", encoding="utf-8")
    config = {"extensions": ["maths"], "html_math_renderer": "katex", "katex_macros": MACROS}
    said = io.StringIO()
    with docutils_namespace(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Sphinx's own, of its dependencies
        app = Sphinx(
            folder, None, folder / "html", folder / "doctrees", "html", config | {"numfig": True},
            status=None, warning=said, warningiserror=True, keep_going=True,
        )  # fmt: skip
        app.build()
    return app.statuscode, (folder / "html" / "index.html").read_text(encoding="utf-8"), said.getvalue()


def test_the_style_sheet_is_that_of_the_typesetters_release():
    (typesetter,) = set(re.findall(r'version:"([\d.]+)"', maths.KATEX.read_text(encoding="utf-8")))
    sheet = (KATEX / "katex.min.css").read_text(encoding="utf-8")
    assert re.findall(r'\.katex-version:+after\{content:"([\d.]+)"', sheet) == [typesetter]
    assert set(re.findall(r"url\(fonts/([^)]+)\)", sheet)) == {path.name for path in KATEX.glob("fonts/*")}


def test_the_frequent_faces_are_in_the_style_sheet_and_the_others_beside_it():
    sheet = maths.style_sheet()
    inside = re.findall(r'url\("data:font/woff2;base64,([^"]+)"\)', sheet)
    outside = re.findall(r"url\(katex/fonts/([^)]+)\)", sheet)
    assert len(inside) == 6 and len(outside) + 6 == len(re.findall(r"url\(", sheet))
    held = {b64decode(data) for data in inside}
    assert held | {(KATEX / "fonts" / name).read_bytes() for name in outside} == {
        path.read_bytes() for path in KATEX.glob("fonts/*")
    }


def test_a_formula_is_pictured_and_spoken(typeset):
    html, error = typeset(r"\frac{a}{b}", display=True)
    assert error is None
    assert "<math" in html and "<mfrac><mi>a</mi><mi>b</mi></mfrac>" in html
    assert '<span class="katex-html" aria-hidden="true">' in html


@pytest.mark.parametrize("macro", MACROS)
def test_every_macro_of_the_book_is_known(typeset, typeset_without_macros, macro):
    tex = macro + ("{p}{q}" if "#2" in MACROS[macro] else "")
    html, error = typeset(tex)
    assert error is None and html
    # KaTeX has macros of its own of three of the names.
    html, error = typeset_without_macros(tex)
    assert error is not None or macro in (r"\R", r"\argmin", r"\argmax")


@pytest.mark.parametrize("macro", [r"\E", r"\argmin", r"\argmax"])
def test_the_index_of_an_operator_is_below_it_in_a_display(typeset, macro):
    assert "op-limits" in typeset(rf"{macro}_x f(x)", display=True)[0]
    assert "op-limits" not in typeset(rf"{macro}_x f(x)")[0]


def lines(html):
    """What a line may hold of a formula, as text."""
    drawn = html[html.index('<span class="katex-html"') :]
    return [re.sub(r"<[^>]*>", "", part) for part in drawn.split("<wbr>")]


@pytest.mark.parametrize(
    ("tex", "parts"),
    [
        ("x", ["x"]),
        ("a=b+c", ["a=b+c"]),
        ("aaaa=bbbb+cccc", ["aaaa=", "bbbb+", "cccc"]),
        ("(aaaa+bbbb)=c", ["(aaaa+bbbb)=", "c"]),
        (r"\frac{a}{1-b}(c-d)-e", ["(c−d)−", "e"]),
        (r"f(a\mid b)\le[0,\tfrac12]", ["f(a∣b)≤", "]"]),
        ("(aaaaaaaaaa+bbbbbbbbbb+cccccccccc)", ["(aaaaaaaaaa+", "bbbbbbbbbb+cccccccccc)"]),
    ],
)
def test_a_formula_breaks_after_relations_and_not_between_brackets(typeset, tex, parts):
    html = typeset(tex)[0]
    marked = maths.with_breaks(html)
    assert marked.replace("<wbr>", "") == html
    found = [part.replace("\u2009", "").replace("\u200b", "") for part in lines(marked)]
    assert len(found) == len(parts)
    assert all(line.endswith(part) for line, part in zip(found, parts, strict=True)), found


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("At :math:`a`, and :math:`b`; (:math:`c`). So", ["a,", "b;", "(c)."]),
        ("Both :math:`a` and :math:`b`", []),
        ("The *word* :math:`a`:sub:`2` of “:math:`b`”", ["“b”"]),
        (":math:`a`", []),
    ],
)
def test_a_formula_keeps_its_marks_and_no_letter_is_lost(tmp_path, source, words):
    status, page, said = build(tmp_path, source)
    assert (status, said) == (0, "")
    text = BeautifulSoup(page, "html.parser")
    for spoken in text.select(".katex-mathml"):
        spoken.decompose()
    found = [word.text for word in text.select("span.unbroken")]
    assert found == words
    plain = re.sub(r":(?:math|sub):`(.*?)`|\*", r"\1", source)
    assert plain.replace("”", '"').replace("“", '"') in text.text.replace("”", '"').replace("“", '"')


@pytest.mark.parametrize("mistake", [r"\frac{a}", r"\thetta", r"\left( a", "a _ b _ c", "x & y", "é"])
def test_a_mistake_stops_the_build_and_is_not_shown_in_red(tmp_path, mistake):
    status, page, said = build(tmp_path, f"Sound: :math:`a`. Not: :math:`{mistake}`.")
    assert status == 1
    assert "index.rst:4: WARNING: " in said
    assert "katex-error" not in page and page.count('class="katex"') == 1


def test_a_sound_page_is_built_with_its_numbers_and_their_links(tmp_path):
    source = ".. math:: a = b\n   :label: eq-one\n\nSee :eq:`eq-one`.\n\n.. math:: c\n   :label: eq-two\n"
    status, page, said = build(tmp_path, source)
    assert (status, said) == (0, "")
    for number, label in ((1, "eq-one"), (2, "eq-two")):
        assert re.search(
            rf'<div class="math [^"]*" id="equation-{label}">\s*<span class="eqno">\({number}\)'
            rf'<a class="headerlink" href="#equation-{label}"',
            page,
        )
    assert 'href="#equation-eq-one">(1)</a>' in page
    for file in ("katex.css", "maths.css"):
        assert file in page


def test_a_page_without_formulas_loads_nothing_for_them(tmp_path):
    status, page, _ = build(tmp_path, "No formula.")
    assert status == 0 and "katex" not in page and "maths" not in page


class Equation(dict):
    """As much of a Sphinx node as `maths.display_source` asks for."""

    def astext(self):
        return self["text"]


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("a = b", "a = b"),
        (r"a &= b \\ &= c", r"\begin{split}a &= b \\ &= c\end{split}"),
        (r"\begin{pmatrix}a\\b\end{pmatrix}", r"\begin{pmatrix}a\\b\end{pmatrix}"),
        ("a = b\n\nc = d", r"\begin{aligned}a = b\\c = d\end{aligned}"),
    ],
)
def test_lines_are_aligned_where_there_are_lines(typeset, text, source):
    assert maths.display_source(Equation(text=text)) == source
    assert typeset(source, display=True)[1] is None


def test_katex_numbers_no_equation(typeset):
    align = r"\begin{align}a&=b\\c&=d\end{align}"
    assert "eqn-num" in typeset(align, display=True)[0]
    assert "eqn-num" not in typeset(maths.display_source(Equation(text=align, nowrap=True)), display=True)[0]


class Text(HTMLParser):
    """What a reader reads on a page, without code and without the TeX that no browser shows."""

    def __init__(self, path):
        super().__init__()
        self.inside, self.words = [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        if tag in ("pre", "code", "script", "style", "annotation"):
            self.inside.append(tag)

    def handle_endtag(self, tag):
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data):
        if not self.inside:
            self.words.append(data)


@pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.relative_to(HTML)))
def test_no_page_shows_tex_or_an_error(path):
    page = path.read_text(encoding="utf-8")
    assert "katex-error" not in page and "window.MathJax" not in page
    left = re.findall(r"\\[a-zA-Z(\[{]\w*|\$[^\s$][^$]*\$", "".join(Text(path).words))
    assert not left, left


def test_the_chapters_have_formulas():
    page = (HTML / "probability" / "kl_and_fisher.html").read_text(encoding="utf-8")
    assert page.count('<span class="katex-mathml"><math') == page.count('class="katex"') > 150
