"""Families: what a declaration may consist of, and with what numbers a family may be asked."""

import numpy as np
import sympy as sp

from ngbook._check import arrays as check
from ngbook._check import expressions

# --- declarations


def text(value, name):
    """A string."""
    if not isinstance(value, str):
        raise ValueError(f"{name} is {value!r}; give a string, as 'Normal'")
    return value


def declared(symbols, allowed, name):
    """Symbols that are all variables, parameters or constants of the family."""
    unknown = set(symbols) - set(allowed)
    if unknown:
        names = ", ".join(sorted(map(str, unknown)))
        raise ValueError(
            f"{name} contains {names}, which is neither the variable nor a parameter nor a constant; declare "
            "it, with the same assumptions"
        )


def expression(value, allowed, name):
    """Exact expression in declared symbols, or None."""
    if value is None:
        return None
    value = expressions.exact(value, name)
    declared(value.free_symbols, allowed, name)
    return value


def entries(values, size, allowed, name):
    """List with one exact expression for each parameter, or None."""
    if values is None:
        return None
    values = expressions.matrix(values, name)
    if len(values) != size:
        raise ValueError(f"{name} has {len(values)} entries; give one for each parameter")
    declared(values.free_symbols, allowed, name)
    return list(values)


def bounds(factor):
    """Lower and upper bound of one outcome, whether each is open, and whether only whole numbers count."""
    if isinstance(factor, sp.Range):
        return factor.start, factor.stop - 1, False, False, True
    if factor in (sp.S.Naturals0, sp.S.Naturals):
        return factor.inf, sp.oo, False, True, True
    if factor is sp.S.Reals:
        return -sp.oo, sp.oo, True, True, False
    if isinstance(factor, sp.Interval):
        return factor.start, factor.end, factor.left_open, factor.right_open, False
    raise ValueError(f"support has {factor}; give an Interval, Range, Naturals, Reals or a product of them")


def support(value, size, allowed, name):
    """Set with one factor for each variable."""
    if not isinstance(value, sp.Set):
        raise ValueError(f"{name} is {value!r}; give a SymPy set, as sp.Interval(0, 1)")
    base = value.base_set if isinstance(value, sp.ConditionSet) else value
    factors = base.args if isinstance(base, sp.ProductSet) else (base,)
    if len(factors) != size:
        raise ValueError(f"{name} is {value}, with {len(factors)} coordinates; give a ProductSet of {size}")
    for factor in factors:
        bounds(factor)
    if isinstance(value, sp.ConditionSet) and not isinstance(value.condition, sp.Equality):
        raise ValueError(f"{name} is {value}, which has a condition; it must be an sp.Eq")
    declared(value.free_symbols, allowed, name)
    return value


def space(relations, allowed, name):
    """Tuple of inequalities."""
    if not isinstance(relations, (list, tuple)):
        raise ValueError(f"{name} is {relations!r}; give a list of inequalities")
    for relation in relations:
        if not isinstance(relation, (sp.Gt, sp.Ge, sp.Lt, sp.Le)):
            raise ValueError(
                f"{name} contains {relation!r}; give inequalities that SymPy does not evaluate, as "
                "sp.StrictGreaterThan(sigma, 0, evaluate=False)"
            )
        declared(relation.free_symbols, allowed, name)
    return tuple(relations)


def example(values, relations, allowed, name):
    """Exact values of parameters and constants, inside the parameter space."""
    values = expressions.values({} if values is None else values, name, numbers=True)
    declared(values, allowed, name)
    for relation in relations:
        if relation.subs(values) == sp.false:
            raise ValueError(f"{name} is {values}; it needs {inequality(relation)}")
    return values


# --- numbers


def family(value, name="family"):
    """A family, as it is."""
    if not all(hasattr(value, part) for part in ("log_density", "parameters", "sample")):
        raise ValueError(f"{name} is {value!r}; give a Family, as families.gamma")
    return value


def constants(family, given):
    """From symbols of constants to exact numbers inside their space: 2.5 becomes 5/2."""
    symbols, values = {constant.name: constant for constant in family.constants}, {}
    for name, value in given.items():
        if name not in symbols:
            raise ValueError(f"{family!r} has no constant {name!r}; it has {', '.join(symbols) or 'none'}")
        check.number(value, name)
        values[symbols[name]] = sp.nsimplify(value, rational=True)
    return example(values, family.parameter_space, family.constants, f"the constants of {family!r}")


def theta(family, value, name="theta"):
    """Parameter vector of a family whose constants are fixed, as floats."""
    if family.constants:
        missing = ", ".join(constant.name for constant in family.constants)
        raise ValueError(f"{family!r} has the constant {missing}; fix it first with .at({missing}=...)")
    value, size = check.floats(value, name), len(family.parameters)
    if value.shape != (size,):
        names = ", ".join(map(str, family.parameters))
        raise ValueError(f"{name} has shape {value.shape}; {family!r} needs shape ({size},): {names}")
    return value


def outcomes(family, x):
    """Outcomes as a float array of shape (d, n), coordinates first."""
    x = check.floats(x, "x")
    tail = (len(family.variables),) if isinstance(family.variable, tuple) else ()
    if x.ndim == 0 or x.shape[1:] != tail:
        needed = f"(n, {tail[0]})" if tail else "(n,)"
        raise ValueError(f"x has shape {x.shape}; {family!r} needs shape {needed}, sample axis first")
    columns = np.atleast_2d(x.T)
    if np.isnan(columns).any():
        raise ValueError(f"x contains NaN, at position {np.argmax(np.isnan(columns).any(0))}")
    return columns


def listing(values):
    """Names and values in words."""
    return ", ".join(f"{name} = {value}" for name, value in values.items())


def inequality(relation):
    """The relation in words, with the symbol first where it compares a symbol with a number."""
    return str(relation if not relation.lhs.is_number else relation.reversed)


def symmetric(value, name):
    """Finite array of shape (..., k, k), exactly symmetric in its last two axes."""
    array = check.finite(value, name)
    if array.ndim < 2 or array.shape[-1] != array.shape[-2]:
        raise ValueError(f"{name} must end in two equal axes, as (k, k), but has shape {array.shape}")
    turned = np.swapaxes(array, -1, -2)
    asymmetry = np.abs(array - turned).max()
    if asymmetry > check.SYMMETRY_TOLERANCE[False] * np.abs(array).max():
        raise ValueError(f"{name} must be symmetric, but its largest asymmetry is {asymmetry:.3g}")
    return (array + turned) / 2
