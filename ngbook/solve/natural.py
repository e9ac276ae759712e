"""The natural gradient from scores."""

from ngbook._check import arrays as check
from ngbook._check import chunks as rules
from ngbook.solve.dual import dual_solve
from ngbook.solve.metric import dense_solve


@check.arguments(scores=rules.scores, gradient=check.vector, damping=check.damping)
def natural_direction(scores, gradient, damping):
    """Solve ``(S.T @ S / N + damping * I) @ x = gradient`` for N scores S: the natural gradient.

    The system is eq-conjugate-gradient-system, with the mean outer product of the scores as the metric. The
    smaller of two matrices is formed and factored: p × p between parameters, or N × N between samples. Of
    a Dask array no more than a few chunks are in memory at a time. Where both matrices are large, conjugate
    gradients need neither:
    ``conjugate_gradient(mean_outer_product(scores), gradient, damping)``.

    Parameters
    ----------
    scores, gradient
        As for ``dual_solve``.
    damping : float
        Added to the diagonal; at least 0, and above 0 with fewer samples than parameters.

    Returns
    -------
    ndarray of shape (p,)
        The natural gradient.
    """
    n, p = scores.shape
    if n < p:
        return dual_solve(scores, gradient, damping)  # eq-conjugate-gradient-dual
    check.fits(gradient, p, "gradient")
    check.formable(p)
    fisher = check.gram(scores.T @ scores, p) / n  # eq-conjugate-gradient-fisher-product
    return dense_solve(fisher, gradient, damping)  # eq-lagrangian-solve
