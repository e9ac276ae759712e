"""Transport on a graph, whose edges say which states are neighbours."""

import numpy as np

from ngbook._check import arrays as check
from ngbook._check import transport as rules

_mean = check.one_of("arithmetic", "logarithmic")


@check.arguments(probabilities=rules.probabilities, mean=_mean)
def graph_laplacian(probabilities, edges, weights=None, mean="arithmetic", reference=None) -> np.ndarray:
    """Build L(p) = Σ w_ij m(p_i, p_j) (e_i - e_j)(e_i - e_j)ᵀ, over the edges (eq-wasserstein-laplacian).

    It maps a potential on the states to the change of the probabilities that its flow causes, but for the
    sign. W. Li and G. Montúfar, "Natural gradient via optimal transport", Information Geometry 1 (2018); with
    the logarithmic mean J. Maas, "Gradient flows of the entropy for finite Markov chains" (2011): the flow
    -L(p)(log(p/π) + 1) of KL(p‖π) is then p Q, where the weights are π_i Q_ij and the reference is π.

    Parameters
    ----------
    probabilities : ndarray of shape (n,)
        p, above 0.
    edges : sequence of pairs
        States, from 0 to n - 1, that are neighbours: each pair once, and all connected.
    weights : ndarray, optional
        w, above 0, one for each edge; 1 if not given. On a grid, one over the squared spacing.
    mean : {"arithmetic", "logarithmic"}
        m, of the probabilities at both ends: their half sum, or (a - b)/(log a - log b), see
        eq-wasserstein-logarithmic-mean.
    reference : ndarray of shape (n,), optional
        π: the mean is that of p/π. All ones if not given.

    Returns
    -------
    ndarray of shape (n, n)
        Symmetric, with rows that add up to 0.
    """
    (i, j), flow = _conductances(probabilities, edges, weights, mean, reference)
    laplacian = np.zeros((len(probabilities),) * 2)
    laplacian[i, j] = laplacian[j, i] = -flow  # eq-wasserstein-laplacian
    np.fill_diagonal(laplacian, -laplacian.sum(axis=1))
    return laplacian


@check.arguments(probabilities=rules.probabilities, mean=_mean)
def graph_metric(
    probabilities, jacobian, edges, weights=None, mean="arithmetic", reference=None
) -> np.ndarray:
    """Compute JᵀL(p)⁺J, the Wasserstein metric of a model on a graph (eq-wasserstein-graph-metric).

    No inverse is formed. The states are eliminated one by one, the least likely first: what it holds goes to
    its neighbours in the proportion of the flows to them, and its neighbours are joined instead. Nothing is
    subtracted, so that a tail of 1e-60 keeps its digits; on a path these are cumulative sums, each tail from
    its own end.

    Parameters
    ----------
    probabilities, edges, weights, mean, reference
        As for ``graph_laplacian``.
    jacobian : ndarray of shape (n, k)
        J, the derivatives of the probabilities by the parameters: columns add up to 0.

    Returns
    -------
    ndarray of shape (k, k)
        Exactly symmetric.

    Examples
    --------
    Three states in a row: to move mass to the end is twice as much as to the neighbour.

    >>> import numpy as np
    >>> from ngbook import transport
    >>> directions = np.array([[-1.0, -1.0], [1.0, 0.0], [0.0, 1.0]])
    >>> transport.graph_metric(np.ones(3) / 3, directions, [(0, 1), (1, 2)]).round(12).tolist()
    [[3.0, 3.0], [3.0, 6.0]]
    """
    (i, j), flow = _conductances(probabilities, edges, weights, mean, reference)
    moved = rules.changes(jacobian, len(probabilities))
    flows, metric = np.zeros((len(probabilities),) * 2), 0.0
    flows[i, j] = flows[j, i] = flow
    for state in np.argsort(probabilities, kind="stable")[:-1]:
        leaving = flows[state].copy()
        total, held = leaving.sum(), moved[state].copy()
        metric = metric + np.outer(held, held) / total  # eq-wasserstein-graph-metric
        moved += np.outer(leaving / total, held)
        flows += np.outer(leaving, leaving / total)
        flows[state] = flows[:, state] = 0.0
        np.fill_diagonal(flows, 0.0)
    return (metric + metric.T) / 2


def _conductances(probabilities, edges, weights, mean, reference):
    """The ends of the edges, and w m(p_i, p_j) on each."""
    size = len(probabilities)
    ends = rules.edges(edges, size)
    density = probabilities
    if reference is not None:
        reference = rules.probabilities(reference, "reference")
        check.fits(reference, size, "reference")
        density = probabilities / reference
    first, second = density[ends]
    average = (first + second) / 2 if mean == "arithmetic" else _logarithmic_mean(first, second)
    return ends, rules.weights(weights, ends.shape[1]) * average


def _logarithmic_mean(first, second):
    """(a - b)/(log a - log b), as √(ab) sinh(x)/x with x half the logarithm of the ratio."""
    half = (np.log(first) - np.log(second)) / 2
    near = np.abs(half) < 1e-4
    ratio = np.where(near, 1 + half**2 / 6, np.sinh(half) / np.where(near, 1.0, half))
    return np.sqrt(first) * np.sqrt(second) * ratio  # eq-wasserstein-logarithmic-mean
