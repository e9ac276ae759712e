"""The fourth rule: many small steps on one batch, held back by a clip or a penalty."""

import numpy as np

from ngbook import _check as check
from ngbook._domain import OutsideDomain
from ngbook.policy_gradient.step import Point

__all__ = ["AdaptivePenalty", "clipped_surrogate", "ppo"]


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
        The factor of the KL divergence, instead of the clip. An ``AdaptivePenalty`` is adapted to the
        step's divergence, and doubled if the step is rejected.
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
    clip = check.fraction(clip, "clip")
    epochs, minibatches = check.count(epochs, "epochs"), check.count(minibatches, "minibatches")
    step_size = check.number(step_size, "step_size", above=0)
    factor = penalty.value if isinstance(penalty, AdaptivePenalty) else penalty
    factor = None if factor is None else check.number(factor, "penalty", above=0)
    here = Point(policy, theta, batch, advantages)
    if optimiser not in ("adam", "gradient"):
        raise ValueError(f"optimiser must be 'adam' or 'gradient', but is {optimiser!r}")
    if minibatches > len(here.weights):
        raise ValueError(f"minibatches is {minibatches}, but the batch has only {len(here.weights)} steps")
    if minibatches > 1 or rng is not None:
        check.generator(rng)
    climb = _Adam(step_size) if optimiser == "adam" else lambda gradient: step_size * gradient
    try:
        candidate = _small_steps(
            here, climb, _parts(len(here.weights), epochs, minibatches, rng), clip, factor
        )
    except OutsideDomain as error:
        step = here.rejected(f"a small step goes too far: {error}")
    else:
        step = here.try_point(candidate, step_size * epochs * minibatches)
    if isinstance(penalty, AdaptivePenalty):
        if step.accepted:
            penalty.adapt(step.kl)
        else:  # it went too far, whatever the divergence of staying
            penalty.value *= 2
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
        self.target = check.number(target, "target", above=0)
        self.value = check.number(value, "value", above=0)

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
        kl = check.not_negative(kl, "kl")
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
    ratio, clip = check.vector(ratio, "ratio"), check.fraction(clip, "clip")
    advantages = check.vector(advantages, "advantages", ratio.size)
    if ratio.min() < 0:
        raise ValueError(f"ratio must be at least 0, but holds {ratio.min():g}: it divides two probabilities")
    return np.minimum(ratio * advantages, np.clip(ratio, 1 - clip, 1 + clip) * advantages)


def _small_steps(here, climb, parts, clip, penalty):
    """Where climbing the surrogate leads, one minibatch after another."""
    candidate, old = here.theta, here.log_prob
    for part in parts:
        new = here.policy.at(candidate, here.states[part])
        with np.errstate(over="ignore", invalid="ignore"):  # refused in the next line
            ratio = np.exp(new.log_prob(here.actions[part]) - old[part])
            pull = _pull(ratio, here.weights[part], clip, penalty).astype(here.policy.dtype)
        if not np.isfinite(pull).all():
            raise OutsideDomain(f"a ratio of probabilities overflows: the largest is {ratio.max():.3g}")
        gradient = new.gradient(here.actions[part], pull)
        if penalty is not None:
            gradient -= penalty * new.kl_gradient(here.policy.at(here.theta, here.states[part]))
        candidate = candidate + climb(gradient)
    return candidate


class _Adam:
    """Steps scaled by running means of the gradient and its square (Kingma and Ba, 2015)."""

    def __init__(self, step_size, keep=0.9, keep_square=0.999):
        self._step_size, self._keep, self._keep_square = step_size, keep, keep_square
        self._mean = self._square = self._count = 0

    def __call__(self, gradient):
        self._count += 1
        self._mean = self._keep * self._mean + (1 - self._keep) * gradient
        with np.errstate(over="ignore"):  # it is refused in the next line
            self._square = self._keep_square * self._square + (1 - self._keep_square) * gradient**2
        if not np.isfinite(self._square).all():
            raise OutsideDomain(f"the square of a gradient of {np.abs(gradient).max():.3g} overflows")
        mean = self._mean / (1 - self._keep**self._count)
        square = self._square / (1 - self._keep_square**self._count)
        return self._step_size * mean / (np.sqrt(square) + 1e-8)


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
