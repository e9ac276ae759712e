"""The code on a page: cells, which share their names, the algorithms of the package, and its sources."""

from collections import Counter
from functools import cached_property

from docutils import nodes
from sphinx.errors import PycodeError
from sphinx.pycode import ModuleAnalyzer

from algorithm_code import LABEL, find
from code_links import anchors, names
from elements import add_before

MOST_LINKS = 3  # of one name on one page, which they make heavier
SOURCES = "_modules/"  # where sphinx.ext.viewcode writes the source pages


class Page:
    """Where the names and labels on a page lead."""

    def __init__(self, builder, docname):
        self.builder, self.docname = builder, docname
        self.objects = builder.env.get_domain("py").objects
        self.equations = builder.env.get_domain("math").equations
        self.linked = Counter()

    def to_name(self, name):
        """The address of a public name, or None if no page describes it."""
        entry = self.objects.get(name)
        return entry and f"{self._page(entry.docname)}#{entry.node_id}"

    def to_equation(self, label):
        """The address of an equation and its number."""
        docname, number = self.equations[label]
        anchor = f"equation-{label}"
        numbers = self.builder.env.toc_fignumbers.get(docname, {}).get("displaymath", {})
        number = ".".join(map(str, numbers.get(anchor, (number,))))
        return f"{self._page(docname)}#{anchor}", f"Equation {number}"

    def _page(self, docname):
        return self.builder.get_relative_uri(self.docname, docname) if docname != self.docname else ""

    def links(self, text, words):
        """The links in a text: the first of each name, a few times a page, and every label of an equation."""
        links, met = [], set()
        for word in words:
            known = word.name in met or self.linked[word.name] >= MOST_LINKS
            address = None if known else self.to_name(word.name)
            met.add(word.name)
            if address:
                self.linked[word.name] += 1
                begin, end = (anchors.position(text, *place) for place in (word.begin, word.end))
                links.append((begin, end, address, ""))
        for label in LABEL.finditer(text):
            if label[0] in self.equations:
                links.append((*label.span(), *self.to_equation(label[0])))
        return _apart(sorted(links))


def _apart(links):
    """The links that begin after the one before has ended."""
    kept = []
    for link in links:
        if not kept or link[0] >= kept[-1][1]:
            kept.append(link)
    return kept


class Code:
    """Goes before the translator of the pages, which is made anew for each."""

    def visit_literal_block(self, node):
        """Code in a cell, or that of an algorithm, with links."""
        try:
            super().visit_literal_block(node)
        except nodes.SkipNode:  # it is written
            if "function" in node:
                self._link(names.scope_of(find(node["function"]).function))
            elif "cell_input" in node.parent["classes"]:
                self._link(self._scope)
            raise

    @cached_property
    def _page(self):
        return Page(self.builder, self.builder.current_docname)

    @cached_property
    def _scope(self):
        """What the names in the cells mean, so far."""
        return {}

    def _link(self, scope):
        self.body[-1] = anchors.with_links(
            self.body[-1], lambda text: self._page.links(text, names.words(text, scope))
        )


def _link_source(app, pagename, templatename, context, doctree):
    if pagename.startswith(SOURCES) and app.builder.format == "html":
        page = Page(app.builder, pagename)
        context["body"] = anchors.with_links(context["body"], lambda text: page.links(text, []))


def _read_source(app, module):
    """A module's text and where its definitions are.

    viewcode would find both itself, and then keep a source page for as long as the module does not change:
    but the numbers of equations on it may.
    """
    try:
        analyzer = ModuleAnalyzer.for_module(module)
        analyzer.find_tags()
    except PycodeError:  # viewcode knows what to do
        return None
    return analyzer.code, analyzer.tags


def setup(app):
    """Register with Sphinx."""
    app.setup_extension("sphinx.ext.viewcode")
    app.connect("viewcode-find-source", _read_source)
    add_before(app, Code)
    app.connect("html-page-context", _link_source)
