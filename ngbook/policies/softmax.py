"""A softmax policy: one of a few actions, with probabilities from a network."""

from functools import cached_property

import numpy as np

from ngbook import _check as check
from ngbook.policies.actions import NEAR, Actions, exp_remainder
from ngbook.policies.policy import Policy


class SoftmaxPolicy(Policy):
    """Choose one of k actions, with probability proportional to exp of the network's outputs.

    Adding the same number to all k outputs changes nothing, so the Fisher matrix of this policy is always
    singular: its system needs damping.

    Parameters
    ----------
    inputs : int
        The length of an observation; 0 for a policy that ignores it.
    actions : int
        How many actions there are, at least 2. They are numbered from 0.
    hidden : tuple of int
        The widths of the tanh layers: ``()`` for a linear policy, ``(32,)``, ``(64, 64)``.
    observation_scale : ndarray of shape (inputs,) or None
        What observations are multiplied with, so that each is of order one.
    dtype : type
        ``float``, or ``np.float32``, which is twice as fast.

    Attributes
    ----------
    inputs, actions : int
        As given.
    hidden : tuple of int
        As given.

    Raises
    ------
    ValueError
        If an argument does not fit.
    """

    def __init__(self, inputs, actions, hidden=(), observation_scale=None, dtype=float):
        self.actions = check.count(actions, "actions", 2)
        # Only the outputs' differences count, so the last one serves as the zero of the others.
        differences = np.eye(self.actions)[:-1] - np.eye(self.actions)[-1]
        super().__init__(
            inputs, self.actions, hidden, observation_scale, dtype, combinations=differences, constants=0
        )

    def initial(self, rng, last_layer=0.01):
        """Random parameters to start from: nearly equal probabilities.

        Parameters
        ----------
        rng : Generator
            Where the randomness comes from.
        last_layer : float
            What the last layer's weights are multiplied with.

        Returns
        -------
        ndarray of shape (p,)
            Biases zero, weights normal with variance one over the number of values that a unit reads.

        Raises
        ------
        ValueError
            If ``rng`` is no generator, or ``last_layer`` negative.
        """
        return self._initial(rng, last_layer)

    def at(self, theta, observations):
        """The distributions of actions at some observations.

        Parameters
        ----------
        theta : ndarray of shape (p,)
            The parameters.
        observations : ndarray of shape (n, inputs)
            One observation per row, in the environment's units.

        Returns
        -------
        SoftmaxActions
            One distribution per observation.

        Raises
        ------
        ValueError
            If a shape does not fit, or an observation is not finite.
        ngbook.OutsideDomain
            If a parameter is not finite.
        """
        return SoftmaxActions(self._network, self._as_theta(theta), self._as_observations(observations))


class SoftmaxActions(Actions):
    """The distributions of a softmax policy's actions at n observations. Made by ``SoftmaxPolicy.at``.

    Attributes
    ----------
    probabilities : ndarray of shape (n, k)
        Of every action; each row adds up to one.
    """

    def __init__(self, network, theta, observations):
        super().__init__(network, theta, observations)
        outputs = self._evaluated.outputs
        # Subtracting the largest changes no probability, and keeps exp from overflowing.
        self._shifted = outputs - np.maximum.reduce(outputs, axis=1, keepdims=True)
        exponentials = np.exp(self._shifted)
        self._sums = np.add.reduce(exponentials, axis=1, keepdims=True)
        self.probabilities = exponentials / self._sums

    @cached_property
    def log_probabilities(self):
        """Of every action, of shape (n, k): finite also where a probability underflows to zero."""
        return self._shifted - np.log(self._sums)

    def sample(self, rng):
        """One action for each observation.

        Parameters
        ----------
        rng : Generator
            Where the randomness comes from: n uniform numbers are drawn.

        Returns
        -------
        ndarray of shape (n,)
            Integers from 0 to k - 1.
        """
        # How many of the cumulative probabilities a uniform number has passed. The last of them is
        # left out: it is 1, but rounding can put it below the uniform number.
        uniform = check.generator(rng).random((len(self), 1))
        return np.add.reduce(np.add.accumulate(self.probabilities[:, :-1], axis=1) <= uniform, axis=1)

    def mode(self):
        """The most probable action for each observation: the first of them, on a tie.

        Returns
        -------
        ndarray of shape (n,)
            Integers from 0 to k - 1.
        """
        return self.probabilities.argmax(axis=1)

    def log_prob(self, actions):
        """The log-probability of one action for each observation.

        Parameters
        ----------
        actions : ndarray of shape (n,)
            Integers from 0 to k - 1.

        Returns
        -------
        ndarray of shape (n,)
            In nats.

        Raises
        ------
        ValueError
            If the actions are not n integers from 0 to k - 1.
        """
        return self.log_probabilities[np.arange(len(self)), self._as_actions(actions)]

    def entropy(self):
        """The entropy at each observation.

        Returns
        -------
        ndarray of shape (n,)
            In nats, from 0 to log k.
        """
        return -np.sum(self.probabilities * self.log_probabilities, axis=1)

    def kl(self, new):
        """KL(self ‖ new) at each observation: this is the old one, the expectation is over its actions.

        With t the change of the outputs, less its mean under p, the old probabilities, it is log Σ p eᵗ,
        which is log(1 + Σ p (eᵗ − 1 − t)). No term is negative, and a short step keeps its digits, in float32
        too. The usual sum of p log(p/q) has terms of both signs that nearly cancel.

        Parameters
        ----------
        new : SoftmaxActions
            The distribution at the same observations and other parameters.

        Returns
        -------
        ndarray of shape (n,)
            In nats, at least 0.

        Raises
        ------
        ValueError
            If ``new`` is of another kind, or at other observations (as the network reads them).
        """
        self._check_same_kind(new, "new")
        p, moved = self.probabilities, new._evaluated.outputs - self._evaluated.outputs
        t = moved - np.sum(p * moved, axis=1, keepdims=True)
        kl = np.log1p(np.sum(p * exp_remainder(np.clip(t, -NEAR, NEAR)), axis=1))
        far = (np.abs(t) >= NEAR).any(axis=1)
        if far.any():
            kl[far] = self._kl_of_long_steps(new)[far]
        return kl

    def _kl_of_long_steps(self, new):
        """Σ p (exp(d) − 1 − d) with d = log(q/p): the same, as p and q add up to 1, and nothing overflows."""
        p, q = self.probabilities, new.probabilities
        d = (new._shifted - self._shifted) - np.log(new._sums / self._sums)
        near = p * exp_remainder(np.clip(d, -NEAR, NEAR))
        far = np.maximum(q - p - p * d, 0)  # below the smallest normal number p and q have few digits
        return np.sum(np.where(np.abs(d) < NEAR, near, far), axis=1)

    def _output_scores(self, actions):
        """The gradient of log p(a) in the outputs: one at the action taken, minus the probabilities."""
        scores = -self.probabilities
        scores[np.arange(len(self)), actions] += 1
        return scores[:, :-1]

    def _output_fisher_product(self, tangent):
        """(diag(p) - p pᵀ) t, which is p times what is left of t after its mean under p is removed."""
        p = self.probabilities[:, :-1]  # the last difference is zero, and stays so
        return p * (tangent - np.sum(p * tangent, axis=1, keepdims=True))

    def _output_kl_gradient(self, old):
        return (self.probabilities - old.probabilities)[:, :-1]

    def _as_actions(self, actions):
        actions = np.asarray(actions)
        count = self.probabilities.shape[1]
        if actions.dtype.kind not in "iu" or actions.shape != (len(self),):
            raise ValueError(
                f"actions must be {len(self)} integers, one for each observation, but are "
                f"{actions.dtype} of shape {actions.shape}"
            )
        if actions.min() < 0 or actions.max() >= count:
            raise ValueError(
                f"actions must be from 0 to {count - 1}, but range from {actions.min()} to {actions.max()}"
            )
        return actions
