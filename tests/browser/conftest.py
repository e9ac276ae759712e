"""A browser for the tests: the system's Chromium, started once a worker, and the built book's pages in it.

Without a Chromium these tests are left out and test_browser.py says so; where the environment has
BROWSER_TESTS=required, as in .ci/run, it fails. When a test fails, what its pages looked like is kept in
_build/browser.

`open_page(name, ...)` opens a page for one test; `visit(name, ...)` is a context manager, for fixtures that
share a page among tests. Both give a Visit.
"""

import re
from contextlib import ExitStack, contextmanager

import pytest
from playwright.sync_api import sync_playwright

from book import chromium

from .book import HTML, ROOT
from .serving import served
from .visit import Visit

# The first is Chromium without windows, which is what is wanted here, and takes two thirds of the time.
CHROMIUM = chromium.find(("chromium-headless-shell", *chromium.NAMES))
if CHROMIUM is None:  # one test says so
    collect_ignore_glob = ["test_[!b]*.py"]
FILES = HTML.as_uri()
PICTURES = ROOT / "_build" / "browser"
PATIENCE = 180_000  # milliseconds until a page has to be there; a busy machine takes its time
OPEN = []  # the visits that a failing test leaves a picture of


@pytest.fixture(scope="session")
def browser():
    """One Chromium for all tests of a worker."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=list(chromium.FLAGS))
        yield started
        started.close()


@pytest.fixture(scope="session")
def server():
    """The address of a local server of the built book, as `python -m http.server` would be."""
    with served(HTML) as address:
        yield address


@pytest.fixture(scope="session")
def visit(browser):
    """`with visit(name, width=390, theme="dark") as visited:` is a page, ready to be read.

    `name` is a page as in the table of contents, with a fragment or a query if need be. It is opened as a
    file, as a newcomer does, unless `origin` is the address of a server. Other arguments go to Playwright's
    `browser.new_context`: `reduced_motion="reduce"`, `java_script_enabled=False`, `offline=True`.
    """

    @contextmanager
    def visit(name, *, width=1280, height=900, theme="light", origin=FILES, **options):
        page_name, mark, rest = re.fullmatch(r"([^?#]*)([?#]?)(.*)", name).groups()
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme, locale="en-GB", **options
        )
        context.set_default_navigation_timeout(PATIENCE)
        try:
            visited = Visit(context.new_page(), f"{origin}/{page_name}.html{mark}{rest}")
            OPEN.append(visited)
            visited.open()
            yield visited
        finally:
            OPEN.pop()
            context.close()

    return visit


@pytest.fixture
def open_page(visit):
    """`open_page(name, ...)` opens a page, as `visit` does, until the end of the test."""
    with ExitStack() as stack:
        yield lambda name, **options: stack.enter_context(visit(name, **options))


def stem(name):
    """Where pictures are kept, as the beginning of their paths, of which there are none of an earlier run."""
    path = PICTURES / re.sub(r"[^\w.-]+", "-", name).strip("-")
    for stale in PICTURES.glob(f"{path.name}.*"):
        stale.unlink()
    return path


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Keep a picture and the markup of every open page of a failed test, and none of one that passes."""
    report = yield
    if report.when == "call" and "browser" in item.fixturenames:
        path = stem(item.nodeid.split("browser/")[-1])
        if report.failed:
            for k, visited in enumerate(OPEN):
                visited.keep(f"{path}.{k}")
            report.sections.append(("Pictures", f"{path.relative_to(ROOT)}.*"))
    return report
