"""The faces of the pages, from Source Serif 4, Source Sans 3 and Source Code Pro, inside a style sheet.

Relies on the name under which the theme asks for its icons: a face of that name, with the few that are shown,
spares readers the theme's font of 156 kB. tests/test_look.py asks of all pages whether the faces have their
letters and icons, and tests/browser/test_browser.py that no page loads the theme's font.

No page depends on the fonts that a machine happens to have. A font in a file of its own arrives after the
text that is to be set in it: either the words are not there for a moment, or they move when it comes. One
that is part of the style sheet is there with it. A browser may yet draw once before it has read it, so that
the page is hidden until then, for half a second at most. The files, which book/typefaces.py cuts out of the
complete faces, and their licence (SIL Open Font License) are in assets/fonts.
"""

import json
from base64 import b64encode
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "assets" / "fonts"
FACES = [tuple(path.stem.split("-")) for path in sorted(FOLDER.glob("*.woff2"))]
NAMES = {"icons": "Font Awesome 6 Free", "mono": "Book Mono", "sans": "Book Sans", "serif": "Book Serif"}
RULE = """@font-face {{
  font-family: "{family}";
  font-style: {style};
  font-weight: {weights};
  font-display: block;
  src: url("data:font/woff2;base64,{data}") format("woff2");
}}
"""
WEIGHTS = {"400": "400", "600": "600 700", "900": "900"}  # weights that each is drawn for
HIDDEN = """.faces-awaited body { visibility: hidden; animation: faces-late 0s 0.5s forwards }
@keyframes faces-late { to { visibility: visible } }
"""
AWAIT = """document.documentElement.classList.add("faces-awaited");
Promise.allSettled(%s.map((face) => document.fonts.load(face)))
  .then(() => document.documentElement.classList.remove("faces-awaited"));"""


def style_sheet():
    """The faces as a style sheet."""
    rules = []
    for family, weight, style in FACES:
        data = b64encode((FOLDER / f"{family}-{weight}-{style}.woff2").read_bytes()).decode()
        weights = WEIGHTS[weight]
        rules.append(RULE.format(family=NAMES[family], style=style, weights=weights, data=data))
    return "".join([*rules, HIDDEN])


def script():
    """Hide the page until the faces of its texts are read."""
    texts = [face for face in FACES if face[0] != "icons"]  # to ask for these loads the theme's, too
    faces = [f'{style} {weight} 1em "{NAMES[family]}"' for family, weight, style in texts]
    return AWAIT % json.dumps(faces)


def _write(app):
    if app.builder.format == "html":
        static = Path(app.outdir, "_static")
        static.mkdir(parents=True, exist_ok=True)
        (static / "fonts.css").write_text(style_sheet(), encoding="utf-8")


def setup(app):
    """Register with Sphinx; the sheet is written before the pages, which name its digest."""
    app.add_css_file("fonts.css")
    app.add_js_file(None, body=script())
    app.connect("builder-inited", _write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
