"""Every page, as wide as a desk and as narrow as a phone, light and dark: quiet, self-contained, accessible.

Each page is opened twice, on a light desk and on a dark phone, asked every question, turned over to the other
theme and asked again; each question is a test. There is no list of the theme's faults: they are mended in
book/_ext/appearance.py and book/_templates.
"""

import re

import pytest

from .book import PAGES
from .visit import NEXT_FRAME

# Contrast is left to test_contrast.py, which also looks into drawings and at what style sheets write: axe
# takes up to fifteen seconds a page for it. One rule has to be switched on: a button is called what it says.
AXE = """axe.run(document, {
  resultTypes: ['violations'],
  preload: false,
  rules: {'color-contrast': {enabled: false}, 'label-content-name-mismatch': {enabled: true}},
}).then((result) => result.violations)"""
# What axe has to walk through and cannot judge is folded up, four fifths of a chapter: the drawn half of a
# formula, which is hidden from screen readers, the parts of its MathML, which axe does not know, and the
# colours of code. So this question comes last.
FOLD = """() => {
  document.querySelectorAll('.katex-html').forEach((each) => each.replaceChildren());
  for (const each of document.querySelectorAll('math, pre:not(:has(a, button, [tabindex]))'))
    each.textContent = each.textContent;
}"""
# axe reads no MathML and takes the head of a column for empty that is a formula; screen readers read it.
NOT_READ_BY_AXE = {"empty-table-header": "th:has(math)"}
MATCHES = "([target, selector]) => document.querySelector(target).matches(selector)"
DEVICES = {"desk": (1280, "light"), "phone": (390, "dark")}


@pytest.fixture(scope="module", params=[(p, device) for p in PAGES for device in DEVICES], ids="-".join)
def opened(request, visit):
    page, device = request.param
    width, theme = DEVICES[device]
    with visit(page, width=width, theme=theme) as visited:
        yield visited


@pytest.fixture(params=["light", "dark"])
def look(request, opened):
    opened.page.evaluate("theme => (document.documentElement.dataset.theme = theme)", request.param)
    opened.page.evaluate(NEXT_FRAME)
    return opened


def test_the_theme_is_the_readers(opened, request):
    _, theme = DEVICES[request.node.callspec.params["opened"][1]]
    assert opened.page.evaluate("document.documentElement.dataset.theme") == theme


def test_the_console_is_quiet(look):
    assert look.errors == []


def test_nothing_is_asked_from_outside(look):
    assert len(look.requests) > 1
    assert look.outside() == []


def test_the_page_does_not_scroll_sideways(look):
    assert look.ask("questions", "questions.tooWide()") == []


def test_pictures_have_words_and_not_file_names(look):
    for alt in look.page.evaluate("[...document.images].map((image) => image.getAttribute('alt'))"):
        assert alt is not None
        assert not re.search(r"\.(?:svg|png|jpe?g|gif|webp)\b|_images/|[0-9a-f]{20}", alt), alt


def test_pictures_are_there(look):
    broken = "image => image.loading !== 'lazy' && image.complete && image.naturalWidth === 0"
    assert look.page.evaluate(f"[...document.images].filter({broken}).map((image) => image.src)") == []


def test_axe_finds_nothing(look):
    look.page.evaluate(FOLD)
    found = [
        f"{rule['id']}: {node['html'][:200]} ({node['target']})"
        for rule in look.ask("axe", AXE)
        for node in rule["nodes"]
        if not look.page.evaluate(MATCHES, [node["target"][0], NOT_READ_BY_AXE.get(rule["id"], ":not(*)")])
    ]
    assert found == []


def test_what_axe_does_not_read_is_still_there(open_page):
    visited = open_page("probability/fisher_catalogue")
    found = {rule["id"]: rule["nodes"] for rule in visited.ask("axe", AXE)}
    for rule, selector in NOT_READ_BY_AXE.items():
        assert visited.page.evaluate(MATCHES, [found[rule][0]["target"][0], selector])
