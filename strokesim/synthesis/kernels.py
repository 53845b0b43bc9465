"""Numba kernels of the kinematic model; arguments are trusted."""

from __future__ import annotations

import math

import numpy as np
from numba import boolean, float64, int8, int64, njit, types, void

from strokesim.synthesis.plans import ARRIVE, CORNER, GLIDE, LEAVE

# Plans are read-only; writable arrays are accepted where read-only ones are.
POINTS = types.Array(float64, 2, "C", readonly=True)
NUMBERS = types.Array(float64, 1, "C", readonly=True)
JOINS = types.Array(int8, 1, "C", readonly=True)
FLAGS = types.Array(boolean, 1, "C", readonly=True)
TABLE = types.Array(float64, 2, "C")
MANNER = types.UniTuple(float64, 6)

STRAIGHT = 1e-4
"""Radians of turning below which an arc is computed as a line, to stay clear of 0 / 0."""

FLIGHT = 0.5
"""Radians by which the pen turns in the air."""

MOST = 5.0
"""Radians of turning that one sub-movement has at most: more is two."""


@njit(void(NUMBERS, NUMBERS, POINTS, TABLE), cache=True, nogil=True)
def follow(times, origin, parts, states):  # type: ignore[no-untyped-def]
    """Write position and velocity at each time: rows of (x, y, vx, vy).

    ``parts`` holds one sub-movement a row: (t0, mu, sigma, length, start angle, end angle).
    """
    for k in range(times.size):
        x, y, vx, vy = origin[0], origin[1], 0.0, 0.0
        for i in range(parts.shape[0]):
            elapsed = times[k] - parts[i, 0]
            if elapsed <= 0:
                continue
            sigma, length, start = parts[i, 2], parts[i, 3], parts[i, 4]
            turn = parts[i, 5] - start
            z = (math.log(elapsed) - parts[i, 1]) / sigma
            done = 0.5 * math.erfc(-z / math.sqrt(2.0))
            angle = start + turn * done
            if abs(turn) < STRAIGHT:
                x += length * done * math.cos(start)
                y += length * done * math.sin(start)
            else:
                x += length / turn * (math.sin(angle) - math.sin(start))
                y -= length / turn * (math.cos(angle) - math.cos(start))
            speed = length * math.exp(-0.5 * z * z) / (sigma * elapsed * math.sqrt(2 * math.pi))
            vx += speed * math.cos(angle)
            vy += speed * math.sin(angle)
        states[k, 0], states[k, 1], states[k, 2], states[k, 3] = x, y, vx, vy


@njit(float64(float64), cache=True, nogil=True)
def wrapped(angle):  # type: ignore[no-untyped-def]
    """Return the angle in -pi .. pi."""
    return math.atan2(math.sin(angle), math.cos(angle))


@njit(float64(POINTS, int64, int64), cache=True, nogil=True)
def chord(targets, i, j):  # type: ignore[no-untyped-def]
    """Return the direction from target i to target j."""
    return math.atan2(targets[j, 1] - targets[i, 1], targets[j, 0] - targets[i, 0])


@njit(float64[::1](POINTS, JOINS, NUMBERS), cache=True, nogil=True)
def tangents(targets, joins, headings):  # type: ignore[no-untyped-def]
    """Return the direction in which the pen passes each target; NaN at a corner.

    A glide takes the tangent of the circle through the target and its neighbours, which is
    ``chord(0, 1) + chord(1, 2) - chord(0, 2)``: each chord of a circle leaves its tangent by
    half the arc.
    """
    passing = headings.copy()
    for i in range(joins.size):
        if joins[i] == CORNER:
            passing[i] = np.nan
        elif joins[i] == ARRIVE:
            passing[i] = chord(targets, i - 1, i)
        elif joins[i] == LEAVE:
            passing[i] = chord(targets, i, i + 1)
        elif joins[i] == GLIDE:
            passing[i] = (
                chord(targets, i - 1, i) + chord(targets, i, i + 1) - chord(targets, i - 1, i + 1)
            )
    return passing


@njit(float64(float64, float64, float64), cache=True, nogil=True)
def turning(before, way, behind):  # type: ignore[no-untyped-def]
    """Return the turning of the arc along the chord ``way`` between two tangents.

    NaN stands for a tangent that is free.
    """
    if math.isnan(before) and math.isnan(behind):
        return 0.0
    if math.isnan(before):
        return 2 * wrapped(behind - way)
    if math.isnan(behind):
        return 2 * wrapped(way - before)
    return wrapped(way - before) + wrapped(behind - way)


@njit(void(POINTS, JOINS, NUMBERS, FLAGS, MANNER, POINTS, TABLE), cache=True, nogil=True)
def chain(targets, joins, headings, starts, manner, chance, parts):  # type: ignore[no-untyped-def]
    """Write the sub-movements, one per pair of neighbouring targets, that visit the targets.

    ``manner`` is (seconds, roundness, gap at a glide, gap at a corner, gap at a lift, skew);
    ``chance`` has a row per sub-movement: relative changes of its duration,
    sigma and gap, and an angle added to its turning.
    """
    seconds, roundness, at_glide, at_corner, at_lift, skew = manner
    passing = tangents(targets, joins, headings)
    middle, width_before = 0.0, 0.0
    for i in range(parts.shape[0]):
        way = chord(targets, i, i + 1)
        if starts[i + 1]:
            turn = FLIGHT
        else:
            turn = roundness * turning(passing[i], way, passing[i + 1]) + chance[i, 3]
        turn = min(max(turn, -MOST), MOST)
        length = math.hypot(targets[i + 1, 0] - targets[i, 0], targets[i + 1, 1] - targets[i, 1])
        if abs(turn) >= STRAIGHT:
            length *= 0.5 * turn / math.sin(0.5 * turn)
        width = seconds * chance[i, 0] * max(length / 3.0, 0.02) ** 0.35
        if i > 0:
            if starts[i] or starts[i + 1]:
                gap = at_lift
            else:
                bend = abs(wrapped(way - 0.5 * turn - parts[i - 1, 5]))
                gap = at_glide + (at_corner - at_glide) * min(1.0, bend / 1.6)
            middle += gap * chance[i, 2] * (width_before + width)
        sigma = skew * chance[i, 1]
        parts[i, 0] = middle - width / sigma
        parts[i, 1] = math.log(width / sigma)
        parts[i, 2] = sigma
        parts[i, 3] = length
        parts[i, 4] = way - 0.5 * turn
        parts[i, 5] = way + 0.5 * turn
        width_before = width
