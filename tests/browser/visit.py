"""One page in the browser: opened, waited for, and asked questions."""

from functools import cache
from importlib.resources import files
from pathlib import Path

from playwright.sync_api import Error

READY = """async () => {
  await document.fonts.ready;
  await window.MathJax?.startup?.promise;  // formulas that are rendered when the page is opened
}"""
# One element is left of the text, and room to scroll.
ALONE = """(selector) => {
  for (let each = document.querySelector(selector); !each.matches("main"); each = each.parentElement)
    for (const other of each.parentElement.children) if (other !== each) other.style.display = "none";
  document.querySelector("main").style.paddingBottom = "100vh";
}"""
# Long enough for what a page does when its size has changed.
NEXT_FRAME = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"


@cache
def scripts():
    """The scripts that questions are asked with: `axe`, `questions`, `contrast` and `faces`."""
    paths = [files("axe_playwright_python") / "axe.min.js", *Path(__file__).parent.glob("*.js")]
    return [path.read_text(encoding="utf-8") for path in paths]


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
        self._can_answer = False
        page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("requestfailed", lambda r: self.errors.append(f"{r.url} was asked for and did not come"))
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("load", self._forget)

    def open(self):
        """Open the page and wait until its formulas stand."""
        self.page.goto(self.address)
        self.page.evaluate(READY)

    def outside(self):
        """The requests that left the book."""
        home = self.address.split("/")[2] if self.address.startswith("http") else None
        inside = ("data:", "blob:", f"http://{home}/" if home else "file:")
        return [address for address in self.requests if not address.startswith(inside)]

    def _forget(self, _):
        self._can_answer = False

    def ask(self, expression):
        """The value of an expression, in which the page can use the scripts of this folder."""
        if not self._can_answer:
            for script in scripts():
                self.page.evaluate(script)
            self._can_answer = True
        return self.page.evaluate(expression)

    def borrowed(self, least=100):
        """The letters, each with its style, that Chromium draws with a font of this machine."""
        letters = self.ask("faces.lay()")
        session = self.page.context.new_cdp_session(self.page)
        session.send("DOM.enable")
        session.send("CSS.enable")
        root = session.send("DOM.getDocument", {"depth": 0})["root"]["nodeId"]
        places = session.send("DOM.querySelectorAll", {"nodeId": root, "selector": ".laid"})["nodeIds"]
        found = [] if len(letters) >= least else [f"{len(letters)} looked at, and not {least} or more"]
        for letter, place in zip(letters, places, strict=True):
            fonts = session.send("CSS.getPlatformFontsForNode", {"nodeId": place})["fonts"]
            found += [f"{letter}: {font['familyName']}" for font in fonts if not font["isCustomFont"]]
        session.detach()
        self.ask("faces.clear()")
        return found

    def turn(self, theme):
        """Over to the other theme, as by the button for it, and stay there."""
        self.page.evaluate("theme => (document.documentElement.dataset.theme = theme)", theme)
        self.page.evaluate(NEXT_FRAME)

    def resize(self, width, texts="100%", height=800):
        """Make the window wider or narrower, and the reader's texts larger or smaller."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.evaluate("texts => (document.documentElement.style.fontSize = texts)", texts)
        self.page.evaluate(NEXT_FRAME)

    def unfold(self):
        """Open everything that is folded."""
        self.page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
        self.page.evaluate(NEXT_FRAME)

    def leave_alone(self, selector):
        """Hide the rest of the text: a long chapter is laid out anew whenever something in it has moved."""
        self.page.evaluate(ALONE, selector)

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def keep(self, stem):
        """A picture of the whole page, and its markup, beside each other."""
        Path(stem).parent.mkdir(parents=True, exist_ok=True)
        try:
            self.page.screenshot(path=f"{stem}.png", full_page=True)
            Path(f"{stem}.html").write_text(self.page.content(), encoding="utf-8")
        except Error as error:  # a page that is closed or stuck has no picture; its failure is what counts
            Path(f"{stem}.txt").write_text(str(error), encoding="utf-8")
