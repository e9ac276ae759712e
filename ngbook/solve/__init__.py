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

The functions that check a vector, a metric or a number for the
modules below (``fisher``, ``descent``) live here too, so that there is one place where a bad
input is recognised and explained.
"""

from ngbook.solve.conjugate import ConjugateGradient, conjugate_gradient
from ngbook.solve.dense import curvature, dense_solve
from ngbook.solve.direction import cheapest_method, natural_direction
from ngbook.solve.dual import dual_solve
from ngbook.solve.inputs import as_function, as_matrix, as_number, as_vector
from ngbook.solve.products import as_scores, mean_outer_product

__all__ = [
    "ConjugateGradient",
    "as_function",
    "as_matrix",
    "as_number",
    "as_scores",
    "as_vector",
    "cheapest_method",
    "conjugate_gradient",
    "curvature",
    "dense_solve",
    "dual_solve",
    "mean_outer_product",
    "natural_direction",
]
