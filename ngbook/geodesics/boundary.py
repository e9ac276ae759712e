"""Where a geodesic reaches the boundary of its parameter space.

A gap g to a boundary closes like the square of what is left to go (λ of a Poisson distribution), or in
proportion to it (κ of a von Mises distribution), so that a solver either jumps across, as if the boundary
were a mirror, or takes ever shorter steps. Both are told from a gap that gets small and never closes, as σ
of a Normal distribution does: there g/|dg/ds| stays as it is.
"""

from functools import cache

import numpy as np
import sympy as sp

NEAR = 1e-3  # arc length, in which a gap closes, that is near enough to extrapolate
GLANCES = 1e-3  # how far 2 g g″/g′² may exceed 1, its value where the gap closes quadratically
CLOSED = 1e-8  # share of a gap at the start that counts as none


class Boundary:
    """The gaps of a motion, as events for SciPy's solver, and when the first of them closes."""

    def __init__(self, motion, start, end):
        self.motion, self.end = motion, end
        self.parts = gaps(motion.family._general)
        self.first = motion.gaps(*motion.numbers(start))

    def _gap(self, state, row):
        """g, dg/ds and d²g/ds² along the geodesic, and the arc length left until it closes."""
        numbers, v = self.motion.numbers(state), state[self.motion.size :]
        gap, slope, bend = (np.array(part(*numbers)[row], dtype=float) for part in self.parts)
        rate, second = slope @ v, slope @ self.motion(None, state)[self.motion.size :] + v @ bend @ v
        left = 2 * gap / (np.sqrt(max(rate**2 - 2 * gap * second, 0)) - rate)  # of g + g′s + ½g″s² = 0
        return gap, rate, second, left

    def events(self):
        """Of each gap: what crosses zero downwards where it is about to close, upwards where it turns."""

        def about_to_close(row):
            def event(s, state):
                gap, rate, second, left = self._gap(state, row)
                return max(gap + NEAR * rate, 2 * gap * second - (1 + GLANCES) * rate**2, s + left - self.end)

            event.terminal, event.direction = True, -1
            return event

        def turns(row):
            def event(_, state):
                return self._gap(state, row)[1]

            event.direction = 1
            return event

        rows = range(len(self.first))
        return [*map(about_to_close, rows), *map(turns, rows)]

    def reached(self, solution):
        """Arc length at which the first gap closes, or no step led on; None if the geodesic goes on."""
        arcs = [] if solution.success else [solution.sol.t_max]
        met = list(zip(solution.t_events, solution.y_events, strict=True))
        for row, first in enumerate(self.first):
            closing, turning = (zip(*met[place], strict=True) for place in (row, row + len(self.first)))
            arcs += [s + self._gap(state, row)[3] for s, state in closing]
            arcs += [s for s, state in turning if self._gap(state, row)[0] <= CLOSED * first]
        return min(arcs, default=None)


@cache
def gaps(family):
    """Functions of the numbers: the gaps, shape (r,), and their derivatives, (r, p) and (r, p, p)."""
    theta = family.parameters
    values = [r.gts - r.lts for r in family.parameter_space if r.free_symbols & set(theta)]
    slopes = [[gap.diff(x) for x in theta] for gap in values]
    bends = [[[gap.diff(x, y) for x in theta] for y in theta] for gap in values]
    return [sp.lambdify(family.evaluation.symbols, part, "numpy") for part in (values, slopes, bends)]
