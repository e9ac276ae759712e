"""Networks: Jacobians by complex steps, likelihoods against SciPy, and where Kronecker factors are exact."""

from functools import partial
from itertools import pairwise, product

import numpy as np
import pytest
from refusals import (
    INF,
    NAN,
    NEGATIVE,
    NOT_COUNTS,
    NOT_GENERATORS,
    NOT_POSITIVE,
    NOT_VECTORS,
    Example,
    refusal_tests,
    says,
)
from scipy import special, stats
from scipy.linalg import block_diag
from scipy.sparse.linalg import aslinearoperator

from ngbook import fisher, solve
from ngbook.networks import (
    Bernoulli,
    Categorical,
    Evaluated,
    Gaussian,
    KroneckerMetric,
    Network,
    data_scores,
    exact_scores,
    gauss_newton,
    kronecker_factors,
    layerwise_natural_gradient,
    loss_gradient,
    partial_products,
    sampled_scores,
    shortest_natural_gradient,
)

NETWORKS = [
    Network(3, 2),
    Network(3, 2, (4,)),
    Network(2, 3, [5, 4]),
    Network(3, 2, (4, 5), bias=False),
    Network(3, 4, (4, 2), "linear"),
    Network(2, 2, (3,), activation="linear", bias=False),
]
LIKELIHOODS = [Gaussian(), Gaussian(0.3), Bernoulli(), Categorical()]


def slow_outputs(network, theta, inputs):
    """The outputs by their definition, one datum and one layer at a time; theta may be complex."""
    rows = []
    for x in inputs:
        start = 0
        widths = [network.inputs, *network.hidden, network.outputs]
        for i, (fan_in, fan_out) in enumerate(pairwise(widths)):
            if i and network.activation == "tanh":
                x = np.tanh(x)
            matrix = theta[start : start + (fan_in + network.bias) * fan_out].reshape(-1, fan_out)
            x = np.append(x, 1) @ matrix if network.bias else x @ matrix
            start += matrix.size
        rows.append(x)
    return np.array(rows)


def complex_step(function, theta):
    """The Jacobian of a function of theta to full precision: one row for each entry of its result."""
    directions = 1e-30j * np.eye(theta.size)
    return np.stack([function(theta + d).ravel().imag / 1e-30 for d in directions], axis=1)


def evaluated(network, seed=0, count=7, gain=1.5):
    rng = np.random.default_rng(seed)
    theta = network.initial(rng, gain) + 0.1 * rng.normal(size=network.size)  # biases too
    return network.at(theta, rng.exponential(size=(count, network.inputs)) - 0.5)


def relative(found, expected):
    return np.linalg.norm(found - expected) / np.linalg.norm(expected)


def dense(operator):
    return operator @ np.eye(operator.shape[1])


def blocks_only(matrix, network):
    """The matrix with the layers' own blocks, and zeros elsewhere."""
    return block_diag(*[matrix[block, block] for block in network.blocks])


# --- the network -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("network", NETWORKS)
def test_outputs_and_jacobian_are_those_of_the_definition(network):
    at = evaluated(network)
    theta = np.concatenate([matrix.ravel() for matrix in at.matrices])
    inputs = at.reads[0][:, : network.inputs]
    np.testing.assert_allclose(at.outputs, slow_outputs(network, theta, inputs), rtol=1e-13)
    J = complex_step(partial(slow_outputs, network, inputs=inputs), theta)
    assert dense(at.jacobian()).shape == (7 * network.outputs, network.size)
    np.testing.assert_allclose(dense(at.jacobian()), J, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(at.jacobian().T @ np.eye(len(J)), J.T, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("network", NETWORKS)
def test_the_products_are_those_of_the_jacobian(network):
    at, rng = evaluated(network), np.random.default_rng(1)
    J = dense(at.jacobian()).reshape(7, network.outputs, network.size)
    v, u = rng.normal(size=network.size), rng.normal(size=(7, network.outputs))
    np.testing.assert_allclose(at.jacobian_product(v), J @ v, rtol=1e-11)
    np.testing.assert_allclose(at.rows(u), np.einsum("ncp,nc->np", J, u), rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(at.transposed_product(u), np.einsum("ncp,nc->p", J, u), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("network", NETWORKS)
def test_a_layer_answers_by_the_derivative_in_its_sums(network):
    """Where there is a bias, the derivative in it, datum by datum, is the answer."""
    at, u = evaluated(network), np.random.default_rng(1).normal(size=(7, network.outputs))
    assert [b.shape for b in at.answers(u)] == [(7, width) for _, width in network.shapes]
    assert [a.shape for a in at.reads] == [(7, rows) for rows, _ in network.shapes]
    for b, a, block, (rows, width) in zip(
        at.answers(u), at.reads, network.blocks, network.shapes, strict=True
    ):
        gradients = at.rows(u)[:, block].reshape(7, rows, width)
        np.testing.assert_allclose(gradients, np.einsum("na,nb->nab", a, b), rtol=1e-13)
        if network.bias:
            np.testing.assert_allclose(gradients[:, -1], b, rtol=1e-13)


def test_initial_weights_keep_the_size_of_what_is_read():
    network = Network(400, 300, (200,))
    first, last = network.split(network.initial(np.random.default_rng(0), gain=2.0))
    assert network.size == 401 * 200 + 201 * 300
    assert not first[-1].any() and not last[-1].any()
    assert first[:-1].std() == pytest.approx(2 / np.sqrt(400), rel=0.01)
    assert last[:-1].std() == pytest.approx(2 / np.sqrt(200), rel=0.01)
    (without,) = Network(40, 30, bias=False).split(np.arange(1200.0))
    assert np.array_equal(without, np.arange(1200).reshape(40, 30))
    drawn = Network(40, 30, bias=False).initial(np.random.default_rng(0))
    np.testing.assert_allclose(drawn.std(), 1 / np.sqrt(40), rtol=0.05)


def test_what_was_evaluated_does_not_change_with_its_arguments():
    network, rng = Network(2, 1, (3,)), np.random.default_rng(0)
    theta, inputs = network.initial(rng), rng.normal(size=(4, 2))
    at, again = network.at(theta, inputs), network.at(theta, inputs)
    theta *= 2
    inputs *= 2
    u = np.ones((4, 1))
    assert np.array_equal(at.transposed_product(u), again.transposed_product(u))


# --- likelihoods -------------------------------------------------------------------------------------------


def outputs_and_targets(likelihood, seed=0, count=6, width=3):
    rng = np.random.default_rng(seed)
    outputs = 2 * rng.normal(size=(count, width))
    return outputs, likelihood.sample(outputs, rng)


def test_losses_are_scipys():
    outputs, targets = outputs_and_targets(Gaussian(0.7))
    log_p = stats.norm.logpdf(targets, outputs, 0.7)
    assert Gaussian(0.7).loss(outputs, targets) == pytest.approx(-log_p.sum(axis=1).mean(), rel=1e-14)
    outputs, targets = outputs_and_targets(Bernoulli())
    log_p = stats.bernoulli.logpmf(targets, special.expit(outputs))
    assert Bernoulli().loss(outputs, targets) == pytest.approx(-log_p.sum(axis=1).mean(), rel=1e-14)
    outputs, targets = outputs_and_targets(Categorical())
    log_p = [
        stats.multinomial.logpmf(np.eye(3)[y], 1, p)
        for y, p in zip(targets, special.softmax(outputs, axis=1), strict=True)
    ]
    assert Categorical().loss(outputs, targets) == pytest.approx(-np.mean(log_p), rel=1e-14)
    assert Categorical().loss(outputs, targets) == pytest.approx(
        -special.log_softmax(outputs, axis=1)[np.arange(6), targets].mean(), rel=1e-14
    )


@pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=str)
def test_the_residual_is_the_derivative_of_each_datums_loss(likelihood):
    outputs, targets = outputs_and_targets(likelihood)
    residual, h = likelihood.residual(outputs, targets), 1e-5
    for i, c in product(range(6), range(3)):
        change = np.zeros_like(outputs)
        change[i, c] = h
        up, down = likelihood.loss(outputs + change, targets), likelihood.loss(outputs - change, targets)
        assert residual[i, c] == pytest.approx(6 * (up - down) / (2 * h), rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=str)
def test_the_fisher_matrix_in_the_outputs_is_the_hessian_and_what_the_factors_add_up_to(likelihood):
    outputs, targets = outputs_and_targets(likelihood)
    factors = likelihood.fisher_factors(outputs)
    F, h = np.einsum("nkc,nkd->ncd", factors, factors), 1e-5
    for c in range(3):
        u = np.zeros_like(outputs)
        u[:, c] = 1
        np.testing.assert_allclose(likelihood.fisher_product(outputs, u), F[:, :, c], rtol=1e-12, atol=1e-14)
        up, down = (
            likelihood.residual(outputs + h * u, targets),
            likelihood.residual(outputs - h * u, targets),
        )
        np.testing.assert_allclose((up - down) / (2 * h), F[:, :, c], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=str)
def test_residuals_of_samples_average_to_zero_and_their_squares_to_the_fisher_matrix(likelihood):
    outputs = np.tile([[0.3, -1.2, 1.0]], (40_000, 1))
    residual = likelihood.residual(outputs, likelihood.sample(outputs, np.random.default_rng(3)))
    factors = likelihood.fisher_factors(outputs[:1])[0]
    F = factors.T @ factors
    assert np.all(np.abs(residual.mean(axis=0)) < 4 * np.sqrt(np.diag(F) / 40_000))
    assert relative(residual.T @ residual / 40_000, F) < 0.03


def test_logits_of_any_size_are_taken():
    far = np.array([[800.0, -800.0]])
    assert Bernoulli().loss(far, [[0.0, 1.0]]) == 1600
    assert Bernoulli().loss(far, [[1.0, 0.0]]) == 0
    assert Categorical().loss(far, [1]) == 1600
    assert np.array_equal(Categorical().residual(far, [1]), [[1, -1]])
    assert np.array_equal(Bernoulli().residual(far, [[0.0, 0.0]]), [[1, 0]])
    small = Bernoulli().fisher_product([[40.0, -40.0]], [[1.0, 1.0]])
    np.testing.assert_allclose(small, np.exp(-40.0), rtol=1e-14)
    np.testing.assert_allclose(Bernoulli().fisher_factors([[40.0]]), np.exp(-20.0), rtol=1e-14)


def test_grey_targets_have_their_entropy_as_the_least_loss():
    grey = np.array([[0.2, 0.7]])
    logits = special.logit(grey)
    assert Bernoulli().loss(logits, grey) == pytest.approx(
        np.sum(special.entr(grey) + special.entr(1 - grey))
    )
    np.testing.assert_allclose(Bernoulli().residual(logits, grey), 0, atol=1e-15)


def test_a_label_is_drawn_as_often_as_it_is_probable():
    outputs = np.tile(np.log([[0.2, 0.5, 0.3]]), (100_000, 1))
    labels = Categorical().sample(outputs, np.random.default_rng(0))
    assert labels.dtype.kind == "i"
    np.testing.assert_allclose(np.bincount(labels) / 100_000, [0.2, 0.5, 0.3], atol=0.005)


# --- gradient, Gauss–Newton, scores ------------------------------------------------------------------------


def slow_fisher(at, likelihood):
    """The mean over the data of E[s sᵀ], over all targets; a Gaussian's by that of its residual."""
    width = at.outputs.shape[1]
    if isinstance(likelihood, Gaussian):
        J = dense(at.jacobian())
        return J.T @ J / likelihood.deviation**2 / len(at)
    F = np.zeros((at.network.size,) * 2)
    if isinstance(likelihood, Categorical):
        possible = [
            (np.full(len(at), label), special.softmax(at.outputs, axis=1)[:, label]) for label in range(width)
        ]
    else:
        p = special.expit(at.outputs)
        possible = [
            (np.tile(ones, (len(at), 1)), np.prod(np.where(ones, p, 1 - p), axis=1))
            for ones in map(np.array, product([0, 1], repeat=width))
        ]
    for targets, probability in possible:
        s = data_scores(at, likelihood, targets)
        F += (probability[:, None] * s).T @ s / len(at)
    return F


CASES = [
    pytest.param(network, likelihood, id=f"{number}-{likelihood}")
    for number, network in enumerate(NETWORKS)
    for likelihood in LIKELIHOODS
]


@pytest.mark.parametrize(("network", "likelihood"), CASES)
def test_the_gauss_newton_matrix_is_the_expectation_of_the_scores_outer_products(network, likelihood):
    at = evaluated(network)
    F, v = slow_fisher(at, likelihood), np.random.default_rng(1).normal(size=network.size)
    operator, S = gauss_newton(at, likelihood), exact_scores(at, likelihood)
    assert relative(dense(operator), F) < 1e-14
    assert relative(operator @ v, F @ v) < 1e-13
    assert relative(operator.T @ v[:, None], F @ v[:, None]) < 1e-13
    assert S.shape == (7 * network.outputs, network.size)
    assert relative(S.T @ S / len(S), F) < 1e-14


@pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=str)
def test_the_rows_of_exact_scores_come_datum_by_datum(likelihood):
    network = Network(2, 3, (4,))
    theta, inputs = network.initial(np.random.default_rng(0)), np.random.default_rng(1).normal(size=(5, 2))
    one = exact_scores(network.at(theta, inputs[1:2]), likelihood)
    np.testing.assert_allclose(exact_scores(network.at(theta, inputs), likelihood)[3:6], one, rtol=1e-13)


@pytest.mark.parametrize(("network", "likelihood"), CASES)
def test_the_gradient_is_of_the_mean_loss_and_minus_the_mean_score(network, likelihood):
    at, rng = evaluated(network), np.random.default_rng(5)
    targets, theta = likelihood.sample(at.outputs, rng), np.concatenate([m.ravel() for m in at.matrices])
    inputs, g, h = at.reads[0][:, : network.inputs], loss_gradient(at, likelihood, targets), 1e-6
    v = rng.normal(size=network.size)
    up, down = (likelihood.loss(network.at(theta + s * v, inputs).outputs, targets) for s in (h, -h))
    assert g @ v == pytest.approx((up - down) / (2 * h), rel=1e-5, abs=1e-8)
    np.testing.assert_allclose(-data_scores(at, likelihood, targets).mean(axis=0), g, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=str)
def test_sampled_scores_estimate_the_fisher_matrix_without_bias(likelihood):
    at, rng = evaluated(Network(2, 3, (4,))), np.random.default_rng(2)
    F = dense(gauss_newton(at, likelihood))
    estimates = [dense(fisher.sampled_fisher(sampled_scores(at, likelihood, rng))) for _ in range(400)]
    errors = [relative(np.mean(estimates[:count], axis=0), F) for count in (4, 400)]
    assert errors[1] < 0.1 and errors[1] < errors[0] / 4
    drawn = np.concatenate([sampled_scores(at, likelihood, rng) for _ in range(400)])
    assert np.all(np.abs(drawn.mean(axis=0)) <= 4 * drawn.std(axis=0) / np.sqrt(len(drawn)))  # mean score: 0


@pytest.mark.parametrize("hidden", [(), (5,), (4, 6)])
def test_the_null_space_of_a_softmax_network_is_as_large_as_what_the_last_layer_reads(hidden):
    """The same change of all outputs, for each thing that is read: fan in + 1 directions."""
    network = Network(3, 4, hidden)
    at = evaluated(network, count=300)
    eigenvalues = np.linalg.eigvalsh(dense(gauss_newton(at, Categorical())))
    null = network.shapes[-1][0]
    assert np.all(eigenvalues[:null] < 1e-14 * eigenvalues[-1])
    assert eigenvalues[null] > 1e-9 * eigenvalues[-1]
    with pytest.raises(ValueError, match=f"one of {null} such directions"):
        solve.dense_solve(gauss_newton(at, Categorical()), np.ones(network.size))


def test_the_dual_solve_takes_exact_scores():
    at = evaluated(Network(2, 3, (20,)))
    g = loss_gradient(at, Categorical(), np.arange(7) % 3)
    F = dense(gauss_newton(at, Categorical()))
    assert 21 == len(exact_scores(at, Categorical())) < len(F)
    x = solve.natural_direction(exact_scores(at, Categorical()), g, 0.01)
    np.testing.assert_allclose(x, solve.dense_solve(F, g, 0.01), rtol=1e-10)


# --- Kronecker factors -------------------------------------------------------------------------------------


def assembled(factors):
    return block_diag(*[np.kron(R, B) for R, B in factors])


@pytest.mark.parametrize(("network", "likelihood"), CASES)
def test_with_one_datum_the_blocks_are_exact(network, likelihood):
    at = evaluated(network, count=1)
    exact = blocks_only(dense(gauss_newton(at, likelihood)), network)
    assert relative(assembled(kronecker_factors(at, likelihood)), exact) < 1e-14


@pytest.mark.parametrize("bias", [False, True])
def test_in_a_deep_linear_gaussian_network_all_blocks_are_exact_for_skewed_inputs(bias):
    """Those between two layers too, from what one reads and answers and the other."""
    network = Network(5, 3, (4, 4), "linear", bias=bias)
    at, likelihood = evaluated(network, count=200), Gaussian(0.7)
    F = dense(gauss_newton(at, likelihood))
    assert relative(assembled(kronecker_factors(at, likelihood)), blocks_only(F, network)) < 5e-15
    factors = likelihood.fisher_factors(at.outputs).transpose(1, 0, 2)
    answers = [at.answers(f) for f in factors]
    for (i, rows), (j, columns) in product(enumerate(network.blocks), repeat=2):
        R = at.reads[i].T @ at.reads[j] / 200
        B = sum(b[i].T @ b[j] for b in answers) / 200
        assert relative(np.kron(R, B), F[rows, columns]) < 5e-15


def test_elsewhere_they_are_an_approximation_but_the_last_layer_of_a_gaussian_network():
    network = Network(5, 3, (4, 4))
    at = evaluated(network, count=200)
    F, approximate = dense(gauss_newton(at, Gaussian())), assembled(kronecker_factors(at, Gaussian()))
    errors = [relative(approximate[block, block], F[block, block]) for block in network.blocks]
    assert errors[0] > 0.05 and errors[1] > 0.01 and errors[2] < 1e-14
    softmax = dense(gauss_newton(at, Categorical()))
    block = network.blocks[-1]
    approximate = assembled(kronecker_factors(at, Categorical()))
    assert relative(approximate[block, block], softmax[block, block]) > 0.01


@pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=str)
def test_factors_of_sampled_targets_average_to_the_exact_ones(likelihood):
    at, rng = evaluated(Network(2, 3, (4,))), np.random.default_rng(0)
    drawn = [kronecker_factors(at, likelihood, rng) for _ in range(2000)]
    for i, (R, B) in enumerate(kronecker_factors(at, likelihood)):
        assert np.array_equal(drawn[0][i][0], R)
        assert relative(np.mean([factors[i][1] for factors in drawn], axis=0), B) < 0.1


def test_answers_of_a_mean_loss_make_a_factor_that_is_too_small_by_the_square_of_the_data():
    at, likelihood = evaluated(Network(2, 3, (4,)), count=30), Categorical()
    targets = likelihood.sample(at.outputs, np.random.default_rng(4))
    wrong = [b.T @ b / 30 for b in at.answers(likelihood.residual(at.outputs, targets) / 30)]
    right = kronecker_factors(at, likelihood, np.random.default_rng(4))
    for B, (_, expected) in zip(wrong, right, strict=True):
        np.testing.assert_allclose(900 * B, expected, rtol=1e-12)


@pytest.mark.parametrize("balance", ["exact", "trace", "equal"])
def test_the_metric_is_the_dense_one_with_its_damping(balance):
    at = evaluated(Network(2, 3, (4,)), count=30)
    factors, damping = kronecker_factors(at, Categorical()), 0.02
    blocks = []
    metric = KroneckerMetric(factors, damping, balance)
    for i, (R, B) in enumerate(factors):
        if balance == "exact":
            blocks.append(np.kron(R, B) + damping * np.eye(R.size and len(R) * len(B)))
            continue
        pi = np.sqrt(np.trace(R) / len(R) / (np.trace(B) / len(B))) if balance == "trace" else 1.0
        assert metric.balances[i] == pytest.approx(pi, rel=1e-12)
        root = np.sqrt(damping)
        blocks.append(np.kron(R + pi * root * np.eye(len(R)), B + root / pi * np.eye(len(B))))
    expected, g = block_diag(*blocks), np.random.default_rng(0).normal(size=27)
    assert metric.shape == expected.shape
    np.testing.assert_allclose(metric @ np.eye(27)[:, :5], expected[:, :5], rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(metric.solve(g), np.linalg.solve(expected, g), rtol=1e-10)
    for _ in range(2):  # a second solve is the first
        np.testing.assert_allclose(metric @ metric.solve(g), g, rtol=1e-12, atol=1e-13)
    assert solve.quadratic_form(metric, g) == pytest.approx(g @ expected @ g)
    np.testing.assert_allclose(aslinearoperator(metric) @ g, expected @ g, rtol=1e-11)
    assert len(metric.balances) == (0 if balance == "exact" else 2)


def test_the_balance_by_traces_adds_less_than_equal_shares():
    R, B = 10 * np.diag(np.geomspace(1, 1e-3, 6)), 1e-3 * np.diag(np.geomspace(1, 1e-2, 4))

    def excess(balance):
        exact = KroneckerMetric([(R, B)], 1e-4) @ np.eye(24)
        added = KroneckerMetric([(R, B)], 1e-4, balance) @ np.eye(24) - exact
        return np.trace(added) / np.trace(exact)

    assert KroneckerMetric([(R, B)], 1e-4, "trace").balances == [pytest.approx(83.7, abs=0.05)]
    assert excess("trace") == pytest.approx(0.66, abs=0.005)
    assert excess("equal") == pytest.approx(27.6, abs=0.05)


def test_without_damping_the_factors_may_be_ill_conditioned_but_not_singular():
    R = np.diag([1.0, 1e-9])
    metric = KroneckerMetric([(R, R)])
    np.testing.assert_allclose(metric.solve(np.ones(4)), [1, 1e9, 1e9, 1e18], rtol=1e-12)
    for factors in ([(np.diag([1.0, 1e-14]), R)], [(R, np.diag([1.0, 0.0]))]):
        with pytest.raises(ValueError, match="damping 0 leaves layer 0 singular"):
            KroneckerMetric(factors)
    assert KroneckerMetric([(R, np.zeros((2, 2)))], 0.1).solve(np.ones(4)) == pytest.approx(10)


@pytest.mark.parametrize("scale", [1e-10, 1.0, 1e10])
def test_what_is_singular_does_not_depend_on_the_units(scale):
    R = scale * np.diag([1.0, 1e-9])
    assert KroneckerMetric([(R, R)]).solve(np.full(4, scale**2)) == pytest.approx([1, 1e9, 1e9, 1e18])
    for factors in ([(scale * np.diag([1.0, 1e-14]), R)], [(R, scale * np.diag([1.0, 1e-14]))]):
        with pytest.raises(ValueError, match="singular to working precision"):
            KroneckerMetric(factors)
    rounded = scale * np.diag([-1e-14, 1e-9, 1.0])
    np.testing.assert_allclose(KroneckerMetric([(rounded, R)], scale**2).solve(np.ones(6))[0], scale**-2)
    with pytest.raises(ValueError, match="R of layer 0 has the negative eigenvalue"):
        KroneckerMetric([(scale * np.diag([-1e-11, 1.0, 1.0]), R)], scale**2)
    first, last = scale * np.diag([1.0, 1e-9, 1e-9]), np.eye(3)
    change, _ = layerwise_natural_gradient([first, last], np.zeros((3, 3)))
    np.testing.assert_allclose(change, first / 2, rtol=1e-12)
    with pytest.raises(ValueError, match="the layers up to W_1 is singular"):
        layerwise_natural_gradient([scale * np.diag([1.0, 1e-9, 1e-20]), last], np.zeros((3, 3)))


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_in_a_deep_linear_network_the_step_of_the_blocks_times_the_depth_is_one(depth):
    """The best multiple of the direction of undamped blocks is 1/L, and that is the natural gradient."""
    network = Network(4, 4, (4,) * (depth - 1), "linear", bias=False)
    rng = np.random.default_rng(depth)
    theta, inputs, targets = network.initial(rng), rng.exponential(size=(50, 4)), rng.normal(size=(50, 4))
    at, likelihood = network.at(theta, inputs), Gaussian()
    g, F = loss_gradient(at, likelihood, targets), dense(gauss_newton(at, likelihood))
    direction = KroneckerMetric(kronecker_factors(at, likelihood)).solve(g)
    assert g @ direction / (direction @ F @ direction) * depth == pytest.approx(1, rel=1e-9)
    best = np.linalg.lstsq(inputs, targets, rcond=None)[0].T
    natural = layerwise_natural_gradient([W.T for W in network.split(theta)], best)
    found = np.concatenate([n.T.ravel() for n in natural])
    np.testing.assert_allclose(depth * found, direction, rtol=1e-7, atol=1e-9)


# --- deep linear networks ----------------------------------------------------------------------------------


def deep_linear(widths, seed=1):
    rng = np.random.default_rng(seed)
    weights = [rng.normal(size=(b, a)) / np.sqrt(a) for a, b in pairwise(widths)]
    root = rng.normal(size=(widths[0], widths[0]))
    return weights, root @ root.T / widths[0], rng.normal(size=(widths[-1], widths[0]))


def product_of(weights):
    total = np.eye(weights[0].shape[1])
    for W in weights:
        total = W @ total
    return total


def fisher_and_gradient(weights, covariance, target):
    """From the Jacobian of the product by complex steps: F = Jᵀ (I ⊗ S) J."""
    theta = np.concatenate([W.ravel() for W in weights])
    ends = np.cumsum([W.size for W in weights])[:-1]

    def function(theta):
        parts = zip(np.split(theta, ends), weights, strict=True)
        return product_of([part.reshape(W.shape) for part, W in parts])

    J, D = complex_step(function, theta), product_of(weights) - target
    metric = np.kron(np.eye(len(D)), covariance)
    return J.T @ metric @ J, J.T @ metric @ D.ravel(), J


WIDTHS = [(4, 4), (4, 4, 4), (3, 3, 3, 3), (4, 6, 5, 4), (5, 6, 5, 3), (2, 5, 4, 4)]


@pytest.mark.parametrize("natural", [layerwise_natural_gradient, shortest_natural_gradient])
@pytest.mark.parametrize("widths", WIDTHS, ids=str)
def test_both_solve_the_system_and_move_the_function_to_its_target(natural, widths):
    weights, covariance, target = deep_linear(widths)
    F, g, J = fisher_and_gradient(weights, covariance, target)
    changes = natural(weights, target)
    assert [n.shape for n in changes] == [W.shape for W in weights]
    n = np.concatenate([n.ravel() for n in changes])
    assert relative(F @ n, g) < 1e-9
    assert relative(J @ n, (product_of(weights) - target).ravel()) < 1e-10


@pytest.mark.parametrize("widths", [*WIDTHS, (8, 5, 5, 3), (3, 2, 2, 2)], ids=str)
def test_the_shortest_is_that_of_the_pseudo_inverse(widths):
    weights, covariance, target = deep_linear(widths)
    F, g, _ = fisher_and_gradient(weights, covariance, target)
    shortest = np.concatenate([n.ravel() for n in shortest_natural_gradient(weights, target)])
    np.testing.assert_allclose(shortest, np.linalg.lstsq(F, g, rcond=1e-11)[0], rtol=1e-5, atol=1e-7)


def test_the_layers_share_the_way_and_the_shortest_keeps_the_balance():
    weights, _, target = deep_linear((4, 4, 4))
    (n1, n2), (W1, W2) = layerwise_natural_gradient(weights, target), weights
    np.testing.assert_allclose(W2 @ n1, n2 @ W1, rtol=1e-9)
    n1, n2 = shortest_natural_gradient(weights, target)
    np.testing.assert_allclose(W2.T @ n2 + n2.T @ W2, W1 @ n1.T + n1 @ W1.T, rtol=1e-9, atol=1e-12)


def test_a_step_multiplies_the_error_by_a_power_in_closed_form():
    """W_new = W (I − (α/L) W⁻¹D)^L, for the layer-wise solution and steps of α."""
    weights, _, target = deep_linear((4, 4, 4, 4))
    W, alpha = product_of(weights), 0.7
    changes = layerwise_natural_gradient(weights, target)
    stepped = product_of([w - alpha * n for w, n in zip(weights, changes, strict=True)])
    factor = np.eye(4) - alpha / 3 * np.linalg.solve(W, W - target)
    np.testing.assert_allclose(stepped, W @ np.linalg.matrix_power(factor, 3), rtol=1e-9, atol=1e-12)


def test_partial_products_go_from_the_inputs_and_to_the_outputs():
    weights, _, _ = deep_linear((2, 3, 4, 5))
    A, B = partial_products(weights)
    assert [a.shape for a in A] == [(2, 2), (3, 2), (4, 2), (5, 2)]
    assert [b.shape for b in B] == [(5, 2), (5, 3), (5, 4), (5, 5)]
    assert np.array_equal(A[0], np.eye(2)) and np.array_equal(B[3], np.eye(5))
    for a, b in zip(A, B, strict=True):
        np.testing.assert_allclose(b @ a, product_of(weights), rtol=1e-12)


def test_where_no_exact_solution_exists_that_is_said():
    for widths in ((3, 2, 3), (8, 5, 5, 3), (3, 3, 8)):
        weights, _, target = deep_linear(widths)
        with pytest.raises(ValueError, match="hidden layers of width"):
            layerwise_natural_gradient(weights, target)
    for widths in ((3, 2, 3), (4, 4, 2, 4, 4)):
        weights, _, target = deep_linear(widths)
        with pytest.raises(ValueError, match="weights cannot move the function in every direction"):
            shortest_natural_gradient(weights, target)
    singular = [np.diag([1.0, 0.0]), np.diag([1.0, 2.0])]
    with pytest.raises(ValueError, match="the layers up to W_1 is singular"):
        layerwise_natural_gradient(singular, np.eye(2))
    with pytest.raises(ValueError, match="the layers after W_1 is singular"):
        layerwise_natural_gradient(singular[::-1], np.eye(2))
    changes = shortest_natural_gradient(singular, np.eye(2))  # which passes there
    np.testing.assert_allclose(singular[1] @ changes[0] + changes[1] @ singular[0], np.diag([0.0, -1.0]))


# --- what is refused ---------------------------------------------------------------------------------------

RNG = np.random.default_rng(0)
NETWORK = Network(2, 3, (4,))
THETA, INPUTS = NETWORK.initial(RNG), RNG.normal(size=(5, 2))
AT, LABELS = NETWORK.at(THETA, INPUTS), np.array([0, 1, 2, 1, 0])
OUTPUTS, WEIGHTS = np.zeros((5, 3)), np.ones((5, 3))
FACTORS = kronecker_factors(AT, Categorical())
CHAIN = [np.eye(2), 2 * np.eye(2)]

NOT_TABLES = [
    [1.0, 2.0],
    1.0,
    [],
    np.ones((5, 3, 1)),
    [[NAN, 1.0, 2.0]] * 5,
    [[INF, 1.0, 2.0]] * 5,
    "ab",
    None,
]
NOT_ROWS = [*NOT_TABLES, np.ones((4, 3)), np.ones((5, 2))]
NOT_LABELS = [
    says("argmax", np.full((5, 3), 1 / 3)),  # probabilities
    np.eye(3)[LABELS],
    LABELS.astype(float),
    [0, 1, 2, 1],
    [0, 1, 2, 1, 3],
    [0, 1, 2, 1, -1],
    None,
]
NOT_EVALUATED = [None, NETWORK, Evaluated, OUTPUTS]
NOT_LIKELIHOODS = [None, "categorical", Categorical, says("targets", Gaussian())]
NOT_FACTORS = [
    None,
    [],
    FACTORS[0][0],
    [(np.eye(2),)],
    says("R of layer 0", [(np.ones((2, 3)), np.eye(2))]),
    says("R of layer 0 has the negative eigenvalue -1", [(np.diag([-1.0, 2.0]), np.eye(2))]),
    says("B of layer 1", [FACTORS[0], (np.eye(2), [[1.0, 2.0], [0.0, 1.0]])]),
    says("B of layer 0", [(np.eye(2), [[NAN]])]),
]
NOT_CHAINS = [
    None,
    [],
    np.eye(2),
    [np.ones(2)],
    [[[NAN]]],
    says("must have 2 columns, one for each row", [np.ones((2, 3)), np.ones((2, 3))]),
]
NOT_TARGETS = [np.eye(3), np.ones(2), [[NAN, 1.0], [0.0, 1.0]], None]

SHAPE = Example(Network, inputs=2, outputs=3, hidden=(4,), activation="tanh", bias=True)
INITIAL = Example(NETWORK.initial, rng=RNG, gain=1.0)
SPLIT = Example(NETWORK.split, theta=THETA)
EVALUATE = Example(NETWORK.at, theta=THETA, inputs=INPUTS)
FORWARD = Example(AT.jacobian_product, v=THETA)
BACKWARD = [Example(method, u=WEIGHTS) for method in (AT.answers, AT.transposed_product, AT.rows)]
METHODS = [
    (kind, targets, Example(kind.loss, outputs=OUTPUTS, targets=targets))
    for kind, targets in ((Gaussian(), WEIGHTS), (Bernoulli(), WEIGHTS), (Categorical(), LABELS))
]
GRADIENT = Example(loss_gradient, evaluated=AT, likelihood=Categorical(), targets=LABELS)
DATA = Example(data_scores, evaluated=AT, likelihood=Categorical(), targets=LABELS)
SAMPLED = Example(sampled_scores, evaluated=AT, likelihood=Categorical(), rng=RNG)
MATRIX = Example(gauss_newton, evaluated=AT, likelihood=Categorical())
EXACT = Example(exact_scores, evaluated=AT, likelihood=Categorical())
FACTOR = Example(kronecker_factors, evaluated=AT, likelihood=Categorical(), rng=None)
METRIC = Example(KroneckerMetric, factors=FACTORS, damping=0.1, balance="exact")
TRACE = Example(KroneckerMetric, factors=[(np.eye(2), np.eye(2))], damping=0.1, balance="trace")
PRODUCTS = Example(partial_products, weights=CHAIN)
NATURALS = [
    Example(natural, weights=CHAIN, target=np.eye(2))
    for natural in (layerwise_natural_gradient, shortest_natural_gradient)
]


def of_likelihood(kind, targets):
    """Facts about the methods of one likelihood."""
    loss = Example(kind.loss, outputs=OUTPUTS, targets=targets)
    residual = Example(kind.residual, outputs=OUTPUTS, targets=targets)
    products = Example(kind.fisher_product, outputs=OUTPUTS, u=WEIGHTS)
    factors, sample = (
        Example(kind.fisher_factors, outputs=OUTPUTS),
        Example(kind.sample, outputs=OUTPUTS, rng=RNG),
    )
    wrong = NOT_LABELS if isinstance(kind, Categorical) else NOT_ROWS
    if isinstance(kind, Bernoulli):
        wrong = [
            *wrong,
            says("smallest of targets", WEIGHTS - np.eye(5, 3) * 1.1),
            says("largest of targets", WEIGHTS * 0.0 + 1.1 * np.eye(5, 3)),
        ]
    alone = [says("take Bernoulli", np.ones((5, 1)))] if isinstance(kind, Categorical) else []
    return [
        *(
            fact
            for e in (loss, residual, products, factors, sample)
            for fact in e.refuses("outputs", *NOT_TABLES, *alone)
        ),
        *(fact for example in (loss, residual) for fact in example.refuses("targets", *wrong)),
        *products.refuses("u", *NOT_ROWS),
        *sample.refuses("rng", *NOT_GENERATORS),
    ]


REFUSED = [
    *SHAPE.refuses("inputs", *NOT_COUNTS),
    *SHAPE.refuses("outputs", *NOT_COUNTS),
    *SHAPE.refuses("hidden", 4, None, says("each width in hidden", (4, 0)), "44"),
    *SHAPE.refuses("activation", "relu", None, np.tanh),
    *SHAPE.takes_anything("bias"),
    *INITIAL.refuses("rng", *NOT_GENERATORS),
    *INITIAL.refuses("gain", *NOT_POSITIVE),
    *SPLIT.refuses("theta", *NOT_VECTORS, says("27 entries", np.ones(26))),
    *EVALUATE.refuses("theta", *NOT_VECTORS, says("27 entries", np.ones(28))),
    *EVALUATE.refuses("inputs", *NOT_TABLES, np.ones((5, 3))),
    *FORWARD.refuses("v", *NOT_VECTORS, says("27 entries", np.ones(26))),
    *(fact for example in BACKWARD for fact in example.refuses("u", *NOT_ROWS)),
    *Example(Gaussian, deviation=1.0).refuses("deviation", *NOT_POSITIVE, 1e-200, 1e200),
    *(fact for kind, targets, _ in METHODS for fact in of_likelihood(kind, targets)),
    *(
        fact
        for example in (GRADIENT, DATA, SAMPLED, MATRIX, EXACT, FACTOR)
        for fact in example.refuses("evaluated", *NOT_EVALUATED)
    ),
    *(fact for e in (GRADIENT, DATA) for fact in e.refuses("likelihood", *NOT_LIKELIHOODS)),
    *(
        fact
        for e in (SAMPLED, MATRIX, EXACT, FACTOR)
        for fact in e.refuses("likelihood", *NOT_LIKELIHOODS[:-1])
    ),
    *(fact for example in (GRADIENT, DATA) for fact in example.refuses("targets", *NOT_LABELS)),
    *SAMPLED.refuses("rng", *NOT_GENERATORS),
    *FACTOR.refuses("rng", 0, np.random, np.random.RandomState(0)),
    *METRIC.refuses("factors", *NOT_FACTORS),
    *METRIC.refuses("damping", *NEGATIVE, says("use more than", 0.0), says("use more than", 1e-17)),
    *METRIC.refuses("balance", "half", None, 1.0),
    *TRACE.refuses("factors", says("balance='exact'", [(np.eye(2), np.zeros((2, 2)))])),
    *Example(METRIC.call().solve, gradient=THETA).refuses("gradient", *NOT_VECTORS, np.ones(26)),
    *Example(METRIC.call().matvec, v=THETA).refuses("v", *NOT_VECTORS, np.ones(26)),
    *PRODUCTS.refuses("weights", *NOT_CHAINS),
    *(fact for example in NATURALS for fact in example.refuses("weights", *NOT_CHAINS)),
    *(fact for example in NATURALS for fact in example.refuses("target", *NOT_TARGETS)),
    *NATURALS[0].refuses("weights", says("narrower", [np.ones((1, 2)), np.ones((2, 1))])),
    *NATURALS[1].refuses("weights", says("no exact solution", [np.ones((1, 2)), np.ones((2, 1))])),
]
test_works, test_refused = refusal_tests(REFUSED)
