"""How an agent acts: a distribution over actions for each observation, and its score.

A policy is a *shape*, without parameters: ``policy.at(theta, observations)`` is the distribution of actions
at these parameters and observations, and that is what is sampled, differentiated and compared.

==================  ==========================  ======================================
policy              its distribution            an action
==================  ==========================  ======================================
``SoftmaxPolicy``   ``SoftmaxActions``          one of k, an integer
``GaussianPolicy``  ``GaussianActions``         k real numbers
==================  ==========================  ======================================

``for_environment`` chooses between the two. Scores and Fisher matrices are never formed: they are multiplied
with, through the products with the Jacobian of a network in ``policies/network.py``.
"""

from ngbook.policies.gaussian import GaussianActions, GaussianPolicy
from ngbook.policies.softmax import SoftmaxActions, SoftmaxPolicy
from ngbook.policies.spaces import policy_for

__all__ = ["GaussianActions", "GaussianPolicy", "SoftmaxActions", "SoftmaxPolicy", "for_environment"]


def for_environment(environment, hidden=(), observation_scale=None, chart="log_std", dtype=float):
    """The policy that fits an environment's spaces.

    Parameters
    ----------
    environment : Env or VectorEnv
        Of Gymnasium, with observations that are vectors (``Box`` of shape (inputs,)) and actions
        that are choices (``Discrete``) or vectors (``Box`` of shape (k,)).
    hidden : tuple of int
        The widths of the tanh layers.
    observation_scale : ndarray of shape (inputs,) or None
        What observations are multiplied with.
    chart : str
        ``"log_std"`` or ``"std"``, for a Gaussian policy.
    dtype : type
        ``float`` or ``np.float32``.

    Returns
    -------
    SoftmaxPolicy or GaussianPolicy
        Softmax for choices, Gaussian for vectors.

    Raises
    ------
    ValueError
        If the spaces are of another kind (the message shows them), or another argument does not fit.
    """
    from gymnasium.spaces import Box

    observed = _space(environment, "observation_space")
    acted = _space(environment, "action_space")
    if not (isinstance(observed, Box) and len(observed.shape) == 1):
        raise ValueError(
            f"environment must have observations that are vectors, Box(..., (inputs,)), but has {observed}: "
            "wrap it, for instance with FlattenObservation of gymnasium.wrappers"
        )
    inputs = observed.shape[0]
    kind, actions = policy_for(acted)
    if kind is SoftmaxPolicy:
        return SoftmaxPolicy(inputs, actions, hidden, observation_scale, dtype)
    if kind is GaussianPolicy:
        return GaussianPolicy(inputs, actions, hidden, observation_scale, chart, dtype)
    raise ValueError(
        "environment must have actions that are Discrete(k), k at least 2 and from 0, or Box(..., (k,)) of "
        f"real numbers, but its action space is {acted}: wrap it, for instance with TransformAction of "
        "gymnasium.wrappers"
    )


def _space(environment, name):
    """The space of one environment, also of a vector of them."""
    space = getattr(environment, f"single_{name}", None) or getattr(environment, name, None)
    if space is None:
        raise ValueError(
            f"environment must be a Gymnasium environment, but is {environment!r}: make one with "
            "environments.make"
        )
    return space
