"""Links around words of highlighted code, which stays the same text, to the letter."""

from bisect import bisect_left, bisect_right

from bs4 import BeautifulSoup, NavigableString

PARSER = "html.parser"


def with_links(code, links_in):
    """Highlighted code with links.

    ``links_in(text)`` gives those of its text: (beginning, end, address, title), apart from each other, in
    order. A link lies within one element or around whole ones; one that would cut an element in two is left
    out.
    """
    page = BeautifulSoup(code, PARSER)
    strings = list(page.strings)
    starts = [0]
    for string in strings:
        starts.append(starts[-1] + len(string))
    links = links_in("".join(strings))
    for begin, end, address, title in reversed(links):  # what stands before stays where it is
        first, last = bisect_right(starts, begin) - 1, bisect_left(starts, end) - 1
        link = page.new_tag("a", href=address, attrs={"title": title} if title else {})
        if starts[first] == begin and starts[last + 1] == end:
            _around([_element(string) for string in strings[first : last + 1]], link)
        elif first == last:
            strings[first] = _within(strings[first], begin - starts[first], end - starts[first], link)
    return str(page) if links else code


def position(text, line, column):
    """Where in a text a line (from 1) and a column (in bytes) are."""
    lines = text.split("\n")
    before = lines[line - 1].encode()[:column].decode()
    return sum(len(each) + 1 for each in lines[: line - 1]) + len(before)


def _element(string):
    """The element that holds a string and nothing else, or the string."""
    parent = string.parent
    return parent if parent.name == "span" and len(parent.contents) == 1 else string


def _around(elements, link):
    if any(element.parent is not elements[0].parent for element in elements):
        return
    elements[0].insert_before(link)
    for element in elements:
        link.append(element.extract())
        if element.string == "." and len(elements) > 1:  # within solve.dense_solve it is no operator
            element.unwrap()


def _within(string, begin, end, link):
    """Put the link around a part of a string; return what is left of the string before it."""
    before, link.string, after = NavigableString(string[:begin]), string[begin:end], string[end:]
    string.replace_with(before, link, after)
    return before
