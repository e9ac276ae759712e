"""Scripts and style sheets go on the pages that have the part of a page they are for.

Extensions put theirs on every page, and so does the theme with all of the search, which only the search page
needs, with a script of 1.5 MB that draws the icons of Font Awesome a second time (its style sheet has drawn
them already), and with Bootstrap for one menu, which assets/menu.js opens.
"""

import re

# What belongs to a part, by its name or its text, and how a page that has the part is known.
PARTS = (
    (r"design-tabs", r'class="sd-tab-set'),
    (r"sphinx-design", r'class="sd-'),
    (r"togglebutton|toggleHint|toggleOpenOnPrint", r'class="(?:[^"]* )?(?:toggle|admonition dropdown)[ "]'),
    (r"clipboard|copybutton", r"<pre\b"),
    (r"mystnb\.", r'class="(?:[^"]* )?cell[ "]'),
    (r"proof\.css", r'class="(?:[^"]* )?proof[ "]'),
)
# Written by the theme's templates.
UNUSED = ("fontawesome.js", "bootstrap.js")
UNUSED_SCRIPTS = re.compile(
    r'<(?:script|link)\b[^>]* (?:src|href)="[^"]*/(?:fontawesome|bootstrap)\.js[^>]*>(?:</script>)?'
)
SEARCH_SCRIPTS = re.compile(r'<script src="[^"]*(?:searchtools|language_data|searchindex)\.js"></script>')


def leave_out(app, pagename, templatename, context, doctree):
    """Take from a page what belongs to parts that it does not have."""
    body = context.get("body", "")
    absent = [belongs for belongs, part in PARTS if not re.search(part, body)]
    for kind in ("script_files", "css_files"):
        files = context.get(kind, [])
        context[kind] = [file for file in files if not any(re.search(part, _text(file)) for part in absent)]


def _text(file):
    """The name of a script or style sheet, and what is written in it."""
    attributes = getattr(file, "attributes", None) or {}
    return f"{getattr(file, 'filename', file)} {attributes.get('body') or ''}"


def without_theme_scripts(page, name):
    """The page without the scripts that the theme's templates give it in vain."""
    page = UNUSED_SCRIPTS.sub("", page)
    return page if name == "search.html" else SEARCH_SCRIPTS.sub("", page)


def scripts_in(static):
    """The texts of the scripts that pages may load."""
    paths = (path for path in static.rglob("*.js") if path.name not in UNUSED)
    return [path.read_text(encoding="utf-8") for path in paths]
