"""Where outcomes and parameters may lie: SymPy sets and relations, compiled to NumPy."""

import math

import numpy as np
import sympy as sp

from ngbook._check.families import bounds, inequality, listing
from ngbook._domain import OutsideDomain

EQUALITY_TOLERANCE = 1e-9  # how far from an equation, as x1 + x2 + x3 = 1, an outcome may be by rounding


def greater(left, right):
    """Relation ``left > right`` that SymPy does not evaluate, whatever it assumes about the symbols."""
    return sp.StrictGreaterThan(left, right, evaluate=False)


def positive(*symbols):
    """Relations that say that each symbol is positive."""
    return tuple(greater(symbol, 0) for symbol in symbols)


def probability(*symbols):
    """Relations that say that each symbol lies strictly between 0 and 1."""
    return tuple(relation for symbol in symbols for relation in (greater(symbol, 0), greater(1, symbol)))


def assumed(symbols):
    """Relations that the assumptions on the symbols amount to."""
    signed = [symbol for symbol in symbols if symbol.is_positive or symbol.is_negative]
    return tuple(greater(max(symbol, 0), min(symbol, 0)) for symbol in signed)


def assumed_support(variables):
    """Half-line or line for each coordinate, by its assumptions."""
    sets = [sp.Interval.open(0, sp.oo) if x.is_positive else sp.S.Reals for x in variables]
    return sets[0] if len(sets) == 1 else sp.ProductSet(*sets)


class Space:
    """Parameter space compiled: refuses numbers outside it."""

    def __init__(self, relations, symbols):
        self.relations = tuple(relations)
        gaps = [relation.gts - relation.lts for relation in self.relations]
        self._gaps = sp.lambdify(list(symbols), gaps, "numpy")

    def refuse_outside(self, numbers, family, name):
        """OutsideDomain if a number is not finite or a relation does not hold."""
        values = dict(zip(family.parameters, numbers, strict=False))
        if not all(map(math.isfinite, values.values())):
            raise OutsideDomain(f"{name} of {family!r} must be finite, but has {listing(values)}")
        for relation, gap in zip(self.relations, self._gaps(*numbers), strict=True):
            if not (gap > 0 if isinstance(relation, (sp.Gt, sp.Lt)) else gap >= 0):
                broken = {symbol: x for symbol, x in values.items() if symbol in relation.free_symbols}
                raise OutsideDomain(
                    f"{name} has {listing(broken)}, outside the parameter space of {family!r}: "
                    f"it needs {inequality(relation)}"
                )


class Support:
    """Support compiled: which outcomes lie inside. ``columns`` have shape (d, n), coordinates first.

    An equation must be linear in the last coordinate, and ``last`` gives it from the others.
    """

    def __init__(self, support, variables, parameters):
        self.has_equation = isinstance(support, sp.ConditionSet)
        base = support.base_set if self.has_equation else support
        factors = base.args if isinstance(base, sp.ProductSet) else (base,)
        lows, highs, *kinds = zip(*map(bounds, factors), strict=True)
        self._low_open, self._high_open, self.whole = np.array(kinds, dtype=bool)[:, :, None]
        self._ends = sp.lambdify(list(parameters), [lows, highs], "numpy")
        if self.has_equation:
            last = sp.solve(support.condition, variables[-1])[0]
            self.last = sp.lambdify(list(variables[:-1]), last, "numpy")

    def bounds(self, theta):
        """Lower and upper bounds, shape (2, d)."""
        return np.array(self._ends(*theta), dtype=float)

    def contains(self, columns, theta):
        """Mask of shape (n,)."""
        low, high = self.bounds(theta)[:, :, None]
        mask = (columns > low) | ((columns == low) & ~self._low_open)
        mask &= (columns < high) | ((columns == high) & ~self._high_open)
        mask = (mask & (~self.whole | (columns == np.round(columns)))).all(0)
        if self.has_equation:
            mask &= np.abs(columns[-1] - self.last(*columns[:-1])) <= EQUALITY_TOLERANCE
        return mask

    def clip(self, columns, theta):
        """Outcomes moved to the nearest double inside, where rounding took them to a bound or beyond."""
        low, high = self.bounds(theta)[:, :, None]
        low = np.where(self._low_open, np.nextafter(low, np.inf), low)
        high = np.where(self._high_open, np.nextafter(high, -np.inf), high)
        return np.where(self.whole, columns, np.clip(columns, low, high))
