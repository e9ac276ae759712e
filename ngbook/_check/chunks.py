"""Rules for data in chunks, and for runs on other processes."""

import numpy as np

from ngbook._check import arrays as check


def scores(value, name="scores"):
    """Scores as ``arrays.scores`` takes them, with a known number of rows and real entries.

    An array of another library may not know how many rows it has before it is computed, and then every mean
    over its rows is NaN.
    """
    array = check.scores(value, name)
    if not all(isinstance(length, int | np.integer) for length in array.shape):
        raise ValueError(
            f"{name} must have a known number of rows, but have shape {array.shape}: count them first; a "
            "Dask array does it by compute_chunk_sizes()"
        )
    if np.dtype(getattr(array, "dtype", None) or float).kind not in "fiub":
        raise ValueError(f"{name} must be made of real numbers, but are {array.dtype}: take .real, or floats")
    return array


def again(value, name):
    """Chunks that can be gone through more than once, for each product anew."""
    if isinstance(value, str) or not hasattr(value, "__iter__") or iter(value) is value:
        raise ValueError(
            f"{name} must be a list of arrays, or another object that can be gone through again and again, "
            f"but is {type(value).__name__}: a generator is empty after the first product"
        )
    return value


def once(value, name):
    """Chunks that are gone through once."""
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise ValueError(f"{name} must be a list of arrays, or of tuples of them, but is {value!r}")
    return value


def rows(chunk):
    """How many rows a chunk has: an array, or a tuple of arrays that belong together."""
    lengths = {len(part) for part in chunk} if isinstance(chunk, tuple) else {len(chunk)}
    if len(lengths) != 1 or 0 in lengths:
        raise ValueError(
            f"chunks must each have rows, and as many in each of its arrays, but one has {sorted(lengths)}"
        )
    return lengths.pop()


def same_shape(value, before, number):
    """What a function returned for a chunk: finite, and of the shape of what it returned for the others."""
    value = np.asarray(value)
    if not np.isfinite(value).all():
        raise ValueError(f"function must return finite numbers, but did not for chunk {number} of chunks")
    if before is not None and np.shape(before) != value.shape:
        raise ValueError(
            f"function must return one shape for all chunks, but returned {value.shape} for chunk {number} "
            f"after {np.shape(before)}: return a mean over the chunk's rows, not one entry for each"
        )
    return value


def seeds(value, name):
    """Different whole numbers, as a list."""
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise ValueError(f"{name} must be a list of whole numbers such as range(20), but is {value!r}")
    found = [check.count_or_zero(seed, f"each of {name}") for seed in value]
    if not found:
        raise ValueError(f"{name} must have at least one seed, but is empty: try range(20)")
    if len(set(found)) < len(found):
        twice = next(seed for seed in found if found.count(seed) > 1)
        raise ValueError(f"{name} must differ, but {twice} is there twice: it would be the same run again")
    return found


def client(value, name="client"):
    """What runs functions on workers."""
    return check._with(value, name, "a distributed.Client", "map", "gather", "cancel")
