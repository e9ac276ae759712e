"""No notebook cell may pass without having been executed and compared; and how the tests share two cores.

nbval lets three things through that the book counts as failures: a cell that is skipped by a tag, a cell
after a time-out (expected to fail, so never reported), and a cell without an execution count, which is
run but not compared with anything.
"""

import re

import pytest

from book import kernels

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


def is_notebook_cell(item):
    return type(item).__name__ == "IPyNbCell"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item):
    if is_notebook_cell(item) and item.cell.execution_count is None:
        pytest.fail(
            "this cell has no execution count, so its output would not be compared: run `make notebooks`",
            pytrace=False,
        )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if is_notebook_cell(item):
        reason = getattr(report, "wasxfail", None)
        if reason is not None or report.skipped:
            report.__dict__.pop("wasxfail", None)
            report.outcome = "failed"
            report.longrepr = (
                f"{item.nodeid} was not compared with its stored output "
                f"({reason or 'skipped by a tag or a comment'}), as every cell must be:\n\n{item.cell.source}"
            )
    return report
