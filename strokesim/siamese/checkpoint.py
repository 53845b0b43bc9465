"""An encoder in a folder: weights as safetensors, everything else as JSON. Nothing is pickled.

``encoder.json`` names the file of the weights and holds its checksum. Weights are written under
a name made of that checksum before ``encoder.json`` is replaced, so a reader finds the old
encoder or the new one, whatever happens in between.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError

from strokesim.errors import ModelError, OutputError, StrokesimError
from strokesim.features import FeatureSpec
from strokesim.replacing import replacing
from strokesim.siamese.embedding import Encoder, Origin
from strokesim.siamese.encoders import EncoderSettings, Tower

NAME = "encoder.json"
FORMAT = "strokesim encoder"
VERSION = 1
REMEDY = "train it again, or copy it again from where it came"


def save_encoder(encoder: Encoder, path: str | os.PathLike[str]) -> None:
    """Write an encoder into a folder, in place of one that is there.

    Parameters
    ----------
    encoder : Encoder
    path : path-like
        Made where it is missing; the folder that it is in must exist.

    Raises
    ------
    OutputError
        If it cannot be written, or the folder holds something else; an encoder that was there
        is there still.
    """
    folder = Path(path)
    make_folder(folder)
    weights = safetensors.torch.save(
        {name: values.contiguous() for name, values in encoder.tower.state_dict().items()}
    )
    checksum = hashlib.sha256(weights).hexdigest()
    name = f"weights-{checksum[:16]}.safetensors"
    with replacing(folder / name) as file:
        file.write(weights)
    content = {
        "format": FORMAT,
        "version": VERSION,
        "weights": {"name": name, "sha256": checksum},
        "n_features": encoder.tower.n_features,
        "spec": None if encoder.spec is None else encoder.spec.to_dict(),
        "encoder": encoder.tower.settings.to_dict(),
        "origin": asdict(encoder.origin),
    }
    text = json.dumps(content | {"sha256": _checksum(content)}, indent=1)
    with replacing(folder / NAME) as file:
        file.write(f"{text}\n".encode())
    for old in folder.glob("weights-*.safetensors"):
        if old.name != name:
            old.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Make a folder for an encoder, or check that it is one, or empty.

    Raises
    ------
    OutputError
        If it cannot be made, or holds something else.
    """
    try:
        folder.mkdir(exist_ok=True)
        entries = {entry.name for entry in folder.iterdir()}
    except OSError as error:
        raise OutputError(f"cannot write {folder}: {error.strerror or error}") from error
    ours = {NAME, "resume.safetensors", "metrics.jsonl"}
    if entries and not entries & ours:
        raise OutputError(
            f"cannot write an encoder into {folder}: it holds other files, {min(entries)} among "
            "them; name a new folder"
        )


def open_encoder(path: str | os.PathLike[str]) -> Encoder:
    """Read what `save_encoder` wrote. Nothing in the folder is run as code.

    Raises
    ------
    ModelError
        If the folder is missing, holds no encoder, a damaged one, or one of a newer version.
    """
    folder = Path(path)
    place = folder / NAME
    try:
        content = _read_json(place)
        weights = content["weights"]
        tensors = _read_weights(folder / Path(weights["name"]).name, weights["sha256"])
        spec = None if content["spec"] is None else FeatureSpec.from_dict(content["spec"])
        settings = EncoderSettings(**content["encoder"])
        # Weights are drawn at random before the stored ones take their place: the generator
        # of whoever opens an encoder is not to notice.
        with torch.random.fork_rng(devices=[]):
            tower = Tower(content["n_features"], settings)
        tower.load_state_dict(tensors)
        origin = content["origin"]
        return Encoder(tower, spec, Origin(**{**origin, "classes": tuple(origin["classes"])}))
    except ModelError:
        raise
    except (KeyError, TypeError, ValueError, RuntimeError, StrokesimError) as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"{place} cannot be understood: {reason}; {REMEDY}") from error


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
    version = content.get("version")
    if isinstance(version, int) and version > VERSION:
        raise ModelError(
            f"{place} is of version {version}, this strokesim reads up to {VERSION}; "
            "install a newer strokesim"
        )
    if content.pop("sha256", None) != _checksum(content):
        raise ModelError(f"{place} is damaged: its checksum is another one; {REMEDY}")
    found: dict[str, Any] = content
    return found


def _read_weights(place: Path, checksum: str) -> dict[str, torch.Tensor]:
    try:
        weights = place.read_bytes()
    except OSError as error:
        raise ModelError(f"{place} cannot be read: {error.strerror}; {REMEDY}") from error
    if hashlib.sha256(weights).hexdigest() != checksum:
        raise ModelError(f"{place} is damaged: its checksum is another one; {REMEDY}")
    try:
        return safetensors.torch.load(weights)
    except SafetensorError as error:
        raise ModelError(f"{place} is damaged: {error}; {REMEDY}") from error


def _checksum(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
