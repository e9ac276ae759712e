"""Kronecker factors: a block of the Fisher matrix for each layer, as the product of two small matrices.

A layer's part of a score is the outer product a bᵀ of what it reads and of how the score answers to it. Its
block of the Fisher matrix is the mean of kron(a aᵀ, b bᵀ); the approximation takes the product of the means,
kron(R, B) (Martens and Grosse, "Optimizing neural networks with Kronecker-factored approximate curvature",
2015).
"""

import numpy as np

from ngbook._check import arrays as check
from ngbook._check import networks as rules


@check.arguments(evaluated=rules.evaluated, likelihood=rules.likelihood, rng=check.optional(check.generator))
def kronecker_factors(evaluated, likelihood, rng: np.random.Generator | None = None) -> list:
    """Average a aᵀ and b bᵀ of each layer (eq-kronecker-factors).

    The answers b are those of the scores of the *model's* targets, of one datum each: those of a mean loss
    would make B too small by n², and those of the data's targets make an empirical Fisher matrix.

    Parameters
    ----------
    evaluated : Evaluated
        ``network.at(theta, inputs)``, at n data.
    likelihood : Gaussian, Bernoulli or Categorical
        What the outputs mean.
    rng : numpy.random.Generator or None
        Draws one target for each datum; with None, B is the exact expectation, at the cost of C passes.

    Returns
    -------
    list of tuple
        For each layer R, of shape (fan in + 1, fan in + 1), and B, of shape (fan out, fan out): its block of
        the Fisher matrix is about ``np.kron(R, B)``.
    """
    outputs, count = evaluated.outputs, len(evaluated)
    if rng is None:
        scores = likelihood.fisher_factors(outputs).transpose(1, 0, 2)  # Σ over k is the expectation
    else:
        scores = [likelihood.residual(outputs, likelihood.sample(outputs, rng))]
    R = [a.T @ a / count for a in evaluated.reads]  # eq-kronecker-factors
    B = [np.zeros((width, width)) for _, width in evaluated.network.shapes]
    for score in scores:
        for total, b in zip(B, evaluated.answers(score), strict=True):
            total += b.T @ b / count  # eq-kronecker-factors
    return list(zip(R, B, strict=True))


class KroneckerMetric:
    """The damped metric that has a block kron(R, B) for each layer, and its solve.

    With the eigenvectors of R and B both a product and a solve cost a few products of a layer's size, and no
    matrix of p × p is formed. How the damping ζ is divided:

    ===========  ===============================  =======================================================
    balance      block                            source
    ===========  ===============================  =======================================================
    ``exact``    kron(R, B) + ζ I                 eq-kronecker-damping
    ``trace``    kron(R + π√ζ I, B + √ζ/π I)      π² = (tr R / rows) / (tr B / rows): eq-kronecker-trace
    ``equal``    the same, with π = 1
    ===========  ===============================  =======================================================

    Parameters
    ----------
    factors : list of tuple
        R and B of each layer, as ``kronecker_factors`` returns them, or averages of such.
    damping : float
        ζ, at least 0, where 0 is the undamped metric; it is part of the metric.
    balance : str
        ``"exact"``, ``"trace"`` or ``"equal"``.

    Attributes
    ----------
    shape : tuple
        (p, p).
    balances : list of float
        π of each layer, where it has one.

    Raises
    ------
    ValueError
        Also if the damped metric is singular to working precision: use more damping.
    """

    @check.arguments(damping=check.damping, balance=check.one_of("exact", "trace", "equal"))
    def __init__(self, factors, damping=0.0, balance="exact"):
        self._layers, self.balances, self.dtype = [], [], np.dtype(float)
        for i, (R, B) in enumerate(rules.factors(factors, "factors")):
            a, U = rules.spectrum(R, f"R of layer {i}")
            b, V = rules.spectrum(B, f"B of layer {i}")
            curvatures = np.outer(a, b) + damping  # eq-kronecker-damping
            if balance != "exact":
                pi = 1.0 if balance == "equal" else np.sqrt(rules.mean_ratio(a, b, i))
                a, b = a + pi * np.sqrt(damping), b + np.sqrt(damping) / pi  # eq-kronecker-trace
                curvatures = np.outer(a, b)
                self.balances.append(float(pi))
            rules.resolved(curvatures, a, b, damping, i)
            self._layers.append((U, V, curvatures))
        size = sum(curvatures.size for _, _, curvatures in self._layers)
        self.shape = (size, size)

    def solve(self, gradient):
        """Solve ``metric @ x = gradient``, of shape (p,), layer by layer."""
        return self._in_eigenvectors(gradient, "gradient", np.divide)

    def matvec(self, v):
        """Multiply with a vector of shape (p,)."""
        return self._in_eigenvectors(v, "v", np.multiply)

    rmatvec = matvec

    def __matmul__(self, other):
        """Multiply with a vector, or with the columns of a matrix."""
        other = np.asarray(other)
        if other.ndim == 1:
            return self.matvec(other)
        return np.stack([self.matvec(column) for column in other.T], axis=1)

    def _in_eigenvectors(self, vector, name, operation):
        vector, parts, start = check.vector(vector, name, self.shape[0]), [], 0
        for U, V, curvatures in self._layers:
            matrix = vector[start : start + curvatures.size].reshape(curvatures.shape)
            parts.append(U @ operation(U.T @ matrix @ V, curvatures) @ V.T)
            start += curvatures.size
        return np.concatenate([part.ravel() for part in parts])
