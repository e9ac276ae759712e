"""What the pages contain (equations, checking cells, evidence directives), kept between builds."""

from dataclasses import dataclass, field

from docutils import nodes

from equation_ledger.calls import Checks, is_general

TAG = "check:"


@dataclass(frozen=True)
class Equation:
    """A display equation; ``label`` is None for one without a name."""

    label: str | None
    docname: str
    line: int | None
    tex: str
    nowrap: bool  # its TeX is a whole environment


@dataclass(frozen=True)
class Cell:
    """A code cell with ``check:`` tags, the checks it calls, and the anchor that leads to it."""

    labels: tuple
    calls: tuple  # each a `Check`
    evidence: tuple  # of (scope, kinds): what it shows, for what
    docname: str
    line: int | None
    anchor: str
    count: int | None  # execution count: what a reader of the notebook sees as [7]
    draws: bool
    is_tick: bool  # folded into one line, on a page whose checks state their scopes

    @property
    def phrases(self):
        """What its tick says: "for all values", or "for sigma = 2: numeric"."""
        for scope, kinds in self.evidence:
            kind = ", ".join(kinds)
            yield kind if not scope else f"for {scope}" if is_general(scope) else f"for {scope}: {kind}"


@dataclass
class Page:
    equations: list = field(default_factory=list)
    cells: list = field(default_factory=list)
    has_evidence: bool = False
    on_sheet: list = field(default_factory=list)  # labels


def pages(env):
    """Docname -> `Page`, for every page read so far."""
    if not hasattr(env, "ledger_pages"):
        env.ledger_pages = {}
    return env.ledger_pages


def all_equations(env):
    return [equation for name in sorted(pages(env)) for equation in pages(env)[name].equations]


def all_cells(env):
    return [cell for name in sorted(pages(env)) for cell in pages(env)[name].cells]


def cells_checking(env, label):
    """The cells that check ``label``: those on the equation's own page first, in reading order."""
    home = {equation.docname for equation in all_equations(env) if equation.label == label}
    cells = [cell for cell in all_cells(env) if label in cell.labels and cell.calls]
    return sorted(cells, key=lambda cell: cell.docname not in home)


def book_equations(document):
    """The display equations of the book's own text: not what a cell printed, nor an API docstring."""
    for node in document.findall(nodes.math_block):
        printed = any(ancestor.get("nb_element") == "cell_code_output" for ancestor in _ancestors(node))
        if not printed and "docstring of" not in (node.source or ""):
            yield node


def label_of(node):
    """The label, unless MyST made it up (an ``amsmath`` environment has no way to state one)."""
    return None if "amsmath" in node["classes"] else node.get("label")


def is_cell(node):
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"


def _ancestors(node):
    while node.parent is not None:
        node = node.parent
        yield node


# --- events --------------------------------------------------------------------------------------


def read_page(app, document):
    docname, checks = app.env.docname, Checks(app.config.ledger_checks)
    has_scopes = docname not in app.config.ledger_pages_without_scopes
    page = pages(app.env).setdefault(docname, Page())
    page.equations = [
        Equation(label_of(n), docname, _line(n), n.astext(), bool(n.get("nowrap")))
        for n in book_equations(document)
    ]
    containers = list(document.findall(is_cell))
    page.cells, anchors = [], set()
    called = checks.in_cells([_source(container) for container in containers])
    for container, calls in zip(containers, called, strict=True):
        tags = container["cell_metadata"].get("tags", [])
        labels = tuple(tag.removeprefix(TAG).strip() for tag in tags if tag.startswith(TAG))
        if not labels:
            container["prints_checks"] = bool(calls) and has_scopes
            continue
        anchor = _anchor(labels[0], anchors)
        container["ids"].append(anchor)
        scopes = dict.fromkeys(call.scope for call in calls)
        page.cells.append(
            Cell(
                labels,
                tuple(calls),
                tuple((s, checks.kinds_of(c for c in calls if c.scope == s)) for s in scopes),
                docname,
                _line(container),
                anchor,
                container.get("exec_count"),
                draws=next(container.findall(nodes.image), None) is not None,
                is_tick=has_scopes and container.get("hide_mode") != "all",
            )
        )


def _source(container):
    for child in container.children:
        if child.get("nb_element") == "cell_code_source":
            return child.astext()
    return ""


def _anchor(label, taken):
    base = nodes.make_id(f"check-{label}")
    anchor, k = base, 1
    while anchor in taken:
        k += 1
        anchor = f"{base}-{k}"
    taken.add(anchor)
    return anchor


def _line(node):
    while node is not None:
        if node.line:
            return node.line
        node = node.parent
    return None


def purge_page(app, env, docname):
    pages(env).pop(docname, None)


def merge_pages(app, env, docnames, other):
    pages(env).update({name: page for name, page in pages(other).items() if name in docnames})


def setup(app):
    app.add_config_value("ledger_checks", {}, "env")
    app.add_config_value("ledger_pages_without_scopes", [], "env")
    app.connect("doctree-read", read_page)
    app.connect("env-purge-doc", purge_page)
    app.connect("env-merge-info", merge_pages)
