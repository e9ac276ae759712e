"""The equation ledger: every display equation of a book is accounted for.

An equation is either a *claim*, checked by at least one code cell with the tag ``check:eq-name`` that calls a
function named in ``ledger_checks``, or a *definition* or *assumption*, listed with its reason in
``ledger.yml``. What is neither, or both, is a warning, and so fails the strict build. A check states its
scope, and only one that proves what it checks may claim all values.

Of MyST-NB it relies on the attributes of a cell's container (``nb_element``, ``cell_metadata``,
``exec_count``; ``hide_mode`` and ``prompt_show`` fold it), and on the class ``amsmath`` of equations that
MyST labels by itself. All of them are exercised by tests/test_ledger.py, which builds small books.

==========  =========================================================================
module      what it does
==========  =========================================================================
`calls`     which checks does the source of a cell call? (by its syntax tree)
`collect`   what the pages contain: equations, checking cells, evidence directives
`entries`   what ``ledger.yml`` contains, and where
`rules`     what is wrong, each with what to do about it
`marks`     the ticks, and the links between an equation and the cells that check it
`evidence`  the ``{evidence}`` directive: the tables of all of it
`sheet`     the ``{equation-sheet}`` directive: some equations, set once more
==========  =========================================================================
"""

from pathlib import Path

from equation_ledger import collect, evidence, marks, rules, sheet

STATIC = Path(__file__).with_name("static")


def _add_style(app):
    app.config.html_static_path.append(str(STATIC))


def setup(app):
    """Register with Sphinx."""
    app.connect("builder-inited", _add_style)
    app.add_css_file("ledger.css")
    collect.setup(app)
    rules.setup(app)
    marks.setup(app)
    evidence.setup(app)
    sheet.setup(app)
    return {"version": "1", "env_version": 4, "parallel_read_safe": True, "parallel_write_safe": True}
