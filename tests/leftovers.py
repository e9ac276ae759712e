"""What must not be left in a notebook of the edition: each rule returns the problems of one notebook.

A notebook is the dictionary that its JSON file holds. Nothing outside the book understands a role, a
directive, a label, one of the book's macros, or ``glue``.
"""

import re
from itertools import pairwise

from hygiene import code_cells, joined, markdown_cells
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

# As in Jupyter: pipe tables, formulas between dollars, HTML.
PARSER = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin, double_inline=True)
ROLE = re.compile(r"\{[\w:+.-]+\}`")
DIRECTIVE = re.compile(r"^[ >]*(?:`{3,}|~{3,}|:{3,})\s*\{[^}]*\}|^[ >]*:{3,}\s*$", re.M)
TARGET = re.compile(r"^\([\w:.-]+\)=\s*$", re.M)
LABEL = re.compile(r"\$\$\s*\([\w:.-]+\)|\\label\b|\b(?:eq|fig|alg|exercise|erratum)-[a-z0-9]\w*")
OTHERS = re.compile(
    r"^\+\+\+|^%|\{\{[\s\w-]+\}\}|\[\^[\w-]+\]", re.M
)  # blocks, comments, substitutions, notes


def flat(tokens):
    """Every token, those inside another included."""
    for token in tokens:
        yield token
        yield from flat(token.children or [])


def formulas(text):
    """``(tex, is it displayed)`` of each formula of a Markdown text."""
    kinds = {"math_inline": False, "math_inline_double": True, "math_block": True}
    return [(t.content, kinds[t.type]) for t in flat(PARSER.parse(text)) if t.type in kinds]


def words(text):
    """A Markdown text as a reader sees it: no marks, no formulas, single spaces."""
    seen = []
    for token in flat(PARSER.parse(text)):
        if token.type in ("text", "code_inline", "fence", "code_block"):
            seen.append(token.content)
        elif token.type == "html_block":
            seen.append(re.sub(r"<[^>]*>", " ", token.content))
        elif token.type in ("softbreak", "hardbreak", "math_inline") or token.block:
            seen.append(" ")
    return " ".join("".join(seen).split())


def texts(notebook):
    """``(where, text)`` of everything that is shown as Markdown or as a formula."""
    found = [(name, cell["source"]) for name, cell in markdown_cells(notebook)]
    for name, cell in code_cells(notebook):
        for output in cell["outputs"]:
            data = output.get("data", {})
            kinds = ("text/markdown", "text/latex")
            found += [(f"{name}, output", joined(data[kind])) for kind in kinds if kind in data]
    return found


def without_code(text):
    """A Markdown text with its code spans and code blocks blank."""
    text = re.sub(r"^([ >]*)(`{3,})(?!\{).*?^\1\2\s*$", "", text, flags=re.M | re.S)
    return re.sub(r"(?<![`}])(`{1,2})(?!`)(.+?)(?<!`)\1(?!`)", "", text, flags=re.S)


def myst_is_resolved(notebook):
    problems = []
    for name, text in texts(notebook):
        prose = without_code(text)
        for kind, rule in (
            ("role", ROLE), ("directive", DIRECTIVE), ("target", TARGET), ("label", LABEL), ("MyST", OTHERS)
        ):  # fmt: skip
            problems += [f"{name} has a {kind}: {found[0]!r}" for found in rule.finditer(prose)]
    return problems


def macros_are_expanded(notebook, macros):
    """Nowhere, code included: a cell that prints a macro would print an error."""
    code = [(name, cell["source"]) for name, cell in code_cells(notebook)]
    return [
        f"{name} has the macro {macro}"
        for name, text in [*texts(notebook), *code]
        for macro in macros
        if re.search(re.escape(macro) + r"(?![A-Za-z])", text)
    ]


def code_runs_by_itself(notebook):
    problems = []
    for name, cell in code_cells(notebook):
        problems += [
            f"{name} has {word}" for word in ("glue(", "myst_nb", "../results") if word in cell["source"]
        ]
        names = [output.get("name") for output in cell["outputs"]]
        if any(one and one == other for one, other in pairwise(names)):
            problems.append(f"{name} has its printed text in pieces, as Jupyter would not store it")
        kinds = {kind for output in cell["outputs"] for kind in output.get("data", {})}
        problems += [f"{name} has an output for glue" for kind in kinds if "papermill" in kind]
    return problems


def metadata_are_jupyters(notebook):
    known = {"jupyter", "collapsed", "cellView"}
    return [
        f"cell {k} has the metadata {sorted(set(cell['metadata']) - known)}"
        for k, cell in enumerate(notebook["cells"], 1)
        if not set(cell["metadata"]) <= known
    ]


def every_figure_has_a_picture(notebook):
    problems = []
    for name, cell in code_cells(notebook):
        for output in cell["outputs"]:
            data = output.get("data", {})
            if "image/svg+xml" in data and not data.get("image/png"):
                problems.append(f"{name} has a figure that is seen only in a trusted notebook")
    return problems


def cells_are_numbered(notebook):
    """nbval compares no cell without a number; the order is that of execution."""
    counts = [cell["execution_count"] for _, cell in code_cells(notebook)]
    right = counts == list(range(1, len(counts) + 1))
    return [] if right else [f"the execution counts are {counts}"]


def problems(notebook, macros):
    """All of them."""
    rules = [myst_is_resolved, code_runs_by_itself, metadata_are_jupyters]
    rules += [every_figure_has_a_picture, cells_are_numbered]
    return [p for rule in rules for p in rule(notebook)] + macros_are_expanded(notebook, macros)
