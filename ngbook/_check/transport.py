"""Rules for what is transported: quantile functions, graphs, covariances, particles."""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ngbook._check import arrays as check
from ngbook._check.networks import spectrum, table

MOST = 1e6
"""A step of a parameter that is tried before it counts as one that moves nothing."""

BALANCE = 1e-9
"""How far the columns of a Jacobian of probabilities may miss 0, as a share of their absolute sum."""


def one_each(values, places, name, remedy):
    """What a function returned for several places: real numbers, which may be infinite or not a number."""
    array = check.floats(values, name)
    if array.shape != places.shape:
        raise ValueError(
            f"{name} must return one number for each of {len(places)} places, but returned shape "
            f"{array.shape}: {remedy}"
        )
    return array


def per_level(values, levels, name):
    """What a quantile function returned: one real number a level."""
    return one_each(values, levels, name, "write it for arrays of levels between 0 and 1")


def rising(values, name):
    """Finite values at ascending levels that do not fall and are not all the same."""
    if not (np.isfinite(values).all() and (np.diff(values) >= 0).all() and values[-1] > values[0]):
        raise ValueError(
            f"{name} must be finite and rise with the level, but is {check.show(values)} at levels from 0.1 "
            "to 0.9: is theta inside its space, and is this a quantile function?"
        )


def moved(share, step, i):
    """Refuse a parameter that moves no quantile, even in a step as long as this."""
    if share == 0 and step > MOST:
        raise ValueError(
            f"theta[{i}] moves no quantile, even in a step of {step:.2g}: the metric is singular; leave "
            "it out, or say how quantile depends on it"
        )


# --- graphs ------------------------------------------------------------------------------------------------


def probabilities(value, name):
    """Vector of at least two positive numbers that add up to 1."""
    array = check.vector(value, name)
    if array.size < 2:
        raise ValueError(f"{name} must have at least two states, but has {array.size}: there are no edges")
    if array.min() <= 0:
        raise ValueError(
            f"{name} must be above 0, but state {np.argmin(array)} has {array.min():g}: the metric ends "
            "where a state is empty; start inside, or leave the state out"
        )
    return check.distributions(array, name, array.shape)


def edges(value, size, name="edges"):
    """Pairs of different states, each pair once, which connect all states: two arrays of their numbers."""
    array = table(value, name, columns=2)
    ends = array.astype(int)
    if (ends != array).any() or ends.min() < 0 or ends.max() >= size:
        raise ValueError(f"{name} must be pairs of states from 0 to {size - 1}, but are {array.tolist()}")
    for i, j in ends.tolist():
        if i == j:
            raise ValueError(f"{name} must join two states, but ({i}, {j}) is one: leave it out")
    pairs, counts = np.unique(np.sort(ends, axis=1), axis=0, return_counts=True)
    if counts.max() > 1:
        twice = tuple(pairs[np.argmax(counts)].tolist())
        raise ValueError(f"{name} must name each pair once, but {twice} is there {counts.max()} times")
    graph = coo_array((np.ones(len(ends)), ends.T), shape=(size, size))
    _, part = connected_components(graph, directed=False)
    if part.any():
        apart = np.flatnonzero(part != part[0]).tolist()
        raise ValueError(
            f"{name} must connect all states, but none leads from state 0 to {apart}: mass cannot get there, "
            "and the metric is infinite; add edges, or leave the states out"
        )
    return ends.T


def weights(value, size, name="weights"):
    """One positive number for each edge; 1 if there are none."""
    array = np.ones(size) if value is None else check.vector(value, name, size)
    check.positive(array.min(), f"the smallest of {name}")
    return array


def changes(value, size, name="jacobian"):
    """Matrix of changes of probabilities, shape (size, k), whose columns add up to 0."""
    array = table(value, name, size)
    misses = np.abs(array.sum(axis=0)) - BALANCE * np.abs(array).sum(axis=0)
    if misses.max() > 0:
        column = np.argmax(misses)
        raise ValueError(
            f"{name} must have columns that add up to 0, as changes of probabilities do, but column {column} "
            f"adds up to {array[:, column].sum():.3g}: differentiate probabilities that add up to 1"
        )
    return array


# --- Gaussians ---------------------------------------------------------------------------------------------


def symmetric(value, name, size=None):
    """Symmetric matrix of shape (size, size)."""
    try:
        return check.matrix(value, size)
    except (ValueError, AttributeError, IndexError) as error:
        raise ValueError(f"{name} must be a symmetric matrix: {error}") from error


def covariance(value, name, size=None):
    """Symmetric matrix without negative eigenvalues: its eigenvalues and eigenvectors."""
    matrix = symmetric(value, name, size)
    try:
        return spectrum(matrix, name)
    except ValueError as error:
        raise ValueError(f"{name} must be a covariance: {error}") from error


def positive_definite(value, name):
    """Symmetric matrix, eigenvalues and eigenvectors; it is refused if one is not above rounding."""
    eigenvalues, eigenvectors = covariance(value, name)
    if not eigenvalues[0] > len(eigenvalues) * np.finfo(float).eps * eigenvalues[-1]:
        raise ValueError(
            f"{name} must be positive definite, but its eigenvalues go from {eigenvalues[0]:.3g} to "
            f"{eigenvalues[-1]:.3g}: a direction without variance has no metric; leave it out"
        )
    return eigenvalues, eigenvectors


# --- particles ---------------------------------------------------------------------------------------------


def particles(value, name):
    """Vector of at least two numbers, each above the one before."""
    try:
        return check.increasing(value, name, 2)
    except ValueError as error:
        raise ValueError(f"{error}; sort them, and move those apart that coincide") from error
