"""Credit of each action: three estimates of how good it was.

All arrays are time first, shape (T, n), one entry for every step of a ``Batch``; discount and trace are from
0 to 1. Entries of steps that are not valid are 0. Bad input raises ``ValueError``.
"""

import numpy as np

from ngbook._check import arrays as check


@check.arguments(batch=check.batch)
def total_return(batch):
    """Credit each step with the total reward R(τ) of its episode (eq-policy-gradients-estimator).

    The estimate that the paper prints (equation 4.3): right on average, and noisy, because an action is also
    credited with what was earned before it. It needs whole episodes: a batch in which one began before it or
    goes on after it is refused.
    """
    begun_before, unfinished = batch.valid[0] & (batch.ages[0] > 0), batch.valid[-1] & ~batch.ended[-1]
    if (begun_before | unfinished).any():
        which = np.argmax(begun_before | unfinished)
        raise ValueError(
            f"batch must hold whole episodes, but that of environment {which} "
            f"{'began before' if begun_before[which] else 'goes on after'} the batch: collect as many steps "
            "as an episode has, or use reward_to_go with next_values"
        )
    to_go = reward_to_go(batch, next_values=np.zeros(batch.valid.shape))
    first = np.maximum(np.arange(len(to_go))[:, None] - batch.ages, 0)  # the row in which the episode began
    return np.take_along_axis(to_go, first, axis=0) * batch.valid


@check.arguments(batch=check.batch, discount=check.share)
def reward_to_go(batch, discount=1.0, next_values=None):
    """Credit each step with what was earned from it on (eq-policy-gradients-reward-to-go).

    Rewards earned before an action have nothing to do with it, so leaving them out changes no
    expectation (errata P15).

    Parameters
    ----------
    batch : Batch
        The transitions.
    discount : float
        γ: a reward k steps later counts γᵏ.
    next_values : ndarray of shape (T, n) or None
        Values of ``batch.next_observations``. They stand in for the rewards that the batch does not hold:
        after a truncation, and at the batch's end. At a termination there are none to come, and they
        are not used. Without them every episode has to terminate in the batch.

    Returns
    -------
    ndarray of shape (T, n)
        The discounted sums.
    """
    cut = batch.truncated.copy()  # where the rewards that follow are not in the batch
    cut[-1] |= batch.valid[-1] & ~batch.terminated[-1]
    if next_values is None:
        if cut.any():
            step, environment = np.argwhere(cut)[0]
            raise ValueError(
                f"the episode of environment {environment} does not terminate at step {step} of the batch: "
                "pass next_values, the values of batch.next_observations, or a baseline to train"
            )
        next_values = np.zeros(cut.shape)
    next_values = check.step_values(next_values, batch, "next_values")
    return generalised_advantage(batch, np.zeros(cut.shape), next_values * cut, discount, trace=1.0)


@check.arguments(batch=check.batch, discount=check.share, trace=check.share)
def generalised_advantage(batch, values, next_values, discount=0.99, trace=0.97):
    """Estimate advantages by sums of temporal differences (eq-policy-gradients-advantage).

    The sum over l of (γλ)ˡ δ_{t+l}, with the error δ_t = r_t + γ V(s_{t+1}) − V(s_t), up to the end of the
    episode. Trace 1 gives the discounted reward-to-go minus the value: for an episode that terminates, its
    mean is right whatever the values are, up to a baseline (eq-policy-gradients-advantage-ends); a truncated
    one depends on the value of its last observation (eq-policy-gradients-advantage-cut). Trace 0 gives δ_t
    alone, which is quiet, and as wrong as the values. Schulman et al. (2016).

    Parameters
    ----------
    batch : Batch
        The transitions.
    values : ndarray of shape (T, n)
        V of ``batch.observations``.
    next_values : ndarray of shape (T, n)
        V of ``batch.next_observations``; taken as 0 where an episode terminated, whatever they are.
    discount : float
        γ.
    trace : float
        λ, the trace-decay parameter.

    Returns
    -------
    ndarray of shape (T, n)
        The estimates. A truncated episode, or one that goes on after the batch, counts the value of the
        observation where it was left.
    """
    values = check.step_values(values, batch, "values")
    next_values = check.step_values(next_values, batch, "next_values")
    errors = batch.rewards + discount * next_values * ~batch.terminated - values
    factors = discount * trace * ~batch.ended
    advantages, following = np.empty(errors.shape), np.zeros(errors.shape[1])
    for t in reversed(range(len(errors))):
        following = advantages[t] = errors[t] + factors[t] * following  # eq-policy-gradients-advantage
    return advantages * batch.valid


def standardised(batch, advantages):
    """Shift and scale advantages to mean 0 and standard deviation 1 over the valid steps of a batch.

    Subtracting the mean is nearly a constant baseline, but not quite: the batch's own mean depends on the
    actions that it judges. With the total returns of N equally long episodes, the expected gradient is
    shortened by the factor 1 − 1/N, and keeps its direction; with other credits its components shrink by
    different factors (eq-policy-gradients-own-mean). Scaling makes the length of a plain gradient step
    independent of the units of the reward, but in small batches it turns the mean direction, because the
    deviation depends on the same actions. Advantages that are all equal hold no information and become 0.
    """
    advantages = check.step_values(advantages, batch, "advantages")
    flat = batch.flat(advantages)
    deviations = (advantages - flat.mean()) * batch.valid
    spread, rounding = flat.std(), 1e-12 * np.abs(flat).max()
    return deviations / spread if spread > rounding else np.zeros_like(deviations)
