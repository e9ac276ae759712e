r"""Formulas as notebooks take them: TeX between dollars, without macros, and numbered by ``\tag``."""

import re
from types import SimpleNamespace

from sphinx.util.math import get_node_equation_number

from maths import display_source

# TeX's tokens, as far as an expansion needs them.
TOKEN = re.compile(r"\\[A-Za-z]+[ \t\r\n]*|\\.|[{}]|[^\\{}]", re.DOTALL)
NAME = re.compile(r"\\[A-Za-z]+$")
PARAMETER = re.compile(r"#([1-9])")
# What a reader of HTML could take for the beginning of a tag.
TAG = re.compile(r"<(?=[A-Za-z/!?])")


def expand(tex, macros):
    """The same formula without macros: each is replaced by its definition, with its arguments inserted."""
    tokens, pieces = TOKEN.findall(tex), []
    while tokens:
        token = tokens.pop(0)
        definition = macros.get(token.strip())
        if definition is None:
            pieces.append(token)
            continue
        parts = PARAMETER.split(definition)  # text, number, text, number, ...
        arguments = [_argument(tokens, token) for _ in range(max(map(int, parts[1::2]), default=0))]
        parts[1::2] = [arguments[int(number) - 1] for number in parts[1::2]]
        pieces.append(expand(_joined(parts), macros))
    return _joined(pieces)


def _joined(pieces):
    """Pieces of TeX put together; a blank ends a name that the next letter would become a part of."""
    text = ""
    for piece in pieces:
        text += " " * bool(NAME.search(text) and piece[:1].isalpha()) + piece
    return text


def _argument(tokens, macro):
    """The next argument, taken off the tokens: a group without its braces, or a single token."""
    while tokens and tokens[0].isspace():
        tokens.pop(0)
    if not tokens:
        raise ValueError(f"{macro.strip()} has too few arguments")
    first = tokens.pop(0)
    if first != "{":
        return first
    depth, group = 1, []
    while depth:
        if not tokens:
            raise ValueError(f"a brace behind {macro.strip()} is not closed")
        token = tokens.pop(0)
        depth += {"{": 1, "}": -1}.get(token, 0)
        group.append(token)
    return "".join(group[:-1])


def inline(tex, macros):
    """A formula in a line of text."""
    return f"${TAG.sub('< ', ' '.join(expand(tex, macros).split()))}$"


def display(node, builder, macros):
    """The lines of a display equation, with the number that it has on the page."""
    tex = TAG.sub("< ", expand(display_source(node), macros)).strip()
    lines = ["$$", *(line.rstrip() for line in tex.splitlines() if line.strip())]
    if node.get("number") and not node.get("nowrap"):
        number = get_node_equation_number(SimpleNamespace(builder=builder), node)
        lines.append(rf"\tag{{{number}}}")
    return [*lines, "$$"]
