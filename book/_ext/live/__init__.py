"""Live pages: every chapter has a button, "Run this page", which starts Python in the reader's browser.

Until it is pressed nothing is fetched and nothing on the page changes. Then Pyodide comes from a content
network, at the version and with the digests of ``runtime.json``. Pure Python comes with the book, from the
environment in which the book was built. What is fetched, and which versions differ from those that wrote the
outputs, is said in a disclosure beside the button.

Other people's markup that it relies on, and the test in tests/test_live.py, or tests/browser/test_live.py for
what scripts do, that fails when it changes:

- MyST-NB's classes ``cell`` and ``cell_input``: `test_chapters_have_the_button_and_other_pages_nothing`;
- the role ``text`` of MyST-NB's domain ``glue``, and its class ``pasted-text``:
  `test_every_number_in_the_prose_can_be_found`;
- on the page ``.bd-article``, ``.cell_input pre``, ``.cell_output``, ``figure img``:
  `test_the_symbolic_engine_runs_and_its_outputs_replace_the_stored_ones`;
- the theme's class ``pst-js-only``: `test_without_scripts_there_is_no_button`;
- Pyodide's ``loadPyodide``, ``unpackArchive`` and list of packages: all browser tests that run a page, and
  `test_the_disclosure_names_the_versions_of_pyodide`.

==========  =====================================================================================
module      what it does
==========  =====================================================================================
`page`      the bar with the button, the names of the numbers in the prose
`needs`     which packages a page imports
`packing`   wheels, reproducible to the byte: ngbook's, and those of installed packages
`versions`  with which the outputs were written, and which a page runs
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
