"""Names of the package in the code on a page lead to its documentation, and labels to their equations.

==========  ==========================================================================================
module      what it does
==========  ==========================================================================================
`names`     which public name of the package does a word in a program mean? (by its syntax tree)
`anchors`   puts links around words of highlighted code
`pages`     which code is on a page, and where its links lead
==========  ==========================================================================================

Nothing is run: what a name means follows from the imports and from simple assignments. In a cell the first
occurrence of a name is a link, so that the keyboard does not stop at every word.

Relies on the class "cell_input" of MyST-NB, on Pygments, which writes a token as a span of text and nothing
before the code, and on the source pages of sphinx.ext.viewcode, in _modules/. tests/test_code_links.py
follows links on pages of each kind. (sphinx-codeautolink links the names in code blocks, too, but no
algorithm, no source and no label of an equation, and as often as they occur.)
"""

from code_links import pages


def setup(app):
    """Register with Sphinx."""
    pages.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
