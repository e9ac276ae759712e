"""Problems with finitely many states and actions, where every expectation is a finite sum.

What the chapters claim about trajectories is checked on these: by adding up every trajectory there is, or by
solving the linear equations that the values obey.
"""

from dataclasses import dataclass

import numpy as np

from ngbook import _check as check

MOST_TRAJECTORIES = 5_000_000


@dataclass(frozen=True, eq=False)
class Trajectories:
    """All K trajectories with n actions, and how likely each is.

    Attributes
    ----------
    states : ndarray of shape (K, n + 1)
        The states s_0 ... s_n, as whole numbers; the last is where the last action led.
    actions : ndarray of shape (K, n)
        The actions a_0 ... a_{n-1}, as whole numbers.
    rewards : ndarray of shape (K, n)
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
    in state s. The discounted quantities go on for ever, with a discount γ in [0, 1).

    Parameters
    ----------
    transitions : ndarray of shape (S, A, S)
        ``transitions[s, a, t]`` is the probability to reach t by action a in state s.
    rewards : ndarray of shape (S, A)
        The reward of action a in state s, finite.
    start : ndarray of shape (S,)
        The probability of each state to be the first.

    Raises
    ------
    ValueError
        If shapes do not fit, or probabilities are negative or do not add up to 1.
    """

    transitions: np.ndarray
    rewards: np.ndarray
    start: np.ndarray

    def __post_init__(self):
        rewards = check.floats(self.rewards, "rewards")
        if rewards.ndim != 2 or rewards.size == 0 or not np.isfinite(rewards).all():
            raise ValueError(
                f"rewards must be finite and of shape (S, A), one row per state, but are {rewards} of "
                f"shape {rewards.shape}"
            )
        states, actions = rewards.shape
        fields = {
            "transitions": check.distributions(self.transitions, "transitions", (states, actions, states)),
            "rewards": rewards,
            "start": check.distributions(self.start, "start", (states,)),
        }
        for name, array in fields.items():
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    @classmethod
    def random(cls, states, actions, rng):
        """A process at random: probabilities uniform on their simplex, rewards standard normal.

        Parameters
        ----------
        states : int
            S, at least 1.
        actions : int
            A, at least 1.
        rng : numpy.random.Generator
            The source of randomness.

        Returns
        -------
        MarkovDecisionProcess
            The process.

        Raises
        ------
        ValueError
            If a number is not whole and above 0, or ``rng`` is no generator.
        """
        states, actions = check.count(states, "states"), check.count(actions, "actions")
        return cls(
            transitions=check.generator(rng).dirichlet(np.ones(states), size=(states, actions)),
            rewards=rng.normal(size=(states, actions)),
            start=rng.dirichlet(np.ones(states)),
        )

    def trajectories(self, policy_table, horizon):
        """Every trajectory with n actions, and its probability (eq-policy-gradients-trajectory).

        There are S (A S)ⁿ, the impossible ones included. They, and their order, do not depend on the policy;
        only ``probabilities`` does.

        Parameters
        ----------
        policy_table : ndarray of shape (S, A)
            The probability of each action in each state.
        horizon : int
            n, the number of actions, at least 1.

        Returns
        -------
        Trajectories
            States, actions, rewards and probabilities.

        Raises
        ------
        ValueError
            If an argument does not fit, or there are more than five million trajectories.
        """
        table = self._policy(policy_table)
        n = check.count(horizon, "horizon")
        size, options = self.rewards.shape
        count = size * (options * size) ** n
        if count > MOST_TRAJECTORIES:
            raise ValueError(
                f"horizon {n} makes {count:.3g} trajectories of {size} states and {options} actions: shorten "
                f"it until there are at most {MOST_TRAJECTORIES:.3g}"
            )
        digits, number = [], np.arange(count)
        for base in [size, options] * n + [
            size
        ]:  # the digits s_n, a_{n-1}, s_{n-1}, ..., s_0 of 0 ... count - 1
            digits.append(number % base)
            number = number // base
        states, actions = np.stack(digits[::-2], axis=1), np.stack(digits[-2::-2], axis=1)
        now, following = states[:, :-1], states[:, 1:]
        factors = table[now, actions] * self.transitions[now, actions, following]
        return Trajectories(
            states=states,
            actions=actions,
            rewards=self.rewards[now, actions],
            probabilities=self.start[states[:, 0]] * factors.prod(axis=1),
        )

    def values(self, policy_table, discount):
        """The value of each state: V = r + γPV, solved for V.

        Parameters
        ----------
        policy_table : ndarray of shape (S, A)
            The probability of each action in each state.
        discount : float
            γ, at least 0 and below 1.

        Returns
        -------
        ndarray of shape (S,)
            The expected discounted return from each state.

        Raises
        ------
        ValueError
            If an argument does not fit.
        """
        table, discount = self._policy(policy_table), check.discount(discount)
        rewards = (table * self.rewards).sum(axis=1)
        return np.linalg.solve(self._resolvent_inverse(table, discount), rewards)

    def action_values(self, policy_table, discount):
        """The value of each action in each state, Q(s, a): the reward, then γ times the next value.

        Parameters
        ----------
        policy_table : ndarray of shape (S, A)
            The policy after that action.
        discount : float
            γ, at least 0 and below 1.

        Returns
        -------
        ndarray of shape (S, A)
            The expected discounted return from each state and first action.

        Raises
        ------
        ValueError
            If an argument does not fit.
        """
        return self.rewards + check.discount(discount) * self.transitions @ self.values(
            policy_table, discount
        )

    def advantages(self, policy_table, discount):
        """The advantage of each action, A(s, a) = Q(s, a) − V(s).

        Parameters
        ----------
        policy_table : ndarray of shape (S, A)
            The policy; the mean of its own advantages is 0 in every state.
        discount : float
            γ, at least 0 and below 1.

        Returns
        -------
        ndarray of shape (S, A)
            How much better than the policy's average each action is.

        Raises
        ------
        ValueError
            If an argument does not fit.
        """
        return self.action_values(policy_table, discount) - self.values(policy_table, discount)[:, None]

    def visitation(self, policy_table, discount):
        """The discounted distribution of the states that a policy visits, normalised to 1.

        ``(1 - γ) Σ_t γᵗ P(s_t = s)``, the distribution over states in the performance-difference
        lemma (eq-trpo-difference).

        Parameters
        ----------
        policy_table : ndarray of shape (S, A)
            The probability of each action in each state.
        discount : float
            γ, at least 0 and below 1.

        Returns
        -------
        ndarray of shape (S,)
            Probabilities, which add up to 1.

        Raises
        ------
        ValueError
            If an argument does not fit.
        """
        table, discount = self._policy(policy_table), check.discount(discount)
        return (1 - discount) * np.linalg.solve(self._resolvent_inverse(table, discount).T, self.start)

    def objective(self, policy_table, discount):
        """The expected discounted return from the start.

        Parameters
        ----------
        policy_table : ndarray of shape (S, A)
            The probability of each action in each state.
        discount : float
            γ, at least 0 and below 1.

        Returns
        -------
        float
            J, a sum over all steps.

        Raises
        ------
        ValueError
            If an argument does not fit.
        """
        return float(self.start @ self.values(policy_table, discount))

    def _policy(self, policy_table):
        return check.distributions(policy_table, "policy_table", self.rewards.shape)

    def _resolvent_inverse(self, table, discount):
        """I − γP for the chain of states under a policy."""
        chain = np.einsum("sa,sat->st", table, self.transitions)
        return np.eye(len(chain)) - discount * chain
