"""The bar with the button below a chapter's title, and names for the numbers in its prose."""

from html import escape
from pathlib import Path

import yaml
from docutils import nodes
from myst_nb.ext.glue.roles import PasteTextRole

from live import needs

NOTES = Path(__file__).parents[2] / "live.yml"
BAR = """\
<div class="live-bar pst-js-only" role="group" aria-label="Live code"
 data-compiled="{compiled}" data-packed="{packed}">
<button type="button" class="live-button live-start">Run this page</button>
<p class="live-status" role="status">{note}</p>
</div>
"""


class NamedNumber(PasteTextRole):
    """``{glue:text}`` that also says, by a class, which number it is: a live page can then change it."""

    def run(self):
        found, messages = super().run()
        for node in found:
            if isinstance(node, nodes.inline):
                node["classes"].append(f"glue-{self.text.rsplit(':', 1)[0]}")
        return found, messages


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
    return BAR.format(compiled=" ".join(compiled), packed=" ".join(packed), note=escape(note))


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


def _name_numbers(app, config):
    app.add_role_to_domain("glue", "text", NamedNumber(), override=True)


def setup(app):
    """Register with Sphinx."""
    app.add_config_value("live_notes", NOTES.read_text(encoding="utf-8"), "html")  # new notes: new pages
    app.connect("config-inited", _name_numbers)  # every extension is there, and no page is read yet
    app.connect("doctree-resolved", _add_bar)
    app.connect("html-page-context", _add_script)
