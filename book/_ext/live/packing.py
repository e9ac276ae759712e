"""Wheels, reproducible to the byte: ngbook's own, and those of the pure packages that are installed here."""

import hashlib
import io
import os
import zipfile
from importlib.metadata import distribution
from pathlib import Path, PurePosixPath
from unittest.mock import patch

DATE = (2020, 1, 1, 0, 0, 0)  # of every file in a wheel
DATE_IN_SECONDS = "1577836800"


def own(root, folder):
    """Build ngbook's wheel from the sources at `root`; the path of the wheel."""
    from flit_core.wheel import make_wheel_in

    with patch.dict(os.environ, SOURCE_DATE_EPOCH=DATE_IN_SECONDS):
        wheel = Path(make_wheel_in(Path(root, "pyproject.toml"), Path(folder)).file)
    wheel.chmod(0o644)  # flit leaves it readable for its owner only
    return wheel


def installed(name):
    """``(file name, bytes)`` of a wheel with the files of an installed package, without its tests.

    Only for packages without compiled parts: one with any is refused, since it could not run elsewhere.
    """
    package = distribution(name)
    files = sorted(path for path in package.files if _wanted(path))
    compiled = [str(path) for path in files if path.suffix in (".so", ".pyd", ".dylib")]
    if compiled:
        raise ValueError(f"{name} has compiled parts, {', '.join(compiled)}: it cannot come with the book")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in files:
            archive.writestr(
                zipfile.ZipInfo(str(path), DATE), path.locate().read_bytes(), zipfile.ZIP_DEFLATED, 9
            )
    return f"{name.replace('-', '_')}-{package.version}-py3-none-any.whl", packed.getvalue()


def _wanted(path):
    path = PurePosixPath(path)
    if ".." in path.parts or "__pycache__" in path.parts:  # a command, or compiled for this Python
        return False
    about_the_installation = path.name in ("INSTALLER", "REQUESTED", "direct_url.json", "RECORD")
    return not about_the_installation and "tests" not in path.parts


def fingerprint(name):
    """What a wheel of an installed package depends on, quickly: its version, its files, and this module."""
    package = distribution(name)
    listed = package.read_text("RECORD") or package.version
    return hashlib.sha256(listed.encode() + Path(__file__).read_bytes()).hexdigest()[:16]
