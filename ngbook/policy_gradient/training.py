"""One loop for all rules: act, estimate advantages, update, fit the baseline, write it down."""

import copy
import sys
import time
from dataclasses import dataclass, fields

import numpy as np

from ngbook.policy_gradient._inputs import as_count, as_share
from ngbook.policy_gradient.advantages import (
    generalised_advantage,
    reward_to_go,
    standardised,
    total_return,
)
from ngbook.policy_gradient.rollouts import Rollouts
from ngbook.policy_gradient.rules import Step
from ngbook.solve import as_function, as_vector

__all__ = ["History", "Record", "Training", "progress_bar", "train"]


@dataclass(frozen=True)
class Record:
    """One iteration of a run, as ``progress`` and ``until`` are given it.

    Attributes
    ----------
    theta : ndarray of shape (p,)
        The parameters after the update.
    steps : int
        How many steps the environments have taken since the run began, all together.
    episodes : int
        How many episodes ended in this iteration.
    mean_return : float
        Their mean undiscounted return; NaN if none ended.
    kl : float
        KL(old || new) of the update, averaged over the batch.
    entropy : float
        The mean entropy of the policy that acted, in nats.
    improvement : float
        The gain of the surrogate.
    size : float
        What the rule multiplied its direction with.
    halvings : int
        How often the line search shortened the step.
    accepted : bool
        Whether the parameters were changed.
    reason : str
        Empty, or why not.
    seconds : float
        Time since the run began, ``progress`` and ``until`` left out.
    """

    theta: np.ndarray
    steps: int
    episodes: int
    mean_return: float
    kl: float
    entropy: float
    improvement: float
    size: float
    halvings: int
    accepted: bool
    reason: str
    seconds: float


@dataclass(frozen=True)
class History:
    """A run, iteration by iteration: the fields of ``Record``, one array each.

    ``theta`` has one row more than there are iterations: row i is what iteration i acted with, and
    the last row is where the run ended.

    Attributes
    ----------
    theta : ndarray of shape (K + 1, p)
        The parameters.
    steps : ndarray of shape (K,)
        As in ``Record``; so are all that follow.
    episodes : ndarray of shape (K,)
        How many episodes ended.
    mean_return : ndarray of shape (K,)
        Their mean return.
    kl : ndarray of shape (K,)
        Divergences of the updates.
    entropy : ndarray of shape (K,)
        Of the policies that acted.
    improvement : ndarray of shape (K,)
        Gains of the surrogate.
    size : ndarray of shape (K,)
        What the directions were multiplied with.
    halvings : ndarray of shape (K,)
        How often the steps were shortened.
    accepted : ndarray of shape (K,)
        Whether the parameters were changed.
    reason : tuple of str
        Why not.
    seconds : ndarray of shape (K,)
        Time since the run began.
    """

    theta: np.ndarray
    steps: np.ndarray
    episodes: np.ndarray
    mean_return: np.ndarray
    kl: np.ndarray
    entropy: np.ndarray
    improvement: np.ndarray
    size: np.ndarray
    halvings: np.ndarray
    accepted: np.ndarray
    reason: tuple
    seconds: np.ndarray

    def __len__(self):
        """The number of iterations, K."""
        return len(self.steps)


@dataclass(frozen=True)
class Training:
    """What a run came to.

    Attributes
    ----------
    theta : ndarray of shape (p,)
        The last parameters.
    history : History
        Every iteration.
    baseline : object
        The fitted baseline, or None.
    reason : str
        ``"iterations"``, ``"until"`` or ``"interrupted"``: what ended the run.
    message : str
        The reason in a sentence.
    """

    theta: np.ndarray
    history: History
    baseline: object
    reason: str
    message: str

    @property
    def interrupted(self):
        """Whether the user interrupted the run; its history ends with the last whole iteration."""
        return self.reason == "interrupted"


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
        γ, from 0 to 1. Not used by ``"total_return"``.
    trace : float
        λ, from 0 to 1. Used by ``"generalised"`` only.
    baseline : object or None
        ``MeanBaseline``, ``TimeBaseline`` or ``FourierBaseline``, or another with the same three
        methods. It is copied: the one passed stays as it is. None is a baseline of 0.
    advantage : str
        ``"generalised"``, ``"reward_to_go"`` or ``"total_return"`` (whole episodes only).
    standardise : bool
        Whether the advantages of each batch are given mean 0 and standard deviation 1.
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
        If an argument does not fit, or the environment hands out what is not finite.
    """
    iterations, steps = as_count(iterations, "iterations"), as_count(steps, "steps")
    discount, trace = as_share(discount, "discount"), as_share(trace, "trace")
    estimate = _estimator(advantage, discount, trace)
    as_function(update, "update", "policy, theta, batch, advantages, rng")
    report = _reporter(progress)
    stop = (lambda record: False) if until is None else as_function(until, "until", "record")
    _check_baseline(baseline)
    rollouts = Rollouts(environment, policy, rng)
    theta = policy.initial(rng) if theta is None else as_vector(theta, "theta", policy.size)
    baseline, update = copy.deepcopy(baseline), copy.deepcopy(update)
    start, records, seconds, reason = theta, [], 0.0, "iterations"
    try:
        for iteration in range(1, iterations + 1):
            began = time.perf_counter()
            batch = rollouts.collect(theta, steps)
            advantages, targets = estimate(batch, baseline)
            if standardise:
                advantages = standardised(batch, advantages)
            step = _checked(update(policy, theta, batch, advantages, rng))
            if baseline is not None:
                baseline.fit(batch, targets)
            seconds += time.perf_counter() - began
            theta = step.theta
            records.append(_record(step, batch, iteration * batch.valid.size, seconds))
            report(iteration, iterations, records[-1])
            if stop(records[-1]):
                reason = "until"
                break
    except KeyboardInterrupt:
        reason = "interrupted"
    if report is progress_bar and reason != "iterations":
        print(file=sys.stderr)
    history = _history(start, records)
    return Training(history.theta[-1], history, baseline, reason, _message(reason, len(records)))


def progress_bar(iteration, iterations, record):
    """One line on standard error that is written over: how far the run is, and the mean return.

    Parameters
    ----------
    iteration : int
        From 1 on.
    iterations : int
        The last one.
    record : Record
        What the iteration came to.

    Raises
    ------
    ValueError
        If the iterations are not counted from 1 to the last, or it is not a record.
    """
    iterations = as_count(iterations, "iterations")
    if as_count(iteration, "iteration") > iterations:
        raise ValueError(f"iteration is {iteration}, but the last of the iterations is {iterations}")
    if not isinstance(record, Record):
        raise ValueError(f"record must be a Record, but is {record!r}: train makes them")
    filled = round(24 * iteration / iterations)
    bar = "█" * filled + "·" * (24 - filled)
    shown = f"mean return {record.mean_return:.1f}" if record.episodes else "no episode ended"
    line = f"\r{bar} {iteration}/{iterations}  {record.steps} steps  {shown}  KL {record.kl:.4f}"
    end = "\n" if iteration == iterations else ""
    print(f"{line:<90}", end=end, file=sys.stderr, flush=True)


def _estimator(advantage, discount, trace):
    """A function of batch and baseline: the advantages, and what to fit the baseline to."""

    def generalised(batch, baseline):
        values, next_values = _values(batch, baseline)
        advantages = generalised_advantage(batch, values, next_values, discount, trace)
        return advantages, advantages + values

    def to_go(batch, baseline):
        values, next_values = _values(batch, baseline)
        returns = reward_to_go(batch, discount, next_values)
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


def _reporter(progress):
    if progress is None:
        return lambda *arguments: None
    if isinstance(progress, str):
        if progress != "bar":
            raise ValueError(f"progress must be 'bar', a function or None, but is {progress!r}")
        return progress_bar if sys.stderr.isatty() else _reporter(None)
    return as_function(progress, "progress", "iteration, iterations, record")


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


def _record(step, batch, steps, seconds):
    ended = len(batch.episode_returns)
    return Record(
        theta=step.theta,
        steps=steps,
        episodes=ended,
        mean_return=float(batch.episode_returns.mean()) if ended else float("nan"),
        kl=step.kl,
        entropy=step.entropy,
        improvement=step.improvement,
        size=step.size,
        halvings=step.halvings,
        accepted=step.accepted,
        reason=step.reason,
        seconds=seconds,
    )


def _history(start, records):
    columns = {field.name: [getattr(record, field.name) for record in records] for field in fields(Record)}
    columns["theta"].insert(0, start)
    reasons = tuple(columns.pop("reason"))
    return History(reason=reasons, **{name: np.array(column) for name, column in columns.items()})


def _message(reason, count):
    return {
        "iterations": f"all {count} iterations were run",
        "until": f"stopped by until after {count} iterations",
        "interrupted": f"interrupted by the user; {count} whole iterations are kept",
    }[reason]
