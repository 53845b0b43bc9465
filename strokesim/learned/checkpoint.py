"""What stands in the folder of an encoder, read without torch. Nothing in it is run as code.

``encoder.json`` names the file of the weights and holds its checksum and its own.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Any

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from strokesim.amounts import shown
from strokesim.errors import ModelError, UnknownNameError
from strokesim.features import FeatureSpec
from strokesim.learned.encoder import Origin
from strokesim.learned.networks import NETWORKS, POOLINGS
from strokesim.learned.shapes import check_weights, shapes_of

NAME = "encoder.json"
FORMAT = "strokesim encoder"
VERSION = 2
REMEDY = "train it again, or copy it again from where it came"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """An encoder as it is stored."""

    weights: dict[str, np.ndarray]
    settings: dict[str, Any]
    n_features: int
    spec: FeatureSpec | None
    origin: Origin


def read_checkpoint(path: str | os.PathLike[str]) -> Checkpoint:
    """Read what `siamese.save_encoder` wrote.

    Raises
    ------
    ModelError
        If the folder is missing, holds no encoder, a damaged one, or one of a newer version.
    """
    folder = Path(path)
    place = folder / NAME
    content = _read_json(place)
    try:
        named = content["weights"]
        settings, n_features = settings_of(content["encoder"]), count_of(content["n_features"])
        spec, origin = spec_of(content["spec"]), origin_of(content["origin"])
        weights_place, checksum = folder / _file_name(named["name"]), named["sha256"]
        shapes = shapes_of(settings, n_features)
    except (KeyError, TypeError, ValueError) as error:
        raise misunderstood(place, error) from error
    weights = _read_weights(weights_place, checksum)
    try:
        check_weights(weights, shapes)
    except ValueError as error:
        raise misunderstood(weights_place, error) from error
    return Checkpoint(weights, settings, n_features, spec, origin)


def misunderstood(place: Path, error: Exception) -> ModelError:
    """Return what to raise where the content of a file that is whole means nothing."""
    reason = " ".join(str(error).split())
    return ModelError(f"{place} cannot be understood: {reason}; {REMEDY}")


def settings_of(stored: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a tower that were stored as a dict; version 1 had no patches.

    Raises
    ------
    ValueError
        If one is missing, unknown or out of its range; see `siamese.EncoderSettings`.
    """
    settings = {"patch": 1, **stored}
    known = {*_NUMBERS, *_NAMES, "dropout"}
    if odd := sorted(map(str, settings.keys() ^ known)):
        raise ValueError(f"the setting {odd[0]!r} is {'missing' if odd[0] in known else 'unknown'}")
    for name in _NUMBERS:
        count_of(settings[name], name)
    for kind, names in _NAMES.items():
        if settings[kind] not in names:
            raise UnknownNameError(kind, settings[kind], names)
    if not _is_number(settings["dropout"]) or not 0 <= settings["dropout"] < 1:
        raise ValueError(f"dropout={settings['dropout']!r}; needed: a share from 0 to below 1")
    return settings


def count_of(stored: object, name: str = "n_features") -> int:
    """Return a whole number from 1 to 4096 that was stored.

    Raises
    ------
    ValueError
        If it is none.
    """
    if not isinstance(stored, int) or isinstance(stored, bool) or not 1 <= stored <= 4096:
        raise ValueError(f"{name}={shown(stored)}; needed: a whole number from 1 to 4096")
    return stored


def spec_of(stored: dict[str, Any] | None) -> FeatureSpec | None:
    """Return the spec that was stored as a dict, or None where there was none."""
    return None if stored is None else FeatureSpec.from_dict(stored)


def origin_of(stored: dict[str, Any]) -> Origin:
    """Return the origin that was stored as a dict.

    Raises
    ------
    ValueError, TypeError
        If a part is missing, unknown or of another kind.
    """
    origin = Origin(**{**stored, "classes": tuple(stored["classes"])})
    if isinstance(stored["classes"], str) or not all(isinstance(x, str) for x in origin.classes):
        raise ValueError("its classes are no list of text")
    for name, kinds in _ORIGIN.items():
        if not isinstance(getattr(origin, name), kinds):
            raise ValueError(f"its {name} is {getattr(origin, name)!r}")
    figures = dict(origin.metrics)
    if origin.threshold is not None:
        figures["threshold"] = origin.threshold
    for name, value in figures.items():
        if not _is_number(value) or not 0 <= value <= sys.float_info.max:
            raise ValueError(f"its {name} is {shown(value)}; needed: a number from 0 on")
    return origin


def _file_name(stored: object) -> str:
    """Return the name of a file beside `NAME` that was stored, where it can be one."""
    if not isinstance(stored, str) or not re.fullmatch(r"[\w.-]{1,200}", stored, re.ASCII):
        raise ValueError(f"its weights are in {shown(stored)}, which names no file")
    return stored


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_NUMBERS = ("width", "layers", "dim", "patch")
_NAMES = {"network": NETWORKS, "pooling": POOLINGS}
_ORIGIN: dict[str, type | tuple[type, ...]] = {
    "data": (str, NoneType),
    "training": dict,
    "augmentation": (dict, str, NoneType),
    "metrics": dict,
    "card": str,
}


def as_halves(values: np.ndarray) -> np.ndarray | None:
    """Return weights as float16, half the size, where that is no change to any; else None."""
    with np.errstate(over="ignore"):
        halves = values.astype(np.float16)
    return halves if np.array_equal(halves, values) else None


def checksum_of(content: dict[str, Any]) -> str:
    """Return the checksum of what is written as JSON."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def check_version(version: object, place: Path) -> None:
    """Refuse what a newer strokesim wrote, and what is no version.

    Raises
    ------
    ModelError
    """
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ModelError(
            f"{place} is of version {version!r}; needed: a whole number up to {VERSION}; {REMEDY}"
        )
    if version > VERSION:
        raise ModelError(
            f"{place} is of version {version}, this strokesim reads up to {VERSION}; "
            "install a newer strokesim"
        )


def _read_json(place: Path) -> dict[str, Any]:
    folder = place.parent
    try:
        text = place.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        if not folder.exists():
            why = "there is no such folder; train one first"
        elif not folder.is_dir():
            why = "it is a file, and an encoder is a folder"
        elif (folder / "resume.safetensors").exists():
            why = "its training has not come to a first encoder; resume it"
        else:
            why = f"it has no {NAME}"
        raise ModelError(f"{folder} is no encoder: {why}") from None
    except OSError as error:
        raise ModelError(f"{place} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ModelError(f"{str(folder)!r} is no encoder: {error}") from error
    try:
        content = json.loads(text)
        named = content.get("format") == FORMAT
    except (ValueError, AttributeError, RecursionError):
        raise ModelError(f"{place} is damaged: no JSON of an encoder; {REMEDY}") from None
    if not named:
        raise ModelError(f"{place} belongs to something else than an encoder; name another folder")
    check_version(content.get("version"), place)
    if content.pop("sha256", None) != checksum_of(content):
        raise ModelError(f"{place} is damaged: its checksum is another one; {REMEDY}")
    found: dict[str, Any] = content
    return found


def _read_weights(place: Path, checksum: str) -> dict[str, np.ndarray]:
    try:
        weights = place.read_bytes()
    except OSError as error:
        raise ModelError(f"{place} cannot be read: {error.strerror}; {REMEDY}") from error
    if hashlib.sha256(weights).hexdigest() != checksum:
        raise ModelError(f"{place} is damaged: its checksum is another one; {REMEDY}")
    try:
        found = safetensors.numpy.load(weights)
    # A type that NumPy has not, such as bfloat16, is none of its own errors.
    except (SafetensorError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise misunderstood(place, error) from error
    return {
        name: values.astype(np.float32) if values.dtype == np.float16 else values
        for name, values in found.items()
    }
