"""Errors planted in check cells: where, which count as noticed; that the table is of these chapters."""

import ast
import json
import random

import pytest

from tests import check_mutants
from tests.check_mutants import read, stale, written
from tests.test_mutants import untouched

CELL = """
rng = np.random.default_rng(3)
about, wrong = "1 + 1", moved + 1
other = 2 * moved
x = np.geomspace(1, 2, 9) ** 2
shift = -normal.kl(old, new=new).max()
apart = one.kl_gradient(
    far)
fig, axes = plt.subplots(2, 2)
axes.plot(x - 1)
print(x + 1)
checks.same(other, x + old, "1 + 1", unlike=2 * wrong)
checks.close(x.mean(), 0, rtol=10 * 2)
rounded = np.round(x, 3)
"""


def test_errors_are_planted_where_they_change_mathematics():
    found = check_mutants.CellPlanter(CELL, "page").found
    assert [(error.line, error.text[error.start : error.end], error.new) for error in found] == [
        (4, "2", "3"),
        (4, "*", "/"),
        (5, "**", "*"),
        (5, "2", "3"),
        (6, "-", ""),
        (6, "old", "new"),
        (6, "old, new=new", "new, new=old"),
        (6, "new", "old"),
        (6, "max", "min"),
        (7, "one.kl_gradient(\n    far", "far.kl_gradient(\n    one"),
        (12, "+", "-"),
        (12, "old", "new"),
        (13, "mean", "std"),
        (13, "0", "1"),
    ]
    (exchanged,) = (error for error in found if error.line == 7)
    assert exchanged.after == "apart = far.kl_gradient( one)"
    assert "apart = far.kl_gradient(\n    one)\nfig" in exchanged.planted(CELL)


def test_in_the_chapters_every_error_changes_the_code_and_no_text():
    paths = sorted((check_mutants.ROOT / "book").rglob("*.ipynb"))
    cells = [
        (path.name, source) for path in paths for source, labels in check_mutants.code_cells(path) if labels
    ]
    for page, source in random.Random(0).sample(cells, 10):
        for error in check_mutants.errors(source, page):
            before, after = ast.parse(source), ast.parse(error.planted(source))
            assert ast.dump(before) != ast.dump(after), error
            assert untouched(before) == untouched(after), error


def write(book, *cells):
    """A chapter of cells, each with the label of what it checks, or with none."""
    cells = [
        {"cell_type": "code", "metadata": {"tags": [f"check:{label}"] if label else []}, "source": source}
        for label, source in cells
    ]
    (book / "page.ipynb").write_text(json.dumps({"cells": cells}))


def renewed(book, **options):
    return check_mutants.renew(book, book / "table.txt", patience=1, **options)


def test_what_is_raised_is_noticed_and_what_does_not_end_does_not_count(tmp_path):
    write(
        tmp_path,
        ("", "import matplotlib.pyplot as plt\nplt.figure()\nplt.show()\ntwo = 2"),
        ("eq-two", "two = two - 0\nassert two == 2"),
        ("eq-loop", "while two != 2:\n    pass\nprint(two)"),
        ("eq-print", "printed = two + 1\nprint(printed)"),
    )
    two, loop, shown = renewed(tmp_path)
    assert (two.planted, two.survivors) == (4, {("two = two - 0", "two = two + 0"): ""})
    assert (loop.planted, loop.endless, loop.counts) == (2, 2, (0, 0))
    assert (shown.planted, len(shown.survivors)) == (2, 2)
    assert (tmp_path / "table.txt").read_text().endswith("3 of    6  50.0%\n")


def test_a_cell_that_fails_already_shows_nothing(tmp_path):
    write(tmp_path, ("eq-two", "assert 1 == 2"))
    with pytest.raises(AssertionError):
        renewed(tmp_path)


def test_only_stale_rows_are_renewed_and_reasons_stay(tmp_path):
    table, first, second = (
        tmp_path / "table.txt",
        ("eq-1", "assert 1 - 0 == 1"),
        ("eq-2", "y = 4 - 0\nassert y == 4"),
    )
    write(tmp_path, first, second)
    cells = check_mutants.check_cells(tmp_path)
    assert stale(cells, []) == (list(cells), [])
    rows = renewed(tmp_path)
    assert stale(cells, rows) == ([], []) and [row.counts for row in rows] == [(4, 5), (4, 5)]

    # Somebody writes why an error changes nothing; the other row has a mark by which it is known again.
    error = "  y = 4 - 0 -> y = 4 + 0\n"
    text = table.read_text().replace(error, error + "    because zero has no sign\n")
    rows = read(text)
    assert written(rows).split("\n\n")[:-1] == text.split("\n\n")[:-1]
    assert rows[1].counts == (4, 4)
    table.write_text(text)
    assert renewed(tmp_path) == rows and table.read_text() == written(rows) != text, "counted again"
    rows[0].endless = 1
    table.write_text(written(rows))

    write(tmp_path, first, ("eq-2", second[1] + "\nassert y > 3"))
    cells = check_mutants.check_cells(tmp_path)
    assert stale(cells, rows) == ([list(cells)[1]], [rows[1].cell])
    one, two = renewed(tmp_path)
    assert one == rows[0] and two.survivors["y = 4 - 0", "y = 4 + 0"] == "zero has no sign"
    assert two.planted == 7 and stale(cells, read(table.read_text())) == ([], [])
    assert renewed(tmp_path, everything=True)[0].endless == 0

    one.planted = 6  # by other rules
    assert stale(cells, [one, two]) == ([one.cell], [])


# --- the table of this book ---------------------------------------------------------------------------------


def test_no_row_of_the_table_is_stale():
    text = check_mutants.TABLE.read_text(encoding="utf-8")
    without_row, without_cell = stale(check_mutants.check_cells(check_mutants.ROOT / "book"), read(text))
    assert not without_row + without_cell, f"run {check_mutants.COMMAND}: these are not as in the table"
    assert written(read(text)) == text, f"run {check_mutants.COMMAND}, which counts again"


def test_what_changes_nothing_stands_there_with_its_reason():
    reasons = [
        why for row in read(check_mutants.TABLE.read_text(encoding="utf-8")) for why in row.survivors.values()
    ]
    assert all(len(reason.split()) > 3 for reason in reasons if reason)
