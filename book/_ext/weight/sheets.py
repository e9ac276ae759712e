"""Style sheets without the rules that apply nowhere, and a font with the icons that are shown.

A rule goes when it needs a class or an id that is a word in no tag of any page and in no script: what a
script may yet put on a page stays. The theme's sheet names all icons of Font Awesome; when the rules of
those that no page shows are gone, the letters left in the sheets are those that the font needs.
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
IN_TAGS = re.compile(r"<script\b.*?</script>|<[^>]+>", re.DOTALL)


def words_of(pages, scripts):
    """All words in the tags and scripts of the pages, and in the scripts beside them."""
    texts = [text for page in pages for text in IN_TAGS.findall(page)]
    return {word for text in (*texts, *scripts) for word in re.findall(r"[\w-]+", text)}


def lighten(static, words, kept_whole):
    """Rewrite the style sheets of a folder but for some, and the font of the icons that are left."""
    letters = set()
    for path in static.rglob("*.css"):
        if path.relative_to(static) not in kept_whole:
            rules = tinycss2.parse_stylesheet(path.read_text(encoding="utf-8"), skip_whitespace=True)
            sheet = LARGER_FONT.sub("", used_rules(rules, words))
            path.write_text(sheet, encoding="utf-8")
            letters.update(map(ord, ICON.findall(sheet)))
    with TTFont(static / FONT) as font:
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
