"""What the theme does and the book cannot mend: the only findings that the tests let pass.

Each entry is tied to an element of the theme, so that it cannot hide a finding in the book's own content, and
test_pages.py fails on an entry that no longer occurs.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """A rule of axe-core that an element of the theme breaks.

    Attributes
    ----------
    rule : str
        The rule's name.
    selector : str
        The elements it may be broken by.
    reason : str
        Why it is let pass.
    """

    rule: str
    selector: str
    reason: str


FINDINGS = []

# Regular expressions for whole messages on the console, with the reason for each.
MESSAGES = {}
