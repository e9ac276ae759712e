"""What the policies' distributions share: scores and Fisher matrices, by the chain rule through a network.

An action's log-probability depends on theta only through the outputs z of the network, so

- its score is Jᵀ s, with s the score in the outputs;
- the Fisher matrix is Jᵀ F J, with F the Fisher matrix in the outputs, a small matrix in closed form.

A distribution supplies s and F; J is the network's.
"""

import math

import numpy as np

from ngbook._check import arrays as check
from ngbook.policies.network import Evaluated

NEAR = 0.25
"""Up to this size, eᵗ − 1 − t is a series: the difference would lose its digits."""

SERIES = [1 / math.factorial(k) for k in range(13, 1, -1)]
"""Its coefficients, the highest first; what comes after them is below 1e-16 of the sum."""


def exp_remainder(t):
    """eᵗ − 1 − t for |t| ≤ ¼, which is t²/2 to leading order: to full precision, and never negative."""
    total = SERIES[0]
    for coefficient in SERIES[1:]:
        total = total * t + coefficient
    return total * t**2


class Operator:
    """A matrix that is known by its products, with what SciPy's ``aslinearoperator`` and ``@`` ask for.

    Importing SciPy's own ``LinearOperator`` would take as long as a short training run.
    """

    def __init__(self, shape, dtype, matvec, rmatvec):
        self.shape, self.dtype, self.matvec, self.rmatvec = shape, dtype, matvec, rmatvec

    @property
    def T(self):
        """The transpose."""
        return Operator(self.shape[::-1], self.dtype, self.rmatvec, self.matvec)

    def __matmul__(self, other):
        """Multiply a vector, or the columns of a matrix."""
        other = np.asarray(other)
        return self.matvec(other) if other.ndim == 1 else np.stack([self.matvec(v) for v in other.T], axis=1)


class Actions:
    """A distribution of actions at each of n observations, at one theta. Made by ``policy.at``."""

    def __init__(self, network, theta, observations):
        self._evaluated = Evaluated(network, theta, observations)
        self._network = network

    def __len__(self):
        """Return the number of observations, n."""
        return len(self._evaluated.outputs)

    def scores(self, actions) -> Operator:
        """Evaluate the scores of one action for each observation, without forming their matrix.

        The score of an action is the gradient of its log-probability in theta
        (eq-policy-gradients-log-derivative).

        Returns
        -------
        Operator
            Of shape (n, p). ``scores @ v`` has the rates of change of the log-probabilities along v, and
            ``scores.T @ u`` is the sum of the scores, each times an entry of u.
        """
        scores, shape = self._output_scores(self._as_actions(actions)), (len(self), self._network.size)

        def product(v):
            return (scores * self._evaluated.jacobian_product(self._as_direction(v))).sum(axis=1)

        def transposed(weights):
            return self._evaluated.transposed_product(scores * self._as_weights(weights)[:, None])

        return Operator(shape, self._network.dtype, product, transposed)

    def gradient(self, actions, weights):
        """Average the scores of one action for each observation, each times a weight.

        It is ``scores(actions).T @ weights / n``: a policy gradient, when the weights are advantages
        (eq-policy-gradients-estimator).

        Parameters
        ----------
        actions : ndarray of shape (n,) or (n, k)
            One action for each observation.
        weights : ndarray of shape (n,)
            Factor of each score.

        Returns
        -------
        ndarray of shape (p,)
            The mean over the n observations, not the sum.
        """
        weights = self._as_weights(weights) / len(self)
        scores = self._output_scores(self._as_actions(actions))
        return self._evaluated.transposed_product(scores * weights[:, None])

    def fisher_product(self, v):
        """Multiply the Fisher matrix and a vector, without forming it (eq-conjugate-gradient-fisher-product).

        It is the *exact* Fisher matrix at each observation, an expectation over the policy's own actions,
        and then the mean over the observations (eq-natural-policy-gradient-per-step-fisher). No action that
        was taken enters, so this is not an estimate from scores, and not the "empirical Fisher matrix".
        """
        change = self._evaluated.jacobian_product(self._as_direction(v))
        return self._evaluated.transposed_product(self._output_fisher_product(change) / len(self))

    def fisher(self) -> Operator:
        """Return the Fisher matrix of ``fisher_product`` as an operator; ``@ np.eye(p)`` makes it dense."""
        size = self._network.size
        return Operator((size, size), self._network.dtype, self.fisher_product, self.fisher_product)

    def kl_gradient(self, old):
        """Differentiate the mean of ``old.kl(self)`` in theta: zero where the two agree.

        Parameters
        ----------
        old : Actions
            The distribution at the same observations that is held fixed; other observations are refused.

        Returns
        -------
        ndarray of shape (p,)
            The mean over the observations, not the sum.
        """
        self._check_same_kind(old, "old")
        return self._evaluated.transposed_product(self._output_kl_gradient(old) / len(self))

    def _as_direction(self, v):
        return check.parameters(v, "v", self._network.size, self._network.dtype)

    def _as_weights(self, weights):
        return self._as_finite(weights, "weights", (len(self),))

    def _as_finite(self, values, name, shape):
        """Refuse values that are not finite, or not one row for each observation."""
        values = check.in_precision(values, name, self._network.dtype)
        if values.shape != shape or not np.isfinite(values).all():
            raise ValueError(
                f"{name} must be finite and of shape {shape}, a row for each observation, but have shape "
                f"{values.shape} and {np.sum(~np.isfinite(values))} entries that are not finite"
            )
        return values

    def _check_same_kind(self, other, name):
        """Refuse another kind of distribution, number of outputs, or observations."""
        kind, own = type(self), self._evaluated
        same = isinstance(other, kind) and other._evaluated.outputs.shape == own.outputs.shape
        if not (same and np.array_equal(other._evaluated.inputs, own.inputs)):
            raise ValueError(
                f"{name} must be {kind.__name__} at the same {len(self)} observations, but is {other!r}: "
                "make it with policy.at(theta, observations)"
            )
