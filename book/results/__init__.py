"""What long computations found, in small files, so that a page shows the same on every machine.

A training run is chaotic: the last bit of one number, which differs between processors, flips one sampled
action sooner or later, and after that everything is different. So learning curves are computed once, by
``make results``, and committed. A chapter reads them by exactly this expression, which the pages that run in
a browser and the notebooks that are handed out recognise::

    json.loads(Path("../results/NAME.json").read_text(encoding="utf-8"))

``NAME.json`` is written by the module ``NAME``, whose interface is

==================  =================================================================================
``SETTINGS``        what the numbers depend on, as JSON can hold it
``compute()``       the numbers, rounded to what a figure shows, as JSON can hold them
``beginning()``     the first updates of one run, in full: ``{name: numbers}``, in a second or less
==================  =================================================================================

and which begins with a sentence that says what is in the file. Beside these, a file names the machine, and
has a hash of the settings, of all functions behind the numbers, and of the numbers. ``tests/test_results.py``
compares the hash, recomputes the beginning to 1e-6, and checks the ordering of the rest: never a whole run to
its last digit.
"""
