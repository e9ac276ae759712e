"""A table scrolls in a box of its own, and the box says what it is.

The theme wraps every table that Sphinx writes, and lets the keyboard reach a box that has to be scrolled. A
screen reader then needs a name for it: the table's caption, or else its column heads. Tables that a cell
wrote as HTML are put into the same box.
"""

import html
import re

BOX = '<div class="pst-scrollable-table-container">'
TABLE = re.compile(rf"(?P<box>{re.escape(BOX)}\s*)?(?P<table><table\b.*?</table>)(?P<end>\s*</div>)?", re.S)
CAPTION = re.compile(r'<(?:caption|span class="caption-text")[^>]*>(.*?)</(?:caption|span)>', re.S)
HEAD = re.compile(r"<th\b[^>]*>(.*?)</th>", re.S)


def _text(fragment):
    """The words of a piece of HTML, formulas left out."""
    fragment = re.sub(r'<span class="(?:math|katex)\b.*', "", fragment, flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", fragment)).split())


def _name(table):
    """What to call a table."""
    head = table.split("</thead>")[0] if "</thead>" in table else ""
    words = [_text(found) for found in CAPTION.findall(table)[:1]] or [
        _text(cell) for cell in HEAD.findall(head)
    ]
    words = ", ".join(word for word in words if word)
    return f"Table: {words}" if words else "Table"


def label(body):
    """The page's body, with a name on the box of every table."""

    def wrap(match):
        name = html.escape(_name(match["table"]))
        end = match["end"] if match["box"] else "</div>"
        return f'{BOX[:-1]} role="group" aria-label="{name}">{match["table"]}{end or ""}'

    return TABLE.sub(wrap, body)


def _label_page(app, pagename, templatename, context, doctree):
    if context.get("body"):
        context["body"] = label(context["body"])


def setup(app):
    """Register with Sphinx; late, so that tables of every other extension are there."""
    app.connect("html-page-context", _label_page, priority=850)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
