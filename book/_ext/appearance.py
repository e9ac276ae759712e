"""Small corrections of what the theme and other extensions put on a page.

1. Jupyter Book declares the Thebe scripts on every page, twice, and they would fetch a library from outside
   when started. The book is read without a network, so they are taken off the pages.
2. sphinx-proof gives the body of every algorithm the same id. A page may have several, and an id must be
   unique, so each is named after its algorithm.
3. Sphinx copies the style sheets only when it writes a page, so that an edited sheet alone would change
   nothing. Their digest is made a part of the configuration, and a new digest writes the pages anew.
4. MyST-NB names every folded cell "Toggle hidden content" for a screen reader, over what is written on it.
   The words that everybody sees ("Show the code", "Show solution") are the better name.
5. The theme looks up the reader's choice of light or dark, and on a first visit, when there is none, writes
   an error to the console and paints the page once without colours. The choice is made before: the system's.
6. The templates in _templates mend parts of the theme for screen readers; the reasons are in them.
7. The empty corner of a table is written as a heading of nothing. It is an ordinary cell.
8. The roles that docutils gives to references do not fit its own elements, and are taken off.
9. The list of all source pages is written as lists that stand outside of the items of lists. It is one list.
10. Two of the theme's buttons show no ring when the keyboard reaches them: keyboard.css.
"""

import hashlib
import re
from pathlib import Path

TEMPLATES = Path(__file__).parents[1] / "_templates"
FIRST_VISIT = """<script>
  localStorage.mode ||= "auto";
  if (localStorage.mode === "auto") {
    localStorage.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }
</script>"""

DOUBTFUL_ROLES = re.compile(r' role="doc-biblioentry"| role="list"(?= class="citation-list")')
EMPTY_HEADING = re.compile(r"<th\b([^>]*)>\s*((?:<p>\s*</p>)?)\s*</th>")


def one_list(body):
    """A body with one list, of all items of its lists."""
    items = re.findall(r"<li>.*?</li>", body)
    return f"{body.split('<ul>')[0]}<ul>{''.join(items)}</ul>"


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
    body = context.get("body", "").replace(' aria-label="Toggle hidden content"', "")
    body = DOUBTFUL_ROLES.sub("", body)
    body = one_list(body) if pagename == "_modules/index" else body
    context["body"] = EMPTY_HEADING.sub(r"<td\1>\2</td>", body)
    context["metatags"] = context.get("metatags", "") + FIRST_VISIT
    context["script_files"] = _without_thebe(context.get("script_files", []))
    sheets = context.get("css_files", [])
    context["css_files"] = [s for s in sheets if "thebe" not in str(getattr(s, "filename", s))]


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
    app.config.templates_path.insert(0, str(TEMPLATES))
    app.add_config_value("style_sheets_digest", _digest(Path(app.srcdir, "assets")), "html")
    app.connect("doctree-resolved", _unique_ids)
    app.connect("html-page-context", _clean_page, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
