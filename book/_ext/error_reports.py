"""At the end of each page: where its reader can report an error, by one setting, ``error_report_address``.

The address is a web page or a mailbox; ``{title}`` and ``{page}`` in it become the page's title and its name
in the book, as in ``https://example.org/new?title={title}`` or ``mailto:errors@example.org?subject={page}``.
Without an address the pages ask for nothing.

tests/test_look.py builds a book with an address and without.
"""

from html import escape
from urllib.parse import quote

from sphinx.errors import ConfigError

SCHEMES = ("https://", "http://", "mailto:")


def link_for(address, page, title):
    """Where a reader of a page goes with an error."""
    return address.replace("{page}", quote(page, safe="")).replace("{title}", quote(title, safe=""))


def _check(app, config):
    address = config.error_report_address
    if address and not address.startswith(SCHEMES):
        raise ConfigError(
            f"error_report_address is {address!r}; it must begin with one of {', '.join(SCHEMES)}"
        )


def _offer(app, pagename, templatename, context, doctree):
    address = app.config.error_report_address
    if address and doctree is not None:
        target = escape(link_for(address, pagename, app.env.titles[pagename].astext()))
        context["body"] += f'<p class="report-error"><a href="{target}">Report an error on this page</a></p>'


def setup(app):
    """Register with Sphinx; a new address writes the pages anew."""
    app.add_config_value("error_report_address", "", "html", [str])
    app.connect("config-inited", _check)
    app.connect("html-page-context", _offer)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
