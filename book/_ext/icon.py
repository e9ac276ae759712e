"""The mark in the browser's tab, for browsers that draw no SVG there.

Sphinx links one icon, assets/mark.svg. This adds the same mark as a picture of 32 pixels, and a larger one
for a phone's home screen, both drawn from it.
"""

LINKS = (
    '<link rel="icon" type="image/png" sizes="32x32" href="{small}">\n'
    '<link rel="apple-touch-icon" sizes="180x180" href="{large}">\n'
)


def _add_links(app, pagename, templatename, context, doctree):
    if "pathto" in context:
        small, large = (context["pathto"](f"_static/mark-{size}.png", 1) for size in (32, 180))
        context["metatags"] = context.get("metatags", "") + LINKS.format(small=small, large=large)


def setup(app):
    """Register with Sphinx."""
    app.connect("html-page-context", _add_links)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
