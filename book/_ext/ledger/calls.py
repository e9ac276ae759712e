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
# The positions of two arguments that may also be given by name.
STANDARD_ERROR = {"close": 4}
ABOUT = {"same": 2, "close": 5, "slope": 4, "at_most": 2}


def checks_of_cells(sources):
    """For each cell of a notebook, in order, the checks that running it performs.

    Parameters
    ----------
    sources : list of str
        The source of every code cell; names imported in one are known in the next.

    Returns
    -------
    list of list of (str, str)
        The kind of each check (one of `KINDS`) and what it is about, in the author's words.
    """
    reader = _Reader()
    checks = []
    for source in sources:
        reader.checks = []
        try:
            tree = ast.parse(source)
        except SyntaxError:  # a magic, say: the hygiene tests refuse it
            tree = ast.Module(body=[], type_ignores=[])
        reader.visit(tree)
        checks.append(reader.checks)
    return checks


def kinds_of(checks):
    """The kinds among some checks, each once, in the order of `KINDS`."""
    return tuple(kind for kind in KINDS if any(kind == k for k, _ in checks))


class _Reader(ast.NodeVisitor):
    """Follows names that stand for `ngbook.checks` or something in it, statement by statement."""

    def __init__(self):
        self.meaning = {}  # name in the notebook -> full dotted name
        self.checks = []

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
            self.checks.append((_kind(function, node), _words(_argument(node, "about", ABOUT[function]))))
        self.generic_visit(node)


def _kind(function, call):
    if function == "close":
        error = _argument(call, "standard_error", STANDARD_ERROR["close"])
        given = error is not None and not (isinstance(error, ast.Constant) and error.value is None)
        return MONTE_CARLO if given else NUMERIC
    return {"same": EXACT, "slope": ORDER, "at_most": INEQUALITY}[function]


def _argument(call, name, position):
    """The syntax of an argument given by name or by position, or None."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    return call.args[position] if len(call.args) > position else None


def _words(node):
    """A text as far as it can be read without running the code: an f-string keeps its fixed words."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return " ".join(node.value.split())
    if isinstance(node, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.Constant) else "…" for part in node.values]
        return " ".join("".join(parts).split())
    return ""
