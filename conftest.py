"""Notebooks are compared strictly, wherever pytest runs with ``--nbval``; and how the tests share two cores.

The comparison is `book.strict`. Kernels are forked from a process that has the large libraries loaded: see
`book.kernels`.
"""

import re

import pytest

from book import kernels

pytest_plugins = ["book.strict"]

# What takes longest is begun first, so that no worker is left alone with it at the end.
FIRST = ("browser/test_pdf", "browser/test_live", "trpo_and_ppo.ipynb", ".ipynb", "browser/")
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
