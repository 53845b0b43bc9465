"""Whole numbers and real ones, checked before anything is compared with them, and shown."""

from __future__ import annotations

from contextlib import suppress
from numbers import Integral, Real

from strokesim.errors import ArgumentError


def check_count(name: str, value: object, least: int = 1) -> int:
    """Return a whole number.

    Parameters
    ----------
    name : str
        Of the argument.
    value : object
    least : int
        The smallest that it may be.

    Raises
    ------
    ArgumentError
        If it is none, a bool, or below that.
    """
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise ArgumentError(f"{name}={shown(value)}; needed: a whole number, {least} or more")
    if value < least:
        raise ArgumentError(f"{name}={shown(value)}; at least {least} is needed")
    return int(value)


def check_number(name: str, value: object, needed: str) -> float:
    """Return a real number, which may be infinite or NaN.

    Parameters
    ----------
    name : str
        Of the argument.
    value : object
    needed : str
        What would do: "0 or a positive number".

    Raises
    ------
    ArgumentError
        If it is none, a bool, or too large for a float.
    """
    if isinstance(value, Real) and not isinstance(value, bool):
        with suppress(OverflowError):
            return float(value)
    raise ArgumentError(f"{name}={shown(value)}; needed: {needed}")


def shown(value: object) -> str:
    """Return a value as a message shows it; of a long one the beginning."""
    try:
        text = repr(value)
    except ValueError:  # Python writes no whole number of thousands of digits.
        return f"{type(value).__name__} of too many digits"
    return text if len(text) <= 60 else f"{text[:60]}..."
