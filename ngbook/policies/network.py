"""A network of tanh layers, and the products with its Jacobian that a natural gradient is made of.

The Jacobian J, of the outputs at n observations in p parameters, is too large to be formed. But each of its
rows is made of outer products, one for each layer. A layer multiplies what it *reads*, a vector a, with its
matrix W. When W moves along V, the layer's sums move by aᵀV, and an output moves by aᵀV b, where b is the
derivative of the output in these sums: how the output *answers* to this layer. For all observations at
once, with one of them in each row of A and of B:

=======  =============================  ==========================================================
product  of one layer                   meaning
=======  =============================  ==========================================================
J v      row sums of (A V) ∘ B          the outputs' change along v; the layers' are added
Jᵀ u     Aᵀ (B, row i times uᵢ)         the gradient of Σ uᵢ · outputᵢ, which is backpropagation
=======  =============================  ==========================================================

with ∘ for products entry by entry. A and B do not depend on v or u: they are computed once, by one pass
forward through the network and one backward. From then on a product needs *one* matrix product for each
layer, where going through the network again, with v or with u, needs two. That halves the time of
conjugate gradients, which ask for many products at the same theta.
"""

from functools import cached_property
from itertools import pairwise

import numpy as np


class Network:
    """The shape of a network: tanh layers, a linear last layer, and constants beside it.

    A layer is one matrix of shape (fan in + 1, fan out). Its last row is the bias, and meets a column of
    ones beside what the layer reads; without biases there is neither. ``theta`` holds these matrices row by
    row, from the first layer to the last, and then the constants: parameters that are outputs themselves, the
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
        self.dtype, self.combinations = dtype, combinations.astype(dtype)
        self.bias = 1 if bias else 0  # how many columns of ones, and rows of biases
        self.shapes = [(a + self.bias, b) for a, b in pairwise([inputs, *hidden, combinations.shape[1]])]
        self.size = sum(rows * width for rows, width in self.shapes) + constants
        ends = np.cumsum([width for _, width in self.shapes])
        self.columns = [slice(end - width, end) for end, (_, width) in zip(ends, self.shapes, strict=True)]
        self.width = ends[-1]  # of all layers side by side, each in its columns

    def split(self, theta):
        """Split theta into the layers' matrices and the constants: views, which write to theta."""
        matrices, start = [], 0
        for rows, width in self.shapes:
            matrices.append(theta[start : start + rows * width].reshape(rows, width))
            start += rows * width
        return matrices, theta[start:]

    def initial(self, rng, last_layer):
        """Draw weights that keep the size of what they read; the biases and constants are zeros."""
        theta = np.zeros(self.size, self.dtype)
        matrices, _ = self.split(theta)
        for matrix in matrices:
            weights = matrix[: len(matrix) - self.bias]
            weights[:] = rng.normal(size=weights.shape) / np.sqrt(len(weights))
        matrices[-1][:] *= last_layer
        return theta


class Evaluated:
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
        self._network = network
        self._layers, self.constants = network.split(theta)
        count, entries = observations.shape
        self.inputs = np.ones((count, entries + network.bias), network.dtype)
        self.inputs[:, :entries] = observations
        self._reads = [self.inputs]
        for layer in self._layers[:-1]:
            width = layer.shape[1]
            read = np.ones((count, width + network.bias), network.dtype)
            sums = np.matmul(self._reads[-1], layer, out=read[:, :width])
            np.tanh(sums, out=sums)
            self._reads.append(read)
        # Transposed twice, so that each *output* is contiguous in memory. What follows then works
        # along the n observations, ten times as fast as along a few outputs.
        self.outputs = (self._layers[-1].T @ self._reads[-1].T).T

    @cached_property
    def _answers(self):
        """B for each combination of the outputs, with the layers side by side: shape (r, n, width)."""
        network = self._network
        answers = np.empty((len(network.combinations), len(self.outputs), network.width), network.dtype)
        later = answers[..., network.columns[-1]]
        later[:] = network.combinations[:, None, :]
        for i in range(len(self._layers) - 1, 0, -1):
            earlier = answers[..., network.columns[i - 1]]
            width = earlier.shape[-1]  # what the next layer reads, without the ones
            np.matmul(later, self._layers[i][:width].T, out=earlier)
            earlier *= 1 - self._reads[i][:, :width] ** 2  # tanh' = 1 - tanh²
            later = earlier
        return answers

    @cached_property
    def _room(self):
        """Space for one product at a time, of shape (n, width)."""
        return np.empty(self._answers.shape[1:], self._network.dtype)

    def jacobian_product(self, v):
        """J v, of shape (n, r + constants)."""
        directions, constants = self._network.split(v)
        for read, direction, columns in zip(self._reads, directions, self._network.columns, strict=True):
            np.matmul(read, direction, out=self._room[:, columns])
        change = np.vecdot(self._room, self._answers).T
        if not len(constants):
            return change
        return np.hstack([change, np.broadcast_to(constants, (len(change), len(constants)))])

    def transposed_product(self, u):
        """Jᵀ u, of shape (p,), for u of shape (n, r + constants)."""
        combined = len(self._answers)
        np.einsum("ir,rij->ij", u[:, :combined], self._answers, out=self._room)
        result = np.empty(self._network.size, self._network.dtype)
        gradients, constants = self._network.split(result)
        for read, gradient, columns in zip(self._reads, gradients, self._network.columns, strict=True):
            np.matmul(read.T, self._room[:, columns], out=gradient)
        constants[:] = u[:, combined:].sum(axis=0)
        return result
