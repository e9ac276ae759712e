"""Expectation, exactly: score, Hessian, KL and the Fisher matrix in SymPy.

Plain symbolic integration gives up on a third of the textbook distributions. Nothing here integrates. Each
distribution comes with a *rule* that knows its expectations:

1. ``MomentRule``: write the outcome through a statistic ``L`` whose moment generating function ``M`` is
   known, as ``x = exp(L) / b`` for the Gamma distribution. Every score and Hessian then is a sum of terms
   ``L**j * exp(c * L)``, and ``E[L**j * exp(c * L)]`` is the j-th derivative of ``M`` at ``c``.
2. ``BetaRule``: the same with two indices, for outcomes written through ``U ~ Beta(A, B)`` and ``V = 1 - U``.
3. ``FiniteSum``: a sum over finitely many outcomes.

With a rule at hand, ``fisher_three_ways`` derives the Fisher matrix as the mean outer product of the score,
as minus the mean Hessian and as the Hessian of ``KL(old || new)``, and proves the three equal.

Every function raises ``ValueError`` for what is not an exact expression of SymPy, for parameters that are not
different symbols, and for two symbols of one name with different assumptions, of which a derivative would
silently be zero.
"""

from ngbook.symbolic.equality import Undecided, equal
from ngbook.symbolic.forms import FisherDerivation, change_of_chart, fisher_three_ways, hessian, score
from ngbook.symbolic.printing import latex
from ngbook.symbolic.rules import BetaRule, FiniteSum, L, MomentRule, NoClosedForm, T, U, V, s

__all__ = [
    "BetaRule",
    "FiniteSum",
    "FisherDerivation",
    "L",
    "MomentRule",
    "NoClosedForm",
    "T",
    "U",
    "Undecided",
    "V",
    "change_of_chart",
    "equal",
    "fisher_three_ways",
    "hessian",
    "latex",
    "s",
    "score",
]
