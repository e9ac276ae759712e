"""What is installed beside a page."""

from importlib.metadata import PackageNotFoundError, version


def versions(names):
    """``{name: version}`` of those of the packages that are here."""
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            pass
    return found
