"""Live pages: every chapter has a button, "Run this page", which starts Python in the reader's browser.

Until it is pressed nothing is fetched and nothing on the page changes. Then Pyodide comes from a content
network, at the version and with the digests of ``runtime.json``. Pure Python comes with the book, from the
environment in which the book was built: SymPy and Gymnasium are those that the stored outputs come from.

==========  =====================================================================================
module      what it does
==========  =====================================================================================
`page`      the bar with the button, the names of the numbers in the prose
`needs`     which packages a page imports
`packing`   wheels, reproducible to the byte: ngbook's, and those of installed packages
`files`     what is written into ``_static/live``
==========  =====================================================================================

The scripts are in ``book/assets/live``, the Python that runs the cells in the browser is in ``live_page``,
and ``book/live.yml`` says what a reader should know before pressing the button.
"""

from live import files, page


def setup(app):
    """Register with Sphinx."""
    page.setup(app)
    files.setup(app)
    return {"env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
