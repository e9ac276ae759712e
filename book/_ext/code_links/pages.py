"""The code on a page: cells, which share their names, the algorithms of the package, and its sources."""

import re
from collections import Counter

from docutils import nodes
from sphinx.errors import PycodeError
from sphinx.pycode import ModuleAnalyzer

from algorithm_code import LABEL, find
from code_links import anchors, names

CELL = r'<div class="cell_input docutils container">\s*<div class="highlight-[^"]*"><div class="highlight">'
ALGORITHM = r'<div class="algorithm-code[^"]*"><div class="highlight">'
CODE = re.compile(rf"({CELL}|{ALGORITHM})(<pre>)(.*?)(</pre>)", re.DOTALL)
SOURCE = re.compile(r"(<pre>)(.*)(</pre>)", re.DOTALL)
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


def link_code(body, page, functions):
    """A page's body with links in its code; ``functions`` are those whose code it shows, in order."""
    scope, functions = {}, iter(functions)

    def linked(match):
        opening, pre, code, closing = match.groups()
        text = anchors.text_of(code)
        if "cell_input" in opening:
            words = names.words(text, scope)
        else:
            words = names.words(text, names.scope_of(find(next(functions)).function))
        return f"{opening}{pre}{anchors.with_links(code, page.links(text, words))}{closing}"

    return CODE.sub(linked, body)


def link_source(body, page):
    """A source page's body with links from labels to their equations."""

    def linked(match):
        text = anchors.text_of(match[2])
        return f"{match[1]}{anchors.with_links(match[2], page.links(text, []))}{match[3]}"

    return SOURCE.sub(linked, body)


def _link_page(app, pagename, templatename, context, doctree):
    body = context.get("body")
    if not body or app.builder.format != "html":
        return
    page = Page(app.builder, pagename)
    if doctree is not None:
        shown = [node["function"] for node in doctree.findall(nodes.literal_block) if "function" in node]
        context["body"] = link_code(body, page, shown)
    elif pagename.startswith(SOURCES):
        context["body"] = link_source(body, page)


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
    app.connect("html-page-context", _link_page)
