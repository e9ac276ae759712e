"""Numbers that are either known to be accurate or computed again with more digits.

``Trusted`` compiles expressions of scalars into one function that follows rounding errors beside the value
(running error analysis: N. Higham, *Accuracy and Stability of Numerical Algorithms*, section 3.3). Where the
bound that it arrives at is too large, as after a cancellation or an overflow, ``mpmath`` evaluates the same
expression with so many digits that twice as many do not change it.
"""

import math
from functools import cached_property
from typing import ClassVar

import numpy as np
import sympy as sp
from sympy.codegen.cfunctions import log1p

from ngbook._domain import OutsideDomain
from ngbook.families.compiled import stable
from ngbook.families.special import LOG_SUM_EXP, SCALED_BESSEL

UNIT = 2.0**-53  # bound on the relative error of one operation
TRUSTED = 8e-13  # largest relative error, times the condition number, with which a value is taken as it is
LONGEST = 1000  # digits that an exponential is followed to: doubles end at 1e-323
MOST_DIGITS = 20_000


class Trusted:
    """Expressions of scalars, evaluated to about the last digit.

    Parameters
    ----------
    expressions : sequence of sympy.Expr
        What to evaluate.
    arguments : sequence of sympy.Symbol
        The arguments, in order.
    sensitive_to : sequence of sympy.Symbol
        Arguments whose own rounding a value may be excused with, by its derivative in them.
    """

    def __init__(self, expressions, arguments, sensitive_to=()):
        self.expressions, self.arguments = [sp.sympify(e) for e in expressions], tuple(arguments)
        self.sensitive_to = tuple(sensitive_to)

    def __call__(self, numbers):
        """Values of floats, and bounds on their errors in units of ``UNIT``."""
        try:
            found = self._bounded(*numbers)
            if found is not None and self._enough(found, numbers):
                return found
        except (ArithmeticError, ValueError):
            pass
        values = self.with_digits(numbers)
        return values, np.abs(values)

    def _enough(self, found, numbers):
        for value, error in zip(*found, strict=True):
            if not error * UNIT <= TRUSTED * abs(value) < math.inf:
                break
        else:
            return True
        if not self.sensitive_to:
            return False
        scales = [abs(value) for value in found[0]]
        slopes = self._slopes(*numbers)
        if slopes is None:
            return False
        at = [numbers[self.arguments.index(symbol)] for symbol in self.sensitive_to] * len(scales)
        effects = [abs(x * slope) for x, slope in zip(at, slopes[0], strict=True)]
        size = len(self.sensitive_to)
        scales = [scale + sum(effects[k * size : (k + 1) * size]) for k, scale in enumerate(scales)]
        return all(e * UNIT <= TRUSTED * scale < math.inf for e, scale in zip(found[1], scales, strict=True))

    @cached_property
    def _slopes(self):
        slopes = [stable(sp.diff(e, symbol)) for e in self.expressions for symbol in self.sensitive_to]
        return _compile(slopes, self.arguments)

    @cached_property
    def _bounded(self):
        return _compile([stable(e) for e in self.expressions], self.arguments)

    @cached_property
    def _precise(self):
        known = {"KroneckerDelta": lambda i, j: int(i == j)}
        return sp.lambdify(self.arguments, self.expressions, modules=[known, "mpmath"], cse=True)

    def with_digits(self, numbers):
        import mpmath

        sizes = [abs(math.log10(abs(number))) for number in numbers if number]
        digits = 30 + 3 * int(max(sizes, default=0)) + self._digits_of_powers(numbers)
        previous = None
        while digits <= MOST_DIGITS:
            with mpmath.workdps(digits):
                values = [mpmath.mpf(value) for value in self._at(numbers, mpmath)]
                if previous is not None and all(map(_settled, previous, values)):
                    break
            previous, digits = values, 2 * digits
        else:
            raise ValueError(f"{MOST_DIGITS} digits do not settle the value at {numbers}")
        return np.array([_rounded(value, numbers) for value in values])

    @cached_property
    def _powers(self):
        """Logarithms of exponentials, whose sums with ordinary numbers need as many digits."""
        atoms = set().union(*(e.atoms(sp.exp, sp.Pow) for e in self.expressions))
        bases = [(atom.as_base_exp()) for atom in atoms if isinstance(atom, sp.exp) or not atom.exp.is_number]
        return sp.lambdify(self.arguments, [power * sp.log(base) for base, power in bases], modules="mpmath")

    def _digits_of_powers(self, numbers):
        import mpmath

        with mpmath.workdps(20):
            try:
                powers = [abs(mpmath.re(power)) for power in self._powers(*map(mpmath.mpf, numbers))]
            except (ArithmeticError, ValueError, TypeError):
                return 0
            return int(min(max(powers, default=0) / mpmath.log(10), LONGEST))

    def rounded(self, numbers):
        """The one value; minus infinity where it is below the range of double precision."""
        try:
            return self.with_digits(numbers)[0]
        except OutOfRange as error:
            if error.value < 0:
                return -math.inf
            raise

    def limit(self, numbers, outcome, inwards):
        """Limits as the coordinates of an outcome come to it from the sides given by signs; NaN for none."""
        import mpmath

        near = []
        with mpmath.workdps(300):
            for step in (mpmath.mpf(10) ** -100, mpmath.mpf(10) ** -200):
                moved = [mpmath.mpf(x) + side * step for x, side in zip(outcome, inwards, strict=True)]
                near.append(self._at([*numbers, *moved], mpmath))
            finite = [abs(a - b) < mpmath.mpf(10) ** -40 for a, b in zip(*near, strict=True)]
        return np.array([float(b) if same else math.nan for b, same in zip(near[1], finite, strict=True)])

    def _at(self, numbers, mpmath):
        try:
            values = self._precise(*map(mpmath.mpf, numbers))
        except (ArithmeticError, ValueError, TypeError) as error:
            raise ValueError(f"the value at {numbers} is not defined: {error}") from error
        return [mpmath.re(value) for value in values]


def _settled(first, second):
    if first == second:
        return True
    return abs(first - second) <= 1e-19 * abs(second) or max(abs(first), abs(second)) < 1e-400


def _rounded(value, numbers):
    """The nearest double; ValueError where there is none."""
    number = float(value)
    if math.isnan(number):
        raise ValueError(f"the value at {numbers} is not defined")
    if math.isinf(number) and abs(value) != math.inf:
        raise OutOfRange(f"the value at {numbers} is outside the range of double precision", value)
    return number


class OutOfRange(OutsideDomain):
    """A value that no double is near: for an algorithm that can step back, as if the point were outside."""

    def __init__(self, message, value):
        super().__init__(message)
        self.value = value


def _compile(expressions, arguments):
    """Function of floats: values and error bounds in units of ``UNIT``, or None for "not known"."""
    writer = _Writer(arguments)
    try:
        pairs = [writer.write(expression) for expression in expressions]
    except NotImplementedError:
        return lambda *numbers: None
    values = ", ".join(value for value, _ in pairs)
    errors = ", ".join(error or "0.0" for _, error in pairs)
    lines = [f"def bounded({', '.join(writer.names.values())}):", *writer.lines]
    source = "\n    ".join([*lines, f"return ({values},), ({errors},)"])
    namespace = _functions()
    exec(source, namespace)
    return namespace["bounded"]


def _functions():
    from scipy import special

    def log_sum_exp(*terms):
        largest = max(terms)
        return largest + math.log1p(math.fsum(math.exp(term - largest) for term in terms) - 1)

    return {
        **{name: getattr(math, name) for name in ("exp", "log", "log1p", "sin", "cos", "sqrt")},
        "UNIT": UNIT,
        "loggamma": lambda x: float(special.gammaln(x)),
        "polygamma": lambda order, x: float(special.psi(x) if order == 0 else special.polygamma(order, x)),
        "bessel": lambda order, x: float(special.i0e(x) if order == 0 else special.ive(order, x)),
        "log_sum_exp": log_sum_exp,
    }


# Each error is a name or None for an exact value; LOST is added where a result may have underflown.
LOST = "1e-300"


class _Writer:
    """Lines of Python that compute a value and a bound on its error, each common part once."""

    def __init__(self, arguments):
        self.names = {symbol: f"x{k}" for k, symbol in enumerate(arguments)}
        self.lines, self.known = [], {}

    def write(self, expression):
        if expression not in self.known:
            self.known[expression] = self._write(expression)
        return self.known[expression]

    def line(self, value, error=None):
        """Name the value, and its error, a formula in which ``{v}`` is the value."""
        name = f"v{len(self.lines)}"
        self.lines.append(f"{name} = {value}")
        if error is None:
            return name, None
        bound = f"e{len(self.lines)}"
        self.lines.append(f"{bound} = {error.format(v=name)}")
        return name, bound

    def small(self, value, error, part="0.1"):
        """Give up where the error of an argument is no small part of it."""
        if error is not None:
            self.lines.append(f"if not {error} * UNIT < {part} * abs({value}): return None")

    def _write(self, e):
        if e in self.names:
            return self.names[e], None
        if e.is_number and (e.is_Rational or isinstance(e, sp.NumberSymbol)):
            number = float(e)
            exact = e.is_Rational and sp.Rational(number) == e
            return f"({number!r})", None if exact else f"{abs(number)!r}"
        for kind, method in self.METHODS.items():
            if isinstance(e, kind):
                return method(self, e)
        raise NotImplementedError(type(e))

    def _add(self, e):
        (total, error), *rest = [self.write(term) for term in sp.Add.make_args(e)]
        for value, more in rest:
            total, error = self.line(
                f"{total} + {value}", " + ".join(filter(None, (error, more, "abs({v})")))
            )
        return total, error

    def _mul(self, e):
        coefficient, rest = e.as_coeff_Mul()
        total, error = None, None
        for factor in sp.Mul.make_args(rest):
            total, error = (
                self.write(factor) if total is None else self._times((total, error), self.write(factor))
            )
        if coefficient == -1:
            return self.line(f"-{total}")[0], error
        return (total, error) if coefficient == 1 else self._times(self.write(coefficient), (total, error))

    def _times(self, left, right):
        (a, da), (b, db) = left, right
        parts = [f"abs({a}) * {db}" if db else "", f"abs({b}) * {da}" if da else "", "abs({v})", LOST]
        return self.line(f"{a} * {b}", " + ".join(filter(None, parts)))

    def _pow(self, e):
        (a, da), (b, db) = self.write(e.base), self.write(e.exp)
        self.small(a, da)
        if e.exp == -1:
            change = f" + abs({{v}} / {a}) * {da}" if da else ""
            return self.line(f"1.0 / {a}", "abs({v})" + change + f" + {LOST}")
        change = f" + abs({{v}} * {b} / {a}) * {da}" if da else ""
        change += f" + abs({{v}} * log({a})) * {db}" if db else ""
        if e.exp.is_Integer:
            return self.line(f"{a} ** {int(e.exp)}", "2 * abs({v})" + change + f" + {LOST}")
        if not db:
            self.lines.append(f"if not {a} >= 0.0: return None")
        return self.line(f"{a} ** {b}", "2 * abs({v})" + change + f" + {LOST}")

    def _exp(self, e):
        a, da = self.write(e.args[0])
        if da:
            self.lines.append(f"if not {da} * UNIT < 0.1: return None")
        return self.line(f"exp({a})", "2 * abs({v})" + (f" + abs({{v}}) * {da}" if da else "") + f" + {LOST}")

    def _log(self, e):
        a, da = self.write(e.args[0])
        self.small(a, da)
        return self.line(f"log({a})", "2 * abs({v})" + (f" + 1.2 * {da} / {a}" if da else ""))

    def _log1p(self, e):
        a, da = self.write(e.args[0])
        self.small(f"(1.0 + {a})", da)
        return self.line(f"log1p({a})", "2 * abs({v})" + (f" + 1.2 * {da} / (1.0 + {a})" if da else ""))

    def _wave(self, e):
        a, da = self.write(e.args[0])
        name = "cos" if isinstance(e, sp.cos) else "sin"
        return self.line(f"{name}({a})", "2 * abs({v})" + (f" + {da}" if da else ""))

    def _abs(self, e):
        a, da = self.write(e.args[0])
        return self.line(f"abs({a})")[0], da

    def _sign(self, e):
        a, da = self.write(e.args[0])
        self.small(a, da)
        return self.line(f"({a} > 0) - ({a} < 0.0)")

    def _loggamma(self, e):
        a, da = self.write(e.args[0])
        self.small(a, da, "1e-3")
        slope = f" + 1.2 * abs(polygamma(0, {a})) * {da}" if da else ""
        return self.line(f"loggamma({a})", "8 * abs({v}) + 2" + slope)

    def _gamma(self, e):
        return self.write(sp.exp(sp.loggamma(e.args[0]), evaluate=False))

    def _polygamma(self, e):
        order = int(e.args[0])
        a, da = self.write(e.args[1])
        self.small(a, da, "1e-3")
        slope = f" + 1.2 * abs(polygamma({order + 1}, {a})) * {da}" if da else ""
        own = "8 * abs({v}) + 1" if order == 0 else "8 * abs({v})"
        return self.line(f"polygamma({order}, {a})", own + slope)

    def _bessel(self, e):
        a, da = self.write(e.args[1])
        if da is not None or not e.args[0].is_Integer:
            raise NotImplementedError
        return self.line(f"bessel({int(e.args[0])}, {a})", "8 * abs({v})")

    def _log_sum_exp(self, e):
        terms = [self.write(term) for term in e.args]
        errors = [error for _, error in terms if error]
        change = f" + max({', '.join(errors)}, 0.0)" if errors else ""
        size = " + ".join(f"abs({value})" for value, _ in terms)
        return self.line(f"log_sum_exp({', '.join(v for v, _ in terms)})", f"4 * ({size}) + 4" + change)

    METHODS: ClassVar = {
        sp.Add: _add,
        sp.Mul: _mul,
        sp.exp: _exp,
        sp.Pow: _pow,
        sp.log: _log,
        log1p: _log1p,
        sp.cos: _wave,
        sp.sin: _wave,
        sp.Abs: _abs,
        sp.sign: _sign,
        sp.loggamma: _loggamma,
        sp.gamma: _gamma,
        sp.polygamma: _polygamma,
        sp.Function("log_gamma", real=True): _loggamma,
        SCALED_BESSEL: _bessel,
        LOG_SUM_EXP: _log_sum_exp,
    }
