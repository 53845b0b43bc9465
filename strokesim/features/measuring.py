"""Kernels that compute features from steps. Their definitions stand in the table."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from strokesim.features.placing import STILL
from strokesim.features.stepping import AIR, PATH, PRESSURE, STROKE, TIME, X, Y

CODES = {
    name: code
    for code, name in enumerate(
        ["x", "y", "cos", "sin", "cos2", "sin2", "dx", "dy", "speed", "curvature", "pen_up",
         "pressure", "t", "page_x", "page_y", "aspect", "curliness", "linearity",
         "slope_cos", "slope_sin"]
    )
}  # fmt: skip
"""The numbers by which kernels know the features of the table."""

(_X, _Y, _COS, _SIN, _COS2, _SIN2, _DX, _DY, _SPEED, _CURVATURE, _PEN_UP, _PRESSURE, _T,
 _PAGE_X, _PAGE_Y, _ASPECT, _CURLINESS, _LINEARITY, _SLOPE_COS, _SLOPE_SIN) = range(20)  # fmt: skip

_LARGEST = float(np.finfo(np.float32).max)


@njit(cache=True, nogil=True)
def distance(steps, i, j):  # type: ignore[no-untyped-def]
    """Return how far two steps lie apart."""
    return math.sqrt((steps[i, X] - steps[j, X]) ** 2 + (steps[i, Y] - steps[j, Y]) ** 2)


@njit(cache=True, nogil=True)
def moved(steps, i, j, timed):  # type: ignore[no-untyped-def]
    """Return whether time ran, or else the pen moved, between two steps."""
    if timed:
        return abs(steps[i, TIME] - steps[j, TIME]) > STILL * steps[-1, TIME]
    return distance(steps, i, j) > STILL


@njit(cache=True, nogil=True)
def neighbours(steps, timed):  # type: ignore[no-untyped-def]
    """Return for every step the last one before and the first one after a standstill.

    Steps between which nothing moved form a rest. Before the first rest and after the last the
    step itself is returned.
    """
    near = np.empty((len(steps), 2), np.int64)
    start = 0
    for i in range(1, len(steps) + 1):
        if i == len(steps) or moved(steps, start, i, timed):
            for j in range(start, i):
                near[j, 0] = start - 1 if start > 0 else j
                near[j, 1] = i if i < len(steps) else j
            start = i
    return near


@njit(cache=True, nogil=True)
def direction(steps, i, j):  # type: ignore[no-untyped-def]
    """Return cosine and sine of the line from step i to step j, 0, 0 where they coincide."""
    length = distance(steps, i, j)
    if length <= STILL:
        return 0.0, 0.0
    return (steps[j, X] - steps[i, X]) / length, (steps[j, Y] - steps[i, Y]) / length


@njit(cache=True, nogil=True)
def curvature(steps, before, i, after):  # type: ignore[no-untyped-def]
    """Return the exterior angle at step i of the line through the three steps."""
    if before == i or after == i:
        return 0.0
    a, b = direction(steps, before, i)
    c, d = direction(steps, i, after)
    across = a * d - b * c
    # A turn right back is half a turn to one side, whatever rounding says.
    return math.atan2(0.0 if abs(across) <= STILL else across, a * c + b * d)


@njit(cache=True, nogil=True)
def speed(steps, before, after):  # type: ignore[no-untyped-def]
    """Return path length over time between two steps."""
    elapsed = steps[after, TIME] - steps[before, TIME]
    return (steps[after, PATH] - steps[before, PATH]) / elapsed if elapsed > 0 else 0.0


@njit(cache=True, nogil=True)
def pen_up(steps, i):  # type: ignore[no-untyped-def]
    """Return the share of the path to step i that lies in the air."""
    if i == 0:
        return 0.0
    path = steps[i, PATH] - steps[i - 1, PATH]
    if path <= STILL:
        return 1.0 if steps[i, STROKE] != steps[i - 1, STROKE] else 0.0
    return min(1.0, max(0.0, (steps[i, AIR] - steps[i - 1, AIR]) / path))


@njit(cache=True, nogil=True)
def extent(steps, first, last):  # type: ignore[no-untyped-def]
    """Return width and height of the box of the steps from first to last."""
    left = right = steps[first, X]
    top = bottom = steps[first, Y]
    for j in range(first + 1, last + 1):
        left, right = min(left, steps[j, X]), max(right, steps[j, X])
        top, bottom = min(top, steps[j, Y]), max(bottom, steps[j, Y])
    return right - left, bottom - top


@njit(cache=True, nogil=True)
def aspect(steps, first, last):  # type: ignore[no-untyped-def]
    """Return whether the vicinity is flat (-1) or upright (1)."""
    width, height = extent(steps, first, last)
    return 2 * height / (width + height) - 1 if max(width, height) > STILL else 0.0


@njit(cache=True, nogil=True)
def curliness(steps, first, last):  # type: ignore[no-untyped-def]
    """Return how much longer the line is than the box around it."""
    width, height = extent(steps, first, last)
    if max(width, height) <= STILL:
        return -1.0
    length = 0.0
    for j in range(first, last):
        length += distance(steps, j, j + 1)
    return length / max(width, height) - 2


@njit(cache=True, nogil=True)
def linearity(steps, first, last):  # type: ignore[no-untyped-def]
    """Return the mean squared distance from the chord."""
    cos, sin = direction(steps, first, last)
    total = 0.0
    for j in range(first, last + 1):
        x, y = steps[j, X] - steps[first, X], steps[j, Y] - steps[first, Y]
        total += x * x + y * y if cos == 0 and sin == 0 else (cos * y - sin * x) ** 2
    return total / (last + 1 - first)


@njit(cache=True, nogil=True)
def fill(code, steps, near, clock, vicinity, frame, column):  # type: ignore[no-untyped-def]
    """Fill one column, a feature at every step of one ink.

    The loop is in here, not around it: handing six arrays over costs more than a feature.
    """
    gain, last_step = frame[2], len(steps) - 1
    for i in range(len(steps)):
        if code == _X:
            column[i] = (steps[i, X] - frame[0]) * gain + frame[3]
        elif code == _Y:
            column[i] = (steps[i, Y] - frame[1]) * gain + frame[4]
        elif code <= _SIN2:
            cos, sin = direction(steps, near[i, 0], near[i, 1])
            if code == _COS:
                column[i] = cos
            elif code == _SIN:
                column[i] = sin
            else:
                column[i] = cos * cos - sin * sin if code == _COS2 else 2 * sin * cos
        elif code == _DX:
            column[i] = (steps[i, X] - steps[max(i - 1, 0), X]) * gain
        elif code == _DY:
            column[i] = (steps[i, Y] - steps[max(i - 1, 0), Y]) * gain
        elif code == _SPEED:
            column[i] = speed(steps, clock[i, 0], clock[i, 1]) * gain
        elif code == _CURVATURE:
            column[i] = curvature(steps, near[i, 0], i, near[i, 1])
        elif code == _PEN_UP:
            column[i] = pen_up(steps, i)
        elif code == _PRESSURE:
            column[i] = steps[i, PRESSURE]
        elif code == _T:
            column[i] = steps[i, TIME]
        elif code == _PAGE_X:
            column[i] = steps[i, X] * frame[5] + frame[6]
        elif code == _PAGE_Y:
            column[i] = steps[i, Y] * frame[5] + frame[7]
        else:
            first, last = max(i - vicinity, 0), min(i + vicinity, last_step)
            if code == _ASPECT:
                column[i] = aspect(steps, first, last)
            elif code == _CURLINESS:
                column[i] = curliness(steps, first, last)
            elif code == _LINEARITY:
                column[i] = linearity(steps, first, last) * gain * gain
            else:
                cos, sin = direction(steps, first, last)
                column[i] = cos if code == _SLOPE_COS else sin


@njit(cache=True, nogil=True)
def measure_inks(steps, offsets, frames, codes, weights, vicinity, values):  # type: ignore[no-untyped-def]
    """Fill ``values`` (n_steps of all, n_features), float32.

    Returns -1, or ``row * n_features + column`` of the first value that float32 cannot hold.
    """
    timed = False
    spatial = False
    for code in codes:
        timed = timed or code == _SPEED
        spatial = spatial or _COS <= code <= _SIN2 or code == _CURVATURE
    nowhere = np.empty((0, 2), np.int64)
    for ink in range(len(offsets) - 1):
        own = steps[offsets[ink] : offsets[ink + 1]]
        near = neighbours(own, False) if spatial else nowhere
        clock = neighbours(own, True) if timed else nowhere
        column = np.empty(len(own))
        for k in range(len(codes)):
            fill(codes[k], own, near, clock, vicinity, frames[ink], column)
            for i in range(len(own)):
                value = weights[k] * column[i]
                if not abs(value) <= _LARGEST:
                    return (offsets[ink] + i) * len(codes) + k
                values[offsets[ink] + i, k] = value
    return -1
