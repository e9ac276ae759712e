"""The ``{equation-sheet}`` directive: equations of the book, set once more, each with its number and a name.

    ```{equation-sheet}
    eq-golden-ratio: the golden ratio
    ```

A line names an equation by its label, and says in words what it is. The formula comes from the page that has
it, so that a sheet cannot differ from the book.
"""

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from equation_ledger.collect import Page, all_equations, pages
from equation_ledger.marks import equation_link

logger = logging.getLogger(__name__)


class equation_sheet(nodes.General, nodes.Element):
    """Where the formulas go, once every page has been read."""


class SheetDirective(SphinxDirective):
    has_content = True

    def run(self):
        rows = [tuple(line.partition(":")[::2]) for line in self.content if line.strip()]
        node = equation_sheet(rows=[(label.strip(), words.strip()) for label, words in rows])
        self.set_source_info(node)
        page = pages(self.env).setdefault(self.env.docname, Page())
        page.on_sheet += [label for label, _ in node["rows"]]
        return [node]


class WriteSheet(SphinxPostTransform):
    default_priority = 211  # after the marks, which these formulas have on their own pages

    def run(self, **kwargs):
        equations = {equation.label: equation for equation in all_equations(self.env) if equation.label}
        for node in list(self.document.findall(equation_sheet)):
            sheet = nodes.container(classes=["ledger-sheet"])
            for label, words in node["rows"]:
                if label in equations:
                    sheet += self.row(equations[label], words)
                else:
                    message = "the sheet has %s, and no equation has this label: correct it"
                    logger.warning(message, label, location=node, type="ledger")
            node.replace_self(sheet)

    def row(self, equation, words):
        number = equation_link(self.env, self.app.builder, self.env.docname, equation.label)
        name = nodes.paragraph("", "", nodes.Text(f"{words} "), number)
        formula = nodes.math_block(
            equation.tex,
            equation.tex,
            label=None,
            number=None,
            nowrap=equation.nowrap,
            docname=self.env.docname,
        )
        return nodes.container("", name, formula, classes=["ledger-sheet-row"])


def setup(app):
    app.add_node(equation_sheet)
    app.add_directive("equation-sheet", SheetDirective)
    app.add_post_transform(WriteSheet)
