"""Tables of measurements that were published, small enough to stand in the program."""

import numpy as np

__all__ = ["beetles"]


def beetles():
    """Beetle mortality: how many of 481 flour beetles five hours of carbon disulphide killed, at eight doses.

    Bliss, "The calculation of the dosage-mortality curve", Annals of Applied Biology 22, 1935, pages 134-167,
    after an experiment of Strand, "Measuring the toxicity of insect fumigants", 1930. As is usual, the two
    batches of each dose are added up, and the dose is the decimal logarithm, rounded to four decimals. The
    numbers are measurements, which belong to nobody: they are in the public domain, and nothing else of the
    sources is here.

    Returns
    -------
    dose : ndarray of shape (8,)
        Decimal logarithm of the concentration in milligrams per litre.
    treated : ndarray of int, of shape (8,)
        How many beetles breathed it.
    killed : ndarray of int, of shape (8,)
        How many of them died. All three arrays are read-only: ``dose.copy()`` can be changed.
    """
    dose = np.array([1.6907, 1.7242, 1.7552, 1.7842, 1.8113, 1.8369, 1.8610, 1.8839])
    treated = np.array([59, 60, 62, 56, 63, 59, 62, 60])
    killed = np.array([6, 13, 18, 28, 52, 53, 61, 60])
    for column in (dose, treated, killed):
        column.setflags(write=False)
    return dose, treated, killed
