"""An exercise's right answer and its known mistakes.

A chapter computes both beside the solution, by ``answer`` (or ``prediction``, where a reader is asked what
will happen), and they stay in the notebook's output. The page makes a form of them. In a notebook for people
they come in through ``load``, encoded so that they are out of sight, and a reader asks ``check_answer``.

Three kinds of values: a number; a vector or a small matrix; a choice, which is one of the letters that stand
before the options.
"""

import base64
import binascii
import json
import sys
from dataclasses import asdict, dataclass

import numpy as np

from ngbook._check import arrays as check

__all__ = ["Answer", "Feedback", "answer", "check_answer", "encode", "load", "prediction"]

LETTERS = "abcdefgh"
DIGITS = 6  # significant ones, of what is stored
SLACK = 1e-9  # for the last bits of what a reader computes
MOST_ENTRIES = 16
_known = {}


@dataclass(frozen=True)
class Feedback:
    """What is said to an answer: a ``verdict`` and a sentence.

    The verdict is ``"right"``, ``"known mistake"``, ``"wrong"``, ``"unreadable"``, or, after a prediction,
    ``"told"``.
    """

    verdict: str
    text: str

    def __repr__(self):
        return self.text


@dataclass(frozen=True)
class Answer:
    """The right answer to an exercise, or what happens after a prediction.

    Attributes
    ----------
    label : str
        The exercise.
    right : float, list or str
        A number, a list of numbers, a list of rows, or a letter; numbers have six significant digits.
    mistakes : tuple of (value, hint)
        Wrong answers with a known cause; values of the same kind.
    within : float
        The relative error that is allowed for each entry; for a zero among others, relative to the largest.
    about : str
        What the exercise tests, in a few words; for a prediction, what one learns from it.
    predicted : bool
        Whether it is a prediction, which is neither right nor wrong.
    """

    label: str
    right: float | list | str
    mistakes: tuple = ()
    within: float = 0.01
    about: str = ""
    predicted: bool = False

    def judge(self, given) -> Feedback:
        """Compare an answer with the right one, then with the known mistakes.

        Parameters
        ----------
        given : float, array_like or str
            What a reader answers; ``...`` asks what is expected.

        Returns
        -------
        Feedback
            Also for what cannot be read; nothing is raised.
        """
        try:
            given = _value(given, "given")
        except (TypeError, ValueError):
            given = None
        if given is None or _kind(given) != _kind(self.right):
            return Feedback("unreadable", f"Answer with {self.wanted}.")
        if self.predicted:
            so = "and so it is" if self._near(given, self.right) else f"and it is {shown(self.right)}"
            return Feedback("told", f"You predicted {shown(given)}, {so}. {self.about}")
        if self._near(given, self.right):
            return Feedback("right", "Right.")
        for value, hint in self.mistakes:
            if self._near(given, value):
                return Feedback("known mistake", f"Not right: {hint}")
        return Feedback("wrong", "Not right, and no mistake that we know.")

    def _near(self, given, value):
        """Whether an answer counts as this value."""
        if isinstance(value, str):
            return given == value
        given, value = np.asarray(given), np.asarray(value)
        return bool(np.all(np.abs(given - value) <= self.margins(value)))

    def margins(self, value):
        """How far each entry of an answer may be from a value."""
        sizes = np.abs(value)
        largest = sizes.max() or 1.0
        return (self.within + SLACK) * np.where(sizes > 0, sizes, largest)

    @property
    def wanted(self):
        """What an answer has to be, in words."""
        if isinstance(self.right, str):
            return "the letter of an option, in quotation marks"
        shape = np.shape(self.right)
        things = {0: "a number", 1: "a vector of {} numbers", 2: "a matrix of {} × {} numbers"}[len(shape)]
        error = f"within {100 * self.within:g} percent" if self.within else "exact"
        return f"{things.format(*shape)}, {error}"


# --- what a chapter calls --------------------------------------------------------------------------------


def answer(label, right, mistakes=(), *, within=0.01, about):
    """Note the right answer to an exercise and its known mistakes, and leave them in the cell's output.

    Parameters
    ----------
    label : str
        The exercise's label, ``"exercise-kl-3"``.
    right : float, array_like or str
        A number, a vector of up to 16 numbers, a matrix of up to 16 entries, or the letter of an option.
        SymPy's numbers and matrices are taken as numbers; a column is a vector.
    mistakes : dict or sequence of (value, hint)
        Values of the same kind, each with a sentence that names the mistake.
    within : float
        The relative error that is allowed, below one half; 0 for whole numbers.
    about : str
        What the exercise tests, in a few words.

    Raises
    ------
    ValueError
        If a value is of another kind, or some answer would count as two of the values.
    """
    noted = tuple((_value(value, "a mistake"), _sentence(hint, "a hint")) for value, hint in _pairs(mistakes))
    within = check.number(within, "within", least=0, below=0.5)
    _keep(Answer(_sentence(label, "label"), _value(right, "right"), noted, within, _sentence(about, "about")))


def prediction(label, outcome, lesson, *, within=0.05):
    """Note what happens, for a reader who is asked beforehand; as ``answer``, but neither right nor wrong.

    Parameters
    ----------
    label : str
        The label of the question, ``"prediction-trust-regions-1"``.
    outcome : float, array_like or str
        What happens, of one of the kinds of ``answer``.
    lesson : str
        A sentence or two that the reader gets then.
    within : float
        The relative difference that still counts as foreseen.
    """
    within = check.number(within, "within", least=0, below=0.5)
    outcome, lesson = _value(outcome, "outcome"), _sentence(lesson, "lesson")
    _keep(Answer(_sentence(label, "label"), outcome, (), within, lesson, True))


def _pairs(mistakes):
    """The mistakes as pairs, however they were given."""
    pairs = mistakes.items() if isinstance(mistakes, dict) else mistakes
    pairs = list(pairs) if np.iterable(pairs) else [pairs]
    if not all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs):
        raise ValueError(f"mistakes must be pairs (value, hint), but are {mistakes!r}")
    return pairs


def _keep(made):
    """Register an answer, and leave it in the output, unseen, where outputs are compared."""
    _refuse_collisions(made)
    _known[made.label] = made
    interactive = sys.modules.get("IPython")
    if interactive is None or interactive.get_ipython() is None:  # a plain program has no output
        return
    prefix = "application/papermill.record/"  # how glue stores what a page does not show
    glued = {"scrapbook": {"name": made.label, "mime_prefix": prefix}}
    interactive.display.display(
        {f"{prefix}text/plain": json.dumps(asdict(made), ensure_ascii=False)}, metadata=glued, raw=True
    )


def _refuse_collisions(made):
    """No answer may count as right and wrong, or as two mistakes."""
    values = [made.right, *(value for value, _ in made.mistakes)]
    for i, value in enumerate(values):
        if _kind(value) != _kind(made.right):
            raise ValueError(f"{made.label}: {shown(value)} is of another kind than {shown(made.right)}")
        for other in values[:i]:
            if _overlap(made, value, other):
                raise ValueError(f"{made.label}: an answer can count as {shown(value)} and as {shown(other)}")


def _overlap(made, one, other):
    if isinstance(one, str):
        return one == other
    gaps = np.abs(np.subtract(one, other))
    return bool(np.all(gaps <= made.margins(np.asarray(one)) + made.margins(np.asarray(other))))


# --- what a reader's notebook calls ----------------------------------------------------------------------


def check_answer(label, given=...) -> Feedback:
    """Say whether an answer is right, or which known mistake it is.

    Parameters
    ----------
    label : str
        The exercise, as ``"exercise-kl-3"``.
    given : float, array_like or str
        A number, a vector, a matrix, or the letter of an option.

    Returns
    -------
    Feedback
        Which a notebook shows as a sentence.

    Raises
    ------
    ValueError
        If no exercise of that label is loaded.

    Examples
    --------
    >>> from ngbook.answers import answer, check_answer
    >>> answer("exercise-example-1", 1 / 2, [(1, "You dropped the ½.")], about="a half")
    >>> check_answer("exercise-example-1", 1)
    Not right: You dropped the ½.
    """
    if _sentence(label, "label") not in _known:
        labels = ", ".join(_known) or "none; run the cell that loads them"
        raise ValueError(f"there is no answer to {label!r}: those loaded are {labels}")
    return _known[label].judge(given)


def encode(answers) -> str:
    """Text of some answers that does not give them away to the eye.

    Parameters
    ----------
    answers : iterable of Answer

    Returns
    -------
    str
        JSON in base 64, which ``load`` reads: out of sight, not secret.
    """
    answers = list(answers) if np.iterable(answers) else [answers]
    if not all(isinstance(each, Answer) for each in answers):
        raise ValueError(f"answers must be Answers, as `read` returns them, but are {answers!r}")
    return base64.b64encode(
        json.dumps([asdict(each) for each in answers], ensure_ascii=False).encode()
    ).decode()


def load(text):
    """Register the answers in a text of ``encode``'s, for ``check_answer``; spaces and lines do not count.

    Raises
    ------
    ValueError
        If the text is something else.
    """
    try:
        given = json.loads(base64.b64decode("".join(text.split()), validate=True))
        if not isinstance(given, list) or not given:
            raise ValueError("not a list of answers")
        for made in map(_made, given):
            _known[made.label] = made
    except (binascii.Error, UnicodeDecodeError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError("these are no encoded answers: take the cell from the notebook again") from error


# --- values ----------------------------------------------------------------------------------------------


def read(text) -> Answer:
    """The answer that a cell's output holds."""
    return _made(json.loads(text))


def _made(held):
    """The answer of which JSON holds these parts."""
    return Answer(**held | {"mistakes": tuple(map(tuple, held["mistakes"]))})


def shown(value):
    """A value in words: ``(b)``, ``0.5``, ``[1, 2]``."""
    if isinstance(value, str):
        return f"({value})"
    return f"[{', '.join(map(shown, value))}]" if isinstance(value, list) else f"{value:.4g}"


def _sentence(text, name):
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"{name} must be a text that is not empty, but is {text!r}")
    return text


def _value(given, name):
    """A value as it is stored; numbers are rounded, and what rounding left near zero becomes zero."""
    if isinstance(given, str):
        letter = given.strip().strip("()").lower()
        if len(letter) != 1 or letter not in LETTERS:
            raise ValueError(
                f"{name}, as a choice, must be a letter from a to {LETTERS[-1]}, but is {given!r}"
            )
        return letter
    values = check.finite(given, name)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]  # SymPy's column
    if values.ndim > 2 or values.size > MOST_ENTRIES:
        raise ValueError(f"{name} must be a number, a vector or a matrix of at most {MOST_ENTRIES} numbers")
    values[np.abs(values) < 1e-12 * np.abs(values).max()] = 0.0
    return np.vectorize(lambda entry: float(f"{entry:.{DIGITS}g}"), otypes=[float])(values + 0.0).tolist()


def _kind(value):
    return "choice" if isinstance(value, str) else np.shape(value)
