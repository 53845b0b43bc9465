"""What a loss is given, checked before it is computed: tensors, shapes, margins, temperatures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from strokesim.amounts import check_number
from strokesim.errors import ArgumentError
from strokesim.siamese.mining import Triplets


def check_points(points: object, what: str, shape: str) -> Tensor:
    """Return points, or refuse what is no table of real numbers.

    Numbers that are NaN or infinite pass: training stops at the loss that they lead to.

    Parameters
    ----------
    points : object
    what : str
        Their name in a message.
    shape : str
        What is needed, as "(n, dim)".

    Raises
    ------
    ArgumentError
    """
    if not isinstance(points, Tensor):
        raise ArgumentError(f"{what} is a {type(points).__name__}; needed: a Tensor, {shape}")
    if not points.is_floating_point():
        raise ArgumentError(
            f"{what} holds {_kind(points)}; needed: real numbers, as {what}.float() gives them"
        )
    if points.ndim != 2 or 0 in points.shape:
        raise ArgumentError(
            f"{what} of shape {tuple(points.shape)}; needed: {shape}, at least one of each"
        )
    return points


def check_batch(embeddings: object, labels: object, least: int) -> None:
    """Refuse a labelled batch that is none.

    Parameters
    ----------
    embeddings : Tensor, shape (n, dim)
    labels : Tensor, shape (n,), integers
    least : int
        The smallest n that a loss has a meaning for.

    Raises
    ------
    ArgumentError
    """
    points = check_points(embeddings, "embeddings", "(n, dim)")
    if not isinstance(labels, Tensor):
        raise ArgumentError(f"labels is a {type(labels).__name__}; needed: a Tensor, (n,)")
    if labels.is_floating_point() or labels.is_complex():
        raise ArgumentError(f"labels holds {_kind(labels)}; needed: whole numbers, one per class")
    if labels.shape != points.shape[:1]:
        raise ArgumentError(
            f"labels of shape {tuple(labels.shape)} for embeddings of shape "
            f"{tuple(points.shape)}; needed: one label per row, ({len(points)},)"
        )
    check_device(labels, points, "labels")
    if len(points) < least:
        raise ArgumentError(f"a batch of {len(points)}; a loss compares, and needs {least}")


def check_pairs(a: object, b: object, y: object) -> None:
    """Refuse pairs that are none.

    Parameters
    ----------
    a, b : Tensor, shape (n_pairs, dim)
    y : Tensor, shape (n_pairs,), of 0 and 1

    Raises
    ------
    ArgumentError
    """
    one, other = (check_points(side, name, "(n_pairs, dim)") for side, name in ((a, "a"), (b, "b")))
    if not isinstance(y, Tensor):
        raise ArgumentError(f"y is a {type(y).__name__}; needed: a Tensor, (n_pairs,)")
    if one.shape != other.shape or y.shape != one.shape[:1] or one.dtype != other.dtype:
        raise ArgumentError(
            f"a of shape {tuple(one.shape)} of {_kind(one)}, b {tuple(other.shape)} of "
            f"{_kind(other)}, y {tuple(y.shape)}; needed: (n_pairs, dim) twice and (n_pairs,)"
        )
    check_device(other, one, "b")
    check_device(y, one, "y")
    if y.is_complex():
        raise ArgumentError(f"y holds {_kind(y)}; needed: 0 and 1")
    if not bool(((y == 0) | (y == 1)).all()):
        raise ArgumentError("y holds more than 0 and 1; 1 means the same class")


def check_options(name: str, options: Mapping[str, Any], known: list[str]) -> dict[str, Any]:
    """Return options, margin and temperature as floats.

    Parameters
    ----------
    name : str
        Of the loss.
    options : mapping
        Those given, by name.
    known : list of str
        Those that the loss has.

    Raises
    ------
    ArgumentError
        If the loss has not one of them, or a margin or temperature is no number above 0.
    """
    checked = dict(options)
    for option, value in options.items():
        if option not in known:
            raise ArgumentError(f"{name} has no {option}; it takes {' and '.join(known)}")
        if option in ("margin", "temperature"):
            needed = "a number above 0, and not infinite"
            checked[option] = check_number(option, value, needed)
            if not 0 < checked[option] < math.inf:
                raise ArgumentError(f"{option}={value!r}; needed: {needed}")
    return checked


def check_triplets(triplets: object, n_samples: int) -> None:
    """Refuse triplets that are not three rows of whole numbers, those of samples.

    Raises
    ------
    ArgumentError
    """
    if not isinstance(triplets, Triplets):
        raise ArgumentError(
            f"triplets is a {type(triplets).__name__}; needed: what a miner returns"
        )
    for name, column in zip(Triplets._fields, triplets, strict=True):
        if not isinstance(column, Tensor):
            raise ArgumentError(
                f"{name} is a {type(column).__name__}; needed: a Tensor, (n_triplets,), of int64"
            )
        # Of other whole numbers, uint8 would be a mask.
        if column.dtype not in (torch.int64, torch.int32):
            raise ArgumentError(f"{name} holds {_kind(column)}; needed: int64, numbers of samples")
    if len({tuple(column.shape) for column in triplets}) > 1 or triplets.anchors.ndim != 1:
        shapes = ", ".join(str(tuple(column.shape)) for column in triplets)
        raise ArgumentError(f"triplets of shapes {shapes}; needed: (n_triplets,) three times")
    for column in triplets:
        if len(column) and not 0 <= int(column.min()) <= int(column.max()) < n_samples:
            raise ArgumentError(
                f"triplets of samples {int(column.min())} to {int(column.max())}; the batch has "
                f"{n_samples}, counted from 0"
            )


def check_head(weights: object, embeddings: Tensor, labels: Tensor) -> None:
    """Refuse a class head that has no row for a label, or rows of another length.

    Raises
    ------
    ArgumentError
    """
    if weights is None:
        raise ArgumentError("weights are missing; needed: (n_classes, dim), a row per class")
    rows = check_points(weights, "weights", "(n_classes, dim)")
    if rows.shape[1] != embeddings.shape[1]:
        raise ArgumentError(
            f"weights of shape {tuple(rows.shape)} for embeddings of {embeddings.shape[1]} "
            "coordinates; needed: (n_classes, dim)"
        )
    check_device(rows, embeddings, "weights")
    if rows.dtype != embeddings.dtype:
        raise ArgumentError(
            f"weights of {_kind(rows)} for embeddings of {_kind(embeddings)}; convert one of them"
        )
    least, most = int(labels.min()), int(labels.max())
    if least < 0 or most >= len(rows):
        raise ArgumentError(
            f"labels from {least} to {most} for {len(rows)} rows of weights; needed: 0 to "
            f"{len(rows) - 1}"
        )


def check_device(given: Tensor, beside: Tensor, what: str) -> None:
    """Refuse two tensors of two devices.

    Raises
    ------
    ArgumentError
    """
    if given.device != beside.device:
        raise ArgumentError(
            f"{what} lies on {given.device} and the rest on {beside.device}; move one to the other"
        )


def _kind(values: Tensor) -> str:
    return str(values.dtype).removeprefix("torch.")
