"""The same page in fewer bytes, with the sizes of its pictures so that nothing moves when they arrive.

Half of the elements in a listing are tokens that have the colour of plain text: they become plain text.
Thousands of boxes inside formulas repeat a few hundred inline styles: each is written once, as a class.
"""

import re
import struct

CODE = re.compile(r"<pre>.*?</pre>", re.DOTALL)
TOKEN = re.compile(r'<span class="(\w+)">([^<]*)</span>')
STYLED = re.compile(r'<span(?: class="([^"]*)")? style="([^"]*)">')
IMAGE = re.compile(r'<img\b(?![^>]*\bheight=)[^>]*\bsrc="([^":]+)"[^>]*>')
CSS_PIXELS = {"pt": 4 / 3, "px": 1, "": 1}


def lighter(page, folder, plain):
    """A page of this folder; ``plain`` are the classes of tokens that look like plain text."""
    return with_sizes(with_styles_once(without_tokens(page, plain)), folder)


def plain_tokens(sheet):
    """Classes of Pygments that have the colour of the code around them, in both themes of a style sheet."""
    plain = []
    for theme in ("light", "dark"):
        rules = re.findall(rf'"{theme}"\] \.highlight( \.\w+)? *{{([^}}]*)}}', sheet)
        around = [re.search(r"(?<!-)color: *#\w+", style)[0] for name, style in rules if not name]
        plain.append({name[2:] for name, style in rules if name and [style.strip(" ;")] == around})
    return plain[0] & plain[1]


def without_tokens(page, plain):
    """The page without the elements of these classes in its code; their text stays."""

    def bare(code):
        return TOKEN.sub(lambda token: token[2] if token[1] in plain else token[0], code[0])

    return CODE.sub(bare, page)


def with_styles_once(page):
    """The page with a class for each inline style of its spans."""
    names = {}

    def named(tag):
        name = names.setdefault(tag[2].rstrip("; "), f"k{len(names)}")
        return f'<span class="{tag[1]} {name}">' if tag[1] else f'<span class="{name}">'

    page = STYLED.sub(named, page)
    if not names:
        return page
    # An inline style is stronger than any rule, and so is this.
    strong = {name: style.replace(";", "!important;") for style, name in names.items()}
    rules = "".join(f".{name}{{{style}!important}}" for name, style in strong.items())
    return page.replace("</head>", f"<style>{rules}</style>\n</head>", 1)


def with_sizes(page, folder):
    """The page with the width and the height of its pictures."""

    def with_size(tag):
        size = size_of(folder / tag[1])
        return tag[0].replace("<img", f'<img width="{size[0]}" height="{size[1]}"', 1) if size else tag[0]

    return IMAGE.sub(with_size, page)


def size_of(path):
    """Width and height of a picture in CSS pixels, or None where it does not say."""
    if path.suffix == ".svg":
        head = path.read_text(encoding="utf-8")[:2000]
        sizes = [re.search(rf'<svg\b[^>]*\s{side}="([\d.]+)(pt|px|)"', head) for side in ("width", "height")]
        if all(sizes):
            return [round(float(size[1]) * CSS_PIXELS[size[2]]) for size in sizes]
        box = re.search(r'<svg\b[^>]*\sviewBox="[\d.-]+ [\d.-]+ ([\d.]+) ([\d.]+)"', head)
        return [round(float(side)) for side in box.groups()] if box else None
    if path.suffix == ".png":
        return struct.unpack(">II", path.read_bytes()[16:24])
    return None
