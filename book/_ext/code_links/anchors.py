"""Links around words of highlighted code, which stays the same text, to the letter."""

import re
from html import escape, unescape

ATOM = re.compile(r'(<span class="[\w ]+">)([^<]*)(</span>)|<[^>]*>|[^<]+')
LETTER = re.compile(r"&#?\w+;|.", re.DOTALL)


def text_of(code):
    """The text of highlighted code."""
    return unescape(re.sub(r"<[^>]*>", "", code))


def position(text, line, column):
    """Where in a text a line (from 1) and a column (in bytes) are."""
    lines = text.split("\n")
    before = lines[line - 1].encode()[:column].decode()
    return sum(len(each) + 1 for each in lines[: line - 1]) + len(before)


def with_links(code, links):
    """Highlighted code with links: (beginning, end, address, title), apart from each other, in order.

    A link ends with an element or lies within one. One that would cut an element in two is left out.
    """
    pieces, at, waiting = [], 0, list(links)
    open_until = None
    for atom in ATOM.finditer(code):
        opening, inner, closing = atom[1] or "", atom[2], atom[3] or ""
        if inner is None:
            if atom[0].startswith("<"):
                pieces.append(atom[0])
                continue
            inner = atom[0]
        letters = LETTER.findall(inner)
        end = at + len(letters)
        written = []
        done = 0
        while waiting and open_until is None and waiting[0][0] < end:
            begin, last, address, title = waiting.pop(0)
            if begin < at:
                continue
            tag = _tag(address, title)
            if last <= end and not (begin == at and last == end):  # within this element
                written += ["".join(letters[done : begin - at]), tag]
                written += ["".join(letters[begin - at : last - at]), "</a>"]
                done = last - at
            elif begin == at:  # of whole elements
                pieces.append(tag)
                open_until = last
        written.append("".join(letters[done:]))
        if inner == "." and open_until is not None:  # within solve.dense_solve it is no operator
            opening = closing = ""
        pieces += [opening, *written, closing]
        at = end
        if open_until is not None and at >= open_until:
            pieces.append("</a>")
            open_until = None
    return "".join(pieces)


def _tag(address, title):
    shown = f' title="{escape(title)}"' if title else ""
    return f'<a href="{escape(address)}"{shown}>'
