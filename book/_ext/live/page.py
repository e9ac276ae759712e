"""The bar with the button below a chapter's title, and names for the numbers in its prose."""

from html import escape
from pathlib import Path

import yaml
from docutils import nodes

from live import files, needs, versions

NOTES = Path(__file__).parents[2] / "live.yml"
BAR = """\
<div class="live-bar pst-js-only" role="group" aria-label="Live code"
 data-compiled="{compiled}" data-packed="{packed}">
<button type="button" class="live-button live-start">Run this page</button>
<details class="live-about">
<summary>{summary}</summary>
<p>{note}</p>
<div class="pst-scrollable-table-container" role="group" aria-label="Table: versions">
<table>
<tr><td></td><th scope="col">wrote the outputs</th><th scope="col">runs in the page</th></tr>
{rows}
</table>
</div>
<p>{versions}</p>
</details>
<p class="live-status" role="status"></p>
</div>
"""
ROW = '<tr data-package="{}"{}><th scope="row">{}</th><td>{}</td><td>{}</td></tr>'


def named(paste):
    """The role that pastes a number, and then says by a class which one it is."""

    def role(name, rawtext, text, *rest, **options):
        found, messages = paste(name, rawtext, text, *rest, **options)
        for node in found:
            if isinstance(node, nodes.inline):
                node["classes"].append(f"glue-{text.rsplit(':', 1)[0]}")
        return found, messages

    return role


def cells(doctree):
    """The code cells of a page."""
    return [node for node in doctree.findall(nodes.container) if "cell" in node["classes"] and _source(node)]


def _source(cell):
    inputs = cell.findall(lambda node: "cell_input" in getattr(node, "attributes", {}).get("classes", ()))
    return "".join(block.astext() for each in inputs for block in each.findall(nodes.literal_block))


def bar(docname, sources):
    """The bar of one page: what it needs, and what its readers should know."""
    compiled, packed = needs.packages(sources)
    notes = yaml.safe_load(NOTES.read_text(encoding="utf-8"))
    note = f"{notes['every page'].strip()} {(notes['pages'] or {}).get(docname, '').strip()}".strip()
    rows = [
        ROW.format(name, ' class="live-other"' * (wrote != runs), title, wrote, runs)
        for name, title, wrote, runs in versions.rows([*compiled, *packed], files.runtime())
    ]
    return BAR.format(
        compiled=" ".join(compiled),
        packed=" ".join(packed),
        summary=escape(notes["summary"]),
        note=escape(note),
        versions=escape(notes["versions"]),
        rows="\n".join(rows),
    )


def _add_bar(app, doctree, docname):
    sources = [_source(cell) for cell in cells(doctree)]
    if app.builder.format != "html" or not sources:
        return
    title = next(iter(doctree.findall(nodes.title)))
    title.parent.insert(title.parent.index(title) + 1, nodes.raw("", bar(docname, sources), format="html"))


def _add_script(app, pagename, templatename, context, doctree):
    if doctree is not None and cells(doctree):
        app.add_css_file("live/live.css")
        app.add_js_file("live/start.js", loading_method="defer")


def _name_numbers(app):
    roles = app.env.get_domain("glue").roles
    roles["text"] = named(roles["text"])


def setup(app):
    """Register with Sphinx."""
    # New notes or versions: new pages.
    behind = [path.read_text(encoding="utf-8") for path in (NOTES, versions.LOCKED, files.PINNED)]
    app.add_config_value("live_notes", "".join(behind), "html")
    app.connect("builder-inited", _name_numbers)
    app.connect("doctree-resolved", _add_bar)
    app.connect("html-page-context", _add_script)
