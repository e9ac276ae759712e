"""Classes that a line does not part, strokes in a square, and the beetles of 1935."""

import numpy as np
import pytest
from refusals import NEGATIVE, NOT_COUNTS, NOT_GENERATORS, NOT_POSITIVE, Example, refusal_tests
from scipy.optimize import minimize

from ngbook.data import beetles, curves, spirals


def test_the_arms_of_a_spiral_are_turned_copies_of_one_another():
    points, labels = spirals(50, 3, np.random.default_rng(0), noise=0.0)
    assert points.shape == (150, 2) and labels.dtype.kind == "i"
    assert np.array_equal(np.bincount(labels), [50, 50, 50])
    arms = (points @ [1, 1j]).reshape(3, 50)
    np.testing.assert_allclose(np.abs(arms), np.tile(np.linspace(0.1, 1, 50), (3, 1)), rtol=1e-12)
    np.testing.assert_allclose(arms[1:] / arms[:-1], np.exp(2j * np.pi / 3), rtol=1e-12)
    np.testing.assert_allclose(arms[0] / np.abs(arms[0]), np.exp(2j * np.pi * np.abs(arms[0])), rtol=1e-12)
    (double, _), half = spirals(50, 3, np.random.default_rng(0), noise=0.0, turns=2.0), np.abs(arms[0])
    np.testing.assert_allclose((double @ [1, 1j])[:50] / half, np.exp(4j * np.pi * half), rtol=1e-12)


def test_noise_turns_the_points_by_its_standard_deviation():
    noisy, still = (spirals(5000, 2, np.random.default_rng(1), noise=s)[0] @ [1, 1j] for s in (0.2, 0.0))
    angles = np.angle(noisy / still)
    np.testing.assert_allclose(np.abs(noisy), np.abs(still), rtol=1e-12)
    np.testing.assert_allclose([angles.mean(), angles.std()], [0, 0.2], atol=0.005)
    standard = spirals(5000, 2, np.random.default_rng(1))[0] @ [1, 1j]
    np.testing.assert_allclose(np.angle(standard / still).std(), 0.15, atol=0.003)


def test_curves_are_strokes_by_a_slow_twin():
    images, rng = curves(3, 5, np.random.default_rng(2), thickness=0.8), np.random.default_rng(2)
    for image, corners in zip(images, rng.uniform(0.05, 0.95, size=(3, 3, 2)), strict=True):
        for row in range(5):
            for column in range(5):
                squares = []
                for t in np.linspace(0, 1, 40):
                    x, y = (1 - t) ** 2 * corners[0] + 2 * t * (1 - t) * corners[1] + t**2 * corners[2]
                    squares.append((5 * x - column - 0.5) ** 2 + (5 * y - row - 0.5) ** 2)
                expected = np.exp(-min(squares) / (2 * 0.8**2))
                np.testing.assert_allclose(image[5 * row + column], expected, rtol=1e-10)


def test_curves_are_grey():
    images = curves(200, 8, np.random.default_rng(0))
    assert images.shape == (200, 64)
    assert 0 <= images.min() < 1e-6 and 0.95 < images.max() <= 1
    assert 0.1 < images.mean() < 0.25


def test_the_beetles_have_the_logistic_fit_that_textbooks_print():
    dose, treated, killed = beetles()
    assert (treated.sum(), killed.sum()) == (481, 291) and treated.dtype.kind == killed.dtype.kind == "i"
    inputs = np.column_stack([np.ones(8), dose - 1.8])

    def loss(theta):
        return treated @ np.logaddexp(0, inputs @ theta) - killed @ inputs @ theta

    def slope(theta):
        return inputs.T @ (treated / (1 + np.exp(-inputs @ theta)) - killed)

    start, options = np.array([1.0, 30.0]), {"gtol": 1e-7}
    a, b = minimize(loss, start, jac=slope, method="BFGS", options=options).x
    # McCullagh, Nelder, Dobson and others; here to the digits of a printed session (glmlab)
    np.testing.assert_allclose([a - 1.8 * b, b], [-60.717455, 34.270326], rtol=1e-6)
    p, share = 1 / (1 + np.exp(-inputs @ [a, b])), killed / treated
    with np.errstate(divide="ignore", invalid="ignore"):
        alive = np.where(share < 1, (1 - share) * np.log((1 - share) / (1 - p)), 0)
    np.testing.assert_allclose(2 * treated @ (share * np.log(share / p) + alive), 11.232231, rtol=1e-6)
    fisher = (inputs.T * (treated * p * (1 - p))) @ inputs
    np.testing.assert_allclose(
        np.linalg.inv(fisher)[1, 1] ** 0.5, 2.912134, rtol=1e-5
    )  # theirs is from the step before


def test_the_beetles_cannot_be_changed():
    for column in beetles():
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 1


SPIRALS = Example(spirals, count=4, arms=2, rng=np.random.default_rng(0), noise=0.1, turns=1.0)
CURVES = Example(curves, count=4, side=5, rng=np.random.default_rng(0), thickness=1.0)
REFUSED = [
    *SPIRALS.refuses("count", *NOT_COUNTS),
    *SPIRALS.refuses("arms", *NOT_COUNTS),
    *SPIRALS.refuses("rng", *NOT_GENERATORS),
    *SPIRALS.refuses("noise", *NEGATIVE),
    *SPIRALS.refuses("turns", *NOT_POSITIVE),
    *CURVES.refuses("count", *NOT_COUNTS),
    *CURVES.refuses("side", *NOT_COUNTS),
    *CURVES.refuses("rng", *NOT_GENERATORS),
    *CURVES.refuses("thickness", *NOT_POSITIVE),
]
test_works, test_refused = refusal_tests(REFUSED)
