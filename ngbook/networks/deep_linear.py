"""Deep linear networks, whose natural gradient is known in closed form.

A network without activations, y = W_L ⋯ W_1 x, is one matrix W written as a product; the natural gradient
moves W straight to its target, along D = W − W*, for any depth and any covariance of the inputs. Many changes
of the layers do that. Two of them are natural choices, and are here.

Weights are matrices of shape (fan out, fan in), from W_1 on, which multiply columns: the transposes of what
``Network.split`` gives.
"""

import numpy as np

from ngbook._check import arrays as check
from ngbook._check import networks as rules
from ngbook.solve import dense_solve


@check.arguments(weights=rules.chain)
def partial_products(weights) -> tuple:
    """Multiply the layers up to each, and from each on (eq-deep-linear-products).

    Parameters
    ----------
    weights : list of ndarray of shape (n_i, n_(i-1))
        W_1, ..., W_L.

    Returns
    -------
    P, Q : list of ndarray
        Both of length L + 1: ``P[i]`` = W_i ⋯ W_1, what lies below layer i + 1, with P[0] the identity, and
        ``Q[i]`` = W_L ⋯ W_(i+1), what lies above layer i, with Q[L] the identity. ``P[L]`` = ``Q[0]`` = W.
    """
    P, Q = [np.eye(weights[0].shape[1])], [np.eye(len(weights[-1]))]
    for W in weights:
        P.append(W @ P[-1])
    for W in reversed(weights):
        Q.append(Q[-1] @ W)
    return P, Q[::-1]


@check.arguments(weights=rules.chain)
def layerwise_natural_gradient(weights, target) -> list:
    """Move every layer so that each makes an equal share of the way (eq-deep-linear-layers).

    For Gaussian outputs, of fixed and equal variance, a block of the Fisher matrix is exactly
    Q_iᵀQ_i ⊗ P_i S P_iᵀ, with P_i = W_(i-1) ⋯ W_1, Q_i = W_L ⋯ W_(i+1) and S the mean of x xᵀ. This
    solution is 1/L times the gradient divided by these blocks: 1/L times that of Kronecker factors
    (Bernacchia, Lengyel and Hennequin, "Exact natural gradient in deep linear networks and its application to
    the nonlinear case", 2018). S drops out. The balance of the layers is not kept, and it ends where a
    product of layers becomes singular.

    Parameters
    ----------
    weights : list of ndarray of shape (n_i, n_(i-1))
        W_1, ..., W_L, with hidden layers not narrower than the inputs and the outputs.
    target : ndarray of shape (n_L, n_0)
        W*, the best matrix: the loss is that of the target, plus ½ tr(D S Dᵀ).

    Returns
    -------
    list of ndarray
        n_1, ..., n_L, to be *subtracted*, of the shapes of the weights.

    Raises
    ------
    ValueError
        Also where no exact solution exists: a hidden layer is too narrow, or a product of layers singular.
    """
    P, Q = partial_products(rules.wide(weights))
    D = P[-1] - rules.table(target, "target", *P[-1].shape)
    depth = len(weights)
    above = [rules.full_rank_inverse(Q[i], f"the product of the layers after W_{i}") for i in range(1, depth)]
    below = [rules.full_rank_inverse(P[i], f"the product of the layers up to W_{i}") for i in range(1, depth)]
    above, below = [*above, Q[-1]], [P[0], *below]  # both ends are identities
    return [q @ D @ p / depth for p, q in zip(below, above, strict=True)]  # eq-deep-linear-layers


@check.arguments(weights=rules.chain)
def shortest_natural_gradient(weights, target) -> list:
    """Move the layers as little as possible: the Moore–Penrose solution (eq-deep-linear-shortest).

    Of all changes with Σ Q_i n_i P_i = D it is the shortest, n_i = Q_iᵀ Z P_iᵀ, with Z from a system of
    n_0 n_L equations whose matrix is Σ Q_iQ_iᵀ ⊗ P_iᵀP_i: a dual solve. Like the gradient it
    keeps W_(i+1)ᵀ W_(i+1) − W_i W_iᵀ, and it passes where a product of layers is singular.

    Parameters
    ----------
    weights, target
        As for ``layerwise_natural_gradient``; no hidden layer may be narrower than both inputs and outputs.

    Returns
    -------
    list of ndarray
        n_1, ..., n_L, to be *subtracted*, of the shapes of the weights.

    Raises
    ------
    ValueError
        Also where no exact solution exists: the layers cannot move W in every direction.
    """
    P, Q = partial_products(weights)
    D = P[-1] - rules.table(target, "target", *P[-1].shape)
    pairs = list(zip(P[:-1], Q[1:], strict=True))
    kernel = sum(np.kron(q @ q.T, p.T @ p) for p, q in pairs)
    try:
        Z = dense_solve(kernel, D.ravel()).reshape(D.shape)
    except ValueError as error:
        raise ValueError(
            f"weights cannot move the function in every direction, so that no exact solution exists, with "
            f"hidden layers of width {[len(W) for W in weights[:-1]]} between {D.shape[1]} inputs and "
            f"{D.shape[0]} outputs: take wider ones, or start elsewhere"
        ) from error
    return [q.T @ Z @ p.T for p, q in pairs]  # eq-deep-linear-shortest
