"""Formulas, taken out of a page before it is parsed and put back when the document is written.

Three quarters of a page's elements are the letters of its formulas, and nothing here looks inside one. So
each is replaced by one empty element while the page is worked on. What is put back is only what is seen.
What a screen reader shall say is the formula in one line, as the description of a picture without extent:
that is the one form in which the browser hands it on to the file.
"""

import html
import re
from xml.etree import ElementTree

BEGIN = '<span class="katex'
SPAN = re.compile(r"<(/?)span\b")
MATHML = re.compile(r'<span class="katex-mathml">(.*?</math>)</span>', re.DOTALL)
NOTHING = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"  # one clear pixel
RULE = re.compile(r"\.(k\d+)\{([^}]*)\}")
STYLED = re.compile(r'<span class="(?:([^"]*) )?(k\d+)">')
PLACE = "x-formula"
PLACES = re.compile(rf'<{PLACE} n="(\d+)"></{PLACE}>')
# How the parts of a MathML element are said; what is not named here is said part by part.
SAID = {
    "mfrac": "{}/{}",
    "msup": "{}^{}",
    "msub": "{}_{}",
    "msubsup": "{}_{}^{}",
    "munder": "{}_{}",
    "mover": "{}{}",
    "munderover": "{}_{}^{}",
}


def with_own_styles(text):
    """The text of a page whose spans have their styles with them again.

    On a page the style of a box in a formula is a class that the head of that page explains, and another
    page explains the same name otherwise. In one document every box needs its own.
    """
    head = text.partition("</head>")[0]
    styles = {name: style.replace("!important", "") for name, style in RULE.findall(head)}

    def styled(span):
        names = f' class="{span[1]}"' if span[1] else ""
        return f'<span{names} style="{styles[span[2]]}">'

    return STYLED.sub(styled, text)


def take_out(text, store):
    """The text of a page with an empty element for each formula; the formulas are appended to ``store``."""
    pieces, position = [], 0
    while (start := text.find(BEGIN, position)) >= 0:
        end = _end_of_span(text, start)
        pieces += [text[position:start], f'<{PLACE} n="{len(store)}"></{PLACE}>']
        store.append(text[start:end])
        position = end
    return "".join([*pieces, text[position:]])


def _end_of_span(text, start):
    depth = 0
    for tag in SPAN.finditer(text, start):
        depth += -1 if tag[1] else 1
        if depth == 0:
            return text.index(">", tag.end()) + 1
    raise ValueError(f"a formula does not end: {text[start : start + 80]}")


def put_back(text, store):
    """The text with every formula in its place again, as it is printed."""
    return PLACES.sub(lambda place: printed(store[int(place[1])]), text)


def printed(formula):
    """A formula without its invisible half, and with one line that says it."""
    hidden = MATHML.search(formula)
    line = html.escape(said(ElementTree.fromstring(hidden[1])))
    spoken = f'<img class="spoken" alt="{line}" src="{NOTHING}">'
    return formula[: hidden.start()] + spoken + formula[hidden.end() :]


def said(element):
    """An element of MathML in one line of text."""
    tag = element.tag.rpartition("}")[2]
    if tag == "annotation":
        return ""
    parts = [said(child) for child in element]
    if tag in SAID and len(parts) == SAID[tag].count("{}"):
        return SAID[tag].format(*(_bracket(part) for part in parts))
    if tag == "mtable":
        return "; ".join(parts)
    if tag == "mtr":
        return ", ".join(part for part in parts if part)
    inner = "".join([element.text or "", *parts]).strip("\u200b\u2061")
    return f"√({inner})" if tag == "msqrt" else inner


def _bracket(part):
    return part if part.isalnum() or len(part) < 2 else f"({part})"


def pieces(formula):
    """Into how many pieces the lines of a paragraph may break a formula."""
    return formula.count('class="base"')
