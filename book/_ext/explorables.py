"""Interactive figures: a figure cell tagged ``explorable-NAME`` gets sliders in the HTML book.

The sources are the ES modules in assets/explorables: ``NAME.js`` draws, ``NAME.model.js`` computes and knows
nothing of a page, ``base.js`` is what all share. Browsers refuse modules to a page that was opened as a
file, so the modules that NAME.js needs are put into one ordinary script, in the page itself, directly behind
the cell: it works from any address, asks for no file, and runs before the cell is first painted. Pages
without such a cell get nothing. Everywhere else (a notebook viewer, print, no scripts) the cell shows its
picture.
"""

import hashlib
import re
from pathlib import Path

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util import logging

SOURCES = Path(__file__).parents[1] / "assets" / "explorables"
TAG = "tag_explorable-"  # what MyST-NB makes of the cell's tag: a class
IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([\w.]+)";$', re.MULTILINE)
COMMENT = re.compile(r"^ *(?://[^\n]*|/\*\*.*?\*/)\n", re.MULTILINE | re.DOTALL)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|class) (\w+))", re.MULTILINE)
logger = logging.getLogger(__name__)


def bundle(name, folder=SOURCES):
    """One script with a module and all that it imports; its exports are in ``modules[name]``.

    Only two forms are understood, each at the beginning of a line: ``import { a, b } from "./file.js";``
    and ``export`` before ``function``, ``const`` or ``class``. Comments on lines of their own are left out.
    """
    parts = {}
    _add(parts, name, Path(folder))
    return "\n".join(["const modules = {};", *parts.values()])


def _add(parts, name, folder):
    if name in parts:
        return
    source = (folder / name).read_text(encoding="utf-8")
    for _, imported in IMPORT.findall(source):
        _add(parts, imported, folder)
    body = IMPORT.sub(lambda match: f'const {{{match[1]}}} = modules["{match[2]}"];', source)
    body = EXPORT.sub("", COMMENT.sub("", body))
    if left := re.search(r"^\s*(?:import|export)\b.*|</script", body, re.MULTILINE):
        raise ExtensionError(f"{name}: {left[0].strip()!r} is not a form that a page's script can hold")
    exports = ", ".join(EXPORT.findall(source))
    parts[name] = f'modules["{name}"] = (() => {{\n"use strict";\n{body}\nreturn {{ {exports} }};\n}})();'


def _tagged(doctree):
    """(cell, name) of every cell that is to be explored."""
    for node in doctree.findall(nodes.container):
        for given in node["classes"]:
            if given.startswith(TAG):
                yield node, given.removeprefix(TAG)


def _add_scripts(app, doctree, docname):
    if app.builder.format != "html":
        return
    for cell, name in list(_tagged(doctree)):
        file = f"{name.replace('-', '_')}.js"
        if not (SOURCES / file).exists():
            logger.warning("the tag explorable-%s has no module %s", name, file, location=cell)
            continue
        script = f"<script>\n(() => {{\n{bundle(file)}\n}})();\n</script>"
        cell.parent.insert(cell.parent.index(cell) + 1, nodes.raw("", script, format="html"))


def _add_style(app, pagename, templatename, context, doctree):
    if doctree is not None and any(_tagged(doctree)):
        app.add_css_file("explorables/explorables.css")


def _digest():
    """One digest of all modules: a change of it writes the pages anew."""
    digest = hashlib.sha256()
    for path in sorted(SOURCES.glob("*.js")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def setup(app):
    """Register with Sphinx."""
    app.add_config_value("explorables_digest", _digest(), "html")
    app.connect("doctree-resolved", _add_scripts)
    app.connect("html-page-context", _add_style)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
