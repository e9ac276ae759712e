"""Four rules for the next parameters, each a plain function of one batch.

===========================  =====================================================================
``policy_gradient``          a step along the gradient
``natural_policy_gradient``  a step along the natural gradient, of given size or length
``trpo``                     the same, by conjugate gradients and with a line search on the true KL
``ppo``                      many small steps on a surrogate that is clipped, or penalised by the KL
===========================  =====================================================================

Reinforcement learning *maximises*: the steps carry plus signs, unlike those of ``descent``. Gradient and
Fisher matrix are means over the valid steps of the batch, not sums over an episode: for episodes
of n actions the gradient of J, and the trajectory's Fisher matrix, are n times as large, and the natural
direction is the same.
"""

from dataclasses import dataclass

import numpy as np

from ngbook.policy_gradient._inputs import (
    as_count,
    as_fraction,
    as_generator,
    as_not_negative,
    as_policy,
    as_step_values,
)
from ngbook.solve import as_number, as_vector, conjugate_gradient, dense_solve

__all__ = [
    "AdaptivePenalty",
    "Step",
    "clipped_surrogate",
    "natural_policy_gradient",
    "policy_gradient",
    "ppo",
    "trpo",
]


@dataclass(frozen=True)
class Step:
    """What a rule did with one batch.

    Attributes
    ----------
    theta : ndarray of shape (p,)
        The new parameters, or the old ones if the step was rejected.
    accepted : bool
        Whether the parameters were changed.
    reason : str
        Empty, or why the step was rejected.
    kl : float
        KL(old || new), exact for each observation and averaged over the batch; 0 if rejected.
    improvement : float
        The gain of the surrogate, the mean of (ratio − 1) times advantage; 0 if rejected.
    size : float
        What the rule multiplied its direction with; 0 if rejected.
    halvings : int
        How often the line search shortened the step.
    entropy : float
        The mean entropy of the old policy, in nats.
    gradient : ndarray of shape (p,)
        The estimated gradient of the mean return at the old parameters.
    """

    theta: np.ndarray
    accepted: bool
    reason: str
    kl: float
    improvement: float
    size: float
    halvings: int
    entropy: float
    gradient: np.ndarray


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
    step_size = as_number(step_size, "step_size", above=0)
    here = _Point(policy, theta, batch, advantages)
    return here.try_step(here.gradient, step_size)


def natural_policy_gradient(
    policy, theta, batch, advantages, rng=None, *, step_size=None, radius=None, damping=0.0
):
    """A step along the natural gradient (eq-natural-policy-gradient-update).

    The Fisher matrix is the mean over the batch's observations of the exact one of the policy there
    (eq-natural-policy-gradient-per-step-fisher). Small systems, of up to 64 parameters, are solved by
    Cholesky's method, which refuses a singular matrix; larger ones by conjugate gradients.

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
        Added to the diagonal of the Fisher matrix; at least 0. A softmax needs some: adding a constant to
        all of its logits changes nothing, so its Fisher matrix is singular.

    Returns
    -------
    Step
        Rejected if it would leave the parameter space, or the gradient is zero.

    Raises
    ------
    ValueError
        If an argument does not fit, not exactly one of step size and radius is given, or the damped Fisher
        matrix is singular.
    """
    damping = as_not_negative(damping, "damping")
    if (step_size is None) == (radius is None):
        raise ValueError(
            "give either step_size or radius: the natural gradient is multiplied with a step size, or scaled "
            f"to a length; step_size is {step_size!r} and radius is {radius!r}"
        )
    name = "step_size" if radius is None else "radius"
    number = as_number(step_size if radius is None else radius, name, above=0)
    here = _Point(policy, theta, batch, advantages)
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
        Added to the diagonal of the Fisher matrix; at least 0.
    conjugate_gradient_iterations : int
        At most so many products with the Fisher matrix.
    contraction_factor : float
        What a step that is not good enough is multiplied with; between 0 and 1.
    halvings : int
        How often that is done before the step is rejected.

    Returns
    -------
    Step
        With ``kl`` at most the radius and ``improvement`` above 0, or rejected.

    Raises
    ------
    ValueError
        If an argument does not fit.
    """
    radius = as_number(radius, "radius", above=0)
    damping = as_not_negative(damping, "damping")
    iterations = as_count(conjugate_gradient_iterations, "conjugate_gradient_iterations")
    contraction_factor = as_fraction(contraction_factor, "contraction_factor")
    halvings = as_count(halvings, "halvings", least=0)
    here = _Point(policy, theta, batch, advantages)
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


def ppo(
    policy,
    theta,
    batch,
    advantages,
    rng=None,
    *,
    clip=0.2,
    epochs=10,
    minibatches=4,
    step_size=3e-3,
    penalty=None,
    optimiser="adam",
):
    """Proximal policy optimisation: many steps on one batch (eq-trpo-clip, or eq-trpo-penalty).

    At the old parameters the surrogate's gradient is the policy gradient. Away from them, the clipped
    form stops rewarding an action whose probability ratio has already left [1 − clip, 1 + clip]
    in the direction that its advantage asks for. Nothing bounds the KL divergence, and a ratio can leave the
    interval on the strength of other samples. The penalised form subtracts ``penalty`` times the exact
    KL(old || new) instead, and clips nothing. Schulman et al. (2017).

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
        Shuffles the samples; needed for more than one minibatch.
    clip : float
        c, between 0 and 1. Not used with a penalty.
    epochs : int
        How often each sample is used.
    minibatches : int
        Into how many parts the batch is shuffled for each epoch.
    step_size : float
        Of each small step; above 0.
    penalty : float, AdaptivePenalty or None
        The factor of the KL divergence, instead of the clip.
    optimiser : str
        ``"adam"`` (Kingma and Ba, 2015; started afresh for each batch) or ``"gradient"``, plain steps.

    Returns
    -------
    Step
        Rejected if it would leave the parameter space. Its ``size`` is the number of small steps times
        their size.

    Raises
    ------
    ValueError
        If an argument does not fit.
    """
    clip = as_fraction(clip, "clip")
    epochs, minibatches = as_count(epochs, "epochs"), as_count(minibatches, "minibatches")
    step_size = as_number(step_size, "step_size", above=0)
    factor = penalty.value if isinstance(penalty, AdaptivePenalty) else penalty
    factor = None if factor is None else as_number(factor, "penalty", above=0)
    here = _Point(policy, theta, batch, advantages)
    if optimiser not in ("adam", "gradient"):
        raise ValueError(f"optimiser must be 'adam' or 'gradient', but is {optimiser!r}")
    if minibatches > len(here.weights):
        raise ValueError(f"minibatches is {minibatches}, but the batch has only {len(here.weights)} steps")
    if minibatches > 1 or rng is not None:
        as_generator(rng)
    climb = _Adam(step_size) if optimiser == "adam" else lambda gradient: step_size * gradient
    old = here.old.log_prob(here.actions)
    candidate = here.theta
    try:
        for part in _parts(len(old), epochs, minibatches, rng):
            new = policy.at(candidate, here.states[part])
            ratio = np.exp(new.log_prob(here.actions[part]) - old[part])
            gradient = new.gradient(here.actions[part], _pull(ratio, here.weights[part], clip, factor))
            if factor is not None:
                gradient -= factor * new.kl_gradient(policy.at(here.theta, here.states[part]))
            candidate = candidate + climb(gradient)
    except ValueError as error:
        return here.rejected(f"a small step left the parameter space: {error}")
    step = here.try_point(candidate, step_size * epochs * minibatches)
    if isinstance(penalty, AdaptivePenalty):
        penalty.adapt(step.kl)
    return step


class AdaptivePenalty:
    """The factor of the KL penalty in ``ppo``, which follows a target (eq-trpo-penalty).

    After each batch: doubled if the divergence was more than 1.5 times the target, halved if it was
    less than the target divided by 1.5. The update of Schulman et al. (2017).

    Parameters
    ----------
    target : float
        The KL divergence wanted for each batch; above 0.
    value : float
        The factor to begin with; above 0.

    Raises
    ------
    ValueError
        If one is not above 0.
    """

    def __init__(self, target=0.01, value=1.0):
        self.target = as_number(target, "target", above=0)
        self.value = as_number(value, "value", above=0)

    def adapt(self, kl):
        """Double or halve the factor, or leave it.

        Parameters
        ----------
        kl : float
            What the last batch came to; at least 0.

        Returns
        -------
        float
            The new factor.

        Raises
        ------
        ValueError
            If the divergence is not a number, at least 0.
        """
        kl = as_not_negative(kl, "kl")
        if kl > 1.5 * self.target:
            self.value *= 2
        elif kl < self.target / 1.5:
            self.value /= 2
        return self.value


def clipped_surrogate(ratio, advantages, clip=0.2):
    """min(ratio A, clip(ratio, 1 − c, 1 + c) A), elementwise (eq-trpo-clip).

    A lower bound of ``ratio * advantages``, and flat where the ratio has left the interval in the
    direction that the advantage asks for.

    Parameters
    ----------
    ratio : ndarray of shape (n,)
        Probability of the action under the new policy, divided by that under the old one.
    advantages : ndarray of shape (n,)
        What the actions are credited with.
    clip : float
        c, between 0 and 1.

    Returns
    -------
    ndarray of shape (n,)
        The surrogate of each sample.

    Raises
    ------
    ValueError
        If an argument is not finite, the shapes differ, a ratio is negative, or the clip is out of range.
    """
    ratio, clip = as_vector(ratio, "ratio"), as_fraction(clip, "clip")
    advantages = as_vector(advantages, "advantages", ratio.size)
    if ratio.min() < 0:
        raise ValueError(f"ratio must be at least 0, but holds {ratio.min():g}: it divides two probabilities")
    return np.minimum(ratio * advantages, np.clip(ratio, 1 - clip, 1 + clip) * advantages)


class _Point:
    """The old policy on its batch: what every rule begins with."""

    def __init__(self, policy, theta, batch, advantages):
        self.policy = as_policy(policy)
        self.theta = as_vector(theta, "theta", policy.size)
        advantages = as_step_values(advantages, batch, "advantages")
        self.weights = batch.flat(advantages)
        self.states = batch.flat(batch.observations)
        self.actions = batch.flat(batch.actions)
        self.old = policy.at(self.theta, self.states)
        self.gradient = self.old.gradient(self.actions, self.weights)
        self._log_prob = None

    def fisher(self):
        return _Fisher(self.policy, self.old)

    def natural_gradient(self, damping):
        if self.theta.size <= DENSE_UP_TO:
            return dense_solve(self.old.fisher(), self.gradient, damping)
        found = conjugate_gradient(self.fisher(), self.gradient, damping)
        if found.reason in ("negative curvature", "singular"):
            raise ValueError(found.message)
        return found.solution

    def try_step(self, direction, size, halvings=0):
        return self.try_point(self.theta + size * direction, size, halvings)

    def try_point(self, candidate, size, halvings=0):
        """The step to a candidate, with its exact KL, or the rejection that it is outside the space."""
        try:
            new = self.policy.at(candidate, self.states)
        except ValueError as error:
            return self.rejected(str(error))
        if self._log_prob is None:
            self._log_prob = self.old.log_prob(self.actions)
        with np.errstate(over="ignore"):
            ratio = np.exp(new.log_prob(self.actions) - self._log_prob)
        kl, improvement = float(self.old.kl(new).mean()), float(np.mean((ratio - 1) * self.weights))
        if not np.isfinite(kl + improvement):
            return self.rejected(f"the KL divergence would be {kl:g}")
        return self._step(candidate, True, "", kl, improvement, size, halvings)

    def rejected(self, reason):
        return self._step(self.theta, False, reason, 0.0, 0.0, 0.0, 0)

    def _step(self, theta, accepted, reason, kl, improvement, size, halvings):
        entropy = float(self.old.entropy().mean())
        return Step(theta, accepted, reason, kl, improvement, float(size), halvings, entropy, self.gradient)


class _Fisher:
    """The Fisher matrix as its products: what a LinearOperator is, without the .2 s of importing SciPy's."""

    def __init__(self, policy, actions):
        self.matvec = actions.fisher_product
        self.dtype, self.shape = policy.dtype, (policy.size, policy.size)

    def __matmul__(self, vector):
        return self.matvec(vector)


class _Adam:
    """Steps scaled by running means of the gradient and its square (Kingma and Ba, 2015)."""

    def __init__(self, step_size, keep=0.9, keep_square=0.999):
        self._step_size, self._keep, self._keep_square = step_size, keep, keep_square
        self._mean = self._square = self._count = 0

    def __call__(self, gradient):
        self._count += 1
        self._mean = self._keep * self._mean + (1 - self._keep) * gradient
        self._square = self._keep_square * self._square + (1 - self._keep_square) * gradient**2
        mean = self._mean / (1 - self._keep**self._count)
        square = self._square / (1 - self._keep_square**self._count)
        return self._step_size * mean / (np.sqrt(square) + 1e-8)


DENSE_UP_TO = 64
"""The number of parameters up to which ``natural_policy_gradient`` forms its Fisher matrix."""


def _size_for(radius, direction, gradient):
    """√(2ε / xᵀ(F + damping I)x), with (F + damping I)x = g, also for x from conjugate gradients.

    Their residual is orthogonal to everything they have searched, x included, so xᵀ(F + damping I)x = xᵀg
    however early they stopped.
    """
    return np.sqrt(2 * radius / (direction @ gradient))


def _why(step):
    if not step.accepted:
        return step.reason
    return f"the last one has KL divergence {step.kl:.3g} and changes the surrogate by {step.improvement:.3g}"


def _parts(count, epochs, minibatches, rng):
    """The index arrays of all minibatches of all epochs; a single one takes the samples as they are."""
    for _ in range(epochs):
        if minibatches == 1:
            yield slice(None)
        else:
            yield from np.array_split(rng.permutation(count), minibatches)


def _pull(ratio, advantages, clip, penalty):
    """What each score is multiplied with in the gradient of the surrogate."""
    if penalty is not None:
        return ratio * advantages
    outside = np.where(advantages > 0, ratio > 1 + clip, ratio < 1 - clip)
    return ratio * advantages * ~outside
