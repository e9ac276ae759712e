"""Taking a step, and following it.

Five ways to descend, which differ in what decides the length of a step:

==============================  ==================  =============================================
function                        direction           length
==============================  ==================  =============================================
``gradient_descent``            ``-g``              a step size, or a line search
``natural_gradient_descent``    ``-solve(G, g)``    a step size, or a line search
``trust_region_descent``        ``-solve(G, g)``    exactly √(2ε) in the metric (Algorithm 1)
``adaptive_trust_region``       ``-g``              what the last steps delivered of their promise
``adaptive_damping_descent``    ``-solve(G+λI,g)``  1, with a damping λ that follows the same evidence
==============================  ==================  =============================================

Each minimises, and each returns the whole ``Path``.

An argument that does not fit raises ``ValueError``; so does a metric that is not symmetric positive definite,
at the start or on the way, with the point and with what ``solve.dense_solve`` found.
"""

from ngbook.descent.damping import DampedPath, adaptive_damping_descent
from ngbook.descent.descents import (
    adaptive_trust_region,
    gradient_descent,
    natural_gradient_descent,
    trust_region_descent,
)
from ngbook.descent.line_searches import backtracking_line_search, exact_line_search
from ngbook.descent.path import Path
from ngbook.descent.steps import metric_length, trust_region_step

__all__ = [
    "DampedPath",
    "Path",
    "adaptive_damping_descent",
    "adaptive_trust_region",
    "backtracking_line_search",
    "exact_line_search",
    "gradient_descent",
    "metric_length",
    "natural_gradient_descent",
    "trust_region_descent",
    "trust_region_step",
]
