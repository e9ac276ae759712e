"""From a SymPy expression to a NumPy function that does not overflow where the expression does."""

import sympy as sp
from sympy.codegen.cfunctions import log1p

from ngbook.families.special import LOG_SUM_EXP, MODULES, SCALED_BESSEL

_indicator = sp.Function("indicator", real=True)


def compile_entries(expressions, arguments):
    """Compile several expressions of scalars into one NumPy function.

    It takes the arguments in order, each a number or an array, and returns a list with a number or an array
    for each expression; common parts are evaluated once.
    """
    rewritten = [stable(sp.sympify(expression)) for expression in expressions]
    return sp.lambdify(list(arguments), rewritten, modules=MODULES, cse=True)


def stable(expression):
    """Rewrite what overflows before it cancels, and logarithms of numbers near one."""
    expression = expression.replace(sp.log, _logarithm)
    rewritten = expression.replace(_is_sum_of_exponentials, lambda e: sp.exp(LOG_SUM_EXP(*map(_log, e.args))))
    rewritten = rewritten.replace(sp.KroneckerDelta, lambda i, j: _indicator(i, j))
    rewritten = rewritten.replace(sp.besseli, lambda order, x: SCALED_BESSEL(order, x) * sp.exp(x))
    if rewritten == expression:
        return expression
    rewritten = rewritten.replace(sp.log, lambda argument: sp.expand_log(sp.log(argument)))
    return sp.powsimp(rewritten, combine="exp", deep=True)


def _logarithm(x):
    """``log(x)``; of one plus or minus something by ``log1p``, without the rounded sum."""
    if isinstance(x, sp.gamma):
        return sp.loggamma(x.args[0])
    return log1p(x - 1) if x.is_Add and 1 in x.args and not x.has(sp.exp) else sp.log(x)


def _is_sum_of_exponentials(expression):
    return expression.is_Add and expression.has(sp.exp) and None not in map(_log, expression.args)


def _log(term):
    """Logarithm of a positive number times exponentials; None of anything else."""
    coefficient, rest = term.as_coeff_Mul()
    factors = [factor for factor in sp.Mul.make_args(rest) if factor != 1]
    if not coefficient.is_positive or not all(isinstance(factor, sp.exp) for factor in factors):
        return None
    return sp.log(coefficient) + sum(factor.args[0] for factor in factors)
