"""From a SymPy expression to a NumPy function that does not overflow where the expression does."""

import numpy as np
import sympy as sp

_log_sum_exp = sp.Function("log_sum_exp", real=True)
_log_gamma = sp.Function("log_gamma", real=True)
_indicator = sp.Function("indicator", real=True)
_scaled_bessel = sp.Function("scaled_bessel", positive=True)


def compile_entries(expressions, arguments):
    """Compile several expressions of scalars into one NumPy function.

    Parameters
    ----------
    expressions : sequence of sympy.Expr
        What to evaluate; common parts are evaluated once.
    arguments : sequence of sympy.Symbol
        The arguments, in order; each may be given a number or an array.

    Returns
    -------
    callable
        Of the arguments; returns a list, one number or array for each expression.
    """
    from scipy import special

    names = {
        "log_sum_exp": lambda *terms: np.logaddexp.reduce(np.broadcast_arrays(*terms), axis=0),
        "log_gamma": special.gammaln,
        "scaled_bessel": special.ive,
        "indicator": lambda i, j: np.equal(i, j).astype(float),
    }
    stable = [_stable(sp.sympify(expression)) for expression in expressions]
    return sp.lambdify(list(arguments), stable, modules=[names, "scipy", "numpy"], cse=True)


def _stable(expression):
    """Rewrite what overflows before it cancels: sums of exponentials, Bessel and Gamma functions."""
    rewritten = expression.replace(
        _is_sum_of_exponentials, lambda e: sp.exp(_log_sum_exp(*map(_log, e.args)))
    )
    rewritten = rewritten.replace(
        lambda e: isinstance(e, sp.log) and isinstance(e.args[0], sp.gamma),
        lambda e: _log_gamma(e.args[0].args[0]),
    )
    rewritten = rewritten.replace(sp.KroneckerDelta, lambda i, j: _indicator(i, j))
    rewritten = rewritten.replace(sp.besseli, lambda order, x: _scaled_bessel(order, x) * sp.exp(x))
    if rewritten == expression:
        return expression
    rewritten = rewritten.replace(sp.log, lambda argument: sp.expand_log(sp.log(argument)))
    return sp.powsimp(rewritten, combine="exp", deep=True)


def _is_sum_of_exponentials(expression):
    return (
        expression.is_Add
        and expression.has(sp.exp)
        and all(_log(term) is not None for term in expression.args)
    )


def _log(term):
    """Logarithm of a positive number times exponentials; None of anything else."""
    coefficient, rest = term.as_coeff_Mul()
    factors = [factor for factor in sp.Mul.make_args(rest) if factor != 1]
    if not coefficient.is_positive or not all(isinstance(factor, sp.exp) for factor in factors):
        return None
    return sp.log(coefficient) + sum(factor.args[0] for factor in factors)
