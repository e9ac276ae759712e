"""The pages of the book, in reading order, as Jupyter Book has built them.

The order, the parts and which of them are numbered come from ``_toc.yml``. A page knows where it stands, so
that the steps after this one need neither the file nor its neighbours.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml
from bs4 import BeautifulSoup

BOOK = Path(__file__).parents[1]
HTML = BOOK.parent / "_build" / "html"


@dataclass(frozen=True)
class Part:
    """A part of the book: its caption, its place (from 1), and whether its chapters have numbers."""

    caption: str
    place: int
    numbered: bool


@dataclass(frozen=True)
class Page:
    """A built page: its name as in ``_toc.yml``, and its part (None for the first page)."""

    name: str
    part: Part | None
    folder: Path = HTML

    @cached_property
    def _soup(self):
        path = self.folder / f"{self.name}.html"
        if not path.exists():
            raise FileNotFoundError(f"{path} is not there: run `make book` first")
        return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")

    @cached_property
    def article(self):
        """The element with the text of the page, without what surrounds it."""
        return self._soup.select_one("article.bd-article > section")

    @property
    def anchor(self):
        """The id of the page in the document; ids on the page begin with it."""
        return self.name.replace("/", ".")

    @property
    def formula_sheets(self):
        """The style sheets of the formulas, as paths from the folder of the built pages."""
        links = self._soup.select('link[rel~="stylesheet"][href*="katex"]')
        here = (self.folder / self.name).parent
        return [(here / link["href"].split("?")[0]).resolve().relative_to(self.folder) for link in links]


def read(toc=BOOK / "_toc.yml", folder=HTML):
    """All pages that ``_toc.yml`` lists, in its order."""
    contents = yaml.safe_load(Path(toc).read_text(encoding="utf-8"))
    pages = [Page(contents["root"], None, folder)]
    for place, listed in enumerate(contents["parts"], start=1):
        part = Part(listed["caption"], place, bool(listed.get("numbered")))
        pages += [Page(chapter["file"], part, folder) for chapter in listed["chapters"]]
    return pages
