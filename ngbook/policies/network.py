"""The network of a policy: constants beside its outputs, and products that are quick where outputs are few.

The Jacobian J, of the outputs at n observations in p parameters, is too large to be formed. But each of its
rows is made of outer products, one for each layer, of what the layer *reads*, a vector a, and of how the
output *answers* to it, b. When the layer's matrix moves along V, the output moves by aᵀV b. For all
observations at once, with one of them in each row of A and of B:

=======  =============================  ==========================================================
product  of one layer                   meaning
=======  =============================  ==========================================================
J v      row sums of (A V) ∘ B          the outputs' change along v; the layers' are added
Jᵀ u     Aᵀ (B, row i times uᵢ)         the gradient of Σ uᵢ · outputᵢ, which is backpropagation
=======  =============================  ==========================================================

with ∘ for products entry by entry. A and B do not depend on v or u: with few outputs they are computed once,
by one pass forward through the network and one backward for each. From then on a product needs *one* matrix
product for each layer, where going through the network again, with v or with u, as ``networks.Evaluated``
does, needs two. That halves the time of conjugate gradients, which ask for many products at the same theta.
"""

from functools import cached_property

import numpy as np

from ngbook.networks.layers import Layers, Passes


class Network(Layers):
    """Layers, of which some combinations of the outputs are differentiated, and constants beside them.

    ``theta`` holds the layers' matrices, and then the constants: parameters that are outputs themselves, the
    same at every observation (a Gaussian policy's spread).

    Parameters
    ----------
    inputs : int
        How many numbers it reads.
    hidden : tuple of int
        The widths of the tanh layers.
    combinations : ndarray of shape (r, outputs)
        What is differentiated: combinations of the outputs, one per row. The identity stands for all
        outputs; what depends on fewer combinations costs less.
    constants : int
        How many constants follow.
    bias : bool
        Whether the layers have biases.
    dtype : type
        Of every array. float32 is twice as fast, if it is kept all the way.
    """

    def __init__(self, inputs, hidden, combinations, constants, dtype, bias=True):
        super().__init__([inputs, *hidden, combinations.shape[1]], "tanh", bias)
        self.dtype, self.combinations = dtype, combinations.astype(dtype)
        self.before_constants = self.size
        self.size += constants

    def initial(self, rng, last_layer):
        """Draw weights that keep the size of what they read; the biases and constants are zeros."""
        theta = np.zeros(self.size, self.dtype)
        self._draw_weights(theta, rng)[-1][:] *= last_layer
        return theta


class Evaluated(Passes):
    """A network at one theta, of shape (p,), and n observations, of shape (n, inputs), both of its dtype.

    Attributes
    ----------
    inputs : ndarray of shape (n, inputs + 1)
        A copy of the observations, beside a column of ones if there are biases.
    outputs : ndarray of shape (n, outputs)
        What the last layer returns.
    constants : ndarray of shape (constants,)
        The last entries of theta.
    """

    def __init__(self, network, theta, observations):
        super().__init__(network, theta, observations)
        self.inputs, self.constants = self.reads[0], theta[network.before_constants :]

    @cached_property
    def _answers(self):
        """B for each combination of the outputs, with the layers side by side: shape (r, n, width)."""
        return self._backward(self.network.combinations[:, None, :])

    @cached_property
    def _room(self):
        """Space for one product at a time, of shape (n, width)."""
        return np.empty(self._answers.shape[1:], self.network.dtype)

    def jacobian_product(self, v):
        """J v, of shape (n, r + constants)."""
        directions, constants = self.network._matrices(v), v[self.network.before_constants :]
        for read, direction, columns in zip(self.reads, directions, self.network.columns, strict=True):
            np.matmul(read, direction, out=self._room[:, columns])
        change = np.vecdot(self._room, self._answers).T
        if not len(constants):
            return change
        return np.hstack([change, np.broadcast_to(constants, (len(change), len(constants)))])

    def transposed_product(self, u):
        """Jᵀ u, of shape (p,), for u of shape (n, r + constants)."""
        combined = len(self._answers)
        np.einsum("ir,rij->ij", u[:, :combined], self._answers, out=self._room)
        result = np.empty(self.network.size, self.network.dtype)
        self._outer_sums(self._room, result)
        result[self.network.before_constants :] = u[:, combined:].sum(axis=0)
        return result
