"""The face of the text, Source Serif 4, inside a style sheet of its own.

A font in a file of its own arrives after the text that is to be set in it: either the words are not there for
a moment, or they move when it comes. One that is part of the style sheet is there with it. A browser may yet
draw once before it has read it, so that the page is hidden until then, for half a second at most. The
files and their licence (SIL Open Font License) are in assets/fonts.
"""

from base64 import b64encode
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "assets" / "fonts"
FACES = {"400-normal": "400", "400-italic": "400", "600-normal": "600 700"}
RULE = """@font-face {{
  font-family: "Book Serif";
  font-style: {style};
  font-weight: {weight};
  font-display: block;
  src: url("data:font/woff2;base64,{data}") format("woff2");
}}
"""
HIDDEN = """.faces-awaited body { visibility: hidden; animation: faces-late 0s 0.5s forwards }
@keyframes faces-late { to { visibility: visible } }
"""
AWAIT = """document.documentElement.classList.add("faces-awaited");
Promise.allSettled(
  ["400", "600", "italic 400"].map((style) => document.fonts.load(`${style} 1em "Book Serif"`)),
).then(() => document.documentElement.classList.remove("faces-awaited"));"""


def style_sheet():
    """The faces as a style sheet."""
    rules = []
    for name, weight in FACES.items():
        data = b64encode((FOLDER / f"source-serif-4-latin-{name}.woff2").read_bytes()).decode()
        rules.append(RULE.format(style=name.split("-")[1], weight=weight, data=data))
    return "".join([*rules, HIDDEN])


def _write(app):
    if app.builder.format == "html":
        static = Path(app.outdir, "_static")
        static.mkdir(parents=True, exist_ok=True)
        (static / "fonts.css").write_text(style_sheet(), encoding="utf-8")


def setup(app):
    """Register with Sphinx; the sheet is written before the pages, which name its digest."""
    app.add_css_file("fonts.css")
    app.add_js_file(None, body=AWAIT)
    app.connect("builder-inited", _write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
