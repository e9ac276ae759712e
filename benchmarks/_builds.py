"""Builds of the book beside each other: what a page makes a server send, and when its formulas are there.

For measuring what a change of the build buys. The first build is what the others are compared with; each
page is opened in all of them in turns, so that a busy machine is busy for all.

Usage: python benchmarks/_builds.py NAME=FOLDER NAME=FOLDER ...     (folders of pages; needs Chromium)
"""

import statistics
import sys
from contextlib import ExitStack

from pages import ROOT, SIZES, served, visit
from playwright.sync_api import sync_playwright

from book import chromium

PAGES = ("probability/fisher_catalogue", "foundations/distance", "index")
ROUNDS = 5


def percent(value, before):
    """How much less than before, with its sign."""
    return f"{100 * (value / before - 1):+.0f} %"


def row(name, seen, first):
    """A line of the table: bytes, and the seconds in the middle with their spread."""
    kilobytes, before = seen["formulas"][0]["sent"] / 1000, first["formulas"][0]["sent"] / 1000
    cells = [f"{kilobytes:.0f} ({percent(kilobytes, before)})", f"{seen['formulas'][0]['bytes'] / 1e6:.2f}"]
    for column in SIZES:
        times, others = ([one["seconds"] for one in runs[column]] for runs in (seen, first))
        middle = statistics.median(times)
        if middle:
            change = percent(middle, statistics.median(others))
            cells.append(f"{middle:.2f} ({change}; {min(times):.2f} to {max(times):.2f})")
        else:
            cells.append("none to set")
    moved = max(one["moved"] for runs in seen.values() for one in runs)
    return f"| {name} | {' | '.join(cells)} | {moved:.4f} |"


def main(builds):
    """A table for each page."""
    with ExitStack() as stack:
        addresses = {name: stack.enter_context(served(folder)) for name, folder in builds.items()}
        playwright = stack.enter_context(sync_playwright())
        options = {"executable_path": chromium.find(), "args": list(chromium.FLAGS)}
        browser = stack.enter_context(playwright.chromium.launch(**options))
        for page in PAGES:
            seen = {name: {column: [] for column in SIZES} for name in builds}
            for _ in range(ROUNDS):
                for column, (size, slower) in SIZES.items():
                    for name, address in addresses.items():
                        one = visit(browser, f"{address}/{page}.html", ROOT, size, slower)
                        seen[name][column].append(one)
            print(f"### {page}\n")
            print("| build | sent, kB | loaded, MB | formulas, s | phone, s | moved |")
            print("| --- | --: | --: | --: | --: | --: |")
            print(*(row(name, each, next(iter(seen.values()))) for name, each in seen.items()), sep="\n")
            print(flush=True)


if __name__ == "__main__":
    main(dict(each.split("=", 1) for each in sys.argv[1:]))
