"""The notebook edition: every chapter as a notebook that Jupyter, VS Code, Colab and code hosts can show.

The sources in ``book/`` are MyST; outside the book their roles are raw text, their macros are errors, and
their figures are hidden. This writes each as a plain notebook into ``_build/notebooks``, from the same
resolved page as the HTML, with the same numbers, and runs nothing.

==========  =====================================================================================
module      what it does
==========  =====================================================================================
`formulas`  TeX without macros, with numbers
`links`     where a reference leads that leaves a notebook
`markdown`  the nodes of a resolved page as plain Markdown
`source`    code cells without glue, with their results in them
`pictures`  a PNG beside every stored SVG
`notebook`  one notebook, assembled from all these
`parcel`    the zip: notebooks, wheel, a README, the strict comparison
`builder`   all of it, written if anything behind it has changed
`offer`     the download menu of a chapter, the link to the zip
==========  =====================================================================================

Relies on the nodes of Sphinx, MyST-NB, sphinx-design, sphinx-proof and sphinxcontrib-bibtex, of which one
that it does not know fails the build, and on the names of the theme's buttons. tests/test_edition.py reads
the notebooks and what the pages offer.
"""

from edition import builder, offer


def setup(app):
    """Register with Sphinx."""
    app.setup_extension("error_reports")
    builder.setup(app)
    offer.setup(app)
    return {"env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
