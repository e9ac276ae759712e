"""Where outcomes and parameters may lie: SymPy sets and relations, compiled to NumPy."""

import numpy as np
import sympy as sp

EQUALITY_TOLERANCE = 1e-9  # how far from an equation, as x1 + x2 + x3 = 1, an outcome may be by rounding


def greater(left, right):
    """Relation ``left > right`` that SymPy does not evaluate, whatever it assumes about the symbols."""
    return sp.StrictGreaterThan(left, right, evaluate=False)


def at_least(left, right):
    """Relation ``left >= right``, likewise not evaluated."""
    return sp.GreaterThan(left, right, evaluate=False)


def positive(*symbols):
    """Relations that say that each symbol is positive."""
    return tuple(greater(symbol, 0) for symbol in symbols)


def probability(*symbols):
    """Relations that say that each symbol lies strictly between 0 and 1."""
    return tuple(relation for symbol in symbols for relation in (greater(symbol, 0), greater(1, symbol)))


def assumed(symbols):
    """Relations that the assumptions on the symbols amount to."""
    signed = [symbol for symbol in symbols if symbol.is_positive or symbol.is_negative]
    return tuple(greater(symbol, 0) if symbol.is_positive else greater(0, symbol) for symbol in signed)


def assumed_support(variable):
    """Half-line or line for each coordinate, by its assumptions."""
    coordinates = variable if isinstance(variable, tuple) else (variable,)
    sets = [sp.Interval.open(0, sp.oo) if x.is_positive else sp.S.Reals for x in coordinates]
    return sets[0] if len(sets) == 1 else sp.ProductSet(*sets)


class Space:
    """Parameter space compiled: finds the relation that numbers violate."""

    def __init__(self, relations, symbols):
        self.relations = tuple(relations)
        gaps = [relation.gts - relation.lts for relation in self.relations]
        self._gaps = sp.lambdify(list(symbols), gaps, "numpy")

    def violated(self, values):
        """First relation that the values violate, or None."""
        for relation, gap in zip(self.relations, self._gaps(*values), strict=True):
            if not (gap > 0 if isinstance(relation, sp.StrictGreaterThan) else gap >= 0):
                return relation
        return None


class Support:
    """Support compiled: marks which outcomes lie inside."""

    def __init__(self, support, variables, parameters):
        condition, base = sp.S.true, support
        if isinstance(support, sp.ConditionSet):
            condition, base = support.condition, support.base_set
        factors = base.args if isinstance(base, sp.ProductSet) else (base,)
        limits = [bounds_of(factor) for factor in factors]
        self._strict = [tuple(map(bool, ends)) for _, _, *ends in limits]
        bounds = [bound for lower, upper, *_ in limits for bound in (lower, upper)]
        self._bounds = sp.lambdify(list(parameters), bounds, "numpy")
        self._residual = self._solved = None
        if isinstance(condition, sp.Equality):
            self._residual = sp.lambdify(list(variables), condition.lhs - condition.rhs, "numpy")
            self._equation, self._variables = condition, variables

    def contains(self, columns, theta):
        """Mask of shape (n,), from one array of shape (n,) for each coordinate."""
        bounds, mask = self._bounds(*theta), True
        for column, (lower_open, upper_open, whole), lower, upper in zip(
            columns, self._strict, bounds[::2], bounds[1::2], strict=True
        ):
            mask = mask & (column > lower if lower_open else column >= lower)
            mask = mask & (column < upper if upper_open else column <= upper)
            if whole:
                mask = mask & (column == np.round(column))
        if self._residual is not None:
            mask = mask & (np.abs(self._residual(*columns)) <= EQUALITY_TOLERANCE)
        return mask

    def bounds(self, theta):
        """Lower and upper bounds, one of each for each coordinate."""
        bounds = [float(bound) for bound in self._bounds(*theta)]
        return bounds[::2], bounds[1::2]

    def solved(self, columns):
        """Last coordinate by the equation of the support, which must be linear in it."""
        if self._solved is None:
            value = sp.solve(self._equation, self._variables[-1])[0]
            self._solved = sp.lambdify(list(self._variables[:-1]), value, "numpy")
        return self._solved(*columns)

    def on_edge(self, columns, theta):
        """For each coordinate, +1 or -1 where an outcome lies on an open bound, which way inwards; else 0."""
        bounds, sides = self._bounds(*theta), []
        for column, (lower_open, upper_open, whole), lower, upper in zip(
            columns, self._strict, bounds[::2], bounds[1::2], strict=True
        ):
            at_lower = (column == lower) & np.isfinite(lower) & lower_open & (not whole)
            at_upper = (column == upper) & np.isfinite(upper) & upper_open & (not whole)
            sides.append(at_lower.astype(int) - at_upper.astype(int))
        return sides

    def clip(self, columns, theta):
        """Outcomes moved to the nearest double inside, where rounding took them to a bound or beyond."""
        bounds, moved = self._bounds(*theta), []
        for column, (lower_open, upper_open, whole), lower, upper in zip(
            columns, self._strict, bounds[::2], bounds[1::2], strict=True
        ):
            if not whole:
                lower = np.nextafter(lower, np.inf) if lower_open else np.float64(lower)
                upper = np.nextafter(upper, -np.inf) if upper_open else np.float64(upper)
                column = np.clip(column, lower, upper)
            moved.append(column)
        return moved

    def keeps(self, old, new):
        """Whether the bounds at the new parameters hold everything inside those at the old ones."""
        pairs = list(zip(self._bounds(*old), self._bounds(*new), strict=True))
        return all(o >= n for o, n in pairs[::2]) and all(o <= n for o, n in pairs[1::2])


def bounds_of(factor):
    """Lower and upper bound, whether each is open, and whether only whole numbers count."""
    if isinstance(factor, sp.Range):
        return factor.start, factor.stop - 1, False, False, True
    if factor in (sp.S.Naturals0, sp.S.Naturals):
        return factor.inf, sp.oo, False, True, True
    if factor is sp.S.Reals:
        return -sp.oo, sp.oo, True, True, False
    if isinstance(factor, sp.Interval):
        return factor.start, factor.end, factor.left_open, factor.right_open, False
    raise ValueError(
        f"support {factor} is not an Interval, Range, Naturals, Reals or a product of them; give one of those"
    )
