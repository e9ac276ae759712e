"""The Gauss–Newton matrix of a network, which is its Fisher matrix, and the scores that it is made of.

A target's log-probability depends on theta only through the outputs, so its score is Jᵀ times the score in
the outputs. Which targets are taken is what tells three kinds of scores apart:

==================  =====================================  ==============================================
function            targets                                the mean of their outer products
==================  =====================================  ==============================================
``exact_scores``    all, weighted by their probability     the Fisher matrix
``sampled_scores``  one for each datum, drawn from the     an estimate of it without bias
                    model
``data_scores``     those of the data                      the empirical Fisher matrix, another matrix
==================  =====================================  ==============================================
"""

import numpy as np

from ngbook._check import arrays as check
from ngbook._check import networks as rules


@check.arguments(evaluated=rules.evaluated, likelihood=rules.likelihood)
def loss_gradient(evaluated, likelihood, targets):
    """Differentiate the mean loss in the parameters, by backpropagation (eq-gauss-newton-gradient).

    Parameters
    ----------
    evaluated : Evaluated
        ``network.at(theta, inputs)``, at n data.
    likelihood : Gaussian, Bernoulli or Categorical
        What the outputs mean.
    targets : ndarray
        Of the data, as the likelihood draws them.

    Returns
    -------
    ndarray of shape (p,)
        Of the *mean* over the data, (1/n) Σ Jᵢᵀ rᵢ.
    """
    residual = likelihood.residual(evaluated.outputs, targets)
    return evaluated.transposed_product(residual / len(residual))


@check.arguments(evaluated=rules.evaluated, likelihood=rules.likelihood)
def gauss_newton(evaluated, likelihood):
    """Return the Gauss–Newton matrix, which is the Fisher matrix, as an operator (eq-gauss-newton-product).

    It is (1/n) Σ Jᵢᵀ Fᵢ Jᵢ, with the Fisher matrix Fᵢ of each datum in its outputs: an expectation over the
    *model's* targets, and a mean over the inputs. No target of the data enters. A product costs one pass
    forward and one backward (Schraudolph, "Fast curvature matrix-vector products for second-order gradient
    descent", 2002; Martens, "New insights and perspectives on the natural gradient method", 2020).

    Parameters
    ----------
    evaluated, likelihood
        As for ``loss_gradient``.

    Returns
    -------
    LinearOperator
        Of shape (p, p), symmetric and positive semidefinite; ``@ np.eye(p)`` is the matrix.
    """
    from scipy.sparse.linalg import LinearOperator  # .2 s, so only when an operator is made

    outputs, count, size = evaluated.outputs, len(evaluated), evaluated.network.size

    def product(v):
        change = evaluated.jacobian_product(v.ravel())
        return evaluated.transposed_product(likelihood.fisher_product(outputs, change) / count)

    def products(vectors):  # of many, as S has fewer rows than that takes passes
        factors = likelihood.fisher_factors(outputs).transpose(1, 0, 2)
        return sum(S.T @ (S @ vectors) for S in map(evaluated.rows, factors)) / count

    return LinearOperator((size, size), matvec=product, rmatvec=product, matmat=products, dtype=float)


@check.arguments(evaluated=rules.evaluated, likelihood=rules.likelihood)
def exact_scores(evaluated, likelihood):
    """Rows of which the mean outer product is the exact Fisher matrix (eq-gauss-newton-scores).

    With n data and C classes they are the n C possible scores, each times √(C p): ``S.T @ S / (n * C)`` is
    then their expectation under the model, and the C makes up for the mean over more rows than data. For the
    other likelihoods the rows are √C fᵀJ, with f of ``fisher_factors``. The probabilities are weights, and
    are not differentiated.

    Parameters
    ----------
    evaluated, likelihood
        As for ``loss_gradient``.

    Returns
    -------
    ndarray of shape (n * C, p)
        The C rows of one datum after those of another: for ``solve.natural_direction``.
    """
    factors = likelihood.fisher_factors(evaluated.outputs)  # (n, k, C)
    rows = [evaluated.rows(f) for f in factors.transpose(1, 0, 2)]
    return np.sqrt(len(rows)) * np.stack(rows, axis=1).reshape(-1, evaluated.network.size)


@check.arguments(evaluated=rules.evaluated, likelihood=rules.likelihood)
def sampled_scores(evaluated, likelihood, rng: np.random.Generator):
    """Scores of one target for each datum, drawn from the *model* (eq-gauss-newton-sampled).

    Parameters
    ----------
    evaluated, likelihood
        As for ``loss_gradient``.
    rng : numpy.random.Generator
        For the targets.

    Returns
    -------
    ndarray of shape (n, p)
        ∇ log p of each, for ``fisher.sampled_fisher``.
    """
    return data_scores(evaluated, likelihood, likelihood.sample(evaluated.outputs, rng))


@check.arguments(evaluated=rules.evaluated, likelihood=rules.likelihood)
def data_scores(evaluated, likelihood, targets):
    """Scores of the targets of the *data*; minus their mean is the gradient of the loss.

    The mean of their outer products is the empirical Fisher matrix (eq-maximum-likelihood-empirical), which
    is not the Fisher matrix: see ``fisher.empirical_fisher``.

    Parameters
    ----------
    evaluated, likelihood, targets
        As for ``loss_gradient``.

    Returns
    -------
    ndarray of shape (n, p)
        ∇ log p of each datum, not divided by n.
    """
    return evaluated.rows(-likelihood.residual(evaluated.outputs, targets))
