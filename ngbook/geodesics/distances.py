"""The Fisher–Rao distance: in closed form where a property of the family gives one."""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import fsum

import numpy as np
import sympy as sp
from scipy.integrate import quad

from ngbook._check import arrays as check
from ngbook._check import families as declared
from ngbook.families.compiled import compile_entries
from ngbook.geodesics.boundary import gaps
from ngbook.geodesics.connection import fisher_matrix
from ngbook.geodesics.shooting import logarithm

NOTICED = 1e-10  # relative error of an integral


@dataclass(frozen=True)
class HalfPlane:
    """Coordinates in which the Fisher metric is R²(dx² + dy²)/y² (eq-geodesics-half-plane).

    Attributes
    ----------
    x : sympy.Expr
        In the parameters and constants of the family.
    y : sympy.Expr
        The same, positive.
    radius : sympy.Expr
        R, in the constants: the Gauss curvature is −1/R².
    """

    x: sp.Expr
    y: sp.Expr
    radius: sp.Expr


@check.arguments(family=declared.family)
def distance(family, start, end) -> float:
    """Measure the Fisher–Rao distance, the length of the shortest curve (eq-geodesics-distance; Rao, 1945).

    What gives the closed form is a property of the family. All distributions on finitely many outcomes lie on
    a sphere of radius 2; one parameter leaves only one way to go, whose length is an integral; a half plane
    (``half_plane``) has a formula. Otherwise it is the length of the geodesic that ``logarithm`` finds.

    Parameters
    ----------
    family : Family
        With its constants fixed.
    start, end : ndarray of shape (p,)
        Parameters.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If ``logarithm`` finds no geodesic.
    """
    old, new = family._numbers(start, "start"), family._numbers(end, "end")
    size = len(family.parameters)
    if getattr(family.support, "is_finite_set", False) and len(family.support) == size + 1:
        outcomes = [float(x) for x in family.support]
        roots = (np.exp(family.log_prob(theta, outcomes) / 2) for theta in (start, end))
        return 4 * float(np.arcsin(np.linalg.norm(np.subtract(*roots)) / 2))
    if size == 1:
        low, high = sorted((old, new), key=lambda numbers: numbers[0])
        ends = _panels(family, low, high[0])
        return _integral(lambda x: np.sqrt(family.fisher([x])[0, 0]), ends)
    if half_plane(family) is None:
        return logarithm(family, start, end).length
    (x, y, radius), (u, w, _) = (_coordinates(family._general)(*numbers) for numbers in (old, new))
    return (
        2 * radius * float(np.arcsinh(np.hypot(x - u, y - w) / np.sqrt(y * w) / 2))
    )  # eq-geodesics-half-plane


def _panels(family, numbers, high):
    """Ends of intervals in which neither the parameter nor its distance to a boundary changes much.

    Near a boundary √F is a power of the distance to it, which a rule on one long interval does not see.
    """
    low = numbers[0]
    values, slopes = (np.array(part(*numbers), dtype=float) for part in gaps(family._general)[:2])
    boundaries = low - values / slopes.reshape(values.size)
    powers = 4.0 ** np.arange(-500, 500)
    around = [[centre - powers, centre + powers] for centre in boundaries]
    large = powers[powers >= 1]
    inner = np.concatenate([np.ravel(around), large, -large])
    return [low, *np.unique(inner[(low < inner) & (inner < high)]), high]


def _integral(function, ends):
    parts = [quad(function, *panel, epsabs=0, epsrel=1e-12, full_output=1)[:2] for panel in pairwise(ends)]
    value, error = map(fsum, zip(*parts, strict=True))
    if not error <= NOTICED * value:
        raise ValueError(
            f"the integral of √F from {ends[0]:g} to {ends[-1]:g} is not known better than {value} ± {error}"
        )
    return value


@check.arguments(family=declared.family)
def half_plane(family) -> HalfPlane | None:
    """Find coordinates in which a family is a hyperbolic half plane (eq-geodesics-half-plane).

    With two parameters u and v it is one where F_uu is a function of u times one e(v), where g = F_vv and
    c = F_uv/√(F_uu/e) depend on v only, and where (d log e/dv)²/4 is a constant times g − c²/e. Then y is
    1/√e, and the constant is 1/R²: a location with a scale, after a change of one variable each.

    Parameters
    ----------
    family : Family
        Its Fisher matrix must be known in closed form.

    Returns
    -------
    HalfPlane or None
        None if the matrix is not of this form, which a family of constant negative curvature need not be in
        every chart.
    """
    plane = _half_plane(family._general)
    return plane and HalfPlane(*(sp.simplify(part.subs(family._values)) for part in plane))


@cache
def _half_plane(family):
    F, theta = fisher_matrix(family), family.parameters
    if len(theta) != 2:
        return None
    return _upright(F, *theta) or _upright(F[::-1, ::-1], *theta[::-1])


def _upright(F, u, v):
    """x, y and R if v alone scales F; else None."""
    e = F[0, 0].subs(u, 1)
    stretch = sp.sqrt(sp.simplify(F[0, 0] / e))  # dx = stretch du + …
    c, g = sp.simplify(F[0, 1] / stretch), F[1, 1]
    if v in stretch.free_symbols or u in c.free_symbols | g.free_symbols:
        return None
    inverse_square = sp.simplify(sp.diff(sp.log(e), v) ** 2 / (4 * (g - c**2 / e)))
    if {u, v} & inverse_square.free_symbols or inverse_square == 0:
        return None
    radius, unit = 1 / sp.sqrt(inverse_square), (1 / sp.sqrt(e)).as_independent(v)[0]
    x = sp.integrate(stretch, u) + sp.integrate(sp.simplify(c / e), v)
    return x / radius / unit, sp.simplify(1 / sp.sqrt(e)) / unit, radius


@cache
def _coordinates(family):
    """Function of the numbers: x, y and R."""
    return compile_entries(_half_plane(family), family.evaluation.symbols)
