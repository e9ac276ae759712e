"""The search: chapters first, and no excerpts where a browser does not let a page read its neighbours.

Sphinx ranks a name in the reference above the chapter that explains it. searching.js, which Sphinx puts into
its search scripts, ranks the results anew.

Relies on names in Sphinx's search scripts: the order of what a result is made of, ``Search._index``,
``Search.htmlToText`` and ``splitQuery``, and on "article" around the text. tests/browser/test_search.py
searches the book.
"""

import hashlib
from pathlib import Path

SCORER = Path(__file__).with_suffix(".js")


def setup(app):
    """Register with Sphinx; a change of the scorer writes the pages and the search script anew."""
    digest = hashlib.sha256(SCORER.read_bytes()).hexdigest()
    app.config.html_search_scorer = str(SCORER)
    app.add_config_value("search_scorer_digest", digest, "html")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
