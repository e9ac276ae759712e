"""Problems with finitely many states and actions, where every expectation is a finite sum.

What the chapters claim about trajectories is checked on these: by adding up every trajectory there is, or by
solving the linear equations that the values obey.
Bad input raises ``ValueError``.
"""

from dataclasses import dataclass

import numpy as np

from ngbook._check import arrays as check

MOST_TRAJECTORIES = 5_000_000


@dataclass(frozen=True, eq=False)
class Trajectories:
    """All K trajectories with H actions, and how likely each is.

    Attributes
    ----------
    states : ndarray of shape (K, H + 1)
        The states s_0 ... s_H, as whole numbers; the last is where the last action led.
    actions : ndarray of shape (K, H)
        The actions a_0 ... a_{H-1}, as whole numbers.
    rewards : ndarray of shape (K, H)
        The reward of each action.
    probabilities : ndarray of shape (K,)
        The probability of each trajectory; they add up to 1.
    """

    states: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    probabilities: np.ndarray

    @property
    def returns(self):
        """The total return of each trajectory: ndarray of shape (K,)."""
        return self.rewards.sum(axis=1)


@dataclass(frozen=True, eq=False)
class MarkovDecisionProcess:
    """A task with S states and A actions, small enough to compute everything.

    Its methods take a policy as a table of shape (S, A): row s has the probabilities of the actions
    in state s. Discounted sums have no last term; their discount γ is at least 0 and below 1.

    Parameters
    ----------
    transitions : ndarray of shape (S, A, S)
        ``transitions[s, a, t]`` is the probability to reach t by action a in state s.
    rewards : ndarray of shape (S, A)
        The reward of action a in state s, finite.
    start : ndarray of shape (S,)
        The probability of each state to be the first.
    """

    transitions: np.ndarray
    rewards: np.ndarray
    start: np.ndarray

    def __post_init__(self):
        rewards = check.floats(self.rewards, "rewards")
        if rewards.ndim != 2 or rewards.size == 0 or not np.isfinite(rewards).all():
            raise ValueError(f"rewards must be finite, of shape (S, A), a row per state, but are {rewards}")
        states, actions = rewards.shape
        transitions = check.distributions(self.transitions, "transitions", (states, actions, states))
        start = check.distributions(self.start, "start", (states,))
        for name, array in (("transitions", transitions), ("rewards", rewards), ("start", start)):
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    @classmethod
    def random(cls, states, actions, rng: np.random.Generator):
        """Draw a process: probabilities uniform on their simplex, rewards standard normal."""
        states, actions = check.count(states, "states"), check.count(actions, "actions")
        return cls(
            transitions=check.generator(rng).dirichlet(np.ones(states), size=(states, actions)),
            rewards=rng.normal(size=(states, actions)),
            start=rng.dirichlet(np.ones(states)),
        )

    def trajectories(self, policy_table, horizon) -> Trajectories:
        """Enumerate trajectories with H actions, and their probabilities (eq-policy-gradients-trajectory).

        There are ``S (A S)**H``, the impossible ones included. They, and their order, do not depend on the
        policy; only ``probabilities`` does. The horizon H is at least 1; more than five million trajectories
        are refused.
        """
        table = self._policy(policy_table)
        n = check.count(horizon, "horizon")
        size, options = self.rewards.shape
        count = size * (options * size) ** n
        if count > MOST_TRAJECTORIES:
            raise ValueError(
                f"horizon {n} makes {count:.3g} trajectories, over {MOST_TRAJECTORIES:.3g}: shorten it"
            )
        # The digits of 0 ... count - 1, from the first on: s_0, a_0, s_1, ..., a_{n-1}, s_n.
        bases = np.array([size, *[options, size] * n])
        digits = np.arange(count)[:, None] // (count // np.cumprod(bases)) % bases
        states, actions = digits[:, ::2], digits[:, 1::2]
        now, following = states[:, :-1], states[:, 1:]
        factors = table[now, actions] * self.transitions[now, actions, following]
        probabilities = self.start[states[:, 0]] * factors.prod(axis=1)
        return Trajectories(states, actions, self.rewards[now, actions], probabilities)

    @check.arguments(discount=check.discount)
    def values(self, policy_table, discount):
        """Solve V = r + γPV for the value of each state, the expected discounted return from it: (S,)."""
        table = self._policy(policy_table)
        return np.linalg.solve(self._resolvent_inverse(table, discount), (table * self.rewards).sum(axis=1))

    def action_values(self, policy_table, discount):
        """Compute Q(s, a), the reward and then γ times the next value, of shape (S, A)."""
        following = self.transitions @ self.values(policy_table, discount)
        return self.rewards + discount * following

    def advantages(self, policy_table, discount):
        """Compute A(s, a) = Q(s, a) − V(s), of shape (S, A): how much better than average an action is."""
        return self.action_values(policy_table, discount) - self.values(policy_table, discount)[:, None]

    @check.arguments(discount=check.discount)
    def visitation(self, policy_table, discount):
        """Compute the discounted distribution of the states that a policy visits, normalised to 1: (S,).

        It is ``ν(s) = (1 - γ) Σ_t γᵗ P(s_t = s)`` (eq-policy-gradients-visitation), the distribution
        over states in the performance-difference lemma (eq-trpo-difference).
        """
        table = self._policy(policy_table)
        return (1 - discount) * np.linalg.solve(self._resolvent_inverse(table, discount).T, self.start)

    def objective(self, policy_table, discount) -> float:
        """Compute J, the expected discounted return from the start: a sum over all steps."""
        return float(self.start @ self.values(policy_table, discount))

    def _policy(self, policy_table):
        return check.distributions(policy_table, "policy_table", self.rewards.shape)

    def _resolvent_inverse(self, table, discount):
        """I − γP for the chain of states under a policy."""
        chain = np.einsum("sa,sat->st", table, self.transitions)
        return np.eye(len(chain)) - discount * chain
