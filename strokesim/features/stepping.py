"""Kernels that walk along ink: how far each sample lies, and steps at even distances."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

# The numbers by which the kernels below know the choices of a FeatureSpec.
ALONG = {"path": 0, "ink": 1, "time": 2, "samples": 3}
_PATH, _INK, _TIME, _SAMPLES = 0, 1, 2, 3

# Columns of what `step_inks` returns, one row per step. (The kernels of other files freeze these
# numbers: after a change, delete their __pycache__.)
X, Y, TIME, PRESSURE, PATH, AIR, STROKE = range(7)
COLUMNS = 7

MOST_STEPS = 2**16
"""More steps than this are no ink's: a spacing was given in the wrong unit."""

# Where a step is meant to fall on a sample, or a length to be a multiple of the spacing,
# rounding must not decide: nearer than this share of the whole way is there.
_SLACK = 1e-9


@njit(cache=True, nogil=True)
def measure(samples, strokes, time_column, readings):  # type: ignore[no-untyped-def]
    """Fill ``readings`` (n_samples, 4): time, path, path in the air and path on paper so far.

    Time counts from the first sample; a stamp that runs backwards counts as the latest before
    it. The path runs straight from sample to sample, from stroke to stroke through the air.
    """
    readings[0] = 0.0
    for i in range(1, len(samples)):
        readings[i] = readings[i - 1]
        if time_column >= 0:
            elapsed = samples[i, time_column] - samples[0, time_column]
            readings[i, 0] = max(readings[i - 1, 0], elapsed)
        length = math.sqrt(
            (samples[i, 0] - samples[i - 1, 0]) ** 2 + (samples[i, 1] - samples[i - 1, 1]) ** 2
        )
        readings[i, 1] += length
        readings[i, 2 if strokes[i] != strokes[i - 1] else 3] += length


@njit(cache=True, nogil=True)
def milestones(readings, along):  # type: ignore[no-untyped-def]
    """Return what steps are to be even in, at every sample.

    Ink whose time never runs, and ink of dots alone, still has a path to go along.
    """
    if along == _TIME and readings[-1, 0] > 0:
        return readings[:, 0]
    if along == _INK and readings[-1, 3] > 0:
        return readings[:, 3]
    return readings[:, 1]


@njit(cache=True, nogil=True)
def count_steps(samples, strokes, offsets, along, spacing, time_column, frames):  # type: ignore[no-untyped-def]
    """Return how many steps of at most ``spacing`` every ink needs; above MOST_STEPS: too many."""
    counts = np.empty(len(offsets) - 1, np.int64)
    for i in range(len(counts)):
        one = slice(offsets[i], offsets[i + 1])
        readings = np.empty((offsets[i + 1] - offsets[i], 4))
        measure(samples[one], strokes[one], time_column, readings)
        unit = 1.0 if along == _TIME and readings[-1, 0] > 0 else frames[i, 2]
        intervals = milestones(readings, along)[-1] * unit / spacing
        counts[i] = math.ceil(min(intervals, 2.0 * MOST_STEPS) * (1 - _SLACK)) + 1
    return counts


@njit(cache=True, nogil=True)
def write_step(samples, strokes, readings, columns, i, share, step):  # type: ignore[no-untyped-def]
    """Write the step that lies ``share`` of the way from sample i to the next."""
    j = i + 1 if share > 0 else i
    lifted = strokes[i] != strokes[j]
    step[X] = samples[i, 0] + share * (samples[j, 0] - samples[i, 0])
    step[Y] = samples[i, 1] + share * (samples[j, 1] - samples[i, 1])
    step[TIME] = readings[i, 0] + share * (readings[j, 0] - readings[i, 0])
    step[PATH] = readings[i, 1] + share * (readings[j, 1] - readings[i, 1])
    step[AIR] = readings[i, 2] + share * (readings[j, 2] - readings[i, 2])
    step[STROKE] = strokes[i]
    step[PRESSURE] = 0.0
    column = columns[1]
    if column >= 0 and not lifted:
        step[PRESSURE] = samples[i, column] + share * (samples[j, column] - samples[i, column])


@njit(cache=True, nogil=True)
def step_ink(samples, strokes, along, columns, steps):  # type: ignore[no-untyped-def]
    """Write the steps of one ink: the first sample, the last, and between them at even gaps."""
    readings = np.empty((len(samples), 4))
    measure(samples, strokes, columns[0], readings)
    last = len(samples) - 1
    if along == _SAMPLES:
        for i in range(len(samples)):
            write_step(samples, strokes, readings, columns, i, 0.0, steps[i])
        return
    miles = milestones(readings, along)
    slack = _SLACK * miles[last]
    write_step(samples, strokes, readings, columns, 0, 0.0, steps[0])
    i = 0
    for k in range(1, len(steps) - 1):
        goal = miles[last] * k / (len(steps) - 1)
        # Of samples at one milestone the last: behind it the way goes on.
        while i < last and miles[i + 1] <= goal + slack:
            i += 1
        share = 0.0
        if i < last and goal > miles[i] + slack:
            share = (goal - miles[i]) / (miles[i + 1] - miles[i])
        write_step(samples, strokes, readings, columns, i, share, steps[k])
    if len(steps) > 1:
        write_step(samples, strokes, readings, columns, last, 0.0, steps[len(steps) - 1])


@njit(cache=True, nogil=True)
def step_inks(samples, strokes, offsets, along, columns, step_offsets):  # type: ignore[no-untyped-def]
    """Return the steps of inks, shape (n_steps of all, 7)."""
    steps = np.empty((step_offsets[-1], COLUMNS))
    for i in range(len(offsets) - 1):
        one = slice(offsets[i], offsets[i + 1])
        own = slice(step_offsets[i], step_offsets[i + 1])
        step_ink(samples[one], strokes[one], along, columns, steps[own])
    return steps
