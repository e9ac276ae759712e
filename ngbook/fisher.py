"""The Fisher matrix, estimated: from scores, or from a KL divergence.

The score of one observation is the gradient of its log-probability in the parameters, so the
scores of n observations are an array J of shape (n, p). Both estimates below are the mean outer
product ``J.T @ J / n``, kept as a linear operator: a product with a vector costs one reading of J
(``solve.mean_outer_product``), and the p × p matrix is never formed.

They differ in *where the observations come from*, which is the whole difference between a metric
and something that only looks like one:

=====================  ==============================  ======================================
function               observations                    what it estimates
=====================  ==============================  ======================================
``sampled_fisher``     drawn from the model at theta   the Fisher matrix at theta
``empirical_fisher``   the data                        the Fisher matrix only where model and
                                                       data agree, near the optimum
=====================  ==============================  ======================================
"""

import numpy as np

from ngbook import _check as check
from ngbook._domain import OutsideDomain
from ngbook.solve import mean_outer_product

__all__ = ["empirical_fisher", "fisher_from_kl", "sampled_fisher"]

NOISE = 1e-14
"""A divergence up to this size is the rounding of zero."""


def sampled_fisher(scores):
    """The Fisher matrix at theta, from the scores of samples of the *model* at theta.

    The Fisher matrix is an expectation under the model's own distribution (eq-fisher-matrix), so
    the observations have to be drawn from the model, at the same theta that the scores are taken
    at: ``family.score(theta, family.sample(theta, n, rng))``. No data enter. The error falls as
    1/√n, and with fewer samples than parameters the estimate is singular.

    Not to be confused with ``empirical_fisher``: the same arithmetic, on other observations.

    Parameters
    ----------
    scores : ndarray of shape (n, p) or LinearOperator
        One score per row, of samples from the model. An operator has to offer products with
        itself and with its transpose.

    Returns
    -------
    LinearOperator
        Of shape (p, p), symmetric and positive semidefinite: the mean over the samples of the
        scores' outer product. ``@ np.eye(p)`` makes it dense.

    Raises
    ------
    ValueError
        If the scores are not two-dimensional, or not finite.
    """
    return mean_outer_product(scores)


def empirical_fisher(scores):
    """The mean outer product of the scores of the *data*: not the Fisher matrix.

    It is called the empirical Fisher matrix in much of the literature, and mistaking it for the
    Fisher matrix (eq-maximum-likelihood-empirical) is a classic bug, because nothing crashes:
    shapes, symmetry and sign are all right. It needs no samples from the model, which is its attraction. But

    1. it does not ask how the *distribution* changes with theta, only how the fit to these
       observations does, so it is no metric on distributions;
    2. it agrees with the Fisher matrix only where the model fits the data, at the optimum of a
       model that is right. Away from it the scores do not average to zero, and their
       outer product is dominated by the square of their mean, the gradient itself: dividing by
       it makes steps *smaller* where the gradient is large (Kunstner, Balles and Hennig,
       "Limitations of the empirical Fisher approximation", 2019).

    Parameters
    ----------
    scores : ndarray of shape (n, p) or LinearOperator
        One score per row, of the data. An operator has to offer products with itself and
        with its transpose.

    Returns
    -------
    LinearOperator
        Of shape (p, p), symmetric and positive semidefinite: the mean over the data of the
        scores' outer product, centred at zero and not at the mean score.

    Raises
    ------
    ValueError
        If the scores are not two-dimensional, or not finite.
    """
    return mean_outer_product(scores)


def fisher_from_kl(kl, theta, step=0.01):
    """The Fisher matrix as the Hessian of a KL divergence, by central differences.

    It is the Hessian of ``new -> kl(theta, new)`` at ``new = theta``, with the first argument held
    fixed at theta (eq-fisher-from-kl). This is what the blog post's ``gauss_KL_firstfixed`` is
    after: the derivative is taken twice, it is a matrix and not the sum of its rows, and ``kl`` is
    the divergence of one distribution, not the sum over a batch. If both arguments moved together
    there would be nothing to differentiate, because KL(p‖p) is zero everywhere.

    How it differs from a textbook Hessian by differences:

    1. The step is chosen in units of the divergence, not of the parameters: along each axis it is
       made so long that the KL divergence is about ``step**2 / 2``, which makes its Fisher length
       about ``step``, then halved until halving it makes the divergence fall by 4, to 0.001, as a
       quadratic does. Means of 1e6 and probabilities of 1e-6 need no tuning.
    2. The second difference, with an error of order step², is taken at this step and at half of
       it, and the two are extrapolated (Richardson), which leaves an error of order step⁴.

    The two errors that remain are truncation, relatively 1e-7 in hard cases (a Bernoulli
    probability of 1e-5; 1e-5 behind a saturating tanh) and 1e-9 in ordinary ones, and rounding, relatively
    ``10 * eps * s / step**2`` with s the size of the terms that cancel in ``kl`` and ``eps`` =
    2.2e-16: 1e-11 for the default step and s of order one. Where a third derivative jumps, as in
    the Laplace distribution's KL, expect 1e-3 only.

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

    Raises
    ------
    ValueError
        If ``kl(theta, theta)`` is not zero, ``kl`` is negative or not finite near theta, grows
        linearly in the step (a support that moves with the parameter has no Fisher matrix), or is
        zero everywhere tried, as ``kl(new, new)`` is.
    """
    kl, theta = check.function(kl, "kl", "old, new"), check.vector(theta, "theta")
    step = check.number(step, "step", above=0)
    if step > 1:
        raise ValueError(f"step must be at most 1 in Fisher length, but is {step:g}: try 0.01")

    def divergence(change):
        return _divergence(kl, theta, change)

    with np.errstate(all="ignore"):  # NaN is refused in the next line
        at_rest = _as_divergence(kl(theta.copy(), theta.copy()))
    if not abs(at_rest) < 1e-10:
        raise ValueError(
            f"kl(theta, theta) must be 0, but is {at_rest:.3g} at theta = {theta}: pass the "
            "divergence kl(old, new) itself, not a loss, at a theta inside its space"
        )
    found = [_axis_step(divergence, theta, axis, step) for axis in np.eye(theta.size)]
    if not any(moves for _, moves in found):
        raise ValueError(
            f"kl(old, new) is zero everywhere tried, with old = {theta} and each parameter of new changed "
            "in turn, in both directions: is one argument held fixed? kl(p, p) is zero for every p, so only "
            "new may move: lambda old, new: kl(old, new)"
        )
    steps = np.array([length for length, _ in found])
    coarse = _second_differences(divergence, steps)
    fine = _second_differences(divergence, steps / 2)
    return fine + (fine - coarse) / 3


def _divergence(kl, theta, change):
    """``kl(theta, theta + change)``; infinite where the changed parameters are outside their space."""
    with np.errstate(all="ignore"):  # what is not finite is reported later, with its place
        try:
            value = _as_divergence(kl(theta.copy(), theta + change))
        except OutsideDomain:
            return np.inf
    if value < -1e-8:
        raise ValueError(
            f"kl(theta, theta + change) is {value:.3g}, but a divergence is never negative: "
            f"theta = {theta}, change = {change}"
        )
    return np.inf if np.isnan(value) else value


def _as_divergence(value):
    value = np.asarray(value, dtype=float)
    if value.ndim:
        raise ValueError(f"kl must return one number, but returned shape {value.shape}: average it")
    return float(value)


def _axis_step(divergence, theta, axis, length):
    """A change along one axis, and whether the divergence depends on this parameter at all.

    The change has Fisher length ``length``, or as much as is inside and nearly quadratic. A divergence that
    levels off on its way there, as behind a saturating tanh, is tried again with a tenth of the length.
    """
    for shorter in (1, 0.1, 0.01):
        found = _search_step(divergence, theta, axis, (shorter * length) ** 2 / 2)
        if found is not None:
            return found
    raise ValueError(
        f"kl(theta, theta + change) does not go to 0 with the change along {axis}: theta = {theta} is on the "
        "edge of its space, or the support moves with the parameter and there is no Fisher matrix"
    )


def _search_step(divergence, theta, axis, target):
    """``_axis_step`` for one target of the divergence; None where it is not reached."""
    change, outside = 1e-4, np.inf
    for _ in range(60):
        reached = max(divergence(change * axis), divergence(-change * axis))
        if reached == np.inf:
            outside = change
        elif target / 2 <= reached <= 2 * target or (reached > NOISE and change > outside / 4):
            return _shorten_until_quadratic(divergence, change * axis) * change, True
        elif change > min(1e12, outside / 4):
            return None if reached > NOISE else (min(1.0, change), False)
        change = min(change * np.clip(np.sqrt(target / max(reached, 1e-300)), 0.1, 10), outside / 2)
        if np.array_equal(theta + change * axis, theta):
            break
    return None


def _shorten_until_quadratic(divergence, change):
    """The largest 2**-k that makes the divergence fall by 4, to 0.001, when the change is halved again."""
    whole = divergence(change) + divergence(-change)
    for k in range(1, 16):
        half = divergence(change / 2**k) + divergence(-change / 2**k)
        if abs(whole / half - 4) < 1e-3:
            return 2.0 ** (1 - k)
        whole, ratio = half, whole / half
    raise ValueError(
        f"kl(theta, theta + change) falls by {ratio:.2g}, not by 4, when the change is halved, down to "
        f"change = {change / 2**k}: it is not twice differentiable at theta, or too noisy for differences"
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
