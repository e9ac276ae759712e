"""The Fisher matrix of the Normal distribution of any number of outcomes, in any chart."""

import numpy as np

from ngbook._check import arrays as check
from ngbook._check.families import symmetric
from ngbook._domain import OutsideDomain


@check.arguments(covariance=symmetric, mean_derivatives=check.finite, covariance_derivatives=symmetric)
def multivariate_normal_fisher(covariance, mean_derivatives, covariance_derivatives):
    """Fisher matrix of the Normal distribution of k outcomes, from how mean and covariance change.

    For p parameters, of which each may change the mean, the covariance or both (eq-catalogue-mvn-fisher):
    in signal processing the formula of Slepian and Bangs (S. Kay, *Fundamentals of Statistical Signal
    Processing: Estimation Theory*, 1993, section 3.9). ``bivariate_normal`` and ``bivariate_normal_cholesky``
    are its symbolic twins for two outcomes. With the entries of the mean and of the covariance as parameters
    the result has two blocks, the inverse of the covariance and that of the entries of the covariance; an
    entry off the diagonal is one parameter, whose derivative is 1 in two places.

    The inverse of the covariance is not formed: all is whitened by the Cholesky factor, at a cost of order
    ``p * k**3 + p**2 * k**2``.

    Parameters
    ----------
    covariance : ndarray of shape (k, k)
        Symmetric and positive definite.
    mean_derivatives : ndarray of shape (p, k)
        Derivative of the mean, one row for each parameter.
    covariance_derivatives : ndarray of shape (p, k, k)
        Derivative of the covariance, one symmetric matrix for each parameter.

    Returns
    -------
    ndarray of shape (p, p)
        The Fisher matrix per observation, in the chart that the derivatives are taken in.

    Raises
    ------
    OutsideDomain
        If the covariance is not positive definite.

    Examples
    --------
    One outcome in the chart (μ, σ), at σ = 2: the variance changes at the rate 2σ.

    >>> from ngbook.families import multivariate_normal_fisher
    >>> multivariate_normal_fisher([[4.0]], [[1.0], [0.0]], [[[0.0]], [[4.0]]])
    array([[0.25, 0.  ],
           [0.  , 0.5 ]])
    """
    # C of Σ = C Cᵀ, then C⁻¹ ∂μ and C⁻¹ ∂Σ C⁻ᵀ (eq-catalogue-mvn-whitened)
    root = _cholesky(covariance, mean_derivatives, covariance_derivatives)
    means = np.linalg.solve(root, mean_derivatives.T).T
    half = np.linalg.solve(root, covariance_derivatives)
    changes = np.linalg.solve(root, half.swapaxes(1, 2))
    # eq-catalogue-mvn-fisher
    return means @ means.T + np.einsum("iab,jab->ij", changes, changes) / 2


def _cholesky(covariance, mean_derivatives, covariance_derivatives):
    """Cholesky factor of the covariance, once the derivatives fit it."""
    size, count = len(covariance), len(np.atleast_1d(mean_derivatives))
    for name, array, wanted in (
        ("covariance", covariance, (size, size)),
        ("mean_derivatives", mean_derivatives, (count, size)),
        ("covariance_derivatives", covariance_derivatives, (count, size, size)),
    ):
        if array.shape != wanted:
            raise ValueError(f"{name} must have shape {wanted} to fit the others, but has {array.shape}")
    try:
        return np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        smallest = np.linalg.eigvalsh(covariance)[0]
        raise OutsideDomain(
            f"covariance must be positive definite, but its smallest eigenvalue is {smallest:.3g}"
        ) from None
