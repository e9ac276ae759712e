"""The routes on the first page, and what each chapter says that its reader needs."""

import re
from pathlib import Path

import pytest

from tests.test_notation import CHAPTERS, text

BOOK = Path(__file__).resolve().parents[1] / "book"
INDEX = (BOOK / "index.md").read_text(encoding="utf-8")
ORDER = [chapter.split("/")[-1] for _, chapter in CHAPTERS]
LINK = re.compile(r"\{doc\}`(?:[^`<]*<)?(?:[\w.]*/)*(\w+)>?`( \(ahead\))?")
WORDS = """one two three four five six seven eight nine ten eleven twelve thirteen fourteen
fifteen sixteen seventeen eighteen nineteen twenty""".split()


def routes():
    """``{route: its chapters}`` of the map, and of the sentence for those in a hurry."""
    found = {name: stops.split() for name, stops in re.findall(r"^:([\w-]+): (.+)$", INDEX, re.MULTILINE)}
    hurry = re.search(r"\*If you are in a hurry\*.+?\n\*", INDEX, re.DOTALL)[0]
    return found | {"hurry": [name for name, _ in LINK.findall(hurry)]}


def what_you_need(chapter):
    _, _, rest = text(chapter).partition("## What you need\n")
    assert rest, f"{chapter} has no section What you need"
    return rest.partition("\n## ")[0]


@pytest.mark.parametrize("route", routes())
def test_a_route_has_what_its_chapters_need(route):
    before, missing = set(), {}
    for stop in routes()[route]:
        chapter = next(chapter for _, chapter in CHAPTERS if chapter.endswith(f"/{stop}"))
        needed = {name for name, ahead in LINK.findall(what_you_need(chapter)) if not ahead}
        if needed - before:
            missing[stop] = needed - before
        before.add(stop)
    assert routes()[route]
    assert not missing


@pytest.mark.parametrize("chapter", [chapter for _, chapter in CHAPTERS])
def test_a_link_ahead_is_marked_as_one(chapter):
    own = ORDER.index(chapter.split("/")[-1])
    for name, ahead in LINK.findall(what_you_need(chapter)):
        assert (ORDER.index(name) > own) == bool(ahead), name


def test_the_hours_on_the_first_page_are_the_minutes_of_the_chapters():
    minutes = [
        int(re.search(r"about\s+(\d+)\s+minutes", what_you_need(chapter))[1]) for _, chapter in CHAPTERS
    ]
    hours = re.search(r"takes about\s+(\w+)\s+hours", INDEX)[1]
    assert round(sum(minutes) / 60) == WORDS.index(hours) + 1


# --- the plans for a course ---------------------------------------------------------------------------


def plans():
    """``{heading: [(chapters, exercises) of each lecture]}`` on the page for teachers."""
    page = (BOOK / "reference" / "teaching.md").read_text(encoding="utf-8")
    found = {}
    for heading, body in re.findall(
        r"^### (\w+ lectures): .*?\n(.*?)(?=^##)", page, re.MULTILINE | re.DOTALL
    ):
        rows = [row.split("|") for row in re.findall(r"^\| \d+ .*$", body, re.MULTILINE)]
        found[heading] = [
            (
                [name for name, _ in LINK.findall(row[2])],
                re.findall(r"\{ref\}`(exercise-[\w-]+)-\d+`", row[4]),
            )
            for row in rows
        ]
    return found


@pytest.mark.parametrize(
    ("heading", "count", "after"),
    [
        ("Three lectures", 3, None),
        ("Six lectures", 6, None),
        ("Twelve lectures", 12, None),
        ("Ten lectures", 10, "Twelve lectures"),
    ],
)
def test_a_plan_has_its_lectures_in_an_order_that_chapters_allow(heading, count, after):
    lectures = plans()[heading]
    before = {stop for chapters, _ in plans()[after] for stop in chapters} if after else set()
    assert len(lectures) == count
    for chapters, exercises in lectures:
        assert chapters and exercises
        for stop in chapters:
            chapter = next(chapter for _, chapter in CHAPTERS if chapter.endswith(f"/{stop}"))
            needed = {name for name, ahead in LINK.findall(what_you_need(chapter)) if not ahead}
            assert needed <= before, f"{stop} needs {needed - before}"
            before.add(stop)
        homework = {f"exercise-{label}" for label in labels_of(chapters)}
        assert set(exercises) <= homework


def labels_of(chapters):
    """What the labels of these chapters' exercises have in common."""
    texts = [text(chapter) for _, chapter in CHAPTERS if chapter.split("/")[-1] in chapters]
    return {
        label for each in texts for label in re.findall(r"^\(exercise-([\w-]+)-\d+\)=$", each, re.MULTILINE)
    }


def test_the_two_terms_have_every_chapter_once():
    terms = plans()["Twelve lectures"] + plans()["Ten lectures"]
    stops = [stop for chapters, _ in terms for stop in chapters]
    assert set(stops) == set(ORDER)
    assert [stop for stop in set(stops) if stops.count(stop) > 1] == ["kl_and_fisher"]  # two lectures long
