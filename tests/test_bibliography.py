"""Each numbered reference of the paper is worked out in a chapter that cites it, by functions named there."""

import importlib
import json
import re
from pathlib import Path

import pytest

BOOK = Path(__file__).parents[1] / "book"
ROW = re.compile(r"^\| \[(\d+)\] \| \{cite\}`(\w+)` \| [^|]+ \| ([^|]+) \| ([^|]+) \|$", flags=re.M)
ROWS = ROW.findall((BOOK / "reference" / "bibliography.md").read_text(encoding="utf-8"))


def text_of(chapter):
    """All that an author wrote in a chapter, without the outputs."""
    cells = json.loads((BOOK / f"{chapter}.ipynb").read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells)


def test_every_reference_has_a_row():
    assert [int(number) for number, *_ in ROWS] == list(range(1, 14))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[1])
def test_a_reference_is_worked_out_where_the_bibliography_says(row):
    _, key, chapters, functions = row
    texts = [text_of(chapter) for chapter in re.findall(r"\{doc\}`\.\./([\w/]+)`", chapters)]
    names = re.findall(r"\{func\}`~ngbook\.([\w.]+)`", functions)
    assert texts and names
    assert any(key in text for text in texts), f"none of {chapters} cites {key}"
    for name in names:
        module, function = name.rsplit(".", 1)
        assert callable(getattr(importlib.import_module(f"ngbook.{module}"), function))
        assert any(re.search(rf"\b{function}\b", text) for text in texts), f"{name} is in none of {chapters}"
