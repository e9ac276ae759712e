"""One loop for all rules: act, estimate advantages, update, fit the baseline. Bad input: ``ValueError``."""

import copy
import inspect

import numpy as np

from ngbook._check import arrays as check
from ngbook.policy_gradient.advantages import generalised_advantage, reward_to_go, standardised, total_return
from ngbook.policy_gradient.history import History, Record, Training
from ngbook.policy_gradient.rollouts import Rollouts


@check.arguments(iterations=check.count, steps=check.count, discount=check.share, trace=check.share)
@check.arguments(advantage=check.one_of("generalised", "reward_to_go", "total_return", "returns"))
@check.arguments(update=check.called("policy, theta, batch, advantages"))
@check.arguments(baseline=check.optional(check.baseline), until=check.optional(check.called("record")))
@check.arguments(progress=check.optional(check.called("iteration, iterations, record")))
def train(
    environment, policy, update, *, iterations, steps, rng: np.random.Generator, theta=None,
    discount=0.99, trace=0.97, baseline=None, advantage="generalised", standardise=True,
    until=None, progress=None,
) -> Training:  # fmt: skip
    """Improve a policy, batch by batch, with any of the rules.

    Each iteration plays ``steps`` steps in every environment, estimates advantages with the
    baseline as fitted on the batches before (so that it does not depend on the actions that it
    judges), updates, and then fits the baseline to this batch. Interrupting the run (Ctrl+C, or the
    stop button of a notebook) ends it like any other end, with the history so far.

    Parameters
    ----------
    environment : gymnasium.vector.VectorEnv
        The task; see ``Rollouts``.
    policy : SoftmaxPolicy or GaussianPolicy
        Whose spaces fit.
    update : callable
        A rule with its options, such as ``functools.partial(trpo, radius=0.01)``: called as
        ``update(policy, theta, batch, advantages)``, with ``rng=rng`` if it has such an argument, and
        returning a ``Step``. If its fourth argument is called ``returns``, it takes these instead: see
        ``advantage``.
    iterations : int
        The largest number of iterations.
    steps : int
        Steps of each environment in an iteration.
    rng : numpy.random.Generator
        All randomness of the run: the same generator state gives the same run.
    theta : ndarray of shape (p,) or None
        Where to begin; by default ``policy.initial(rng)``.
    discount : float
        γ, from 0 to 1. Not used by ``"total_return"``. Below 1 the rules' gradient is not quite that of the
        discounted return: it counts all steps alike, where that has a factor γᵗ, as is usual. For
        ``"returns"`` it is exactly that.
    trace : float
        λ, from 0 to 1. Used by ``"generalised"`` only.
    baseline : TimeBaseline, FourierBaseline or None
        ``TimeBaseline``, ``FourierBaseline``, or another with the same three methods. It is copied: the one
        passed stays as it is. None is a baseline of 0, and for ``"reward_to_go"`` it means that every
        episode has to terminate in its batch.
    advantage : str
        ``"generalised"``, ``"reward_to_go"`` or ``"total_return"`` (whole episodes only). And ``"returns"``,
        for the rules that take returns, as ``episodic_natural_actor_critic``, and for no other: what was
        earned from each step to the end of its episode, or of the batch. It goes with ``standardise=False``
        and without a baseline, since such a rule finds its own.
    standardise : bool
        Whether the advantages of each batch are given mean 0 and standard deviation 1; see ``standardised``.
    until : callable or None
        ``until(record)``, asked after each iteration: the run ends when it is true.
    progress : callable or None
        ``progress(iteration, iterations, record)``, called after each iteration, from 1 on.

    Returns
    -------
    Training
        The last parameters, the history and what ended the run.
    """
    _refuse_mixture(update, advantage, baseline, standardise)
    update, baseline = copy.deepcopy(update), copy.deepcopy(baseline)
    draws = {"rng": rng} if "rng" in inspect.signature(update).parameters else {}
    rollouts, records, reason = Rollouts(environment, policy, rng), [], "iterations"
    theta = start = policy.initial(rng) if theta is None else check.vector(theta, "theta", policy.size)
    try:
        for iteration in range(iterations):
            batch = rollouts.collect(theta, steps)
            advantages, targets = _estimate(advantage, batch, baseline, discount, trace)
            if standardise:
                advantages = standardised(batch, advantages)
            step = update(policy, theta, batch, advantages, **draws)
            record = Record._of(step, batch, (iteration + 1) * batch.valid.size)
            if baseline is not None:
                baseline.fit(batch, targets)
            theta = record.theta
            records.append(record)
            if progress is not None:
                progress(iteration + 1, iterations, record)
            if until is not None and until(record):
                reason = "until"
                break
    except KeyboardInterrupt:
        reason = "interrupted"
    return Training(History._of(start, records), baseline, reason)


def _refuse_mixture(update, advantage, baseline, standardise):
    """A rule of which the fourth argument is called ``returns`` is given these, and no other rule is."""
    takes_returns = "returns" in inspect.signature(update).parameters
    if takes_returns and (advantage != "returns" or baseline is not None or standardise):
        raise ValueError(
            'update takes returns, and fits its own baseline to them: pass advantage="returns", '
            f"baseline=None and standardise=False, and not {advantage!r}, {baseline!r} and {standardise!r}"
        )
    if advantage == "returns" and not takes_returns:
        raise ValueError(
            f"advantage is 'returns', for a rule with an argument of this name, but update is {update!r}: "
            'use episodic_natural_actor_critic, or advantage="total_return"'
        )


def _estimate(advantage, batch, baseline, discount, trace):
    """Estimate the advantages, and what the baseline should have said."""
    values = next_values = np.zeros(batch.valid.shape)
    if baseline is not None:
        values, next_values = baseline.values(batch), baseline.next_values(batch)
    if advantage == "generalised":
        advantages = generalised_advantage(batch, values, next_values, discount, trace)
        return advantages, advantages + values
    if advantage == "total_return":
        returns = total_return(batch)
    elif advantage == "returns":  # nothing stands in for what the batch does not hold: the rule leaves it out
        returns = reward_to_go(batch, discount, next_values)
    else:  # without a baseline nothing has a value to stand in for what the batch does not hold
        returns = reward_to_go(batch, discount, None if baseline is None else next_values)
    return (returns - values) * batch.valid, returns
