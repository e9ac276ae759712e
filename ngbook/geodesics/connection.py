"""How the Fisher matrix changes from point to point: Christoffel symbols and curvature."""

from functools import cache

import numpy as np
import sympy as sp
from sympy.matrices.exceptions import NonInvertibleMatrixError

from ngbook._check import arrays as check
from ngbook._check import families as declared
from ngbook.families.compiled import compile_entries
from ngbook.solve.factorisation import cholesky
from ngbook.symbolic import NoClosedForm
from ngbook.symbolic.equality import tidy

_SINGULAR = (
    "is not positive definite, and does not determine geodesics: use a minimal chart, with one parameter "
    "fewer for each null direction"
)


@check.arguments(family=declared.family)
def christoffel(family) -> sp.ImmutableDenseNDimArray:
    """Derive the Christoffel symbols of the Fisher metric, exactly.

    Γ^k_ij = ½ Σ_l (F⁻¹)_kl (∂_i F_lj + ∂_j F_li − ∂_l F_ij) (eq-geodesics-christoffel). Derived once for a
    family; some seconds where the entries of F are special functions (Amari and Nagaoka, *Methods of
    Information Geometry*, 2000, section 1.6).

    Parameters
    ----------
    family : Family
        Its Fisher matrix must be known in closed form.

    Returns
    -------
    sympy.ImmutableDenseNDimArray of shape (p, p, p)
        The entry [k, i, j] is Γ^k_ij, in the parameters and constants of the family; symmetric in i and j.
    """
    return _christoffel(family._general).subs(family._values)


@cache
def _christoffel(family):
    F, theta = fisher_matrix(family), family.parameters
    try:
        inverse, slopes = F.inv(), [F.diff(x) for x in theta]
    except NonInvertibleMatrixError as error:
        raise ValueError(f"the Fisher matrix of {family!r} {_SINGULAR}") from error
    places = range(len(theta))

    def lowered(m, i, j):
        return (slopes[i][m, j] + slopes[j][m, i] - slopes[m][i, j]) / 2

    def symbol(k, i, j):  # eq-geodesics-christoffel
        return tidy(sum(inverse[k, m] * lowered(m, i, j) for m in places), family.example)

    half = {(k, i, j): symbol(k, i, j) for k in places for i in places for j in places if i <= j}
    full = [[[half[k, min(i, j), max(i, j)] for j in places] for i in places] for k in places]
    return sp.ImmutableDenseNDimArray(full)


@check.arguments(family=declared.family)
def christoffel_symbols(family, theta) -> np.ndarray:
    """Evaluate the Christoffel symbols at a point (eq-geodesics-christoffel).

    From the compiled Fisher matrix and its derivatives; no inverse is formed, neither of expressions nor of
    numbers.

    Parameters
    ----------
    family : Family
        As for ``christoffel``, with its constants fixed.
    theta : ndarray of shape (p,)
        Inside the parameter space.

    Returns
    -------
    ndarray of shape (p, p, p)
        The entry [k, i, j] is Γ^k_ij: ``np.einsum("kij,i,j", symbols, v, w)`` is Γ(v, w).
    """
    F, slopes = metric_at(family, theta)  # slopes[l] = ∂_l F
    lowered = (np.einsum("ilj->lij", slopes) + np.einsum("jli->lij", slopes) - slopes) / 2
    return np.linalg.solve(F, lowered.reshape(len(F), -1)).reshape(slopes.shape)


@check.arguments(family=declared.family)
def gauss_curvature(family) -> sp.Expr:
    """Derive the Gauss curvature of a family with two parameters, exactly.

    From the Fisher matrix and its first two derivatives (eq-geodesics-curvature, Brioschi's formula); it is
    the same in every chart (do Carmo, *Differential Geometry of Curves and Surfaces*, 1976, section 4.3).

    Parameters
    ----------
    family : Family
        With p = 2.

    Returns
    -------
    sympy.Expr
        In the parameters and constants; a number where the curvature is constant. Many digits cancel where it
        is made of special functions: ``sympy.N(curvature.subs(point), 15)`` takes as many as are needed.
    """
    return _curvature(family._general).subs(family._values)


@cache
def _curvature(family):
    if len(family.parameters) != 2:
        raise ValueError(
            f"{family!r} has p = {len(family.parameters)} parameters, but the Gauss curvature is that of a "
            "surface: give a family with p = 2"
        )
    (E, F, _, G), (u, v) = fisher_matrix(family), family.parameters
    uu = sp.Matrix([E.diff(u) / 2, F.diff(u) - E.diff(v) / 2])  # F Γ(∂u, ∂u): the symbols, lowered
    uv = sp.Matrix([E.diff(v) / 2, G.diff(u) / 2])
    vv = sp.Matrix([F.diff(v) - G.diff(u) / 2, G.diff(v) / 2])
    cofactors = sp.Matrix([[G, -F], [-F, E]])
    bend = F.diff(u, v) - (E.diff(v, v) + G.diff(u, u)) / 2
    turn = (uv.T * cofactors * uv - uu.T * cofactors * vv)[0]
    area, bend, turn = map(tidy, (E * G - F**2, bend, turn))
    return tidy(bend / area + turn / area**2)  # eq-geodesics-curvature


# --- the Fisher matrix as an expression, and compiled -------------------------------------------------------


@cache
def fisher_matrix(family):
    """The Fisher matrix in the parameters, or the reason why there is nothing to differentiate."""
    if family.moving:
        moves = f"its support {family.support} moves with the parameters"
        raise ValueError(f"{family!r} has no Fisher matrix: {moves}; choose a regular family")
    F = family.evaluation.fisher_matrix
    if F is None:
        raise NoClosedForm(
            f"the Fisher matrix of {family!r} is not known in closed form, and has to be differentiated: "
            "declare the family with a rule that knows the mean of its outer product of scores"
        )
    return F


@cache
def compiled(family):
    """Function of the numbers: the Fisher matrix, and its derivatives, shape (1 + p, p, p)."""
    F, size = fisher_matrix(family), len(family.parameters)
    entries = [entry for matrix in (F, *(F.diff(x) for x in family.parameters)) for entry in matrix]
    function = compile_entries(entries, family.evaluation.symbols)
    return lambda numbers: np.array(function(*numbers), dtype=float).reshape(1 + size, size, size)


def metric_at(family, theta, name="theta"):
    """The Fisher matrix at a point, and its derivatives; refused where it is singular."""
    numbers = family._numbers(theta, name)
    F, *slopes = compiled(family._general)(numbers)
    try:
        cholesky(F)
    except ValueError as error:
        at = f" at {name} = {check.show(np.array(theta))}"
        raise ValueError(f"the Fisher matrix of {family!r}{at} {_SINGULAR}") from error
    return F, np.array(slopes)
