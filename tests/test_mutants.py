"""The planted errors themselves: where they are put, that tests notice them, and what is reported."""

import ast
import random
from dataclasses import replace

import pytest

from tests import mutants
from tests.planting import Planter

TRAPS = '''
"""1 + 1 is not -1."""

def scaled(x: "1 + 1", *rest, size: int | 1 = 2, **others) -> 2 - 1:
    """Here x < 1 and not x == 2."""
    if not x or (size  # 0 < 1
            <= 1):
        raise ValueError(f"{x - 1} is not > 0: {-1}", 1 + 1)
    größe: 1 = -x ** 2
    return f"{x + 1}" "0", "α" * größe
'''


def test_errors_are_planted_in_the_code_alone():
    found = Planter(TRAPS, "traps.py").found
    changes = [(m.text[m.start : m.end], m.new, m.line) for m in found]
    assert changes == [
        *[("2", new, 4) for new in "13"],
        ("not ", "", 6),
        ("or", "and", 6),
        *[("<=", new, 7) for new in ("<", ">=")],
        *[("1", new, 7) for new in "02"],
        ("-", "", 9),
        ("**", "*", 9),
        *[("2", new, 9) for new in "13"],
        *[("*", new, 10) for new in ("**", "/")],
    ]
    assert found[-1].before == 'return f"{x + 1}" "0", "α" * größe'
    assert found[-1].after == 'return f"{x + 1}" "0", "α" / größe'


def untouched(tree):
    """Texts, the making of exceptions, and type hints."""
    kinds = ast.JoinedStr | ast.Raise
    kept = [node for node in ast.walk(tree) if isinstance(node, kinds)]
    kept += [
        node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    for node in ast.walk(tree):
        kept += [hint for name in ("annotation", "returns") if (hint := getattr(node, name, None))]
    return sorted(ast.dump(node) for node in kept)


def test_in_the_package_every_error_changes_the_code_and_no_text():
    for mutant in random.Random(0).sample(mutants.all_mutants(mutants.ROOT), 100):
        source = (mutants.ROOT / mutant.file).read_text(encoding="utf-8")
        before, after = ast.parse(source), ast.parse(mutant.planted(source))
        assert ast.dump(before) != ast.dump(after), mutant
        assert untouched(before) == untouched(after), mutant


def test_every_module_has_tests_that_are_asked():
    for path in mutants.ROOT.glob("ngbook/**/*.py"):
        assert mutants.tests_of(path.relative_to(mutants.ROOT).as_posix())
    for name in {name for names in mutants.TESTS.values() for name in names}:
        assert (mutants.ROOT / "tests" / f"test_{name}.py").exists(), name


@pytest.fixture
def repository(tmp_path):
    """A package of one function, of which the tests leave one thing open: the sign of the offset."""
    for folder in ("ngbook", "tests"):
        (tmp_path / folder).mkdir()
    (tmp_path / "ngbook" / "__init__.py").touch()
    (tmp_path / "ngbook" / "half.py").write_text("def half(x, offset=0):\n    return x / 2 + offset\n")
    (tmp_path / "tests" / "test_half.py").write_text(
        "from ngbook.half import half\n\n\ndef test_half():\n    assert half(4) == 2\n"
    )
    return tmp_path


def half(file):
    return ["tests/test_half.py"]


def test_a_planted_error_is_noticed_and_an_equivalent_one_survives_until_it_is_listed(repository):
    possible = mutants.all_mutants(repository)
    source = (repository / "ngbook" / "half.py").read_text()
    noticed = mutants.plant(possible, processes=2, root=repository, tests_of=half)
    assert (repository / "ngbook" / "half.py").read_text() == source
    (survivor,) = [mutant for mutant in possible if mutant not in noticed]
    assert survivor.after == "return x / 2 - offset" and len(noticed) == 4

    lines, good = mutants.report(possible, noticed, possible, {})
    assert not good and str(survivor) in lines[0] and lines[-1].startswith("4 of 5 noticed")

    listed = {survivor.key: "The offset is zero."}
    twenty = [*possible, *(replace(possible[0], line=line) for line in range(10, 30))]
    known = noticed | set(twenty[5:])
    lines, good = mutants.report(twenty, known, possible, listed)
    assert good and lines == ["24 of 24 noticed; 1 more change nothing"]
    lines, good = mutants.report(possible, noticed, possible, listed)
    assert not good, "one in five changes nothing: too many"

    changed = [replace(mutant, text=mutant.text.replace("x", "y")) for mutant in possible]
    lines, good = mutants.report(twenty, known, changed, listed)
    assert not good and "there is no such line" in lines[0]
    lines, good = mutants.report(twenty, known | {survivor}, possible, listed)
    assert not good and "as an equivalent, but noticed" in lines[0]


def test_tests_that_fail_without_an_error_or_that_do_not_end_show_nothing(repository):
    test = repository / "tests" / "test_half.py"
    test.write_text("def test_half():\n    while True:\n        pass\n")
    assert not mutants.pass_in(repository, ["tests/test_half.py"], seconds=2)
    test.write_text("def test_half():\n    assert False\n")
    with pytest.raises(SystemExit, match="before anything is planted"):
        mutants.plant(mutants.all_mutants(repository)[:1], root=repository, tests_of=half)


def test_what_changes_nothing_is_listed_with_its_reason_and_its_line_exists():
    listed = mutants.equivalents()
    assert set(listed) <= {mutant.key for mutant in mutants.all_mutants(mutants.ROOT)}
    assert all(len(reason.split()) > 3 for reason in listed.values())
