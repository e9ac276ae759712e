"""A network of tanh layers, and the two products with its Jacobian that a natural gradient needs.

The outputs z of the network at n observations depend on the parameters theta. Their Jacobian has n · k rows and
p columns, and is never formed. It is multiplied from either side, layer by layer:

==========================  ============  =====================================================
product                     order         meaning
==========================  ============  =====================================================
``jacobian_product(v)``     front to back  J v: how the outputs change when theta moves along v
``transposed_product(u)``   back to front  Jᵀ u: the gradient of Σ u·z, which is backpropagation
==========================  ============  =====================================================

Each costs about as much as evaluating the network once or twice.
"""

import math

import numpy as np

from ngbook._arrays import as_floats
from ngbook.solve import as_vector


class Network:
    """The shape of a network: tanh layers, a linear last layer, and constants beside it.

    One layer is one matrix of shape (fan in + 1, fan out): the bias is its last row, and meets a column of ones
    that is appended to what the layer reads. ``theta`` holds these matrices, row by row, from the first layer to
    the last, and then the constants: outputs that are parameters themselves, the same at every
    observation (a Gaussian policy's spread).

    Parameters
    ----------
    inputs, outputs : int
        Numbers that the network reads and returns.
    hidden : tuple of int
        The widths of the tanh layers.
    constants : int
        How many constants follow the outputs.
    dtype : type
        Of every array: float32 is twice as fast, and is kept all the way.
    """

    def __init__(self, inputs, outputs, hidden=(), constants=0, dtype=float):
        widths = [inputs, *hidden, outputs]
        self.shapes = [(a + 1, b) for a, b in zip(widths[:-1], widths[1:], strict=True)]
        self.inputs, self.outputs, self.constants, self.dtype = inputs, outputs, constants, np.dtype(dtype)
        self.size = sum(a * b for a, b in self.shapes) + constants

    def layers(self, theta):
        """The layers' matrices: views, so that writing to one writes to theta."""
        found, start = [], 0
        for rows, columns in self.shapes:
            found.append(theta[start : start + rows * columns].reshape(rows, columns))
            start += rows * columns
        return found

    def initial(self, rng, last_layer):
        """Random weights that keep the variance from layer to layer, a last layer made small, zeros for the rest."""
        theta = np.zeros(self.size, self.dtype)
        layers = self.layers(theta)
        for layer in layers:
            weights = layer[:-1]
            weights[:] = rng.normal(size=weights.shape) / math.sqrt(max(len(weights), 1))
        layers[-1][:] *= last_layer
        return theta

    def at(self, theta, observations):
        """Evaluate: ``theta`` of shape (p,), ``observations`` of shape (n, inputs), both of this dtype."""
        return Evaluated(self, theta, observations)


class Evaluated:
    """A network evaluated at n observations, with everything that its derivatives need.

    Attributes
    ----------
    outputs : ndarray of shape (n, outputs)
        What the last layer returns.
    constants : ndarray of shape (constants,)
        The last entries of theta.
    """

    def __init__(self, network, theta, observations):
        self.network, self.theta = network, theta
        self.layers = network.layers(theta)
        self.constants = theta[network.size - network.constants :]
        count, width = len(observations), network.inputs
        read = np.empty((count, width + 1), network.dtype)
        read[:, :width], read[:, width] = observations, 1
        self.reads = [read]  # what each layer reads, with its column of ones
        for layer in self.layers[:-1]:
            width = layer.shape[1]
            # Columns: the layer's values, ones, and room for their derivative along a vector.
            following = np.empty((count, 2 * width + 1), network.dtype)
            np.matmul(read, layer, out=following[:, :width])
            np.tanh(following[:, :width], out=following[:, :width])
            following[:, width] = 1
            read = following[:, : width + 1]
            self.reads.append(read)
        self.outputs = read @ self.layers[-1]

    def jacobian_product(self, v):
        """J v, of shape (n, outputs + constants): forward, by the chain rule."""
        directions = self.network.layers(v)
        tangent = self.reads[0] @ directions[0]
        for read, layer, direction in zip(self.reads[1:], self.layers[1:], directions[1:], strict=True):
            values = read[:, :-1]
            tangent = read @ direction + ((1 - values**2) * tangent) @ layer[:-1]
        constants = v[self.network.size - self.network.constants :]
        return np.hstack([tangent, np.broadcast_to(constants, (len(tangent), len(constants)))])

    def transposed_product(self, u):
        """Jᵀ u, of shape (p,), for u of shape (n, outputs + constants): backward, by the chain rule."""
        result = np.empty(self.network.size, self.network.dtype)
        gradients = self.network.layers(result)
        result[self.network.size - self.network.constants :] = u[:, self.network.outputs :].sum(axis=0)
        u = u[:, : self.network.outputs]
        for read, layer, gradient in zip(self.reads[::-1], self.layers[::-1], gradients[::-1], strict=True):
            np.matmul(read.T, u, out=gradient)
            if read is not self.reads[0]:
                u = (u @ layer[:-1].T) * (1 - read[:, :-1] ** 2)
        return result

    def gauss_newton_product(self, v, metric):
        """Jᵀ M J v, with ``metric(J v)`` for the product of M with the outputs."""
        return self.transposed_product(metric(self.jacobian_product(v)))


def as_array(value, name, dtype):
    """An array of real numbers, cheaply where it is one already: this runs at every step of an environment."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
        return value.astype(dtype, copy=False)
    return as_floats(value, name).astype(dtype, copy=False)


def as_parameters(value, name, size, dtype):
    """A finite vector of shape (size,): one sum to see that it is, ``as_vector`` to say why it is not."""
    vector = as_array(value, name, dtype)
    if vector.shape != (size,) or not math.isfinite(vector.sum()):
        as_vector(vector, name, size)
    return vector
