"""``python -m book.pdf``: print the built pages to ``_build/natural-gradients.pdf``."""

from book.pdf import document, pages, printer

TARGET = pages.HTML.parent / "natural-gradients.pdf"


def main():
    """Assemble the document, print it, say what came out."""
    try:
        printer.find_browser()
        book = document.describe()
        path = document.write(pages.read(), book)
        count = printer.make(path, book, TARGET)
    except (FileNotFoundError, printer.CannotPrint) as error:
        printer.fail(error)
    print(f"{TARGET.relative_to(pages.BOOK.parent)}: {count} pages, {TARGET.stat().st_size / 1e6:.1f} MB")


main()
