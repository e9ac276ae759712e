"""One implicit step of a gradient flow in the Wasserstein distance, by particles on the line."""

import numpy as np
from scipy.linalg import LinAlgError, solveh_banded

from ngbook._check import arrays as check
from ngbook._check import transport as rules

ROUNDING = np.finfo(float).eps
FOR_ARRAYS = "write it for arrays, and for a constant use np.full_like"
_potential = check.called("particles")


@check.arguments(
    particles=rules.particles,
    step_size=check.positive,
    value=_potential,
    gradient=_potential,
    curvature=_potential,
    temperature=check.not_negative,
    tolerance=check.fraction,
    iterations=check.count,
)
def jko_step(
    particles, step_size, value, gradient, curvature, temperature=0.0, tolerance=1e-10, iterations=100
) -> np.ndarray:
    """Minimise W²/(2α) + mean potential - τ · entropy (eq-flowing-policies-jko).

    The distribution is N particles on the line, in order, each the quantile of one level. Then W² to the old
    ones is the mean of (y - x)², and the entropy, but for a constant, the sum of the logarithms of the
    spacings over N (eq-flowing-policies-particles). R. Jordan, D. Kinderlehrer and F. Otto, "The variational
    formulation of the Fokker-Planck equation" (1998). Newton's method, with a tridiagonal Hessian; where
    that is not positive definite, the potential's curvature is replaced by its positive part, so that each
    step goes downhill. Each is halved until the particles are in order and the objective falls (Armijo).

    Parameters
    ----------
    particles : ndarray of shape (N,)
        x, each above the one before.
    step_size : float
        α, above 0.
    value, gradient, curvature : callable
        The potential (minus the reward), its derivative, and the second: shape (N,) to shape (N,).
    temperature : float
        τ, the weight of the entropy, from 0 on.
    tolerance : float
        The last step of Newton's moves the particles by at most this share of their range (root mean square).
    iterations : int
        The largest number of steps.

    Returns
    -------
    ndarray of shape (N,)
        y, each above the one before.

    Raises
    ------
    ValueError
        Also if it has not converged.

    Examples
    --------
    The Ornstein-Uhlenbeck process takes a mean μ to μ/(1 + α):

    >>> import numpy as np
    >>> from ngbook import transport
    >>> x = np.linspace(1.0, 3.0, 50)
    >>> y = transport.jko_step(x, 0.25, lambda x: x**2 / 2, lambda x: x, np.ones_like, temperature=1.0)
    >>> print(y.mean().round(8))
    1.6
    """
    problem = _Objective(particles, step_size, (value, gradient, curvature), temperature)
    y = particles  # from here to the minimum of eq-flowing-policies-particles
    for _ in range(iterations):
        slope, step = problem.newton(y)
        size = problem.armijo(y, step, slope @ step)
        moved = np.sqrt(np.mean(step**2)) / (y[-1] - y[0])
        y = y - size * step
        if moved <= tolerance and size == 1:
            return y
        if size == 0:
            break
    raise ValueError(
        f"no convergence within iterations = {iterations} to the tolerance {tolerance:g}: the last step "
        f"would have moved the particles by {moved:.2g} of their range; are gradient and curvature the "
        "derivatives of value? Try a smaller step_size, or more iterations"
    )


class _Objective:
    """What one step minimises (eq-flowing-policies-particles), with its derivatives."""

    def __init__(self, start, step_size, potential, temperature):
        self.start, self.step_size, self.temperature, self.count = start, step_size, temperature, len(start)
        self.potential = potential

    def at(self, kind, y):
        name = ("value", "gradient", "curvature")[kind]
        return check.finite(rules.one_each(self.potential[kind](y.copy()), y, name, FOR_ARRAYS), name)

    def newton(self, y):
        """Gradient, and the solution of the Hessian for it, made positive definite where it is not."""
        pressure, bending = self.temperature / np.diff(y), self.temperature / np.diff(y) ** 2
        slope = (y - self.start) / self.step_size + self.at(1, y)
        slope[:-1] += pressure
        slope[1:] -= pressure
        curvature = self.at(2, y)
        for bent in (curvature, np.maximum(curvature, 0.0)):
            diagonal = 1 / self.step_size + bent
            diagonal[:-1] += bending
            diagonal[1:] += bending
            try:
                step = solveh_banded(np.array([np.append(0.0, -bending), diagonal]), slope)
                return slope / self.count, step
            except LinAlgError:
                continue
        raise ValueError(
            f"particles are too close: a spacing of {np.diff(y).min():.2g} at the temperature "
            f"{self.temperature:g} leaves no digits to 1 / step_size; move them apart"
        )

    def value(self, y):
        """The objective, and the size of what is rounded in it; infinite where particles are out of order."""
        gaps = np.diff(y)
        if gaps.min() <= 0:
            return np.inf, 0.0
        entropy = self.temperature * np.log(gaps)
        terms = np.append((y - self.start) ** 2 / (2 * self.step_size) + self.at(0, y), -entropy)
        return terms.sum() / self.count, np.abs(terms).sum() / self.count

    def armijo(self, y, step, decrease):
        """The largest of 1, 1/2, 1/4, ... at which the objective falls as promised, up to rounding; or 0."""
        now, size = self.value(y)
        for halvings in range(40):
            share = 0.5**halvings
            value, _ = self.value(y - share * step)
            if value <= now - 1e-4 * share * decrease + 8 * ROUNDING * size:
                return share
        return 0.0
