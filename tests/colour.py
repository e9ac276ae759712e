"""What the tests of colours compute with: contrast, and what the dark theme makes of a figure."""

import matplotlib
import numpy as np

# The style sheet's filter for the dark theme: invert(1), then hue-rotate(180deg). The matrix is the filter
# effects specification's hueRotate at 180 degrees.
HUE_ROTATE_180 = np.array([[-0.574, 1.430, 0.144], [0.426, 0.430, 0.144], [0.426, 1.430, -0.856]])


def rgb(colour):
    return np.array(matplotlib.colors.to_rgb(colour))


def in_dark_theme(colour):
    return np.clip(HUE_ROTATE_180 @ (1 - colour), 0, 1)


def linear(colour):
    return np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)


def contrast(first, second):
    """The contrast ratio of the accessibility guidelines (WCAG 2)."""
    luminances = sorted(linear(c) @ [0.2126, 0.7152, 0.0722] for c in (first, second))
    return (luminances[1] + 0.05) / (luminances[0] + 0.05)
