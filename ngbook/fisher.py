"""The Fisher matrix, estimated: from scores, or from a KL divergence.

The score of one observation is the gradient of its log-probability in the parameters, so the
scores of n observations are an array J of shape (n, p). Both estimates from scores are the mean outer
product ``J.T @ J / n``, kept as a linear operator: a product with a vector costs one reading of J
(``solve.mean_outer_product``), and the p × p matrix is never formed; ``operator @ np.eye(p)`` is it.

They differ in *where the observations come from*, which is the whole difference between a metric
and something that only looks like one:

=====================  ==============================  ======================================
function               observations                    what it estimates
=====================  ==============================  ======================================
``sampled_fisher``     drawn from the model at theta   the Fisher matrix at theta
``empirical_fisher``   the data                        the Fisher matrix only where model and
                                                       data agree, near the optimum
=====================  ==============================  ======================================

All raise ``ValueError`` for scores that are not two-dimensional and finite, and for a function that is no
divergence, with the place where it is not.
"""

import numpy as np

from ngbook._check import arrays as check
from ngbook._domain import OutsideDomain
from ngbook.solve import mean_outer_product

__all__ = ["empirical_fisher", "fisher_from_kl", "sampled_fisher"]

NOISE = 1e-14
"""A divergence up to this size is the rounding of zero."""


def sampled_fisher(scores):
    """Average the scores' outer products over samples of the *model* at theta.

    The Fisher matrix is an expectation under the model's own distribution (eq-fisher-matrix), so
    the observations have to be drawn from the model, at the same theta that the scores are taken
    at: ``family.score(theta, family.sample(theta, n, rng))``. No data enter. The error falls as
    1/√n, and with fewer samples than parameters the estimate is singular.

    Not to be confused with ``empirical_fisher``: the same arithmetic, on other observations.

    Parameters
    ----------
    scores : ndarray of shape (n, p) or LinearOperator
        One score per row, of samples from the model.

    Returns
    -------
    LinearOperator
        Of shape (p, p), symmetric and positive semidefinite.
    """
    return mean_outer_product(scores)


def empirical_fisher(scores):
    """Average the outer products of the scores of the *data*, which is not the Fisher matrix.

    It is called the empirical Fisher matrix in much of the literature, and mistaking it for the
    Fisher matrix (eq-maximum-likelihood-empirical) is a classic bug, since nothing crashes:
    shapes, symmetry and sign are all right. It needs no samples from the model, which is its attraction. But

    1. it does not ask how the *distribution* changes with theta, only how the fit to these
       observations does, so it is not a metric on distributions;
    2. it agrees with the Fisher matrix only where the model fits the data, at the optimum of a
       model that is right. Away from it the scores do not average to zero, and the square of their
       mean, the gradient g itself, is part of the matrix: gᵀF⁻¹g stays below one, so that the step is
       bounded however large the gradient is (Kunstner, Balles and Hennig, "Limitations of the
       empirical Fisher approximation", 2019).

    Parameters
    ----------
    scores : ndarray of shape (n, p) or LinearOperator
        One score per row, of the data.

    Returns
    -------
    LinearOperator
        Of shape (p, p), symmetric and positive semidefinite, centred at zero and not at the mean score.
    """
    return mean_outer_product(scores)


@check.arguments(kl=check.divergence, theta=check.vector, step=check.at_most_one)
def fisher_from_kl(kl, theta, step=0.01):
    """Differentiate a KL divergence twice in its second argument, by central differences.

    The Fisher matrix is the Hessian of ``new -> kl(theta, new)`` at ``new = theta``, with the first argument
    held fixed (eq-fisher-from-kl). This is what the blog post's ``gauss_KL_firstfixed`` is after: the
    derivative is taken twice, it is a matrix and not the sum of its rows, and ``kl`` is the divergence of one
    distribution, not the sum over a batch.

    How it differs from a textbook Hessian by differences: the step is chosen in units of the divergence, and
    not of the parameters, so that means of 1e6 and probabilities of 1e-6 need no tuning; and the differences
    at this step and at half of it are extrapolated (Richardson), which leaves an error of order step⁴. That
    is relatively 1e-9 in ordinary cases, and 1e-7 for a Bernoulli probability of 1e-5. Rounding adds
    ``10 * eps * s / step**2``, with s the size of the terms that cancel in ``kl``: 1e-11 for s of order one.
    Where a third derivative jumps, as in the Laplace distribution's KL, expect 2e-4 only.

    Parameters
    ----------
    kl : callable
        ``kl(old, new)``, the KL divergence of the old distribution from the new one, a number,
        six times differentiable in ``new`` around ``old``. Where ``new`` is outside its space it raises
        ``OutsideDomain``, as a family's does, or returns NaN or infinity.
    theta : ndarray of shape (p,)
        The parameters, in the chart that the matrix is wanted in.
    step : float
        The largest Fisher length of a difference, above 0 and at most 1.

    Returns
    -------
    ndarray of shape (p, p)
        The Fisher matrix at theta, symmetric.
    """
    divergence = _from(theta, kl)  # change -> KL(theta, theta + change)
    steps = np.array([_axis_step(divergence, theta, axis, step**2 / 2) for axis in np.eye(theta.size)])
    _refuse_if_constant(divergence, steps, theta)
    for _ in range(16):
        coarse = _second_differences(divergence, steps)  # eq-fisher-from-kl
        fine = _second_differences(divergence, steps / 2)
        curved = np.abs(np.diag(fine - coarse)) > 3e-4 * np.diag(fine)
        if not curved.any():
            return fine + (fine - coarse) / 3
        steps = np.where(curved, steps / 2, steps)  # along these axes it is not yet quadratic
    raise ValueError(
        f"kl(theta, theta + change) has no second difference that stays when the change is halved, down to "
        f"{steps}: it is not twice differentiable at theta, or too noisy for differences"
    )


def _second_differences(divergence, steps):
    """The matrix of central second differences; the divergence at the centre is zero."""
    axes = np.diag(steps)
    hessian = np.empty((steps.size, steps.size))
    for i in range(steps.size):
        hessian[i, i] = (divergence(axes[i]) + divergence(-axes[i])) / steps[i] ** 2
        for j in range(i):
            along = divergence(axes[i] + axes[j]) + divergence(-axes[i] - axes[j])
            across = divergence(axes[i] - axes[j]) + divergence(axes[j] - axes[i])
            hessian[i, j] = hessian[j, i] = (along - across) / (4 * steps[i] * steps[j])
    if not np.isfinite(hessian).all():
        raise ValueError(
            f"kl is not finite at a distance of {steps} from theta: theta is close to the edge of its "
            "space; try a shorter step"
        )
    return hessian


def _from(theta, kl):
    """The function ``change -> kl(theta, theta + change)``, infinite outside the parameters' space."""

    def divergence(change):
        with np.errstate(all="ignore"):  # what is not finite is reported later, with its place
            try:
                value = check.one_divergence(kl(theta.copy(), theta + change))
            except OutsideDomain:
                return np.inf
        if value < -1e-8:
            raise ValueError(
                f"kl(theta, theta + change) is {value:.3g}, but a divergence is never negative: "
                f"theta = {theta}, change = {change}"
            )
        return np.inf if np.isnan(value) else value

    with np.errstate(all="ignore"):  # NaN is refused in the next line
        at_rest = check.one_divergence(kl(theta.copy(), theta.copy()))
    if not abs(at_rest) < 1e-10:
        raise ValueError(
            f"kl(theta, theta) must be 0, but is {at_rest:.3g} at theta = {theta}: pass the "
            "divergence kl(old, new) itself, not a loss, at a theta inside its space"
        )
    return divergence


def _refuse_if_constant(divergence, steps, theta):
    """Refuse a divergence that no parameter changes, as ``kl(new, new)`` is."""
    axes = np.diag(steps)
    if all(max(divergence(axis), divergence(-axis)) <= NOISE for axis in axes):
        raise ValueError(
            f"kl(old, new) is zero everywhere tried, with old = {theta} and each parameter of new changed "
            "in turn, in both directions: is one argument held fixed? kl(p, p) is zero for every p, so only "
            "new may move: lambda old, new: kl(old, new)"
        )


def _axis_step(divergence, theta, axis, target):
    """The size of a change along one axis at which the divergence is about the target.

    Less near the edge of the space, and where the divergence levels off below the target, as behind a
    saturating tanh.
    """
    size, outside = 1e-4, np.inf
    for _ in range(200):
        reached = max(divergence(size * axis), divergence(-size * axis))
        if reached == np.inf:
            outside = size
        elif target / 2 <= reached <= 2 * target or (reached > NOISE and size > outside / 4):
            return size
        elif size > min(1e12, outside / 4):
            if reached <= NOISE:
                return min(1.0, size)  # the parameter has no effect
            size, target = 1e-4, reached / 100
        size = min(size * np.clip(np.sqrt(target / max(reached, 1e-300)), 0.1, 10), outside / 2)
        if np.array_equal(theta + size * axis, theta):
            break
    raise ValueError(
        f"kl(theta, theta + change) does not go to 0 with the change along {axis}: theta = {theta} is on the "
        "edge of its space, or the support moves with the parameter and there is no Fisher matrix"
    )
