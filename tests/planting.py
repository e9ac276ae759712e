"""What can be planted in a source text, one error at a time: `mutants` does so in the package, and
`check_mutants` in the chapters.
"""

import ast
import io
import tokenize
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

REPLACEMENTS = {
    "+": ["-"],
    "-": ["+"],
    "*": ["/", "**"],
    "/": ["*"],
    "**": ["*"],
    "<": ["<=", ">"],
    "<=": ["<", ">="],
    ">": [">=", "<"],
    ">=": [">", "<="],
    "==": ["!="],
    "!=": ["=="],
    "+=": ["-="],
    "-=": ["+="],
    "*=": ["/="],
    "/=": ["*="],
    "and": ["or"],
    "or": ["and"],
    "0": ["1"],
    "1": ["0", "2"],
    "2": ["1", "3"],
}
LEFT_OUT = {"-": "", "not": ""}


@dataclass(frozen=True)
class Mutant:
    """One error: a line of a file, or several, and what replaces its characters from ``start`` to ``end``."""

    file: str
    line: int
    start: int
    end: int
    text: str
    new: str

    @property
    def before(self):
        return _in_one_line(self.text)

    @property
    def after(self):
        return _in_one_line(self.text[: self.start] + self.new + self.text[self.end :])

    @property
    def key(self):
        return self.file, self.before, self.after

    def planted(self, source):
        """The text of the file with the error in it."""
        lines = source.split("\n")
        there = slice(self.line - 1, self.line + self.text.count("\n"))
        lines[there] = [self.text[: self.start] + self.new + self.text[self.end :]]
        return "\n".join(lines)

    def __str__(self):
        return f"{self.file}\n- {self.before}\n+ {self.after}\nin line {self.line}\n"


def _in_one_line(text):
    return " ".join(line.strip() for line in text.split("\n"))


class Planter:
    """All errors that can be planted in a source text are its ``found``; `inside` says where none is."""

    replacements = REPLACEMENTS

    def __init__(self, source, file):
        self.file, self.lines = file, source.split("\n")
        self.tokens = {}
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type in (tokenize.OP, tokenize.NAME, tokenize.NUMBER):
                self.tokens[token.start] = token
        self.tree = ast.parse(source)

    @cached_property
    def found(self):
        found = {error for node in self.nodes(self.tree) for error in self.errors(node)}
        return sorted(found, key=lambda one: (one.line, one.start, one.new))

    def nodes(self, node):
        yield node
        for child in self.inside(node):
            yield from self.nodes(child)

    def inside(self, node):
        """The children in which errors are planted: not texts, type hints and the making of exceptions."""
        for field, value in ast.iter_fields(node):
            if field in ("annotation", "returns"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST) and not isinstance(child, ast.JoinedStr | ast.Raise):
                    yield child

    def errors(self, node):
        """Those that are planted in the operators of a node, or in its number."""
        match node:
            case ast.BinOp():
                operators = self.between(node.left, node.right)
            case ast.Compare():
                sides = [node.left, *node.comparators]
                operators = [each for pair in pairwise(sides) for each in self.between(*pair)]
            case ast.BoolOp():
                operators = [each for pair in pairwise(node.values) for each in self.between(*pair)]
            case ast.AugAssign():
                operators = self.between(node.target, node.value)
            case ast.Constant() if type(node.value) is int:
                operators = [self.tokens[self.start(node)]]
            case _:
                operators = []
        for token in operators:
            for new in self.replacements.get(token.string, ()):
                yield self.mutant(token.start, token.end, new)
        if isinstance(node, ast.UnaryOp):
            token = self.tokens[self.start(node)]
            if token.string in LEFT_OUT:
                line, end = token.end
                end += token.string == "not"  # and the space behind it
                yield self.mutant(token.start, (line, end), LEFT_OUT[token.string])

    def mutant(self, start, end, new):
        (first, start), (last, end) = start, end
        lines = self.lines[first - 1 : last]
        end += sum(len(line) + 1 for line in lines[:-1])
        return Mutant(self.file, first, start, end, "\n".join(lines), new)

    def text(self, start, end):
        """The characters between two positions."""
        whole = self.mutant(start, end, "")
        return whole.text[whole.start : whole.end]

    def between(self, left, right):
        start, end = self.end(left), self.start(right)
        return [token for at, token in self.tokens.items() if start <= at < end and token.string not in "()"]

    def start(self, node):
        return self._position(node.lineno, node.col_offset)

    def end(self, node):
        return self._position(node.end_lineno, node.end_col_offset)

    def _position(self, line, column):
        """From ast, which counts bytes, to tokenize, which counts characters."""
        return line, len(self.lines[line - 1].encode()[:column].decode())
