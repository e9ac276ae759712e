"""Three rules for the next parameters, each one step from one batch.

===========================  =====================================================================
``policy_gradient``          a step along the gradient (REINFORCE)
``natural_policy_gradient``  a step along the natural gradient, of given size or length
``trpo``                     the same, by conjugate gradients and with a line search on the true KL
===========================  =====================================================================

The fourth, ``ppo``, takes many small steps and is in ``proximal``.

Reinforcement learning *maximises*: the steps carry plus signs, unlike those of ``descent``. Gradient and
Fisher matrix are means over the valid steps of the batch, not sums over an episode: for episodes
of H actions the gradient of J, and the trajectory's Fisher matrix, are H times as large, and the natural
direction is the same.

All rules are called with the policy that acted, the parameters that it acted with, of shape (p,), the
``Batch``, and one advantage for each of its steps, of shape (T, n). Bad input raises ``ValueError``.
"""

import numpy as np

from ngbook._check import arrays as check
from ngbook.policies import SoftmaxPolicy
from ngbook.policy_gradient.step import Step, assess, rejected, samples_of
from ngbook.solve import conjugate_gradient, dense_solve

DENSE_UP_TO = 64
"""Number of parameters up to which ``natural_policy_gradient`` forms its Fisher matrix."""


@check.arguments(policy=check.policy, theta=check.vector, step_size=check.positive)
@np.errstate(all="ignore")  # a step that goes too far is rejected, and not warned of
def policy_gradient(policy, theta, batch, advantages, *, step_size) -> Step:
    """Take a step along the gradient, θ + αg (eq-policy-gradients-estimator).

    Parameters
    ----------
    policy : SoftmaxPolicy or GaussianPolicy
        The policy that acted.
    theta : ndarray of shape (p,)
        Its parameters.
    batch : Batch
        The transitions that it saw.
    advantages : ndarray of shape (T, n)
        Credit of each action.
    step_size : float
        α, above 0.

    Returns
    -------
    Step
        Rejected if it would leave the parameter space.
    """
    samples = states, actions, A = samples_of(policy, batch, advantages)
    old = policy.at(theta, states)
    gradient = old.gradient(actions, A)  # eq-policy-gradients-estimator
    return assess(policy, old, theta, theta + step_size * gradient, samples)


@check.arguments(policy=check.policy, theta=check.vector, damping=check.damping)
@check.arguments(step_size=check.optional(check.positive), radius=check.optional(check.positive))
@np.errstate(all="ignore")  # a step that goes too far is rejected, and not warned of
def natural_policy_gradient(
    policy, theta, batch, advantages, *, step_size=None, radius=None, damping=0.0
) -> Step:
    """Take a step along the natural gradient (eq-natural-policy-gradient-update).

    The Fisher matrix is the mean over the batch's observations of the policy's exact one
    (eq-natural-policy-gradient-per-step-fisher). Up to 64 parameters its system is solved by Cholesky's
    method, which refuses a singular matrix; beyond, by conjugate gradients, which have to converge.

    Parameters
    ----------
    policy, theta, batch, advantages
        As for ``policy_gradient``.
    step_size : float or None
        α, the factor of the natural gradient.
    radius : float or None
        ε, instead of a step size: half the squared length of the step in the damped metric, which
        is the KL divergence of the step to leading order when there is no damping.
    damping : float
        Added to the diagonal of the Fisher matrix; at least 0, and for a softmax above 0: adding a constant
        to all of its logits changes nothing, so its Fisher matrix is singular.

    Returns
    -------
    Step
        Rejected if it would leave the parameter space, or the gradient gives no direction.
    """
    _check_options(policy, step_size, radius, damping)
    samples = states, actions, A = samples_of(policy, batch, advantages)
    old = policy.at(theta, states)
    gradient = old.gradient(actions, A)  # eq-policy-gradients-estimator
    natural = _natural_gradient(old, gradient, damping)
    slope = float(gradient @ natural)
    if not 0 < slope < np.inf:
        return rejected(theta, old, _no_direction(slope))
    if radius is not None:
        step_size = np.sqrt(2 * radius / slope)  # eq-trpo-step
    candidate = theta + step_size * natural  # eq-natural-policy-gradient-update
    return assess(policy, old, theta, candidate, samples)


@check.arguments(policy=check.policy, theta=check.vector, radius=check.positive, damping=check.damping)
@check.arguments(iterations=check.count, shrink=check.fraction, max_backtracks=check.count_or_zero)
@np.errstate(all="ignore")  # a step that goes too far is rejected, and not warned of
def trpo(
    policy, theta, batch, advantages, *,
    radius=0.01, damping=0.1, iterations=10, shrink=0.5, max_backtracks=10,
) -> Step:  # fmt: skip
    """Take the natural gradient step of trust-region policy optimisation (eq-trpo-step, eq-trpo-line-search).

    Conjugate gradients solve (F + damping I) n = g approximately, by products with the Fisher matrix, which
    is never formed. The step begins at the length that the quadratic model of the KL divergence allows (of
    the damped matrix, which allows a little less), and is shortened until the exact divergence
    KL(old || new) is at most the radius and the surrogate has gained. Schulman et al. (2015).

    Parameters
    ----------
    policy, theta, batch, advantages
        As for ``policy_gradient``.
    radius : float
        ε, the largest mean KL divergence of a step; above 0.
    damping : float
        Added to the diagonal of the Fisher matrix; at least 0. A softmax needs some: its Fisher matrix is
        singular, and without damping conjugate gradients may run off along a direction that changes nothing.
    iterations : int
        Largest number of conjugate gradient iterations, each a product with the Fisher matrix.
    shrink : float
        Factor by which the line search shortens a step; between 0 and 1.
    max_backtracks : int
        Number of times that it does so before the step is rejected.

    Returns
    -------
    Step
        With ``kl`` at most the radius and ``improvement`` above 0, or rejected.
    """
    samples = states, actions, A = samples_of(policy, batch, advantages)
    old = policy.at(theta, states)
    gradient, fisher = old.gradient(actions, A), old.fisher()
    natural = conjugate_gradient(fisher, gradient, damping, iterations).solution
    slope = float(gradient @ natural)  # nᵀ(F + damping I)n, however early it stopped
    if not 0 < slope < np.inf:
        return rejected(theta, old, _no_direction(slope))
    step = np.sqrt(2 * radius / slope) * natural  # eq-trpo-step
    for k in range(max_backtracks + 1):  # eq-trpo-line-search
        candidate = theta + shrink**k * step
        trial = assess(policy, old, theta, candidate, samples, backtracks=k)
        if trial.accepted and trial.kl <= radius and trial.improvement > 0:
            return trial
    return rejected(theta, old, _no_gain(trial, max_backtracks))


def _no_direction(slope):
    return (
        f"gᵀx, with the gradient g and the natural gradient x, must be above 0 and finite, but is {slope:g}: "
        "standardise the advantages, and add damping"
    )


def _no_gain(trial, backtracks):
    why = trial.reason or f"the last has KL divergence {trial.kl:.3g} and gains {trial.improvement:.3g}"
    return f"no step gains within the radius after {backtracks} backtracks: {why}"


def _natural_gradient(old, gradient, damping):
    if gradient.size <= DENSE_UP_TO:
        return dense_solve(old.fisher(), gradient, damping)
    result = conjugate_gradient(old.fisher(), gradient, damping)
    if not result.converged:
        raise ValueError(f"conjugate gradients have not found the natural gradient: {result.message}")
    return result.solution


def _check_options(policy, step_size, radius, damping):
    if (step_size is None) == (radius is None):
        raise ValueError(f"give either step_size or radius, but not {step_size!r} and {radius!r}")
    if damping == 0 and isinstance(policy, SoftmaxPolicy):
        raise ValueError(
            "damping must be greater than 0 for a SoftmaxPolicy, whose Fisher matrix is singular (adding a "
            "constant to all logits changes nothing), but is 0: try damping=0.1"
        )
