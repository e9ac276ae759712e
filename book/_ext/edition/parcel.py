"""The edition as one zip: notebooks, the package's wheel, and what comes with them."""

import io
import tempfile
import zipfile
from pathlib import Path

from error_reports import link_for
from live import packing

ROOT = Path(__file__).parents[3]
ZIP = "natural-gradients-notebooks.zip"
FOLDER = ZIP.removesuffix(".zip")  # what the zip unpacks to
OPEN = "without_solutions"
STRICT = ROOT / "book" / "strict.py"
# Files outside book/ and ngbook/ that the edition is made from.
BEHIND = ("pyproject.toml", "requirements.txt", "requirements-lab.txt", "README.md", "LICENSE")
README = """\
# {title}

The chapters of the book as notebooks, for JupyterLab, VS Code, Colab and whatever else opens them.
{published}
| here | what it is |
| --- | --- |
{parts}
| `{open}/` | the same chapters without the solutions of the exercises, to be handed out |
| `{wheel}` | the book's package, which every notebook calls |
| `requirements.txt` | the versions with which the stored outputs were made, and JupyterLab |
| `conftest.py` | makes nbval as strict as the book's own tests |

## Open them

With Python 3.11 or newer:

```
python -m pip install {wheel} jupyterlab
jupyter lab
```

For the very versions of the stored outputs, in an environment of its own:

```
python -m venv .venv
.venv/bin/python -m pip install -r requirements.txt {wheel}
.venv/bin/jupyter lab
```

(On Windows the programs are in `.venv\\Scripts`.)

## Check them

With those versions, this runs every cell of a chapter, and compares what it prints and draws with what is
stored:

```
.venv/bin/python -m pytest --nbval --nbval-current-env {first}.ipynb
```

`conftest.py` lies beside the notebooks and is found by itself. A number that changed, a figure that looks
different, and a cell that was not run are failures.
{report}
## Licence

Code under the MIT licence, text and figures under CC BY 4.0: see `LICENSE`.
"""


def wheel():
    """``(name, bytes)`` of ngbook's wheel."""
    with tempfile.TemporaryDirectory() as folder:
        path = packing.own(ROOT, folder)
        return path.name, path.read_bytes()


def companions(builder, chapters, wheel_name):
    """``{name: bytes}`` of what lies beside the notebooks."""
    published, report = builder.config.html_baseurl, builder.config.error_report_address
    title = builder.config.html_title
    readme = README.format(
        title=title,
        report=f"An error can be reported at <{link_for(report, FOLDER, title)}>.\n" if report else "",
        published=f"The book itself is at <{published}>.\n" if published else "",
        parts="\n".join(_parts(builder, chapters)),
        open=OPEN,
        wheel=wheel_name,
        first=chapters[0] if chapters else "CHAPTER",
    )
    return {
        "README.md": readme.encode(),
        "LICENSE": (ROOT / "LICENSE").read_bytes(),
        "conftest.py": STRICT.read_bytes(),
        "requirements.txt": (ROOT / "requirements-lab.txt").read_bytes(),
    }


def _parts(builder, chapters):
    """Lines of the table of contents: a folder for each part, and its chapters in order."""
    folders = {}
    for docname in chapters:
        title = builder.env.titles[docname].astext()
        number = builder.env.toc_secnumbers.get(docname, {}).get("")
        counted = f"{'.'.join(map(str, number))}. {title}" if number else title
        folders.setdefault(docname.rpartition("/")[0], []).append(f"[{counted}]({docname}.ipynb)")
    return [f"| `{folder}/` | {'<br>'.join(titles)} |" for folder, titles in folders.items()]


def is_published(name):
    """Whether a file is offered on the pages by itself: a chapter with solutions, or the wheel."""
    return name.endswith((".ipynb", ".whl")) and not name.startswith(OPEN)


def pack(files):
    """The bytes of a zip of the files, the same for the same files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(f"{FOLDER}/{name}", packing.DATE)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name], zipfile.ZIP_DEFLATED, 9)
    return packed.getvalue()
