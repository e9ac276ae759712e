"""Style sheets without what applies nowhere, and a font with the icons that are shown.

A rule goes when it needs a class or an id that is a word in no tag of any page and in no script: what a
script may yet put on a page stays. A variable goes when no sheet, page or script asks for it. The theme's
sheet names all icons of Font Awesome; when the rules of those that no page shows are gone, the letters left
in the sheets are those that the font needs.
"""

import logging
import re
from pathlib import Path

import tinycss2
from fontTools import subset
from fontTools.ttLib import TTFont

logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells of every table
FONT = Path("vendor", "fontawesome", "webfonts", "fa-solid-900.ttf")
LARGER_FONT = re.compile(r'url\([^)]*fa-solid-900\.woff2\) format\("woff2"\),')
ICON = re.compile(r"[\ue000-\uf8ff]")  # letters for private use
VARIABLE = re.compile(r"""(?<=[{;])\s*(--[\w-]+)\s*:(?:"[^"]*"|'[^']*'|[^;{}"'])*(?:;|(?=}))""")
IN_TAGS = re.compile(r"<(script|style)\b.*?</\1>|<[^>]+>", re.DOTALL)


def words_of(pages, scripts):
    """All words in the tags, scripts and styles of the pages, and in the scripts beside them."""
    texts = [found[0] for page in pages for found in IN_TAGS.finditer(page)]
    return {word for text in (*texts, *scripts) for word in re.findall(r"[\w-]+", text)}


def lighten(static, words, kept_whole):
    """Rewrite the style sheets of a folder but for some, and the font of the icons that are left."""
    texts = {path: path.read_text(encoding="utf-8") for path in static.rglob("*.css")}
    whole = {path: text for path, text in texts.items() if path.relative_to(static) in kept_whole}
    paths, sheets = [path for path in texts if path not in whole], []
    for path in paths:
        rules = tinycss2.parse_stylesheet(texts[path], skip_whitespace=True)
        sheets.append(LARGER_FONT.sub("", used_rules(rules, words)))
    sheets = without_variables(sheets, words, "".join(whole.values()))
    for path, sheet in zip(paths, sheets, strict=True):
        path.write_text(sheet, encoding="utf-8")
    letters = {ord(icon) for sheet in sheets for icon in ICON.findall(sheet)}
    # The time at which it was changed is not a part of it: two builds give the same font.
    with TTFont(static / FONT, recalcTimestamp=False) as font:
        subsetter = subset.Subsetter()
        subsetter.populate(unicodes=letters)
        subsetter.subset(font)
        font.save(static / FONT)


def used_rules(rules, words):
    """The text of the rules that may apply to something, without the selectors that cannot."""
    kept = []
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = [selector for selector in selectors_of(rule.prelude) if names_of(selector) <= words]
            if selectors:
                heads = ",".join(tinycss2.serialize(selector).strip() for selector in selectors)
                kept.append(f"{heads}{{{tinycss2.serialize(rule.content).strip()}}}")
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports") and rule.content:
            inner = used_rules(tinycss2.parse_rule_list(rule.content, skip_whitespace=True), words)
            if inner:
                kept.append(f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inner}}}")
        elif rule.type != "comment" or rule.value.startswith("!"):  # a licence
            kept.append(rule.serialize())
    return "".join(kept)


def without_variables(sheets, words, others=""):
    """The sheets without the variables that no sheet uses, these or others, and no page or script names."""
    while True:
        used = set(re.findall(r"var\(\s*(--[\w-]+)", "".join([*sheets, others]))) | words
        fewer = [_without_variables(sheet, used) for sheet in sheets]
        if fewer == sheets:
            return sheets
        sheets = fewer  # what those were computed from may be used no more


def _without_variables(sheet, used):
    return VARIABLE.sub(lambda declared: declared[0] if declared[1] in used else "", sheet)


def selectors_of(prelude):
    """The selectors of a list, each as its tokens."""
    found = [[]]
    for token in prelude:
        if token == ",":
            found.append([])
        else:
            found[-1].append(token)
    return found


def names_of(selector):
    """The classes and ids that a selector needs; it may not need those in ``:not(...)`` and the like."""
    names, after_dot = set(), False
    for token in selector:
        if token.type == "hash" or (token.type == "ident" and after_dot):
            names.add(token.value)
        after_dot = token == "."
    return names
