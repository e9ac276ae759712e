"""Bures and Wasserstein: transport between Gaussian distributions."""

import numpy as np
from scipy.linalg import orthogonal_procrustes

from ngbook._check import arrays as check
from ngbook._check import transport as rules
from ngbook._domain import OutsideDomain


def bures_direction(covariance, change) -> np.ndarray:
    """Solve KΣ + ΣK = V for the velocity field x ↦ Kx that changes Σ by V (eq-wasserstein-lyapunov).

    Parameters
    ----------
    covariance : ndarray of shape (d, d)
        Σ, positive definite.
    change : ndarray of shape (d, d)
        V, symmetric.

    Returns
    -------
    ndarray of shape (d, d)
        K, symmetric.
    """
    variances, axes = rules.positive_definite(covariance, "covariance")
    change = rules.symmetric(change, "change", len(variances))
    K = axes @ (axes.T @ change @ axes / np.add.outer(variances, variances)) @ axes.T
    return (K + K.T) / 2


def bures_metric(covariance, change) -> float:
    """Measure a change of a covariance: tr(KΣK), its squared length (eq-wasserstein-bures-metric).

    It is W² between N(0, Σ) and N(0, Σ + V), to leading order. R. Bhatia, T. Jain and Y. Lim, "On the
    Bures-Wasserstein distance between positive definite matrices" (2019).

    Parameters
    ----------
    covariance, change : ndarray of shape (d, d)
        Σ and V, as for ``bures_direction``.

    Returns
    -------
    float
    """
    K = bures_direction(covariance, change)
    return float(np.trace(K @ np.asarray(change, float)) / 2)  # eq-wasserstein-bures-metric: KΣ + ΣK = V


def bures_step(covariance, change) -> np.ndarray:
    """Go along the geodesic from Σ in the direction V: to (I + K) Σ (I + K) (eq-wasserstein-bures-step).

    The distance to there is the length of V exactly, as long as I + K has no negative eigenvalue.

    Parameters
    ----------
    covariance, change : ndarray of shape (d, d)
        Σ and V, as for ``bures_direction``; a step size is part of V.

    Returns
    -------
    ndarray of shape (d, d)

    Raises
    ------
    OutsideDomain
        If the geodesic ends before.
    """
    K = bures_direction(covariance, change)
    smallest = np.linalg.eigvalsh(K)[0]
    if smallest < -1:
        raise OutsideDomain(
            f"change is too long: the geodesic from covariance ends after {-1 / smallest:.3g} of it, where a "
            "variance comes to 0; take a smaller step"
        )
    push = np.eye(len(K)) + K
    there = push @ rules.symmetric(covariance, "covariance") @ push  # eq-wasserstein-bures-step
    return (there + there.T) / 2


def gaussian_distance(first_mean, first_covariance, second_mean, second_covariance) -> float:
    """Measure W of two Gaussian distributions (eq-wasserstein-gaussians).

    W² = |m₁ - m₂|² + tr(Σ₁ + Σ₂ - 2(Σ₁^½ Σ₂ Σ₁^½)^½), in the form |m₁ - m₂|² + min |Σ₁^½ - Σ₂^½ R|² over
    rotations R, in which nothing cancels.

    Parameters
    ----------
    first_mean, second_mean : ndarray of shape (d,)
        On the line ``[m]``.
    first_covariance, second_covariance : ndarray of shape (d, d)
        Without negative eigenvalues; they may be singular. On the line ``[[s**2]]``.

    Returns
    -------
    float
        W, in the unit of the outcomes: not its square.
    """
    gap = check.vector(first_mean, "first_mean")
    gap = gap - check.vector(second_mean, "second_mean", gap.size)
    first = _root(rules.covariance(first_covariance, "first_covariance", gap.size))
    second = _root(rules.covariance(second_covariance, "second_covariance", gap.size))
    rotation, _ = orthogonal_procrustes(second, first)
    return float(np.hypot(np.linalg.norm(gap), np.linalg.norm(first - second @ rotation)))


def _root(spectrum):
    variances, axes = spectrum
    return (axes * np.sqrt(variances)) @ axes.T
