"""How long a chapter takes, where its reader decides: at the links to the previous and the next page.

A chapter says it once, "Reading takes about 45 minutes" in its section *What you need*. The map of the
chapters (`reading_path`) has the same numbers, from the same sentence.

Relies on ``app.builder.relations`` and on ``prev_title`` and ``next_title`` in the theme's links.
tests/test_look.py compares pages and sentences.
"""

import re

SENTENCE = re.compile(r"Reading\s+takes\s+about\s+(\d+)\s+minutes")


def shown(minutes):
    """The time as it stands behind the title of a chapter."""
    return f' <span class="reading-time">{minutes} minutes</span>'


def _collect(app, doctree):
    if found := SENTENCE.search(doctree.astext()):
        app.env.reading_minutes[app.env.docname] = int(found[1])


def _name(app, pagename, templatename, context, doctree):
    _, *neighbours = app.builder.relations.get(pagename, (None, None, None))
    for side, docname in zip(("prev", "next"), neighbours, strict=True):
        if docname in app.env.reading_minutes:
            context[f"{side}_title"] = context[side]["title"] + shown(app.env.reading_minutes[docname])


# --- what Sphinx remembers --------------------------------------------------------------------------------


def _prepare(app, env, docnames):
    if not hasattr(env, "reading_minutes"):
        env.reading_minutes = {}


def _purge(app, env, docname):
    if hasattr(env, "reading_minutes"):
        env.reading_minutes.pop(docname, None)


def _merge(app, env, docnames, other):
    env.reading_minutes |= {
        name: other.reading_minutes[name] for name in docnames if name in other.reading_minutes
    }


def setup(app):
    """Register with Sphinx."""
    app.connect("env-before-read-docs", _prepare)
    app.connect("env-purge-doc", _purge)
    app.connect("env-merge-info", _merge)
    app.connect("doctree-read", _collect)
    app.connect("html-page-context", _name)
    return {"env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
