"""What a caller gives, checked: numbers against their range, objects against their kind."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from strokesim.amounts import shown
from strokesim.errors import ArgumentError, UnknownNameError

REAL = (int, float, np.integer, np.floating)
"""What counts as a number."""


def check_kinds(kinds: Mapping[str, tuple[object, Any, str]]) -> None:
    """Refuse arguments of another kind than they are to be.

    Parameters
    ----------
    kinds : mapping
        Of the name of an argument to its value, its kind, and what a message calls that.

    Raises
    ------
    ArgumentError
    """
    for name, (value, kind, called) in kinds.items():
        if not isinstance(value, kind):
            raise ArgumentError(f"{name}={shown(value)}; needed: {called}")


def check_name(kind: str, name: object, known: Collection[str]) -> None:
    """Refuse a name that is not in a table.

    Raises
    ------
    ArgumentError
    """
    if not isinstance(name, str):
        raise ArgumentError(f"{kind} {shown(name)} is no name; known: {', '.join(sorted(known))}")
    if name not in known:
        raise UnknownNameError(kind, name, known)


def whole_number(name: str, value: object, least: int, most: int) -> int:
    """Return a setting as an int.

    Raises
    ------
    ArgumentError
        If it is no whole number from ``least`` to ``most``.
    """
    if (
        isinstance(value, int | np.integer)
        and not isinstance(value, bool)
        and least <= value <= most
    ):
        return int(value)
    raise ArgumentError(f"{name}={shown(value)}; use a whole number from {least:,} to {most:,}")


def number(name: str, value: object, low: float, high: float) -> float:
    """Return a setting as a float.

    Raises
    ------
    ArgumentError
        If it is no number from ``low`` to ``high``.
    """
    if isinstance(value, REAL) and not isinstance(value, bool) and low <= value <= high:
        with suppress(OverflowError):
            return float(value)
    raise ArgumentError(f"{name}={shown(value)}; use a number from {low:g} to {high:g}")
