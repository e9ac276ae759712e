"""Figures that are seen at once: a PNG beside every stored SVG, and a white ground behind both.

Jupyter shows no SVG in a notebook that it does not trust, as none is that comes from elsewhere. The PNG is
drawn from the stored SVG by resvg: nothing is executed, and no font is looked for, since the letters are
paths. What was drawn once is kept, under the digest of what it was drawn from.
"""

import base64
import hashlib
import re

import resvg_py

from ngbook import plots

GROUND = "white"  # for pages that may be dark, where the text of a transparent figure could not be read
PIXELS = 2  # to one pixel of the page, for fine screens
_SIZE = re.compile(r'<svg [^>]*\bwidth="([\d.]+)pt" height="([\d.]+)pt"')


def png(svg, kept):
    """The PNG of an SVG text, from the folder of those kept or drawn and left there."""
    drawn_from = f"{resvg_py.__version__} {PIXELS} {svg}"
    path = kept / f"{hashlib.sha256(drawn_from.encode()).hexdigest()[:32]}.png"
    if not path.exists():
        data = resvg_py.svg_to_bytes(
            svg_string=svg, dpi=96, zoom=PIXELS, background=GROUND, skip_system_fonts=True
        )
        kept.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")  # an interrupted build leaves no half picture under its name
        part.write_bytes(data)
        part.replace(path)
    return path.read_bytes()


def show(output, kept):
    """Give an output with a figure its ground and its PNG, at the size at which the SVG is shown."""
    svg = plots.with_background(output["data"]["image/svg+xml"], GROUND)
    width, height = (round(float(points) * 96 / 72) for points in _SIZE.search(svg).groups())
    output["data"]["image/svg+xml"] = svg
    output["data"]["image/png"] = base64.b64encode(png(svg, kept)).decode() + "\n"
    output["metadata"]["image/png"] = {"width": width, "height": height}
