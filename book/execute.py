"""Execute notebooks in place, so that running twice changes no byte.

    python book/execute.py                      every notebook of the book
    python book/execute.py book/a/b.ipynb ...   only these

Differences from ``jupyter execute --inplace``:

1. execution times are not recorded;
2. metadata that name one machine (kernel, patch version of Python) are reduced to
   what a reader's Jupyter needs;
3. printed text is stored in one piece, however it arrived;
4. a stored output that shows the same as the new one is kept, so that a difference
   to another machine's run is one that matters (`strict` compares);
5. a notebook is written only if its bytes change, so nothing is rebuilt in vain;
6. notebooks run side by side, and every failure is shown before the exit.
"""

import copy
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError

import strict

BOOK = Path(__file__).parent
TIMEOUT = 120  # seconds for one cell
WORKERS = 2
METADATA = {
    "kernelspec": {
        "display_name": "Python 3",
        "language": "python",
        "name": "python3",
    },
    "language_info": {
        "name": "python",
        "file_extension": ".py",
        "mimetype": "text/x-python",
    },
}


def chapters():
    """Every notebook of the book, in a stable order."""
    found = BOOK.rglob("*.ipynb")
    return sorted(path for path in found if ".ipynb_checkpoints" not in path.parts)


def normalise(notebook):
    """Drop what depends on the machine or the clock; the rest is the chapter."""
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for number, cell in enumerate(notebook.cells, start=1):
        # Cell ids are by position: text conversion invents random ones.
        cell.id = f"cell-{number:03d}"
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = merge_streams(cell.outputs)
    return notebook


def keep_equal(notebook, stored):
    """Put back each cell's stored outputs where the new ones show the same."""
    for cell, outputs in zip(notebook.cells, stored, strict=True):
        if outputs is not None and strict.same_outputs(outputs, cell.outputs):
            counts = [output.get("execution_count") for output in cell.outputs]
            cell.outputs = outputs
            for output, count in zip(outputs, counts, strict=True):
                if count is not None:
                    output.execution_count = count


def merge_streams(outputs):
    """Join neighbouring pieces of printed text: how it is cut depends on timing."""
    merged = []
    for output in outputs:
        last = merged[-1] if merged else {}
        if output.output_type == "stream" and last.get("name") == output.name:
            last["text"] += output.text
        else:
            merged.append(output)
    return merged


def execute(path):
    """Run one notebook in its own folder; return the error to show, or None."""
    before = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(before, as_version=4)
    stored = [copy.deepcopy(cell.get("outputs")) for cell in notebook.cells]
    client = NotebookClient(
        notebook,
        timeout=TIMEOUT,
        kernel_name="python3",
        record_timing=False,
        # The kernel's remarks about its own start are not the chapter's.
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(path.parent)}},
    )
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError) as error:
        return f"{path}: {error}"
    keep_equal(normalise(notebook), stored)
    after = nbformat.writes(notebook) + "\n"
    if after != before:
        beside = path.with_suffix(
            ".new"
        )  # an interruption leaves the old notebook or the new one
        beside.write_text(after, encoding="utf-8")
        beside.replace(path)
    print(f"{'executed ' if after != before else 'unchanged'} {path}", flush=True)
    return None


def main(arguments):
    """Execute the notebooks named, or all; status 1 if any cell failed."""
    paths = [Path(argument).resolve() for argument in arguments] or chapters()
    with ThreadPoolExecutor(WORKERS) as pool:
        failures = [error for error in pool.map(execute, paths) if error]
    for error in failures:
        print(error, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
