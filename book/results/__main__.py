"""``python -m book.results [NAME …]``: compute the results that are named, or all that are not current."""

import sys

from book.results import _files


def main(names):
    """Write the files; status 2 for a name that there is not."""
    if unknown := [name for name in names if name not in _files.NAMES]:
        print(f"no result {', '.join(unknown)}; there are {', '.join(_files.NAMES)}", file=sys.stderr)
        return 2
    for name in names or _files.NAMES:
        if names or not _files.is_current(name, _files.read(name)):
            print(f"computing {name} …", flush=True)
            _files.write(name)
        else:
            print(f"current   {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
