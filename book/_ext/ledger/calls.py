"""Which functions of `ngbook.checks` does a cell call?

Decided on the syntax tree and the notebook's own imports, so that a comment, a string or another
function that happens to be called ``same`` does not count as a check.
"""

import ast

MODULE = "ngbook.checks"
CHECKS = ("same", "close", "slope", "at_most")

EXACT, MONTE_CARLO, NUMERIC, ORDER, INEQUALITY = KINDS = (
    "exact (SymPy)",
    "Monte Carlo",
    "numeric",
    "order of convergence",
    "inequality",
)
STANDARD_ERROR_POSITION = 4  # close(actual, expected, rtol, atol, standard_error)


def kinds_of_cells(sources):
    """For each cell of a notebook, in order, the kinds of check that running it performs.

    Parameters
    ----------
    sources : list of str
        The source of every code cell; names imported in one are known in the next.

    Returns
    -------
    list of tuple of str
        The kinds of each cell, in the order of `KINDS`; empty for a cell that checks nothing.
    """
    reader = _Reader()
    kinds = []
    for source in sources:
        reader.kinds = set()
        try:
            tree = ast.parse(source)
        except SyntaxError:  # a magic, say: the hygiene tests refuse it
            tree = ast.Module(body=[], type_ignores=[])
        reader.visit(tree)
        kinds.append(tuple(kind for kind in KINDS if kind in reader.kinds))
    return kinds


class _Reader(ast.NodeVisitor):
    """Follows names that stand for `ngbook.checks` or something in it, statement by statement."""

    def __init__(self):
        self.meaning = {}  # name in the notebook -> full dotted name
        self.kinds = set()

    # what a name means

    def visit_Import(self, node):
        for alias in node.names:
            if alias.asname:
                self.meaning[alias.asname] = alias.name
            else:
                root = alias.name.split(".")[0]
                self.meaning[root] = root

    def visit_ImportFrom(self, node):
        for alias in node.names:
            if alias.name == "*":
                if node.module == MODULE:
                    self.meaning.update({name: f"{MODULE}.{name}" for name in CHECKS})
            else:
                self.meaning[alias.asname or alias.name] = f"{node.module}.{alias.name}"

    def visit_Name(self, node):
        if isinstance(node.ctx, ast.Store | ast.Del):
            self.meaning.pop(node.id, None)

    def full_name(self, node):
        if isinstance(node, ast.Name):
            return self.meaning.get(node.id)
        if isinstance(node, ast.Attribute):
            value = self.full_name(node.value)
            return value and f"{value}.{node.attr}"
        return None

    # what is called when the cell runs: the body of a function that is only defined is not

    def visit_FunctionDef(self, node):
        self.meaning.pop(node.name, None)

    visit_AsyncFunctionDef = visit_ClassDef = visit_FunctionDef

    def visit_Lambda(self, node):
        pass

    def visit_Assign(self, node):
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)

    def visit_Call(self, node):
        module, _, function = (self.full_name(node.func) or "").rpartition(".")
        if module == MODULE and function in CHECKS:
            self.kinds.add(_kind(function, node))
        self.generic_visit(node)


def _kind(function, call):
    if function == "close":
        return MONTE_CARLO if _has_standard_error(call) else NUMERIC
    return {"same": EXACT, "slope": ORDER, "at_most": INEQUALITY}[function]


def _has_standard_error(call):
    given = [keyword.value for keyword in call.keywords if keyword.arg == "standard_error"]
    given += call.args[STANDARD_ERROR_POSITION : STANDARD_ERROR_POSITION + 1]
    return any(not (isinstance(value, ast.Constant) and value.value is None) for value in given)
