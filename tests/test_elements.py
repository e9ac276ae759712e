"""What Sphinx, the theme and MyST-NB write for a few elements, on a page made for it and in the book."""

import io
import re
import warnings
from pathlib import Path

import elements
import pytest
from bs4 import BeautifulSoup
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace
from test_built_book import HTML, PAGES, read

PAGE = """
Page
====

.. table:: Rulers

   ===== =======
   \\     a
   ===== =======
   first :math:`b`
   ===== =======

======================== ===
symbol & name :math:`c`  use
======================== ===
1                        2
======================== ===

=== ===
3   4
=== ===

.. image:: mark.svg
.. image:: mark.png

See [One]_.

.. [One] The first.
.. [Two] The second.
"""
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="388.8pt" height="{}pt"></svg>'


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A page with every element that is mended, parsed."""
    folder = tmp_path_factory.mktemp("book")
    (folder / "index.rst").write_text(PAGE, encoding="utf-8")
    (folder / "mark.svg").write_text(SVG.format(259.2), encoding="utf-8")
    (folder / "mark.png").write_bytes((HTML / "_static" / "mark-32.png").read_bytes())
    config = {"extensions": ["sphinx_book_theme", "elements"], "html_theme": "sphinx_book_theme"}
    said = io.StringIO()
    with docutils_namespace(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Sphinx's own, of its dependencies
        app = Sphinx(
            folder, None, folder / "html", folder / "doctrees", "html", config, status=None, warning=said
        )
        app.build()
    assert app.statuscode == 0, said.getvalue()
    text = (folder / "html" / "index.html").read_text(encoding="utf-8")
    return BeautifulSoup(text, "html.parser").article


def test_a_table_is_named_by_its_caption_or_its_heads(page):
    boxes = page.select(".pst-scrollable-table-container")
    assert [box["aria-label"] for box in boxes] == ["Table: Rulers", "Table: symbol & name, use", "Table"]
    assert all(box["role"] == "group" and box.table for box in boxes)
    assert len(boxes) == len(page.find_all("table"))


def test_an_empty_corner_is_no_heading(page):
    assert [cell.get_text(strip=True) for cell in page.table.select("thead > tr > *")] == ["", "a"]
    assert [cell.name for cell in page.table.select("thead > tr > *")] == ["td", "th"]


def test_pictures_say_how_large_they_are(page):
    found = [(image["width"], image["height"]) for image in page.find_all("img")]
    assert found == [("518", "345"), ("32", "32")]


def test_references_have_no_roles_that_do_not_fit(page):
    assert len(page.select(".citation-list > .citation")) == 2
    assert not page.select("[role=list], [role=doc-biblioentry]")


def test_a_tag_that_is_not_where_it_was_stops_the_build():
    class Other:
        body = ("<section>", "<table>")

        def visit_table(self, node):
            """Write another box than the theme."""

    class Mended(elements.Elements, Other):
        """What is tested, before it."""

    with pytest.raises(NotImplementedError, match="<section> is written"):
        Mended().visit_table(nodes.table())


@pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.relative_to(HTML)))
def test_every_picture_of_the_book_says_how_large_it_is(path):
    for image in read(path).images:
        assert re.fullmatch(r"[1-9]\d*", image.get("width", "")), image
        assert re.fullmatch(r"[1-9]\d*", image.get("height", "")), image


def test_folded_cells_are_named_by_what_is_written_on_them():
    page = BeautifulSoup(Path(HTML, "foundations/distance.html").read_text("utf-8"), "html.parser")
    folds = page.select("details.admonition.hide > summary")
    assert len(folds) > 3 and not [fold for fold in folds if fold.attrs]
    assert {fold.p.get_text() for fold in folds} >= {"Show the code", "Show solution"}
