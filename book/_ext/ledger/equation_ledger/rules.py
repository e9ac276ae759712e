"""What is wrong with the ledger: each problem is a warning at its place that says what to do."""

from collections import Counter
from pathlib import Path

from sphinx.util import logging

from equation_ledger import entries as ledger_file
from equation_ledger.collect import TAG, all_cells, all_equations, pages

logger = logging.getLogger(__name__)
PREFIX = "eq-"
NO_CHECK = (
    "the cell tagged {tags} calls no check: call one of {checks} in this cell (a call inside a function that "
    "is only defined does not count; the cell and the import must not be hidden by remove-input)"
)
NO_SCOPE = (
    'the check "{about}" states no scope: give scope="all values" if it proves the equation for all values '
    'of its symbols, or else name the instance in a plain text, such as scope="three parameters"'
)
TOO_GENERAL = (
    'the check "{about}" has the scope "{scope}", and {function} proves nothing: name the instance for which '
    "it was computed"
)
WHICH_SCOPE = (
    "the cell tagged {tags} has checks of several scopes, and which equation has which is not said: split it"
)
DRAWS = (
    "the cell tagged {tags} draws, and would be folded with its picture: check the equation in another cell"
)


def problems_of_pages(equations, cells, entries, checks, without_scopes):
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
        for message in _problems_of_cell(cell, checks, cell.docname not in without_scopes):
            yield place, message


def _problems_of_cell(cell, checks, needs_scopes):
    tags = ", ".join(TAG + label for label in cell.labels)
    if not cell.calls:
        yield NO_CHECK.format(tags=tags, checks=", ".join(checks))
    for call in cell.calls:
        about = call.about or call.function
        if call.is_general and not call.proves:
            yield TOO_GENERAL.format(about=about, scope=call.scope, function=call.function)
        if needs_scopes and not call.scope:
            yield NO_SCOPE.format(about=about)
    if needs_scopes and len(set(cell.labels)) > 1 and len(cell.evidence) > 1:
        yield WHICH_SCOPE.format(tags=tags)
    if cell.is_tick and cell.draws:
        yield DRAWS.format(tags=tags)


def problems_of_list(cells, without_scopes, docnames):
    """Yield what is wrong with the list of the pages whose checks state no scopes yet."""
    for name in without_scopes:
        calls = [call for cell in cells if cell.docname == name for call in cell.calls]
        if name not in docnames:
            yield f"ledger_pages_without_scopes names {name}, and there is no such page: remove it"
        elif all(call.scope for call in calls):
            yield f"ledger_pages_without_scopes names {name}, all of whose checks have a scope: remove it"


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
            f"a check with {TAG}{label}; if it is a definition or an assumption, add "
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
    equations, cells, config = all_equations(env), all_cells(env), app.config
    entries, problems = ledger_file.read(app.srcdir)
    listed = config.ledger_pages_without_scopes
    for place, message in problems_of_pages(equations, cells, entries, config.ledger_checks, listed):
        logger.warning(message, location=place, type="ledger")
    for line, message in sorted([*problems, *problems_of_file(equations, entries)]):
        logger.warning(message, location=f"{Path(app.srcdir, ledger_file.FILE)}:{line}", type="ledger")
    for message in problems_of_list(cells, listed, env.found_docs):
        logger.warning(message, type="ledger")
    return []


def setup(app):
    app.connect("env-get-outdated", reread_when_the_file_changed)
    app.connect("env-updated", report)
