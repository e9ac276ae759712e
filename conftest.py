"""Notebooks are compared strictly, wherever pytest runs with ``--nbval``: see `book.strict`.

Their kernels are forked from a process that has the large libraries loaded: see `book.kernels`.
"""

from book import kernels

pytest_plugins = ["book.strict"]


def pytest_configure(config):
    kernels.fork_kernels()
