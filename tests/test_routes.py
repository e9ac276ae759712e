"""The routes on the first page, and what each chapter says that its reader needs."""

import re
from pathlib import Path

import pytest

from tests.test_notation import CHAPTERS, text

BOOK = Path(__file__).resolve().parents[1] / "book"
INDEX = (BOOK / "index.md").read_text(encoding="utf-8")
ORDER = [chapter.split("/")[-1] for _, chapter in CHAPTERS]
LINK = re.compile(r"\{doc\}`(?:[^`<]*<)?(?:[\w.]*/)*(\w+)>?`( \(ahead\))?")
WORDS = "one two three four five six seven eight nine ten eleven twelve".split()


def routes():
    """``{route: its chapters}`` of the map, and of the sentence for those in a hurry."""
    found = {name: stops.split() for name, stops in re.findall(r"^:(\w+): (.+)$", INDEX, re.MULTILINE)}
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
