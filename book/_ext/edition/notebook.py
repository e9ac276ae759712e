"""One notebook of the edition, assembled from a resolved page and the cells of its source.

The page gives the text, in order, and says which cells are folded; the source gives the code cells with their
stored outputs. What stands between two code cells becomes one Markdown cell.
"""

import ast
import copy
from dataclasses import dataclass
from pathlib import Path

import nbformat
from docutils import nodes

from answers import tag_of
from edition import pictures, source
from edition.markdown import Writer
from ngbook import answers

GLUED = "application/papermill.record/"  # how glue leaves a number in the outputs
FOLDED = {"source_hidden": True}
HIDDEN = {"source_hidden": True, "outputs_hidden": True}
NOTE = """\
*From the book {book}. Numbers in the text are those of the stored run, whose outputs are below.
The code calls the book's package, `ngbook` {version} or newer, whose wheel is in the zip of all notebooks:
`%pip install {wheel}`. {elsewhere}*"""
UPLOAD = "Where the wheel lies elsewhere, say so; on Colab, upload it and install it by its name alone."
PUBLISHED = "Or, from the book's address: `%pip install {address}`."
PACKAGE = """\
# Is ngbook here, and new enough?
from importlib.metadata import PackageNotFoundError, version

try:
    found = version("ngbook")
except PackageNotFoundError:
    raise ImportError(
        "ngbook is not installed: run `%pip install {wheel}` in a cell, with the "
        "place of that file; it is in the zip of all notebooks, beside them"
    ) from None
from packaging.version import Version

if Version(found) < Version("{version}"):
    raise ImportError(
        f"this notebook needs ngbook {version} or newer, and finds {{found}}: run "
        "`%pip install {wheel}` in a cell, and restart the kernel"
    )"""

ANSWERS = '''\
# The answers to the exercises, encoded: out of sight, not secret.
from ngbook import check_answer
from ngbook.answers import load as load_answers

load_answers("""
{text}
""")'''


@dataclass(frozen=True)
class Setting:
    """What all notebooks share.

    Attributes
    ----------
    builder : Builder
    chapters : tuple of str
        The pages that have a notebook.
    wheel : str
        The name of ngbook's wheel, which lies in the edition's uppermost folder.
    pictures : pathlib.Path
        Where rasterised figures are kept.
    """

    builder: object
    chapters: tuple
    wheel: str
    pictures: Path

    @property
    def version(self):
        """The version of ngbook that the notebooks need: the one that they were made with."""
        return self.wheel.split("-")[1]


def is_cell(node):
    """Whether a node is a code cell."""
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"


class Assembly:
    """Builds the cells of one notebook; ``solutions=False`` leaves exercises open."""

    def __init__(self, docname, given, setting, solutions=True):
        self.docname, self.given, self.setting, self.solutions = docname, given, setting, solutions
        self.writer = Writer(docname, setting.builder, setting.chapters, solutions)
        self.cells, self.text, self.count, self.results = [], [], 0, set()
        self.next = 0  # the first cell of the source that is not here yet
        self.answers, self.asked = [], False

    # --- text ----------------------------------------------------------------------------------------

    def walk(self, parent, depth=0):
        """Add what is in a node, in its order."""
        for node in parent.children:
            if is_cell(node):
                self.add_cell(node)
            elif node.tagname == "answer_form":
                self.add_answer(node)
            elif isinstance(node, nodes.section):
                self.walk(node, depth + 1)
            elif isinstance(node, nodes.title):
                self.add_title(node, depth)
            elif next(node.findall(is_cell), None) is not None:
                self.walk(node, depth)
            else:
                self.text += self.writer.block(node)

    def add_title(self, node, depth):
        number = self.setting.builder.section_number(self.docname, node.parent)
        self.text.append(f"{'#' * depth} {number}{self.writer.inline(node)}")
        if depth == 1:
            self.text.append(self._filled(NOTE))
            self.flush()
            self.add_code(self._filled(PACKAGE), folded=FOLDED)

    def _filled(self, template):
        """What every notebook begins with, for this one."""
        config, wheel = self.setting.builder.config, self.setting.wheel
        title, published = config.html_title, config.html_baseurl.rstrip("/")
        address = f"{published}/notebooks/{wheel}"
        return template.format(
            book=f"[{title}]({published})" if published else f"“{title}”",
            version=self.setting.version,
            wheel="../" * (self.docname.count("/") + (not self.solutions)) + wheel,
            elsewhere=PUBLISHED.format(address=address) if published else UPLOAD,
        )

    def flush(self):
        """End a Markdown cell."""
        if self.text:
            self._add("markdown", "\n\n".join(self.text))
            self.text = []

    # --- code ----------------------------------------------------------------------------------------

    def add_cell(self, node):
        """A code cell with its outputs and, below it, the captions of its figures."""
        self.flush()
        for skipped in range(self.next, node["cell_index"]):  # the page may leave out a cell that others need
            if self.given.cells[skipped].cell_type == "code" and not tag_of(self.given.cells[skipped]):
                self.add_code(*self._of_source(skipped), folded=HIDDEN)
        self.next = node["cell_index"] + 1
        mode = node.get("hide_mode")
        is_solution = "solution" in node.get("prompt_show", "").lower() and mode is not None
        if is_solution and not self.solutions:
            self.add_code("# Your solution", folded=None)
            return
        figures = list(node.findall(nodes.figure))
        text, outputs = self._of_source(node["cell_index"])
        captions = [self.writer.caption_of(figure, "figure") for figure in figures]
        if mode is not None:
            text = _titled(text, "Solution in code" if is_solution else self._heading(node, figures))
        self.add_code(text, outputs, folded={None: None, "input": FOLDED}.get(mode, HIDDEN))
        self.text += captions
        self.flush()

    def add_answer(self, form):
        """A cell that asks whether an answer is right; before the first one, a cell with what is right."""
        self.text.append(f"*{self.writer.inline(form)}:*")
        self.flush()
        if not self.asked:
            self.asked = True
            self.add_code(ANSWERS.format(text=_wrapped(answers.encode(self.answers))), folded=FOLDED)
        wanted = repr(form["answer"].judge(...))
        shown = nbformat.v4.new_output(
            "execute_result", {"text/plain": wanted}, execution_count=self.count + 1
        )
        self.add_code(f'check_answer("{form["label"]}", ...)', [shown])

    def _heading(self, node, figures):
        """What a reader of the collapsed cell sees first."""
        if "ledger-tick" in node["classes"]:
            return node["prompt_show"]
        if figures:
            return "Draws " + " and ".join(self.writer.name_of(figure, "figure") for figure in figures)
        return "Set-up" if self.count == 1 else None  # the first of the chapter's own

    def _of_source(self, index):
        """The text and the outputs of a cell of the source, made fit for a notebook by itself."""
        cell = self.given.cells[index]
        cleaned = source.clean(cell.source)
        for name, file in cleaned.results.items():
            if name not in self.results:
                self.results.add(name)
                self.add_code(self._stored(name, file), folded=FOLDED)
        return cleaned.source, _in_one_piece(filter(None, map(self._output, cell.outputs)))

    def _stored(self, name, file):
        """A cell that defines a string with the text of a committed file."""
        path = Path(self.setting.builder.env.doc2path(self.docname)).parent / file
        text = path.read_text(encoding="utf-8")
        written = f'{name} = r"""{text}"""'
        if ast.literal_eval(written.partition(" = ")[2]) != text:
            raise ValueError(f"{file} does not fit into a string with three quotation marks")
        return f"# What a long computation left, {path.name} in the book's results.\n{written}"

    def _output(self, stored):
        """An output with a picture of its figure; None for a number that was glued."""
        output = copy.deepcopy(stored)
        if all(kind.startswith(GLUED) for kind in output.get("data", ["another"])):
            return None
        if "image/svg+xml" in output.get("data", ()):
            pictures.show(output, self.setting.pictures)
        return output

    def add_code(self, text, outputs=(), folded=None):
        """A code cell that has been executed, as its number says."""
        if not text:
            return
        self.count += 1
        for output in outputs:
            if output.output_type == "execute_result":
                output["execution_count"] = self.count
        metadata = {}
        if folded is not None:
            metadata["jupyter"] = dict(folded)  # JupyterLab, Notebook 7
            metadata["cellView"] = "form"  # Colab
            if "outputs_hidden" in folded:
                metadata["collapsed"] = True  # the notebook format's own word
        self._add("code", text, metadata, execution_count=self.count, outputs=list(outputs))

    def _add(self, kind, text, metadata=(), **rest):
        name = f"cell-{len(self.cells) + 1:03d}"
        self.cells.append({"cell_type": kind, "id": name, "metadata": dict(metadata), "source": text, **rest})


def _in_one_piece(outputs):
    """Outputs in which what is printed stands together: a glued number may have parted it."""
    joined = []
    for output in outputs:
        if joined and "name" in output and joined[-1].get("name") == output.name:
            joined[-1]["text"] += output.text
        else:
            joined.append(output)
    return joined


def _wrapped(text, width=84):
    return "\n".join(text[k : k + width] for k in range(0, len(text), width))


def _titled(text, title):
    return f"# {title}\n{text}" if title and not text.startswith("#") else text


def assemble(docname, doctree, setting, solutions=True):
    """The text of a notebook file."""
    given = nbformat.read(setting.builder.env.doc2path(docname), as_version=4)
    assembly = Assembly(docname, given, setting, solutions)
    assembly.answers = [node["answer"] for node in doctree.findall() if node.tagname == "answer_form"]
    assembly.walk(doctree)
    assembly.text += setting.builder.references(doctree, assembly.writer)
    assembly.flush()
    notebook = {"cells": assembly.cells, "metadata": given.metadata, "nbformat": 4, "nbformat_minor": 5}
    return nbformat.writes(nbformat.from_dict(notebook)) + "\n"
