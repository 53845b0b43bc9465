"""Kernels that put ink upright, to size and into place, before any step is taken.

Coordinates are first made *local*: counted from the corner of the ink's box, in a power of two
that leaves the longer side between 1/2 and 1. Nothing computed from them overflows or
underflows, and shifting or doubling the ink changes no bit of them.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

# The numbers by which the kernels below know the choices of a FeatureSpec.
POSITION = {"centroid": 0, "box": 1, "start": 2, None: 3}
SIZE = {"longer": 0, "height": 1, "rms": 2, None: 3}
_CENTROID, _BOX, _START, _PAGE = 0, 1, 2, 3
_LONGER, _HEIGHT, _RMS, _UNIT = 0, 1, 2, 3

# What is closer than this share of the longer side has not moved: resampling and rounding
# leave about 1e-15 behind, and the finest tablets resolve 1e-5 of a character. (The kernels of
# other files freeze this number: after a change, delete their __pycache__.)
STILL = 1e-9

# A dash is not as high as it is long: without a limit, dividing by its height would blow it up.
_SMALLEST_SIZE = 1 / 16

FRAME = 8
"""Numbers per ink: local centre x, y; output units per local unit; x, y of the centre on output;
units of the ink per local unit; x, y of the local origin on the page."""


@njit(cache=True, nogil=True)
def box(samples):  # type: ignore[no-untyped-def]
    """Return least x, least y, greatest x, greatest y."""
    left = right = samples[0, 0]
    top = bottom = samples[0, 1]
    for i in range(1, len(samples)):
        left, right = min(left, samples[i, 0]), max(right, samples[i, 0])
        top, bottom = min(top, samples[i, 1]), max(bottom, samples[i, 1])
    return left, top, right, bottom


@njit(cache=True, nogil=True)
def make_local(samples):  # type: ignore[no-untyped-def]
    """Count x, y from the corner of their box, in units of the power of two returned."""
    left, top, right, bottom = box(samples)
    exponent = math.frexp(max(right - left, bottom - top))[1]
    for i in range(len(samples)):
        samples[i, 0] = math.ldexp(samples[i, 0] - left, -exponent)
        samples[i, 1] = math.ldexp(samples[i, 1] - top, -exponent)
    return exponent


@njit(cache=True, nogil=True)
def moments(samples, strokes):  # type: ignore[no-untyped-def]
    """Return mean x, mean y and the central second moments xx, xy, yy of the ink.

    Every stretch of pen-down line weighs what it is long, so that the rate of sampling does not
    count; in ink of dots alone every stroke weighs the same.
    """
    weight = mean_x = mean_y = 0.0
    for i in range(1, len(samples)):
        if strokes[i] == strokes[i - 1]:
            length = math.sqrt(
                (samples[i, 0] - samples[i - 1, 0]) ** 2 + (samples[i, 1] - samples[i - 1, 1]) ** 2
            )
            weight += length
            mean_x += length * (samples[i, 0] + samples[i - 1, 0]) / 2
            mean_y += length * (samples[i, 1] + samples[i - 1, 1]) / 2
    dots = weight <= STILL
    if dots:
        weight = mean_x = mean_y = 0.0
        for i in range(len(samples)):
            if i == 0 or strokes[i] != strokes[i - 1]:
                weight += 1
                mean_x += samples[i, 0]
                mean_y += samples[i, 1]
    mean_x /= weight
    mean_y /= weight
    xx = xy = yy = 0.0
    for i in range(len(samples)):
        x, y = samples[i, 0] - mean_x, samples[i, 1] - mean_y
        begins = i == 0 or strokes[i] != strokes[i - 1]
        if dots and begins:
            xx, xy, yy = xx + x * x, xy + x * y, yy + y * y
        elif not dots and not begins:
            u, v = samples[i - 1, 0] - mean_x, samples[i - 1, 1] - mean_y
            length = math.sqrt((x - u) ** 2 + (y - v) ** 2)
            # Integrals of a product of two linear functions along the line.
            xx += length * (u * u + u * x + x * x) / 3
            yy += length * (v * v + v * y + y * y) / 3
            xy += length * (2 * u * v + u * y + x * v + 2 * x * y) / 6
    return mean_x, mean_y, xx / weight, xy / weight, yy / weight


@njit(cache=True, nogil=True)
def derotate(samples, strokes):  # type: ignore[no-untyped-def]
    """Turn the ink about its centroid until its first sample lies to the right of it.

    The indicative angle of Wobbrock, Wilson, Li: Gestures without libraries, toolkits or
    training, UIST 2007.
    """
    mean_x, mean_y, _, _, _ = moments(samples, strokes)
    x, y = samples[0, 0] - mean_x, samples[0, 1] - mean_y
    radius = math.sqrt(x * x + y * y)
    if radius <= STILL:
        return
    cos, sin = x / radius, y / radius
    for i in range(len(samples)):
        x, y = samples[i, 0] - mean_x, samples[i, 1] - mean_y
        samples[i, 0] = mean_x + cos * x + sin * y
        samples[i, 1] = mean_y - sin * x + cos * y


@njit(cache=True, nogil=True)
def deslant(samples, strokes):  # type: ignore[no-untyped-def]
    """Shear the ink sideways about its centroid by the regression of x on y.

    From second moments, as LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to
    document recognition, Proc. IEEE 86, 1998, section III A. At most by 45 degrees: what leans
    more was not meant to stand upright.
    """
    _, mean_y, _, xy, yy = moments(samples, strokes)
    if yy <= STILL**2:
        return
    shear = min(1.0, max(-1.0, xy / yy))
    for i in range(len(samples)):
        samples[i, 0] -= shear * (samples[i, 1] - mean_y)


@njit(cache=True, nogil=True)
def size_of(samples, strokes, size):  # type: ignore[no-untyped-def]
    """Return the local length that becomes 1; 1 for a dot."""
    left, top, right, bottom = box(samples)
    longer = max(right - left, bottom - top)
    if longer == 0:
        return 1.0
    if size == _LONGER:
        return longer
    if size == _HEIGHT:
        return max(bottom - top, longer * _SMALLEST_SIZE)
    _, _, xx, _, yy = moments(samples, strokes)
    return max(math.sqrt(xx + yy), longer * _SMALLEST_SIZE)


@njit(cache=True, nogil=True)
def place(samples, strokes, position, size, rotated, slanted, frame):  # type: ignore[no-untyped-def]
    """Make one ink local, put it upright and write its frame."""
    corner_x, corner_y, _, _ = box(samples)
    exponent = make_local(samples)
    if rotated:
        derotate(samples, strokes)
    if slanted:
        deslant(samples, strokes)
    gain = math.ldexp(1.0, exponent) if size == _UNIT else 1 / size_of(samples, strokes, size)
    frame[:] = 0.0
    if position == _CENTROID:
        frame[0], frame[1], _, _, _ = moments(samples, strokes)
    elif position == _BOX:
        left, top, right, bottom = box(samples)
        frame[0], frame[1] = (left + right) / 2, (top + bottom) / 2
    elif position == _START:
        frame[0], frame[1] = samples[0, 0], samples[0, 1]
    elif size == _UNIT:
        frame[3], frame[4] = corner_x, corner_y
    else:
        frame[3] = math.ldexp(corner_x * gain, -exponent)
        frame[4] = math.ldexp(corner_y * gain, -exponent)
    frame[2] = gain
    frame[5], frame[6], frame[7] = math.ldexp(1.0, exponent), corner_x, corner_y


@njit(cache=True, nogil=True)
def place_inks(samples, strokes, offsets, position, size, rotated, slanted):  # type: ignore[no-untyped-def]
    """Make inks local and upright, in ``samples``; return their frames, shape (n_inks, 8)."""
    frames = np.empty((len(offsets) - 1, FRAME))
    for i in range(len(frames)):
        one = slice(offsets[i], offsets[i + 1])
        place(samples[one], strokes[one], position, size, rotated, slanted, frames[i])
    return frames
