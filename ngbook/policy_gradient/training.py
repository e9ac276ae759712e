"""One loop for all rules: act, estimate advantages, update, fit the baseline, write it down."""

import copy
import sys
import time

import numpy as np

from ngbook import _check as check
from ngbook.policy_gradient.advantages import (
    generalised_advantage,
    reward_to_go,
    standardised,
    total_return,
)
from ngbook.policy_gradient.history import Training, history_of, record_of
from ngbook.policy_gradient.progress import progress_bar, reporter
from ngbook.policy_gradient.rollouts import Rollouts
from ngbook.policy_gradient.step import Step

__all__ = ["train"]


def train(
    environment,
    policy,
    update,
    *,
    iterations,
    steps,
    rng,
    theta=None,
    discount=0.99,
    trace=0.97,
    baseline=None,
    advantage="generalised",
    standardise=True,
    until=None,
    progress="bar",
):
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
        ``update(policy, theta, batch, advantages, rng)`` and returning a ``Step``.
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
        discounted return: it counts all steps alike, where that has a factor γᵗ, as is usual.
    trace : float
        λ, from 0 to 1. Used by ``"generalised"`` only.
    baseline : object or None
        ``MeanBaseline``, ``TimeBaseline`` or ``FourierBaseline``, or another with the same three
        methods. It is copied: the one passed stays as it is. None is a baseline of 0, and for
        ``"reward_to_go"`` it means that every episode has to terminate in its batch.
    advantage : str
        ``"generalised"``, ``"reward_to_go"`` or ``"total_return"`` (whole episodes only).
    standardise : bool
        Whether the advantages of each batch are given mean 0 and standard deviation 1. The mean is the
        batch's own, which shortens the expected gradient a little, as ``standardised`` says: by the factor
        1 − 1/N for the total returns of N episodes.
    until : callable or None
        ``until(record)``, asked after each iteration: the run ends when it is true.
    progress : str, callable or None
        ``progress(iteration, iterations, record)``, called after each iteration, from 1 on.
        ``"bar"`` is ``progress_bar`` if standard error is a terminal, and otherwise silence; None is
        silence.

    Returns
    -------
    Training
        The last parameters, the history and what ended the run.

    Raises
    ------
    ValueError
        If an argument does not fit, the environment hands out what is not finite, or the estimate needs
        episodes that the batches do not have.
    """
    iterations, steps = check.count(iterations, "iterations"), check.count(steps, "steps")
    discount, trace = check.share(discount, "discount"), check.share(trace, "trace")
    estimate = _estimator(advantage, discount, trace)
    check.function(update, "update", "policy, theta, batch, advantages, rng")
    report = reporter(progress)
    stop = (lambda record: False) if until is None else check.function(until, "until", "record")
    _check_baseline(baseline)
    rollouts = Rollouts(environment, policy, rng)
    theta = policy.initial(rng) if theta is None else check.vector(theta, "theta", policy.size)
    baseline, update = copy.deepcopy(baseline), copy.deepcopy(update)
    start, records, seconds, reason = theta, [], 0.0, "iterations"
    try:
        for iteration in range(1, iterations + 1):
            began = time.perf_counter()
            batch = rollouts.collect(theta, steps)
            step = _learn(batch, theta, rollouts, estimate, baseline, standardise, update)
            seconds += time.perf_counter() - began
            theta = step.theta
            records.append(record_of(step, batch, iteration * batch.valid.size, seconds))
            report(iteration, iterations, records[-1])
            if stop(records[-1]):
                reason = "until"
                break
    except KeyboardInterrupt:
        reason = "interrupted"
    if report is progress_bar and reason != "iterations":
        print(file=sys.stderr)
    history = history_of(start, records)
    return Training(history.theta[-1], history, baseline, reason, _message(reason, len(records)))


def _learn(batch, theta, rollouts, estimate, baseline, standardise, update):
    """One update from one batch; the baseline is fitted to the batch after it has judged it."""
    advantages, targets = estimate(batch, baseline)
    if standardise:
        advantages = standardised(batch, advantages)
    step = _checked(update(rollouts.policy, theta, batch, advantages, rollouts.rng))
    if baseline is not None:
        baseline.fit(batch, targets)
    return step


def _estimator(advantage, discount, trace):
    """A function of batch and baseline: the advantages, and what to fit the baseline to."""

    def generalised(batch, baseline):
        values, next_values = _values(batch, baseline)
        advantages = generalised_advantage(batch, values, next_values, discount, trace)
        return advantages, advantages + values

    def to_go(batch, baseline):
        values, next_values = _values(batch, baseline)
        # Without a baseline nothing has a value to stand in for what the batch does not hold.
        returns = reward_to_go(batch, discount, None if baseline is None else next_values)
        return (returns - values) * batch.valid, returns

    def total(batch, baseline):
        returns = total_return(batch)
        return (returns - _values(batch, baseline)[0]) * batch.valid, returns

    estimators = {"generalised": generalised, "reward_to_go": to_go, "total_return": total}
    if advantage not in estimators:
        raise ValueError(f"advantage must be one of {', '.join(estimators)}, but is {advantage!r}")
    return estimators[advantage]


def _values(batch, baseline):
    if baseline is None:
        zero = np.zeros(batch.valid.shape)
        return zero, zero
    return baseline.values(batch), baseline.next_values(batch)


def _check_baseline(baseline):
    if isinstance(baseline, type) or not (
        baseline is None or all(hasattr(baseline, name) for name in ("fit", "values", "next_values"))
    ):
        raise ValueError(
            f"baseline must have the methods fit, values and next_values, but is {baseline!r}: "
            "MeanBaseline(), TimeBaseline(), FourierBaseline(inputs, rng), or None"
        )


def _checked(step):
    if not isinstance(step, Step):
        raise ValueError(
            f"update must return a Step, but returned a {type(step).__name__}: use a rule with its "
            "options, as in functools.partial(trpo, radius=0.01)"
        )
    return step


def _message(reason, count):
    return {
        "iterations": f"all {count} iterations were run",
        "until": f"stopped by until after {count} iterations",
        "interrupted": f"interrupted by the user; {count} whole iterations are kept",
    }[reason]
