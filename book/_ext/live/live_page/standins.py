"""The few names that chapters take from programs that are not here.

``myst_nb.glue`` puts a number into the prose, and on a live page it does so at once. ``IPython.display``
shows a value; IPython itself is a large download, of which a page would use these few lines. And Gymnasium
imports a lock between processes even if nobody asks for one: a browser has a single process.
"""

import sys
from importlib.util import find_spec
from types import ModuleType

session = None  # the one that runs


class _Shown:
    """Text that says how it is to be shown."""

    def __init__(self, data):
        self.data = data

    def __repr__(self):
        return f"<{type(self).__name__} object>"


class HTML(_Shown):
    def _repr_html_(self):
        return self.data


class Markdown(_Shown):
    def _repr_markdown_(self):
        return self.data


class Latex(_Shown):
    def _repr_latex_(self):
        return self.data


class Math(_Shown):
    def _repr_latex_(self):
        return rf"$\displaystyle {self.data.strip('$')}$"


class SVG(_Shown):
    def _repr_svg_(self):
        return self.data


def display(*values):
    """Show values in the midst of a cell."""
    for value in values:
        session.show(value)


def glue(name, variable, display=True):
    """Put a value into the prose, wherever it names it, and show it if `display`."""
    session.glue(name, variable if isinstance(variable, str) else repr(variable))
    if display:
        session.show(variable)


class SemLock:
    """The lock between processes: there only to be named."""

    SEM_VALUE_MAX = 2**31 - 1

    def __init__(self, *arguments):
        raise OSError("there are no other processes in a browser")


def _module(name, **members):
    module = sys.modules[name] = ModuleType(name)
    module.__dict__.update(members)
    return module


def install(new_session):
    """Let cells import them; what they show goes to this session."""
    global session
    session = new_session
    _module("myst_nb", glue=glue)
    shown = {kind.__name__: kind for kind in (HTML, Latex, Markdown, Math, SVG)}
    inner = _module("IPython.display", display=display, **shown)
    # Matplotlib asks for the version, to learn how to talk with the shell that is not there.
    _module("IPython", display=inner, get_ipython=lambda: None, version_info=(9, 0, 0))
    if "_multiprocessing" not in sys.modules and find_spec("_multiprocessing") is None:
        _module("_multiprocessing", SemLock=SemLock, sem_unlink=lambda name: None)
