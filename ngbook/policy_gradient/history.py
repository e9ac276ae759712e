"""What a run came to, iteration by iteration."""

from dataclasses import dataclass, fields

import numpy as np

__all__ = ["History", "Record", "Training"]


@dataclass(frozen=True, eq=False)
class Record:
    """One iteration of a run, as ``progress`` and ``until`` are given it.

    Attributes
    ----------
    theta : ndarray of shape (p,)
        The parameters after the update.
    steps : int
        How often the environments were stepped since the run began, all together, resets included: in the
        autoreset mode ``NEXT_STEP`` one step after each episode only resets.
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
        How often the line search shortened the step, by halves unless it was told otherwise.
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


@dataclass(frozen=True, eq=False)
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


@dataclass(frozen=True, eq=False)
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


def record_of(step, batch, steps, seconds):
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


def history_of(start, records):
    columns = {field.name: [getattr(record, field.name) for record in records] for field in fields(Record)}
    columns["theta"].insert(0, start)
    reasons = tuple(columns.pop("reason"))
    return History(reason=reasons, **{name: np.array(column) for name, column in columns.items()})
