"""Which checks does a cell call, of what kind, about what, and for which scope?

Decided on the syntax tree and the notebook's own imports, so that a comment, a string or another function
that happens to have the name of a check does not count. Nothing is imported or run. What a check is says the
configuration (`Checks`); ``about`` and ``scope`` are read where they are given by name.
"""

import ast
import re
from dataclasses import dataclass

GENERAL = re.compile(r"\b(all|any|every|each|arbitrary|general) values?\b", re.IGNORECASE)


@dataclass(frozen=True)
class Check:
    """One call of a check."""

    function: str  # its name, without the module
    kind: str
    about: str  # in the author's words
    scope: str | None  # in the author's words; None if it is not a text that can be read here
    proves: bool

    @property
    def is_general(self):
        return is_general(self.scope)


def is_general(scope):
    """Whether a scope claims more than a named instance."""
    return GENERAL.search(scope or "") is not None


class Checks:
    """The functions that are checks, by their full names.

    Parameters
    ----------
    configured : dict
        From ``package.module.function`` to its kind, or to a dictionary: ``kind``; ``proof``, true where it
        proves what it checks for all values of the symbols; ``kind_with``, from the name of an argument to
        the kind of a call that has it.
    """

    def __init__(self, configured):
        self.functions = {
            name: {"proof": False, "kind_with": {}} | (what if isinstance(what, dict) else {"kind": what})
            for name, what in configured.items()
        }
        kinds = [
            kind for what in self.functions.values() for kind in (*what["kind_with"].values(), what["kind"])
        ]
        self.kinds = tuple(dict.fromkeys(kinds))

    def in_cells(self, sources):
        """For each cell of a notebook, in order, the checks that running it performs.

        Parameters
        ----------
        sources : list of str
            The source of every code cell; names imported in one are known in the next.

        Returns
        -------
        list of list of Check
        """
        reader = _Reader(self)
        calls = []
        for source in sources:
            reader.calls = []
            try:
                tree = ast.parse(source)
            except SyntaxError:  # a magic, say
                tree = ast.Module(body=[], type_ignores=[])
            reader.visit(tree)
            calls.append(reader.calls)
        return calls

    def kinds_of(self, calls):
        """The kinds among some checks, each once, in the order of the configuration."""
        found = {call.kind for call in calls}
        return tuple(kind for kind in self.kinds if kind in found)

    def called(self, name, node):
        """The check that a call of a function is, or None."""
        if name not in self.functions:
            return None
        what = self.functions[name]
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        kinds = [kind for argument, kind in what["kind_with"].items() if _is_given(given.get(argument))]
        about, scope = given.get("about"), given.get("scope")
        return Check(
            name.rpartition(".")[2],
            kinds[0] if kinds else what["kind"],
            _words(about),
            _words(scope) if isinstance(scope, ast.Constant) else None,
            what["proof"],
        )


class _Reader(ast.NodeVisitor):
    """Follows names that stand for a check or a module with some, statement by statement."""

    def __init__(self, checks):
        self.checks = checks
        self.meaning = {}  # name in the notebook -> full dotted name
        self.calls = []

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
                modules = ((name, *name.rpartition(".")[::2]) for name in self.checks.functions)
                self.meaning.update({short: name for name, module, short in modules if module == node.module})
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
        if check := self.checks.called(self.full_name(node.func), node):
            self.calls.append(check)
        self.generic_visit(node)


def _is_given(argument):
    return argument is not None and not (isinstance(argument, ast.Constant) and argument.value is None)


def _words(node):
    """A text as far as it can be read without running the code: an f-string keeps its fixed words."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return " ".join(node.value.split())
    if isinstance(node, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.Constant) else "…" for part in node.values]
        return " ".join("".join(parts).split())
    return ""
