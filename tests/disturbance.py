"""Another processor at home: the last bits of NumPy's and SciPy's results, disturbed by a seed.

Processors and BLAS libraries add in different orders and round elementary functions differently. A stored
output must not depend on that. ``install(seed)`` changes a Python process so that

* products (``@`` in cells and in `ngbook`, ``np.dot``, ``np.einsum``, ...), sums and means, and linear
  algebra (NumPy's and SciPy's) get operands whose elements are disturbed by one unit in the last place, up or
  down or not at all. That is the backward error that another order of summation has: where a sum cancels,
  the result changes in more than its last digit;
* elementary and special functions (``np.exp``, ``math.log``, ``scipy.special.gammaln``, ...) and powers
  return results disturbed in the same way.

What every processor computes exactly stays as it is: integers, sums and products of short binary fractions,
results that are whole numbers. Random draws are left alone, because processors agree on them; and so is what
Matplotlib computes for itself, because pictures are compared to a tolerance anyway.

Arrays' own ``@`` cannot be patched, so the syntax trees of cells, of `ngbook` and of the functions that
SymPy writes are rewritten: `install` must run before `ngbook` is imported. `kernels` gives the environment in
which kernels start disturbed.
"""

import ast
import builtins
import importlib.abc
import importlib.machinery
import math
import os
import sys
from pathlib import Path

import numpy as np

VARIABLE = "NGBOOK_DISTURBANCE"  # the seed; without it, or with 0, nothing happens
UNITS = {np.dtype(np.float64): 2.0**-52, np.dtype(np.float32): 2.0**-23}

RESULTS = {  # functions whose results are disturbed
    "numpy": """
        exp exp2 expm1 log log2 log10 log1p power float_power sin cos tan arcsin arccos arctan arctan2
        sinh cosh tanh arcsinh arccosh arctanh logaddexp logaddexp2 hypot cbrt
    """,
    "scipy.special": """
        gamma gammaln loggamma digamma psi polygamma zeta erf erfc erfinv erfcinv erfcx ndtr ndtri log_ndtr
        beta betaln expit logit log_expit logsumexp softmax log_softmax xlogy xlog1py entr kl_div rel_entr
        gammainc gammaincc i0 i0e i1 i1e iv ive kv kve
    """,
}
OF_THE_C_LIBRARY = """
    exp exp2 expm1 log log1p log2 log10 pow sin cos tan asin acos atan atan2 sinh cosh tanh
    erf erfc gamma lgamma
"""
OPERANDS = {  # functions whose operands are disturbed
    "numpy": """
        sum prod dot vdot inner matmul matvec vecmat tensordot einsum cumsum cumprod trapezoid cov corrcoef
        polyfit convolve correlate
    """,
    "numpy.linalg": """
        solve inv pinv eig eigh eigvals eigvalsh svd svdvals cholesky qr lstsq norm vector_norm matrix_norm
        det slogdet cond matrix_power multi_dot
    """,
    "scipy.linalg": """
        solve inv pinv eig eigh eigvals eigvalsh svd svdvals cholesky cho_factor cho_solve qr lstsq norm det
        solve_triangular lu_factor lu_solve expm logm sqrtm solve_discrete_lyapunov
        solve_continuous_lyapunov solve_sylvester solve_toeplitz
    """,
    "scipy.linalg.lapack": "dpotrf dpotrs",
    "scipy.linalg.blas": "dsyrk",
    "scipy.sparse.linalg": "spsolve cg minres gmres bicgstab lsqr lsmr eigsh svds",
}


class Disturbance:
    """Noise of one unit in the last place, from a seed; ``factors`` is read at a new place each time."""

    def __init__(self, seed, size=1 << 18):
        self.noise = np.random.default_rng([seed, 1234]).integers(-1, 2, size).astype(np.int8)
        self.place, self.stride = 0, 7919  # a prime, so that neighbouring calls get unlike noise

    def __call__(self, value):
        """The value with its last bits disturbed, if it holds floating-point numbers that are not exact."""
        if isinstance(value, tuple):
            parts = [self(part) for part in value]
            return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
        if type(value) is list and value and type(value[0]) is not list:
            return [self(part) for part in value]
        if type(value) is float:
            return float(self(np.float64(value)))
        if not isinstance(value, np.ndarray | np.floating) or value.dtype not in UNITS or not value.size:
            return value
        if isinstance(value, np.ndarray) and type(value) is not np.ndarray:
            return value  # a masked array, or Matplotlib's own kind
        if _exact(value):
            return value
        noise = self.take(value.size).reshape(value.shape)
        disturbed = value * (1 + UNITS[value.dtype] * noise).astype(value.dtype)
        return disturbed if isinstance(value, np.ndarray) else value.dtype.type(disturbed)

    def take(self, count):
        self.place = (self.place + self.stride) % len(self.noise)
        if count > len(self.noise) - self.place:
            return np.resize(np.roll(self.noise, -self.place), count)
        return self.noise[self.place : self.place + count]


def _exact(value):
    """Whether products and sums of such numbers have no rounding: few binary places, and none is large."""
    fine, large = (2.0**12, 2.0**26) if value.dtype == np.float64 else (1.0, 2.0**11)
    with np.errstate(all="ignore"):
        scaled = value * value.dtype.type(fine)
        return bool(np.all((scaled == np.rint(scaled)) & (np.abs(scaled) < large)))


def _drawing():
    """Whether the call that is being disturbed comes from Matplotlib."""
    return (
        sys._getframe(2).f_globals.get("__name__", "").startswith(("matplotlib", "mpl_toolkits", "contourpy"))
    )


class _Wrapped:
    """A function of NumPy's or SciPy's with disturbed results or operands, and its other attributes."""

    def __init__(self, function):
        self._function = function
        self.__doc__, self.__name__ = function.__doc__, getattr(function, "__name__", "function")

    def __getattr__(self, name):
        return getattr(self._function, name)

    def __repr__(self):
        return repr(self._function)

    def __reduce__(self):
        return self.__name__


class _Result(_Wrapped):
    def __call__(self, *arguments, **options):
        result = self._function(*arguments, **options)
        if options.get("out") is not None or _drawing():
            return result
        return disturb(result)


class _OfTheCLibrary(_Wrapped):
    """A function of ``math`` for cells, `ngbook` and functions that were written at run time."""

    def __call__(self, *arguments):
        result = self._function(*arguments)
        caller = sys._getframe(1).f_globals.get("__name__", "__main__")
        return disturb(result) if caller.partition(".")[0] in ("__main__", "builtins", "ngbook") else result


class _Operands(_Wrapped):
    def __call__(self, *arguments, **options):
        if _drawing():
            return self._function(*arguments, **options)
        named = {name: value if name == "out" else disturb(value) for name, value in options.items()}
        return self._function(*map(disturb, arguments), **named)


disturb = None  # a Disturbance, once installed


def install(seed, shell=None):
    """Disturb this process from now on, and the cells of an IPython shell.

    Parameters
    ----------
    seed : int
        Which noise; 0 installs nothing.
    shell : IPython.core.interactiveshell.InteractiveShell, optional
        The kernel's shell, whose cells are rewritten.

    Raises
    ------
    RuntimeError
        If `ngbook` has been imported already, so that its ``@`` cannot be reached, or if a disturbance is
        installed already.
    """
    global disturb
    if not seed:
        return
    if disturb is not None or any(name.partition(".")[0] == "ngbook" for name in sys.modules):
        raise RuntimeError("install the disturbance once, and before ngbook is imported")
    disturb = Disturbance(seed)
    for wrapper, functions in ((_Result, RESULTS), (_Operands, OPERANDS)):
        for module_name, names in functions.items():
            module = importlib.import_module(module_name)
            for name in names.split():
                if hasattr(module, name):
                    setattr(module, name, wrapper(getattr(module, name)))
    for name in OF_THE_C_LIBRARY.split():
        if hasattr(math, name):
            setattr(math, name, _OfTheCLibrary(getattr(math, name)))
    _disturb_inside_numpy()
    _disturb_looked_up()
    builtins._disturbed_product = lambda left, right: disturb(left) @ disturb(right)
    builtins._disturbed_power = lambda base, exponent: _power(base, exponent)
    sys.meta_path.insert(0, _Finder())
    importlib.import_module("sympy.utilities.lambdify").compile = _compile
    if shell is not None:
        shell.ast_transformers.append(_Operators())


def _disturb_inside_numpy():
    """What NumPy's own functions call: one reduction for all sums and means, one power for all scales."""
    sys.modules["numpy._core.numeric"].power = np.power  # of geomspace and logspace
    methods = sys.modules["numpy._core._methods"]
    reduction = methods.umr_sum

    def summed(array, *arguments, **options):
        return reduction(disturb(array), *arguments, **options)

    methods.umr_sum = summed


def _disturb_looked_up():
    """BLAS functions that are asked for by name, which `ngbook` does for its products in blocks."""
    blas = importlib.import_module("scipy.linalg.blas")
    look_up = blas.get_blas_funcs

    def looked_up(names, *arguments, **options):
        found = look_up(names, *arguments, **options)
        return _Result(found) if isinstance(names, str) else [_Result(function) for function in found]

    blas.get_blas_funcs = looked_up


def _power(base, exponent):
    """Squares, roots and reciprocals of arrays are exactly rounded everywhere; other powers are not.

    Those of a single number are not either: they are left to the C library's ``pow``.
    """
    result = base**exponent
    exact = isinstance(base, np.ndarray) and isinstance(exponent, int | float) and exponent in (0.5, 1, 2, -1)
    return result if exact else disturb(result)


class _Operators(ast.NodeTransformer):
    """``a @ b`` and ``a ** b`` become calls."""

    CALLS: tuple = ((ast.MatMult, "_disturbed_product"), (ast.Pow, "_disturbed_power"))

    def visit_BinOp(self, node):
        self.generic_visit(node)
        for operator, name in self.CALLS:
            if isinstance(node.op, operator):
                call = ast.Call(ast.Name(name, ast.Load()), [node.left, node.right], [])
                return ast.copy_location(call, node)
        return node


def _compile(source, path, mode):
    tree = ast.fix_missing_locations(_Operators().visit(ast.parse(source, path, mode)))
    return compile(tree, path, mode, dont_inherit=True)


class _Loader(importlib.machinery.SourceFileLoader):
    """Compiles a module of `ngbook` with its operators rewritten; never from the cache, never into it."""

    def get_code(self, fullname):
        path = self.get_filename(fullname)
        return _compile(self.get_data(path), path, "exec")


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, fullname, path, target=None):
        if fullname.partition(".")[0] != "ngbook":
            return None
        for finder in sys.meta_path:
            if finder is not self and (spec := finder.find_spec(fullname, path, target)):
                if isinstance(spec.loader, importlib.machinery.SourceFileLoader):
                    spec.loader = _Loader(spec.loader.name, spec.loader.path)
                return spec
        return None


# --- kernels -------------------------------------------------------------------------------------


def kernels(seed, folder):
    """The environment variables with which IPython kernels start disturbed.

    Parameters
    ----------
    seed : int
    folder : path
        Where a profile of IPython's may be written; it must last as long as the kernels start.

    Returns
    -------
    dict
    """
    startup = Path(folder, "profile_default", "startup")
    startup.mkdir(parents=True, exist_ok=True)
    (startup / "00-disturbance.py").write_text(
        "import sys\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "import disturbance\n"
        "del sys.path[0]\n"
        "disturbance.install(disturbance.requested(), get_ipython())\n"
        "del disturbance, sys\n",
        encoding="utf-8",
    )
    return {"IPYTHONDIR": str(folder), VARIABLE: str(seed)}


def requested():
    """The seed that the environment names."""
    return int(os.environ.get(VARIABLE, "0"))
