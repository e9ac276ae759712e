"""The package as a whole: quick to import, layered as the design says, installable by itself."""

import ast
import re
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest
import size

import ngbook

ROOT = Path(__file__).parents[1]
# From the ground: a module imports from lower floors only, and not from its neighbours.
FLOORS = [
    {"_check", "_domain", "_equality"},
    {"checks", "symbolic", "answers", "data", "tables"},
    {"families", "solve"},
    {"fisher", "descent", "geodesics", "networks", "transport", "plots"},
    {"environments", "policies", "distributed"},
    {"policy_gradient"},
]
MODULES = [name for name in ngbook.__all__ if name not in ("OutsideDomain", "check_answer")]


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_import_is_light():
    heavy = run(
        "import sys, ngbook; print(sorted({'sympy', 'matplotlib', 'scipy', 'gymnasium'} & set(sys.modules)))"
    )
    assert heavy.strip() == "[]"


def test_checking_numbers_does_not_import_sympy():
    code = "import sys; from ngbook import checks; checks.close(1.0, 1); print('sympy' in sys.modules)"
    assert run(code).splitlines()[-1] == "False"


def test_the_symbolic_engine_does_without_numpy():
    """A page that runs in the browser with nothing else is spared the 10 MB."""
    code = "import sys; from ngbook import symbolic; symbolic.equal(1, 2); print('numpy' in sys.modules)"
    assert run(code) == "False\n"


def test_every_module_is_reachable_from_the_package():
    for name in MODULES:
        assert getattr(ngbook, name).__name__ == f"ngbook.{name}"
    with pytest.raises(AttributeError, match="it has OutsideDomain, answers, check_answer, checks"):
        ngbook.nothing  # noqa: B018


def test_every_public_name_exists_and_has_a_docstring():
    for name in MODULES:
        module = getattr(ngbook, name)
        assert module.__doc__ and module.__all__
        for public in module.__all__:
            value = getattr(module, public)
            if callable(value) and getattr(value, "__module__", "").startswith("ngbook"):
                assert value.__doc__, f"{name}.{public}"


def module_files():
    for path in sorted((ROOT / "ngbook").rglob("*.py")):
        parts = path.relative_to(ROOT / "ngbook").with_suffix("").parts
        if parts != ("__init__",):
            yield parts[0], path


def imported_modules(path):
    """The modules of the package that a file imports from, by the first part of their names."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("ngbook"):
            parts = node.module.split(".")
            found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("ngbook.")}
    return found


def test_every_module_stands_on_one_floor():
    assert Counter(name for floor in FLOORS for name in floor) == Counter(
        {name for name, _ in module_files()}
    )


@pytest.mark.parametrize(
    ("name", "path"), list(module_files()), ids=lambda value: getattr(value, "stem", value)
)
def test_modules_import_only_from_lower_floors(name, path):
    (own,) = (level for level, floor in enumerate(FLOORS) if name in floor)
    allowed = {name}.union(*FLOORS[:own])
    imported = imported_modules(path)
    assert imported <= allowed, f"{path.name} imports {imported - allowed}, which stand no lower than {name}"


def test_the_floors_are_those_of_the_contributors_guide():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (listed,) = re.findall(r"The floors, from the ground.*?:\n\n((?:\d\. .*\n)+)", text)
    assert [set(re.findall(r"`(\w+)`", line)) for line in listed.splitlines()] == FLOORS


def test_a_line_of_code_is_neither_docstring_nor_comment_nor_blank():
    text = '"""Module.\n\nText."""\n\n# comment\nx = [\n    1,\n]  # comment\n\n'
    text += 'def f():\n    """Text."""\n    return """a\nb"""\n'
    assert size.lines_of_code(text) == 3 + 1 + 2


def test_the_package_stays_small(record_testsuite_property):
    """It may pass what is wanted by a twentieth; how large it is stands in the report."""
    modules = size.sizes()
    record_testsuite_property("lines of code", sum(modules.values()))
    assert sum(modules.values()) <= 1.05 * size.WANTED, size.report()
    large = {name: lines for name, lines in modules.items() if lines > size.WANTED_OF_A_MODULE}
    assert not large, f"modules of more than {size.WANTED_OF_A_MODULE} lines of code: {large}"


def test_no_module_has_the_name_of_a_function_beside_it():
    """``import ngbook.symbolic.latex as module`` would give the function."""
    for folder in [ROOT / "ngbook", *(path.parent for path in (ROOT / "ngbook").glob("*/__init__.py"))]:
        trees = {path.stem: ast.parse(path.read_text(encoding="utf-8")) for path in folder.glob("*.py")}
        functions = {n.name for tree in trees.values() for n in tree.body if isinstance(n, ast.FunctionDef)}
        assert not functions & set(trees), f"{folder.name}: {functions & set(trees)}"


def test_runtime_dependencies_are_those_that_the_package_imports():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {re.match(r"[a-z-]+", d)[0] for d in project["dependencies"]}
    extra = {re.match(r"[a-z-]+", d)[0] for d in project["optional-dependencies"]["distributed"]}
    imported = set()
    for path in (ROOT / "ngbook").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.split(".")[0])
    brought_by_a_notebook = {"IPython", "matplotlib_inline"}  # imported only inside one
    third_party = imported - set(sys.stdlib_module_names) - {"ngbook"} - brought_by_a_notebook
    assert third_party - extra == declared and third_party & extra == {"distributed"}


def test_the_built_wheel_holds_the_package_and_nothing_else(tmp_path):
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--no-build-isolation",
            "-w",
            tmp_path,
            ROOT,
        ],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("ngbook-*.whl")
    code = (
        f"import sys; sys.path.insert(0, {str(wheel)!r}); import ngbook, numpy as np; "
        "from ngbook import families; print(ngbook.__file__); "
        "print(families.normal.fisher(np.array([0.0, 2.0])).round(3).tolist())"
    )
    origin, matrix = run(code).splitlines()
    assert str(wheel) in origin
    assert matrix == "[[0.25, 0.0], [0.0, 0.5]]"


def test_equations_named_in_docstrings_are_in_the_book():
    named = set()
    for path in (ROOT / "ngbook").rglob("*.py"):
        named |= set(re.findall(r"\beq-[a-z0-9-]*[a-z0-9]", path.read_text(encoding="utf-8")))
    labels = set()
    for path in (ROOT / "book").rglob("*.ipynb"):
        labels |= set(re.findall(r"\$\$ \((eq-[a-z0-9-]+)\)", path.read_text(encoding="utf-8")))
    assert len(named) > 5
    assert named <= labels, f"docstrings name equations that no chapter has: {sorted(named - labels)}"


def test_functions_that_implement_an_equation_name_it_and_their_source():
    for module in ("solve", "fisher", "descent", "geodesics", "transport"):
        for name in getattr(ngbook, module).__all__:
            function = getattr(getattr(ngbook, module), name)
            if isinstance(function, type):
                continue
            assert re.search(r"\beq-[a-z]", function.__doc__), f"{module}.{name} names no equation"


def test_the_examples_of_the_readme_run_and_the_pole_is_balanced():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    *first, last = re.findall(r"```python\n(.*?)```", readme, flags=re.S)
    assert first
    namespace = {}
    for block in first:
        exec(block, namespace)
    *statements, expression = ast.parse(last).body
    exec(compile(ast.Module(statements, []), "README.md", "exec"), namespace)
    assert eval(compile(ast.Expression(expression.value), "README.md", "eval"), namespace) > 475


def test_outside_the_domain_is_a_value_error_and_any_other_refusal_is_not_that():
    assert issubclass(ngbook.OutsideDomain, ValueError)
    normal = ngbook.families.normal
    for theta in ([0.0, -1.0], [0.0, 0.0], [0.0, float("inf")], [float("nan"), 1.0]):
        with pytest.raises(ngbook.OutsideDomain, match=r"it needs sigma > 0|must be finite"):
            normal.fisher(theta)
    for theta in ([0.0], [[0.0, 1.0]], "ab"):
        with pytest.raises(ValueError) as refusal:
            normal.fisher(theta)
        assert not isinstance(refusal.value, ngbook.OutsideDomain)
