"""Small corrections of what the theme and other extensions put on a page.

1. Jupyter Book declares the Thebe scripts on every page, twice, and they would fetch a library from outside
   when started. The book is read without a network, so they are taken off the pages.
2. sphinx-proof gives the body of every algorithm the same id. A page may have several, and an id must be
   unique, so each is named after its algorithm.
3. Sphinx copies the style sheets only when it writes a page, so that an edited sheet alone would change
   nothing. Their digest is made a part of the configuration, and a new digest writes the pages anew.
4. The list of all source pages is written as lists that stand outside of the items of lists. It is one list.
5. The templates in _templates mend parts of the theme; the reasons are in them. The menu of downloads needs a
   script in place of Bootstrap: menu.js.
6. Two of the theme's buttons show no ring when the keyboard reaches them: keyboard.css.

Relies on "thebe" in the names or texts of its files, on the id "proof-content", on the nested lists of
sphinx.ext.viewcode, and on the names of the theme's templates and blocks. tests/test_built_book.py notices
requests and ids, tests/test_look.py the list and the head of a page, tests/browser the rest.
"""

import hashlib
from pathlib import Path

from bs4 import BeautifulSoup

TEMPLATES = Path(__file__).parents[1] / "_templates"


def one_list(body):
    """A body with one list, of all items of its lists."""
    page = BeautifulSoup(body, "html.parser")
    for inner in page.select("ul ul"):
        inner.unwrap()
    return str(page)


def _without_thebe(scripts):
    """The page's scripts, each once, less those that belong to Thebe."""
    kept, seen = [], set()
    for script in scripts:
        name = str(getattr(script, "filename", script))
        body = (getattr(script, "attributes", None) or {}).get("body") or ""
        if "thebe" in name.lower() or "thebe" in body.lower():
            continue
        if (name, body) not in seen:
            seen.add((name, body))
            kept.append(script)
    return kept


def _clean_page(app, pagename, templatename, context, doctree):
    if pagename == "_modules/index":
        context["body"] = one_list(context["body"])
    for files in ("script_files", "css_files"):
        context[files] = _without_thebe(context.get(files, []))


def _unique_ids(app, doctree, docname):
    for node in doctree.findall(lambda n: "proof-content" in getattr(n, "attributes", {}).get("ids", ())):
        label = (node.parent.get("ids") or [f"algorithm-{node.line}"])[0]
        node["ids"] = [f"{label}-content"]


def _digest(folder):
    """One digest of the names and bytes of all style sheets in a folder."""
    digest = hashlib.sha256()
    for path in sorted(Path(folder).rglob("*.css")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def setup(app):
    """Register with Sphinx; late, so that every other extension has added its scripts."""
    app.add_css_file("keyboard.css")
    app.add_js_file("menu.js", loading_method="defer")
    app.config.templates_path.insert(0, str(TEMPLATES))
    app.add_config_value("style_sheets_digest", _digest(Path(app.srcdir, "assets")), "html")
    app.connect("doctree-resolved", _unique_ids)
    app.connect("html-page-context", _clean_page, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
