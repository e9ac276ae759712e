"""What ``ledger.yml`` contains: the equations that need no check, each with the reason why."""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import yaml

FILE = "ledger.yml"
KINDS = ("definition", "assumption")
FIELDS = ("kind", "reason", "implements")


@dataclass(frozen=True)
class Entry:
    """One definition or assumption, and the line of ``ledger.yml`` it starts on."""

    label: str
    kind: str
    reason: str
    implements: str | None
    line: int


def read(srcdir):
    """Return the entries of ``ledger.yml``, by label, and its problems as (line, message)."""
    path = Path(srcdir, FILE)
    entries, problems = {}, []
    if not path.exists():
        return entries, problems
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        return entries, [(mark.line + 1 if mark else 1, f"not valid YAML: {error}".replace("\n", " "))]
    if root is None or (isinstance(root, yaml.MappingNode) and not root.value):
        return entries, problems
    if not isinstance(root, yaml.MappingNode):
        return entries, [(1, "expected a mapping from equation labels to their entries")]
    # The tree of nodes, unlike the loaded dictionary, has line numbers and keeps duplicates.
    for key, value in root.value:
        label, line = key.value, key.start_mark.line + 1
        if label in entries:
            first = entries[label].line
            problems.append((line, f"{label} is listed twice (first on line {first}): remove one"))
            continue
        fields = _plain(value)
        problem = _problem(label, fields)
        if problem:
            problems.append((line, problem))
            fields = fields if isinstance(fields, dict) else {}
        entries[label] = Entry(
            label,
            str(fields.get("kind", "definition")),
            " ".join(str(fields.get("reason", "")).split()),
            fields.get("implements"),
            line,
        )
    return entries, problems


def _plain(node):
    return yaml.SafeLoader("").construct_object(node, deep=True)


def _problem(label, fields):
    if not isinstance(fields, dict):
        return f"{label}: expected {{kind: definition, reason: ...}}"
    if unknown := sorted(set(fields) - set(FIELDS)):
        return f"{label}: unknown field {', '.join(map(str, unknown))}; the fields are {', '.join(FIELDS)}"
    if fields.get("kind") not in KINDS:
        return f"{label}: kind is {fields.get('kind')!r}; it must be definition or assumption"
    if not str(fields.get("reason") or "").strip():
        return f"{label}: give a reason, one line, why this equation needs no check"
    name = fields.get("implements")
    if name is not None and not importable(name):
        return f"{label}: implements {name!r} cannot be imported; give its full name"
    return None


def importable(name):
    """Whether ``package.module.object`` (or ``.method``) names something that exists."""
    parts = str(name).split(".")
    for split in range(len(parts), 0, -1):
        try:
            found = import_module(".".join(parts[:split]))
        except ImportError:
            continue
        for attribute in parts[split:]:
            if not hasattr(found, attribute):
                return False
            found = getattr(found, attribute)
        return True
    return False
