"""Is a log-density log h(x) + η(θ)·T(x) − A(θ)? Found out term by term, and made minimal.

A dependence of the statistics, or of their coefficients, is guessed from numbers and taken only where it
holds exactly.
"""

import numpy as np
import sympy as sp
from scipy.special import ndtri

from ngbook._domain import OutsideDomain
from ngbook.families.compiled import compile_entries
from ngbook.families.mass import axis, sample_point
from ngbook.symbolic.equality import tidy

POINTS = 1000  # where a dependence is looked for
FEW = 50  # outcomes that are all looked at
SAME = 1e-9  # relative size of rounding, in a guess that is proved afterwards


def separate(family):
    """T, η, A and log h of a family, or ValueError with the reason (eq-two-coordinates-form).

    Neither the functions T nor the functions η depend affinely on each other, as far as that is seen.
    """
    refuse_moving(family)
    statistics, natural, free_of_outcome, log_base = _split(family)
    free_of_outcome += _reduce(statistics, natural, _outcomes(family), lambda e: _vanishes(e, family))
    log_base += _reduce(natural, statistics, _parameters(family), lambda e: sp.simplify(e) == 0)
    natural = [tidy(eta, family.example) for eta in natural]
    return statistics, natural, _in_order(-free_of_outcome, family.example), _in_order(log_base)


def _in_order(expression, point=None):
    """Logarithms, each with its coefficient, and the rest in a short form."""
    atoms = sorted(expression.atoms(sp.log, sp.loggamma), key=str)
    parts = sp.collect(sp.expand(expression, log=False), atoms, evaluate=False)
    rest = tidy(parts.pop(sp.S.One, sp.S.Zero), point)
    written = rest + sum(tidy(coefficient) * atom for atom, coefficient in parts.items())
    joined = sp.expand(written.subs(sp.log(sp.pi), sp.log(2 * sp.pi) - sp.log(2)), log=False)
    return min(written, joined, key=sp.count_ops)


def refuse_moving(family):
    """ValueError for a family whose outcomes are not the same for all parameters."""
    if family.moving:
        raise ValueError(
            f"{family!r} is not an exponential family: its support {family.support} moves with the "
            "parameters, while η(θ)·T(x) is finite for every outcome x, whatever θ is"
        )


def _split(family):
    """Functions of the outcome, their coefficients, what is free of the outcome, what of the parameters."""
    parameters, variables = set(family.parameters), set(family.variables)
    pairs, free_of_outcome, log_base = {}, sp.S.Zero, sp.S.Zero
    for term in sp.Add.make_args(_expanded(family.log_density)):
        of_outcome, rest = sp.S.One, sp.S.One
        for factor in sp.Mul.make_args(term):
            if not factor.free_symbols & variables:
                rest *= factor
            elif factor.free_symbols & parameters:
                raise ValueError(
                    f"{family!r} has no exponential form: in the term {term} of its log-density, {factor} "
                    "mixes outcome and parameters; if it can be written otherwise, exponential_order knows"
                )
            else:
                of_outcome *= factor
        if not rest.free_symbols & parameters:
            log_base += term
        elif of_outcome == 1:
            free_of_outcome += term
        else:
            pairs[of_outcome] = pairs.get(of_outcome, 0) + rest
    statistics = sorted(pairs, key=lambda e: (sp.count_ops(e), sp.default_sort_key(e)))
    return statistics, [pairs[statistic] for statistic in statistics], free_of_outcome, log_base


def _expanded(log_density):
    """Sum of products, in which logarithms of products and waves of sums of angles are taken apart.

    Log-gammas and logarithms of numbers stay as they are, which SymPy would expand too.
    """
    logs = log_density.atoms(sp.loggamma) | {e for e in log_density.atoms(sp.log) if e.is_number}
    masks = {e: sp.Dummy(real=True) for e in logs}
    factored = log_density.xreplace(masks).replace(sp.log, lambda argument: sp.log(sp.factor(argument)))
    expanded = sp.expand(sp.expand_trig(sp.expand_log(sp.expand(factored))))
    return expanded.xreplace({mask: e for e, mask in masks.items()})


# --- minimal: what depends affinely on the others is taken out ----------------------------------------------


def _reduce(functions, partners, points, is_zero):
    """Take out, in both lists, each function that is affine in earlier ones, and return what is left over.

    With f_j = c_0 + Σ c_i f_i the sum Σ f_i g_i has the coefficients g_i + c_i g_j, and c_0 g_j is left.
    """
    left_over, j = sp.S.Zero, 0
    while j < len(functions):
        c = _affine(functions[: j + 1], points)
        if c is None or not is_zero(functions[j] - c @ [1, *functions[:j]]):
            j += 1
            continue
        functions.pop(j)
        partner = partners.pop(j)
        for i in range(j):
            partners[i] = sp.expand(partners[i] + c[i + 1] * partner, log=False)
        left_over += c[0] * partner
    return left_over


def _affine(functions, points):
    """Rational c with the last function = c_0 + Σ c_i f_i at the points, a guess; None if there are none."""
    values = compile_entries(functions, points)(*points.values())
    values = np.stack(np.broadcast_arrays(1.0, *values, next(iter(points.values())))[:-1], axis=1)
    values = values[np.isfinite(values).all(axis=1)]
    columns, last = values[:, :-1], values[:, -1]
    weights = np.linalg.lstsq(columns, last)[0]
    if not np.abs(last - columns @ weights).max(initial=0) <= SAME * np.abs(last).max(initial=0):
        return None
    return np.array([sp.nsimplify(weight, rational=True, tolerance=SAME) for weight in weights])


def _vanishes(expression, family):
    """Whether an expression is zero at every outcome."""
    support, (*_, last) = family.support, family.variables
    if isinstance(support, sp.Range) and support.size.is_number and support.size <= FEW:
        return all(sp.simplify(expression.subs(last, value)) == 0 for value in support)
    if isinstance(support, sp.ConditionSet):
        expression = expression.subs(last, sp.solve(support.condition, last)[0])
    return sp.simplify(expression) == 0


# --- points where functions are compared --------------------------------------------------------------------


def near(family, shifts):
    """Rows of numbers, parameters and constants, around the example: those of the shifts that lie inside.

    A parameter of known sign is multiplied by the exponential of its shift, another one moved by it.
    """
    general, center = family._general, sample_point(family._general)
    if center is None:
        raise ValueError(f"{family!r} has no example, and none of a few points fits its space; declare one")
    center = [float((center | family._values)[symbol]) for symbol in general.parameters + general.constants]
    start, constants = center[: shifts.shape[1]], center[shifts.shape[1] :]
    signed = [parameter.is_positive or parameter.is_negative for parameter in family.parameters]
    rows = np.where(signed, start * np.exp(shifts), start + shifts)
    return np.array([[*row, *constants] for row in rows if _is_inside(family, [*row, *constants])])


def _is_inside(family, numbers):
    try:
        family.evaluation.space.refuse_outside(numbers, family, "theta")
    except OutsideDomain:
        return False
    return True


def spread_evenly(dimension):
    """Points in the unit cube from 0 on, spread evenly, shape (d, POINTS): multiples of roots, modulo 1."""
    roots = np.sqrt([*sp.primerange(sp.prime(dimension) + 1)])
    return np.outer(roots, np.arange(POINTS)) % 1


def _parameters(family):
    """Values of the parameters and constants: from symbols to arrays."""
    rows = near(family, ndtri(spread_evenly(len(family.parameters))).T)
    return dict(zip(family._general.parameters + family._general.constants, rows.T, strict=True))


def _outcomes(family):
    """Values of the variables inside the support, and of the constants: from symbols to arrays."""
    (numbers,) = near(family, np.zeros((1, len(family.parameters))))
    support, columns = family.evaluation.support, []
    ends, shares = support.bounds(numbers), spread_evenly(len(family.variables))
    for low, high, share, whole in zip(*ends, shares, support.whole, strict=True):
        if whole:
            columns.append(low + np.floor(share * min(FEW, high - low + 1)))
        else:
            columns.append(axis(low, high, POINTS)[0][(share * POINTS).astype(int)])
    if support.has_equation:
        columns[-1] = support.last(*columns[:-1])
    columns = np.array(columns)
    columns = columns[:, support.contains(columns, numbers)]
    symbols = (*family._general.constants, *family.variables)
    constants = [np.full(columns.shape[1], number) for number in numbers[len(family.parameters) :]]
    return dict(zip(symbols, (*constants, *columns), strict=True))
