"""How good an action was: three estimates of it, and the baselines that make them less noisy.

All arrays are time first, shape (T, n), one entry for every step of a ``Batch``. Entries of steps that
are not valid are 0.
"""

import numpy as np

from ngbook import _check as check

__all__ = ["generalised_advantage", "reward_to_go", "standardised", "total_return"]


def total_return(batch):
    """Each step is credited with the total reward of its episode (eq-policy-gradients-estimator).

    The estimate that the paper prints (equation 4.3): right on average, and noisy, because an action is also
    credited with what was earned before it.

    Parameters
    ----------
    batch : Batch
        Of whole episodes only.

    Returns
    -------
    ndarray of shape (T, n)
        R(τ), the same for all steps of an episode.

    Raises
    ------
    ValueError
        If an episode began before the batch or goes on after it, so that its return is not known.
    """
    _check_whole(check.batch(batch), "total_return")
    from_here = _backward_sum(batch.rewards, batch.ended, 1.0)
    returns = np.empty_like(from_here)
    running = np.zeros(batch.valid.shape[1])
    for t in range(len(from_here)):
        running = np.where(batch.ages[t] == 0, from_here[t], running)
        returns[t] = running
    return returns * batch.valid


def reward_to_go(batch, discount=1.0, next_values=None):
    """Each step is credited with what was earned from it on (eq-policy-gradients-reward-to-go).

    Rewards earned before an action have nothing to do with it, so leaving them out changes no
    expectation (errata P15).

    Parameters
    ----------
    batch : Batch
        What happened.
    discount : float
        γ, from 0 to 1: a reward k steps later counts γᵏ.
    next_values : ndarray of shape (T, n) or None
        Values of ``batch.next_observations``. They stand in for the rewards that the batch does not hold:
        after a truncation, and at the batch's end. At a termination there are none to come, and they
        are not used.

    Returns
    -------
    ndarray of shape (T, n)
        The discounted sums.

    Raises
    ------
    ValueError
        If an argument does not fit, or an episode does not terminate in the batch and no values were
        given for what comes after.
    """
    discount = check.share(discount, "discount")
    if next_values is None:
        _check_terminated(check.batch(batch))
        next_values = np.zeros(batch.valid.shape)
    next_values = check.step_values(next_values, batch, "next_values")
    cut = _cut(batch)
    rewards = batch.rewards + np.where(cut, discount * next_values, 0.0)
    return _backward_sum(rewards, batch.ended, discount) * batch.valid


def generalised_advantage(batch, values, next_values, discount=0.99, trace=0.97):
    """How much better an action was than expected, by temporal differences (eq-policy-gradients-advantage).

    The sum over l of (γλ)ˡ δ_{t+l}, with the error δ_t = r_t + γ V(s_{t+1}) − V(s_t), up to the end of the
    episode. Trace 1 gives the discounted reward-to-go minus the value, which is unbiased whatever the values
    are; trace 0 gives δ_t alone, which is quiet, and as wrong as the values. Schulman et al. (2016).

    Parameters
    ----------
    batch : Batch
        What happened.
    values : ndarray of shape (T, n)
        V of ``batch.observations``.
    next_values : ndarray of shape (T, n)
        V of ``batch.next_observations``; taken as 0 where an episode terminated, whatever they are.
    discount : float
        γ, from 0 to 1.
    trace : float
        λ, from 0 to 1 (not a Lagrange multiplier).

    Returns
    -------
    ndarray of shape (T, n)
        The estimates. A truncated episode, or one that goes on after the batch, counts the value of the
        observation where it was left.

    Raises
    ------
    ValueError
        If shapes do not fit, an entry is not finite, or a factor is not between 0 and 1.
    """
    discount, trace = check.share(discount, "discount"), check.share(trace, "trace")
    values = check.step_values(values, batch, "values")
    next_values = check.step_values(next_values, batch, "next_values")
    errors = batch.rewards + discount * next_values * ~batch.terminated - values
    return _backward_sum(errors, batch.ended, discount * trace) * batch.valid


def standardised(batch, advantages):
    """Shifted and scaled to mean 0 and standard deviation 1 over the valid steps of a batch.

    Subtracting the mean is nearly a constant baseline, but not quite: the batch's own mean depends on the
    actions that it judges. With the total returns of N equally long episodes, the expected gradient is
    shortened by the factor 1 − 1/N, and keeps its direction. Scaling makes the length of a plain gradient
    step independent of the units of the reward. Advantages that are all equal hold no information and
    become 0.

    Parameters
    ----------
    batch : Batch
        What happened.
    advantages : ndarray of shape (T, n)
        Any of the estimates.

    Returns
    -------
    ndarray of shape (T, n)
        The same, standardised; 0 where a step is not valid.

    Raises
    ------
    ValueError
        If the shape does not fit or an entry is not finite.
    """
    advantages = check.step_values(advantages, batch, "advantages")
    flat = batch.flat(advantages)
    deviations = (advantages - flat.mean()) * batch.valid
    spread = flat.std()
    rounding = 1e-12 * np.abs(flat).max()
    return deviations / spread if spread > rounding else np.zeros_like(deviations)


def _backward_sum(terms, ended, factor):
    """The sums over l of factor**l * terms[t + l], each up to the end of its episode."""
    keep = factor * ~ended
    sums = np.empty(terms.shape)
    running = np.zeros(terms.shape[1])
    for t in range(len(terms) - 1, -1, -1):
        running = terms[t] + keep[t] * running
        sums[t] = running
    return sums


def _cut(batch):
    """Where the rewards that follow are not in the batch: truncated, or at its last row unfinished."""
    cut = batch.truncated.copy()
    cut[-1] |= batch.valid[-1] & ~batch.terminated[-1]
    return cut


def _check_terminated(batch):
    cut = _cut(batch)
    if cut.any():
        step, environment = np.argwhere(cut)[0]
        raise ValueError(
            f"the episode of environment {environment} does not terminate at step {step} of the batch, and "
            "what it would have earned afterwards is unknown: pass next_values, the values of "
            "batch.next_observations (zeros, if nothing after that counts), or a baseline to train"
        )


def _check_whole(batch, name):
    begun_before = batch.valid[0] & (batch.ages[0] > 0)
    unfinished = batch.valid[-1] & ~batch.ended[-1]
    if begun_before.any() or unfinished.any():
        which = np.flatnonzero(begun_before | unfinished)[0]
        raise ValueError(
            f"{name} needs whole episodes, but the episode of environment {which} "
            f"{'began before' if begun_before[which] else 'goes on after'} the batch: collect as many "
            "steps as an episode has, or use reward_to_go or generalised_advantage with next_values"
        )
