"""Formulas as they are printed: what is seen of them, and one line that says it.

On a page a formula is there twice, drawn and in MathML for a screen reader. What a screen reader shall say of
the file is the formula in one line, as the description of a picture without extent: that is the one form in
which the browser hands it on.
"""

NOTHING = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"  # one clear pixel
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


def speak(article):
    """Put a line that says it in the place of each formula's MathML."""
    for hidden in article.select(".katex-mathml"):
        line = said(hidden.math)
        hidden.name, hidden.attrs = "img", {"class": "spoken", "alt": line, "src": NOTHING}
        hidden.clear()


def said(element):
    """An element of MathML in one line of text."""
    if element.name == "annotation":  # its TeX
        return ""
    children = element.find_all(True, recursive=False)
    parts = [said(child) for child in children]
    if element.name in SAID and len(parts) == SAID[element.name].count("{}"):
        return SAID[element.name].format(*(_bracket(part) for part in parts))
    if element.name == "mtable":
        return "; ".join(parts)
    if element.name == "mtr":
        return ", ".join(part for part in parts if part)
    inner = "".join(parts if children else element.strings).strip("\u200b\u2061")
    return f"√({inner})" if element.name == "msqrt" else inner


def _bracket(part):
    return part if part.isalnum() or len(part) < 2 else f"({part})"


def pieces(formula):
    """Into how many pieces the lines of a paragraph may break a formula."""
    return len(formula.select(".base"))
