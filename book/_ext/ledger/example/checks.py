"""Two checks: each raises an exception if what it is given is not so."""

import math

import sympy


class NotSo(AssertionError):
    """What was claimed does not hold."""


def equal(left, right, about="", scope=""):
    """Prove that two SymPy expressions are equal, for all values of their symbols."""
    difference = sympy.simplify(left - right)
    if difference != 0:
        raise NotSo(f"{about}: the difference is {difference}")
    print(f"exact: {about}, for {scope}")


def near(actual, expected, about="", scope="", tolerance=1e-9):
    """Compare two numbers, to a relative tolerance."""
    if not math.isclose(actual, expected, rel_tol=tolerance):
        raise NotSo(f"{about}: {actual} is not near {expected}")
    print(f"numeric: {about}, for {scope}")
