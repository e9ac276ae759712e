"""The code of an algorithm, as it runs: a function of the package, included by its public name.

    ```{algorithm-code} policy_gradient.trpo
    ```

shows ``ngbook.policy_gradient.trpo`` from its ``def`` to its end, without decorators and docstring, and below
it the numbers of the equations that its comments name. So what a page prints and what a program runs cannot
differ. The function must be public and short enough to be read as one: anything else is a warning, and so
fails the build.

Relies on no markup; tests/test_algorithms.py compares what pages, notebooks and the PDF show with the source.
"""

import ast
import inspect
import re
import textwrap
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module

from docutils import nodes
from sphinx import addnodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

MOST_LINES = 25
LABEL = re.compile(r"\beq-[a-z0-9-]*[a-z0-9]")
FOR_TOOLS = re.compile(r" *# (?:fmt: skip|noqa\b.*)$", re.MULTILINE)  # a reader needs none of it
logger = logging.getLogger(__name__)


class NoAlgorithm(LookupError):
    """There is no such function to show; the message says why."""


@dataclass(frozen=True)
class Algorithm:
    """A public function of the package, as a page shows it."""

    name: str
    function: object

    @property
    def file(self):
        """The path of its source."""
        return inspect.getsourcefile(self.function)

    @cached_property
    def code(self):
        """Its lines from ``def`` to the end, without the docstring and what is a comment for tools only."""
        source = FOR_TOOLS.sub("", textwrap.dedent(inspect.getsource(self.function)))
        (definition,) = ast.parse(source).body
        lines, first, last = source.splitlines(), definition.lineno - 1, definition.end_lineno
        if ast.get_docstring(definition) is None:
            return "\n".join(lines[first:last])
        docstring = definition.body[0]
        body = "\n".join(lines[docstring.end_lineno : last]).strip("\n")
        return "\n".join([*lines[first : docstring.lineno - 1], body])

    @property
    def size(self):
        """The number of its lines that are neither blank nor a comment."""
        lines = map(str.strip, self.code.splitlines())
        return sum(bool(line) and not line.startswith("#") for line in lines)

    @property
    def labels(self):
        """The labels of equations in its comments, each once."""
        comments = re.findall(r"#.*", self.code)
        return list(dict.fromkeys(label for comment in comments for label in LABEL.findall(comment)))


def find(name):
    """The algorithm ``ngbook.<name>``."""
    place, _, own = name.rpartition(".")
    try:
        module = import_module(f"ngbook.{place}".rstrip("."))
    except ImportError:
        raise NoAlgorithm(f"there is no module ngbook.{place}, and so no function {name}") from None
    if not hasattr(module, own):
        raise NoAlgorithm(f"{module.__name__} has no function {own}")
    if own not in getattr(module, "__all__", ()):
        raise NoAlgorithm(f"{module.__name__}.{own} is not public: its name is not in __all__")
    function = inspect.unwrap(getattr(module, own))
    if not inspect.isfunction(function):
        raise NoAlgorithm(f"{module.__name__}.{own} is not a plain function, but {type(function).__name__}")
    return Algorithm(name, function)


class AlgorithmCode(SphinxDirective):
    """The function's code, and the numbers of its equations."""

    required_arguments = 1

    def run(self):
        """Find the function, note that the page depends on its file, and show it."""
        try:
            algorithm = find(self.arguments[0])
        except NoAlgorithm as error:
            logger.warning("algorithm-code: %s", error, location=self.get_location())
            return []
        if algorithm.size > MOST_LINES:
            message = "algorithm-code: %s has %d lines of code, and %d can be read as one algorithm"
            logger.warning(message, algorithm.name, algorithm.size, MOST_LINES, location=self.get_location())
        self.env.note_dependency(algorithm.file)
        block = nodes.literal_block(algorithm.code, algorithm.code, language="python")
        block["classes"], block["function"] = ["algorithm-code"], algorithm.name
        self.set_source_info(block)
        return [block, *self._equations(algorithm.labels)]

    def _equations(self, labels):
        """A line that says which numbers the labels stand for."""
        if not labels:
            return []
        line = nodes.paragraph(classes=["algorithm-equations"])
        for k, label in enumerate(labels):
            line += nodes.Text(", " if k else "In the comments, ")
            line += [nodes.literal(label, label), nodes.Text(" is ")]
            reference = addnodes.pending_xref(
                "", nodes.inline(), refdomain="math", reftype="eq", reftarget=label, refdoc=self.env.docname
            )
            reference["refwarn"] = True
            self.set_source_info(reference)
            line += reference
        line += nodes.Text(".")
        return [line]


def setup(app):
    """Register with Sphinx."""
    app.add_directive("algorithm-code", AlgorithmCode)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
