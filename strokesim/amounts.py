"""Whole numbers and real ones, checked before anything is compared with them."""

from __future__ import annotations

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
        raise ArgumentError(f"{name}={value!r}; needed: a whole number, {least} or more")
    if value < least:
        raise ArgumentError(f"{name}={value}; at least {least} is needed")
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
        If it is none, or a bool.
    """
    if not isinstance(value, Real) or isinstance(value, bool):
        raise ArgumentError(f"{name}={value!r}; needed: {needed}")
    return float(value)
