"""Equation labels in the package's docstrings become links to the numbered equations of the book.

In the source a docstring says "(eq-fisher-matrix)", which a reader of `help()` can search for; on the API
page the same words show the equation's number and lead to it.

Relies on autodoc's event for docstrings. A label that is no equation of the book is a warning, which fails
the build, and tests/test_code_links.py reads the API page.
"""

import re

LABEL = re.compile(r"(?<![`\w-])(eq-[a-z0-9-]*[a-z0-9])\b(?!`)")


def _link_equations(app, what, name, obj, options, lines):
    lines[:] = [LABEL.sub(lambda match: f":eq:`{match[1]}`", line) for line in lines]


def setup(app):
    """Register with autodoc."""
    app.connect("autodoc-process-docstring", _link_equations)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
