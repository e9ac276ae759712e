"""Proofs that two expressions are equal, and short forms of them."""

from functools import cache

import sympy as sp

from ngbook._check import expressions as check
from ngbook._equality import STEPS, bring_together, decide


class Undecided(ArithmeticError):
    """Two expressions agree at every point tried, but no proof of their equality was found."""


def equal(left, right, point=None) -> bool:
    """Whether two expressions or matrices are equal: proved, or refuted at a point.

    Parameters
    ----------
    left, right : sympy.Expr or sympy.Matrix
        Of one shape.
    point : dict, optional
        From symbols to exact numbers: where the two are compared, if the assumptions on the symbols do not
        say it. A refutation is then tried there and close to it, and otherwise at rational numbers of order
        one that the symbols allow.

    Returns
    -------
    bool
        True if equality was proved, False if it was refuted.

    Raises
    ------
    Undecided
        If neither succeeded.
    """
    return prove_equal(left, right, point) is not None


def prove_equal(left, right, point=None):
    """Prove equality as ``equal`` does: the heaviest step that an entry needed, or None if it was refuted."""
    left, right, point = check.matrix(left, "left"), check.matrix(right, "right"), check.point(point)
    if left.shape != right.shape:
        return None
    heaviest, undecided = 0, ""
    for pair in dict.fromkeys(zip(left, right, strict=True)):  # each once: Fisher matrices are symmetric
        verdict = decide(*pair, point)
        if verdict.refuted:
            return None
        if verdict.proved:
            heaviest = max(heaviest, verdict.step)
        else:
            undecided = undecided or "{} = {}".format(*pair)
    if undecided:
        raise Undecided(
            f"neither proved nor refuted: {undecided}; give a point where they differ, or rewrite"
        )
    return STEPS[heaviest][0]


def tidy(expression, point=None):
    """Shortest of a few cheap equivalent forms of an expression, or of each entry of a matrix.

    With a point, from symbols to exact numbers, each of several factors is written so that it is positive
    there, ``p * (1 - p)``.
    """
    if isinstance(expression, sp.MatrixBase):
        return each_once(expression, lambda entry: tidy(entry, point))
    shifted = bring_together(expression)
    cancelled = sp.cancel(sp.together(sp.expand(shifted, power_base=False)))
    numerator, denominator = (sp.factor_terms(sp.sqf(part)) for part in sp.fraction(cancelled))
    factored = sp.factor(cancelled)
    candidates = [numerator / denominator, factored, expression, shifted, cancelled, sp.expand(cancelled)]
    if point:
        candidates = [_flip_negative_factors(candidate, point) for candidate in candidates]
    lengths = [sp.count_ops(candidate) - (place < 2) for place, candidate in enumerate(candidates)]
    return candidates[lengths.index(min(lengths))]  # products are worth one operation more


def each_once(matrix, function):
    """``matrix.applyfunc(function)``, with one call for entries that are equal: it may be symmetric."""
    return matrix.applyfunc(cache(function))


def _flip_negative_factors(expression, point):
    """Write ``-1 / (p * (p - 1))`` as ``1 / (p * (1 - p))``, given a p between 0 and 1."""
    sign, factors = 1, []
    for factor in sp.Mul.make_args(expression):
        base, exponent = factor.as_base_exp()
        if base.is_Add and exponent.is_Integer and base.subs(point).is_negative:
            sign, factor = sign * (-1) ** exponent, (-base) ** exponent
        factors.append(factor)
    return sign * sp.Mul(*factors) if len(factors) > 1 else expression
