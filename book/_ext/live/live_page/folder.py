"""Where a page's cells are: a folder like that of a chapter, beside the results that the chapter reads."""

import os
from pathlib import Path


def enter(root, results):
    """Make the folder, write the results, ``{file name: text}``, and go there."""
    chapter, beside = Path(root, "chapter"), Path(root, "results")
    for folder in (chapter, beside):
        folder.mkdir(parents=True, exist_ok=True)
    for name, text in results.items():
        (beside / name).write_text(text, encoding="utf-8")
    os.chdir(chapter)
