"""The Wasserstein metric of a declared family, exactly: by the rule that takes its expectations."""

from itertools import pairwise

import numpy as np
import sympy as sp
from scipy.special import expit

from ngbook import symbolic
from ngbook._check.families import bounds
from ngbook._check.families import family as declared
from ngbook.families.mass import sample_point
from ngbook.symbolic.equality import each_once, tidy

GRID = np.linspace(-12.0, 12.0, 49)  # of a statistic, or of log(U / V)


def exact_wasserstein_metric(family) -> sp.ImmutableMatrix:
    """Derive G_ij = E[∂_i g ∂_j g], where the outcome is x = g(L; θ) (eq-wasserstein-reparametrised).

    If the law of L does not depend on θ and g is monotone in L, then g at a level of L is the quantile
    function. A statistic whose law does depend on θ is standardised first, by its mean and deviation, which
    helps for a family of location and scale, or the logarithm of one.

    Parameters
    ----------
    family : Family
        Of one outcome on the line.

    Returns
    -------
    sympy.ImmutableMatrix
        Of shape (p, p), in the parameters and constants; it holds where second moments exist: the metric of
        the Pareto distribution for α > 2 only.

    Raises
    ------
    NoClosedForm
        If the law of the statistic depends on the parameters, if the metric is infinite, or if the outcomes
        are no continuous line.

    Examples
    --------
    >>> from ngbook import families, transport
    >>> transport.exact_wasserstein_metric(families.normal)
    Matrix([
    [1, 0],
    [0, 1]])
    """
    (outcome,) = _one_outcome(declared(family, "family"))
    branches, rule = _reparametrised(family, outcome)
    _refuse_not_monotone(family, branches)
    metric = sp.zeros(len(family.parameters))
    for x in branches:
        slope = sp.Matrix([sp.diff(x, parameter) for parameter in family.parameters])
        metric += each_once(slope * slope.T, rule.expectation) / len(
            branches
        )  # eq-wasserstein-reparametrised
    return _finite(family, sp.ImmutableMatrix(tidy(metric, sample_point(family))))


def _one_outcome(family):
    """The outcome, if it is a number on the line."""
    if len(family.variables) > 1:
        raise _no(family, "it has several outcomes, and quantiles are of one")
    if bounds(family.support)[-1]:
        raise _no(family, "its outcomes are separate; see graph_metric")
    family.expectation(sp.S.One)  # refuses a family without a rule, or of a wrong mass
    return family.variables


def _reparametrised(family, outcome):
    """The outcome in a statistic whose law has no parameters, branch for branch, and the rule for it."""
    rule, parameters = family.rule, set(family.parameters)
    if isinstance(rule, symbolic.BetaRule):
        law = {symbol for e in (rule.first, rule.second, rule.square) for symbol in e.free_symbols}
        if not law & parameters:
            return [rule.substitution[outcome]], rule
    elif isinstance(rule, symbolic.MomentRule) and len(rule.statistics) == 1:
        branches = [branch[outcome] for branch in rule.branches if outcome in branch]
        shift, scale, generating = _standardised(family, rule)
        if generating is not None:
            (statistic,) = rule.statistics
            moved = [x.subs(statistic, shift + scale * statistic) for x in branches]
            fixed = symbolic.MomentRule({outcome: statistic}, generating, rule.statistics, rule.orders)
            return [sp.expand_log(x) for x in moved], fixed
    raise _no(family, f"the law of the statistic in {rule!r} depends on {family.chart}")


def _standardised(family, rule):
    """Shift, scale and generating function of (L - shift)/scale, where that has no parameters, else None."""
    parameters, (order,), point = set(family.parameters), rule.orders, sample_point(family) or {}
    if not rule.generating.free_symbols & parameters:
        return sp.S.Zero, sp.S.One, rule.generating
    cumulants = sp.log(rule.generating)
    mean = tidy(sp.diff(cumulants, order).subs(order, 0))
    scale = sp.sqrt(tidy(sp.diff(cumulants, order, 2).subs(order, 0)))
    standard = sp.exp(-mean * order / scale) * rule.generating.subs(order, order / scale)
    at_point = standard.subs({parameter: point[parameter] for parameter in parameters & set(point)})
    generating = sp.powsimp(sp.simplify(at_point))
    near = {**point, order: sp.Rational(1, 9)}
    return mean, scale, generating if symbolic.equal(standard, generating, near) else None


def _refuse_not_monotone(family, branches):
    """Refuse outcomes that are no quantile function: a branch that turns, or two that overlap."""
    branches, ranges = [x.subs(sample_point(family) or {}) for x in branches], []
    symbols = sorted(set().union(*(x.free_symbols for x in branches)), key=str)
    if symbolic.T in symbols and len(symbols) > 1:
        raise _no(family, f"the outcome depends on {symbols}, and not on T alone")
    known = {symbolic.U: expit(GRID), symbolic.V: expit(-GRID)}
    values = [known.get(e, np.exp(GRID) if e.is_positive else GRID) for e in symbols]
    for x in branches:
        slopes = (sp.lambdify(symbols, sp.diff(x, e))(*values) for e in symbols)
        slope = sum(slope * np.gradient(value) for slope, value in zip(slopes, values, strict=True))
        if not (np.all(slope >= 0) or np.all(slope <= 0)):
            raise _no(family, f"the outcome {x} turns as the statistic grows, and is no quantile function")
        outcomes = sp.lambdify(symbols, x)(*values)
        ranges.append((outcomes.min(), outcomes.max()))
    if any(high > low for (_, high), (low, _) in pairwise(sorted(ranges))):
        raise _no(family, "its branches overlap, and the outcome does not tell from which one it is")


def _finite(family, metric):
    """The metric, if it can be one where the family is tried."""
    values = np.array(metric.subs(sample_point(family) or {}).evalf().tolist())
    try:
        real = values.astype(float)
        exists = np.isfinite(real).all() and (np.diag(real) > 0).all()
    except TypeError:
        exists = False
    if not exists:
        raise _no(family, f"it would be {metric.tolist()}: the second moment of a derivative is infinite")
    return metric


def _no(family, reason):
    return symbolic.NoClosedForm(
        f"the Wasserstein metric of {family!r} is not derived: {reason}. With a quantile function, "
        "wasserstein_metric finds it in numbers, or that it is infinite"
    )
