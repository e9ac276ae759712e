"""From the document to the file: the browser prints, is told the page numbers, and prints again.

A style sheet cannot ask on which page something stands, at least not in a browser. So the document is
printed once; the file has a named destination for everything that is linked; its page numbers go into the
contents; and the document is printed again, until nothing moves.
"""

import io
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import NameObject, NumberObject, TextStringObject

from book import chromium

FLAGS = [*chromium.FLAGS, "--font-render-hinting=none"]
COLUMN = 514  # the width of the text in CSS pixels: 136 mm
PATIENCE = 300_000  # milliseconds until the document has to be there; a busy machine takes its time
ROUNDS = 3  # printings until the page numbers have to agree
FIT = Path(__file__).with_name("fit.js").read_text(encoding="utf-8")
FILL = """numbers => {
  for (const link of document.querySelectorAll(".contents a, .part-contents a"))
    link.querySelector(".page").textContent = numbers[link.getAttribute("href").slice(1)] ?? "";
}"""


HEADINGS = """() => [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")]
  .map((heading) => heading.innerText.replace(/\\s+/g, " ").trim())"""


class CannotPrint(RuntimeError):
    """Something is missing or does not come out right; the message says what to do."""


def find_browser():
    """The path of an installed Chromium."""
    if path := chromium.find():
        return path
    raise CannotPrint(
        "make pdf prints with Chromium, and none of "
        + ", ".join(chromium.NAMES)
        + " is installed. On Debian and Ubuntu: apt install chromium"
    )


def open_document(playwright, path):
    """A browser, and in it the document as it will be laid out on paper."""
    browser = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
    context = browser.new_context(
        viewport={"width": COLUMN, "height": 860}, offline=True, color_scheme="light"
    )
    page = context.new_page()
    page.emulate_media(media="print", color_scheme="light")
    missing = []
    page.on("requestfailed", lambda request: missing.append(request.url))
    page.goto(path.resolve().as_uri(), timeout=PATIENCE)
    page.evaluate("document.fonts.ready.then(() => true)")
    if missing:
        browser.close()
        raise CannotPrint("files of the document are missing (is the book built?):\n" + "\n".join(missing))
    return browser, page


def fit(page):
    """Set smaller what is wider than the column; raise if that does not suffice."""
    if over := page.evaluate(FIT):
        raise CannotPrint("wider than the page:\n" + "\n".join(over))


def page_numbers(pdf):
    """{id: page number, from 1} of everything that a link of the file leads to."""
    reader = PdfReader(io.BytesIO(pdf))
    found = reader.named_destinations.items()
    return {name.lstrip("/"): reader.get_destination_page_number(place) + 1 for name, place in found}


def print_until_stable(page):
    """The bytes of the file, printed with the right numbers in its contents."""
    unseen = page.add_style_tag(content="body, body * { visibility: hidden !important }")
    numbers = page_numbers(page.pdf(prefer_css_page_size=True))  # takes half the time where nothing is drawn
    unseen.evaluate("(style) => style.remove()")
    for _ in range(ROUNDS):
        page.evaluate(FILL, numbers)
        pdf = page.pdf(prefer_css_page_size=True, print_background=True, outline=True, tagged=True)
        if (found := page_numbers(pdf)) == numbers:
            return pdf
        numbers = found
    raise CannotPrint(f"the page numbers of the contents still move after {ROUNDS} printings")


def finish(pdf, titles, book, target):
    """Name title and author in the file, fold its outline to parts and chapters, and write it.

    Where a heading goes over two lines, the browser loses the space between them in its bookmark; ``titles``
    are the headings as they are meant.
    """
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf)))
    writer.metadata = {
        "/Title": book.full_title,
        "/Author": book.author,
        "/Subject": "Natural gradients, with every numbered equation checked by code",
        "/Creator": "Jupyter Book, Chromium",
    }
    root = writer.root_object
    root[NameObject("/Lang")] = TextStringObject("en-GB")
    root[NameObject("/PageMode")] = NameObject("/UseOutlines")
    fold_outline(root["/Outlines"])
    name_bookmarks(root["/Outlines"], {_solid(title): title for title in titles})
    target.parent.mkdir(parents=True, exist_ok=True)
    writer.write(target)


def fold_outline(item, level=0):
    """Show parts and chapters; return how many lines of the outline are seen below an item.

    A count below zero means that what is below is folded.
    """
    seen, child = 0, item.get("/First")
    while child is not None:
        child = child.get_object()
        seen += 1 + fold_outline(child, level + 1)
        child = child.get("/Next")
    if seen:
        item[NameObject("/Count")] = NumberObject(seen if level < 2 else -seen)
    return seen if level < 2 else 0


def name_bookmarks(item, titles):
    """Give the bookmarks below an item the titles that they have without their spaces."""
    child = item.get("/First")
    while child is not None:
        child = child.get_object()
        title = titles.get(_solid(child["/Title"]), child["/Title"])
        child[NameObject("/Title")] = TextStringObject(title)
        name_bookmarks(child, titles)
        child = child.get("/Next")


def _solid(text):
    return "".join(text.split())


def make(document, book, target):
    """Print a document to a file."""
    with sync_playwright() as playwright:
        browser, page = open_document(playwright, document)
        try:
            fit(page)
            titles = page.evaluate(HEADINGS)
            pdf = print_until_stable(page)
        finally:
            browser.close()
    finish(pdf, titles, book, target)
    return len(PdfReader(target).pages)


def fail(error):
    """End with the message, not with a traceback."""
    sys.exit(f"make pdf: {error}")
