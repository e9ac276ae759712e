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
"""

from code_links import pages


def setup(app):
    """Register with Sphinx."""
    pages.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
