"""Proofs that two expressions are equal, and short forms of them."""

import sympy as sp

from ngbook.symbolic.inputs import as_exact, as_exact_or_matrix, as_point


class Undecided(ArithmeticError):
    """Two expressions agree at every point tried, but no proof of their equality was found."""


def equal(left, right, point=None):
    """Whether two expressions or matrices are equal: proved, or refuted at a point.

    Parameters
    ----------
    left, right : sympy.Expr or sympy.Matrix
        Of one shape.
    point : dict, optional
        From symbols to exact numbers, at which a refutation is tried first. Rational numbers between 0 and 1,
        of the signs that the symbols allow, unless given.

    Returns
    -------
    bool
        True if equality was proved, False if it was refuted.

    Raises
    ------
    ValueError
        If a side is no exact expression, or the point does not map symbols to exact numbers.
    Undecided
        If neither succeeded.
    """
    return prove_equal(left, right, point) is not None


def prove_equal(left, right, point=None):
    """Proof of equality: which step settled it.

    Parameters
    ----------
    left, right, point
        As for ``equal``.

    Returns
    -------
    str or None
        ``"identical"``, ``"expansion"``, ``"cancellation"``, ``"Gamma function identities"`` or
        ``"simplification"``: the heaviest step that any entry needed; None if equality was refuted.

    Raises
    ------
    ValueError
        As for ``equal``.
    Undecided
        If neither succeeded.
    """
    left, right = as_exact_or_matrix(left, "left"), as_exact_or_matrix(right, "right")
    point = as_point(point)
    if getattr(left, "shape", None) != getattr(right, "shape", None):
        return None
    entries = zip(left, right, strict=True) if hasattr(left, "shape") else [(left, right)]
    heaviest = 0
    for left_entry, right_entry in dict.fromkeys(entries):  # each once: Fisher matrices are symmetric
        step = _prove_zero(left_entry, right_entry, point)
        if step is None:
            return None
        heaviest = max(heaviest, step)
    return _STEPS[heaviest][0]


_STEPS = (
    ("identical", lambda e: e),
    ("expansion", sp.expand),
    ("cancellation", lambda e: sp.cancel(sp.together(sp.expand(bring_together(e), power_base=False)))),
    ("Gamma function identities", lambda e: sp.cancel(sp.together(sp.gammasimp(bring_together(e))))),
    ("simplification", sp.simplify),
)


def _prove_zero(left, right, point):
    """Index of the first step that turns the difference into zero; None if a point refutes it."""
    difference = left - right
    for step, (_, transform) in enumerate(_STEPS):
        if step == 1 and _refuted(left, right, point):
            return None
        if transform(difference) == 0:
            return step
    raise Undecided(
        f"neither proved nor refuted: {left} = {right}; give a point at which they differ, or rewrite one"
    )


def _refuted(left, right, point):
    symbols = sorted((left - right).free_symbols, key=str)
    values = {x: sp.Rational(-2 if x.is_negative else 2, sp.prime(k + 4)) for k, x in enumerate(symbols)}
    values.update(point)
    here = [sp.N(side.subs(values), 40) for side in (left, right)]
    if not all(side.is_number and side.is_finite for side in here):
        return False
    return bool(abs(here[0] - here[1]) > sp.Float("1e-25", 40) * (1 + abs(here[0]) + abs(here[1])))


def tidy(expression, point=None):
    """Shortest of a few cheap equivalent forms of an expression, or of each entry of a matrix.

    Parameters
    ----------
    expression : sympy.Expr or sympy.Matrix
        What to shorten.
    point : dict, optional
        From symbols to exact numbers: each factor is then written so that it is positive there,
        ``p * (1 - p)``.

    Returns
    -------
    sympy.Expr or sympy.Matrix
        Equal to it.

    Raises
    ------
    ValueError
        If it is no exact expression, or the point does not map symbols to exact numbers.
    """
    point = as_point(point)
    if isinstance(expression, sp.MatrixBase):
        tidied = {entry: tidy(entry, point) for entry in set(expression)}
        return expression.applyfunc(tidied.get)
    expression = as_exact(expression, "expression")
    shifted = bring_together(expression)
    cancelled = sp.cancel(sp.together(sp.expand(shifted, power_base=False)))
    numerator, denominator = (sp.factor_terms(sp.sqf(part)) for part in sp.fraction(cancelled))
    factored = sp.factor(cancelled)
    candidates = [numerator / denominator, factored, expression, shifted, cancelled, sp.expand(cancelled)]
    if point:
        candidates = [_flip_negative_factors(candidate, point) for candidate in candidates]
    lengths = [sp.count_ops(candidate) - (place < 2) for place, candidate in enumerate(candidates)]
    return candidates[lengths.index(min(lengths))]  # products are worth one operation more


def _flip_negative_factors(expression, point):
    """Write ``-1 / (p * (p - 1))`` as ``1 / (p * (1 - p))``, given a p between 0 and 1."""
    sign, factors = 1, []
    for factor in sp.Mul.make_args(expression):
        base, exponent = factor.as_base_exp()
        if base.is_Add and exponent.is_Integer and base.subs(point).is_negative:
            sign, factor = sign * (-1) ** exponent, (-base) ** exponent
        factors.append(factor)
    return sign * sp.Mul(*factors) if len(factors) > 1 else expression


def bring_together(expression):
    """Bring Gamma and Bessel functions whose arguments or orders differ by integers to common ones."""
    expression = sp.expand_func(expression)
    if expression.has(sp.besseli):
        expression = expression.replace(
            lambda e: isinstance(e, sp.besseli) and e.args[0].is_Integer and e.args[0] >= 2,
            lambda e: (
                sp.besseli(e.args[0] - 2, e.args[1])
                - 2 * (e.args[0] - 1) / e.args[1] * sp.besseli(e.args[0] - 1, e.args[1])
            ),
        )
    return expression
