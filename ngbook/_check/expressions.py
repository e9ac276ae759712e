"""SymPy expressions: what the symbolic engine accepts, and what is said about the rest."""

import sympy as sp

_NO_LIST = (str, dict, set, frozenset, sp.Basic)  # what has no order, or is one thing


def printable(value, name):
    """Object of SymPy; anything else is refused."""
    try:
        converted = sp.sympify(value, strict=True)
    except sp.SympifyError:
        converted = None
    if not isinstance(converted, sp.Basic | sp.MatrixBase):
        raise ValueError(f"{name} is {value!r}; give a SymPy expression")
    if converted.has(sp.nan):
        raise ValueError(f"{name} is {converted}, which is undefined; find where it was divided by zero")
    return converted


def exact(value, name):
    """Exact scalar expression; anything else is refused."""
    expression = printable(value, name)
    if not isinstance(expression, sp.Expr) or getattr(expression, "is_Matrix", False):
        raise ValueError(f"{name} is {value!r}; give one SymPy expression, made of symbols and exact numbers")
    if expression.has(sp.zoo) or expression in (sp.oo, -sp.oo):
        raise ValueError(f"{name} is {expression}, which is undefined or infinite; give a finite expression")
    if expression.has(sp.Float):
        rounded = min(expression.atoms(sp.Float))
        raise ValueError(
            f"{name} contains a rounded number, {rounded}; write exact ones, as sp.Rational(1, 2)"
        )
    return expression


def matrix(value, name):
    """Immutable matrix of exact expressions; a single expression becomes 1 by 1."""
    if isinstance(value, sp.MatrixExpr) and not isinstance(value, sp.MatrixBase):
        value = value.doit().as_explicit()
    listed = hasattr(value, "__iter__") and not isinstance(value, _NO_LIST)
    if not (listed or isinstance(value, sp.MatrixBase | sp.NDimArray)):
        return sp.ImmutableMatrix([[exact(value, name)]])
    try:
        entries = sp.ImmutableMatrix(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} is {value!r}; give an expression or a matrix: {error}") from None
    if not len(entries):
        raise ValueError(f"{name} is empty; give at least one entry")
    return entries.applyfunc(lambda entry: exact(entry, f"an entry of {name}"))


def symbol(value, name):
    """A SymPy symbol."""
    if not isinstance(value, sp.Symbol):
        raise ValueError(f"{name} is {value!r}; give a SymPy symbol, as sp.Symbol('mu', real=True)")
    return value


def sequence(values, name, rule, wanted):
    """Tuple of what the rule makes of each value, which come in an order."""
    if isinstance(values, _NO_LIST) or not hasattr(values, "__iter__"):
        raise ValueError(f"{name} are {values!r}; give a list of {wanted}")
    return tuple(rule(value, f"one of {name}") for value in values)


def symbols(values, name, expression=None):
    """Tuple of different symbols; with an expression, they are the only ones of their names in it."""
    items = sequence(values, name, symbol, "symbols, as [mu, sigma]")
    if not items or len({item.name for item in items}) < len(items):
        raise ValueError(f"{name} are {values}; give at least one symbol, of which no name occurs twice")
    if expression is not None:
        refuse_namesakes(items, expression.free_symbols, "the expression")
    return items


def refuse_namesakes(declared, others, name):
    """SymPy takes two symbols of one name but other assumptions for different ones; people do not."""
    names = {one.name for one in declared}
    for other in sorted(others, key=str):
        if other.name in names and other not in declared:
            raise ValueError(
                f"{name} contains another symbol named {other}, with other assumptions; "
                "declare it once, and use the same object everywhere"
            )


def values(values, name, numbers=False):
    """Dictionary from symbols to exact expressions, or to exact real numbers that the symbols allow."""
    if not isinstance(values, dict):
        raise ValueError(f"{name} is {values!r}; give a dictionary, as {{sigma: sp.Rational(4, 3)}}")
    checked = {}
    for key, value in values.items():
        symbol(key, f"a key of {name}")
        checked[key] = value = exact(value, f"{key} in {name}")
        if numbers and not (value.is_number and value.is_extended_real):
            raise ValueError(f"{key} in {name} is {value}; give an exact real number")
        for fact in ("positive", "negative", "nonnegative", "integer") if numbers else ():
            if getattr(key, f"is_{fact}") and getattr(value, f"is_{fact}") is False:
                raise ValueError(f"{key} in {name} is {value}, but was declared {fact}; give such a value")
    return checked


def point(value):
    """Point at which expressions are evaluated; empty if there is none."""
    return {} if value is None else values(value, "point", numbers=True)
