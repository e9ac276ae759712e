"""A network, and the products with its Jacobian."""

import numpy as np

from ngbook._check import arrays as check
from ngbook._check import networks as rules
from ngbook.networks.layers import Layers, Passes


class Network(Layers):
    """The shape of a network: hidden layers with an activation, and a last layer without.

    A layer is one matrix W of shape (fan in + 1, fan out): its sums are ``reads @ W``, and its last row is
    the bias, which meets a column of ones. ``theta`` holds these matrices row by row, from the first layer to
    the last.

    Parameters
    ----------
    inputs, outputs : int
        How many numbers it reads and returns.
    hidden : tuple of int
        The widths of the hidden layers; ``()`` for a linear model.
    activation : str
        ``"tanh"``; or ``"linear"``, for a deep linear network.
    bias : bool
        Whether the layers have biases.

    Attributes
    ----------
    size : int
        The number of parameters p.
    shapes : list of tuple
        Of the layers' matrices.
    """

    @check.arguments(
        inputs=check.count,
        outputs=check.count,
        hidden=rules.widths,
        activation=check.one_of("tanh", "linear"),
    )
    def __init__(self, inputs, outputs, hidden=(), activation="tanh", bias=True):
        self.inputs, self.outputs, self.hidden, self.bias = inputs, outputs, hidden, bool(bias)
        super().__init__([inputs, *hidden, outputs], activation, self.bias)

    @property
    def blocks(self) -> list:
        """Where the parameters of each layer stand in theta, a slice for each."""
        ends = np.cumsum([rows * width for rows, width in self.shapes]).tolist()
        return [slice(end - rows * width, end) for end, (rows, width) in zip(ends, self.shapes, strict=True)]

    def initial(self, rng: np.random.Generator, gain=1.0):
        """Draw parameters to start from, of shape (p,).

        Biases are zero; weights are normal, with a standard deviation of ``gain``, above 0, over the square
        root of the number of values that a unit reads.
        """
        theta = np.zeros(self.size)
        self._draw_weights(theta, check.generator(rng))
        return theta * check.positive(gain, "gain")

    def split(self, theta) -> list:
        """Copy the layers' matrices out of theta."""
        return self._matrices(check.vector(theta, "theta", self.size))

    def at(self, theta, inputs):
        """Evaluate the network at parameters of shape (p,) and n inputs, one a row, of shape (n, inputs).

        Returns
        -------
        Evaluated
            The outputs, and the products with their Jacobian in theta.
        """
        theta = check.vector(theta, "theta", self.size)
        return Evaluated(self, theta, rules.table(inputs, "inputs", columns=self.inputs))


class Evaluated(Passes):
    """A network at one theta and n inputs. Made by ``Network.at``.

    The Jacobian J of the outputs z, in the p parameters, is never formed unless it is asked for. Each of its
    rows is made of outer products, one for each layer, of what the layer reads and of how the output answers.

    Attributes
    ----------
    outputs : ndarray of shape (n, C)
        What the last layer returns, z.
    reads : list of ndarray of shape (n, fan in + 1)
        What each layer reads, a, beside a column of ones if there are biases.
    """

    def __len__(self):
        """Return the number of inputs, n."""
        return len(self.outputs)

    def answers(self, u) -> list:
        """How Σ u_c z_c answers to each layer: its derivative b in the layer's sums.

        Parameters
        ----------
        u : ndarray of shape (n, C)
            Weights of the outputs, for each input.

        Returns
        -------
        list of ndarray of shape (n, fan out)
            By one pass backward.
        """
        sideways = self._backward(self._as_weights(u)[None])[0]
        return [sideways[:, columns] for columns in self.network.columns]

    def jacobian_product(self, v):
        """J v, of shape (n, C): the outputs' rates of change along v, of shape (p,)."""
        directions = self.network._matrices(check.vector(v, "v", self.network.size))
        change = np.zeros((len(self), 0))
        for matrix, direction, read in zip(self.matrices, directions, self.reads, strict=True):
            width = change.shape[1]  # of what this layer reads, all but the ones changes
            if width and self.network.activation == "tanh":
                change = change * (1 - read[:, :width] ** 2)  # tanh' = 1 - tanh²
            change = read @ direction + change @ matrix[:width]
        return change

    def transposed_product(self, u):
        """Jᵀ u, of shape (p,), which is a *sum* over the inputs; u is of shape (n, C)."""
        result = np.empty(self.network.size)
        self._outer_sums(self._backward(self._as_weights(u)[None])[0], result)
        return result

    def rows(self, u):
        """J_iᵀ u_i for each input, in row i, of shape (n, p): what ``transposed_product`` adds up."""
        outer = zip(self.reads, self.answers(u), strict=True)
        return np.hstack([(a[:, :, None] * b[:, None, :]).reshape(len(self), -1) for a, b in outer])

    def jacobian(self):
        """J as an operator of shape (n C, p), with the C outputs of one input after those of another.

        Returns
        -------
        LinearOperator
            ``jacobian() @ np.eye(p)`` is the matrix.
        """
        from scipy.sparse.linalg import LinearOperator  # .2 s, so only when an operator is made

        return LinearOperator(
            (self.outputs.size, self.network.size),
            matvec=lambda v: self.jacobian_product(v.ravel()).ravel(),
            rmatvec=lambda u: self.transposed_product(u.reshape(self.outputs.shape)),
            dtype=float,
        )

    def _as_weights(self, u):
        return rules.table(u, "u", *self.outputs.shape)
