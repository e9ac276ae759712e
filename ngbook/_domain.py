"""The exception that says "outside the parameter space", and nothing else."""


class OutsideDomain(ValueError):
    """A point lies outside the parameter space, or is not finite; the call itself was right.

    The families and the policies raise it, and a caller's own functions may. An algorithm that can step back
    from the edge (a line search, a descent, the update of a policy, a difference quotient) catches this
    exception alone, and takes a value that is not finite as the same sign. Any other error of a caller's
    function is a mistake in it, and propagates. So does an ``ArithmeticError``: where NumPy returns infinity,
    Python's own ``1 / 0.0`` and ``math.exp(1000)`` raise one, and ``math.log(-1.0)`` raises a plain
    ``ValueError``, which nobody can tell from a wrong call. Use NumPy's functions there, or raise this
    exception.
    """
