"""What a network's outputs z mean: distributions of a target for each datum, and their Fisher matrices.

==================  ===============================  ============================  =====================
likelihood          target of one datum              residual, ∂(−log p)/∂z        Fisher matrix in z
==================  ===============================  ============================  =====================
``Gaussian``        C real numbers, mean z           (z − y)/σ²                    1/σ² times identity
``Bernoulli``       C numbers 0 or 1, logits z       sigmoid(z) − y                diagonal, p(1 − p)
``Categorical``     one of C classes, logits z       softmax(z), less 1 at y       diag(p) − p pᵀ
==================  ===============================  ============================  =====================

In all of them z is the natural parameter, or a fixed multiple: the Hessian of −log p in z has no target in
it, and is the Fisher matrix (eq-gauss-newton-affine). Logarithms are natural; a loss is a *mean* over the
data of −log p, with its constants, in which the outputs of one datum are added up.
"""

from dataclasses import dataclass

import numpy as np

from ngbook._check import arrays as check
from ngbook._check import networks as rules


class Likelihood:
    """What all likelihoods do: validation, around the formulas of one kind."""

    def loss(self, outputs, targets) -> float:
        """Average −log p of the targets over the data.

        Parameters
        ----------
        outputs : ndarray of shape (n, C)
            What the network returned.
        targets : ndarray
            One row, or one class, for each datum, as ``sample`` draws them.

        Returns
        -------
        float
            A mean over the n data, in nats.
        """
        outputs = self._as_outputs(outputs)
        return float(np.mean(self._surprise(outputs, self._as_targets(targets, outputs))))

    def residual(self, outputs, targets):
        """Differentiate −log p of each datum in its outputs: (n, C), and *not* divided by n."""
        outputs = self._as_outputs(outputs)
        return self._residual(outputs, self._as_targets(targets, outputs))

    def fisher_product(self, outputs, u):
        """Multiply the Fisher matrix of each datum, in its outputs, with a row of u: shape (n, C)."""
        outputs = self._as_outputs(outputs)
        return self._product(outputs, rules.table(u, "u", *outputs.shape))

    def fisher_factors(self, outputs):
        """Vectors f, of shape (n, C, C), of which Σ f_k f_kᵀ over the second axis is the Fisher matrix."""
        return self._factors(self._as_outputs(outputs))

    def sample(self, outputs, rng: np.random.Generator):
        """Draw the targets of all data from the model."""
        return self._draw(self._as_outputs(outputs), check.generator(rng))

    def _as_outputs(self, outputs):
        return rules.table(outputs, "outputs")


@dataclass(frozen=True)
class Gaussian(Likelihood):
    """Independent normal targets around the outputs, all with the same standard deviation, which is given.

    With ``deviation=1`` the loss is half the squared error, plus C log √2π.
    """

    deviation: float = 1.0

    def __post_init__(self):
        bounds = {"above": 1e-100, "below": 1e100, "because": ": its square would leave double precision"}
        object.__setattr__(self, "deviation", check.number(self.deviation, "deviation", **bounds))

    def _surprise(self, outputs, targets):
        standard = (targets - outputs) / self.deviation
        return np.sum(standard**2 / 2 + np.log(self.deviation) + np.log(2 * np.pi) / 2, axis=1)

    def _residual(self, outputs, targets):
        return (outputs - targets) / self.deviation**2

    def _product(self, outputs, u):
        return u / self.deviation**2

    def _factors(self, outputs):
        count, width = outputs.shape
        return np.tile(np.eye(width) / self.deviation, (count, 1, 1))

    def _draw(self, outputs, rng):
        return outputs + self.deviation * rng.normal(size=outputs.shape)

    def _as_targets(self, targets, outputs):
        return rules.table(targets, "targets", *outputs.shape)


@dataclass(frozen=True)
class Bernoulli(Likelihood):
    """Independent targets 0 or 1, of which the outputs are the logits, log p/(1 − p).

    A target between 0 and 1, a grey value, is taken as that share of ones: the loss is then the
    cross-entropy, and does not fall below the entropy of the targets.
    """

    def _surprise(self, outputs, targets):
        return np.sum(np.logaddexp(0, outputs) - targets * outputs, axis=1)

    def _residual(self, outputs, targets):
        return _sigmoid(outputs) - targets

    def _product(self, outputs, u):
        return _sigmoid(outputs) * _sigmoid(-outputs) * u

    def _factors(self, outputs):
        return np.sqrt(_sigmoid(outputs) * _sigmoid(-outputs))[:, :, None] * np.eye(outputs.shape[1])

    def _draw(self, outputs, rng):
        return (rng.random(outputs.shape) < _sigmoid(outputs)).astype(float)

    def _as_targets(self, targets, outputs):
        return rules.shares(targets, "targets", outputs.shape)


@dataclass(frozen=True)
class Categorical(Likelihood):
    """One of C classes, numbered from 0, with probabilities softmax(z).

    The same number added to all outputs changes nothing, so that the Fisher matrix is always singular, in the
    outputs and in the parameters.
    """

    def _surprise(self, outputs, targets):
        shifted = outputs - outputs.max(axis=1, keepdims=True)
        return np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(outputs)), targets]

    def _residual(self, outputs, targets):
        residual = _softmax(outputs)
        residual[np.arange(len(outputs)), targets] -= 1
        return residual

    def _product(self, outputs, u):
        p = _softmax(outputs)
        return p * (u - np.sum(p * u, axis=1, keepdims=True))

    def _factors(self, outputs):  # √p_k (e_k − p): the scores of all classes, as often as they are drawn
        p = _softmax(outputs)
        return np.sqrt(p)[:, :, None] * (np.eye(outputs.shape[1]) - p[:, None, :])

    def _draw(self, outputs, rng):
        # How many cumulative probabilities a uniform number has passed. The last is left out: it is 1,
        # but rounding can put it below the number.
        passed = np.cumsum(_softmax(outputs)[:, :-1], axis=1) <= rng.random((len(outputs), 1))
        return np.sum(passed, axis=1)

    def _as_outputs(self, outputs):
        outputs = super()._as_outputs(outputs)
        if outputs.shape[1] < 2:
            raise ValueError(
                f"outputs must have a column for each class, at least 2, but have shape {outputs.shape}: "
                "with one logit take Bernoulli"
            )
        return outputs

    def _as_targets(self, targets, outputs):
        return rules.labels(targets, "targets", outputs.shape)


def _sigmoid(z):
    """1/(1 + exp(−z)), with all its digits where it is small, and without overflow."""
    return np.exp(-np.logaddexp(0, -z))


def _softmax(z):
    exponentials = np.exp(z - z.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)
