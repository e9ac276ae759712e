"""The record of a run, iteration by iteration."""

from dataclasses import dataclass, fields

import numpy as np

from ngbook.policy_gradient.step import Step


@dataclass(frozen=True, eq=False, kw_only=True)
class Record(Step):
    """One iteration of a run: its ``Step``, and the episodes that ended in its batch.

    Attributes
    ----------
    steps : int
        Steps of all environments since the run began, resets included: in the autoreset mode ``NEXT_STEP``
        one step after each episode only resets.
    episodes : int
        Number of episodes that ended in this iteration.
    mean_return : float
        Their mean undiscounted return; NaN if none ended.
    """

    steps: int
    episodes: int
    mean_return: float

    @classmethod
    def _of(cls, step, batch, steps):
        if not isinstance(step, Step):
            kind = type(step).__name__
            raise ValueError(f"update must return a Step, but returned {kind}: functools.partial(trpo, ...)")
        returns = batch.episode_returns
        mean_return = float(returns.mean()) if len(returns) else float("nan")
        return cls(**vars(step), steps=steps, episodes=len(returns), mean_return=mean_return)


@dataclass(frozen=True, eq=False, kw_only=True)
class History:
    """A run of K iterations: each field of ``Record`` as an array of shape (K,), the reasons as a tuple.

    ``theta`` has shape (K + 1, p): row i is what iteration i acted with, and the last row is where the run
    ended.
    """

    theta: np.ndarray
    kl: np.ndarray
    improvement: np.ndarray
    entropy: np.ndarray
    backtracks: np.ndarray
    reason: tuple
    dropped: np.ndarray
    steps: np.ndarray
    episodes: np.ndarray
    mean_return: np.ndarray

    @classmethod
    def _of(cls, start, records):
        columns = {field.name: [getattr(record, field.name) for record in records] for field in fields(cls)}
        columns["theta"].insert(0, start)
        arrays = {name: np.array(column) for name, column in columns.items()}
        return cls(**arrays | {"reason": tuple(columns["reason"])})

    @property
    def accepted(self) -> np.ndarray:
        """Whether each step was accepted, of shape (K,)."""
        return np.array([not reason for reason in self.reason], dtype=bool)

    def __len__(self):
        """Return the number of iterations, K."""
        return len(self.steps)


@dataclass(frozen=True, eq=False)
class Training:
    """The outcome of a run.

    Attributes
    ----------
    history : History
        Every iteration.
    baseline : Baseline or None
        The fitted baseline.
    reason : str
        ``"iterations"``, ``"until"`` or ``"interrupted"``: what ended the run. An interrupted run ends with
        its last whole iteration.
    """

    history: History
    baseline: object
    reason: str

    @property
    def theta(self) -> np.ndarray:
        """The last parameters, of shape (p,)."""
        return self.history.theta[-1]

    @property
    def interrupted(self) -> bool:
        """Whether the user interrupted the run."""
        return self.reason == "interrupted"
