"""What a value looks like on a page: formula, table, picture, text.

A value says it itself, by the methods that notebooks ask for (``_repr_latex_`` and the like). Figures become
the SVG that the book stores. Markdown becomes HTML by the library that the book is built with; its formulas
are left to the page.
"""

import sys
from io import StringIO

METHODS = {
    "text/html": "_repr_html_",
    "text/markdown": "_repr_markdown_",
    "text/latex": "_repr_latex_",
    "image/svg+xml": "_repr_svg_",
}


def forms(value):
    """{media type: text}; always with ``text/plain``."""
    if isinstance(value, _figure_class()):
        return {"text/plain": repr(value), "image/svg+xml": svg(value)}
    data = {"text/plain": repr(value)}
    if not isinstance(value, type):  # a class has the methods, and cannot be asked
        for media, method in METHODS.items():
            text = getattr(value, method, lambda: None)()
            if text is not None:
                data[media] = text
    if "text/markdown" in data and (html := markdown(data["text/markdown"])):
        data["text/html"] = html
    return data


def _figure_class():
    module = sys.modules.get("matplotlib.figure")
    return module.Figure if module else ()


def svg(figure):
    """The figure as the book stores it: no date, coordinates rounded."""
    file = StringIO()
    figure.savefig(file, format="svg", bbox_inches=None, metadata={"Date": None})
    plots = sys.modules.get("ngbook.plots")
    return plots.rounded_coordinates(file.getvalue()) if plots else file.getvalue()


def markdown(text):
    """HTML with each formula's TeX in an element of the class ``math``; None if the library is not here."""
    try:
        from markdown_it import MarkdownIt
        from mdit_py_plugins.dollarmath import dollarmath_plugin
    except ImportError:
        return None
    return MarkdownIt("commonmark", {"html": False}).enable("table").use(dollarmath_plugin).render(text)
