"""From the coordinates of a trace to those of its canvas.

Reference: InkML, W3C Recommendation 20 September 2011, sections on mappings and canvases. A
mapping of type ``identity`` or ``affine`` between X and Y is applied. What other types would
do (``lookup``, ``product``, ``mathml``, ``unknown``) is not known here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from strokesim.formats.inkml.channels import DEFAULT, BadFormat, TraceFormat, number_of
from strokesim.formats.xml_tree import Element

_XY = ("X", "Y")
_MOST_REFERENCES = 100


class NotApplied(Exception):
    """A mapping that is legal, and beyond this reader; the message names it."""


@dataclass(frozen=True, slots=True)
class Transform:
    """An affine map of positions to a canvas.

    Parameters
    ----------
    rows : tuple of tuple of float
        Two rows ``a, b, c``, so that x or y of the canvas is ``a x + b y + c``.
    canvas : TraceFormat
        What x and y are there: direction and size of the unit.
    """

    rows: tuple[tuple[float, ...], ...]
    canvas: TraceFormat

    def positions(self, x: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
        """Return x and y in the directions of an `Ink`, from those that stand in the trace."""
        spans = {channel.name: channel.span for channel in self.canvas.channels}
        with np.errstate(over="ignore", invalid="ignore"):
            return [
                (a * x + b * y + c) / spans[name] + 0.0
                for name, (a, b, c) in zip("xy", self.rows, strict=True)
            ]


def canvas_transform(
    declared: Element, canvas: TraceFormat | None, referred: Callable[[str, int], Element]
) -> Transform | None:
    """Return what a ``canvasTransform`` does; None if nothing.

    Parameters
    ----------
    declared : Element
        Its first mapping leads to the canvas. A second one would lead back.
    canvas : TraceFormat, optional
        Of the canvas.
    referred : callable
        Returns the element that a reference names.

    Raises
    ------
    BadFormat
        If it has no mapping, or one whose matrix does not fit.
    NotApplied
        If the mapping is of a type that is not applied.
    """
    mapping = next(iter(declared.named("mapping")), None)
    if mapping is None:
        raise BadFormat("canvasTransform without a mapping", declared.line)
    for _ in range(_MOST_REFERENCES):
        if "mappingRef" not in mapping.attributes:
            break
        mapping = referred(mapping.attributes["mappingRef"], mapping.line)
    kind = mapping.attributes.get("type", "unknown")
    if kind == "identity":
        return None
    if kind != "affine":
        raise NotApplied(f"{kind} mapping")
    sources = _bound_to(mapping, "source")
    targets = _bound_to(mapping, "target")
    if not ({*sources} <= {*_XY} and {*targets} <= {*_XY}):
        raise NotApplied("affine mapping of other channels than X and Y")
    matrix = _matrix(mapping, len(targets), len(sources) + 1)
    rows = {"X": (1.0, 0.0, 0.0), "Y": (0.0, 1.0, 0.0)}
    for target, values in zip(targets, matrix, strict=True):
        weights = dict(zip(sources, values, strict=False))
        rows[target] = (weights.get("X", 0.0), weights.get("Y", 0.0), values[-1])
    return Transform((rows["X"], rows["Y"]), canvas or DEFAULT)


def _bound_to(mapping: Element, side: str) -> list[str]:
    """Return the channels that the mapping's binds name on one side, X and Y by default."""
    names = [bind.attributes[side] for bind in mapping.named("bind") if side in bind.attributes]
    if len({*names}) != len(names):
        raise BadFormat(f"mapping binds one {side} twice", mapping.line)
    return names or list(_XY)


def _matrix(mapping: Element, n_rows: int, n_columns: int) -> list[list[float]]:
    """Return the rows of an affine matrix, the last column of which is the translation."""
    text = mapping.text + " ".join(child.text for child in mapping.named("affine"))
    lines = [row.split() for row in text.strip().removesuffix(",").split(",")]
    if [len(row) for row in lines] != [n_columns] * n_rows:
        raise BadFormat(
            f"affine mapping {text.strip()[:40]!r}; needed: {n_rows} rows of {n_columns} numbers",
            mapping.line,
        )
    return [[number_of(cell, mapping) for cell in row] for row in lines]
