"""Polylines: the one form in which ink and feature sequences are drawn.

A drawing is an `Ink`, or a list of arrays of shape (n_points, 2) with y growing downwards.
Every function that draws takes either.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from strokesim.errors import ArgumentError
from strokesim.ink import Ink

Drawing: TypeAlias = Ink | Sequence[np.ndarray]
"""What can be drawn: an ink, or polylines of shape (n_points, 2), y downwards."""


def polylines_of(drawing: Drawing) -> list[np.ndarray]:
    """Return the lines of a drawing, one array of shape (n_points, 2) per pen-down movement.

    Parameters
    ----------
    drawing : Ink or sequence of array_like, shape (n_points, 2)
        Of an ink its strokes; hover is not drawn. An empty sequence is an empty drawing.

    Raises
    ------
    ArgumentError
        If it is neither, or a line holds NaN or inf; the message names the line and the point.
    """
    if isinstance(drawing, Ink):
        return [stroke.xy for stroke in drawing.strokes]
    if not isinstance(drawing, (list, tuple)):
        raise ArgumentError(
            f"a {type(drawing).__name__} cannot be drawn; needed: an Ink or a list of arrays of "
            "shape (n_points, 2), such as polylines_of_features gives"
        )
    return [_check(line, number) for number, line in enumerate(drawing)]


def polylines_of_features(
    sequence: np.ndarray,
    names: Sequence[str],
    *,
    weights: Sequence[float] | None = None,
    air: bool = False,
) -> list[np.ndarray]:
    """Return the lines that a feature sequence describes.

    Parameters
    ----------
    sequence : array_like, shape (n_steps, n_features)
        Features with "x" and "y" among them. Where there is "pen_up", a step begins a new line
        if the pen came there through the air for more than half of the way.
    names : sequence of str
        Names of the features, as `FeatureSpec.names` gives them.
    weights : sequence of float, optional
        What each feature was multiplied with, as `FeatureSpec.weights` gives it; x and y are
        divided by theirs, so that shapes keep their proportions. None when all weights are 1.
    air : bool
        Whether to keep the steps that lie in the air, each as a line of one point. Then the
        lines hold every step in order, and step i of a warping path is point i of the drawing.

    Raises
    ------
    ArgumentError
        If there is no x or y, or the counts do not agree.

    Examples
    --------
    >>> lines = polylines_of_features([[0, 0, 0], [1, 0, 0], [1, 1, 1]], ["x", "y", "pen_up"])
    >>> [line.tolist() for line in lines]
    [[[0.0, 0.0], [1.0, 0.0]], [[1.0, 1.0]]]
    """
    names = tuple(names)
    steps = np.asarray(sequence, dtype=np.float64)
    if steps.ndim != 2 or steps.shape[1] != len(names):
        raise ArgumentError(
            f"the sequence has shape {steps.shape}; "
            f"needed: (n_steps, {len(names)}) for the features {', '.join(names)}"
        )
    if "x" not in names or "y" not in names:
        raise ArgumentError(f"the features {', '.join(names)} cannot be drawn; x and y are needed")
    scale = np.ones(len(names)) if weights is None else np.asarray(weights, dtype=np.float64)
    if scale.shape != (len(names),):
        raise ArgumentError(f"{scale.size} weights for {len(names)} features")
    columns = [names.index("x"), names.index("y")]
    if not np.all(np.isfinite(scale[columns]) & (scale[columns] != 0)):
        raise ArgumentError("x and y with a weight of 0 cannot be drawn; their values are lost")
    if len(steps) == 0:
        return []
    points = _check(steps[:, columns] / scale[columns], 0)  # (n_steps, 2)
    if "pen_up" not in names or scale[names.index("pen_up")] == 0:
        return [points]
    share = steps[:, names.index("pen_up")] / scale[names.index("pen_up")]
    landed = np.flatnonzero(share[1:] > 0.5) + 1
    lines = np.split(points, landed)
    # Recorded samples are all on paper, and reached either through the air or not at all.
    if air or np.isclose(share, share.round(), atol=1e-6).all():
        return lines
    return [
        line
        for number, line in enumerate(lines)
        if len(line) > 1 or number == 0 or number == len(landed)
    ]


def _check(line: object, number: int) -> np.ndarray:
    try:
        points = np.asarray(line, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"line {number} is not an array of numbers: {error}") from None
    if points.ndim != 2 or points.shape[1] != 2 or len(points) == 0:
        raise ArgumentError(
            f"line {number} has shape {points.shape}; needed: (n_points, 2), at least one point"
        )
    allowed = np.abs(points) <= np.finfo(np.float32).max
    if not allowed.all():
        row, column = np.argwhere(~allowed)[0]
        raise ArgumentError(
            f"line {number}: point {row} has {'xy'[column]} = {points[row, column]:g}; "
            "points are finite float32 numbers"
        )
    return points


def fitted(lines: Sequence[np.ndarray], width: float, height: float) -> list[np.ndarray]:
    """Return lines moved and scaled, in proportion, to the middle of a box from (0, 0).

    A drawing without extent, such as a dot, comes to the middle.

    Parameters
    ----------
    lines : sequence of ndarray, shape (n_points, 2)
        As `polylines_of` gives them.
    width, height : float
        Size of the box, in the units of the result.
    """
    if not lines:
        return []
    points = np.concatenate(lines)
    low, high = points.min(axis=0), points.max(axis=0)
    middle, extent = (low + high) / 2, high - low
    room = np.array([width, height], dtype=np.float64)
    # What is below 1e-100 is no extent: the quotient would overflow.
    scale = min((room[k] / extent[k] for k in (0, 1) if extent[k] > 1e-100), default=1.0)
    return [(line - middle) * scale + room / 2 for line in lines]
