"""One version, wherever it is written."""

import re
import tomllib
from datetime import date
from pathlib import Path

import yaml

import ngbook

ROOT = Path(__file__).parents[1]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def releases():
    """(version, date) of each release in the changelog, the newest first."""
    return re.findall(r"^## \[?([\d.]+)\]? - (\d{4}-\d{2}-\d{2})$", CHANGELOG, flags=re.M)


def test_package_citation_and_changelog_name_the_same_version():
    assert ngbook.__version__ == VERSION == CITATION["version"] == releases()[0][0]
    assert str(CITATION["date-released"]) == releases()[0][1]


def test_releases_are_in_order():
    versions = [tuple(map(int, version.split("."))) for version, _ in releases()]
    days = [date.fromisoformat(day) for _, day in releases()]
    assert versions == sorted(set(versions), reverse=True) and days == sorted(days, reverse=True)


def test_the_changelog_has_its_usual_form():
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    headings = re.findall(r"^### (.*)", CHANGELOG, flags=re.M)
    assert headings and set(headings) <= kinds
    assert not re.findall(r"^## (?!\[?[\d.]+\]? - |Unreleased$).*", CHANGELOG, flags=re.M)
