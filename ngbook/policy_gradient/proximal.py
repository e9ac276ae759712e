"""The fourth rule: many small steps on one batch, held back by a clip or a penalty.

Bad input raises ``ValueError``.
"""

import numpy as np

from ngbook._check import arrays as check
from ngbook._domain import OutsideDomain
from ngbook.policy_gradient.step import Step, assess, rejected, samples_of


class AdaptivePenalty:
    """Factor of the KL penalty in ``ppo``, which follows a target (eq-trpo-penalty).

    After each batch it is doubled if the divergence was more than 1.5 times the target, and halved if it was
    less than the target divided by 1.5. The update of Schulman et al. (2017).

    Parameters
    ----------
    target : float
        The KL divergence wanted for each batch; above 0.
    value : float
        The factor to begin with; above 0.
    """

    @check.arguments(target=check.positive, value=check.positive)
    def __init__(self, target=0.01, value=1.0):
        self.target, self.value = target, value

    @check.arguments(kl=check.not_negative)
    def adapt(self, kl) -> float:
        """Double or halve the factor, or leave it, for the divergence of the last batch, at least 0."""
        if kl > 1.5 * self.target:
            self.value *= 2
        elif kl < self.target / 1.5:
            self.value /= 2
        return self.value


def _penalty(value, name):
    return value if value is None or isinstance(value, AdaptivePenalty) else check.positive(value, name)


@check.arguments(policy=check.policy, theta=check.vector, clip=check.fraction, penalty=_penalty)
@check.arguments(optimiser=check.one_of("adam", "gradient"), step_size=check.positive)
@check.arguments(epochs=check.count, minibatches=check.count)
@np.errstate(all="ignore")  # a step that goes too far is rejected, and not warned of
def ppo(
    policy, theta, batch, advantages, rng: np.random.Generator | None = None, *,
    clip=0.2, penalty=None, optimiser="adam", step_size=3e-3, epochs=10, minibatches=4,
) -> Step:  # fmt: skip
    """Climb a surrogate in small steps: proximal policy optimisation (eq-trpo-clip, or eq-trpo-penalty).

    At the old parameters the surrogate's gradient is the policy gradient. Away from them, the clipped
    form stops rewarding an action whose probability ratio has already left [1 − clip, 1 + clip]
    in the direction that its advantage asks for. Nothing bounds the KL divergence, and a ratio can leave the
    interval on the strength of other samples. The penalised form subtracts ``penalty`` times the exact
    KL(old || new) instead, and clips nothing. Schulman et al. (2017).

    Parameters
    ----------
    policy, theta, batch, advantages
        As for ``policy_gradient``.
    rng : numpy.random.Generator or None
        Shuffles the samples; needed for more than one minibatch.
    clip : float
        c, between 0 and 1. Not used with a penalty.
    epochs : int
        Number of times that each sample is used.
    minibatches : int
        Number of parts into which the batch is shuffled for each epoch.
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
        Rejected if it would leave the parameter space.
    """
    samples = states, actions, A = samples_of(policy, batch, advantages)
    old, candidate = policy.at(theta, states), theta
    old_log_prob, ascend = old.log_prob(actions), OPTIMISERS[optimiser](step_size)
    factor = penalty.value if isinstance(penalty, AdaptivePenalty) else penalty
    try:
        for part in _minibatches(len(A), epochs, minibatches, rng):
            new = policy.at(candidate, states[part])
            ratio = np.exp(new.log_prob(actions[part]) - old_log_prob[part])  # eq-trpo-ratio
            weights = ratio * A[part]
            if penalty is None:  # eq-trpo-clip, eq-trpo-clip-zero: beyond the clip nothing is left
                weights = weights * ~np.where(A[part] > 0, ratio > 1 + clip, ratio < 1 - clip)
            gradient = new.gradient(actions[part], _finite(weights, policy.dtype))
            if penalty is not None:  # eq-trpo-penalty
                gradient = gradient - factor * new.kl_gradient(policy.at(theta, states[part]))
            candidate = candidate + ascend(gradient)
        step = assess(policy, old, theta, candidate, samples)
    except OutsideDomain as error:
        step = rejected(theta, old, f"a small step goes too far: {error}")
    if isinstance(penalty, AdaptivePenalty):
        penalty.adapt(step.kl if step.accepted else 2 * penalty.target)  # a rejected step went too far
    return step


@check.arguments(ratio=check.vector, clip=check.fraction)
def clipped_surrogate(ratio, advantages, clip=0.2):
    """Compute min(ratio A, clip(ratio, 1 − c, 1 + c) A), elementwise (eq-trpo-clip).

    It is a lower bound of ``ratio * advantages``, and flat where the ratio has left the interval in the
    direction that the advantage asks for.

    Parameters
    ----------
    ratio : ndarray of shape (n,)
        Probability of the action under the new policy, divided by that under the old one.
    advantages : ndarray of shape (n,)
        Credit of the actions.
    clip : float
        c, between 0 and 1.

    Returns
    -------
    ndarray of shape (n,)
        The surrogate of each sample.
    """
    advantages = check.vector(advantages, "advantages", ratio.size)
    if ratio.min() < 0:
        raise ValueError(f"ratio must be at least 0, but holds {ratio.min():g}: it divides two probabilities")
    return np.minimum(ratio * advantages, np.clip(ratio, 1 - clip, 1 + clip) * advantages)


def _finite(weights, dtype):
    weights = weights.astype(dtype, copy=False)
    if not np.isfinite(weights).all():
        raise OutsideDomain("a ratio of probabilities, or its product with an advantage, overflows")
    return weights


def _minibatches(count, epochs, minibatches, rng):
    """Index the minibatches of all epochs; a single one takes the samples as they are."""
    if minibatches > count:
        raise ValueError(f"minibatches is {minibatches}, but the batch has only {count} steps")
    if minibatches > 1 or rng is not None:
        check.generator(rng)
    for _ in range(epochs):
        if minibatches == 1:
            yield slice(None)
        else:
            yield from np.array_split(rng.permutation(count), minibatches)


def adam(step_size, keep=0.9, keep_square=0.999):
    """Scale steps by running means of the gradient and its square (Kingma and Ba, 2015)."""
    count = mean = square = 0

    def step(gradient):
        nonlocal count, mean, square
        count += 1
        mean = keep * mean + (1 - keep) * gradient
        square = keep_square * square + (1 - keep_square) * gradient**2
        if not np.isfinite(square).all():
            raise OutsideDomain(f"the square of a gradient of {np.abs(gradient).max():.3g} overflows")
        corrected = np.sqrt(square / (1 - keep_square**count))
        return step_size * (mean / (1 - keep**count)) / (corrected + 1e-8)

    return step


OPTIMISERS = {"adam": adam, "gradient": lambda step_size: lambda gradient: step_size * gradient}
