"""Numbers that are either known to be accurate or computed again with more digits.

``Trusted`` compiles expressions of scalars into one function that follows rounding errors beside the value
(running error analysis: N. Higham, *Accuracy and Stability of Numerical Algorithms*, section 3.3). Where the
bound that it arrives at is too large, as after a cancellation or an overflow, ``mpmath`` evaluates the same
expression with so many digits that twice as many do not change it.
"""

import math
from contextlib import suppress
from functools import cached_property, reduce

import mpmath
import numpy as np
import sympy as sp
from sympy.codegen.cfunctions import log1p

from ngbook._domain import OutsideDomain
from ngbook.families.compiled import stable
from ngbook.families.special import LOG_SUM_EXP, MODULES, SCALED_BESSEL

UNIT = 2.0**-53  # bound on the relative error of one operation
TRUSTED = 8e-13  # largest relative error, times the condition number, with which a value is taken as it is
UNDERFLOW = sp.Float("1e-300")  # in units of UNIT: what a product may lose at the lower end of doubles
LONGEST = 1000  # digits that an exponential is followed to: doubles end at 1e-323
MOST_DIGITS = 20_000


class Trusted:
    """Expressions of scalars, evaluated to about the last digit.

    ``sensitive_to`` lists the arguments whose own rounding a value may be excused with, by its derivative in
    them.
    """

    def __init__(self, expressions, arguments, sensitive_to=()):
        self.expressions, self.arguments = [sp.sympify(e) for e in expressions], tuple(arguments)
        self.sensitive_to = tuple(sensitive_to)

    def __call__(self, numbers):
        """Values at floats, and bounds on their errors; a value that no double is near is refused."""
        with np.errstate(all="ignore"), suppress(ArithmeticError):
            values, errors = np.reshape(self._bounded(*numbers), (2, -1)) * [[1], [UNIT]]
            allowed = TRUSTED * (np.abs(values) + self._effects(*numbers))
            if np.all((errors <= allowed) & (allowed < np.inf)):
                return values, errors
        values = self.with_digits(numbers)
        if not np.isfinite(values).all():
            raise OutsideDomain(f"the value at {numbers} is outside the range of double precision")
        return values, UNIT * np.abs(values)

    @cached_property
    def _bounded(self):
        try:
            return _with_bounds([stable(e) for e in self.expressions], self.arguments)
        except NotImplementedError:  # a Piecewise, say
            return lambda *numbers: [math.nan] * (2 * len(self.expressions))

    @cached_property
    def _effects(self):
        effects = [
            sum(sp.Abs(y * stable(sp.diff(e, y))) for y in self.sensitive_to) for e in self.expressions
        ]
        return sp.lambdify(self.arguments, effects, modules=MODULES, cse=True)

    # --- with more digits

    @cached_property
    def _precise(self):
        known = {"KroneckerDelta": lambda i, j: int(i == j)}
        return sp.lambdify(self.arguments, self.expressions, modules=[known, "mpmath"], cse=True)

    def with_digits(self, numbers):
        """Values at floats, by as many digits as it takes; infinite beyond the range of doubles."""
        sizes = [abs(math.log10(abs(number))) for number in numbers if number]
        digits = 30 + 3 * int(max(sizes, default=0)) + self._digits_of_powers(numbers)
        previous = None
        while digits <= MOST_DIGITS:
            with mpmath.workdps(digits):
                values = self.at(numbers)
                if previous is not None and all(map(_settled, previous, values)):
                    return np.array(values, dtype=float)
            previous, digits = values, 2 * digits
        raise ValueError(f"{MOST_DIGITS} digits do not settle the value at {numbers}")

    @cached_property
    def _powers(self):
        """Logarithms of exponentials, whose sums with ordinary numbers need as many digits."""
        atoms = set().union(*(e.atoms(sp.exp, sp.Pow) for e in self.expressions))
        bases = [atom.as_base_exp() for atom in atoms if isinstance(atom, sp.exp) or not atom.exp.is_number]
        return sp.lambdify(self.arguments, [power * sp.log(base) for base, power in bases], modules="mpmath")

    def _digits_of_powers(self, numbers):
        with mpmath.workdps(20):
            try:
                powers = [abs(mpmath.re(power)) for power in self._powers(*map(mpmath.mpf, numbers))]
            except (ArithmeticError, ValueError, TypeError):
                return 0
            return int(min(max(powers, default=0) / mpmath.log(10), LONGEST))

    def limit(self, numbers, outcome, inwards):
        """Limits as the coordinates of an outcome come to it from the sides given by signs; NaN for none."""
        near = []
        with mpmath.workdps(300):
            for step in (mpmath.mpf(10) ** -100, mpmath.mpf(10) ** -200):
                point = [mpmath.mpf(x) + side * step for x, side in zip(outcome, inwards, strict=True)]
                near.append(self.at([*numbers, *point]))
            return [float(b) if abs(a - b) < 1e-40 else math.nan for a, b in zip(*near, strict=True)]

    def at(self, numbers):
        """Values in the digits of the context."""
        try:
            values = self._precise(*map(mpmath.mpf, numbers))
        except (ArithmeticError, ValueError, TypeError) as error:
            raise ValueError(f"the value at {numbers} is not defined: {error}") from error
        values = [mpmath.mpf(mpmath.re(value)) for value in values]
        if any(map(mpmath.isnan, values)):
            raise ValueError(f"the value at {numbers} is not defined")
        return values


def _settled(first, second):
    size = max(abs(first), abs(second))
    return first == second or abs(first - second) <= 1e-19 * size or size < 1e-400


def _with_bounds(expressions, arguments):
    """Function of floats: the values, then bounds on their errors in units of ``UNIT``.

    The error of a step is its own rounding, and the errors of its arguments times its derivatives in them.
    """
    steps, known = [], {symbol: (symbol, sp.S.Zero) for symbol in arguments}

    def name(letter, formula):
        if formula.is_Atom:
            return formula
        steps.append((sp.Symbol(f"{letter}{len(steps)}", real=True), formula))
        return steps[-1][0]

    def add(left, right):
        value = name("v", left[0] + right[0])
        return value, name("e", left[1] + right[1] + sp.Abs(value))

    def visit(e):
        if e in known:
            return known[e]
        if e.is_Add:
            return known.setdefault(e, reduce(add, map(visit, e.args)))
        if e.is_Rational or isinstance(e, sp.NumberSymbol):
            return e, sp.S.Zero if e.is_Rational and sp.Rational(float(e)) == e else abs(e)
        at, errors = zip(*map(visit, e.args), strict=True)
        slots = [sp.Dummy(real=True) if error else value for value, error in zip(at, errors, strict=True)]
        value, values = name("v", e.func(*at)), dict(zip(slots, at, strict=True))
        error = _own_error(e, at, sp.Abs(value))
        for slot, passed_on in zip(slots, errors, strict=True):
            if passed_on and not isinstance(e, sp.sign):
                error += sp.Abs(sp.diff(e.func(*slots), slot).xreplace(values)) * passed_on
        known[e] = value, name("e", error)
        return known[e]

    pairs = [visit(expression) for expression in expressions]
    results = [part for parts in zip(*pairs, strict=True) for part in parts]
    return sp.lambdify(arguments, results, modules=MODULES, cse=lambda _: (steps, results))


def _own_error(e, at, size):
    """Bound on the rounding error of one step, in units of ``UNIT``."""
    if e.is_Mul:
        return (len(at) - 1 - (at[0] == -1)) * size + UNDERFLOW
    if isinstance(e, (sp.Pow, sp.exp, sp.log, log1p, sp.cos, sp.sin)):
        return 2 * size + UNDERFLOW
    if isinstance(e, (sp.Abs, sp.sign)):
        return sp.S.Zero
    if isinstance(e, (sp.loggamma, sp.polygamma, sp.gamma, SCALED_BESSEL)):
        return 8 * size + 2 * (isinstance(e, sp.loggamma) or e.args[0] == 0)
    if isinstance(e, LOG_SUM_EXP):
        return 4 * sum(map(sp.Abs, at)) + 4
    raise NotImplementedError(type(e))
