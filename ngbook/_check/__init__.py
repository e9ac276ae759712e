"""Validation: every rule for an argument, and every wording, in one place.

``arrays`` has the rules for numbers, arrays and functions, ``expressions`` those for SymPy's expressions,
which need no NumPy, and ``families`` those for declarations of families. Every rule takes a value and the
name of the argument, and returns the value in the form in which it is used, or raises a ``ValueError`` with
the value, what was expected, and what to do.
"""
