"""What workflows call is there: tasks, scripts, versions of Python. Only a run tells whether they pass."""

import os
import re
import tomllib
from itertools import product
from pathlib import Path

import pytest
import yaml

import tasks

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = sorted(FOLDER.glob("*.yml"))
ACTIONS = {
    *("actions/checkout", "actions/setup-python", "actions/upload-artifact"),
    *("actions/upload-pages-artifact", "actions/deploy-pages"),
}


def read(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def jobs():
    """(job, one choice of its matrix), as often as each job runs."""
    for path in WORKFLOWS:
        for name, job in read(path)["jobs"].items():
            matrix = dict(job.get("strategy", {}).get("matrix", {}))
            choices = matrix.pop("include", None) or [
                dict(zip(matrix, values, strict=True)) for values in product(*matrix.values())
            ]
            for choice in choices:
                yield pytest.param(job, choice, id=" ".join([path.stem, name, *map(str, choice.values())]))


each_run = pytest.mark.parametrize(("job", "choice"), list(jobs()))


def filled(text, choice):
    """A text with its expressions of the matrix put in; others stay."""
    return re.sub(r"\$\{\{ matrix\.(\w+) \}\}", lambda found: str(choice[found[1]]), text)


@each_run
def test_every_step_is_a_task_of_this_repository_or_an_action_of_a_version(job, choice):
    for step in job["steps"]:
        if "uses" in step:
            action, _, version = step["uses"].partition("@")
            assert action in ACTIONS and re.fullmatch(r"v\d+", version)
            continue
        command = filled(step["run"], choice)
        if command == ".ci/run":
            assert os.access(ROOT / command, os.X_OK)
            continue
        task = re.fullmatch(r"(?:make|python tasks\.py) ([\w-]+)((?: [\w=]+)*)", command)
        assert task, command
        assert task[1] in tasks.TASKS


@each_run
def test_every_expression_means_something(job, choice):
    for step in job["steps"]:
        for text in map(str, [step.get("run", ""), step.get("if", ""), *step.get("with", {}).values()]):
            assert "matrix." not in filled(text, choice) or text == "matrix.python == '3.13'"


@each_run
def test_pythons_are_ones_that_the_package_allows(job, choice):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    least = project["requires-python"].removeprefix(">=").split(".")
    assert tuple(map(int, least)) == tasks.OLDEST_PYTHON
    for step in job["steps"]:
        versions = filled(str(step.get("with", {}).get("python-version", "")), choice).split()
        assert all(tuple(map(int, version.split("."))) >= tasks.OLDEST_PYTHON for version in versions)
        assert versions or "setup-python" not in step.get("uses", "")


def test_every_change_runs_all_tests_and_every_week_the_rest():
    check, weekly = (read(FOLDER / f"{name}.yml") for name in ("check", "weekly"))
    events = check[True]  # YAML reads "on" as the truth
    assert {"push", "pull_request"} <= set(events)
    assert ".ci/run" in [step.get("run") for step in check["jobs"]["everything"]["steps"]]
    assert check["jobs"]["everything"]["strategy"]["matrix"]["python"] == ["3.11", "3.13"]
    assert "schedule" in weekly[True]
    (job,) = weekly["jobs"].values()
    assert {"oldest", "newest", "portable", "lost-worker"} <= {
        each["task"] for each in job["strategy"]["matrix"]["include"]
    }


def test_what_is_kept_is_what_is_built():
    kept = [
        step["with"]["path"]
        for step in read(FOLDER / "check.yml")["jobs"]["everything"]["steps"]
        if "with" in step and "path" in step["with"]
    ]
    assert "_build/html" in "\n".join(kept)
    for path in "\n".join(kept).split():
        assert path in {
            "_build/html",
            "_build/natural-gradients.pdf",
            "_build/natural-gradients-notebooks.zip",
            "_build/browser",
        }


def test_continuous_integration_takes_the_python_that_it_is_given():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    commands = re.findall(r"^make (.*)", script, flags=re.M)
    assert [command.partition(" #")[0] for command in commands] == [
        'PYTHON="${PYTHON:-python3}" book',
        'PYTHON="${PYTHON:-python3}" test',
        'PYTHON="${PYTHON:-python3}" portable ARGS=disturbed=3',
    ]
