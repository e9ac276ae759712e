"""Parametric distributions, each declared once in SymPy and compiled to NumPy.

``families.normal`` and its like are objects of ``Family``; ``catalogue()`` lists them in a teaching order.
"""

from ngbook.families.discrete import bernoulli, bernoulli_logit, poisson
from ngbook.families.family import Family
from ngbook.families.gaussian import (
    log_normal,
    normal,
    normal_log_sigma,
    normal_mean,
    normal_natural,
    normal_variance,
)

_CATALOGUE = (
    bernoulli,
    bernoulli_logit,
    poisson,
    normal,
    normal_log_sigma,
    normal_variance,
    normal_natural,
    normal_mean,
    log_normal,
)

__all__ = ["Family", "catalogue", *(family.slug for family in _CATALOGUE)]


def catalogue():
    """All regular families of the book, in a teaching order.

    Returns
    -------
    dict
        From slug to ``Family``. ``uniform``, whose support moves with its parameter, is not regular and not in it.
    """
    return {family.slug: family for family in _CATALOGUE}
