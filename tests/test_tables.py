"""The beetles of 1935: the fit of the textbooks, and arrays that stay as they are."""

import numpy as np
import pytest
from scipy.optimize import minimize

from ngbook.tables import beetles


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
