"""No notebook cell may pass without having been executed and compared.

nbval lets three things through that the book counts as failures: a cell that is skipped by a tag, a cell
after a time-out (expected to fail, so never reported), and a cell without an execution count, which is
run but not compared with anything.
"""

import pytest

from book import kernels


def pytest_configure(config):
    kernels.fork_kernels()


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
