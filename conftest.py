"""Notebooks are compared strictly, wherever pytest runs with ``--nbval``: see `book.strict`."""

pytest_plugins = ["book.strict"]
