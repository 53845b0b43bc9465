"""The short text form of a FeatureSpec: ``x,y,0.5*cos,0.5*sin;steps=32;along=path``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from strokesim.errors import ArgumentError, UnknownNameError

_WORDS = {"none": None, "true": True, "false": False}


def read_options(text: str, known: Iterable[str]) -> dict[str, Any]:
    """Return the keyword arguments of a FeatureSpec that a text stands for.

    Parameters
    ----------
    text : str
        See `FeatureSpec.parse`.
    known : iterable of str
        The names of all keyword arguments.

    Raises
    ------
    ArgumentError
        If a part is no feature and no option, or stands there twice.
    """
    if not isinstance(text, str):
        raise ArgumentError(f"a feature spec as text is a str, not a {type(text).__name__}")
    features, *parts = text.split(";")
    options: dict[str, Any] = {}
    if features.strip():
        options["features"] = [_read_feature(word.strip()) for word in features.split(",")]
    for part in parts:
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals:
            raise ArgumentError(
                f"{part.strip()!r} in the feature spec {text!r} is no option; write name=value "
                "behind each semicolon, such as ;steps=32"
            )
        if name == "features" or name not in known:
            raise UnknownNameError("option", name, set(known) - {"features"})
        if name in options:
            raise ArgumentError(f"{name} is given twice in the feature spec {text!r}")
        options[name] = _read_value(value)
    return options


def write_options(features: Iterable[tuple[str, float]], options: Mapping[str, Any]) -> str:
    """Return the text of features and options, from which `read_options` gets them back."""
    names = [name if weight == 1 else f"{weight!r}*{name}" for name, weight in features]
    return ";".join([",".join(names), *(f"{key}={_write_value(options[key])}" for key in options)])


def _read_feature(word: str) -> tuple[str, float]:
    weight, asterisk, name = word.rpartition("*")
    if not asterisk:
        return word, 1.0
    try:
        return name.strip(), float(weight)
    except ValueError:
        raise ArgumentError(
            f"{word!r} in a feature spec is no feature; write its weight first, such as 0.5*cos"
        ) from None


def _read_value(value: str) -> object:
    if value.lower() in _WORDS:
        return _WORDS[value.lower()]
    for number in (int, float):
        try:
            return number(value)
        except ValueError:
            pass
    return value


def _write_value(value: object) -> str:
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)
