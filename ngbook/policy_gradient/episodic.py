"""The episodic natural actor–critic: the natural gradient as a regression of returns on summed scores.

==================================  =============================================================
``episodic_natural_gradient``       the regression, with one row for each episode
``episode_sums``                    these rows, from a ``Batch``
``episodic_natural_actor_critic``   the rule, for ``train``
==================================  =============================================================

The score of a trajectory, Ψ, is the sum of the scores of its actions, and the Fisher matrix here is E[ΨΨᵀ]:
that of a whole episode, and not of one step as in the other rules. Peters and Schaal (2008). Bad input raises
``ValueError``.
"""

from dataclasses import replace

import numpy as np

from ngbook._check import arrays as check
from ngbook.policy_gradient.step import Step, assess, rejected


def _rows(value, name):
    """Scores as an array: one that is known by its products is refused."""
    if check.is_operator(value):
        raise ValueError(f"{name} must be an array of shape (M, p), but is {value!r}: pass its rows")
    return check.scores(value, name)


@check.arguments(summed_scores=_rows, returns=check.vector)
def episodic_natural_gradient(summed_scores, returns):
    """Fit the returns of M episodes by their summed scores and a constant, R ≈ wᵀΨ + b, by least squares.

    The weights w are a natural gradient of J. With C the covariance matrix of the rows Ψ (divided by M), and
    means over them, w = C⁻¹ mean(Ψ(R − mean R)); and, just as exactly, w = mean(ΨΨᵀ)⁻¹ mean(Ψ(R − b)), with
    the constant b as the baseline. The matrix is the Fisher matrix of trajectories, sampled with the *same*
    episodes as the gradient: what is linear in Ψ makes no noise, and only the residuals do.

    Parameters
    ----------
    summed_scores : ndarray of shape (M, p)
        For each episode the sum of the scores of its actions; M is at least p + 2.
    returns : ndarray of shape (M,)
        The return of each.

    Returns
    -------
    tuple
        w, of shape (p,), and the float b.

    Raises
    ------
    ValueError
        If there are too few episodes, or if the summed scores depend linearly on each other.
    """
    episodes, size = summed_scores.shape
    check.fits(returns, episodes, "returns")
    if episodes < size + 2:
        raise ValueError(
            f"summed_scores must have p + 2 = {size + 2} rows or more, but have {episodes}: with fewer the "
            "fit is exact and tells nothing; collect more episodes, or take a policy with fewer parameters"
        )
    design = np.column_stack([summed_scores, np.ones(episodes)])
    units = np.linalg.norm(design, axis=0)  # so that those of a parameter decide nothing
    units[units == 0] = 1
    rounding = np.finfo(summed_scores.dtype).eps ** (2 / 3)
    solution, _, rank, _ = np.linalg.lstsq(design / units, returns, rounding)  # eq-actor-critic-problem
    if rank < size + 1:
        raise ValueError(
            f"summed_scores and a constant must be linearly independent, but of these {size + 1} columns "
            f"only {rank} are: has a parameter no effect, or is a feature or a bias (bias=False) redundant?"
        )
    *w, b = solution / units
    return np.array(w), float(b)


@check.arguments(policy=check.policy, theta=check.vector, batch=check.batch)
def episode_sums(policy, theta, batch, returns):
    """Sum the scores of each whole episode of a batch, and pick out its return.

    Whole is an episode that begins and ends in the batch; one that was truncated counts for what it earned
    until then.

    Parameters
    ----------
    policy : SoftmaxPolicy or GaussianPolicy
        The policy that acted.
    theta : ndarray of shape (p,)
        Its parameters.
    batch : Batch
        The transitions that it saw.
    returns : ndarray of shape (T, n)
        At the first step of an episode its return, as ``reward_to_go`` and ``total_return`` have it. The
        other entries are not used.

    Returns
    -------
    tuple
        Summed scores, of shape (M, p), and returns, of shape (M,), of the M whole episodes, environment by
        environment; and the number of episodes that the batch holds only in part, and that are left out.
    """
    old, (_, actions), episode, earned, dropped = _whole_episodes(policy, theta, batch, returns)
    return _summed(old.scores(actions), episode), earned, dropped


@check.arguments(policy=check.policy, theta=check.vector, batch=check.batch)
@check.arguments(step_size=check.optional(check.positive), radius=check.optional(check.positive))
@np.errstate(all="ignore")  # a step that goes too far is rejected, and not warned of
def episodic_natural_actor_critic(policy, theta, batch, returns, *, step_size=None, radius=None) -> Step:
    """Take a step along the natural gradient that ``episodic_natural_gradient`` finds.

    It takes returns, not advantages, and its baseline is the constant of the regression: in ``train`` it goes
    with ``advantage="returns"`` and ``standardise=False``. Episodes that the batch holds only in part are
    left out, and counted in ``Step.dropped``; ``train`` with as many steps as an episode has drops none.

    Parameters
    ----------
    policy, theta, batch
        As for ``policy_gradient``.
    returns : ndarray of shape (T, n)
        As for ``episode_sums``.
    step_size : float or None
        α, the factor of the natural gradient.
    radius : float or None
        ε, instead of a step size: half the squared length of the step in the sampled, centred Fisher matrix
        of *trajectories*. To leading order it is the KL divergence between the distributions of a whole
        episode: with H steps, H times the mean KL per step that ``natural_policy_gradient`` calls
        its radius, and that ``Step.kl`` is in any case.

    Returns
    -------
    Step
        Rejected if it would leave the parameter space, or if all returns are alike. Its divergence and its
        gain are means over the steps of whole episodes; the gain credits each step with R − b.
    """
    if (step_size is None) == (radius is None):
        raise ValueError(f"give either step_size or radius, but not {step_size!r} and {radius!r}")
    old, (states, actions), episode, earned, dropped = _whole_episodes(policy, theta, batch, returns)
    summed_scores = _summed(old.scores(actions), episode)
    natural, baseline = episodic_natural_gradient(summed_scores, earned)
    slope = float(np.var(summed_scores @ natural)) if np.ptp(earned) else 0.0  # wᵀCw
    if not 0 < slope < np.inf:
        why = f"the returns must differ, and by finite squares, but the fitted ones have variance {slope:g}"
        return replace(rejected(theta, old, why), dropped=dropped)
    if radius is not None:
        step_size = np.sqrt(2 * radius / slope)
    samples = states, actions, earned[episode] - baseline
    return replace(assess(policy, old, theta, theta + step_size * natural, samples), dropped=dropped)


def _summed(scores, episode):
    """Add up the scores of each episode, parameter by parameter: of these there are fewer than episodes."""
    columns = (scores @ direction for direction in np.eye(scores.shape[1], dtype=scores.dtype))
    sums = np.column_stack([np.bincount(episode, column) for column in columns])
    return sums.astype(scores.dtype, copy=False)


def _whole_episodes(policy, theta, batch, returns):
    """Select the K steps of the M whole episodes.

    Returns the distributions at these steps; their states and actions; the number of the episode that
    each belongs to, of shape (K,); the returns of the episodes; and the number of all others.
    """
    returns = check.step_values(returns, batch, "returns")
    length, copies = batch.valid.shape
    begins = batch.valid & (batch.ages == 0)
    # A number for each episode, environment by environment; the first of each is of one that began before.
    numbers = np.cumsum(begins, axis=0) + (length + 1) * np.arange(copies)
    whole = np.intersect1d(numbers[begins], numbers[batch.valid & batch.ended])
    if not len(whole):
        raise ValueError(
            f"batch must hold whole episodes, but none of its episodes both begins and ends in its {length} "
            "steps: collect as many steps as an episode has"
        )
    kept = batch.valid & np.isin(numbers, whole)
    first = kept & begins
    earned = returns[first][np.argsort(numbers[first])]
    states, actions = batch.observations[kept], batch.actions[kept]
    episode = np.searchsorted(whole, numbers[kept])
    dropped = len(np.unique(numbers[batch.valid])) - len(whole)
    return policy.at(theta, states), (states, actions), episode, earned, dropped
