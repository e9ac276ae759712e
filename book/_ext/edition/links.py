"""Where a reference leads that leaves a notebook: to the published page, to the notebook beside it, nowhere.

The address of the published book is ``html_baseurl``. Without one, a chapter is found in its notebook, and a
page of the reference part, of which there is none, is named and not linked.
"""

import posixpath
from urllib.parse import quote

SCHEME = "book:"  # how the builder writes the place of a page of the book, for `address` to read


def inside(docname):
    """The mark of a page of the book in a resolved reference."""
    return SCHEME + docname


def address(reference, docname, chapters, published):
    """The address that a resolved reference of one notebook gets, or None for no link.

    Parameters
    ----------
    reference : docutils.nodes.reference
    docname : str
        The page that the reference stands on.
    chapters : container of str
        The pages that have a notebook.
    published : str
        The address of the published book, empty if there is none.
    """
    target = reference.get("refuri", "")
    if not target.startswith(SCHEME):
        return target or None  # an address outside, or a place in the same notebook
    page, _, anchor = target.removeprefix(SCHEME).partition("#")
    if page == docname:
        return None
    if published:
        return f"{published.rstrip('/')}/{quote(page)}.html" + (f"#{anchor}" if anchor else "")
    if page in chapters:
        return quote(posixpath.relpath(f"{page}.ipynb", posixpath.dirname(docname)))
    return None
