"""The built book as its readers have it: a folder of pages, in an order."""

from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
HTML = ROOT / "_build" / "html"
_SOURCES = ROOT / "book"


def _in_order():
    """The names of the written pages, as in "foundations/distance", in the order of the table of contents."""
    contents = yaml.safe_load((_SOURCES / "_toc.yml").read_text(encoding="utf-8"))
    chapters = [chapter["file"] for part in contents["parts"] for chapter in part["chapters"]]
    return [contents["root"], *chapters]


def _with_an_explorable(name):
    notebook = _SOURCES / f"{name}.ipynb"
    return notebook.exists() and "```{explorable} " in notebook.read_text(encoding="utf-8")


WRITTEN = _in_order()
_BUILT = [path.relative_to(HTML) for path in sorted(HTML.rglob("*.html"))]
# The search page and the like are the builder's. Of the pages with a module's source, which are all made
# alike, the shortest and the longest stand for the others.
_OTHERS = [
    name
    for name in (str(path.with_suffix("")) for path in _BUILT if "_static" not in path.parts)
    if name not in WRITTEN
]
SOURCES = sorted(
    (name for name in _OTHERS if name.startswith("_modules/ngbook")),
    key=lambda name: ((HTML / f"{name}.html").stat().st_size, name),
)
PAGES = WRITTEN + [name for name in _OTHERS if name not in SOURCES[1:-1]]
CHAPTERS = [name for name in WRITTEN if (_SOURCES / f"{name}.ipynb").exists()]
EXPLORABLES = [name for name in WRITTEN if _with_an_explorable(name)]
