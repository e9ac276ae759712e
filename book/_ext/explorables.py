"""Interactive figures: the directive ``explorable`` puts one where the text calls it.

In a chapter, below the printed figure that the text discusses::

    ```{explorable} distance
    The question that moving answers, in one paragraph?
    ```

A page gets the question and, directly behind it, one ordinary script, which builds the rest. In print, in the
PDF, in the notebooks and without scripts there is one sentence that points to the page.

The sources are the ES modules in assets/explorables: ``NAME.js`` draws, ``NAME.model.js`` computes and knows
nothing of a page, ``base.js`` is what all share. Browsers refuse modules to a page that was opened as a file,
so the modules that NAME.js needs are put into that script, in the page itself: it works from any address,
asks for no file, and runs before what follows is there to be moved. Other pages get nothing.

Nothing here relies on other people's markup. `bundle` knows our modules by their lines, and refuses a form
that it does not know. What a page has is held by tests/test_explorables.py, and what a reader can do by
tests/browser/test_explorables.py.
"""

import hashlib
import re
from pathlib import Path

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

SOURCES = Path(__file__).parents[1] / "assets" / "explorables"
IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([\w.]+)";$', re.MULTILINE)
COMMENT = re.compile(r"^ *(?://[^\n]*|/\*\*.*?\*/)\n", re.MULTILINE | re.DOTALL)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|class) (\w+))", re.MULTILINE)
# `hidden` until the script has filled it, so that a script that fails leaves the sentence behind it.
OPENING = '<div class="explorable" id="{0}" role="group" aria-labelledby="{0}-question" hidden>'
CLOSING = "</div>\n<script>\n(() => {{\n{0}\n}})();\n</script>"


class explorable(nodes.General, nodes.Element):
    """The place of one; its children are the question."""


class Explorable(SphinxDirective):
    """``{explorable} NAME`` with the question as its content."""

    required_arguments = 1
    has_content = True

    def run(self):
        self.assert_has_content()
        (name,) = self.arguments
        if not (SOURCES / _module(name)).exists():
            raise self.error(f"there is no interactive figure {name}: {_module(name)} is missing")
        question, messages = self.parse_inline(" ".join(self.content), lineno=self.content_offset)
        node = explorable("", *question, name=name)
        self.set_source_info(node)
        return [node, *messages]


def _module(name):
    return f"{name.replace('-', '_')}.js"


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


def _elsewhere(node, address):
    """What stands where nothing can be moved; with the address of the published page it is a link."""
    question = nodes.emphasis("", "", *(child.deepcopy() for child in node))
    linked = nodes.reference("", "", question, refuri=address) if address else question
    words = nodes.Text("On the book’s page, in a browser with scripts, an interactive figure answers: ")
    return nodes.paragraph("", "", words, linked, classes=["explorable-elsewhere"])


def _place(app, doctree, docname):
    """What each builder writes."""
    published = app.config.html_baseurl.rstrip("/")
    for node in list(doctree.findall(explorable)):
        anchor = f"explorable-{node['name']}"
        written = [_elsewhere(node, published and f"{published}/{docname}.html#{anchor}")]
        if app.builder.format == "html":
            script = CLOSING.format(bundle(_module(node["name"])))
            question = nodes.paragraph("", "", *node, ids=[f"{anchor}-question"])
            question["classes"].append("explorable-question")
            before, after = (nodes.raw("", text, format="html") for text in (OPENING.format(anchor), script))
            written = [before, question, after, *written]
        node.replace_self(written)


def _add_style(app, pagename, templatename, context, doctree):
    paragraphs = doctree.findall(nodes.paragraph) if doctree is not None else ()
    if any("explorable-question" in each["classes"] for each in paragraphs):
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
    app.add_node(explorable)
    app.add_directive("explorable", Explorable)
    app.connect("doctree-resolved", _place)
    app.connect("html-page-context", _add_style)
    return {"env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
