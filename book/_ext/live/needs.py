"""Which packages a page needs, read off the imports in its cells."""

import ast

# Compiled packages, which Pyodide has; what they need themselves it knows.
COMPILED = ("numpy", "scipy", "matplotlib")
# Every page has these: the book's package, what it is made of, and what shows a table.
ALWAYS = ("ngbook", "sympy", "mpmath", "markdown-it-py", "mdurl", "mdit-py-plugins")
WITH_GYMNASIUM = ("gymnasium", "cloudpickle", "typing_extensions", "farama-notifications")
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
