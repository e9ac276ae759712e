"""Rules for numbers, arrays and functions."""

import functools
import inspect
import reprlib

import numpy as np

SYMMETRY_TOLERANCE = {False: 1e-10, True: 1e-4}
"""Largest asymmetry, relative to ``sqrt(G_ii * G_jj)``, that counts as rounding; True: in float32."""

MOST_BYTES = 8e9
"""The largest matrix that is formed from scores: 31,622 × 31,622."""

PROBABILITY_TOLERANCE = 1e-9
"""How far the sum of a distribution may be from 1."""


def arguments(**rules):
    """Decorator: each named argument goes through its rule, ``rule(value, name)``, before the function runs.

    So the function's own lines are the algorithm and nothing else.
    """

    def decorate(function):
        signature = inspect.signature(function)
        if unknown := set(rules) - set(signature.parameters):
            raise TypeError(f"{function.__name__} has no arguments {sorted(unknown)}")

        @functools.wraps(function)
        def checked(*given, **named):
            bound = signature.bind(*given, **named)
            for name, rule in rules.items():
                if name in bound.arguments:
                    bound.arguments[name] = rule(bound.arguments[name], name)
            return function(*bound.args, **bound.kwargs)

        return checked

    return decorate


def optional(rule):
    """The rule, for an argument that may also be None."""
    return lambda value, name: None if value is None else rule(value, name)


# --- one number --------------------------------------------------------------------------------------------


def floats(value, name):
    """Real float array of any shape, copied: one ValueError instead of NumPy's assortment of exceptions."""
    try:
        array = np.asarray(value)
        if np.iscomplexobj(array):
            raise TypeError("complex numbers")
        return array.astype(float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be made of real numbers, but is {value!r}: {error}") from error


def finite(values, name):
    """Finite float array with something in it, of any shape."""
    array = floats(values, name)
    if array.size == 0:
        raise ValueError(f"{name} is empty, of shape {array.shape}: give at least one number")
    _refuse_not_finite(array, name)
    return array


def _refuse_not_finite(array, name):
    """Refuse an array with NaN or infinity in it, with the first such entry."""
    if not np.isfinite(array).all():
        where = tuple(np.argwhere(~np.isfinite(array))[0].tolist())
        at = f" at index {where}" if where else ""
        raise ValueError(
            f"{name} must be finite, but is {array[where]}{at}: is the point it is computed at allowed?"
        )


def number(value, name="value", *, above=-np.inf, least=-np.inf, below=np.inf, most=np.inf, because=""):
    """One finite number within bounds, as a ``float``; ``because`` ends the message about the bounds."""
    array = floats(value, name)
    if array.ndim != 0:
        raise ValueError(f"{name} must be one number, but has shape {array.shape}: average it, or pick one")
    _refuse_not_finite(array, name)
    if not (above < array < below and least <= array <= most):
        bounds = {"greater than": above, "at least": least, "below": below, "at most": most}
        wanted = " and ".join(f"{words} {bound:g}" for words, bound in bounds.items() if np.isfinite(bound))
        raise ValueError(f"{name} must be {wanted}, but is {array:g}{because}")
    return float(array)


positive = functools.partial(number, above=0)
not_negative = functools.partial(number, least=0)
fraction = functools.partial(number, above=0, below=1)
share = functools.partial(number, least=0, most=1)
discount = functools.partial(number, least=0, below=1, because=": the sum has no end")
damping = functools.partial(number, least=0, because=": it would remove curvature")
at_most_one = functools.partial(number, above=0, most=1)
tolerance = functools.partial(number, least=0, because=": a residual is never negative")


def count(value, name, least=1):
    """Whole number, at least ``least``, as an ``int``."""
    array = floats(value, name)
    if array.ndim != 0 or not least <= array < np.inf or array != int(array):
        raise ValueError(f"{name} must be a whole number, at least {least}, but is {value!r}")
    return int(array)


count_or_zero = functools.partial(count, least=0)
iterations = optional(count_or_zero)  # None for no limit of the caller's


def one_of(*words):
    """Rule: one of some words, as it is."""

    def word(value, name):
        if not isinstance(value, str) or value not in words:
            raise ValueError(f"{name} must be one of {', '.join(map(repr, words))}, but is {value!r}")
        return value

    return word


def precision(value, name="dtype"):
    """Single or double precision, as a ``numpy.dtype``."""
    if value not in (float, np.float32, np.float64, "float32", "float64"):
        raise ValueError(f"{name} must be float (which is float64) or np.float32, but is {value!r}")
    return np.dtype(value)


# --- what is called ----------------------------------------------------------------------------------------


def generator(rng, name="rng"):
    """Generator of random numbers: nothing here makes one by itself."""
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"{name} must be a numpy.random.Generator, but is {rng!r}: np.random.default_rng(1)")
    return rng


def function(value, name, call="theta"):
    """What can be called as ``name(call)``."""
    if not callable(value):
        raise ValueError(f"{name} must be a function, as lambda {call}: ..., but is {value!r}")
    return value


def called(call):
    """Rule: what can be called with these arguments."""
    return functools.partial(function, call=call)


divergence = called("old, new")


def one_divergence(value):
    """What a divergence returned, as a float that need not be finite."""
    array = np.asarray(value, dtype=float)
    if array.ndim:
        raise ValueError(f"kl must return one number, but returned shape {array.shape}: average it")
    return float(array)


# --- vectors, metrics, scores ------------------------------------------------------------------------------


def vector(value, name="theta", size=None):
    """Finite vector of shape (p,), copied, so that later changes of ``value`` cannot reach it."""
    array = floats(value, name)
    if array.ndim != 1:
        raise ValueError(f"{name} must be a vector, but has shape {array.shape}: write one parameter as [x]")
    if size is not None:
        fits(array, size, name)
    return finite(array, name)


def increasing(value, name, least=1):
    """Finite vector with ``least`` entries or more, each larger than the one before."""
    array = vector(value, name)
    if array.size < least or np.any(np.diff(array) <= 0):
        raise ValueError(f"{name} must increase and have at least {least} entries, but is {array}")
    return array


def pairs(value, name):
    """Finite array of shape (n, 2), n at least 1: points in the plane."""
    array = finite(value, name)
    if array.ndim != 2 or array.shape[1] != 2:
        raise ValueError(f"{name} must have shape (n, 2), one row (x, y) for each, but has {array.shape}")
    return array


def is_operator(metric):
    """Whether it is known by its products: a LinearOperator, a sparse matrix, an array of another library."""
    return hasattr(metric, "shape") and hasattr(metric, "__matmul__") and not isinstance(metric, np.ndarray)


def metric(value, size=None):
    """A metric as its products if it was given so, else as a dense symmetric matrix."""
    if not is_operator(value):
        return matrix(value, size)
    _refuse_shape(value.shape, size)
    return value


def matrix(value, size=None):
    """A metric as a dense, exactly symmetric array of shape (p, p), whichever way it was given.

    Of an operator that takes p products. Rounding may make it asymmetric by ``SYMMETRY_TOLERANCE``. Whether
    it is positive definite is for the solve to find.
    """
    known_by_products = is_operator(value) and not hasattr(value, "__array__")
    array = finite(metric(value, size) @ np.eye(value.shape[0]) if known_by_products else value, "metric")
    _refuse_shape(array.shape, size)
    if np.array_equal(array, array.T):
        return array
    tolerance = SYMMETRY_TOLERANCE[getattr(value, "dtype", None) == np.float32]
    asymmetry, diagonal = np.abs(array - array.T), np.sqrt(np.abs(np.diag(array)))
    size = np.maximum(np.outer(diagonal, diagonal), np.maximum(np.abs(array), np.abs(array.T)))
    if np.any(asymmetry > tolerance * size):
        i, j = np.unravel_index(np.argmax(asymmetry), array.shape)
        raise ValueError(
            f"metric must be symmetric, but its largest asymmetry is {asymmetry[i, j]:.3g}: entry "
            f"({i}, {j}) is {array[i, j]:.6g} and entry ({j}, {i}) is {array[j, i]:.6g}"
        )
    return (array + array.T) / 2


def formable(size):
    """Refuse a matrix that memory does not hold, before it is formed."""
    if 8 * size**2 > MOST_BYTES:
        raise ValueError(
            f"a matrix of {size} × {size} would need {8e-9 * size**2:.1f} GB, and is not formed above "
            f"{MOST_BYTES / 1e9:g} GB: use conjugate_gradient(mean_outer_product(scores), ...)"
        )


def gram(product, size):
    """The product of scores with themselves as an array, finite."""
    product = np.asarray(product if hasattr(product, "__array__") else product @ np.eye(size))
    if not np.isfinite(np.diag(product)).all():
        raise ValueError("scores must be finite, and not too large to be multiplied with each other")
    return product


def fits(vector, size, name):
    """Refuse a vector that has not the size asked for."""
    if vector.size != size:
        raise ValueError(f"{name} must have {size} entries, but has {vector.size}: {show(vector)}")


def _refuse_shape(shape, size):
    """Refuse a metric that is not square, or not of the size asked for."""
    if len(shape) != 2 or shape[0] != shape[1] or size not in (None, shape[0]):
        wanted = "(p, p)" if size is None else f"({size}, {size}) to fit a vector of {size} entries"
        raise ValueError(f"metric must have shape {wanted}, but has shape {shape}")


def scores(value, name="scores"):
    """Scores of shape (n, p), float32 or float64; of an operator only the shape is looked at."""
    if is_operator(value):
        array = value
    else:
        as_it_is = getattr(value, "dtype", None) in (np.float32, np.float64)
        array = np.asarray(value) if as_it_is else floats(value, name)
    if len(array.shape) != 2 or 0 in array.shape:
        shape = tuple(array.shape)
        raise ValueError(f"{name} must have shape (n, p), but have {shape}: of one parameter scores[:, None]")
    if not is_operator(value):
        finite_rows(array, name, "are theta and the samples inside their spaces?")
    return array


def finite_rows(array, name, remedy):
    """Refuse an array of which rows are not finite, with the first of them."""
    if not np.isfinite(array).all():
        bad = ~np.isfinite(array).all(axis=1)
        raise ValueError(
            f"{name} must be finite, but {bad.sum()} of {len(array)} rows are not, the first being row "
            f"{np.argmax(bad)}: {array[np.argmax(bad)]}; {remedy}"
        )


def distributions(value, name, shape):
    """Array of the given shape, copied, whose last axis holds probabilities that add up to 1."""
    array = finite(value, name)
    if array.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, but has shape {array.shape}")
    not_negative(array.min(), f"the smallest of {name}")
    worst = np.abs(array.sum(axis=-1) - 1).max()
    if worst > PROBABILITY_TOLERANCE:
        raise ValueError(f"{name} must add up to 1 on its last axis, but misses by {worst:.3g}: normalise it")
    return array


# --- policies and their batches ----------------------------------------------------------------------------


def _with(value, name, kind, *attributes):
    """What has some attributes, and is a thing and not a class."""
    if isinstance(value, type) or not all(hasattr(value, attribute) for attribute in attributes):
        raise ValueError(f"{name} must be {kind}, with {', '.join(attributes)}, but is {reprlib.repr(value)}")
    return value


def policy(value, name="policy"):
    """What has a distribution of actions at parameters and observations."""
    return _with(value, name, "a policy, as policies.for_environment makes", "at", "size", "inputs")


def batch(value, name="batch"):
    """A batch with at least one step in it that was decided."""
    _with(value, name, "a Batch, as Rollouts(...).collect(...) makes", "valid", "flat")
    if not value.valid.any():
        raise ValueError(f"{name} has no valid step among its {value.valid.size}: collect more steps")
    return value


def step_values(values, of, name):
    """One finite number for every step of a batch, ndarray of shape (T, n); 0 where it is not valid."""
    batch(of)
    array = floats(values, name)
    if array.shape != of.valid.shape:
        raise ValueError(f"{name} must have shape {of.valid.shape}, a number a step, but have {array.shape}")
    finite = np.isfinite(array) | ~of.valid
    if not finite.all():
        step, environment = np.argwhere(~finite)[0]
        found = f"{array[step, environment]} at step {step} of environment {environment}"
        raise ValueError(f"{name} must be finite, but is {found}: check the rewards and the baseline")
    return array if of.valid.all() else np.where(of.valid, array, 0.0)


def baseline(value, name="baseline"):
    """What can be fitted to a batch and asked for the values of its states."""
    return _with(value, name, "a baseline, as TimeBaseline()", "fit", "values", "next_values")


# --- cheaply, at every step of an environment --------------------------------------------------------------


def in_precision(value, name, dtype):
    """Array of real numbers in the precision asked for; nothing is done to one that is."""
    if not (isinstance(value, np.ndarray) and value.dtype.kind in "fiub"):
        value = floats(value, name)
    if value.dtype == dtype:
        return value
    with np.errstate(over="ignore"):  # what float32 cannot hold is infinite, and refused as such
        return value.astype(dtype)


def parameters(value, name, size, dtype):
    """Finite vector of shape (size,); ``vector`` says what is wrong if it is not."""
    array = in_precision(value, name, dtype)
    if array.shape != (size,) or not np.isfinite(array).all():
        vector(array, name, size)
    return array


def show(array):
    """Entries for a message, rounded; what is 1e-6 of the largest, or less, prints as 0."""
    largest = np.abs(array).max(where=np.isfinite(array), initial=0.0)
    return np.array2string(np.where(np.abs(array) < 1e-6 * largest, 0.0, array), precision=4, threshold=12)
