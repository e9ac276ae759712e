"""The ``{evidence}`` directive: which equation is checked how and where, and what is taken as given."""

from collections import Counter

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from equation_ledger.calls import Checks
from equation_ledger.collect import Page, all_cells, all_equations, cells_checking, pages
from equation_ledger.marks import cell_link, entries_of, entry_anchor, equation_link, separated


class evidence(nodes.General, nodes.Element):
    """Where the tables go, once every page has been read."""


class EvidenceDirective(SphinxDirective):
    has_content = False

    def run(self):
        pages(self.env).setdefault(self.env.docname, Page()).has_evidence = True
        return [evidence()]


class WriteEvidence(SphinxPostTransform):
    default_priority = 210

    def run(self, **kwargs):
        for node in list(self.document.findall(evidence)):
            node.replace_self(list(Tables(self.app, self.env.docname).everything()))


class Tables:
    """The parts of the evidence page, from what was collected."""

    def __init__(self, app, docname):
        self.app, self.env, self.docname = app, app.env, docname
        self.entries = entries_of(app)
        order = {name: i for i, name in enumerate(_reading_order(self.env))}
        self.equations = [e for e in all_equations(self.env) if e.label]
        self.equations.sort(key=lambda e: order.get(e.docname, len(order)))  # stable: document order within

    def everything(self):
        yield nodes.paragraph("", self.totals())
        for docname in dict.fromkeys(equation.docname for equation in self.equations):
            mine = [equation for equation in self.equations if equation.docname == docname]
            claims = [equation for equation in mine if cells_checking(self.env, equation.label)]
            given = [equation for equation in mine if equation.label in self.entries]
            title = self.env.titles[docname].astext()
            section = nodes.section("", nodes.title(title, title), ids=[nodes.make_id(f"evidence-{docname}")])
            if claims:
                header = ["Equation", "What is checked", "How, and where"]
                section += _table(header, map(self.claim, claims), [12, 44, 24])
            if given:
                header = ["Equation", "Taken as", "Because", "In code"]
                section += _table(header, map(self.given, given), [16, 12, 32, 20])
            yield section

    def totals(self):
        claims = [e.label for e in self.equations if cells_checking(self.env, e.label)]
        counts = Counter(
            kind
            for label in claims
            for kind in {call.kind for cell in cells_checking(self.env, label) for call in cell.calls}
        )
        given = Counter(self.entries[e.label].kind for e in self.equations if e.label in self.entries)
        cells = [cell for cell in all_cells(self.env) if cell.calls]
        kinds = Checks(self.env.config.ledger_checks).kinds
        by_kind = ", ".join(f"{counts[kind]} {kind}" for kind in kinds if counts[kind])
        if by_kind:
            by_kind = f" ({by_kind}; an equation may be checked in several ways)"
        return (
            f"The book has {_count(len(self.equations), 'display equation')}: "
            f"{len(claims)} checked by {_count(len(cells), 'cell')}{by_kind}, "
            f"{_count(given['definition'], 'definition')} and {_count(given['assumption'], 'assumption')}."
        )

    def claim(self, equation):
        cells = cells_checking(self.env, equation.label)
        abouts = dict.fromkeys(call.about for cell in cells for call in cell.calls if call.about)
        links = [self.cell(cell, equation) for cell in cells]
        return equation, [self.number(equation), [nodes.Text("; ".join(abouts))], list(separated(links))]

    def given(self, equation):
        entry = self.entries[equation.label]
        code = [self.object_link(entry.implements)] if entry.implements else [nodes.Text("–")]
        return equation, [self.number(equation), [nodes.Text(entry.kind)], [nodes.Text(entry.reason)], code]

    def number(self, equation):
        return [equation_link(self.env, self.app.builder, self.docname, equation.label)]

    def cell(self, cell, equation):
        shown = [
            f"for {scope}: {', '.join(kinds)}" if scope else ", ".join(kinds)
            for scope, kinds in cell.evidence
        ]
        text = f"{'; '.join(shown)}: " + (f"cell [{cell.count}]" if cell.count else "cell")
        if cell.docname != equation.docname:
            text += f" of {self.env.titles[cell.docname].astext()}"
        return cell_link(self.app.builder, self.docname, cell, text, None)

    def object_link(self, name):
        """The function's API entry, if there is one."""
        literal = nodes.literal(name, name)
        domain = self.env.get_domain("py")
        if name not in domain.objects:
            return literal
        xref = nodes.Element(refspecific=False)
        return (
            domain.resolve_xref(self.env, self.docname, self.app.builder, "obj", name, xref, literal)
            or literal
        )


def _count(number, noun):
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _reading_order(env):
    """Pages in the order of the table of contents."""
    order, stack = [], [env.config.root_doc]
    while stack:
        name = stack.pop()
        if name not in order:
            order.append(name)
            stack.extend(reversed(env.toctree_includes.get(name, [])))
    return order


def _table(header, rows, widths):
    """A table; ``widths`` in characters (the plain-text builder wraps to them)."""
    group = nodes.tgroup("", *(nodes.colspec(colwidth=w) for w in widths), cols=len(header))
    group += nodes.thead("", _row([[nodes.Text(text)] for text in header]))
    body = nodes.tbody()
    for equation, row in rows:
        body += _row(row, ids=[entry_anchor(equation.label)])
    group += body
    return nodes.table("", group, classes=["ledger-table"])


def _row(cells, **attributes):
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *cell)) for cell in cells), **attributes)


def setup(app):
    app.add_node(evidence)
    app.add_directive("evidence", EvidenceDirective)
    app.add_post_transform(WriteEvidence)
