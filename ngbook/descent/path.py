"""A path of steps, while it is followed and afterwards."""

from dataclasses import dataclass

import numpy as np

from ngbook._check import arrays as check
from ngbook._domain import OutsideDomain
from ngbook.solve import dense_solve

SAYS_NO_MORE = "the function says no more"


@dataclass(frozen=True)
class Path:
    """Where a descent went, and why it ended: T steps through T + 1 points.

    Step t is ``points[t + 1] - points[t] = step_sizes[t] * directions[t]``.

    Attributes
    ----------
    points : ndarray of shape (T + 1, p)
        The parameters, from the start to the last point inside the domain.
    values : ndarray of shape (T + 1,)
        The objective there.
    gradients : ndarray of shape (T + 1, p)
        The vector of partial derivatives there.
    gradient_norms : ndarray of shape (T + 1,)
        Its norm: Euclidean for ``gradient_descent`` and ``mirror_descent``; √(gᵀG⁻¹g) with a metric,
        which is the length in the metric of the natural gradient, and does not depend on the chart.
    directions : ndarray of shape (T, p)
        Minus the gradient, or minus the natural gradient; for ``mirror_descent`` the change of the
        point over the step size.
    step_sizes : ndarray of shape (T,)
        What the direction was multiplied with: α, or β in Algorithm 1.
    lengths : ndarray of shape (T,)
        The length of each step, in the metric at the point where it begins (Euclidean for
        ``gradient_descent``; for ``mirror_descent`` Euclidean in the mirror coordinates).
    reason : str
        ``"tolerance"``, ``"iterations"`` or ``"domain"``: the gradient norm reached the tolerance;
        the iterations were used up; or the next step would have left the domain.
    message : str
        The reason in a sentence, with the step that was not taken.
    """

    points: np.ndarray
    values: np.ndarray
    gradients: np.ndarray
    gradient_norms: np.ndarray
    directions: np.ndarray
    step_sizes: np.ndarray
    lengths: np.ndarray
    reason: str
    message: str

    @property
    def converged(self):
        """Whether the gradient norm reached the tolerance."""
        return self.reason == "tolerance"

    def __len__(self):
        """The number of steps taken."""
        return len(self.step_sizes)


class Walk:
    """A path while it is being followed: where it is, what it has passed, and whether it has ended."""

    def __init__(self, value, gradient, start, iterations, tolerance):
        self.iterations = check.count(iterations, "iterations", least=0)
        self.tolerance = check.not_negative(tolerance, "tolerance")
        self.functions = check.function(value, "value"), check.function(gradient, "gradient")
        self.points = [check.vector(start, "start")]
        self.values = [check.number(value(self.theta), "value(start)")]
        self.gradients = [gradient_at(gradient, self.theta)]
        self.norms, self.directions, self.sizes = [], [], []
        self.inside, self.reason, self.message = True, "", ""

    def __len__(self):
        """The number of steps taken."""
        return len(self.sizes)

    @property
    def theta(self):
        """The last point."""
        return self.points[-1]

    @property
    def gradient(self):
        """The gradient there."""
        return self.gradients[-1]

    def solve(self, metric, gradient):
        """The natural gradient; what the solver refuses is told with the place."""
        try:
            return dense_solve(metric, gradient)
        except ValueError as error:
            raise ValueError(f"at step {len(self)}, theta = {check.show(self.theta)}: {error}") from error

    def is_over(self, norm):
        """Note the norm of the gradient at the last point; whether it is small, or the steps are used up."""
        self.norms.append(float(norm))
        if norm <= self.tolerance:
            self.reason = "tolerance"
            self.message = f"after {len(self)} steps the gradient norm is within {self.tolerance:g}"
        elif len(self) == self.iterations:
            self.reason = "iterations"
            self.message = f"after all {len(self)} steps the gradient norm is {norm:.3g}"
        return bool(self.reason)

    def step(self, size, direction):
        """Go to ``theta + size * direction``, or end here if that is outside the domain."""
        self._land(self.theta + size * direction, size, direction)

    def step_to(self, inverse, coordinates, size):
        """Go to the point of these coordinates, or end here if there is none inside the domain."""
        with np.errstate(all="ignore"):
            try:
                trial = inside(inverse, coordinates, "inverse_mirror", self.theta.shape)
            except OutsideDomain as error:
                return self._end(f"the coordinates {check.show(coordinates)}", str(error))
        return self._land(trial, size, (trial - self.theta) / size)

    def _land(self, trial, size, direction):
        landed, complaint = evaluate(*self.functions, trial)
        if complaint:
            return self._end(check.show(trial), complaint)
        self.points.append(trial)
        self.values.append(landed[0])
        self.gradients.append(landed[1])
        self.sizes.append(size)
        self.directions.append(direction)

    def _end(self, place, complaint):
        self.inside, self.reason = False, "domain"
        step = f"step {len(self)}, from {check.show(self.theta)} to {place}"
        self.message = f"{step}, would leave the domain: {complaint or SAYS_NO_MORE}"

    def path(self):
        """What it has become."""
        sizes, norms = np.array(self.sizes), np.array(self.norms)
        steps = np.array(self.directions).reshape(-1, self.theta.size), sizes, sizes * norms[: len(sizes)]
        visited = map(np.array, (self.points, self.values, self.gradients))
        return Path(*visited, norms, *steps, self.reason, self.message)  # lengths: ‖G⁻¹g‖_G = √(gᵀG⁻¹g)


# --- what a caller's functions return, inside the domain and outside -------------------------------


def evaluate(value, gradient, theta):
    """Value and gradient at a trial point, or the complaint that it is outside the domain."""
    with np.errstate(all="ignore"):  # what is not finite is reported by the caller
        try:
            return (inside(value, theta, "value", ()), inside(gradient, theta, "gradient", theta.shape)), ""
        except OutsideDomain as error:
            return None, str(error) or SAYS_NO_MORE


def value_or_nan(value, theta):
    with np.errstate(all="ignore"):
        try:
            return inside(value, theta, "value", ())
        except OutsideDomain:
            return np.nan


def gradient_at(gradient, theta):
    return check.vector(gradient(theta), "gradient", theta.size)


def inside(function, theta, name, shape):
    """What a caller's function returns at a trial point, or ``OutsideDomain`` if that is not finite."""
    result = check.floats(function(theta), name)
    if result.shape != shape:
        return check.vector(result, name, theta.size) if shape else check.number(result, name)  # refuses it
    if not np.isfinite(result).all():
        raise OutsideDomain(f"{name} must be finite, but is {result}")
    return result if shape else float(result)
