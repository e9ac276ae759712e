"""The linear system behind a natural gradient: ``metric @ x = gradient``.

The natural gradient is never computed by inverting a matrix: it is the solution of a
symmetric positive definite system, and the interesting part is what to say when the metric is
*not* positive definite, and what to do when it is too large to form:

========================  =============================================================
``dense_solve``           factor the p × p matrix (Cholesky)
``dual_solve``            factor the N × N matrix between samples (Woodbury)
``natural_direction``     the one of these two with the smaller matrix
``conjugate_gradient``    products with the metric alone, in operator form
========================  =============================================================

Every function raises ``ValueError`` where a shape does not fit, an entry is not finite, or the matrix is not
a metric: not symmetric, of negative curvature (a direction p and pᵀFp are given), or singular (the null
direction and two remedies are given: damping, or a minimal chart).
"""

from ngbook.solve.conjugate import ConjugateGradient, conjugate_gradient
from ngbook.solve.dual import dual_solve
from ngbook.solve.metric import dense_solve, quadratic_form
from ngbook.solve.natural import natural_direction
from ngbook.solve.scores import mean_outer_product

__all__ = [
    "ConjugateGradient",
    "conjugate_gradient",
    "dense_solve",
    "dual_solve",
    "mean_outer_product",
    "natural_direction",
    "quadratic_form",
]
