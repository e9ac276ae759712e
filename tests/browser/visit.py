"""One page in the browser: opened, waited for, and asked questions."""

from functools import cache
from importlib.resources import files
from pathlib import Path

from playwright.sync_api import Error

READY = """async () => {
  await document.fonts.ready;
  await window.MathJax?.startup?.promise;  // formulas that are rendered when the page is opened
}"""
# Long enough for what a page does when its size has changed.
NEXT_FRAME = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
SCRIPTS = Path(__file__).parent


@cache
def script(name):
    """The text of a script that questions are asked with."""
    if name == "axe":
        return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
    return (SCRIPTS / f"{name}.js").read_text(encoding="utf-8")


class Visit:
    """A page, what it wrote to the console as an error, and what it asked for.

    Attributes
    ----------
    page : playwright.sync_api.Page
    address : str
    errors : list of str
        Errors on the console and exceptions that nothing caught.
    requests : list of str
        Every address that was asked for.
    """

    def __init__(self, page, address):
        self.page, self.address, self.errors, self.requests = page, address, [], []
        self._loaded = set()
        page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("requestfailed", lambda r: self.errors.append(f"{r.url} was asked for and did not come"))
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("load", lambda _: self._loaded.clear())

    def open(self):
        """Open the page and wait until its formulas stand."""
        self.page.goto(self.address)
        self.page.evaluate(READY)

    def outside(self):
        """The requests that left the book."""
        home = self.address.split("/")[2] if self.address.startswith("http") else None
        inside = ("data:", "blob:", f"http://{home}/" if home else "file:")
        return [address for address in self.requests if not address.startswith(inside)]

    def ask(self, module, expression):
        """The value of an expression, once a script of this folder (or axe) is loaded into the page."""
        if module not in self._loaded:
            self.page.evaluate(script(module))
            self._loaded.add(module)
        return self.page.evaluate(expression)

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def keep(self, stem):
        """A picture of the whole page, and its markup, beside each other."""
        try:
            self.page.screenshot(path=f"{stem}.png", full_page=True)
            Path(f"{stem}.html").write_text(self.page.content(), encoding="utf-8")
        except (
            Error
        ) as error:  # a page that is closed or stuck has no picture; the test's own failure is what counts
            Path(f"{stem}.txt").write_text(str(error), encoding="utf-8")
