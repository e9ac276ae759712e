"""The formula sheet, as it comes out of a printer."""

from io import BytesIO

from pypdf import PdfReader


def test_the_formula_sheet_is_two_printed_pages(open_page):
    page = open_page("reference/formula_sheet").page
    assert len(PdfReader(BytesIO(page.pdf(format="A4"))).pages) == 2
