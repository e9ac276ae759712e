"""Which public name of the package a word in a program means, as far as the program's text says it.

A scope knows modules, functions, classes and objects of the package under the names that a program gave
them: by an import, by a simple assignment (``book = families.normal``), or as the result of a call whose
class is known (``policy = SoftmaxPolicy(4, 2)``). A name that is bound in any other way is forgotten.
"""

import ast
import inspect
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType

PACKAGE = "ngbook"


@dataclass(frozen=True)
class Meaning:
    """What a name means: a thing of the package under its public name, or an object of a public class."""

    thing: object
    name: str
    is_object: bool = False  # the name is then that of the class

    def attribute(self, word):
        """What ``self.word`` means, or None."""
        if not self.is_object and not isinstance(self.thing, (ModuleType, type)):
            return _object_of(type(self.thing)).attribute(word) if _object_of(type(self.thing)) else None
        if word.startswith("_") or not hasattr(self.thing, word):
            return None
        value = _module(f"{self.name}.{word}") if isinstance(self.thing, ModuleType) else None
        return Meaning(value or getattr(self.thing, word), f"{self.name}.{word}")

    def result(self):
        """What a call of it returns, or None where nothing says so."""
        if isinstance(self.thing, type):
            return Meaning(self.thing, self.name, is_object=True)
        returned = getattr(inspect.unwrap(self.thing), "__annotations__", {}).get("return")
        return _object_of(returned)


def _module(name):
    try:
        return import_module(name)
    except ImportError:
        return None


@cache
def _public():
    """What the modules of the package say is public: the meanings, by the identity of the thing."""
    package = import_module(PACKAGE)
    return {
        id(getattr(module, name)): Meaning(getattr(module, name), f"{module.__name__}.{name}")
        for module in (getattr(package, name) for name in package.__all__)
        if isinstance(module, ModuleType)
        for name in module.__all__
    }


@cache
def _classes():
    """The public classes, with their public names."""
    return {each.thing: each.name for each in _public().values() if isinstance(each.thing, type)}


def _object_of(kind):
    """Any object of a public class, given as the class or as its name."""
    classes = _classes()
    if isinstance(kind, str):
        kind = next((each for each in classes if each.__name__ == kind), None)
    return Meaning(kind, classes[kind], is_object=True) if kind in classes else None


@dataclass(frozen=True)
class Word:
    """A word in a program, between two (line, column in bytes), and the public name that it means."""

    name: str
    begin: tuple
    end: tuple


def words(code, scope):
    """The words in a program that mean something public, in order; the scope learns what it binds."""
    try:
        tree = ast.parse(code)
    except SyntaxError:  # a magic of IPython
        return []
    reader = _Reader(scope)
    reader.visit(tree)
    return sorted(reader.words, key=lambda word: word.begin)


def scope_of(function):
    """The scope of a function of the package: the public things among the globals of its module."""
    known = inspect.unwrap(function).__globals__.items()
    scope = {
        name: _public()[id(thing)] for name, thing in known if callable(thing) and id(thing) in _public()
    }
    scope.pop(function.__name__, None)  # it stands above its own code
    return scope


class _Reader(ast.NodeVisitor):
    """Goes through a program in order."""

    def __init__(self, scope):
        self.scope, self.words = scope, []

    # --- what binds a name ----------------------------------------------------------------------------------

    def visit_Import(self, node):
        for alias in node.names:
            if alias.name.split(".")[0] == PACKAGE:
                top = alias.name if alias.asname else PACKAGE
                self.scope[alias.asname or PACKAGE] = Meaning(import_module(top), top)
                self._note(alias, alias.name, len(alias.name))
            else:
                self.scope.pop(alias.asname or alias.name.split(".")[0], None)

    def visit_ImportFrom(self, node):
        ours = not node.level and node.module.split(".")[0] == PACKAGE
        origin = Meaning(import_module(node.module), node.module) if ours else None
        if ours:
            before = len("from ")
            self._note_at(node.module, node.lineno, node.col_offset + before, len(node.module))
        for alias in node.names:
            meaning = origin.attribute(alias.name) if ours else None
            self._bind(alias.asname or alias.name, meaning)
            if meaning:
                self._note(alias, meaning.name, len(alias.name))

    def visit_Assign(self, node):
        self.visit(node.value)
        meaning = self._meaning(node.value)
        for target in node.targets:
            self._forget(target)
            if isinstance(target, ast.Name):
                self._bind(target.id, meaning)
            else:
                self.visit(target)

    def visit_FunctionDef(self, node):
        for each in (*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)):
            self.visit(each)
        self.scope.pop(node.name, None)
        self._inside(node, node.body)

    def visit_ClassDef(self, node):
        self.scope.pop(node.name, None)
        self._inside(node, [*node.bases, *node.body])

    def visit_Lambda(self, node):
        self._inside(node, [node.body])

    def _comprehension(self, node):
        elements = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self._inside(node, [*node.generators, *elements])

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension

    def generic_visit(self, node):
        if isinstance(node, (ast.For, ast.With, ast.AugAssign, ast.AnnAssign, ast.NamedExpr, ast.Delete)):
            self._forget(node, into=False)
        super().generic_visit(node)

    def _inside(self, node, body):
        """Read what has a scope of its own, in which its own names mean something else."""
        outside, self.scope = self.scope, dict(self.scope)
        for each in ast.walk(node):
            if isinstance(each, ast.arg):
                self.scope.pop(each.arg, None)
            elif isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
                self.scope.pop(each.id, None)
        for each in body:
            self.visit(each)
        self.scope = outside

    def _forget(self, node, into=True):
        """Forget the names that a node binds; with ``into`` false those of its targets alone."""
        fields = ("target", "targets", "items")
        parts = [node] if into else [part for f in fields for part in _listed(getattr(node, f, []))]
        for part in parts:
            for each in ast.walk(part):
                if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load):
                    self.scope.pop(each.id, None)

    def _bind(self, name, meaning):
        if meaning is None:
            self.scope.pop(name, None)
        else:
            self.scope[name] = meaning

    # --- what uses one --------------------------------------------------------------------------------------

    def visit_Name(self, node):
        meaning = self.scope.get(node.id)
        own = meaning and meaning.name.rsplit(".", 1)[-1]
        if isinstance(node.ctx, ast.Load) and own == node.id and not meaning.is_object:
            self._note(node, meaning.name, len(node.id))

    def visit_Attribute(self, node):
        meaning, origin = self._meaning(node), self._meaning(node.value)
        if meaning is None:
            self.visit(node.value)
            return
        if isinstance(origin.thing, ModuleType):  # solve.natural_direction is one word
            self.words.append(Word(meaning.name, _begin(node), _end(node)))
        else:
            self.visit(node.value)
            line, column = _end(node)
            self.words.append(Word(meaning.name, (line, column - len(node.attr.encode())), (line, column)))

    def _meaning(self, node):
        """What an expression means, or None."""
        if isinstance(node, ast.Name):
            return self.scope.get(node.id)
        if isinstance(node, ast.Attribute):
            origin = self._meaning(node.value)
            return origin and origin.attribute(node.attr)
        if isinstance(node, ast.Call):
            called = self._meaning(node.func)
            return called and called.result()
        return None

    def _note(self, node, name, length):
        self._note_at(name, node.lineno, node.col_offset, length)

    def _note_at(self, name, line, column, length):
        self.words.append(Word(name, (line, column), (line, column + length)))


def _listed(part):
    return part if isinstance(part, list) else [part]


def _begin(node):
    return node.lineno, node.col_offset


def _end(node):
    return node.end_lineno, node.end_col_offset
