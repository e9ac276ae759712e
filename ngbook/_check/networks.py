"""Rules for what networks and their likelihoods take."""

from itertools import pairwise

import numpy as np

from ngbook._check import arrays as check

RESOLUTION = 1000 * np.finfo(float).eps
"""The share of the largest curvature below which one has fewer than three certain digits."""


def table(value, name, rows=None, columns=None):
    """Finite array of shape (rows, columns), where None stands for any number, at least 1."""
    array = check.finite(value, name)
    fits = array.ndim == 2 and rows in (None, len(array)) and columns in (None, array.shape[1])
    if not fits:
        wanted = f"({'n' if rows is None else rows}, {'k' if columns is None else columns})"
        raise ValueError(
            f"{name} must have shape {wanted}, but has shape {array.shape}: one row for each datum, and a "
            "single number in it as [x]"
        )
    return array


def widths(value, name):
    """Widths of hidden layers, as a tuple."""
    if not isinstance(value, tuple | list):
        raise ValueError(f"{name} must be a tuple of widths such as (16, 16), but is {value!r}")
    return tuple(check.count(width, f"each width in {name}") for width in value)


def shares(value, name, shape):
    """Array of the given shape with entries from 0 to 1."""
    array = table(value, name, *shape)
    check.share(array.min(), f"the smallest of {name}")
    check.share(array.max(), f"the largest of {name}")
    return array


def labels(value, name, shape):
    """One class for each row of the outputs: whole numbers from 0, of shape (n,)."""
    array, (count, classes) = np.asarray(value), shape
    whole = array.dtype.kind in "iu" and array.shape == (count,)
    if not (whole and 0 <= array.min() <= array.max() < classes):
        raise ValueError(
            f"{name} must be {count} integers from 0 to {classes - 1}, the number of a class for each datum, "
            f"but are {array.dtype} of shape {array.shape}: of probabilities or ones among zeros take "
            "argmax(axis=1)"
        )
    return array


def attributes(kind, *names):
    """Rule: what has these attributes, and is a thing and not a class."""
    return lambda value, name: check._with(value, name, kind, *names)


evaluated = attributes("a network at parameters and inputs, as network.at(theta, inputs)", "outputs", "rows")
likelihood = attributes(
    "a likelihood, as networks.Categorical()", "residual", "fisher_product", "fisher_factors", "sample"
)


# --- Kronecker factors -------------------------------------------------------------------------------------


def factors(value, name):
    """Pairs of matrices, one pair for each layer."""
    is_list = isinstance(value, tuple | list) and len(value)
    if not (is_list and all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in value)):
        raise ValueError(
            f"{name} must be a list of pairs (R, B), one for each layer, as kronecker_factors returns them, "
            f"but is {value!r}"
        )
    return value


def spectrum(factor, name):
    """Eigenvalues, not below 0, and eigenvectors of a symmetric positive semidefinite matrix."""
    try:
        factor = check.matrix(factor)
    except ValueError as error:
        raise ValueError(f"factors: {name}: {error}") from error
    eigenvalues, eigenvectors = np.linalg.eigh(factor)
    if eigenvalues[0] < -RESOLUTION * eigenvalues[-1]:
        raise ValueError(
            f"factors: {name} has the negative eigenvalue {eigenvalues[0]:.3g}, and a mean of outer products "
            "has none: check its signs"
        )
    return np.maximum(eigenvalues, 0.0), eigenvectors  # what is below zero is the rounding of zero


def mean_ratio(reads, answers, layer):
    """The ratio of the factors' mean eigenvalues."""
    means = reads.mean(), answers.mean()
    if not min(means) > 0:
        raise ValueError(
            f"factors: layer {layer} has mean eigenvalues {means[0]:.3g} and {means[1]:.3g}, and damping "
            "cannot be divided by their ratio: use balance='exact', or 'equal'"
        )
    return means[0] / means[1]


def resolved(curvatures, reads, answers, damping, layer):
    """Refuse damped curvatures, products of eigenvalues, that rounding does not tell from zero."""
    rounding = RESOLUTION * np.add.outer(reads * answers.max(), answers * reads.max())
    if not np.all(curvatures > rounding):
        raise ValueError(
            f"damping {damping:g} leaves layer {layer} singular to working precision: its curvatures R ⊗ B + "
            f"damping go from {curvatures.min():.2g} to {curvatures.max():.2g}; use more than "
            f"{RESOLUTION * reads.max() * answers.max():.1g}"
        )
    return curvatures


# --- deep linear networks ----------------------------------------------------------------------------------


def chain(value, name):
    """Matrices that can be multiplied, the first with the inputs: each as wide as the one before is high."""
    if not isinstance(value, tuple | list) or not len(value):
        raise ValueError(f"{name} must be a list of matrices W_1, W_2, ..., but is {value!r}")
    matrices = [table(matrix, f"{name}[{i}]") for i, matrix in enumerate(value)]
    for i, (first, second) in enumerate(pairwise(matrices)):
        if second.shape[1] != len(first):
            raise ValueError(
                f"{name}[{i + 1}] must have {len(first)} columns, one for each row of {name}[{i}], but has "
                f"shape {second.shape}: the function is x -> W_L ... W_1 x, with the first layer first"
            )
    return matrices


def wide(weights):
    """Refuse a hidden layer that is narrower than the inputs or the outputs."""
    needed, hidden = max(weights[0].shape[1], len(weights[-1])), [len(W) for W in weights[:-1]]
    if hidden and min(hidden) < needed:
        raise ValueError(
            f"weights must have hidden layers of width {needed} at least, but have {hidden}: a narrower one "
            "cannot move the function alone, and no layer-wise solution exists; try "
            "shortest_natural_gradient"
        )
    return weights


def full_rank_inverse(matrix, name):
    """The inverse, or that from one side of a matrix that is not square, if its rank is full."""
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    if not values[-1] > RESOLUTION * values[0]:
        raise ValueError(
            f"{name} is singular to working precision, with singular values from {values[-1]:.2g} to "
            f"{values[0]:.2g}: the natural gradient of this layer does not exist; start elsewhere, or try "
            "shortest_natural_gradient"
        )
    return (right.T / values) @ left.T
