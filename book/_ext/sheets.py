"""Style sheets of the theme and of two extensions without the rules that apply nowhere: 60 kB less to send.

A rule goes when it needs a class or an id that is a word on no page and in no script: what a script may yet
put on a page stays. (A script that puts a class together from parts would lose its rules; none does.)

Relies on the names of the three sheets: where one is not there the build stops, and tests/test_sheets.py
compares what is left with what the pages need.
"""

import re
from pathlib import Path

import tinycss2
from sphinx.errors import ExtensionError

SHEETS = ("styles/pydata-sphinx-theme.css", "sphinx-design.min.css", "mystnb.*.css")
UNUSED = ("fontawesome.js", "bootstrap.js")  # no page loads them: _templates/static/webpack-macros.html


def used_rules(rules, words):
    """The text of the rules that may apply to something, without the selectors that cannot."""
    kept = []
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = [selector for selector in selectors_of(rule.prelude) if names_of(selector) <= words]
            if selectors:
                heads = ",".join(tinycss2.serialize(selector).strip() for selector in selectors)
                kept.append(f"{heads}{{{tinycss2.serialize(rule.content).strip()}}}")
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports") and rule.content:
            inner = used_rules(tinycss2.parse_rule_list(rule.content, skip_whitespace=True), words)
            if inner:
                kept.append(f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inner}}}")
        elif rule.type != "comment" or rule.value.startswith("!"):  # a licence
            kept.append(rule.serialize())
    return "".join(kept)


def selectors_of(prelude):
    """The selectors of a list, each as its tokens."""
    found = [[]]
    for token in prelude:
        if token == ",":
            found.append([])
        else:
            found[-1].append(token)
    return found


def names_of(selector):
    """The classes and ids that a selector needs; it may not need those in ``:not(...)`` and the like."""
    names, after_dot = set(), False
    for token in selector:
        if token.type == "hash" or (token.type == "ident" and after_dot):
            names.add(token.value)
        after_dot = token == "."
    return names


def _lighten(app, error):
    if error or app.builder.format != "html":
        return
    output, static = Path(app.outdir), Path(app.outdir, "_static")
    scripts = (path for path in static.rglob("*.js") if path.name not in UNUSED)
    texts = (path.read_text(encoding="utf-8") for path in (*output.rglob("*.html"), *scripts))
    words = {word for text in texts for word in re.findall(r"[\w-]+", text)}
    for name in SHEETS:
        paths = list(static.glob(name))
        if not paths:
            raise ExtensionError(f"there is no style sheet {name}: see book/_ext/sheets.py")
        for path in paths:
            rules = tinycss2.parse_stylesheet(path.read_text(encoding="utf-8"), skip_whitespace=True)
            path.write_text(used_rules(rules, words), encoding="utf-8")


def setup(app):
    """Register with Sphinx."""
    app.connect("build-finished", _lighten)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
