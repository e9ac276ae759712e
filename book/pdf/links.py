"""One document out of many pages: ids are made unique, and links between pages become links inside it.

Every id gets the name of its page in front. A link to a page of the book then needs only the fragment; a
link to another file that was built (a source, the general index) has nothing to lead to in print, and
becomes plain text.
"""

import posixpath
from urllib.parse import unquote, urlsplit

NAMING = ("aria-labelledby", "aria-describedby", "headers", "for")  # attributes that hold ids


def qualify(page, name):
    """The id in the document of an id on a page; the page itself where there is no id."""
    return f"{page.anchor}.{name}" if name else page.anchor


def rename_ids(page):
    """Put the page's name before each id of it, and before each use of one in the same page."""
    for element in page.article.find_all(id=True):
        element["id"] = qualify(page, element["id"])
    for attribute in NAMING:
        for element in page.article.find_all(attrs={attribute: True}):
            element[attribute] = " ".join(qualify(page, name) for name in element[attribute].split())


def resolve(page, pages, href):
    """Where a link of a page leads: a fragment of the document, an address outside, or None for nowhere."""
    parts = urlsplit(href)
    if parts.scheme in {"http", "https", "mailto"}:
        return href
    target = page.name
    if parts.path:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(page.name), unquote(parts.path)))
        target = path.removesuffix(".html")
    found = next((other for other in pages if other.name == target), None)
    if parts.scheme or found is None:
        return None
    return "#" + qualify(found, unquote(parts.fragment))


def redirect(page, pages):
    """Rewrite every link of a page for the one document."""
    for link in page.article.find_all("a", href=True):
        target = resolve(page, pages, link["href"])
        if target is None:
            link.unwrap()
        else:
            link["href"] = target
            if not target.startswith("#"):
                link["class"] = ["outside"]


def redirect_pictures(page, prefix):
    """Let the pictures of a page be found from the folder of the document."""
    here = posixpath.dirname(page.name)
    for picture in page.article.find_all("img", src=True):
        if not urlsplit(picture["src"]).scheme:
            picture["src"] = posixpath.join(prefix, posixpath.normpath(posixpath.join(here, picture["src"])))
