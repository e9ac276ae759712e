"""Deciding whether two symbolic expressions are equal: what `ngbook.checks.same` does.

This differs from ``sympy.simplify(left - right) == 0`` in four ways:

1. a comparison of structurally equal sides is refused, since it proves nothing;
2. a wrong claim is refuted first, at rational points, which takes milliseconds and
   yields a counterexample, where ``simplify`` takes seconds and yields a residue;
3. the zero is proved entry by entry with the cheap rules before the dear one;
4. "could not be decided" is an answer of its own, never taken for a yes or a no.
"""

import sympy as sp
from sympy.core.function import AppliedUndef

DIGITS = 40  # of the numerical evaluation at a rational point
AGREES = sp.Float(10) ** -25  # relative size below which a difference counts as zero there
UNEVALUATED = (sp.Integral, sp.Sum, sp.Product, sp.Limit)

# Numerators and denominators without a pattern, so that no accidental cancellation makes a wrong claim
# look right; the first ones lie in (0, 1), where probabilities are at home.
POSITIVE = [sp.Rational(q) for q in ("1/3", "2/7", "5/11", "3/13", "7/5", "13/6", "19/7", "17/23")]
COUNTS = [sp.Integer(n) for n in (2, 5, 3, 7, 4, 11, 6, 13)]
POINTS = 5


def compare(left, right, about, unlike=None):
    """Prove ``left == right``: the conditions it needs and what failed (``None`` if nothing did)."""
    left, right = _exact_matrix(left, "left"), _exact_matrix(right, "right")
    if left.shape != right.shape:
        raise ValueError(f"left has shape {left.shape} and right {right.shape}: give both the same shape")
    if left == right and unlike is None:
        raise ValueError(
            f"both sides are {_text(left)} before any simplification, so the check could be empty. "
            "Leave a claim unevaluated (sp.Derivative, sp.Integral, sp.Sum, sp.Limit: same evaluates them), "
            "derive one side another way, or show that the check can fail: unlike=<a plausible wrong result>"
        )
    if unlike is not None:
        _must_differ(left, _exact_matrix(unlike, "unlike"))
    conditions = []
    for row, column in ((i, j) for i in range(left.rows) for j in range(left.cols)):
        sides = [_evaluated(side[row, column], conditions) for side in (left, right)]
        verdict = _decide(*sides)
        if verdict is not None:
            entry = f" in entry ({row}, {column})" if len(left) > 1 else ""
            return [], f"{verdict[0]}: {about or 'the two sides'}{entry}\n{verdict[1]}"
    return list(dict.fromkeys(conditions)), None


def _must_differ(left, unlike):
    """Refuse a wrong result that has the wrong shape or is in truth right: it would show nothing."""
    if left.shape != unlike.shape:
        raise ValueError(f"unlike has shape {unlike.shape} and left {left.shape}: give both the same shape")
    for ours, wrong in zip(left, unlike, strict=True):
        verdict = _decide(_evaluated(ours, []), _evaluated(wrong, []))
        if verdict is not None and verdict[0] == "not the same":
            return
    raise ValueError(
        f"unlike is {_text(unlike)}, which was not found to differ from the left side: "
        "give a result that is wrong, so that telling it apart means something"
    )


def _exact_matrix(value, name):
    """The value as an explicit matrix without floating-point numbers (a scalar becomes 1 by 1)."""
    if isinstance(value, (str, bool)):
        raise ValueError(f"{name} is {value!r}: same compares SymPy expressions or matrices")
    try:
        value = sp.sympify(value)
        if isinstance(value, (list, tuple, sp.Tuple, sp.NDimArray)):
            value = sp.Matrix(value)
        elif isinstance(value, sp.MatrixExpr) and not isinstance(value, sp.MatrixBase):
            value = value.doit().as_explicit()
    except (sp.SympifyError, TypeError, ValueError) as error:
        raise ValueError(f"{name} is no SymPy expression or explicit matrix: {error}") from None
    if isinstance(value, sp.MatrixBase):
        matrix = sp.Matrix(value)
    elif isinstance(value, sp.Expr):
        matrix = sp.Matrix([[value]])
    else:
        raise ValueError(
            f"{name} is a {type(value).__name__}: same compares two expressions; "
            "give the two sides of an equation separately"
        )
    if not len(matrix):
        raise ValueError(f"{name} is empty: a check of nothing always passes")
    if matrix.has(sp.Float):
        raise ValueError(f"{name} contains a floating-point number: use sp.Rational here, or checks.close")
    if matrix.has(sp.nan, sp.zoo):
        raise ValueError(f"{name} is {_text(matrix)}: it is undefined, so nothing can be claimed of it")
    return matrix


def _evaluated(entry, conditions):
    """Evaluate what was left unevaluated, noting the condition where SymPy found one."""
    entry = sp.sympify(entry.doit())

    def settled(*branches):
        known = [(value, where) for value, where in branches if not value.has(*UNEVALUATED)]
        if len(known) == 1 and len(known) < len(branches):
            conditions.append(str(known[0][1]))
            return known[0][0]
        return sp.Piecewise(*branches)

    return entry.replace(sp.Piecewise, settled)


# --- deciding one entry --------------------------------------------------------------------------


def _decide(left, right):
    """``None`` if the two are proved equal, else (verdict, explanation)."""
    difference = left - right
    if difference == 0 or sp.expand(difference) == 0:
        return None
    sides = f"  left  = {_text(left)}\n  right = {_text(right)}"
    if difference.has(*UNEVALUATED):
        return "not decided", f"{sides}\n  SymPy could not evaluate {_text(difference.atoms(*UNEVALUATED))}"
    examples, where_functions = _example_functions(sp.Tuple(left, right))
    concrete = sp.Tuple(left, right).subs(examples).doit() if examples else sp.Tuple(left, right)
    tried = 0
    for point in _points(concrete):
        values = [_number(side, point) for side in concrete]
        if None in values:
            continue
        gap = values[0] - values[1]
        if abs(gap) > AGREES * (1 + abs(values[0]) + abs(values[1])):
            where = ", ".join(where_functions + [f"{name} = {value}" for name, value in point.items()])
            return "not the same", (
                f"{sides}\n  {'at ' + where if where else 'as numbers'}: "
                f"left = {values[0].n(10)}, right = {values[1].n(10)}, left - right = {gap.n(10)}"
            )
        tried += 1
    if any(_vanishes(rule, difference) for rule in _RULES):
        return None
    agreement = f"they agree at {tried} rational points, but no" if tried else "no"
    return "not decided", (
        f"{sides}\n  {agreement} rule proves it; "
        f"what is left is {_text(sp.simplify(difference))}. "
        "Declare assumptions (positive=True, ...), or prove it in smaller steps"
    )


def _number(side, point):
    value = side.subs(point, simultaneous=True)
    if value.has(sp.nan, sp.zoo, sp.oo, -sp.oo, *UNEVALUATED):
        return None
    try:
        value = value.n(DIGITS)
    except (ValueError, TypeError, ZeroDivisionError, OverflowError):
        return None
    return value if value.is_number and value.is_finite and not value.free_symbols else None


def _points(expression):
    """Rational values for whatever the expression depends on, within its assumptions."""
    names = sorted(expression.free_symbols, key=str)
    if expression.has(AppliedUndef, sp.Derivative, sp.Subs, sp.MatrixSymbol, sp.Indexed):
        return []  # these have no value at a point; the rules still apply
    points = []
    for k in range(POINTS if names else 1):
        point = {name: _value(name, k + 3 * i, k) for i, name in enumerate(names)}
        if all(value is not None for value in point.values()):
            points.append(point)
    return points


def _example_functions(expression):
    """A concrete positive polynomial for each arbitrary function: what holds for all holds for it."""
    examples, texts = {}, []
    calls = sorted(expression.atoms(AppliedUndef), key=str)
    for i, name in enumerate(sorted({call.func for call in calls}, key=str)):
        for call in (c for c in calls if c.func == name):
            t = sum((POSITIVE[(i + j) % 8] * arg for j, arg in enumerate(call.args)), sp.Integer(0))
            examples[call] = 2 + t + t**2 / (3 + i) + t**4
            texts.append(f"{call} = {examples[call]}")
    return examples, texts


def _value(symbol, position, k):
    pool = COUNTS if symbol.is_integer else POSITIVE
    value = pool[position % len(pool)]
    if symbol.is_nonnegative:
        return value
    if symbol.is_nonpositive or (k % 2 and symbol.is_negative is not False):
        return -value
    return value


def _vanishes(rule, difference):
    try:
        return rule(difference) == 0
    except (NotImplementedError, sp.PolynomialError, TypeError, ValueError, AttributeError):
        return False


def _combined(e):
    return sp.cancel(sp.together(e))


def _functions_expanded(e):
    return _combined(sp.expand_func(sp.expand_log(sp.powsimp(sp.expand(e)))))


def _gammas(e):
    return _combined(sp.gammasimp(sp.expand_func(e)))


def _log_gammas(e):
    return _functions_expanded(sp.expand_func(e.replace(sp.loggamma, lambda a: sp.log(sp.gamma(a)))))


def _exponentials(e):
    return _combined(sp.powsimp(sp.expand(_combined(e.rewrite(sp.exp))), deep=True))


def _numerically_zero(e):
    """SymPy's own proof for a constant (by its minimal polynomial); nothing for an expression."""
    return 0 if e.is_number and e.equals(0) else 1


_RULES = (
    _combined,
    _functions_expanded,
    _gammas,
    _log_gammas,
    sp.trigsimp,
    _exponentials,
    _numerically_zero,
    sp.simplify,
)


def _text(value, limit=300):
    if isinstance(value, sp.MatrixBase) and len(value) == 1:
        value = value[0]
    text = " ".join(str(value).split())
    return text if len(text) <= limit else text[:limit] + " ..."
