"""Geodesics: closed forms, curvature by another way, orders, invariance, boundaries, refusals."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
import sympy as sp
from refusals import INF, NAN, NOT_COUNTS, NOT_VECTORS, Example, refusal_tests, says
from scipy.integrate import quad

from ngbook import OutsideDomain, families, geodesics
from ngbook.families.spaces import greater
from ngbook.geodesics.boundary import Boundary, gaps
from ngbook.geodesics.flow import Motion
from ngbook.symbolic import FiniteSum, NoClosedForm

CATALOGUE = families.catalogue()
CHARTS = {  # of the Normal distribution: from (μ, σ), and back
    "normal": (lambda m, s: (m, s), lambda m, s: (m, s)),
    "normal_log_sigma": (lambda m, s: (m, sp.log(s)), lambda m, e: (m, np.exp(e))),
    "normal_variance": (lambda m, s: (m, s**2), lambda m, v: (m, v**0.5)),
    "normal_natural": (
        lambda m, s: (m / s**2, -1 / (2 * s**2)),
        lambda a, b: (-a / b / 2, (-0.5 / b) ** 0.5),
    ),
    "normal_mean": (lambda m, s: (m, m**2 + s**2), lambda a, b: (a, (b - a**2) ** 0.5)),
}
M, S = sp.symbols("m s", positive=True)


def in_chart(slug, point, velocity=(0.0, 0.0)):
    """Coordinates of (μ, σ) and of a velocity there, by SymPy's own derivative."""
    there = sp.Matrix(CHARTS[slug][0](M, S))
    at = {M: sp.Float(point[0], 30), S: sp.Float(point[1], 30)}
    slope = np.array(there.jacobian([M, S]).subs(at), dtype=float)
    return np.array(there.subs(at), dtype=float).ravel(), slope @ velocity


def normal_distance(a, b):
    """√2 arccosh(1 + …), by another formula: the logarithm of a cross ratio."""
    z, w = complex(a[0] / 2**0.5, a[1]), complex(b[0] / 2**0.5, b[1])
    near, far = abs(z - w), abs(z - w.conjugate())
    return 2**0.5 * np.log((far + near) / (far - near))


def slope(sizes, errors):
    return np.polyfit(np.log(sizes), np.log(errors), 1)[0]


def fixed(slug):
    family = CATALOGUE[slug]
    return family.at(**dict.fromkeys((c.name for c in family.constants), 5)) if family.constants else family


# --- Christoffel symbols and curvature ----------------------------------------------------------------------


def test_the_symbols_of_the_normal_distribution():
    symbols, sigma = geodesics.christoffel(families.normal), families.normal.parameters[1]
    wanted = {(0, 0, 1): -1 / sigma, (0, 1, 0): -1 / sigma, (1, 0, 0): 1 / (2 * sigma), (1, 1, 1): -1 / sigma}
    for place in itertools.product((0, 1), repeat=3):
        assert sp.simplify(symbols[place] - wanted.get(place, 0)) == 0


@pytest.mark.parametrize(
    "slug", ["categorical", "gamma", "beta", "weibull", "von_mises", "student_t", "dirichlet"]
)
def test_the_symbols_as_numbers_and_as_expressions_make_the_metric_parallel(slug):
    """∂ᵢF_jk = Γ_k,ij + Γ_j,ik, where differences of numbers stand for the derivatives."""
    family = fixed(slug)
    theta = np.array([float(family.example[x]) for x in family.parameters])
    symbols = geodesics.christoffel_symbols(family, theta)
    F, h = family.fisher(theta), 1e-5
    lowered = np.einsum("kl,lij->kij", F, symbols)
    for i, step in enumerate(h * np.eye(len(theta))):
        change = (family.fisher(theta + step) - family.fisher(theta - step)) / (2 * h)
        np.testing.assert_allclose(change, lowered[:, i] + lowered[:, i].T, rtol=1e-6, atol=1e-7)
    np.testing.assert_array_equal(symbols, np.swapaxes(symbols, 1, 2))
    exact = geodesics.christoffel(family).subs(dict(zip(family.parameters, theta, strict=True)))
    np.testing.assert_allclose(symbols, np.array(exact.tolist(), dtype=float), rtol=1e-9, atol=1e-12)


CURVATURES = {
    **dict.fromkeys(CHARTS, "-1/2"),
    "log_normal": "-1/2",
    "inverse_gaussian": "-1/2",
    "laplace": "-1",
    "cauchy": "-2",
    "student_t": "-(nu + 3)/(2*nu)",
    "logistic": "-9/(3 + pi**2)",
    "gumbel": "-6/pi**2",
    "weibull": "-6/pi**2",
    "categorical": "1/4",
}


@pytest.mark.parametrize("slug", CURVATURES)
def test_constant_curvatures(slug):
    family = CATALOGUE[slug]
    wanted = sp.sympify(CURVATURES[slug], locals={c.name: c for c in family.constants})
    assert sp.simplify(geodesics.gauss_curvature(family) - wanted) == 0


def test_a_constant_is_put_in():
    assert geodesics.gauss_curvature(families.student_t.at(nu=5)) == sp.Rational(-4, 5)
    assert geodesics.christoffel(families.student_t.at(nu=5)).free_symbols <= set(
        families.student_t.parameters
    )


@pytest.mark.parametrize(
    ("slug", "point", "wanted"),
    [
        ("gamma", (0.1, 1), -0.295),
        ("gamma", (2.5, 7), -0.491),
        ("inverse_gamma", (1, 3), -0.456),
        ("beta", (0.2, 0.2), -0.090),
        ("beta", (1, 1), -0.389),
        ("von_mises", (0, 1), -0.062),
        ("von_mises", (1, 4), -0.491),
    ],
)
def test_curvatures_that_change(slug, point, wanted):
    family = CATALOGUE[slug]
    at = {x: sp.nsimplify(value) for x, value in zip(family.parameters, point, strict=True)}
    assert float(sp.N(geodesics.gauss_curvature(family).subs(at), 15)) == pytest.approx(wanted, abs=6e-4)


def test_the_curvature_is_what_the_riemann_tensor_says():
    """By the Christoffel symbols, which its formula does not use."""
    for family in (families.gamma, families.normal_variance):
        F, theta = sp.Matrix(2, 2, list(family.evaluation.fisher_matrix)), family.parameters
        symbols = geodesics.christoffel(family)

        def riemann(k, symbols=symbols, theta=theta):  # R^k_{1 0 1}
            change = symbols[k, 1, 1].diff(theta[0]) - symbols[k, 1, 0].diff(theta[1])
            return change + sum(
                symbols[k, 0, m] * symbols[m, 1, 1] - symbols[k, 1, m] * symbols[m, 1, 0] for m in (0, 1)
            )

        ratio = sum(F[0, k] * riemann(k) for k in (0, 1)) / F.det()
        gap = (ratio - geodesics.gauss_curvature(family)).subs(family.example)
        assert abs(sp.N(gap, 20)) < 1e-15


# --- the exponential map ------------------------------------------------------------------------------------


def test_a_geodesic_of_the_normal_distribution_is_a_half_circle():
    """(μ/√2)² + σ² about a centre on the axis, and points at the distance that has passed."""
    times = np.linspace(0, 3, 7)
    path = geodesics.geodesic(families.normal, [0.3, 1.2], [0.7, -0.4], times)
    x, y = path.points[:, 0] / 2**0.5, path.points[:, 1]
    center = x[0] + y[0] * -0.4 / (0.7 / 2**0.5)
    np.testing.assert_allclose(np.hypot(x - center, y), np.hypot(x[0] - center, y[0]), rtol=1e-10)
    speed = np.sqrt(0.7**2 + 2 * 0.4**2) / 1.2
    passed = [normal_distance(path.points[0], point) for point in path.points[1:]]
    np.testing.assert_allclose(passed, speed * times[1:], rtol=1e-9)
    speeds = [v @ families.normal.fisher(p) @ v for p, v in zip(path.points, path.velocities, strict=True)]
    np.testing.assert_allclose(speeds, speed**2, rtol=1e-9)
    differences = geodesics.geodesic(families.normal, [0.3, 1.2], [0.7, -0.4], [1 - 1e-5, 1 + 1e-5]).points
    np.testing.assert_allclose(np.diff(differences, axis=0)[0] / 2e-5, path.velocities[2], rtol=1e-8)
    np.testing.assert_array_equal(path.times, times)


def test_time_zero_and_no_velocity_stay():
    path = geodesics.geodesic(families.normal, [0.3, 1.2], [0.7, -0.4], [0.0])
    np.testing.assert_allclose(np.hstack([path.points, path.velocities]), [[0.3, 1.2, 0.7, -0.4]], rtol=1e-15)
    path = geodesics.geodesic(families.normal, [0.3, 1.2], [0.0, 0.0], [0.0, 2.0])
    np.testing.assert_array_equal(path.points, [[0.3, 1.2]] * 2)
    np.testing.assert_array_equal(path.velocities, np.zeros((2, 2)))


@pytest.mark.parametrize("size", [0.05, 0.5, 0.8])
def test_the_exponential_map_is_the_same_in_five_charts_and_the_plain_step_is_not(size):
    ends, steps = [], []
    for slug, (_, back) in CHARTS.items():
        theta, v = in_chart(slug, (0.3, 1.2), (size * 0.7, -size * 0.4))
        ends.append(back(*geodesics.exponential_map(CATALOGUE[slug], theta, v)))
        steps.append(back(*(theta + v)))
    assert np.ptp(ends, axis=0).max() < 1e-10
    assert np.ptp(steps, axis=0).max() > 0.2 * size**2


def test_a_long_way_is_as_accurate_as_a_short_one():
    np.testing.assert_allclose(
        geodesics.exponential_map(families.normal, [0, 1], [0, -20])[1], np.exp(-20), rtol=1e-9
    )
    np.testing.assert_allclose(
        geodesics.exponential_map(families.exponential, [2.0], [60.0])[0], 2 * np.exp(30)
    )
    np.testing.assert_allclose(
        geodesics.exponential_map(families.normal, [0, 1e-6], [0, 1e-6])[1], 1e-6 * np.e
    )


@pytest.mark.parametrize("unit", [1e-12, 1e12])
def test_the_unit_of_the_outcomes_changes_nothing(unit):
    plain = geodesics.exponential_map(families.normal, [0.3, 1.2], [0.7, -0.4])
    scaled = geodesics.exponential_map(families.normal, [0.3 * unit, 1.2 * unit], [0.7 * unit, -0.4 * unit])
    np.testing.assert_allclose(scaled / unit, plain, rtol=1e-10)


def test_the_orders_of_step_and_retraction():
    theta, v, sizes = np.array([2.5, 1.3]), np.array([0.7, -0.4]), np.geomspace(1e-2, 1e-1, 5)
    ends = [geodesics.exponential_map(families.gamma, theta, a * v) for a in sizes]
    plain = [np.linalg.norm(end - theta - a * v) for a, end in zip(sizes, ends, strict=True)]
    second = [geodesics.second_order_retraction(families.gamma, theta, a * v) for a in sizes]
    bent = [np.linalg.norm(end - point) for end, point in zip(ends, second, strict=True)]
    assert slope(sizes, plain) == pytest.approx(2, abs=0.05)
    assert slope(sizes, bent) == pytest.approx(3, abs=0.05)


def test_a_retraction_by_hand():
    new = geodesics.second_order_retraction(families.normal, [0.0, 2.0], [1.0, 1.0])
    np.testing.assert_allclose(new, [1.5, 3 - (1 / 4 - 1 / 2) / 2], rtol=1e-15)


@pytest.mark.parametrize("slug", CHARTS)
def test_a_retraction_in_five_charts_at_one_point(slug):
    """Two terms of the Taylor series of the closed semicircle, in each chart by SymPy's own derivatives."""
    t, (mu, sigma), (v, u) = (
        sp.Symbol("t"),
        (sp.Rational(3, 10), sp.Rational(6, 5)),
        (sp.Rational(7, 20), -sp.Rational(1, 5)),
    )
    rho = sp.sqrt(v**2 / 2 + u**2) / sigma
    width = sigma / (sp.cosh(rho * t) - u * sp.sinh(rho * t) / (sigma * rho))
    path = {M: mu + v * width * sp.sinh(rho * t) / (sigma * rho), S: width}
    along = [sp.sympify(each).subs(path) for each in CHARTS[slug][0](M, S)]
    wanted = [float(sum(each.diff(t, k).subs(t, 0) / sp.factorial(k) for k in range(3))) for each in along]
    theta, velocity = in_chart(slug, (0.3, 1.2), (0.35, -0.2))
    new = geodesics.second_order_retraction(CATALOGUE[slug], theta, velocity)
    np.testing.assert_allclose(new, wanted, rtol=1e-13)
    if slug == "normal":
        np.testing.assert_allclose(new, [0.591667, 0.991146], atol=1e-6)


# --- where geodesics end ------------------------------------------------------------------------------------

ENDS = [  # family, start, velocity, time of the end by the closed form
    ("poisson", [2.0], [-10.0], 0.4),
    ("poisson", [1e-3], [-1.0], 2e-3),
    ("poisson", [1e-8], [-1e-3], 2e-5),
    ("bernoulli", [0.3], [2.0], (np.pi - 2 * np.arcsin(0.3**0.5)) * 0.21**0.5 / 2),
    ("bernoulli", [0.3], [-2.0], 2 * np.arcsin(0.3**0.5) * 0.21**0.5 / 2),
    ("bernoulli_logit", [0.0], [5.0], np.pi / 5),
    ("bernoulli_logit", [0.0], [-20.0], np.pi / 20),
    ("geometric", [0.5], [3.0], 2 * np.arctanh(0.5**0.5) * 0.5**1.5 / 3),
    ("von_mises", [0.0, 1.0], [0.0, -5.0], None),
    ("categorical", [0.2, 0.5], [-3.0, -1.0], None),
]


@pytest.mark.parametrize(("slug", "start", "velocity", "time"), ENDS)
def test_a_geodesic_that_ends_is_refused_with_the_time(slug, start, velocity, time):
    family, words = CATALOGUE[slug], "leaves the parameter space at time"
    with pytest.raises(OutsideDomain, match=words) as refusal:
        geodesics.exponential_map(family, start, velocity)
    told = float(str(refusal.value).split(words)[1].split(",")[0])
    if slug == "von_mises":
        time = quad(lambda k: family.fisher([0.0, k])[1, 1] ** 0.5, 0, 1)[0]
        time /= 5 * family.fisher([0.0, 1.0])[1, 1] ** 0.5
    if slug == "categorical":  # a great circle: cos(s)x + sin(s)w, the first coordinate to vanish
        x = np.sqrt([0.2, 0.5, 0.3])
        w = np.array([-3.0, -1.0, 4.0]) / (2 * x)
        time = min(t for t in np.arctan2(x, -w / np.linalg.norm(w)) if t > 0) / np.linalg.norm(w)
    assert told == pytest.approx(time, rel=1e-5)
    before = geodesics.geodesic(family, start, velocity, [0.99 * time])
    assert np.isfinite(before.points).all()
    with pytest.raises(OutsideDomain, match=words):
        geodesics.geodesic(family, start, velocity, [0.5 * time, 1.01 * time])


@pytest.mark.parametrize("share", [0.9, 0.99, 0.9999, 0.999999])
def test_just_before_its_end_a_geodesic_is_where_the_closed_form_says(share):
    """√λ goes straight, and nothing that only comes near to an end is refused."""
    (end,) = geodesics.exponential_map(families.poisson, [2.0], [-4.0 * share])
    np.testing.assert_allclose(end, 2 * (1 - share) ** 2, rtol=1e-9)


def test_small_gaps_that_do_not_close_are_no_end():
    (end,) = geodesics.exponential_map(families.exponential, [1.0], [-30.0])
    np.testing.assert_allclose(end, np.exp(-30), rtol=1e-9)
    mu, kappa = geodesics.exponential_map(families.von_mises, [0.0, 1.0], [0.01, -5.0])  # by the origin
    assert abs(mu - np.pi) < 0.01 and kappa > 5


def test_what_double_precision_does_not_follow_is_refused():
    with pytest.raises(OutsideDomain, match=r"more than 30000 evaluations.*go less far"):
        geodesics.exponential_map(families.normal, [0.0, 1.0], [0.0, 800.0])


def test_evaluations_are_counted_anew_each_time(monkeypatch):
    from ngbook.geodesics import flow

    class Counted(Motion):
        calls = 0

        def __call__(self, *state):
            self.calls += 1
            return super().__call__(*state)

    motion = Counted(families.exponential, [2.0])
    assert motion.evaluations == 0
    way = np.array([2.0]), np.array([1.0])
    for _ in range(2):
        motion.calls = 0
        motion.follow(*way)
        assert motion.evaluations == motion.calls > 10
    monkeypatch.setattr(flow, "MOST", motion.calls)
    motion.follow(*way)
    monkeypatch.setattr(flow, "MOST", motion.evaluations - 1)
    with pytest.raises(OutsideDomain, match="evaluations"):
        motion.follow(*way)


def test_a_coarse_tolerance_lets_the_speed_change_more():
    motion, direction = Motion(families.normal, [0.3, 1.2]), np.array([0.7, -0.4])
    direction /= motion.speed(np.append(motion.theta, direction))
    fine, coarse = (motion.follow(direction, np.array([3.0]), tolerance) for tolerance in (1e-12, 1e-4))
    assert 1e-9 < np.abs(coarse - fine).max() < 1e-4
    assert abs(motion.speed(coarse[0]) - 1) > 1e-8


def test_an_end_between_two_times_and_after_all_of_them():
    path = geodesics.geodesic(families.poisson, [2.0], [-4.0], [0.1, 0.5, 0.99])
    np.testing.assert_allclose(path.points[:, 0], 2 * (1 - path.times) ** 2, rtol=1e-9)
    with pytest.raises(OutsideDomain, match="at time 1, before 40"):
        geodesics.geodesic(families.poisson, [2.0], [-4.0], [0.1, 40.0])


def test_a_speed_that_changes_is_refused(monkeypatch):
    from ngbook.geodesics import flow

    monkeypatch.setattr(flow, "DRIFT", 1e-30)
    with pytest.raises(OutsideDomain, match="changes its speed, which is constant, by the share"):
        geodesics.exponential_map(families.normal, [0.3, 1.2], [0.7, -0.4])


def test_how_far_it_is_to_a_boundary_is_extrapolated_by_a_parabola():
    motion = Motion(families.von_mises, [0.0, 0.6])
    state = np.array([0.0, 0.6, 0.5, -1.0])
    gap, rate, second, left = Boundary(motion, state, 5.0)._gap(state, 0)
    bend = geodesics.christoffel_symbols(families.von_mises, [0.0, 0.6])[1]
    assert (gap, rate) == (0.6, -1.0)
    assert second == pytest.approx(-state[2:] @ bend @ state[2:], rel=1e-12)
    assert rate**2 > 2.1 * gap * second and left > 0 and abs(second) > 0.01
    assert abs(gap + rate * left + second * left**2 / 2) < 1e-14


def test_a_gap_that_turns_before_it_closes_is_told_from_one_that_closes():
    """g = a + (1 − s)² closes at 1 for a = 0 alone, and g = 1 − s closes there too; shortly before."""
    boundary = Boundary(Motion(families.poisson, [1.0]), np.array([1.0, -1.0]), 1.1)
    event = boundary.events()[0]

    def about_to_close(gap, rate, second, s=0.9998, left=2e-4):
        boundary._gap = lambda state, row: (gap, rate, second, left)
        return event(s, None) < 0

    assert event.terminal
    assert about_to_close(4e-8, -4e-4, 2.0) and about_to_close(2e-4, -1.0, 0.0)
    assert not about_to_close(4e-8 + 1e-10, -4e-4, 2.0)
    assert not about_to_close(4e-8, -4e-4, 2.0, left=0.2)  # the end comes before
    assert not about_to_close(4e-8, 4e-4, 2.0) and not about_to_close(2e-3, -1.0, 0.0)


def test_a_gap_that_turns_where_it_is_next_to_nothing_has_closed():
    """A step may lead across, as if the boundary were a mirror; where none leads on there is an end too."""
    boundary, ends = Boundary(Motion(families.poisson, [2.0]), np.array([2.0, -1.0]), 5.0), []
    turns = boundary.events()[1]
    assert turns(0.0, np.array([0.1, -1.0])) < 0 < turns(0.0, np.array([0.1, 1.0])) and turns.direction > 0
    for gap, success in ((1.9e-8, True), (2.1e-8, True), (2.1e-8, False)):
        turned = [[], [np.array([gap, 1.0])]]
        met = {"t_events": [[], [0.3]], "y_events": turned, "sol": SimpleNamespace(t_max=0.7)}
        ends.append(boundary.reached(SimpleNamespace(success=success, **met)))
    assert ends == [0.3, None, 0.7]


@pytest.mark.parametrize("aside", [0.2, 0.02])
def test_a_start_near_a_boundary_that_the_geodesic_passes(aside):
    """Near κ = 0 the von Mises distributions are a plane, with κ and μ as polar coordinates."""
    kappa, velocity = 5e-4, np.array([-0.98, aside])  # towards the origin, and past it
    there = np.array([kappa, 0.0]) + 1e-3 * velocity
    start, step = [0.0, kappa], [1e-3 * velocity[1] / kappa, 1e-3 * velocity[0]]
    end = geodesics.exponential_map(families.von_mises, start, step)
    np.testing.assert_allclose(end, [np.arctan2(*there[::-1]), np.hypot(*there)], rtol=1e-5)


def test_the_derivatives_of_a_gap_along_a_geodesic():
    """Of m₂ − m₁², which is not linear in the chart: as differences have them."""
    motion, h = Motion(families.normal_mean, [0.3, 1.5]), 1e-3
    direction = np.array([0.7, -0.4])
    direction /= motion.speed(np.append(motion.theta, direction))
    states = motion.follow(direction, h * np.arange(1, 4))
    boundary = Boundary(motion, states[0], 5.0)
    before, gap, after = (boundary._gap(state, 0)[0] for state in states)
    _, rate, second, _ = boundary._gap(states[1], 0)
    assert rate == pytest.approx((after - before) / (2 * h), rel=1e-5)
    assert second == pytest.approx((after - 2 * gap + before) / h**2, rel=1e-4)


def test_the_derivatives_of_a_gap():
    values, slopes, bends = (np.array(f(0.5, 2.0)) for f in gaps(families.normal_mean))
    np.testing.assert_allclose(values, [1.75])
    np.testing.assert_allclose(slopes, [[-1.0, 1.0]])
    np.testing.assert_allclose(bends, [[[-2.0, 0.0], [0.0, 0.0]]])


# --- logarithm and distance ---------------------------------------------------------------------------------

PAIRS = [
    ([0.0, 1.0], [1.5, 2.0]),
    ([-2.0, 0.5], [2.0, 0.5]),
    ([0.0, 1.0], [12.0, 4.0]),
    ([0.0, 1.0], [0.0, 50.0]),
]


@pytest.mark.parametrize(("start", "end"), PAIRS)
def test_shooting_finds_the_closed_form_of_the_normal_distribution(start, end):
    found = geodesics.logarithm(families.normal, start, end)
    wanted = normal_distance(start, end)
    assert abs(found.length - wanted) < 1e-10
    assert abs(geodesics.distance(families.normal, start, end) - wanted) < 1e-12
    assert found.residual < 1e-10
    assert found.length == pytest.approx(
        np.sqrt(found.velocity @ families.normal.fisher(start) @ found.velocity), rel=1e-12
    )
    np.testing.assert_allclose(
        geodesics.exponential_map(families.normal, start, found.velocity), end, rtol=1e-9, atol=1e-9
    )


def test_the_midpoint_of_the_opening_figure():
    start, end = [-2.0, 0.5], [2.0, 0.5]
    velocity = geodesics.logarithm(families.normal, start, end).velocity
    middle = geodesics.geodesic(families.normal, start, velocity, [0.5]).points[0]
    np.testing.assert_allclose(middle, [0.0, 1.5], atol=1e-10)


@pytest.mark.parametrize("slug", CHARTS)
def test_the_distance_is_the_same_in_five_charts(slug):
    ends = (in_chart(slug, point)[0] for point in ((-2.0, 0.5), (2.0, 0.5)))
    assert abs(geodesics.distance(CATALOGUE[slug], *ends) - normal_distance((-2, 0.5), (2, 0.5))) < 1e-9


ONE = {
    "bernoulli": lambda p: 2 * np.arcsin(p**0.5),
    "bernoulli_logit": lambda e: 2 * np.arctan(np.exp(e / 2)),
    "binomial": lambda p: 2 * 5**0.5 * np.arcsin(p**0.5),
    "poisson": lambda m: 2 * m**0.5,
    "geometric": lambda p: 2 * np.arctanh((1 - p) ** 0.5),
    "negative_binomial": lambda p: 2 * 5**0.5 * np.arctanh((1 - p) ** 0.5),
    "exponential": np.log,
    "pareto": np.log,
    "rayleigh": lambda s: 2 * np.log(s),
}


@pytest.mark.parametrize("slug", ONE)
def test_one_parameter_leaves_only_one_way(slug):
    family = fixed(slug)
    wanted = abs(ONE[slug](0.7) - ONE[slug](0.2))
    assert abs(geodesics.distance(family, [0.2], [0.7]) - wanted) < 1e-11
    assert geodesics.distance(family, [0.7], [0.2]) == pytest.approx(wanted, rel=1e-11)
    assert abs(geodesics.logarithm(family, [0.2], [0.7]).length - wanted) < 1e-9
    assert geodesics.distance(family, [0.3], [0.3]) == 0


def test_all_distributions_on_three_outcomes_are_a_sphere(monkeypatch):
    from ngbook.geodesics import distances

    monkeypatch.setattr(distances, "logarithm", None)  # nothing is shot
    p, q = np.array([0.2, 0.5, 0.3]), np.array([0.6, 0.1, 0.3])
    wanted = 2 * np.arccos(np.sqrt(p * q).sum())
    assert abs(geodesics.distance(families.categorical, p[:2], q[:2]) - wanted) < 1e-12
    assert abs(geodesics.logarithm(families.categorical, p[:2], q[:2]).length - wanted) < 1e-9
    corners = geodesics.distance(families.categorical, [1e-9, 1 - 2e-9], [1 - 2e-9, 1e-9])
    assert abs(corners - 2 * np.arccos(2 * np.sqrt(1e-9 - 2e-18) + 1e-9)) < 1e-12
    near = geodesics.distance(families.categorical, [0.2, 0.5], [0.2 + 1e-9, 0.5])
    F = families.categorical.fisher([0.2, 0.5])
    assert near == pytest.approx(1e-9 * F[0, 0] ** 0.5, rel=1e-6)


def test_a_curve_in_the_simplex_is_not_taken_for_all_of_it():
    """Three outcomes with one parameter, (1 − p)², 2p(1 − p), p²: twice the Bernoulli distribution."""
    family = families.binomial.at(n=2)
    wanted = 2 * 2**0.5 * abs(np.arcsin(0.7**0.5) - np.arcsin(0.2**0.5))
    assert abs(geodesics.distance(family, [0.2], [0.7]) - wanted) < 1e-12


PLANES = {  # x, y, R of each: by hand
    "normal": ("mu/sqrt(2)", "sigma", "sqrt(2)"),
    "normal_log_sigma": ("mu/sqrt(2)", "exp(ell)", "sqrt(2)"),
    "normal_variance": ("mu/sqrt(2)", "sqrt(v)", "sqrt(2)"),
    "inverse_gaussian": ("-sqrt(2/mu)", "1/sqrt(lamda)", "sqrt(2)"),
    "laplace": ("mu", "b", "1"),
    "cauchy": ("mu", "gamma", "1/sqrt(2)"),
}


@pytest.mark.parametrize("slug", PLANES)
def test_half_planes_by_hand(slug):
    family, plane = CATALOGUE[slug], geodesics.half_plane(CATALOGUE[slug])
    names = {x.name.replace("lambda", "lamda"): x for x in family.parameters}
    for part, wanted in zip((plane.x, plane.y, plane.radius), PLANES[slug], strict=True):
        assert sp.simplify(part - sp.sympify(wanted, locals=names)) == 0


@pytest.mark.parametrize("slug", sorted(CURVATURES.keys() - {"categorical", "normal_natural", "normal_mean"}))
def test_the_metric_of_a_half_plane_pulled_back_is_the_fisher_matrix(slug):
    """R²(dx² + dy²)/y², exactly; and distances are those of shooting."""
    family = CATALOGUE[slug]
    plane = geodesics.half_plane(family)
    slopes = sp.Matrix([plane.x, plane.y]).jacobian(family.parameters)
    metric = plane.radius**2 / plane.y**2 * slopes.T * slopes
    gap = (metric - sp.Matrix(2, 2, list(family.evaluation.fisher_matrix))).subs(family.example)
    assert max(abs(sp.N(entry, 30)) for entry in gap) < 1e-25
    assert sp.simplify(geodesics.gauss_curvature(family) + 1 / plane.radius**2) == 0
    family = fixed(slug)
    start, end = ([1.0, 1.0], [2.0, 3.0])
    assert abs(geodesics.distance(family, start, end) - geodesics.logarithm(family, end, start).length) < 1e-9


def test_what_is_no_half_plane():
    for slug in (
        "gamma",
        "beta",
        "von_mises",
        "categorical",
        "normal_natural",
        "normal_mean",
        "poisson",
        "dirichlet",
    ):
        assert geodesics.half_plane(CATALOGUE[slug]) is None
    plane = geodesics.half_plane(families.student_t.at(nu=5))
    assert sp.simplify(plane.radius**2 - sp.Rational(5, 4)) == 0
    assert plane.x.free_symbols == {families.student_t.parameters[0]}


@pytest.mark.parametrize(
    ("slug", "start", "end", "wanted"),
    [
        ("gamma", [2.5, 1.3], [6.0, 1.0], 2.13943746),
        ("beta", [2.5, 1.3], [6.0, 3.0], 0.657550771),
        ("weibull", [2.5, 1.3], [1.0, 2.0], 1.535096352),
        ("student_t", [0.0, 1.0], [2.0, 2.0], 1.370337635),
        ("cauchy", [0.0, 1.0], [2.0, 2.0], 1.025711075),
    ],
)
def test_distances_there_and_back(slug, start, end, wanted):
    family = fixed(slug)
    there, back = geodesics.distance(family, start, end), geodesics.distance(family, end, start)
    assert there == pytest.approx(wanted, abs=1e-8)
    assert abs(there - back) < 1e-10


def test_a_distance_is_the_divergence_to_leading_order():
    start, step = np.array([2.5, 1.3]), np.array([1e-3, 2e-3])
    squared = geodesics.distance(families.gamma, start, start + step) ** 2
    assert squared == pytest.approx(2 * families.gamma.kl(start, start + step), rel=2e-3)


def test_five_parameters():
    """With the means fixed, √(½ Σ log² of the eigenvalues of Σ₁⁻¹Σ₂)."""
    length = geodesics.distance(families.bivariate_normal, [0, 0, 1, 1, 0], [0, 0, 2, 3, 0])
    assert length == pytest.approx(np.sqrt(2 * (np.log(2) ** 2 + np.log(3) ** 2)), rel=1e-10)


def test_stages():
    start, end = [0.0, 1.0], [12.0, 4.0]
    found = geodesics.logarithm(families.normal, start, end, stages=6)
    assert found.stages == 6 and abs(found.length - normal_distance(start, end)) < 1e-9
    assert geodesics.logarithm(families.normal, start, [0.1, 1.1]).stages == 1
    far = geodesics.logarithm(families.normal, start, [30.0, 1.0])
    assert abs(far.length - normal_distance(start, [30.0, 1.0])) < 1e-9 and 3 < far.stages < 20
    none = geodesics.logarithm(families.normal, start, start)
    assert none.length == 0 and none.residual == 0


def test_shooting_that_does_not_arrive_is_refused_with_the_residual():
    with pytest.raises(ValueError, match=r"after 1 stages.*misses its target by .*; give more stages"):
        geodesics.logarithm(families.normal, [0.0, 1.0], [100.0, 1.0], stages=1)


@pytest.mark.parametrize(("far", "stages"), [(0.9, 1), (1.5, 2), (2.9, 2), (3.1, 3)])
def test_the_first_stage_is_about_one_unit_long_and_each_step_twice_the_last(far, stages):
    """Where each finds its target: shares of the chord of 1, 3 and 7 units."""
    assert geodesics.logarithm(families.normal, [0.0, 1.0], [far, 1.0]).stages == stages


def observed(monkeypatch, failing=()):
    """What shooting tries: shares of the chord, guesses and findings; some of them called misses."""
    from ngbook.geodesics import shooting

    tried, at = [], shooting._Shot.at

    def seen(self, share, guess):
        found, miss = at(self, share, guess)
        tried.append((share, guess, found))
        return found, np.inf if len(tried) - 1 in failing else miss

    monkeypatch.setattr(shooting._Shot, "at", seen)
    return tried


def test_a_stage_begins_on_the_line_through_the_two_before(monkeypatch):
    tried, chord = (
        observed(monkeypatch),
        np.array([12.0, 3.0 * 2**0.5]),
    )  # in units of the metric at the start
    geodesics.logarithm(families.normal, [0.0, 1.0], [12.0, 4.0])
    shares, guesses, found = map(np.array, zip(*tried, strict=True))
    assert shares == pytest.approx(np.array([1, 3, 7, np.hypot(*chord)]) / np.hypot(*chord), rel=1e-12)
    shares, found = np.append(0, shares), np.vstack([[0, 0], found])
    np.testing.assert_allclose(guesses[0], shares[1] * chord, rtol=1e-12)
    for i in (1, 2, 3):
        slope = (found[i] - found[i - 1]) / (shares[i] - shares[i - 1])
        np.testing.assert_allclose(guesses[i], found[i] + (shares[i + 1] - shares[i]) * slope, rtol=1e-12)
        end = geodesics.exponential_map(families.normal, [0.0, 1.0], found[i] / [1, 2**0.5])
        np.testing.assert_allclose(end, shares[i] * np.array([12.0, 3.0]) + [0, 1], rtol=1e-3)


def test_a_step_that_finds_nothing_is_tried_again_with_a_quarter_of_it(monkeypatch):
    tried = observed(monkeypatch, failing=(0, 2))
    assert geodesics.logarithm(families.normal, [0.0, 1.0], [4.0, 1.0]).stages == len(tried)
    assert [share for share, *_ in tried] == pytest.approx(
        [1 / 4, 1 / 16, 3 / 16, 3 / 32, 5 / 32, 9 / 32, 17 / 32, 1]
    )


@pytest.mark.parametrize("length", [0.3, 3.0])
def test_a_hit_misses_by_no_more_than_a_share_of_the_length(monkeypatch, length):
    """1e-9, or as much of the length; 1e-3 on the way."""
    from ngbook.geodesics import shooting

    def ends(on_the_way, at_the_end):
        def shoot(self, share, guess):
            return np.array([length, 0.0]), at_the_end if share == 1 else on_the_way

        monkeypatch.setattr(shooting._Shot, "at", shoot)
        return geodesics.logarithm(families.normal, [0.0, 1.0], [1.0, 1.0], stages=2)

    most = 1e-9 * max(1, length)
    assert ends(0.99e-3, 0.99 * most).length == length
    for misses, stages in (((1.01e-3, 0.0), 1), ((0.0, 1.01 * most), 2)):
        with pytest.raises(ValueError, match=f"after {stages} stages"):
            ends(*misses)


def test_shooting_gives_up_after_so_many_stages(monkeypatch):
    from ngbook.geodesics import shooting

    monkeypatch.setattr(shooting, "MOST_STAGES", 3)
    with pytest.raises(ValueError, match=r"after 3 stages and 0\.07 of the chord"):
        geodesics.logarithm(families.normal, [0.0, 1.0], [100.0, 1.0])


# --- straight in other coordinates --------------------------------------------------------------------------


def test_e_and_m_lines_of_the_normal_distribution():
    start, end, times = [-2.0, 0.5], [2.0, 0.5], [0.0, 0.5, 1.0, 1.25]
    e = geodesics.e_geodesic(families.normal, start, end, times)
    m = geodesics.m_geodesic(families.normal, start, end, times[:3])
    np.testing.assert_allclose(e, [[-2, 0.5], [0, 0.5], [2, 0.5], [3, 0.5]], atol=1e-9)
    np.testing.assert_allclose(m, [[-2, 0.5], [0, 4.25**0.5], [2, 0.5]], atol=1e-9)


def test_lines_that_are_not_symmetric():
    """The geometric mean of densities, and the mean of the moments."""
    a, b = np.array([1.0, 2.0]), np.array([4.0, 1.0])
    np.testing.assert_allclose(
        geodesics.e_geodesic(families.gamma, a, b, [0.25]), [0.75 * a + 0.25 * b], rtol=1e-9
    )
    ((shape, rate),) = geodesics.m_geodesic(families.gamma, a, b, [0.25])
    assert shape / rate == pytest.approx(0.75 * 0.5 + 0.25 * 4.0, rel=1e-9)


def test_an_m_line_ends_where_there_is_no_member():
    with pytest.raises(OutsideDomain):
        geodesics.m_geodesic(families.bernoulli, [0.2], [0.7], [2.0])


# --- what has no geodesics ----------------------------------------------------------------------------------

_theta, _k = sp.Symbol("theta", positive=True), sp.Symbol("k", integer=True, nonnegative=True)
UNKNOWN = families.Family(
    "Logarithmic", _k, [_theta], sp.log(1 - _theta) + _k * sp.log(_theta), None, support=sp.Naturals0,
    parameter_space=[greater(_theta, 0), greater(1, _theta)], example={_theta: sp.Rational(1, 3)},
)  # fmt: skip


def test_a_matrix_that_is_not_known_as_an_expression_is_refused():
    with pytest.raises(NoClosedForm, match=r"not known in closed form.*declare the family with a rule"):
        geodesics.christoffel(UNKNOWN)
    assert geodesics.distance(UNKNOWN, [0.2], [0.7]) == pytest.approx(
        abs(ONE["geometric"](0.3) - ONE["geometric"](0.8)), rel=1e-9
    )
    assert isinstance(families.bernoulli.rule, FiniteSum)


def test_an_integral_that_has_no_end_is_refused():
    from ngbook.geodesics.distances import _integral

    with pytest.raises(ValueError, match="not known better"):
        _integral(lambda x: abs(x) ** -1.0 if x else 0.0, [-1.0, 1.5])


@pytest.mark.parametrize(
    ("family", "start", "end", "expected"),
    [
        (families.poisson, 1e-6, 10.0, 2 * (10**0.5 - 1e-3)),
        (families.poisson, 1e6, 1e-6, 2 * (1e3 - 1e-3)),
        (families.binomial.at(n=10), 1e-12, 0.5, 2 * 10**0.5 * (np.pi / 4 - np.arcsin(1e-6))),
        (families.binomial.at(n=10), 1e-12, 1 - 1e-12, 2 * 10**0.5 * (np.pi / 2 - 2 * np.arcsin(1e-6))),
        (families.exponential, 1e-100, 1e100, 200 * np.log(10)),
        (
            families.catalogue()["geometric"],
            1e-9,
            0.5,
            2 * (np.log((1 + (1 - 1e-9) ** 0.5) / 1e-9**0.5) - np.arctanh(0.5**0.5)),
        ),
        (families.catalogue()["negative_binomial"].at(r=3), 0.5, 1e-9, None),
    ],
)
def test_an_integral_reaches_far_and_near_a_boundary(family, start, end, expected):
    if expected is None:  # r geometric outcomes
        expected = 3**0.5 * geodesics.distance(families.catalogue()["geometric"], [start], [end])
    assert geodesics.distance(family, [start], [end]) == pytest.approx(expected, rel=1e-10)


def test_an_integral_over_a_whole_line_sees_where_the_matrix_is_large():
    from ngbook.geodesics.distances import _integral, _panels

    logit = families.catalogue()["bernoulli_logit"]  # its distance is that on the sphere
    for low, high in ((-3.0, 3.0), (-40.0, 40.0), (-700.0, 700.0), (-1e6, 1.0), (-1.0, 1e6)):
        panels = _panels(logit, np.array([low]), high)
        length = _integral(lambda x: np.sqrt(logit.fisher([x])[0, 0]), panels)
        assert length == pytest.approx(geodesics.distance(logit, [low], [high]), rel=1e-10)


def test_panels_get_small_at_a_boundary_however_it_is_written():
    """2 > 2θ, a gap that closes twice as fast as 1 − θ."""
    from ngbook.geodesics.distances import _panels

    family = families.Family(
        "Logarithmic", _k, [_theta], sp.log(1 - _theta) + _k * sp.log(_theta), None, support=sp.Naturals0,
        parameter_space=[greater(_theta, 0), greater(2, 2 * _theta)], example={_theta: sp.Rational(1, 3)},
    )  # fmt: skip
    for each in (family, UNKNOWN):
        *_, last, end = _panels(each, np.array([0.2]), 1 - 2.0**-41)
        assert end == 1 - 2.0**-41 and 2.0**-41 < 1 - last <= 2.0**-39


def test_a_redundant_chart_is_refused():
    start = [0.0, 1.0, 0.5]
    for call in (
        lambda: geodesics.christoffel(families.categorical_softmax),
        lambda: geodesics.christoffel_symbols(families.categorical_softmax, start),
        lambda: geodesics.exponential_map(families.categorical_softmax, start, [1.0, 0.0, 0.0]),
        lambda: geodesics.distance(families.categorical_softmax, start, [1.0, 0.0, 0.0]),
    ):
        with pytest.raises(ValueError, match="use a minimal chart"):
            call()


NORMAL = {"family": families.normal}
NOT_FAMILIES = [says("give a Family", "normal"), says("give a Family", None), says("moves", families.uniform)]
NOT_POINTS = [
    [NAN, 1.0],
    [INF, 1.0],
    1.0,
    [1.0],
    [1.0, 2.0, 3.0],
    "a",
    None,
    says("sigma = -1.0", [0.0, -1.0], OutsideDomain),
]
NOT_VELOCITIES = [*NOT_VECTORS, [1.0, 2.0, 3.0]]
symbols = Example(geodesics.christoffel_symbols, theta=[0.0, 1.0], **NORMAL)
path = Example(geodesics.geodesic, theta=[0.0, 1.0], velocity=[1.0, 0.5], times=[0.0, 1.0], **NORMAL)
maps = [
    Example(function, theta=[0.0, 1.0], velocity=[1.0, 0.5], **NORMAL)
    for function in (geodesics.exponential_map, geodesics.second_order_retraction)
]
logarithm = Example(geodesics.logarithm, start=[0.0, 1.0], end=[0.5, 1.5], stages=1, **NORMAL)
length = Example(geodesics.distance, start=[0.0, 1.0], end=[0.5, 1.5], **NORMAL)
lines = [
    Example(line, start=[0.0, 1.0], end=[0.5, 1.5], times=[0.5], **NORMAL)
    for line in (geodesics.e_geodesic, geodesics.m_geodesic)
]
REFUSED = [
    *Example(geodesics.christoffel, **NORMAL).refuses("family", *NOT_FAMILIES),
    *Example(geodesics.half_plane, **NORMAL).refuses("family", *NOT_FAMILIES),
    *Example(geodesics.gauss_curvature, **NORMAL).refuses(
        "family", *NOT_FAMILIES[:2], says("p = 1", families.poisson), says("p = 3", families.dirichlet)
    ),
    *symbols.refuses("family", *NOT_FAMILIES[:2], says("fix it first with .at(nu=", families.student_t)),
    *symbols.refuses("theta", *NOT_POINTS),
    *path.refuses("times", *NOT_VECTORS, [-1.0, 1.0], [1.0, 1.0], [2.0, 1.0]),
    *(fact for one in (path, *maps) for fact in one.refuses("family", *NOT_FAMILIES[:2])),
    *(fact for one in (path, *maps) for fact in one.refuses("theta", *NOT_POINTS)),
    *(fact for one in (path, *maps) for fact in one.refuses("velocity", *NOT_VELOCITIES)),
    *maps[1].refuses("velocity", says("the new theta has sigma", [3.0, -0.5], OutsideDomain)),
    *logarithm.refuses("stages", *(value for value in NOT_COUNTS if value is not None)),
    *(fact for one in (logarithm, length, *lines) for fact in one.refuses("family", *NOT_FAMILIES[:2])),
    *(fact for one in (logarithm, length, *lines) for fact in one.refuses("start", *NOT_POINTS)),
    *(fact for one in (logarithm, length, *lines) for fact in one.refuses("end", *NOT_POINTS)),
    *(fact for one in lines for fact in one.refuses("times", *NOT_VECTORS)),
]
test_works, test_refused = refusal_tests(REFUSED)
