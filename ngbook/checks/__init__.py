"""A claim that can fail.

Each check prints one line saying what agreed, and raises `CheckFailed` with the
difference when it did not.  The line names the tolerance and never the margin,
because margins differ between processors.  A comparison that could never fail
(an object with itself, an empty array, a tolerance that lets a factor of two
through) is refused with a ``ValueError``, because it would look like evidence
and be none; so are a side of another kind or shape, and a number that is not finite.

A claim has a ``scope``, which the line ends with: "all values", of the symbols in
it, where `same` has proved it; else the instance for which it was computed, such
as "three parameters".

========== ==========================================================
`same`     two symbolic expressions or matrices are equal, exactly
`close`    two arrays agree, to a tolerance or to a standard error
`slope`    an error falls (or grows) with a given order
`at_most`  an inequality holds, element by element
========== ==========================================================
"""

import numpy as np

from ngbook._check import arrays as check

__all__ = ["CheckFailed", "at_most", "close", "same", "slope"]

STANDARD_ERRORS = 4
DEFAULT_RTOL = 1e-9
GENERAL = "all values"  # the scope of what was proved for all values of its symbols


class CheckFailed(AssertionError):
    """What was claimed does not hold; the message says by how much."""


# --- exact ---------------------------------------------------------------------------------------


def same(left, right, about="", unlike=None, scope="") -> None:
    """Check that two SymPy expressions or matrices are equal, exactly.

    Unevaluated ``Derivative``, ``Integral``, ``Sum`` and ``Limit`` objects are
    evaluated first, so ``same(sp.Derivative(f, x), x)`` claims a derivative.
    Where SymPy evaluates an integral or a sum only under a condition, the claim
    is checked under that condition, and the printed line states it.

    The difference is first evaluated at a few rational points, where a wrong
    claim shows quickly and with a counterexample; then it is proved to vanish,
    by the cheap rules before ``simplify``.

    Parameters
    ----------
    left, right : sympy expression or matrix
        Both of one shape, without floating-point numbers.
    about : str
        What is claimed, in words.
    unlike : sympy expression or matrix, optional
        A plausible wrong result, such as the same formula without its one half.
        It is shown to differ from ``left``. Needed where both sides come out
        structurally equal, because such a comparison could otherwise be empty.
    scope : str
        "all values", or what the claim is proved for: a family, a dimension.

    Raises
    ------
    CheckFailed
        The two sides differ (with a counterexample where there is one), or
        their equality could not be decided (the message says which).

    Examples
    --------
    >>> import sympy as sp
    >>> from ngbook import checks
    >>> x = sp.Symbol("x", positive=True)
    >>> checks.same(
    ...     sp.Derivative(x * sp.log(x), x), 1 + sp.log(x), "slope of x log x", scope="all values"
    ... )
    exact: slope of x log x, for all values
    """
    # The exact engine is imported here, on first use: a page that only compares numbers, and
    # `import ngbook`, do not pay the third of a second that SymPy takes to load.
    from ngbook.checks.exact import compare

    claim = _claim(about, scope)
    conditions, failure = compare(left, right, about, unlike)
    if failure:
        raise CheckFailed(failure)
    suffix = f" (where {', '.join(conditions)})" if conditions else ""
    suffix += " (told apart from a wrong version)" if unlike is not None else ""
    print(f"exact: {claim}{suffix}")


# --- numbers -------------------------------------------------------------------------------------


def close(actual, expected, rtol=DEFAULT_RTOL, atol=0.0, standard_error=None, about="", scope="") -> None:
    """Check that numbers agree: to a tolerance, or to four standard errors.

    Without ``standard_error``, every element must satisfy
    ``|actual - expected| <= atol + rtol * |expected|``.  With it the check is a
    Monte Carlo check, ``|actual - expected| <= 4 * standard_error``.

    Parameters
    ----------
    actual, expected : float or ndarray
        Real numbers, of one shape (nothing is broadcast).
    rtol, atol : float
        Relative and absolute tolerance; neither is used with ``standard_error``.
    standard_error : float or ndarray, optional
        Standard error of ``actual``; positive, one number or one per element.
    about : str
        What is claimed, in words.
    scope : str
        The instance for which it was computed.

    Raises
    ------
    CheckFailed
        Some element differs by more than is allowed; the message shows the worst.
    """
    claim = _claim(about, scope, proves=False)
    actual, expected = _independent(actual=actual, expected=expected)
    if actual.shape != expected.shape:
        raise ValueError(f"actual has shape {actual.shape} and expected {expected.shape}: make them the same")
    if standard_error is None:
        rtol, atol = check.not_negative(rtol, "rtol"), check.not_negative(atol, "atol")
        allowed = atol + rtol * np.abs(expected)
        passed = f"close: {claim} ({_bound(rtol, atol)})"
    else:
        if atol != 0.0 or rtol != DEFAULT_RTOL:
            raise ValueError("give either a standard_error or rtol and atol, not both")
        allowed = STANDARD_ERRORS * _standard_error(standard_error, expected.shape)
        passed = f"Monte Carlo: {claim} (within {STANDARD_ERRORS} standard errors)"
    # A result half as large must be caught in at least one element that is not zero.
    nonzero = expected != 0
    if np.any(nonzero) and np.all((allowed >= np.abs(expected) / 2)[nonzero]):
        raise ValueError(
            f"the difference allowed is {np.max(allowed):g} for values up to {np.max(np.abs(expected)):g}: a "
            "result wrong by a factor of two would pass; lower rtol or atol, or draw more samples"
        )

    difference = np.abs(actual - expected)
    if np.any(difference > allowed):
        worst = np.unravel_index(np.argmax(difference - allowed), difference.shape)
        raise CheckFailed(
            f"not close: {claim}: "
            f"actual {actual[worst]:.17g}, expected {expected[worst]:.17g}{_at(worst)}; "
            f"difference {difference[worst]:.3g}, allowed {allowed[worst]:.3g} "
            f"({np.count_nonzero(difference > allowed)} of {difference.size} differ)"
        )
    print(passed)


def slope(x, y, expected, tolerance=0.05, about="", scope="") -> None:
    """Check an order of convergence: the slope of ``log y`` against ``log x``.

    Parameters
    ----------
    x, y : ndarray of shape (n,)
        At least three positive points each, ``x`` over at least one decade.
    expected : float
        The order claimed.
    tolerance : float
        How far the least-squares slope may be from it; below one half, so that
        two neighbouring orders cannot both pass.
    about, scope : str
        What is claimed, in words, and for which instance.

    Raises
    ------
    CheckFailed
        The measured slope is further from ``expected`` than ``tolerance``.
    """
    claim = _claim(about, scope, proves=False)
    x, y = _independent(x=x, y=y)
    if x.ndim != 1 or x.shape != y.shape or x.size < 3:
        raise ValueError(f"x has shape {x.shape} and y {y.shape}: give vectors of one length, at least 3")
    for name, values in (("x", x), ("y", y)):
        if np.any(values <= 0):
            raise ValueError(
                f"{name} contains {values.min():g}, which has no logarithm: leave that point out"
            )
    if x.max() < 10 * x.min() * (1 - 1e-9):
        raise ValueError(
            f"x spans {x.min():g} to {x.max():g}, less than one decade: noise has any slope there"
        )
    expected = check.number(expected, "expected")
    tolerance = check.number(tolerance, "tolerance", above=0, below=0.5)

    measured = np.polynomial.Polynomial.fit(np.log(x), np.log(y), 1).convert().coef[1]
    if not abs(measured - expected) <= tolerance:
        raise CheckFailed(
            f"slope: {claim}: measured {measured:.4f}, "
            f"expected {expected:g} to within {tolerance:g} (off by {measured - expected:+.4f})"
        )
    print(f"slope: {claim} ({_short(expected + 0.0)} to within {_short(tolerance)})")


def at_most(smaller, larger, about="", scope="") -> None:
    """Check an inequality, ``smaller <= larger``, element by element.

    Parameters
    ----------
    smaller, larger : float or ndarray
        Real numbers, of one shape; either may be a single number, which then
        bounds every element of the other.
    about, scope : str
        What is claimed, in words, and for which instance.

    Raises
    ------
    CheckFailed
        Some element of ``smaller`` exceeds its partner; the message shows the worst.
    """
    claim = _claim(about, scope, proves=False)
    smaller, larger = _independent(smaller=smaller, larger=larger)
    if smaller.shape != larger.shape and smaller.ndim and larger.ndim:
        raise ValueError(f"smaller has shape {smaller.shape} and larger {larger.shape}: make them the same")
    smaller, larger = np.broadcast_arrays(smaller, larger)
    margin = larger - smaller
    worst = np.unravel_index(np.argmin(margin), margin.shape)
    if margin[worst] < 0:
        raise CheckFailed(
            f"at most: {claim}: {smaller[worst]:.10g} > {larger[worst]:.10g}{_at(worst)}, "
            f"by {-margin[worst]:.3g}"
        )
    print(f"at most: {claim}")


# --- helpers -------------------------------------------------------------------------------------


def _claim(about, scope, proves=True):
    """What is claimed, and for what."""
    about, scope = (" ".join(str(words).split()) for words in (about, scope))
    if scope == GENERAL and not proves:
        raise ValueError(
            f"scope is {scope!r}, which only `same` can show: name the instance that was computed"
        )
    return (about or "both sides agree") + (f", for {scope}" if scope else "")


def _at(index):
    return f" at index {tuple(int(i) for i in index)}" if len(index) else ""


def _short(value):
    """A tolerance as people write it: 1e-9, not 1e-09."""
    return f"{value:g}".replace("e-0", "e-").replace("e+0", "e+")


def _bound(rtol, atol):
    """The tolerance, in words."""
    if atol == 0:
        return f"largest relative difference below {_short(rtol)}"
    if rtol == 0:
        return f"largest difference below {_short(atol)}"
    return f"largest difference below {_short(atol)} plus {_short(rtol)} relative"


def _independent(**sides):
    """Both sides as finite arrays; one object, or two views of exactly the same numbers, are refused.

    Python keeps one object for each small integer, so identity of integers says nothing.
    """
    (first_name, first), (second_name, second) = sides.items()
    twice = first is second and not isinstance(first, int)
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
        twice = first.__array_interface__ == second.__array_interface__
    if twice:
        raise ValueError(
            f"{first_name} and {second_name} are one object twice, which proves nothing: compute them apart"
        )
    return [check.finite(side, name) for name, side in sides.items()]


def _standard_error(standard_error, shape):
    error = check.finite(standard_error, "standard_error")
    if np.any(error <= 0):
        raise ValueError(f"standard_error must be positive, but contains {error.min():g}: leave it out there")
    if error.shape not in ((), shape):
        raise ValueError(f"standard_error has shape {error.shape}: give one number, or shape {shape}")
    return np.broadcast_to(error, shape)
