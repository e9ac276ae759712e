"""Three rules for the next parameters, each one step from one batch.

===========================  =====================================================================
``policy_gradient``          a step along the gradient
``natural_policy_gradient``  a step along the natural gradient, of given size or length
``trpo``                     the same, by conjugate gradients and with a line search on the true KL
===========================  =====================================================================

The fourth, ``ppo``, takes many small steps and has its own file.

Reinforcement learning *maximises*: the steps carry plus signs, unlike those of ``descent``. Gradient and
Fisher matrix are means over the valid steps of the batch, not sums over an episode: for episodes
of n actions the gradient of J, and the trajectory's Fisher matrix, are n times as large, and the natural
direction is the same.
"""

import numpy as np

from ngbook import _check as check
from ngbook.policies import SoftmaxPolicy
from ngbook.policy_gradient.step import Point
from ngbook.solve import conjugate_gradient

__all__ = ["natural_policy_gradient", "policy_gradient", "trpo"]


def policy_gradient(policy, theta, batch, advantages, rng=None, *, step_size):
    """A step along the gradient: ``theta + step_size * g`` (eq-policy-gradients-estimator).

    Parameters
    ----------
    policy : SoftmaxPolicy or GaussianPolicy
        The policy that acted.
    theta : ndarray of shape (p,)
        The parameters that it acted with.
    batch : Batch
        What happened.
    advantages : ndarray of shape (T, n)
        What each action is credited with.
    rng : numpy.random.Generator or None
        Not used; every rule is called alike.
    step_size : float
        α, above 0.

    Returns
    -------
    Step
        Rejected if it would leave the parameter space.

    Raises
    ------
    ValueError
        If an argument does not fit.
    """
    step_size = check.number(step_size, "step_size", above=0)
    here = Point(policy, theta, batch, advantages)
    return here.try_step(here.gradient, step_size)


def natural_policy_gradient(
    policy, theta, batch, advantages, rng=None, *, step_size=None, radius=None, damping=0.0
):
    """A step along the natural gradient (eq-natural-policy-gradient-update).

    The Fisher matrix is the mean over the batch's observations of the exact one of the policy there
    (eq-natural-policy-gradient-per-step-fisher). Small systems, of up to 64 parameters, are solved by
    Cholesky's method, which refuses a singular matrix; larger ones by conjugate gradients, which have to
    converge.

    Parameters
    ----------
    policy : SoftmaxPolicy or GaussianPolicy
        The policy that acted.
    theta : ndarray of shape (p,)
        The parameters that it acted with.
    batch : Batch
        What happened.
    advantages : ndarray of shape (T, n)
        What each action is credited with.
    rng : numpy.random.Generator or None
        Not used; every rule is called alike.
    step_size : float or None
        α, what the natural gradient is multiplied with.
    radius : float or None
        ε, instead of a step size: half the squared length of the step in the damped metric, which
        is the KL divergence of the step to leading order when there is no damping.
    damping : float
        Added to the diagonal of the Fisher matrix; at least 0, and for a softmax above 0: adding a constant
        to all of its logits changes nothing, so its Fisher matrix is singular.

    Returns
    -------
    Step
        Rejected if it would leave the parameter space, or the gradient is zero.

    Raises
    ------
    ValueError
        If an argument does not fit, not exactly one of step size and radius is given, the damped Fisher
        matrix is singular, or conjugate gradients do not converge.
    """
    damping = check.damping(damping, "damping")
    if damping == 0 and isinstance(policy, SoftmaxPolicy):
        raise ValueError(
            "damping must be greater than 0 for a SoftmaxPolicy, but is 0: adding a constant to all logits "
            "changes nothing, so its Fisher matrix is singular; try damping=0.1"
        )
    if (step_size is None) == (radius is None):
        raise ValueError(
            "give either step_size or radius: the natural gradient is multiplied with a step size, or scaled "
            f"to a length; step_size is {step_size!r} and radius is {radius!r}"
        )
    name = "step_size" if radius is None else "radius"
    number = check.number(step_size if radius is None else radius, name, above=0)
    here = Point(policy, theta, batch, advantages)
    if not here.gradient.any():
        return here.rejected("the gradient is zero")
    direction = here.natural_gradient(damping)
    scale = number if radius is None else _size_for(number, direction, here.gradient)
    return here.try_step(direction, scale)


def trpo(
    policy,
    theta,
    batch,
    advantages,
    rng=None,
    *,
    radius=0.01,
    damping=0.1,
    conjugate_gradient_iterations=10,
    contraction_factor=0.5,
    halvings=10,
):
    """Trust-region policy optimisation (eq-trpo-step, eq-trpo-line-search).

    The direction is an approximate solution of (F + damping I) x = g by conjugate gradients on products
    with the Fisher matrix, which is never formed. The step begins at the length that the quadratic model of
    the KL divergence allows (of the damped matrix, which allows a little less), and is shortened until it
    is one that can be trusted: the exact divergence KL(old || new) is at most the radius, and the surrogate
    has gained. Schulman et al. (2015).

    Parameters
    ----------
    policy : SoftmaxPolicy or GaussianPolicy
        The policy that acted.
    theta : ndarray of shape (p,)
        The parameters that it acted with.
    batch : Batch
        What happened.
    advantages : ndarray of shape (T, n)
        What each action is credited with.
    rng : numpy.random.Generator or None
        Not used; every rule is called alike.
    radius : float
        ε, the largest mean KL divergence of a step; above 0.
    damping : float
        Added to the diagonal of the Fisher matrix; at least 0. A softmax needs some: its Fisher matrix is
        singular, and without damping conjugate gradients may run off along a direction that changes nothing.
    conjugate_gradient_iterations : int
        At most so many products with the Fisher matrix.
    contraction_factor : float
        What a step that is not good enough is multiplied with; between 0 and 1.
    halvings : int
        How often that is done before the step is rejected: contractions, which are halvings at the default
        factor.

    Returns
    -------
    Step
        With ``kl`` at most the radius and ``improvement`` above 0, or rejected.

    Raises
    ------
    ValueError
        If an argument does not fit.
    """
    radius = check.number(radius, "radius", above=0)
    damping = check.damping(damping, "damping")
    iterations = check.count(conjugate_gradient_iterations, "conjugate_gradient_iterations")
    contraction_factor = check.fraction(contraction_factor, "contraction_factor")
    halvings = check.count(halvings, "halvings", least=0)
    here = Point(policy, theta, batch, advantages)
    if not here.gradient.any():
        return here.rejected("the gradient is zero")
    found = conjugate_gradient(here.fisher(), here.gradient, damping, iterations)
    if not found.solution.any():
        return here.rejected(found.message)
    direction = found.solution
    size = _size_for(radius, direction, here.gradient)
    for k in range(halvings + 1):
        step = here.try_step(direction, size * contraction_factor**k, halvings=k)
        if step.accepted and step.kl <= radius and step.improvement > 0:
            return step
    return here.rejected(f"no step within the radius gains anything, after {halvings} halvings: {_why(step)}")


def _size_for(radius, direction, gradient):
    """√(2ε / xᵀ(F + damping I)x), with (F + damping I)x = g, also for x from conjugate gradients.

    Their residual is orthogonal to everything they have searched, x included, so xᵀ(F + damping I)x = xᵀg
    however early they stopped. x and g are taken to order one first, so that advantages in any units leave
    their product above 0 and finite.
    """
    exponents = [np.frexp(np.abs(vector).max())[1] for vector in (direction, gradient)]
    product = np.ldexp(direction, -exponents[0]) @ np.ldexp(gradient, -exponents[1])
    halves, odd = divmod(-int(sum(exponents)), 2)
    with np.errstate(over="ignore"):  # an infinite size is rejected by try_step
        return np.ldexp(np.sqrt(2 * radius / product * 2**odd), halves)


def _why(step):
    if not step.accepted:
        return step.reason
    return f"the last one has KL divergence {step.kl:.3g} and changes the surrogate by {step.improvement:.3g}"
