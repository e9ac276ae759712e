"""Small data sets: two that are generated, in every size, and a table of 24 numbers."""

import numpy as np

from ngbook._check import arrays as check

__all__ = ["beetles", "curves", "spirals"]


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


@check.arguments(
    count=check.count,
    arms=check.count,
    rng=check.generator,
    noise=check.not_negative,
    turns=check.positive,
)
def spirals(count, arms, rng: np.random.Generator, noise=0.15, turns=1.0):
    """Draw points on the arms of a spiral, of which the arm is the class.

    Parameters
    ----------
    count : int
        How many points there are on each arm, at radii from 0.1 to 1.
    arms : int
        How many arms there are, evenly turned.
    rng : numpy.random.Generator
        For the noise.
    noise : float
        The standard deviation of the angle, in radians.
    turns : float
        How often an arm winds around the centre, above 0.

    Returns
    -------
    points : ndarray of shape (count * arms, 2)
        Arm by arm, from the centre outwards.
    labels : ndarray of int, of shape (count * arms,)
        The number of the arm, from 0.
    """
    radius, labels = np.tile(np.linspace(0.1, 1.0, count), arms), np.repeat(np.arange(arms), count)
    angle = 2 * np.pi * (labels / arms + turns * radius) + noise * rng.normal(size=labels.size)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]), labels


@check.arguments(count=check.count, side=check.count, rng=check.generator, thickness=check.positive)
def curves(count, side, rng: np.random.Generator, thickness=0.6):
    """Draw pictures of curved strokes: six numbers describe each, and an autoencoder may find them.

    A stroke is a quadratic Bézier curve with three random control points, in a soft pen: after the curves of
    Hinton and Salakhutdinov, "Reducing the dimensionality of data with neural networks", 2006, and smaller.

    Parameters
    ----------
    count : int
        How many pictures.
    side : int
        Their height and width in pixels.
    rng : numpy.random.Generator
        For the control points.
    thickness : float
        The standard deviation of the pen's Gaussian profile, in pixels, above 0.

    Returns
    -------
    ndarray of shape (count, side * side)
        Grey values from 0 to 1, row by row.
    """
    points = rng.uniform(0.05, 0.95, size=(count, 3, 2))
    t = np.linspace(0.0, 1.0, 40)[:, None]
    bernstein = np.hstack([(1 - t) ** 2, 2 * t * (1 - t), t**2])
    stroke = np.einsum("tk,nkd->ntd", bernstein, points)
    centres = (np.arange(side) + 0.5) / side
    across, down = np.exp(-(((stroke[..., None] - centres) * side / thickness) ** 2) / 2).transpose(
        2, 0, 1, 3
    )
    return np.max(down[:, :, :, None] * across[:, :, None, :], axis=1).reshape(count, -1)
