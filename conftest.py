"""Notebooks are compared strictly, wherever pytest runs with ``--nbval``; how tests share cores; a report.

The comparison is `book.strict`. Kernels are forked from a process that has the large libraries loaded: see
`book.kernels`.
"""

import re
from collections import Counter

import pytest

from book import kernels

pytest_plugins = ["book.strict"]

# What takes longest is begun first, so that no worker is left alone with it at the end.
FIRST = ("browser/test_pdf", "browser/test_live", "trpo_and_ppo.ipynb", ".ipynb", "browser/")
BUDGET = 15  # seconds in which the cells of a page run
BY_PAGE = r"tests/browser/test_(?:pages|explorables|dragging)\.py::\w+\[([\w/]+)"


def pytest_configure(config):
    kernels.fork_kernels()


def pytest_collection_modifyitems(items):
    """In the order of FIRST, and the rest behind."""
    items.sort(key=lambda item: [part not in item.nodeid for part in FIRST])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A worker is given a whole file at a time, as a notebook, or all that is asked of one built page."""
    from xdist.scheduler import LoadScopeScheduling

    class Portions(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            page = re.match(BY_PAGE, nodeid)
            return page[1] if page else nodeid.partition("::")[0]

    config.option.loadscopereorder = False
    return Portions(config, log)


def pytest_terminal_summary(terminalreporter):
    """How long the cells of the pages took: the slowest, and whatever exceeds its budget on this machine."""
    pages = Counter()
    for report in (report for reports in terminalreporter.stats.values() for report in reports):
        page, cell, _ = getattr(report, "nodeid", "").partition(".ipynb::")
        if cell:
            pages[page] += report.duration
    if pages:
        over = sum(time > BUDGET for time in pages.values())
        terminalreporter.section(
            f"{len(pages)} pages in {pages.total():.0f} s, {over} over the budget of {BUDGET} s"
        )
        for page, time in pages.most_common(max(5, over)):
            terminalreporter.line(f"{time:6.1f} s  {page}{'  OVER THE BUDGET' if time > BUDGET else ''}")
