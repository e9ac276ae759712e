"""Formulas as the book prints them."""

from sympy.printing.latex import LatexPrinter

from ngbook._check import expressions as check


class _BookPrinter(LatexPrinter):
    """Differs from ``sympy.latex`` in three habits.

    1. A sum starts with a positive term where it has one: ``x - mu``, not ``-mu + x``.
    2. ``loggamma(a)`` is the logarithm of Gamma.
    3. ``polygamma(0, a)`` is psi, and its derivatives carry primes.
    """

    def _as_ordered_terms(self, expr, order=None):
        terms = super()._as_ordered_terms(expr, order=order)
        return sorted(terms, key=lambda term: term.could_extract_minus_sign())

    def _print_loggamma(self, expr, exp=None):
        return self._applied(r"\log\Gamma", expr.args[0], exp)

    def _print_polygamma(self, expr, exp=None):
        order, argument = expr.args
        name = r"\psi" + "'" * int(order) if order.is_Integer and order <= 3 else rf"\psi^{{({order})}}"
        return self._applied(name, argument, exp)

    def _applied(self, name, argument, exp):
        applied = rf"{name}\left({self._print(argument)}\right)"
        return applied if exp is None else rf"{{{applied}}}^{{{exp}}}"


def latex(expression) -> str:
    """LaTeX of an expression, in the order and with the symbols that a textbook uses.

    Parameters
    ----------
    expression : sympy.Basic or sympy.Matrix
        What to print.

    Returns
    -------
    str
        Without dollar signs.
    """
    return _BookPrinter().doprint(check.printable(expression, "expression"))
