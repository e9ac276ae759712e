"""What a page loses, and what moves, when it is printed.

A page of the book expects to be clicked. On paper nothing is behind a fold, so three things change:

1. Code that only draws or prepares is left out; what it drew and printed stays. Code that checks an
   equation stays.
2. The solutions of the exercises, folded away on the page, stand at the end of the chapter.
3. Buttons, scripts and the small links beside headings go.

In code, only the words that the style sheet colours keep an element of their own: the file is half as large.
"""

import re

from bs4 import BeautifulSoup, NavigableString

from book.pdf import formulas

USELESS = (
    "script, style, template, noscript, button, input, [hidden], .headerlink, .sd-summary-state-marker,"
    " .toctree-wrapper, .live-bar, .viewcode-link, .ledger-tick .ledger-back,"
    # The first page's picture of three ways through the book: the list and its sentences remain.
    " .lane, .lanes, .visually-hidden, .reading-path .part, .reading-path .number"
)
FACTORY = BeautifulSoup("", "html.parser")
COLOURED = {
    "k",
    "kc",
    "kn",
    "ow",
    "c1",
    "s1",
    "s2",
    "sd",
    "nf",
    "nc",
}  # keywords, comments, strings, definitions
CLOSING, OPENING = (
    re.compile(r"^[^\s\w(\[“]+"),
    re.compile(r"[(\[“]+$"),
)  # punctuation that stays beside a formula
PIECES = 2  # formulas of more pieces may be broken between lines


def tag(name, text=None, **attributes):
    """A new element; ``class_`` is written with an underscore, as everywhere in Python."""
    attributes = {key.rstrip("_"): value for key, value in attributes.items()}
    element = FACTORY.new_tag(name, attrs=attributes)
    if text is not None:
        element.string = text
    return element


def drop_useless(article):
    """Remove what is there for a mouse, a script or a search engine."""
    for element in article.select(USELESS):
        element.decompose()


def checks_something(cell):
    """Whether a cell has the tag of an equation that it checks."""
    return any(name.startswith("tag_check:") for name in cell["class"])


def unfold_cells(article):
    """Leave out folded code that checks nothing; open what else is folded."""
    for cell in article.select("div.cell.tag_hide-input"):
        if not checks_something(cell):
            for code in cell.select("details.above-input, div.cell_input"):
                code.decompose()
        if not cell.get_text(strip=True) and not cell.find(["img", formulas.PLACE]):
            _remove_keeping_id(cell)
    for fold in article.find_all("details"):
        for summary in fold.find_all("summary", recursive=False):
            if "ledger-tick" in fold.parent.get("class", ()):  # what the check shows, and for what
                summary.insert_before(tag("p", summary.p.get_text(), class_="tick"))
            summary.decompose()
        fold.name = "div"
        fold.attrs.pop("open", None)


def _remove_keeping_id(element):
    """Remove an element; a link to it leads to the place where it was."""
    if element.get("id"):
        element.replace_with(tag("span", id=element["id"]))
    else:
        element.decompose()


def move_solutions(page):
    """Collect the solutions of the exercises in a section at the end of the chapter.

    Returns nothing; a page without exercises stays as it is. Called before the folds are opened, as being
    folded is what tells a solution from the code of an exercise.
    """
    solutions = tag("section", id=f"{page.anchor}.solutions", class_="solutions")
    solutions.append(tag("h2", "Solutions"))
    for place, exercise in enumerate(page.article.select("section[id$='.exercises'] > section"), start=1):
        folded = exercise.select(":scope > details, :scope > div.cell.tag_hide-cell")
        if not folded:
            continue
        solution = tag("section", id=f"{page.anchor}.solution-{place}", class_="solution")
        heading = tag("h3")
        heading.append(tag("a", f"Exercise {place}", href=f"#{exercise['id']}"))
        solution.append(heading)
        for element in folded:
            solution.append(element.extract())
        exercise.append(_forward(solution["id"]))
        solutions.append(solution)
    if solutions.find("section"):
        page.article.append(solutions)


def thin_code(article):
    """Keep the elements of coloured words only."""
    for word in article.select(".highlight span, code span, .sig .pre"):
        if COLOURED.isdisjoint(word.get("class", ())):
            word.unwrap()


def hold_punctuation(page):
    """Keep a bracket or a comma on the line of the short formula that it belongs to.

    A browser may break a line on either side of a formula, whatever stands there.
    """
    for place in page.article.find_all(formulas.PLACE):
        formula = place.parent
        if formula.name != "span" or formulas.pieces(page.formulas[int(place["n"])]) > PIECES:
            continue
        before, after = formula.previous_sibling, formula.next_sibling
        opening = OPENING.search(before) if isinstance(before, NavigableString) else None
        closing = CLOSING.search(after) if isinstance(after, NavigableString) else None
        if not (opening or closing):
            continue
        together = formula.wrap(tag("span", class_="together"))
        if opening:
            together.insert(0, opening[0])
            before.replace_with(before[: opening.start()])
        if closing:
            together.append(closing[0])
            after.replace_with(after[closing.end() :])


def allow_breaks(article):
    """Let long names in tables break after a dot or an underscore."""
    for code in article.select("td code, th code, .sig-prename, .sig-name"):
        for text in list(code.find_all(string=True)):
            pieces = re.split(r"(?<=[._])(?=\w)", text)
            if len(pieces) > 1:
                text.replace_with(*[part for piece in pieces for part in (tag("wbr"), piece)][1:])


def _forward(target):
    line = tag("p", class_="to-solution")
    line.append(tag("a", "Solution", href=f"#{target}"))
    return line


def shift_headings(article, by):
    """Make every heading ``by`` levels smaller, so that parts stand above chapters in the outline."""
    for level in range(6 - by, 0, -1):
        for heading in article.find_all(f"h{level}"):
            heading["class"] = [*heading.get("class", []), f"level-{level}"]
            heading.name = f"h{level + by}"


def name_things(article):
    """Give a class to what the style sheet cannot tell apart by itself."""
    for table in article.find_all("table"):
        rows = table.find_all("tr")
        table["class"] = [*table.get("class", []), "long" if len(rows) > 12 else "short"]


def clean(page):
    """Prepare the article of a page, whose ids have been renamed, for print."""
    drop_useless(page.article)
    move_solutions(page)
    unfold_cells(page.article)
    thin_code(page.article)
    allow_breaks(page.article)
    hold_punctuation(page)
    name_things(page.article)
    shift_headings(page.article, 0 if page.part is None else 1)
