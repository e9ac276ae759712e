"""A softmax policy: one of a few actions, with probabilities from a network."""

from functools import cached_property

import numpy as np

from ngbook._check import arrays as check
from ngbook.policies.actions import NEAR, Actions, exp_remainder
from ngbook.policies.policy import Policy


class SoftmaxPolicy(Policy):
    """Choose one of k actions, with probability proportional to exp of the network's outputs.

    Adding the same number to all k outputs changes nothing, so the Fisher matrix of this policy is always
    singular: its system needs damping.

    Parameters
    ----------
    inputs : int
        Length of an observation; 0 for a policy that ignores it.
    actions : int
        Number of actions, at least 2. They are numbered from 0.
    hidden : tuple of int
        Widths of the tanh layers: ``()`` for a linear policy, ``(32,)``, ``(64, 64)``.
    observation_scale : ndarray of shape (inputs,) or None
        Factor of each entry of an observation, so that it is of order one.
    dtype : type
        ``float``, or ``np.float32``, which is twice as fast.
    bias : bool
        Whether the layers have biases. Without them a linear policy is linear in what it observes: with one
        entry a state, and 1 in that of the present one, it is the table of all logits.

    Attributes
    ----------
    size : int
        The number of parameters p.
    """

    def __init__(self, inputs, actions, hidden=(), observation_scale=None, dtype=float, bias=True):
        self.actions = k = check.count(actions, "actions", 2)
        # Only the outputs' differences count, so the last one serves as the zero of the others.
        differences = np.eye(k)[:-1] - np.eye(k)[-1]
        shape = {"combinations": differences, "constants": 0, "bias": bias}
        super().__init__(inputs, hidden, observation_scale, dtype, **shape)

    def _actions(self, theta, observations):
        return SoftmaxActions(self._network, theta, observations)


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
    def log_probabilities(self) -> np.ndarray:
        """Of every action, of shape (n, k): finite also where a probability underflows to zero."""
        return self._shifted - np.log(self._sums)

    def sample(self, rng: np.random.Generator) -> np.ndarray:
        """Draw one action for each observation, from 0 to k - 1, with one uniform number each."""
        # Count the cumulative probabilities that the uniform number has passed. The last of them is
        # left out: it is 1, but rounding can put it below the uniform number.
        uniform = check.generator(rng).random((len(self), 1))
        return np.add.reduce(np.add.accumulate(self.probabilities[:, :-1], axis=1) <= uniform, axis=1)

    def log_prob(self, actions) -> np.ndarray:
        """Evaluate the log-probability of one action for each observation, in nats, of shape (n,)."""
        return self.log_probabilities[np.arange(len(self)), self._as_actions(actions)]

    def entropy(self) -> np.ndarray:
        """Evaluate the entropy at each observation, in nats, of shape (n,): from 0 to log k."""
        return -np.sum(self.probabilities * self.log_probabilities, axis=1)

    def kl(self, new) -> np.ndarray:
        """Evaluate KL(self ‖ new) at each observation, in nats: the old one's actions are averaged over.

        With t the change of the outputs, less its mean under p, the old probabilities, it is log Σ p eᵗ,
        which is log(1 + Σ p (eᵗ − 1 − t)). No term is negative, and a short step keeps its digits, in float32
        too. The usual sum of p log(p/q) has terms of both signs that nearly cancel.

        Parameters
        ----------
        new : SoftmaxActions
            The distribution at other parameters. Other observations (as the network reads them) are refused.

        Returns
        -------
        ndarray of shape (n,)
            At least 0.
        """
        self._check_same_kind(new, "new")
        p, change = self.probabilities, new._evaluated.outputs - self._evaluated.outputs
        t = change - np.sum(p * change, axis=1, keepdims=True)
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
        actions, count = np.asarray(actions), self.probabilities.shape[1]
        whole = actions.dtype.kind in "iu" and actions.shape == (len(self),)
        if not (whole and 0 <= actions.min() <= actions.max() < count):
            raise ValueError(
                f"actions must be {len(self)} integers from 0 to {count - 1}, one for each observation, but "
                f"are {actions.dtype} of shape {actions.shape}: {actions}"
            )
        return actions
