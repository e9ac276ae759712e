"""Another book, made by the README's commands in its own environment, from a copy of this folder alone."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HOME = Path(__file__).parents[1]
BESIDE = shutil.ignore_patterns(".*", "_build", "__pycache__")


def commands():
    """The commands of the README's first block of code."""
    (block,) = re.findall(
        r"## Try it.*?```\n(.*?)```", (HOME / "README.md").read_text(encoding="utf-8"), re.DOTALL
    )
    lines = block.replace('"', "").splitlines()
    if os.name == "nt":
        lines = [line.replace(".venv/bin", ".venv/Scripts") for line in lines]
    return [line.split() for line in lines]


def run(command, folder):
    """A command, without what this Python's surroundings would add."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST"))}
    command = (
        [sys.executable, *command[1:]] if command[0] == "python" else [folder / command[0], *command[1:]]
    )
    return subprocess.run(command, cwd=folder, env=kept, capture_output=True, text=True)


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("alone") / "ledger"
    shutil.copytree(HOME, folder, ignore=BESIDE)
    for command in commands():
        done = run(command, folder)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder


def page(folder, name):
    html = (folder / "example" / "_build" / "html" / f"{name}.html").read_text(encoding="utf-8")
    return " ".join(re.sub("<.*?>", " ", html).split())


def test_the_example_is_a_book_with_three_equations(copy):
    golden, evidence = page(copy, "golden"), page(copy, "evidence")
    assert "✓ (1.2) for all values" in golden
    assert "✓ (1.3) for n = 40: numeric" in golden
    assert "3 display equations: 2 checked by 2 cells" in evidence
    assert "powers of the golden ratio" in evidence and "names the positive root" in evidence


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        (
            "phi ** (n + 1) + phi**n",
            "phi ** (n + 1) - phi**n",
            "golden ratio: the difference is",
        ),
        ('scope="n = 40"', 'scope="all values"', "near proves nothing"),
        ("$$ (eq-golden-limit)", "$$ (eq-golden-border)", "equation eq-golden-border is neither checked nor"),
    ],
)
def test_a_mistake_stops_the_build(copy, right, wrong, message):
    chapter = copy / "example" / "golden.md"
    text = chapter.read_text(encoding="utf-8")
    assert text.count(right) == 1
    try:
        chapter.write_text(text.replace(right, wrong), encoding="utf-8")
        done = run(commands()[-1], copy)
    finally:
        chapter.write_text(text, encoding="utf-8")
    assert done.returncode != 0
    assert message in done.stdout + done.stderr
