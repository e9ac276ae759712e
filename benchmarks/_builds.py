"""Builds of the book beside each other: what a page makes a server send, and what work it is for a browser.

For measuring what a change of the build buys. The first build is what the others are compared with; each
page is opened in all of them in turns. *Sent* counts bytes as a web server sends them, texts compressed;
*formulas* is the time until every formula is set; *work* is the time for which the page's own thread kept a
processor, which a busy machine does not change much.

Usage: python benchmarks/_builds.py NAME=FOLDER NAME=FOLDER ...     (folders of pages; needs Chromium)
"""

import statistics
import sys
from contextlib import ExitStack

from pages import ROOT, served, visit
from playwright.sync_api import sync_playwright

from book import chromium

PAGES = ("probability/fisher_catalogue", "foundations/distance", "index")
ROUNDS = 3


def change(value, before):
    """How much more than before, with its sign."""
    return f"{100 * (value / before - 1):+.0f} %"


def seconds(quantity, seen, first):
    """The time in the middle, and in brackets its change and the shortest and the longest."""
    times, others = ([one[quantity] for one in runs] for runs in (seen, first))
    middle = statistics.median(times)
    if not middle:
        return "none to set"
    changed = change(middle, statistics.median(others))
    return f"{middle:.2f} ({changed}; {min(times):.2f} to {max(times):.2f})"


def row(name, seen, first):
    """A line of the table."""
    sent = f"{seen[0]['sent'] / 1000:.0f} ({change(seen[0]['sent'], first[0]['sent'])})"
    times = [seconds(quantity, seen, first) for quantity in ("seconds", "work")]
    moved = max(one["moved"] for one in seen)
    cells = [name, sent, f"{seen[0]['bytes'] / 1e6:.2f}", *times, f"{moved:.4f}"]
    return f"| {' | '.join(cells)} |"


def main(builds):
    """A table for each page."""
    with ExitStack() as stack:
        addresses = {name: stack.enter_context(served(folder)) for name, folder in builds.items()}
        playwright = stack.enter_context(sync_playwright())
        options = {"executable_path": chromium.find(), "args": list(chromium.FLAGS)}
        browser = stack.enter_context(playwright.chromium.launch(**options))
        for page in PAGES:
            seen = {name: [] for name in builds}
            for _ in range(ROUNDS):
                for name, address in addresses.items():
                    seen[name].append(visit(browser, f"{address}/{page}.html", ROOT))
            first = next(iter(seen.values()))
            print(f"### {page}\n")
            print("| build | sent, kB | loaded, MB | formulas, s | work, s | moved |")
            print("| --- | --: | --: | --: | --: | --: |")
            print(*(row(name, runs, first) for name, runs in seen.items()), sep="\n")
            print(flush=True)


if __name__ == "__main__":
    main(dict(each.split("=", 1) for each in sys.argv[1:]))
