"""What stands in the folder of an encoder, read without torch. Nothing in it is run as code.

``encoder.json`` names the file of the weights and holds its checksum and its own.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from strokesim.errors import ModelError
from strokesim.features import FeatureSpec
from strokesim.learned.encoder import Origin

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
        weights = content["weights"]
        return Checkpoint(
            _read_weights(folder / Path(weights["name"]).name, weights["sha256"]),
            settings_of(content["encoder"]),
            content["n_features"],
            spec_of(content["spec"]),
            origin_of(content["origin"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise misunderstood(place, error) from error


def misunderstood(place: Path, error: Exception) -> ModelError:
    """Return what to raise where the content of a file that is whole means nothing."""
    reason = " ".join(str(error).split())
    return ModelError(f"{place} cannot be understood: {reason}; {REMEDY}")


def settings_of(stored: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a tower that were stored as a dict; version 1 had no patches.

    Raises
    ------
    ValueError
        If a patch is no number of steps.
    """
    settings = {"patch": 1, **stored}
    if not isinstance(settings["patch"], int) or settings["patch"] < 1:
        raise ValueError(f"patches of {settings['patch']!r} steps")
    return settings


def spec_of(stored: dict[str, Any] | None) -> FeatureSpec | None:
    """Return the spec that was stored as a dict, or None where there was none."""
    return None if stored is None else FeatureSpec.from_dict(stored)


def origin_of(stored: dict[str, Any]) -> Origin:
    """Return the origin that was stored as a dict."""
    return Origin(**{**stored, "classes": tuple(stored["classes"])})


def as_halves(values: np.ndarray) -> np.ndarray | None:
    """Return weights as float16, half the size, where that is no change to any; else None."""
    with np.errstate(over="ignore"):
        halves = values.astype(np.float16)
    return halves if np.array_equal(halves, values) else None


def checksum_of(content: dict[str, Any]) -> str:
    """Return the checksum of what is written as JSON."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def check_version(version: object, place: Path) -> None:
    """Refuse what a newer strokesim wrote.

    Raises
    ------
    ModelError
    """
    if isinstance(version, int) and version > VERSION:
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
    except SafetensorError as error:
        raise ModelError(f"{place} is damaged: {error}; {REMEDY}") from error
    return {
        name: values.astype(np.float32) if values.dtype == np.float16 else values
        for name, values in found.items()
    }
