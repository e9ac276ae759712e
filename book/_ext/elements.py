"""What Sphinx, the theme and MyST-NB write for a few elements, mended where readers need more or less.

1. The theme puts every table into a box that scrolls, which the keyboard can reach. A screen reader needs a
   name for such a box: the table's caption, or else its column heads.
2. The empty corner of a table is written as a heading of nothing. It is an ordinary cell.
3. A picture says how large it is, so that nothing moves when it arrives. Sphinx can say so in a style only,
   which would be stronger than the sheets that fit a picture to the page.
4. The roles that docutils gives to references do not fit its own elements, and are taken off.
5. MyST-NB names every folded cell "Toggle hidden content" for a screen reader, over what is written on it.
   The words that everybody sees ("Show the code", "Show solution") are the better name.

Relies on the tags that docutils' ``visit_citation`` and the theme's ``visit_table`` write before their own
(a build stops where they are others) and on MyST-NB's ``HideCodeCellNode``; tests/test_elements.py builds a
page with all of them.
"""

from pathlib import Path

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode, depart_HideCellInput
from sphinx.util.images import get_image_size

BOX = '<div class="pst-scrollable-table-container">'
REFERENCES = '<div role="list" class="citation-list">\n'


def _words(node):
    """The words in a part of the document, formulas left out."""
    texts = (text for text in node.findall(nodes.Text) if not isinstance(text.parent, nodes.math))
    return " ".join("".join(texts).split())


def name_of(table):
    """What to call a table."""
    heads = [entry for head in table.findall(nodes.thead) for entry in head.findall(nodes.entry)]
    words = ", ".join(filter(None, map(_words, list(table.findall(nodes.title)) or heads)))
    return f"Table: {words}" if words else "Table"


class Elements:
    """Goes before the translator that the theme has put together."""

    def _replace(self, opening, *arguments, **attributes):
        """Write another opening tag in place of one that stands before that of the node itself."""
        if self.body[-2] != opening:
            raise NotImplementedError(f"{opening} is expected, and {self.body[-2]} is written")
        self.body[-2] = self.starttag({}, "div", *arguments, **attributes)

    def visit_table(self, node):
        """A table in its box, which gets a name."""
        super().visit_table(node)
        name = {"aria-label": name_of(node)}
        self._replace(BOX, "", CLASS="pst-scrollable-table-container", role="group", **name)

    def visit_entry(self, node):
        """A cell, which is no heading where it is empty."""
        super().visit_entry(node)
        if self.context[-1] == "</th>\n" and not node.astext().strip():
            self.body[-1] = self.body[-1].replace("<th", "<td", 1)
            self.context[-1] = "</td>\n"

    def visit_citation(self, node):
        """A reference in the list of them, without roles."""
        super().visit_citation(node)
        if self.body[-2] == REFERENCES:
            self._replace(REFERENCES, CLASS="citation-list")

    def visit_image(self, node):
        """A picture; how large it is has to be asked before its address becomes that of the page."""
        self._size = get_image_size(Path(self.builder.srcdir, node["uri"]))
        super().visit_image(node)

    def starttag(self, node, tagname, *arguments, **attributes):
        """An opening tag, of which every other is made, too."""
        if tagname == "img" and self._size:
            attributes |= dict(zip(("width", "height"), self._size, strict=True))
        if attributes.get("role") == "doc-biblioentry":
            del attributes["role"]
        return super().starttag(node, tagname, *arguments, **attributes)


def _visit_fold(translator, node):
    translator.body.append(translator.starttag(node, "details", CLASS="admonition hide"))
    translator.body.append("<summary>\n")
    for state, prompt in (("collapsed", "prompt_show"), ("expanded", "prompt_hide")):
        text = translator.encode(node[prompt])
        translator.body.append(f'<p class="{state} admonition-title">{text}</p>\n')
    translator.body.append("</summary>\n")


def add_before(app, mixin):
    """Let a class come before the translator of the pages, when the theme has put it together."""

    def extend(app):
        if app.builder.format == "html":
            known = app.registry.translators.get(app.builder.name, app.builder.default_translator_class)
            app.set_translator(app.builder.name, type(mixin.__name__, (mixin, known), {}), override=True)

    app.connect("builder-inited", extend, priority=900)


def _mend_fold(app, config):
    app.add_node(HideCodeCellNode, override=True, html=(_visit_fold, depart_HideCellInput))


def setup(app):
    """Register with Sphinx; the fold when MyST-NB has registered its own."""
    add_before(app, Elements)
    app.connect("config-inited", _mend_fold)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
