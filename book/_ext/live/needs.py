"""What a page needs, read off its cells: packages by their imports, and the results that it reads."""

import ast
import re

# Compiled packages, which Pyodide has; what they need themselves it knows.
COMPILED = ("numpy", "scipy", "matplotlib")
# Every page has these: the book's package, what it is made of, and what shows a table.
ALWAYS = ("ngbook", "sympy", "mpmath", "markdown-it-py", "mdurl", "mdit-py-plugins")
WITH_GYMNASIUM = ("gymnasium", "cloudpickle", "typing_extensions", "farama-notifications")
_READING = re.compile(r"json\.loads\(Path\('\.\./results/(\w+)\.json'\)\.read_text\(encoding='utf-8'\)\)")
_IMPORTING_GYMNASIUM = {"gymnasium", "ngbook.environments", "ngbook.policies", "ngbook.policy_gradient"}


def imported(sources):
    """The modules that cells import, with those named in ``from package import module``."""
    found = set()
    for source in sources:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def packages(sources):
    """``(from Pyodide, from the book)``: the names of the distributions that a page needs."""
    modules = imported(sources)
    roots = {name.split(".")[0] for name in modules}
    # Of ngbook only the symbolic engine does without arrays.
    arrays = any(name.startswith("ngbook.") and not name.startswith("ngbook.symbolic") for name in modules)
    compiled = [name for name in COMPILED if name in roots or (arrays and name != "matplotlib")]
    gymnasium = WITH_GYMNASIUM if modules & _IMPORTING_GYMNASIUM else ()
    return compiled, [*ALWAYS, *gymnasium]


def results(sources):
    """The names of the results that cells read, in the one form in which a cell may read a file."""
    return sorted(
        {name for source in sources for node in ast.walk(ast.parse(source)) if (name := read(node))}
    )


def read(node):
    """NAME, if a node of a syntax tree is the expression by which a cell reads book/results/NAME.json."""
    if not isinstance(node, ast.Call) or ast.unparse(node.func) != "json.loads":
        return None
    found = _READING.fullmatch(ast.unparse(node))
    return found and found[1]
