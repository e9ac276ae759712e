"""A page carries what it uses: no script, style rule or letter of a font that nothing on it asks for.

========  ==========================================================================================
module    what it does
========  ==========================================================================================
`parts`   scripts and style sheets go on the pages that have the part of a page they are for
`markup`  the same page in fewer bytes, with the sizes of its pictures so that nothing moves
`sheets`  style sheets without the rules that apply nowhere, and a font with the icons that are shown
========  ==========================================================================================

`parts` works while pages are written, the others when all pages are there. What they do to a page that
was not written anew changes nothing.
"""

import hashlib
import re
from pathlib import Path

from weight import markup, parts, sheets

STYLE_SHEET = re.compile(r'(<link\b[^>]*\bhref=")([^"?:]+\.css)(?:\?[^"]*)?(")')


def _with_digests(page, folder):
    """The page with a digest behind the address of each style sheet, so that no browser keeps an old one."""

    def with_digest(link):
        digest = hashlib.sha256((folder / link[2]).read_bytes()).hexdigest()[:8]
        return f"{link[1]}{link[2]}?v={digest}{link[3]}"

    return STYLE_SHEET.sub(with_digest, page)


def _lighten(app, error):
    if error or app.builder.format != "html":
        return
    output, static = Path(app.outdir), Path(app.outdir, "_static")
    plain = markup.plain_tokens((static / "pygments.css").read_text(encoding="utf-8"))
    pages = {}
    for path in output.rglob("*.html"):
        if static not in path.parents:
            page = parts.without_theme_scripts(path.read_text(encoding="utf-8"), path.name)
            pages[path] = markup.lighter(page, path.parent, plain)
    sheets.lighten(static, sheets.words_of(pages.values(), parts.scripts_in(static)), _own_sheets(app))
    for path, page in pages.items():
        path.write_text(_with_digests(page, path.parent), encoding="utf-8")


def _own_sheets(app):
    """The book's own style sheets are small, and may be for other readers than the pages: they stay whole."""
    folders = [Path(app.confdir, folder) for folder in app.config.html_static_path]
    own = [folder for folder in folders if Path(app.srcdir) in folder.parents]  # extensions add folders
    written = {Path("fonts.css"), Path("katex.css")}  # by extensions
    return written | {path.relative_to(folder) for folder in own for path in folder.rglob("*.css")}


def setup(app):
    """Register with Sphinx; late, so that every other extension has added its files."""
    app.add_js_file("menu.js", loading_method="defer")
    app.connect("html-page-context", parts.leave_out, priority=950)
    app.connect("build-finished", _lighten, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
