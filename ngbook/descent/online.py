"""One pass over a stream of observations: each one moves the parameters, and is forgotten."""

from dataclasses import dataclass

import numpy as np

from ngbook._check import arrays as check
from ngbook._domain import OutsideDomain
from ngbook.descent.path import inside
from ngbook.solve import dense_solve
from ngbook.solve.factorisation import cholesky


@dataclass(frozen=True)
class OnlinePath:
    """Where a stream of observations led: T steps through T + 1 points.

    Attributes
    ----------
    points : ndarray of shape (T + 1, p)
        The parameters, from the start to the last point inside the domain.
    lengths : ndarray of shape (T,)
        The length √(δᵀFδ) of each step δ in the matrix that it was solved with.
    fisher : ndarray of shape (p, p)
        The matrix that the last step was solved with. If the last step would have left the domain, it is
        that one's.
    reason : str
        ``"observations"`` if all were used, ``"domain"`` if a step would have left the domain.
    message : str
        The reason in a sentence, with the step that was not taken.
    """

    points: np.ndarray
    lengths: np.ndarray
    fisher: np.ndarray
    reason: str
    message: str

    def __len__(self):
        """The number of steps taken."""
        return len(self.lengths)


@check.arguments(
    score=check.called("theta, x"),
    fisher=check.function,
    constant=check.positive,
    delay=check.not_negative,
    longest=check.optional(check.positive),
)
def online_natural_gradient(
    score, fisher, observations, start, *, constant=1.0, delay=0.0, longest=None
) -> OnlinePath:
    """Go up the natural gradient of each observation's log-likelihood, by shorter and shorter steps.

    The step is ``constant / (t + delay) * solve(F, score)`` (eq-efficiency-online), with the exact Fisher
    matrix at the current point. If the model is right and the path converges, its mean squared error in F,
    divided by the bound of Cramér and Rao, tends to c²/(2c − 1) for every c above 1/2, so that c = 1 is
    efficient (Amari, 1998, "Natural gradient works efficiently in learning"). The start is forgotten only
    like t^(−c): with c = 1 and a delay, one that is far away is felt for long. Without a delay the first
    steps may be wild ones, from which the later ones, shorter and shorter, never come back: ``longest``
    tames them. In the mean chart of an exponential family, c = 1 without a delay makes the points the running
    means of the statistics.

    A step after which the score of the same observation is not finite, or raises ``OutsideDomain``, is not
    taken, and ends the path with the reason ``"domain"``, as in ``gradient_descent``.

    Parameters
    ----------
    score : callable
        ``score(theta, x)``, the gradient of log p(x; theta) of one observation, of shape (p,). The path goes
        *up*: for a loss, give minus its gradient.
    fisher : callable
        ``fisher(theta)``, the Fisher matrix of one observation, ndarray of shape (p, p) or LinearOperator,
        positive definite, in the chart of theta.
    observations : iterable
        x₁, x₂, …, at least one, each handed to ``score`` as it is: an array with the stream on its first
        axis, a list of pairs (input, label), a generator that ends.
    start : ndarray of shape (p,)
        Where to begin.
    constant : float
        c, above 0.
    delay : float
        t₀, at least 0: the first step size is c/(1 + t₀).
    longest : float, optional
        A step of which the length √(δᵀFδ) is larger is shortened to this; above 0. A length of 1 is one
        standard error of one observation.

    Returns
    -------
    OnlinePath
        Every point, and the length of every step.
    """
    walk = _Walk(score, observations, start)
    for t, x in walk:
        F = walk.matrix(fisher(walk.theta))
        step = constant / (t + delay) * walk.solve(F, score(walk.theta, x))  # eq-efficiency-online
        length = np.sqrt(step @ F @ step)
        if longest is not None and length > longest:
            step = longest / length * step
        walk.step(step, F)
    return walk.path()


@check.arguments(score=check.called("theta, x"), fisher=check.called("theta, x"))
def recursive_natural_gradient(score, fisher, observations, start, precision) -> OnlinePath:
    """Go up the natural gradient, with the Fisher matrices seen so far in the place of the exact one.

    With η = 1/(t + 1), the matrix is a running mean, J ← (1 − η)J + ηF(θ, x)
    (eq-efficiency-recursive-metric), and the *new* J makes the step, θ ← θ + ηJ⁻¹ψ
    (eq-efficiency-recursive-step). The prior's precision J₀ counts as one observation. For an exponential
    family with a regression for its mean this is the extended Kalman filter of a state that does not move,
    whose covariance is J⁻¹/(t + 1) (Ollivier, 2018, "Online natural gradient as a Kalman filter"); for a
    linear one with Gaussian noise, recursive least squares, which ends at the ridge regression of all data.

    Steps that leave the domain end the path, as in ``online_natural_gradient``.

    Parameters
    ----------
    score, observations, start
        As for ``online_natural_gradient``.
    fisher : callable
        ``fisher(theta, x)``, the Fisher matrix of one observation, ndarray of shape (p, p), symmetric and
        positive semidefinite: of a regression the one at the *input* of x, the mean over the labels that the
        model would draw there. The outer product of the score would be the empirical one, of the label seen.
    precision : ndarray of shape (p, p)
        J₀, symmetric positive definite: the inverse of the prior's covariance.

    Returns
    -------
    OnlinePath
        Every point, the length of every step, and J as ``fisher``; the posterior's precision is
        ``(len(path) + 1) * path.fisher``.
    """
    walk = _Walk(score, observations, start)
    J = walk.definite(precision)
    for t, x in walk:
        eta = 1 / (t + 1)
        J = (1 - eta) * J + eta * walk.matrix(fisher(walk.theta, x))  # eq-efficiency-recursive-metric
        walk.step(eta * walk.solve(J, score(walk.theta, x)), J)  # eq-efficiency-recursive-step
    return walk.path()


class _Walk:
    """A stream while it is followed: where the parameters are, and whether they have left their space."""

    def __init__(self, score, observations, start):
        self.score, self.points = score, [check.vector(start, "start")]
        self.lengths, self.reason = [], "observations"
        try:
            self.observations = iter(observations)
        except TypeError as error:
            raise ValueError(
                f"observations must be a sequence or another iterable, but is {observations!r}: one "
                "observation is [x]"
            ) from error

    def __iter__(self):
        """Number the observations from 1, until none is left or the path has ended."""
        for t, x in enumerate(self.observations, 1):
            self.t, self.x = t, x
            yield t, x
            if self.reason == "domain":
                return
        if not self.lengths:
            raise ValueError("observations is empty: give at least one (a generator can be read only once)")
        self.message = f"after all {len(self.lengths)} observations"

    @property
    def theta(self):
        """The last point."""
        return self.points[-1]

    def matrix(self, fisher):
        """The Fisher matrix, dense and symmetric."""
        return self._here(check.matrix, fisher, self.theta.size)

    def definite(self, precision):
        """The same of a precision, which is positive definite."""
        try:
            cholesky(matrix := check.matrix(precision, self.theta.size))
        except ValueError as error:
            raise ValueError(f"precision must be the inverse of a covariance: {error}") from error
        return matrix

    def solve(self, fisher, score):
        """The natural gradient of the log-likelihood of an observation."""
        return self._here(dense_solve, fisher, self._here(check.vector, score, "score", self.theta.size))

    def _here(self, function, *arguments):
        """What a function returns; what it refuses is told with the place."""
        try:
            return function(*arguments)
        except ValueError as error:
            place = f"at observation {self.t}, theta = {check.show(self.theta)}"
            raise ValueError(f"{place}: {error}") from error

    def step(self, step, fisher):
        """Go there, or end here if that is outside the domain."""
        self.fisher, trial = fisher, self.theta + step
        try:
            if not np.isfinite(trial).all():
                raise OutsideDomain(f"theta must be finite, but is {trial}")
            with np.errstate(all="ignore"):  # what is not finite is the sign that it is outside
                inside(lambda theta: self.score(theta, self.x), trial, "score", trial.shape)
        except OutsideDomain as error:
            self.reason = "domain"
            way = f"observation {self.t}, from {check.show(self.theta)} to {check.show(trial)}"
            self.message = f"{way}, would leave the domain: {error}"
        else:
            self.points.append(trial)
            self.lengths.append(np.sqrt(step @ fisher @ step))

    def path(self):
        """What it has become."""
        return OnlinePath(
            np.array(self.points), np.array(self.lengths), self.fisher, self.reason, self.message
        )
