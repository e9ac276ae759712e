"""The equation ledger: every display equation of the book is accounted for.

An equation is either a *claim*, checked by at least one code cell with the tag ``check:eq-name`` that
calls `ngbook.checks`, or a *definition* or *assumption*, listed with its reason in ``ledger.yml``.
What is neither, or both, is a warning, and so fails the strict build.

==========  =========================================================================
module      what it does
==========  =========================================================================
`calls`     which checks does the source of a cell call? (by its syntax tree)
`collect`   what the pages contain: equations, checking cells, evidence directives
`entries`   what ``ledger.yml`` contains, and where
`rules`     what is wrong, each with what to do about it
`marks`     the links between an equation and the cells that check it
`evidence`  the ``{evidence}`` directive: the tables of all of it
==========  =========================================================================
"""

from ledger import collect, evidence, marks, rules


def setup(app):
    app.add_css_file("ledger.css")
    collect.setup(app)
    rules.setup(app)
    marks.setup(app)
    evidence.setup(app)
    return {"version": "1", "env_version": 2, "parallel_read_safe": True, "parallel_write_safe": True}
