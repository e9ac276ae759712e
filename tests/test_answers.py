"""Exercises that answer back: the right answer is accepted, each known mistake is named, and junk is told.

What a page's script says is asked of Node, and compared with what ``check_answer`` says.
"""

import ast
import json
import math
import re
from pathlib import Path

import answers as forms
import nbformat
import numpy as np
import pytest
import sympy as sp
from explorables import bundle
from refusals import Example, refusal_tests, says
from test_explorables import javascript

import ngbook
from ngbook import answers
from ngbook.answers import Answer, answer, check_answer, encode, load, prediction

ROOT = Path(__file__).parents[1]
CHAPTERS = sorted((ROOT / "book").glob("*/*.ipynb"))
HELD = [made for path in CHAPTERS for made in forms.noted(path).values()]
EACH = pytest.mark.parametrize("made", HELD, ids=lambda made: made.label)
FEWEST = 3  # exercises of a chapter that answer
FEWEST_PREDICTIONS = 3


def said(pairs):
    """What the page's script says to ``[(answer, what is typed)]``."""
    asked = [[encode([made]), typed] for made, typed in pairs]
    model = bundle("answers.model.js", forms.SOURCES)
    return javascript(
        f"{model}\nconst {{ decoded, judge }} = modules['answers.model.js'];\n"
        f"const asked = {json.dumps(asked)};\n"
        "console.log(JSON.stringify(asked.map(([key, typed]) => judge(decoded(key), typed))));"
    )


def typed(value):
    """A value as somebody types it: a letter, or a text for each field."""
    return value if isinstance(value, str) else [f"{entry:.6g}" for entry in np.ravel(value)]


def moved(made, value, share):
    """A value of which each entry is off by a share of the tolerance."""
    value = np.asarray(value, dtype=float)
    return (value + share * made.margins(value)).tolist()


# --- every exercise of the book -----------------------------------------------------------------------------


@EACH
def test_the_right_answer_is_accepted_up_to_the_tolerance(made):
    verdict = "told" if made.predicted else "right"
    assert made.judge(made.right).verdict == verdict
    if not isinstance(made.right, str) and not made.predicted:
        for share in (-0.98, 0.98):
            assert made.judge(moved(made, made.right, share)).verdict == "right"
        for share in (-1.5, 1.5):
            assert made.judge(moved(made, made.right, share)).verdict != "right" or made.within == 0


@EACH
def test_every_known_mistake_gets_its_hint(made):
    assert made.predicted or made.mistakes
    for value, hint in made.mistakes:
        assert made.judge(value) == answers.Feedback("known mistake", f"Not right: {hint}")


@EACH
def test_no_answer_counts_as_two_things(made):
    """Their intervals do not meet, in some entry; so the order in which they are compared does not matter."""
    values = [made.right, *(value for value, _ in made.mistakes)]
    for i, one in enumerate(values):
        for other in values[:i]:
            if isinstance(one, str):
                assert one != other
                continue
            reach = made.margins(np.array(one)) + made.margins(np.array(other))
            assert np.any(np.abs(np.subtract(one, other)) > reach), (one, other)


@EACH
def test_a_hint_is_a_sentence_that_names_a_mistake(made):
    hints = [hint for _, hint in made.mistakes]
    assert len(set(hints)) == len(hints)
    for hint in hints:
        assert re.fullmatch(r"[^\s$\\].{8,110}[.?]", hint), hint
    assert re.fullmatch(r"[^\s$\\].{5,300}", made.about)


def test_the_page_says_what_python_says():
    pairs = [(made, value) for made in HELD for value in (made.right, *(v for v, _ in made.mistakes))]
    pairs += [(made, moved(made, made.right, 40)) for made in HELD if not isinstance(made.right, str)]
    spoken = said([(made, typed(value)) for made, value in pairs])
    for (made, value), page in zip(pairs, spoken, strict=True):
        ours = made.judge(value if isinstance(value, str) else np.asarray(value))
        assert (page["verdict"], page["text"]) == (ours.verdict, ours.text), made.label


def test_junk_gets_a_clear_message_and_the_field_that_has_it():
    junk = ["", "  ", "abc", "1,5", "1 2", "2pi", "1/0", "(1", "1e999", "<b>", "constructor", "-"]
    pairs = []
    for made in HELD:
        if isinstance(made.right, str):
            pairs.append((made, None))
        else:
            pairs += [(made, [*typed(made.right)[:-1], each]) for each in junk]
    for (made, entered), page in zip(pairs, said(pairs), strict=True):
        assert page["verdict"] == "unreadable", (made.label, entered)
        if entered is None:
            assert page["text"] == "Choose one of the options."
            continue
        assert page["field"] == np.size(made.right) - 1
        blank = not entered[-1].strip()
        assert ("missing" in page["text"]) == blank and ("comma" in page["text"]) == ("," in entered[-1])
        assert blank or f"“{entered[-1].strip()}”" in page["text"]


@EACH
def test_junk_gets_a_clear_message_in_python(made):
    for junk in (None, ..., object(), math.nan, [math.inf], "zz", [], np.zeros((5, 5)), {"a": 1}, 1j):
        feedback = made.judge(junk)
        assert feedback.verdict == "unreadable" and feedback.text == f"Answer with {made.wanted}."


# --- which exercises answer -------------------------------------------------------------------------------


def exercises(path):
    """``{label: title}`` of a chapter's exercises."""
    text = "\n".join(cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "markdown")
    return dict(re.findall(r"^\((exercise-[\w-]+)\)=\n### (.*)$", text, flags=re.MULTILINE))


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_enough_exercises_answer_and_all_that_have_a_bug(path):
    titles, answering = exercises(path), forms.noted(path)
    bugs = {label for label, title in titles.items() if "find the bug" in title.lower()}
    assert bugs and bugs <= set(answering), f"no answer: {bugs - set(answering)}"
    assert len(set(titles) & set(answering)) >= FEWEST
    assert {label for label in answering if not label.startswith("prediction-")} <= set(titles)


def test_readers_are_asked_to_predict():
    assert sum(made.predicted for made in HELD) >= FEWEST_PREDICTIONS
    assert all(made.predicted == made.label.startswith("prediction-") for made in HELD)


def test_no_label_is_used_twice():
    assert len({made.label for made in HELD}) == len(HELD)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_right_and_wrong_are_computed_and_stand_behind_the_solution(path):
    cells = nbformat.read(path, 4).cells
    for place, cell in enumerate(cells):
        if label := forms.tag_of(cell):
            assert cell.metadata.tags == [forms.TAG + label] and cells[place - 1].cell_type == "code", label
            assert not typed_values(cell.source), f"{label}: {typed_values(cell.source)} is typed"


def typed_values(source):
    """The values that are written and not computed; mistakes may be letters, and the guesses 0 and 1."""
    (call,) = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("answer", "prediction")
    ]
    found = [ast.unparse(call.args[1])] if is_typed(call.args[1]) else []
    pairs = call.args[2].elts if len(call.args) > 2 and isinstance(call.args[2], ast.List) else []
    values = [pair.elts[0] for pair in pairs]
    return found + [ast.unparse(v) for v in values if is_typed(v) and not is_guess(value_of(v))]


def is_guess(value):
    return isinstance(value, str) or np.isin(value, (0, 1)).all()


def value_of(node):
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError):
        return None


def is_typed(node):
    return value_of(node) is not None


def test_typed_values_are_noticed():
    assert typed_values('answer("a", 2, [(x, "h")], about="b")') == ["2"]
    assert typed_values('answer("a", f(2), [(-3.5, "h"), ([[1, 2]], "k")], about="b")') == [
        "-3.5",
        "[[1, 2]]",
    ]
    assert typed_values('answer("a", "b"[0], [("a", "h")], about="b")') == []
    assert typed_values('answer("a", f(2), [(1, "h"), ([0.0, 1], "k"), (0.5, "l")], about="b")') == ["0.5"]
    assert typed_values('prediction("a", "b", "So.")') == ["'b'"]


# --- the functions ------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def forgotten(monkeypatch):
    monkeypatch.setattr(answers, "_known", {"exercise-known-1": Answer("exercise-known-1", 1.0)})


NOT_TEXTS = ["", "  ", None, 3]
ANSWER = Example(answer, label="exercise-x-1", right=1.0, mistakes=[(2.0, "twice.")], within=0.01, about="x")
PREDICTION = Example(prediction, label="prediction-x-1", outcome=1.0, lesson="So.", within=0.05)
CHECK = Example(check_answer, label="exercise-known-1", given=1.0)
REFUSED = [
    *ANSWER.refuses("label", *NOT_TEXTS),
    *ANSWER.refuses("right", math.nan, [], "no letter", None, np.zeros(17), np.zeros((2, 2, 2))),
    *ANSWER.refuses(
        "mistakes", 3, [3], [(1, 2, 3)], "ab", says("a hint", {2.0: ""}), says("a mistake", {"?": "a."})
    ),
    *ANSWER.refuses("within", -0.1, 0.5, math.nan, "a"),
    *ANSWER.refuses("about", *NOT_TEXTS),
    *PREDICTION.refuses("label", *NOT_TEXTS),
    *PREDICTION.refuses("outcome", math.nan, [], "no letter", None),
    *PREDICTION.refuses("lesson", *NOT_TEXTS),
    *PREDICTION.refuses("within", -0.1, 0.5, math.nan, "a"),
    *CHECK.refuses("label", *NOT_TEXTS, says("there is no answer", "exercise-x-9")),
    *CHECK.takes_anything("given"),  # what cannot be read is told in words
    *Example(encode, answers=HELD).refuses("answers", 3, [3], "text"),
    *Example(load, text=encode(HELD)).refuses(
        "text", *(says("encoded answers", each) for each in (3, None, "?"))
    ),
]
test_works, test_refused = refusal_tests(REFUSED)


def test_values_are_numbers_vectors_matrices_or_letters():
    answer("number", sp.Rational(2, 3), about="x")
    answer("vector", sp.Matrix([1, 0, 1e-17]), about="x")
    answer("matrix", np.array([[1, -2], [3, 4]]), about="x")
    answer("choice", " (B) ", {"a": "no such thing."}, about="x")
    known = {label: made.right for label, made in answers._known.items() if made.about}
    assert known == {
        "number": 0.666667,
        "vector": [1.0, 0.0, 0.0],
        "matrix": [[1.0, -2.0], [3.0, 4.0]],
        "choice": "b",
    }
    assert check_answer("number", 2 / 3).verdict == "right"
    assert check_answer("vector", sp.Matrix([1, 0, 0])).verdict == "right"
    assert check_answer("choice", "a").text == "Not right: no such thing."
    assert check_answer("choice", "c").verdict == "wrong"
    assert repr(check_answer("matrix")) == "Answer with a matrix of 2 × 2 numbers, within 1 percent."


def test_a_zero_may_be_off_by_a_share_of_the_largest_entry():
    made = Answer("zero", [0.0, 10.0], within=0.01)
    assert made.judge([0.09, 10]).verdict == "right" and made.judge([0.2, 10]).verdict == "wrong"
    assert Answer("nothing", 0.0, within=0.01).judge(0.009).verdict == "right"


def test_each_entry_has_a_margin_of_its_own():
    made = Answer("both", [0.5, 10.0], within=0.01)
    assert made.judge([0.5049, 10]).verdict == "right" and made.judge([0.506, 10]).verdict == "wrong"


def test_an_answer_at_the_tolerance_counts():
    assert Answer("at", 1.0, within=0.25 - answers.SLACK).judge(1.25).verdict == "right"
    with pytest.raises(ValueError, match="can count as"):
        answer("exercise-x-1", 7.0, [(9.0, "they meet at 7⅞.")], within=1 / 8 - answers.SLACK, about="x")


def test_sixteen_entries_are_let_in_and_small_ones_beside_large_ones():
    answer("exercise-x-1", np.ones(16), about="x")
    answer("exercise-x-2", [1e12, 1.0], about="x")
    assert answers._known["exercise-x-2"].right == [1e12, 1.0]


def test_zero_has_no_sign():
    answer("exercise-x-1", [-0.0, 1.0], about="x")
    assert str(answers._known["exercise-x-1"].right) == "[0.0, 1.0]"


def test_whole_numbers_can_be_wanted_exactly():
    made = Answer("count", 7.0, within=0)
    assert made.judge(7).verdict == "right" and made.judge(7.001).verdict == "wrong"
    assert made.wanted == "a number, exact"


def test_a_prediction_is_compared_and_neither_right_nor_wrong():
    prediction("steps", 12.25, "Ten would have been enough.")
    assert repr(check_answer("steps", 12)) == "You predicted 12, and so it is. Ten would have been enough."
    assert repr(check_answer("steps", 5)) == "You predicted 5, and it is 12.25. Ten would have been enough."
    prediction("which", "b", "So it goes.")
    assert check_answer("which", "c").text == "You predicted (c), and it is (b). So it goes."


@pytest.mark.parametrize(
    ("right", "mistakes", "options", "message"),
    [
        (1, [(1.015, "a.")], {}, "an answer can count as 1.015 and as 1"),
        (1, [(2, "a."), (2.03, "b.")], {}, "can count as 2.03 and as 2"),
        ([1, 2], [([1, 2.02], "a.")], {}, "can count as"),
        ("a", [("a", "a.")], {}, "can count as"),
        (1, [([1], "a.")], {}, "of another kind"),
        (1, [("a", "a.")], {}, "of another kind"),
        (math.nan, [], {}, "finite"),
        (1j, [], {}, "real numbers"),
        ("z", [], {}, "a letter from a to h"),
        ("ab", [], {}, "a letter from a to h"),
    ],
)
def test_what_no_exercise_can_use_is_refused(right, mistakes, options, message):
    with pytest.raises(ValueError, match=message):
        answer("exercise-x-1", right, mistakes, **{"about": "x"} | options)
    assert list(answers._known) == ["exercise-known-1"]


def test_what_is_apart_in_one_entry_is_apart():
    answer("exercise-x-1", [1, 2], [([1, 2.1], "one entry is off.")], about="x")
    assert check_answer("exercise-x-1", [1, 2.1]).verdict == "known mistake"


def test_a_label_that_is_not_loaded_is_told_with_those_that_are():
    with pytest.raises(ValueError, match="exercise-known-1"):
        ngbook.check_answer("exercise-x-1", 1)
    answers._known.clear()
    with pytest.raises(ValueError, match="run the cell that loads them"):
        check_answer("exercise-x-1", 1)


def test_answers_come_back_from_their_code_and_cannot_be_read_in_it():
    answers._known.clear()
    text = encode(HELD)
    assert "exercise" not in text
    load("\n".join(text[k : k + 80] for k in range(0, len(text), 80)))
    assert list(answers._known.values()) == HELD


@pytest.mark.parametrize("text", ["", "x", "e30=", "W10=", "W10=x", "W3t9XQ==", encode(HELD)[:-8]])
def test_what_is_no_code_is_refused(text):
    with pytest.raises(ValueError, match="no encoded answers"):
        load(text)


def test_a_program_without_a_notebook_shows_nothing(capsys):
    answer("exercise-x-1", 1, about="x")
    assert capsys.readouterr().out == ""


NUMBERS = {
    "2/3": 2 / 3,
    " -1.5e-3 ": -1.5e-3,
    "−½": -0.5,
    ".5": 0.5,
    "3.": 3,
    "2*pi": 2 * math.pi,
    "1/(2·π·e)": 1 / (2 * math.pi * math.e),
    "sqrt(2)/2": math.sqrt(0.5),
    "√2": math.sqrt(2),
    "exp(-1) + 1": 1 + math.exp(-1),
    "log(2)": math.log(2),
    "LN(2)": math.log(2),
    "-2^2": -4,
    "2^-1": 0.5,
    "2**3**2": 512,
    "64 %": 0.64,
    "8/2/2": 2,
    "1-2-3": -4,
    "-(1-3)*4": 8,
}


def test_numbers_are_read_as_they_are_written():
    model = bundle("answers.model.js", forms.SOURCES)
    read = javascript(
        f"{model}\nconst {{ numberIn }} = modules['answers.model.js'];\n"
        f"console.log(JSON.stringify({json.dumps(list(NUMBERS))}.map(numberIn)));"
    )
    assert read == pytest.approx(list(NUMBERS.values()), rel=1e-12)
