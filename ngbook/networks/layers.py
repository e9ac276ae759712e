"""The layers of a network, and a pass forward and backward through them.

A layer multiplies what it *reads*, a vector a, with its matrix W. Its sums aᵀW go through the activation to
the next layer. Backward through the layers goes how an output *answers* to a layer: its derivative b in the
layer's sums. The derivative of the output in W is the outer product a bᵀ.

Nothing is checked here: what is public, and the policies, which stand on the same layers, check for
themselves.
"""

from itertools import pairwise

import numpy as np


class Layers:
    """The shapes of a network's layers, in one vector of parameters.

    A layer is one matrix of shape (fan in + 1, fan out). Its last row is the bias, and meets a column of
    ones beside what the layer reads; without biases there is neither. ``theta`` holds these matrices row by
    row, from the first layer to the last; what follows them belongs to somebody else.
    """

    dtype = np.dtype(float)

    def __init__(self, widths, activation, bias):
        self.activation = activation
        self.ones = 1 if bias else 0  # how many columns of ones, and rows of biases
        self.shapes = [(fan_in + self.ones, fan_out) for fan_in, fan_out in pairwise(widths)]
        self.size = sum(rows * width for rows, width in self.shapes)
        ends = np.cumsum([width for _, width in self.shapes])
        self.columns = [slice(end - width, end) for end, (_, width) in zip(ends, self.shapes, strict=True)]
        self.width = ends[-1]  # of all layers side by side, each in its columns

    def _matrices(self, theta):
        """Split theta into the layers' matrices: views, which write to theta."""
        matrices, start = [], 0
        for rows, width in self.shapes:
            matrices.append(theta[start : start + rows * width].reshape(rows, width))
            start += rows * width
        return matrices

    def _draw_weights(self, theta, rng):
        """Write weights into theta that keep the size of what they read; biases are left as they are."""
        matrices = self._matrices(theta)
        for matrix in matrices:
            weights = matrix[: len(matrix) - self.ones]
            weights[:] = rng.normal(size=weights.shape) / np.sqrt(len(weights))
        return matrices


class Passes:
    """The layers at one theta and some inputs of shape (n, fan in), both of their dtype.

    Attributes
    ----------
    reads : list of ndarray of shape (n, fan in + 1)
        What each layer reads, beside a column of ones if there are biases.
    outputs : ndarray of shape (n, outputs)
        What the last layer returns.
    """

    def __init__(self, network, theta, inputs):
        self.network, self.matrices = network, network._matrices(theta)
        self.reads = [self._beside_ones(*inputs.shape)]
        self.reads[0][:, : inputs.shape[1]] = inputs
        for matrix in self.matrices[:-1]:
            width = matrix.shape[1]
            read = self._beside_ones(len(inputs), width)
            sums = np.matmul(self.reads[-1], matrix, out=read[:, :width])
            if network.activation == "tanh":
                np.tanh(sums, out=sums)
            self.reads.append(read)
        # Transposed twice, so that each *output* is contiguous in memory. What follows then works
        # along the n inputs, ten times as fast as along a few outputs.
        self.outputs = (self.matrices[-1].T @ self.reads[-1].T).T

    def _beside_ones(self, count, width):
        """Room for what a layer reads."""
        return np.ones((count, width + self.network.ones), self.network.dtype)

    def _backward(self, weights):
        """How weighted outputs answer to the layers, side by side: shape (r, n, width) for (r, n, outputs).

        The weights may be broadcast: shape (r, 1, outputs) for the same ones at all n inputs.
        """
        network, count = self.network, len(self.outputs)
        answers = np.empty((len(weights), count, network.width), network.dtype)
        later = answers[..., network.columns[-1]]
        later[:] = weights
        for i in range(len(self.matrices) - 1, 0, -1):
            earlier = answers[..., network.columns[i - 1]]
            width = earlier.shape[-1]  # what the next layer reads, without the ones
            np.matmul(later, self.matrices[i][:width].T, out=earlier)
            if network.activation == "tanh":
                earlier *= 1 - self.reads[i][:, :width] ** 2  # tanh' = 1 - tanh²
            later = earlier
        return answers

    def _outer_sums(self, answers, result):
        """Add up a bᵀ over the inputs, for answers of shape (n, width), and write it into result."""
        gradients = self.network._matrices(result)
        for read, gradient, columns in zip(self.reads, gradients, self.network.columns, strict=True):
            np.matmul(read.T, answers[:, columns], out=gradient)
