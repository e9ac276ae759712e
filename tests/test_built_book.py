"""The built pages: nothing from outside, nothing missing, every picture described.

`make test` builds the book first. Run alone, these tests fail and say so if there is no build.
"""

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

HTML = Path(__file__).parents[1] / "_build" / "html"
PAGES = sorted(path for path in HTML.rglob("*.html") if "_static" not in path.parts)
# What a browser fetches by itself when it opens a page (a link that a reader may follow is none of it).
FETCHED = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "embed": "src",
    "object": "data",
    "source": "src",
    "video": "src",
    "audio": "src",
    "track": "src",
    "input": "src",
}
FETCHED_LINKS = {
    "stylesheet",
    "icon",
    "shortcut icon",
    "preload",
    "prefetch",
    "modulepreload",
    "manifest",
    "dns-prefetch",
    "preconnect",
}


class Page(HTMLParser):
    """What one page refers to."""

    def __init__(self, path):
        super().__init__()
        self.path, self.fetched, self.links, self.images, self.ids, self.inline = path, [], [], [], [], []
        self._collecting = None
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag in FETCHED and attributes.get(FETCHED[tag]):
            self.fetched.append(attributes[FETCHED[tag]])
        for candidate in (attributes.get("srcset") or "").split(","):
            if candidate.strip():
                self.fetched.append(candidate.split()[0])
        if tag == "link" and (attributes.get("rel") or "").lower() in FETCHED_LINKS:
            self.fetched.append(attributes["href"])
        if tag == "a" and attributes.get("href"):
            self.links.append(attributes["href"])
        if tag == "img":
            self.images.append(attributes)
        if attributes.get("id"):
            self.ids.append(attributes["id"])
        if attributes.get("style"):
            self.inline.append(attributes["style"])
        self._collecting = tag if tag in ("style", "script") and "src" not in attributes else None

    def handle_data(self, data):
        if self._collecting:
            self.inline.append(data)

    def handle_endtag(self, tag):
        self._collecting = None


@cache
def read(path):
    return Page(path)


def local_target(page, reference):
    """The file and fragment a relative reference points to, or None for one that leaves the book."""
    parts = urlsplit(reference)
    if parts.scheme or parts.netloc:
        return None
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    return target, unquote(parts.fragment)


def test_there_is_a_book():
    assert (HTML / "index.html").exists(), "there is no build to test: run `make book` first"
    assert len(PAGES) > 10


def test_nothing_among_the_pages_depends_on_the_machine():
    """`python tasks.py identical` compares two whole builds; this is what has differed."""
    assert not (HTML / ".buildinfo").exists()
    for path in HTML.rglob("*.*"):
        assert path.suffix not in (".html", ".js", ".css", ".json") or str(
            HTML.parents[1]
        ) not in path.read_text("utf-8"), path


@pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.relative_to(HTML)))
def test_nothing_is_fetched_from_outside(path):
    page = read(path)
    for reference in page.fetched:
        target = local_target(path, reference)
        if reference.startswith("data:"):
            continue
        assert target is not None, f"{path.name} fetches {reference}"
        assert target[0].exists(), f"{path.name} refers to {reference}, which is not there"
    for text in page.inline:
        assert not re.search(r"(?:url\(|@import|import\s*\(|from)\s*['\"]?(?:https?:)?//", text), (
            f"{path.name} fetches from outside in an inline script or style"
        )


def test_no_style_sheet_fetches_from_outside_or_misses_a_file():
    sheets = sorted(HTML.rglob("*.css"))
    assert sheets
    for sheet in sheets:
        text = re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.S)
        for reference in re.findall(r"url\(\s*['\"]?([^'\")]+)", text) + re.findall(
            r"@import\s+['\"]([^'\"]+)", text
        ):
            if reference.startswith(("data:", "#")):
                continue
            assert not re.match(r"(?:https?:)?//", reference), f"{sheet.name} fetches {reference}"
            target = (sheet.parent / urlsplit(reference).path).resolve()
            assert target.exists(), f"{sheet.name} refers to {reference}, which is not there"


@pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.relative_to(HTML)))
def test_links_inside_the_book_lead_somewhere(path):
    for reference in read(path).links:
        target = local_target(path, reference)
        if target is None:
            continue
        file, fragment = target
        file = file / "index.html" if file.is_dir() else file
        assert file.exists(), f"{path.name} links to {reference}, which is not there"
        if fragment and file.suffix == ".html":
            assert fragment in read(file).ids, f"{path.name} links to {reference}: no such place"


@pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.relative_to(HTML)))
def test_every_picture_is_described_and_every_id_is_unique(path):
    page = read(path)
    for image in page.images:
        alt = image.get("alt")
        assert alt is not None, f"{path.name}: no alternative text for {image.get('src')}"
        assert not re.search(r"\.(svg|png|jpe?g)\b|_images/", alt), f"{path.name}: {alt!r} is a file name"
    doubled = {name for name in page.ids if page.ids.count(name) > 1}
    assert not doubled, f"{path.name}: ids used twice: {doubled}"


@pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.relative_to(HTML)))
def test_folded_cells_are_named_by_what_is_written_on_them(path):
    assert "Toggle hidden content" not in path.read_text(encoding="utf-8")
