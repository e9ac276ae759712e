"""Straight lines in the natural and in the mean coordinates of an exponential family."""

import numpy as np

from ngbook._check import arrays as check
from ngbook._check import families as declared


@check.arguments(family=declared.family, times=check.vector)
def e_geodesic(family, start, end, times) -> np.ndarray:
    """Go straight in the natural parameters: η(t) = (1 − t)η₀ + tη₁ (eq-geodesics-e-line).

    Its densities are the normalised geometric means of those of its ends (Amari and Nagaoka, *Methods of
    Information Geometry*, 2000, section 2.3).

    Parameters
    ----------
    family : Family
        With an exponential form of p statistics; its constants fixed.
    start, end : ndarray of shape (p,)
        Parameters at the times 0 and 1.
    times : ndarray of shape (T,)
        In any order, also beyond 0 and 1.

    Returns
    -------
    ndarray of shape (T, p)
        In the chart of the family.

    Raises
    ------
    OutsideDomain
        At a time beyond the ends, where no member of the family has such parameters.
    """
    form = _form(family, start, end)
    old, new = form.natural(start), form.natural(end)
    return np.array([form.from_natural((1 - t) * old + t * new) for t in times])  # eq-geodesics-e-line


@check.arguments(family=declared.family, times=check.vector)
def m_geodesic(family, start, end, times) -> np.ndarray:
    """Go straight in the mean parameters: m(t) = (1 − t)m₀ + tm₁ (eq-geodesics-m-line).

    Its members have the mean statistics of the mixtures of its ends, which are themselves members only where
    the family holds all distributions on its outcomes, as the categorical family does.

    Parameters
    ----------
    family, start, end, times
        As for ``e_geodesic``.

    Returns
    -------
    ndarray of shape (T, p)
        In the chart of the family.

    Raises
    ------
    OutsideDomain
        As ``e_geodesic`` does.
    """
    form = _form(family, start, end)
    old, new = form.mean(start), form.mean(end)
    return np.array([form.from_mean((1 - t) * old + t * new) for t in times])  # eq-geodesics-m-line


def _form(family, start, end):
    """The exponential form, if there is one and both ends lie in the parameter space."""
    family._numbers(start, "start"), family._numbers(end, "end")
    return family.exponential_form()
