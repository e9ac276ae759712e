"""What the pages contain (equations, checking cells, evidence directives), kept between builds."""

from dataclasses import dataclass, field

from docutils import nodes

from ledger.calls import checks_of_cells, kinds_of

TAG = "check:"


@dataclass(frozen=True)
class Equation:
    """A display equation; ``label`` is None for one without a name."""

    label: str | None
    docname: str
    line: int | None


@dataclass(frozen=True)
class Cell:
    """A code cell with ``check:`` tags, the checks it calls, and the anchor that leads to it."""

    labels: tuple
    kinds: tuple
    abouts: tuple  # what it checks, in the author's words
    docname: str
    line: int | None
    anchor: str
    count: int | None  # execution count: what a reader of the notebook sees as [7]


@dataclass
class Page:
    equations: list = field(default_factory=list)
    cells: list = field(default_factory=list)
    has_evidence: bool = False


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
    cells = [cell for cell in all_cells(env) if label in cell.labels and cell.kinds]
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
    docname = app.env.docname
    page = pages(app.env).setdefault(docname, Page())
    page.equations = [Equation(label_of(n), docname, _line(n)) for n in book_equations(document)]
    containers = list(document.findall(is_cell))
    checks = checks_of_cells([_source(container) for container in containers])
    page.cells, anchors = [], set()
    for container, called in zip(containers, checks, strict=True):
        tags = container["cell_metadata"].get("tags", [])
        labels = tuple(tag.removeprefix(TAG).strip() for tag in tags if tag.startswith(TAG))
        if labels:
            anchor = _anchor(labels[0], anchors)
            container["ids"].append(anchor)
            count = container.get("exec_count")
            abouts = tuple(dict.fromkeys(about for _, about in called if about))
            page.cells.append(
                Cell(labels, kinds_of(called), abouts, docname, _line(container), anchor, count)
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
    app.connect("doctree-read", read_page)
    app.connect("env-purge-doc", purge_page)
    app.connect("env-merge-info", merge_pages)
