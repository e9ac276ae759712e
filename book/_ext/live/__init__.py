"""Live pages: every chapter has a button, "Run this page", behind which Python starts in the reader's browser.

Until it is pressed nothing is fetched and nothing on the page changes. Then Pyodide comes from a content network, at
the version and with the digests of ``runtime.json``; all pure Python comes with the book, from the environment in which
the book was built, so that a live page computes with the versions that the stored outputs come from.

==========  =====================================================================================
module      what it does
==========  =====================================================================================
`page`      the bar with the button, the names of the numbers in the prose
`needs`     which packages a page imports
`packing`   wheels, reproducible to the byte: ngbook's, and those of installed packages
`files`     what is written into ``_static/live``
==========  =====================================================================================

The scripts and the Python that runs the cells are in ``book/assets/live``; ``book/live.yml`` says what a reader should
know before pressing the button.
"""

from live import files, page


def setup(app):
    """Register with Sphinx."""
    page.setup(app)
    files.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
