"""All pages in one HTML file: title, contents, parts, chapters.

The page numbers of the contents are left empty; ``printer`` fills them in when it knows them. Each chapter
is printed on pages of a name of its own, because that is how a style sheet can put the chapter's title at
the foot of its pages.
"""

import html
import os
import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import yaml

from book.pdf import clean, links
from book.pdf.pages import BOOK, HTML

FOLDER = HTML.parent / "pdf"  # where the document is written, beside the built pages
STYLE = Path(__file__).with_name("book.css")
NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X")
# The frame that every chapter has. The contents list what is particular to each.
FRAME = {"What you will be able to do", "What you need", "What to take away", "Further reading", "Solutions"}
BORROWED = (
    ("Symbols", 400, "normal", "STIXGeneral"),
    ("Symbols", 400, "italic", "STIXGeneralItalic"),
    ("Symbols", 700, "normal", "STIXGeneralBol"),
    ("More", 400, "normal", "DejaVuSans"),
    ("Code", 400, "normal", "DejaVuSansMono"),
    ("Code", 400, "italic", "DejaVuSansMono-Oblique"),
    ("Code", 700, "normal", "DejaVuSansMono-Bold"),
    ("Code", 700, "italic", "DejaVuSansMono-BoldOblique"),
)

ABOUT = """
<section class="about" id="about">
<h2>About this PDF</h2>
<p>This is the text of the book’s pages, made for reading in one piece. Equations, figures, algorithms and
exercises have the same numbers here as there, and every reference to one of them is a link, as are the marks
that lead from an equation to the code that checks it.</p>
<p>Three things differ. Code that only draws a figure or prepares data is left out; code that checks an
equation is printed, and what it found stands below it. The solutions of the exercises stand at the end of
each chapter. And the figures that can be moved on the pages stand still. The notebooks have all of the
code, and run.</p>
</section>
"""


@dataclass(frozen=True)
class Book:
    """What the configuration says of the book as a whole."""

    title: str
    subtitle: str
    author: str
    year: str

    @property
    def full_title(self):
        return f"{self.title}: {self.subtitle}"


def write(pages, book, folder=FOLDER):
    """Assemble the document and write it; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "book.html"
    path.write_text(assemble(pages, book), encoding="utf-8")
    return path


def describe(config=BOOK.parent / "_config.yml"):
    """Read the book's title, author and year from the configuration."""
    settings = yaml.safe_load(Path(config).read_text(encoding="utf-8"))
    title, _, subtitle = settings["title"].partition(": ")
    return Book(title, subtitle, settings["author"], str(settings["copyright"]))


def heading(page):
    """(number or None, title) of a page that has not been cleaned."""
    title = page.article.find("h1")
    number = title.select_one(".section-number")
    text = title.get_text().removesuffix("#").strip()
    if number is None:
        return None, text
    return number.get_text().strip().rstrip("."), text.removeprefix(number.get_text()).strip()


def assemble(pages, book):
    """The text of the document."""
    titles = {page.name: heading(page) for page in pages}
    for page in pages:
        links.rename_ids(page)
        links.redirect(page, pages)
        links.redirect_pictures(page, os.path.relpath(pages[0].folder, FOLDER))
    for page in pages:
        clean.clean(page)
    body, part = [_title_page(book, *_take_cover(pages[0])), _contents(pages, titles)], None
    for page in pages:
        if page.part != part:
            part = page.part
            body.append(_part_page([p for p in pages if p.part == part], titles))
        body.append(_chapter(page, *titles[page.name]))
    return _file(book, _sheets(pages), _page_rules(pages, titles), "\n".join(body))


def _file(book, sheets, rules, body):
    linked = "\n".join(f'<link rel="stylesheet" href="{html.escape(sheet)}">' for sheet in sheets)
    return f"""<!DOCTYPE html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<title>{html.escape(book.full_title)}</title>
{linked}
<style>
{_fonts()}
{rules}
</style>
</head>
<body>
{body}
</body>
</html>
"""


def _sheets(pages):
    """The style sheets: the formulas' first, so that the book's own can correct them."""
    formulas = dict.fromkeys(sheet for page in pages for sheet in page.formula_sheets)
    found = [pages[0].folder / sheet for sheet in formulas]
    return [os.path.relpath(sheet, FOLDER) for sheet in [*found, STYLE]]


def _fonts():
    """Typefaces that Matplotlib brings along: the symbols that the text face lacks, and the code's.

    What the machine happens to have is never used, so that the pages break everywhere at the same places.
    """
    folder = os.path.relpath(Path(find_spec("matplotlib").origin).with_name("mpl-data") / "fonts/ttf", FOLDER)
    return "\n".join(
        f"@font-face {{ font-family: {family}; font-weight: {weight}; font-style: {style};"
        f' src: url("{folder}/{file}.ttf"); }}'
        for family, weight, style, file in BORROWED
    )


def _page_rules(pages, titles):
    """A named page for each chapter, with its title at the foot."""
    rules = []
    for page in pages:
        number, title = titles[page.name]
        title = "Preface" if page.part is None else f"{number}  {title}" if number else title
        rules.append(f"@page {_page_name(page)} {{ @bottom-left {{ content: {_css_string(title)}; }} }}")
        rules.append(f".{_page_name(page)} {{ page: {_page_name(page)}; }}")
    return "\n".join(rules)


def _page_name(page):
    return "pages-" + re.sub(r"\W", "-", page.name)


def _css_string(text):
    return '"' + text.replace("\\", r"\\").replace('"', r"\"") + '"'


def _take_cover(page):
    """(picture, what is said of it), taken from the first page; empty where there is none."""
    picture = page.article.select_one("img.cover")
    if picture is None:
        return "", ""
    place = picture.find_parent("p") or picture
    legend = place.find_next_sibling("p")
    return str(picture.extract()), str(legend.extract())


def _title_page(book, cover, legend):
    """The title, and behind it the colophon."""
    return f"""<section class="title-page">
<p class="title">{html.escape(book.title)}</p>
<p class="subtitle">{html.escape(book.subtitle)}</p>
{cover}
<p class="author">{html.escape(book.author)}</p>
<p class="year">{html.escape(book.year)}</p>
</section>
<section class="colophon">
<div class="legend">{legend}</div>
<p>© {html.escape(book.year)} {html.escape(book.author)}. The text may be shared and adapted under the
terms of <a class="outside" href="https://creativecommons.org/licenses/by/4.0/">CC BY 4.0</a>,
the code under those of the MIT licence.</p>
</section>"""


def _contents(pages, titles):
    """The table of contents: parts, chapters, and the sections that no other chapter has."""
    lines, part = [], None
    for page in pages:
        if page.part != part:
            part = page.part
            lines.append(_entry("part", html.escape(_part_name(part)), f"#part-{part.place}"))
        number, title = titles[page.name]
        title = "Preface" if page.part is None else title
        lines.append(_entry("chapter", html.escape(title), f"#{page.anchor}", number))
        if number:
            lines += [
                _entry("section", text, target) for text, target in _sections(page) if text not in FRAME
            ]
    return (
        f'<nav class="contents" id="contents" aria-label="Contents"><h1>Contents</h1>\n{"".join(lines)}</nav>'
    )


def _entry(kind, title, target, number=None):
    label = f'<span class="number">{number}</span>' if number else ""
    return (
        f'<p class="{kind}"><a href="{target}">{label}<span class="text">{title}</span>'
        f'<span class="leader"></span><span class="page"></span></a></p>\n'
    )


def _sections(page):
    """(title, link) of the sections of a cleaned chapter."""
    for section in page.article.find_all("section", recursive=False):
        title = section.find(re.compile("^h[1-6]$"))
        if title is not None and section.get("id"):
            yield title.decode_contents().strip(), f"#{section['id']}"


def _part_name(part):
    return f"Part {NUMERALS[part.place - 1]}: {part.caption}"


def _part_page(pages, titles):
    """The page before the first chapter of a part."""
    part = pages[0].part
    lines = [
        _entry("chapter", html.escape(titles[page.name][1]), f"#{page.anchor}", titles[page.name][0])
        for page in pages
    ]
    return f"""<section class="part-page" id="part-{part.place}">
<h1><span class="part-number">Part {NUMERALS[part.place - 1]}</span> {html.escape(part.caption)}</h1>
<div class="part-contents">
{"".join(lines)}</div>
</section>"""


def _chapter(page, number, title):
    """The article of a page, with its heading set as the opening of a chapter."""
    opening = page.article.find(class_="level-1")
    opening.clear()
    if number:
        opening.append(clean.tag("span", number, class_="chapter-number"))
        opening.append(" ")
    opening.append("Preface" if page.part is None else title)
    about = ABOUT if page.part is None else ""
    kind = "numbered" if number else "unnumbered"
    opening_tag = f'<section class="chapter {kind} {_page_name(page)}" id="{page.anchor}">'
    return f"{opening_tag}\n{page.article}\n{about}</section>"
