"""A resolved page as plain Markdown, as Jupyter, VS Code, Colab and code hosts show it.

The doctree has every reference, number and citation resolved; this writes its nodes as CommonMark with pipe
tables and formulas between dollars. A node that has no method here is a warning, and so fails the strict
build: nothing is left out in silence.
"""

import re
from html import escape
from string import ascii_lowercase

from sphinx.util import logging
from sphinx.util.nodes import clean_astext

from edition import formulas, links

logger = logging.getLogger(__name__)

SPECIAL = re.compile(r"([\\`*~$]|(?<!\w)_|_(?!\w)|<(?=[A-Za-z/!?])|&(?=#?\w+;)|\](?=[(\[:]))")
# What would begin a block where it stands at the beginning of a line.
BEGINNING = re.compile(r"(?m)^([ \t]*)(?:(\d+)([.)](?=\s|$))|(>|[-+#]+(?=\s|$)|=+(?=\s*$)))")
INVISIBLE = {
    "target",
    "comment",
    "index",
    "substitution_definition",
    "toctree",
    "meta",
    "pending",
    "colspec",
    "answer_progress",
}
TRANSPARENT = {"container", "compound", "section", "document", "start_of_file", "legend", "topic"}
ADMONITIONS = {
    "note",
    "warning",
    "tip",
    "important",
    "seealso",
    "caution",
    "danger",
    "attention",
    "hint",
    "error",
}
MARKS = {"emphasis": "*", "strong": "**", "title_reference": "*"}


class Writer:
    """Writes nodes of one page.

    Parameters
    ----------
    docname : str
        The page.
    builder : Builder
        For the numbers of equations; its ``fignumbers`` are this page's.
    chapters : container of str
        The pages that have a notebook.
    solutions : bool
        Whether folded solutions are written.
    """

    def __init__(self, docname, builder, chapters, solutions=True):
        self.docname, self.builder, self.chapters, self.solutions = docname, builder, chapters, solutions
        self.macros, self.published = builder.config.katex_macros, builder.config.html_baseurl
        self.quoted = self.tabulated = False

    # --- blocks: each method returns a list of texts, to be set apart by blank lines -------------------

    def blocks(self, parent):
        """The blocks of all children."""
        return [block for child in parent.children for block in self.block(child)]

    def block(self, node):
        """The blocks of one node."""
        name = type(node).__name__
        if name in INVISIBLE:
            return []
        if "countertype" in node.attributes or "realtype" in node.attributes:
            return self.numbered(node)
        if name in TRANSPARENT:
            return self.dropdown(node) if node.get("design_component") == "dropdown" else self.blocks(node)
        if name in ADMONITIONS:
            return self.quotation(node, name.replace("seealso", "see also").capitalize())
        return self.method(name, node)

    def method(self, name, node, ending=""):
        write = getattr(self, f"{name}{ending}", None)
        if write is None:
            logger.warning("the notebook edition cannot write a %s", name, location=node, type="edition")
            return "" if ending else []
        return write(node)

    def paragraph(self, node):
        return [_at_the_beginning(self.inline(node))]

    def rubric(self, node):
        return [f"**{self.inline(node)}**"]

    caption = rubric

    def math_block(self, node):
        lines = formulas.display(node, self.builder, self.macros)
        # A mark of quotation before each line would be taken for a part of the formula.
        return [" ".join(lines) if self.quoted else "\n".join(lines)]

    def literal_block(self, node):
        text = node.astext().rstrip("\n")
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
        language = node.get("language", "").replace("default", "").replace("none", "")
        return [f"{fence}{language}\n{text}\n{fence}"]

    doctest_block = literal_block

    def bullet_list(self, node):
        return [self.items(node, ["- "] * len(node))]

    def enumerated_list(self, node):
        if node.get("enumtype") == "loweralpha":  # which Markdown does not have
            return [self.items(node, [f"- ({letter}) " for letter in ascii_lowercase[: len(node)]])]
        first = node.get("start", 1)
        return [self.items(node, [f"{first + k}. " for k in range(len(node))])]

    def items(self, node, marks):
        """A list; its items touch if none is longer than a paragraph."""
        written = [self.blocks(item) for item in node]
        gap = "\n" if all(len(item) == 1 for item in written) else "\n\n"
        return gap.join(_indented("\n\n".join(item), mark) for item, mark in zip(written, marks, strict=True))

    def definition_list(self, node):
        return [_indented("\n\n".join(self.blocks(item)), "- ") for item in node]

    def term(self, node):
        return [f"**{self.inline(node)}**"]

    def definition(self, node):
        return self.blocks(node)

    def block_quote(self, node):
        return self.quotation(node)

    def admonition(self, node):
        title, *rest = node.children
        return self.quotation(rest, self.inline(title))

    def numbered(self, node):
        """An algorithm, a theorem and the like, with its kind and number."""
        title, *rest = node.children
        name = self.name_of(node, node.get("countertype", node["realtype"]), node["realtype"])
        return self.quotation(rest, f"{name}{self.inline(title).rstrip()}" if title.astext() else name)

    def name_of(self, node, counted, kind=None):
        """The kind of a node with its number: "Figure 1.2"."""
        number = self.builder.fignumbers.get(counted, {}).get((node["ids"] or [""])[0], ())
        return f"{(kind or counted).title()} {'.'.join(map(str, number))}".rstrip()

    def caption_of(self, node, counted):
        """The number and the caption of a figure or a table."""
        captions = [self.inline(each) for each in node.children if each.tagname in ("caption", "title")]
        return " ".join([f"**{self.name_of(node, counted)}.**", *captions])

    def quotation(self, nodes, title=""):
        """Blocks behind marks of quotation, with a title in bold."""
        outside, self.quoted = self.quoted, True
        written = [f"**{title}**"] * bool(title) + [block for node in nodes for block in self.block(node)]
        self.quoted = outside
        return ["\n".join(f"> {line}".rstrip() for line in "\n\n".join(written).split("\n"))]

    def dropdown(self, node):
        """A folded part; Markdown is read inside the element because of the blank lines."""
        title, *rest = node.children if node["has_title"] else (None, *node.children)
        summary = escape(clean_astext(title), quote=False) if title else "More"
        if not self.solutions and summary.lower().startswith("solution"):
            return []
        inside = [block for each in rest for block in self.block(each)]
        return [f"<details>\n<summary>{summary}</summary>", *inside, "</details>"]

    def table(self, node):
        rows = [[self.cell(entry) for entry in row] for row in node.findall(lambda n: n.tagname == "row")]
        captions = [self.caption_of(node, "table")] if node["ids"] else []
        widths = range(max(map(len, rows)))
        lines = [rows[0], ["---" for _ in widths], *rows[1:]]
        return [*captions, "\n".join(f"| {' | '.join(line)} |" for line in lines)]

    def cell(self, entry):
        outside, self.tabulated = self.tabulated, True
        text = "<br>".join(" ".join(block.split()) for block in self.blocks(entry))
        self.tabulated = outside
        return text

    def transition(self, node):
        return ["---"]

    def raw(self, node):
        text = node.astext()
        # Scripts are of extensions that think every output is a page.
        wanted = "html" in node.get("format", "").split() and "<script" not in text
        return [text] if wanted else []

    def footnote(self, node):
        label, *rest = node.children
        written = "\n\n".join(block for each in rest for block in self.block(each))
        return [f"<sup>{label.astext()}</sup> {written}"]

    def citation(self, node):
        label, *rest = node.children
        return [f"\\[{self.inline(label)}\\] {block}" for each in rest for block in self.block(each)]

    # --- inline: each method returns a text -----------------------------------------------------------

    def inline(self, parent):
        """The text of all children."""
        return "".join(self.span(child) for child in parent.children)

    def span(self, node):
        """The text of one node."""
        name = type(node).__name__
        if name in INVISIBLE:
            return ""
        if name == "Text":
            text = SPECIAL.sub(r"\\\1", node.astext())
            return text.replace("|", r"\|") if self.tabulated else text
        if name in MARKS:
            return f"{MARKS[name]}{self.inline(node)}{MARKS[name]}"
        if name in ("inline", "abbreviation", "acronym", "generated", "download_reference"):
            return self.inline(node)
        return self.method(name, node, "_text")

    def math_text(self, node):
        tex = formulas.inline(node.astext(), self.macros)
        if self.tabulated:  # a bar would end the cell
            tex = tex.replace(r"\|", r"\Vert ").replace("|", r"\vert ")
        return tex

    def literal_text(self, node):
        text = " ".join(node.astext().split("\n"))
        fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
        space = " " if "`" in text[:1] + text[-1:] else ""
        text = text.replace("|", r"\|") if self.tabulated else text
        return f"{fence}{space}{text}{space}{fence}"

    def reference_text(self, node):
        address = links.address(node, self.docname, self.chapters, self.published)
        return f"[{self.inline(node)}]({address})" if address else self.inline(node)

    number_reference_text = reference_text

    def footnote_reference_text(self, node):
        return f"<sup>{node.astext()}</sup>"

    def subscript_text(self, node):
        return f"<sub>{self.inline(node)}</sub>"

    def superscript_text(self, node):
        return f"<sup>{self.inline(node)}</sup>"

    def raw_text(self, node):
        return "".join(self.raw(node))


def _at_the_beginning(text):
    """A paragraph none of whose lines begins another kind of block."""
    return BEGINNING.sub(lambda m: m[1] + (f"{m[2]}\\{m[3]}" if m[2] else f"\\{m[4]}"), text)


def _indented(text, mark):
    """A text behind the mark of an item, its other lines below the first."""
    return mark + re.sub(r"\n(?=[^\n])", "\n" + " " * len(mark), text)
