"""The linear system behind a natural gradient: ``metric @ x = gradient``.

The natural gradient is never computed by inverting a matrix: it is the solution of a
symmetric positive definite system, and the interesting part is what to say when the metric is
*not* positive definite, and what to do when it is too large to form:

========================  =============================================================
``dense_solve``           factor the p × p matrix (Cholesky)
``conjugate_gradient``    products with the metric alone, in operator form
``dual_solve``            factor the n × n matrix between samples (Woodbury)
``natural_direction``     one of these, the cheapest unless told otherwise
========================  =============================================================

"""

from ngbook.solve.conjugate import ConjugateGradient, conjugate_gradient
from ngbook.solve.dense import curvature, dense_solve
from ngbook.solve.direction import cheapest_method, natural_direction
from ngbook.solve.dual import dual_solve
from ngbook.solve.products import mean_outer_product

__all__ = [
    "ConjugateGradient",
    "cheapest_method",
    "conjugate_gradient",
    "curvature",
    "dense_solve",
    "dual_solve",
    "mean_outer_product",
    "natural_direction",
]
