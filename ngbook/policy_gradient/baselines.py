"""What to expect from a state, before seeing the action.

Subtracting a baseline that does not depend on the action leaves the expected gradient as it is and takes
noise away (eq-policy-gradients-baseline). ``TimeBaseline`` has one number for each time index of an episode,
``FourierBaseline`` a function of the observation. ``fit(batch, targets)`` forgets earlier batches;
``targets`` of shape (T, n) are what the values should have been, such as rewards-to-go. ``values(batch)`` and
``next_values(batch)`` are those of the batch's observations and next observations, of shape (T, n), and 0
before the first fit. Bad input raises ``ValueError``.
"""

from typing import Self

import numpy as np

from ngbook._check import arrays as check


class TimeBaseline:
    """The mean of the targets at each time index of an episode (eq-policy-gradients-baseline).

    Made for episodes of one length. A time index without a target takes the value of the last one before it
    that has one.
    """

    def __init__(self):
        self._means = np.zeros(1)

    def fit(self, batch, targets) -> Self:
        """Take the means of the targets, which have shape (T, n), over the valid steps of each time index."""
        targets = check.step_values(targets, batch, "targets")
        ages, targets = batch.flat(batch.ages), batch.flat(targets)
        counts, sums = np.bincount(ages), np.bincount(ages, weights=targets)
        seen = np.flatnonzero(counts)
        latest = np.maximum(np.searchsorted(seen, np.arange(len(counts)), side="right") - 1, 0)
        self._means = (sums[seen] / counts[seen])[latest]
        return self

    def values(self, batch) -> np.ndarray:
        """Look up the mean at the time index of ``batch.observations``, for each of (T, n) steps."""
        return self._at(check.batch(batch).ages)

    def next_values(self, batch) -> np.ndarray:
        """Look up the mean at the time index of ``batch.next_observations``, for each of (T, n) steps."""
        return self._at(check.batch(batch).ages + 1)

    def _at(self, ages):
        return self._means[np.minimum(ages, len(self._means) - 1)]


class FourierBaseline:
    """Ridge regression on random Fourier features of the observation (eq-policy-gradients-baseline).

    The value is c + wᵀφ(x), with x the scaled observation and φ(x) = (x, cos(Ωx + b)). The frequencies Ω are
    drawn once, from a normal distribution, and the phases b uniformly; fitting is then one linear
    system of the size of φ (Rahimi and Recht, 2007). The constant c is the mean of the targets and is not
    penalised. The features are computed in single precision, unless asked otherwise: ten times faster, and a
    baseline may be as imprecise as it likes. (A run that is to come out alike on all processors needs double
    precision: what they differ by must be small beside the digits that are kept.)

    Parameters
    ----------
    inputs : int
        k, the number of entries of an observation.
    rng : numpy.random.Generator
        Draws the frequencies and phases.
    features : int
        The number of cosines.
    observation_scale : ndarray of shape (k,) or None
        What observations are multiplied with, so that entries of about 1 are usual.
    bandwidth : float
        The standard deviation of the frequencies: larger for functions that bend faster.
    regularisation : float
        The ridge penalty, relative to a mean over the samples; above 0.
    dtype : type
        ``np.float32``, or ``float``.
    """

    @check.arguments(inputs=check.count, rng=check.generator, features=check.count)
    @check.arguments(bandwidth=check.positive, regularisation=check.positive, dtype=check.precision)
    def __init__(
        self, inputs, rng: np.random.Generator, features=100, observation_scale=None,
        bandwidth=1.0, regularisation=1e-3, dtype=np.float32,
    ):  # fmt: skip
        self._dtype, self._regularisation = np.dtype(dtype), regularisation
        scale = np.ones(inputs) if observation_scale is None else observation_scale
        self._scale = check.vector(scale, "observation_scale", inputs).astype(self._dtype)
        self._frequencies = (bandwidth * rng.normal(size=(inputs, features))).astype(self._dtype)
        self._phases = rng.uniform(0, 2 * np.pi, features).astype(self._dtype)
        self._weights = np.zeros(inputs + features, dtype=self._dtype)
        self._constant = self._dtype.type(0)
        self._known = None, None

    def fit(self, batch, targets) -> Self:
        """Solve for the weights with which the valid steps come closest to the targets, of shape (T, n)."""
        targets = check.step_values(targets, batch, "targets")
        features, targets = batch.flat(self._features(batch)), batch.flat(targets)
        means = features.mean(axis=0)
        features = features - means
        gram = (features.T @ features).astype(float)
        gram[np.diag_indices_from(gram)] += self._regularisation * len(features)
        average = targets.mean()
        weights = np.linalg.solve(gram, features.T @ (targets - average).astype(self._dtype))
        self._weights = weights.astype(self._dtype)
        self._constant = self._dtype.type(average - means @ weights)
        return self

    def values(self, batch) -> np.ndarray:
        """Evaluate the regression at ``batch.observations``, of shape (T, n)."""
        return self._features(check.batch(batch)) @ self._weights + self._constant

    def next_values(self, batch) -> np.ndarray:
        """Evaluate the regression at ``batch.next_observations``, of shape (T, n)."""
        values = np.empty(check.batch(batch).valid.shape, dtype=self._dtype)
        values[:-1] = self.values(batch)[1:]  # most of what is reached is where the next step begins
        other = np.ones(batch.valid.shape, dtype=bool)
        other[:-1] = np.any(batch.next_observations[:-1] != batch.observations[1:], axis=2)
        values[other] = self._map(batch.next_observations[other]) @ self._weights + self._constant
        return values

    def _features(self, batch):
        """The features of a batch's observations, remembered for the next question about it."""
        if self._known[0] is not batch:
            self._known = batch, self._map(batch.observations)
        return self._known[1]

    def _map(self, observations):
        entries, inputs = observations.shape[-1], len(self._scale)
        if entries != inputs:
            raise ValueError(
                f"batch has observations of {entries} entries, the baseline was made for {inputs}"
            )
        scaled = observations.astype(self._dtype) * self._scale
        waves = scaled @ self._frequencies
        waves += self._phases
        return np.concatenate([scaled, np.cos(waves, out=waves)], axis=-1)
