"""Which kind of policy can act in a space of actions."""

from ngbook.policies.gaussian import GaussianPolicy
from ngbook.policies.softmax import SoftmaxPolicy


def kind_for(actions):
    """The class of the policies for a Gymnasium space, or None if there is none."""
    from gymnasium.spaces import Box, Discrete

    if isinstance(actions, Discrete) and actions.start == 0 and actions.n > 1:
        return SoftmaxPolicy
    if isinstance(actions, Box) and len(actions.shape) == 1 and actions.dtype.kind == "f":
        return GaussianPolicy
    return None
