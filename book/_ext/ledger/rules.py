"""What is wrong with the ledger: each problem is a warning at its place that says what to do."""

from collections import Counter
from pathlib import Path

from sphinx.util import logging

from ledger import entries as ledger_file
from ledger.collect import TAG, all_cells, all_equations, pages

logger = logging.getLogger(__name__)
PREFIX = "eq-"
NO_CHECK = (
    "the cell tagged {tags} calls no check: call same, close, slope or at_most of ngbook.checks in this cell "
    "(a call inside a function that is only defined does not count; the cell and the import must not be "
    "hidden by remove-input)"
)


def problems_of_pages(equations, cells, entries):
    """Yield (location, message) for equations and cells."""
    labels = Counter(equation.label for equation in equations)
    tagged = {label for cell in cells for label in cell.labels}
    for equation in equations:
        message = _problem_of_equation(equation.label, labels, tagged, entries)
        if message:
            yield (equation.docname, equation.line), message
    for cell in cells:
        place = (cell.docname, cell.line)
        for label, times in Counter(cell.labels).items():
            if label not in labels:
                yield place, f"the tag {TAG}{label} names no equation: correct it, or label one ({label})"
            if times > 1:
                yield place, f"the tag {TAG}{label} stands twice on this cell: remove one"
        if not cell.kinds:
            yield place, NO_CHECK.format(tags=", ".join(TAG + label for label in cell.labels))


def _problem_of_equation(label, labels, tagged, entries):
    if label is None:
        return (
            "display equation without a label: write $$ ... $$ (eq-name), and check it in a cell tagged "
            f"{TAG}eq-name or list it in {ledger_file.FILE}"
        )
    if not label.startswith(PREFIX):
        return f"the equation label {label} does not start with {PREFIX}: rename it {PREFIX}{label}"
    if labels[label] > 1:
        return f"the equation label {label} is used {labels[label]} times: rename all but one"
    if label in tagged and label in entries:
        return (
            f"equation {label} is both tagged on a cell and listed in {ledger_file.FILE}: "
            f"a claim is checked, a definition is listed; remove the tag, or line {entries[label].line} there"
        )
    if label not in tagged and label not in entries:
        return (
            f"equation {label} is neither checked nor defined: if it is a claim, tag a cell that calls "
            f"ngbook.checks with {TAG}{label}; if it is a definition or an assumption, add "
            f'"{label}: {{kind: definition, reason: ...}}" to {ledger_file.FILE}'
        )
    return None


def problems_of_file(equations, entries):
    """Yield (line, message) for entries whose equation does not exist."""
    labels = {equation.label for equation in equations}
    for entry in entries.values():
        if entry.label not in labels:
            yield entry.line, f"no equation has the label {entry.label}: correct it, or remove the entry"


# --- events --------------------------------------------------------------------------------------


def reread_when_the_file_changed(app, env, added, changed, removed):
    """The evidence page shows what ``ledger.yml`` says, so it is read again when that changes."""
    path = Path(app.srcdir, ledger_file.FILE)
    content = path.read_bytes() if path.exists() else b""
    is_new = content != getattr(env, "ledger_file", b"")
    env.ledger_file = content
    return [name for name, page in pages(env).items() if page.has_evidence] if is_new else []


def report(app, env):
    """Runs on every build, also when nothing was read: a second try does not make a problem go away."""
    equations = all_equations(env)
    entries, problems = ledger_file.read(app.srcdir)
    for place, message in problems_of_pages(equations, all_cells(env), entries):
        logger.warning(message, location=place, type="ledger")
    for line, message in sorted([*problems, *problems_of_file(equations, entries)]):
        logger.warning(message, location=f"{Path(app.srcdir, ledger_file.FILE)}:{line}", type="ledger")
    return []


def setup(app):
    app.connect("env-get-outdated", reread_when_the_file_changed)
    app.connect("env-updated", report)
