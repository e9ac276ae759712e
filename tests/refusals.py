"""Bad input as facts, beside a function's other tests: what a call that works refuses for one argument.

    works = Example(solve.dual_solve, scores=SCORES, gradient=[1.0, 2.0], damping=0.1)
    REFUSED = [
        *works.refuses("gradient", *NOT_VECTORS, [1.0, 2.0, 3.0]),
        *works.refuses("damping", *NOT_POSITIVE, says("singular", 1e-14)),
    ]
    test_works, test_refused = refusal_tests(REFUSED)

A refusal is a ``ValueError`` that names the argument; its wording is free, unless ``says`` asks for a word.
An argument with nothing to refuse is ``works.takes_anything("keep_iterates")``. ``test_bad_input`` reads the
``REFUSED`` of all test modules, and holds that everything public is among them, with every argument.
"""

import math
from dataclasses import dataclass, field

import numpy as np
import pytest
from scipy.sparse.linalg import aslinearoperator

NAN, INF = math.nan, math.inf


@dataclass(frozen=True, eq=False)
class Example:
    """A call that works."""

    function: object
    arguments: dict

    def __init__(self, function, /, **arguments):
        object.__setattr__(self, "function", function)
        object.__setattr__(self, "arguments", arguments)

    def __str__(self):
        return getattr(self.function, "__qualname__", type(self.function).__name__)

    def call(self, **changes):
        return self.function(**(self.arguments | changes))

    def refuses(self, argument, *values):
        """One refusal for each bad value of the argument."""
        assert values, f"nothing is refused for {argument}: say takes_anything"
        return [Refusal(self, argument, value) for value in values]

    def takes_anything(self, *arguments):
        """Arguments of which every value has a meaning."""
        return [Refusal(self, argument, None, tried=False) for argument in arguments]


@dataclass(frozen=True, eq=False)
class says:
    """A bad value, words that its refusal has to contain, and the kind of the exception."""

    words: str
    value: object
    kind: type = ValueError


@dataclass(frozen=True, eq=False)
class Refusal:
    """One fact: the example is refused with this value for this argument."""

    example: Example
    argument: str
    value: object
    tried: bool = field(default=True)

    def check(self):
        bad = self.value if isinstance(self.value, says) else says(self.argument, self.value)
        with pytest.raises(bad.kind) as refusal:
            self.example.call(**{self.argument: bad.value})
        message = str(refusal.value)
        assert bad.words in message, f"the refusal does not say {bad.words!r}: {message}"
        assert len(message) > 25, f"a message says what was wrong and what to do: {message}"


def refusal_tests(refused):
    """Two tests of a module: the examples work, and what is refused is refused."""
    examples = list({id(fact.example): fact.example for fact in refused}.values())
    facts, count = [], {}
    for fact in refused:
        if fact.tried:
            key = f"{fact.example}-{fact.argument}"
            count[key] = count.get(key, -1) + 1
            facts.append(pytest.param(fact, id=f"{key}-{count[key]}"))

    @pytest.mark.parametrize("example", examples, ids=str)
    def test_works(example):
        example.call()

    @pytest.mark.parametrize("fact", facts)
    def test_refused(fact):
        fact.check()

    return test_works, test_refused


# --- bad values that many arguments share ------------------------------------------------------------------


def constant(result):
    """A function of anything."""
    return lambda *arguments: result


NOT_NUMBERS = [NAN, INF, [1.0, 2.0], "large", None, 1j]
NOT_POSITIVE = [*NOT_NUMBERS, 0.0, -1.0]
NEGATIVE = [*NOT_NUMBERS, -1.0]
NOT_FRACTIONS = [*NOT_POSITIVE, 1.0]  # between 0 and 1
NOT_SHARES = [*NEGATIVE, 1.01]  # from 0 to 1
NOT_COUNTS = [0, 2.5, NAN, INF, "many", None, [1, 2]]
NOT_VECTORS = [
    [NAN, 1.0],
    [1.0, -INF],
    [[1.0, 2.0]],
    1.0,
    [],
    ["a", "b"],
    [1j, 1.0],
    None,
    [[1.0], [1.0, 2.0]],
]
NOT_METRICS = [
    [[NAN, 0.0], [0.0, 1.0]],
    [[INF, 0.0], [0.0, 1.0]],
    [1.0, 2.0],
    np.ones((2, 3)),
    aslinearoperator(np.ones((2, 3))),
    says("asymmetry is 0.3", [[1.0, 0.5], [0.2, 1.0]]),
    "identity",
    np.eye(3),  # where two parameters are asked for
    aslinearoperator(np.eye(3)),
]
NOT_SCORES = [
    says("scores[:, None]", [1.0, 2.0]),
    np.ones((2, 2, 2)),
    np.ones((0, 2)),
    says("1 of 2 rows are not, the first being row 1", [[1.0, 2.0], [NAN, 0.0]]),
    [["a", "b"]],
    [[1j, 0.0]],
]
NOT_FUNCTIONS = [3.0, [1.0, 2.0], None]
NOT_GENERATORS = [0, None, np.random, np.random.RandomState(0)]
