"""Every page, on a desk and on a phone, light and dark, folded and unfolded, and enlarged.

Each page is opened three times: on a light desk, on a dark phone whose reader prefers that nothing moves, and
where scripts do not run. It is taken through the views below and asked many questions in each; every question
is a test, which says what is wrong in which view. The questions are tested in test_questions.py. There is no
list of the theme's faults: they are mended in book/_ext (appearance.py, elements.py) and book/_templates.

A width of 320 px, which is 1280 px enlarged four times, and texts twice as large are the accessibility
guidelines' (WCAG 1.4.10 and 1.4.4), and so is contrast: 4.5:1 for texts, 3:1 for lines, edges and the ring
around what the keyboard has reached.
"""

import pytest

from .book import CHAPTERS, EXPLORABLES, PAGES
from .conftest import stem

DESK = {"width": 1280, "height": 800, "theme": "light"}
PHONE = {"width": 390, "height": 800, "theme": "dark", "reduced_motion": "reduce"}

OPENED = ("broken", "distorted", "headings", "landmarks", "tooWide", "wordless")
ENLARGED = ("cutOff", "moving", "tooWide")
CONTRAST = ("edges", "lines", "rings", "texts")
ON_CHAPTERS = ("figuresTooHigh", "scrollingCode", "stranded")
OF_THE_BROWSER = ("errors", "outside")
# Every letter is of a face that travels with the book: tests/test_look.py asks of all pages whether the faces
# have the letters, and Chromium is asked about some of each kind.
LETTERS = (
    "index",
    "foundations/lagrangian",
    "probability/fisher_catalogue",
    "reinforcement/conjugate_gradient",
    "reference/api",
    "reference/evidence",
    "search",
)
SOME = dict.fromkeys(ON_CHAPTERS, CHAPTERS) | {"sentenceForFigure": EXPLORABLES, "faces": LETTERS}
QUESTIONS = sorted({"axe", "theme", *OPENED, *ENLARGED, *CONTRAST, *OF_THE_BROWSER, *SOME})


class Walk:
    """A page's walk through the views, and what was found on it: {question: {view: what is wrong}}."""

    def __init__(self, page):
        self.page, self.found, self.pictures = page, {}, stem(f"page-{page}")

    def concerns(self, question):
        """Whether this is a question about a page of this kind."""
        return self.page in SOME.get(question, PAGES)

    def expression(self, question):
        """What the browser is to evaluate; so many things at least must have been looked at."""
        if question not in CONTRAST:
            return f"questions.{question}()"
        least = {"texts": 20, "rings": 5, "edges": 1, "lines": 5 if self.page in EXPLORABLES else 0}
        return f"contrast.{question}({least[question]})"

    def ask(self, visited, view, *questions):
        """Ask together; where something is wrong, keep a picture."""
        asked = [each for each in questions if self.concerns(each)]
        calls = ", ".join(f"{each}: await {self.expression(each)}" for each in asked)
        self.note(visited, view, visited.ask(f"(async () => ({{ {calls} }}))()"))

    def note(self, visited, view, answers):
        for question, wrong in answers.items():
            self.found.setdefault(question, {})[view] = wrong
        if any(answers.values()):
            visited.keep(f"{self.pictures}.{view}")

    def leave(self, visited, view):
        """What is asked last: axe, which takes the page folded up, and what the browser has to say."""
        self.ask(visited, view, "axe")
        missing = [] if len(visited.requests) > 1 else ["nothing was asked for at all"]
        self.note(visited, view, {"errors": visited.errors, "outside": visited.outside() + missing})


def on_a_desk(walk, desk):
    walk.ask(desk, "desk", "theme", *OPENED)
    desk.page.emulate_media(reduced_motion="reduce")  # no colour is half-way to another
    desk.turn("dark")
    walk.ask(desk, "desk, dark", *OPENED)
    desk.unfold()
    walk.ask(desk, "desk, dark, unfolded", *CONTRAST)
    desk.turn("light")
    walk.ask(desk, "desk, unfolded", "figuresTooHigh", *CONTRAST)
    if walk.concerns("faces"):
        walk.note(desk, "desk, unfolded", {"faces": desk.borrowed()})
    desk.ask("questions.fold()")
    walk.leave(desk, "desk, unfolded")


def on_a_phone(walk, phone):
    walk.ask(phone, "phone", "theme", *OPENED)
    phone.turn("light")
    walk.ask(phone, "phone, light", *OPENED)
    phone.turn("dark")
    phone.unfold()
    walk.ask(phone, "phone, unfolded", *ON_CHAPTERS)
    phone.resize(320)
    walk.ask(phone, "320 px, unfolded", "scrollingCode", *ENLARGED)
    phone.resize(1280, texts="200%")
    walk.ask(phone, "texts twice as large, unfolded", *ENLARGED)
    phone.ask("questions.fold()")
    phone.resize(390)
    walk.leave(phone, "phone, unfolded")


def without_scripts(walk, served):
    walk.ask(served, "without scripts", "headings", "landmarks", "sentenceForFigure")


@pytest.fixture(scope="module", params=PAGES)
def walk(request, visit):
    walk = Walk(request.param)
    with visit(walk.page, **DESK) as desk:
        on_a_desk(walk, desk)
    with visit(walk.page, **PHONE) as phone:
        on_a_phone(walk, phone)
    with visit(walk.page, java_script_enabled=False) as served:
        without_scripts(walk, served)
    return walk


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_page(walk, question):
    answers = walk.found.get(question, {})
    assert bool(answers) == walk.concerns(question)
    assert {view: wrong for view, wrong in answers.items() if wrong} == {}
