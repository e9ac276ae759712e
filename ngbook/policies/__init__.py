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
with, through the products with the Jacobian of a network in ``policies/network.py``. Bad input raises
``ValueError``, and parameters outside their space raise the ``OutsideDomain`` among them.
"""

from ngbook.policies.gaussian import GaussianActions, GaussianPolicy
from ngbook.policies.softmax import SoftmaxActions, SoftmaxPolicy

__all__ = ["GaussianActions", "GaussianPolicy", "SoftmaxActions", "SoftmaxPolicy", "for_environment"]


def for_environment(environment, hidden=(), observation_scale=None, chart="log_std", dtype=float, bias=True):
    """Make the policy that fits an environment's spaces: softmax for choices, Gaussian for vectors.

    Parameters
    ----------
    environment : Env or VectorEnv
        Of Gymnasium, with observations that are vectors (``Box`` of shape (inputs,)) and actions
        that are choices (``Discrete``) or vectors (``Box`` of shape (k,)).
    hidden, observation_scale, chart, dtype, bias
        As for ``GaussianPolicy``; a softmax policy has no chart.

    Returns
    -------
    SoftmaxPolicy or GaussianPolicy
        The policy, without parameters.
    """
    from gymnasium.spaces import Box, Discrete

    def space(name):  # of one environment, also of a vector of them
        return getattr(environment, f"single_{name}", None) or getattr(environment, name, None)

    observations, actions = space("observation_space"), space("action_space")
    if not isinstance(observations, Box) or len(observations.shape) != 1:
        raise ValueError(
            "environment must be Gymnasium's, with observations that are vectors, Box(..., (inputs,)), but "
            f"{environment!r} has {observations}: make one, or wrap it with gymnasium's FlattenObservation"
        )
    (inputs,) = observations.shape
    if isinstance(actions, Discrete) and actions.start == 0 and actions.n > 1:
        return SoftmaxPolicy(inputs, int(actions.n), hidden, observation_scale, dtype, bias)
    if isinstance(actions, Box) and len(actions.shape) == 1 and actions.dtype.kind == "f":
        return GaussianPolicy(inputs, actions.shape[0], hidden, observation_scale, chart, dtype, bias)
    raise ValueError(
        "environment must have actions that are Discrete(k), k at least 2 and from 0, or Box(..., (k,)) of "
        f"real numbers, but has {actions}: wrap it, as with TransformAction of gymnasium.wrappers"
    )
