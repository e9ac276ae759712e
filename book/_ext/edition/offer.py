"""What the pages offer: on a chapter its notebook of the edition, on any page a link to the whole edition.

The theme's download menu has the file that a page was made from. For a chapter that is MyST with roles,
which no notebook viewer can show; the notebook of the edition takes its place. The role `notebooks-zip` links
the zip: ``{notebooks-zip}`all chapters as notebooks` ``.
"""

from docutils import nodes
from sphinx.util.docutils import SphinxRole

from edition import builder, parcel


class ZipRole(SphinxRole):
    """A link from any page to the zip."""

    def run(self):
        address = "../" * self.env.docname.count("/") + f"{builder.NAME}/{parcel.ZIP}"
        return [nodes.reference("", self.text, refuri=address, internal=False)], []


def _buttons(context):
    """Every button of the header, those in menus included."""
    for button in context.get("header_buttons", []):
        yield button
        yield from button.get("buttons", [])


def _offer_notebook(app, pagename, templatename, context, doctree):
    if doctree is None or context.get("page_source_suffix") != ".ipynb":
        return
    for button in _buttons(context):
        if button["label"] == "download-source-button":
            button["url"] = context["pathto"](f"{builder.NAME}/{pagename}.ipynb", 1)
            button["tooltip"] = "Download the notebook of this chapter"


def setup(app):
    """Register with Sphinx; late, when the theme has made its menu."""
    app.add_role("notebooks-zip", ZipRole())
    app.connect("html-page-context", _offer_notebook, priority=900)
