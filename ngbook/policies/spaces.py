"""Which kind of policy can act in a space of actions."""

from ngbook.policies.gaussian import GaussianPolicy
from ngbook.policies.softmax import SoftmaxPolicy


def policy_for(actions) -> tuple:
    """Find the class of policies that fits a Gymnasium space, or None, and the number of actions."""
    from gymnasium.spaces import Box, Discrete

    if isinstance(actions, Discrete) and actions.start == 0 and actions.n > 1:
        return SoftmaxPolicy, int(actions.n)
    if isinstance(actions, Box) and len(actions.shape) == 1 and actions.dtype.kind == "f":
        return GaussianPolicy, actions.shape[0]
    return None, 0
